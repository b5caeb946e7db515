/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store.h: `orgctl store ...`; each takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_STORE_H
#define ORGCTL_CMD_STORE_H

struct call;

int cmd_store_info(struct call *call);
int cmd_store_check(struct call *call);

/* cmd_store_verify(call): a check without repair; what it finds goes to the standard error. */
int cmd_store_verify(struct call *call);

#endif
