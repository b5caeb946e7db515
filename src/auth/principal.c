/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c: from a token to somebody who may act on one organization. */
#include "auth/principal.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"

const char *principal_bearer(const char *authorization)
{
	const char *scheme = "Bearer";
	size_t size = strlen(scheme);

	if (strncasecmp(authorization, scheme, size) != 0 || authorization[size] != ' ')
		return NULL;
	return authorization + size + strspn(authorization + size, " ");
}

enum err principal_from_token(const struct token_rules *rules, const struct store *store,
			      struct arena *arena, const char *token, struct principal *principal_r)
{
	struct tenant *tenant = &principal_r->tenant;
	struct token_claims claims;
	enum token_fault fault = token_verify(rules, token, clock_now_ms() / 1000, &claims);

	if (fault != TOKEN_OK) {
		LOG(LOG_DEBUG, "token refused", LOG_TEXT("why", token_fault_text(fault)));
		return ERR_INVALID_TOKEN;
	}
	memcpy(tenant->org_id, claims.org_id, sizeof(tenant->org_id));
	memcpy(tenant->admin_id, claims.admin_id, sizeof(tenant->admin_id));
	tenant->token_version = claims.token_version;
	principal_r->admin = NULL;
	return store->ops->org_by_tenant(store->impl, arena, tenant, &principal_r->org);
}

enum err principal_read_admin(struct principal *principal, const struct store *store, struct arena *arena)
{
	struct account *account;
	enum err err;

	if (principal->admin != NULL)
		return ERR_OK;
	account = arena_alloc(arena, sizeof(*account));
	if (account == NULL)
		return ERR_INTERNAL;
	err = store->ops->account_by_tenant(store->impl, arena, &principal->tenant, account);
	if (err == ERR_OK)
		principal->admin = &account->admin;
	return err;
}
