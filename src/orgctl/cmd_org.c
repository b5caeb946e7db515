/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_org.c: the commands on organizations; their rules are the service's. */
#include "orgctl/cmd_org.h"

#include <string.h>

#include "auth/password.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/slug.h"
#include "orgctl/ask.h"
#include "orgctl/new_password.h"
#include "orgctl/operator.h"
#include "orgctl/say.h"

static enum fault check_name(struct call *call, const char *text, const char **name_r)
{
	return str_is_utf8(text, strlen(text)) ? org_name_normalize(&call->arena, text, name_r) : FAULT_INVALID;
}

int cmd_org_show(struct call *call)
{
	struct say_field fields[SAY_ORG_FIELDS + 1];
	struct account account;
	struct org org;
	size_t count = SAY_ORG_FIELDS;
	enum err err = operator_find_org(call, call->args[0], &org);

	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	say_org(call, &org, fields);
	err = call->store.ops->account_by_slug(call->store.impl, &call->arena, org.slug, &account);
	if (err == ERR_OK)
		fields[count++] = SAY_TEXT("admin_email", account.admin.email);
	return say_record(call, fields, count);
}

/* What create takes, checked together as the service does. */
static int check_new(struct call *call, struct account *account, const char **password_r)
{
	struct say_fault faults[3];
	size_t count = 0;
	enum fault fault = check_name(call, call->args[0], &account->org.name);
	int status;

	if (fault != FAULT_NONE)
		faults[count++] = (struct say_fault){"organization_name", fault};
	fault = admin_email_normalize(&call->arena, call->values[OPTION_EMAIL], &account->admin.email);
	if (fault != FAULT_NONE)
		faults[count++] = (struct say_fault){"email", fault};
	/* Nobody wants to type a password twice to learn that the email was wrong. */
	if (count > 0)
		return say_faults(call, faults, count);
	status = ask_new_password(call, password_r);
	if (status != STATUS_DONE)
		return status;
	fault = new_password_check(&call->arena, *password_r, account);
	faults[0] = (struct say_fault){"password", fault};
	return fault != FAULT_NONE ? say_faults(call, faults, 1) : STATUS_DONE;
}

static enum err create(struct call *call, struct account *account, const char *password)
{
	const struct store *store = &call->store;
	struct org *org = &account->org;
	char hash[PASSWORD_HASH_SIZE];
	enum err err = slug_of_name(&call->arena, org->name, &org->slug);

	if (err == ERR_OK)
		err = rand_id(org->id);
	if (err == ERR_OK)
		err = rand_id(account->admin.id);
	if (err == ERR_OK)
		err = store->ops->org_check_free(store->impl, org->slug, account->admin.email,
						 call->conf.max_organizations);
	if (err == ERR_OK)
		err = new_password_hash(&call->conf, password, hash);
	if (err != ERR_OK)
		return err;
	memcpy(org->admin_id, account->admin.id, sizeof(org->admin_id));
	org->created_ms = org->updated_ms = clock_now_ms();
	account->admin.password_hash = hash;
	return store->ops->org_create(store->impl, account, call->conf.max_organizations);
}

int cmd_org_create(struct call *call)
{
	struct account account = {.admin.token_version = 1};
	struct say_field fields[SAY_ORG_FIELDS];
	const char *password;
	enum err err;
	int status = check_new(call, &account, &password);

	if (status != STATUS_DONE)
		return status;
	err = create(call, &account, password);
	if (err != ERR_OK)
		return say_error(call, err);
	say_line(call, "created");
	say_org(call, &account.org, fields);
	return say_record(call, fields, SAY_ORG_FIELDS);
}

int cmd_org_rename(struct call *call)
{
	const struct store *store = &call->store;
	struct org_change change = {.now_ms = clock_now_ms()};
	struct say_field fields[SAY_ORG_FIELDS];
	struct account account;
	struct tenant tenant;
	enum fault fault = check_name(call, call->args[1], &change.name);
	enum err err;

	if (fault != FAULT_NONE)
		return say_faults(call, &(struct say_fault){"organization_name", fault}, 1);
	err = operator_find(call, call->args[0], &account);
	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	tenant = operator_tenant(&account);
	err = slug_of_name(&call->arena, change.name, &change.slug);
	if (err == ERR_OK && strcmp(change.name, account.org.name) != 0)
		err = store->ops->org_update(store->impl, &call->arena, &tenant, &change, &account);
	if (err != ERR_OK)
		return say_error(call, err);
	say_line(call, "renamed");
	say_org(call, &account.org, fields);
	return say_record(call, fields, SAY_ORG_FIELDS);
}

int cmd_org_delete(struct call *call)
{
	const struct store *store = &call->store;
	struct account account;
	struct tenant tenant;
	const char *question;
	int status;
	enum err err = operator_find(call, call->args[0], &account);

	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	question = arena_printf(&call->arena, "Delete \"%s\" (%s), its admin %s and all its documents?",
				say_clean(&call->arena, account.org.name), account.org.slug, account.admin.email);
	status = ask_consent(call, question != NULL ? question : "Delete it?");
	if (status != STATUS_DONE)
		return status;
	tenant = operator_tenant(&account);
	err = store->ops->org_delete(store->impl, &tenant);
	if (err != ERR_OK)
		return say_error(call, err);
	say_line(call, "deleted");
	return say_record(call,
			  (struct say_field[]){SAY_TEXT("org_id", account.org.id),
					       SAY_TEXT("organization_name", account.org.name)}, 2);
}
