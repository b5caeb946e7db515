/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator.h: what the operator may do, which is everything: finds whatever is named and makes the
 * tenant that a change of it needs. The only maker of tenants besides auth/principal.c.
 */
#ifndef ORGCTL_OPERATOR_H
#define ORGCTL_OPERATOR_H

#include "orgctl/command.h"

/*
 * operator_find_org(call, text, org_r): the organization that `text` names: its slug, name or id.
 * ERR_ORGANIZATION_NOT_FOUND. It may lack an admin if it is named by slug or name.
 */
enum err operator_find_org(struct call *call, const char *text, struct org *org_r) MUST_CHECK;

/*
 * operator_find(call, text, account_r): an organization with its admin, by the email or as above.
 * ERR_NOT_FOUND: the organization is there, but has no admin.
 */
enum err operator_find(struct call *call, const char *text, struct account *account_r) MUST_CHECK;

/* operator_tenant(account): the right to act on the organization of `account`. */
struct tenant operator_tenant(const struct account *account);

/* operator_find_failed(call, text, err): says that `text` was not found, or what else went wrong. */
int operator_find_failed(struct call *call, const char *text, enum err err);

#endif
