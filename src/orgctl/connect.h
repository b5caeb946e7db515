/* SPDX-License-Identifier: Apache-2.0 */
/* connect.h: what a command needs before it runs: configuration, store, keys. */
#ifndef ORGCTL_CONNECT_H
#define ORGCTL_CONNECT_H

#include "orgctl/command.h"

/* connect_all(call): loads and opens what the command's row says; a status, and why not is said. */
int connect_all(struct call *call) MUST_CHECK;

/* How a store is opened: it must be there already; what another program wrote in it is no reason to refuse. */
enum { CONNECT_EXISTING = 1, CONNECT_ADOPTING = 2 };

/* connect_store(call, how): opens the store of the configuration; a status, and why not is said. */
int connect_store(struct call *call, unsigned how) MUST_CHECK;

/* connect_open(call, target, name, how, store_r): likewise any store; `name` is what it is called to people. */
int connect_open(struct call *call, const char *target, const char *name, unsigned how,
		 struct store *store_r) MUST_CHECK;

/* connect_end(call): closes and wipes all of it, opened or not. */
void connect_end(struct call *call);

#endif
