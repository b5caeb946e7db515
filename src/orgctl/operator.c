/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c: finds whatever the operator names, and gives the right to change it. */
#include "orgctl/operator.h"

#include <string.h>

#include "base/str.h"
#include "model/slug.h"
#include "orgctl/say.h"

static enum err find_by_name(struct call *call, const char *text, struct org *org_r)
{
	const char *name;

	if (!str_is_utf8(text, strlen(text)) || org_name_normalize(&call->arena, text, &name) != FAULT_NONE)
		return ERR_ORGANIZATION_NOT_FOUND;
	return store_org_by_name(&call->store, &call->arena, name, org_r);
}

enum err operator_find_org(struct call *call, const char *text, struct org *org_r)
{
	const struct store *store = &call->store;
	enum err err = ERR_ORGANIZATION_NOT_FOUND;

	if (str_is_hex_id(text))
		err = store->ops->org_by_id(store->impl, &call->arena, text, org_r);
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
		return say_refusal(call, err_info(err)->code,
				   "there is no \"%s\"; `orgctl org list` shows what there is", text);
	if (err == ERR_NOT_FOUND)
		return say_refusal(call, "admin_not_found", "\"%s\" has no admin; see `orgctl store check`", text);
	return say_error(call, err);
}
