/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c: finds whatever the operator names, and gives the right to change it. */
#include "orgctl/operator.h"

#include <string.h>

#include "base/str.h"
#include "model/slug.h"
#include "orgctl/say.h"

enum err operator_slug(struct call *call, const char *name, const char **slug_r)
{
	char *key = org_name_key(&call->arena, name);
	char *slug = arena_alloc(&call->arena, SLUG_MAX + 1);

	*slug_r = slug;
	return key != NULL && slug != NULL ? slug_derive(key, slug) : ERR_INTERNAL;
}

static enum err find_by_name(struct call *call, const char *text, struct org *org_r)
{
	const struct store *store = &call->store;
	const char *name, *slug;
	enum err err;
	int same;

	if (!str_is_utf8(text, strlen(text)) || org_name_normalize(&call->arena, text, &name) != FAULT_NONE)
		return ERR_ORGANIZATION_NOT_FOUND;
	err = operator_slug(call, name, &slug);
	if (err == ERR_OK)
		err = store->ops->org_by_slug(store->impl, &call->arena, slug, org_r);
	if (err != ERR_OK)
		return err;
	same = org_name_same(&call->arena, name, org_r->name);
	if (same < 0)
		return ERR_INTERNAL;
	return same ? ERR_OK : ERR_ORGANIZATION_NOT_FOUND; /* another name with this slug */
}

enum err operator_find_org(struct call *call, const char *text, struct org *org_r)
{
	const struct store *store = &call->store;
	enum err err = ERR_ORGANIZATION_NOT_FOUND;
	struct account account;

	if (str_is_hex_id(text)) {
		err = store->ops->account_by_id(store->impl, &call->arena, text, &account);
		*org_r = account.org;
	}
	if (err == ERR_ORGANIZATION_NOT_FOUND && slug_is_valid(text))
		err = store->ops->org_by_slug(store->impl, &call->arena, text, org_r);
	return err == ERR_ORGANIZATION_NOT_FOUND ? find_by_name(call, text, org_r) : err;
}

enum err operator_find(struct call *call, const char *text, struct account *account_r)
{
	const struct store *store = &call->store;
	const char *email;
	struct org org;
	enum err err;

	if (admin_email_normalize(&call->arena, text, &email) == FAULT_NONE) {
		err = store->ops->account_by_email(store->impl, &call->arena, email, account_r);
		if (err != ERR_INVALID_CREDENTIALS)
			return err;
	}
	err = operator_find_org(call, text, &org);
	if (err != ERR_OK)
		return err;
	err = store->ops->account_by_slug(store->impl, &call->arena, org.slug, account_r);
	return err == ERR_ORGANIZATION_NOT_FOUND ? ERR_NOT_FOUND : err;
}

struct tenant operator_tenant(const struct account *account)
{
	struct tenant tenant = {.token_version = account->admin.token_version};

	memcpy(tenant.org_id, account->org.id, sizeof(tenant.org_id));
	memcpy(tenant.admin_id, account->admin.id, sizeof(tenant.admin_id));
	return tenant;
}

int operator_find_failed(struct call *call, const char *text, enum err err)
{
	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return say_refusal(call, err_info(err)->code, "there is no \"%s\"; `orgctl org list` shows what there is",
				   text);
	if (err == ERR_NOT_FOUND)
		return say_refusal(call, "admin_not_found", "\"%s\" has no admin; see `orgctl store check`", text);
	return say_error(call, err);
}
