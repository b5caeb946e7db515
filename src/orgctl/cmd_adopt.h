/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_adopt.h: `orgctl store adopt`; takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_ADOPT_H
#define ORGCTL_CMD_ADOPT_H

struct call;

int cmd_adopt(struct call *call);

#endif
