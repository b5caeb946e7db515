/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_migrate.h: `orgctl store migrate`; takes a call and returns an exit status. */
#ifndef ORGCTL_CMD_MIGRATE_H
#define ORGCTL_CMD_MIGRATE_H

struct call;

int cmd_migrate(struct call *call);

#endif
