/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_token.h: `orgctl token check`; takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_TOKEN_H
#define ORGCTL_CMD_TOKEN_H

struct call;

int cmd_token_check(struct call *call);

#endif
