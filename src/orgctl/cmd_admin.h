/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_admin.h: `orgctl admin ...`; each takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_ADMIN_H
#define ORGCTL_CMD_ADMIN_H

struct call;

int cmd_admin_show(struct call *call);
int cmd_admin_create(struct call *call);
int cmd_admin_passwd(struct call *call);
int cmd_admin_email(struct call *call);

#endif
