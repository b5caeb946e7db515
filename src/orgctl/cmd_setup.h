/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_setup.h: what comes before a first start; each takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_SETUP_H
#define ORGCTL_CMD_SETUP_H

struct call;

int cmd_setup_secret(struct call *call);
int cmd_setup_init(struct call *call);

#endif
