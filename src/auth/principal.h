/* SPDX-License-Identifier: Apache-2.0 */
/* principal.h: who is calling, as a bearer token and the store say; makes every tenant. */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include "auth/token.h"
#include "store/store.h"

/* The admin of an organization, with what the store said. */
struct principal {
	struct tenant tenant;
	struct org org;            /* as it was at the token check */
	const struct admin *admin; /* NULL until principal_read_admin() */
};

/*
 * principal_bearer(authorization): the token of an Authorization header's value (RFC 6750, 2.1), NULL
 * when it is not of the scheme Bearer. Points into it.
 */
const char *principal_bearer(const char *authorization);

/*
 * principal_from_token(rules, store, arena, token, principal_r): checks the token, then that its
 * organization, admin and token version are still so: one store read. ERR_INVALID_TOKEN; the reason
 * goes to the log at debug level. Any thread may call.
 */
enum err principal_from_token(const struct token_rules *rules, const struct store *store,
			      struct arena *arena, const char *token, struct principal *principal_r) MUST_CHECK;

/*
 * principal_read_admin(principal, store, arena): the admin, whom the token check has no need of: one
 * store read, the first time. ERR_INVALID_TOKEN: it is no longer so.
 */
enum err principal_read_admin(struct principal *principal, const struct store *store,
			      struct arena *arena) MUST_CHECK;

#endif
