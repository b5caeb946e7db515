/* SPDX-License-Identifier: Apache-2.0 */
/* connect.h: what a command needs before it runs: configuration, store, keys. */
#ifndef ORGCTL_CONNECT_H
#define ORGCTL_CONNECT_H

#include "orgctl/command.h"

/* connect_all(call): loads and opens what the command's row says; a status, and why not is said. */
int connect_all(struct call *call) MUST_CHECK;

/* connect_store(call, existing): opens the store; `existing`: it must be there already. */
int connect_store(struct call *call, bool existing) MUST_CHECK;

/* connect_end(call): closes and wipes all of it, opened or not. */
void connect_end(struct call *call);

#endif
