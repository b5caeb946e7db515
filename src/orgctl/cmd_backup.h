/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_backup.h: `orgctl backup` and `orgctl restore`; each takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_BACKUP_H
#define ORGCTL_CMD_BACKUP_H

struct call;

int cmd_backup(struct call *call);
int cmd_backup_restore(struct call *call);

#endif
