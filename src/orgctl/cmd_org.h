/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_org.h: `orgctl org ...`; each takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_ORG_H
#define ORGCTL_CMD_ORG_H

struct call;

int cmd_org_list(struct call *call);
int cmd_org_show(struct call *call);
int cmd_org_create(struct call *call);
int cmd_org_rename(struct call *call);
int cmd_org_delete(struct call *call);

#endif
