/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_admin.c: the commands on admins; a change kills all tokens of the admin. */
#include "orgctl/cmd_admin.h"

#include <string.h>

#include "base/clock.h"
#include "orgctl/ask.h"
#include "orgctl/new_password.h"
#include "orgctl/operator.h"
#include "orgctl/say.h"

static int show(struct call *call, const struct account *account)
{
	const struct say_field fields[] = {
		SAY_TEXT("admin_id", account->admin.id),
		SAY_TEXT("email", account->admin.email),
		SAY_TEXT("role", ADMIN_ROLE),
		SAY_TEXT("org_id", account->org.id),
		SAY_TEXT("organization_name", account->org.name),
		SAY_TEXT("slug", account->org.slug),
		SAY_NUMBER("bcrypt_cost", password_cost(account->admin.password_hash)),
		SAY_NUMBER("token_version", account->admin.token_version),
	};

	return say_record(call, fields, COUNT_OF(fields));
}

int cmd_admin_show(struct call *call)
{
	struct account account;
	enum err err = operator_find(call, call->args[0], &account);

	return err == ERR_OK ? show(call, &account) : operator_find_failed(call, call->args[0], err);
}

static int update(struct call *call, struct account *account, const struct org_change *change, const char *done)
{
	const struct store *store = &call->store;
	struct tenant tenant = operator_tenant(account);
	enum err err = store->ops->org_update(store->impl, &call->arena, &tenant, change, account);

	if (err != ERR_OK)
		return say_error(call, err);
	say_line(call, "%s; tokens given out before are no longer valid", done);
	return show(call, account);
}

/* Asks for the password of `account`, checks and hashes it; a status. */
static int make_hash(struct call *call, const struct account *account, char hash_r[PASSWORD_HASH_SIZE])
{
	const char *password;
	enum fault fault;
	enum err err;
	int status = ask_new_password(call, &password);

	if (status != STATUS_DONE)
		return status;
	fault = new_password_check(&call->arena, password, account);
	if (fault != FAULT_NONE)
		return say_faults(call, &(struct say_fault){"password", fault}, 1);
	err = new_password_hash(&call->conf, password, hash_r);
	return err == ERR_OK ? STATUS_DONE : say_error(call, err);
}

/* The organization that is to have a new admin, and the email; the rest of `account` is to come. */
static int find_orphaned(struct call *call, struct account *account)
{
	const struct store *store = &call->store;
	struct account present;
	enum fault fault = admin_email_normalize(&call->arena, call->values[OPTION_EMAIL], &account->admin.email);
	enum err err;

	if (fault != FAULT_NONE)
		return say_faults(call, &(struct say_fault){"email", fault}, 1);
	err = operator_find_org(call, call->args[0], &account->org);
	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	if (store->ops->account_by_slug(store->impl, &call->arena, account->org.slug, &present) == ERR_OK)
		return say_refusal(call, "admin_exists", "it has an admin already: %s", present.admin.email);
	return STATUS_DONE;
}

int cmd_admin_create(struct call *call)
{
	const struct store *store = &call->store;
	struct account account = {.admin.token_version = 1};
	char hash[PASSWORD_HASH_SIZE];
	int status = find_orphaned(call, &account);
	enum err err;

	if (status == STATUS_DONE)
		status = make_hash(call, &account, hash);
	if (status != STATUS_DONE)
		return status;
	account.admin.password_hash = hash;
	err = rand_id(account.admin.id);
	if (err == ERR_OK)
		err = store->ops->admin_create(store->impl, account.org.id, &account.admin);
	if (err == ERR_ORGANIZATION_EXISTS)
		return say_refusal(call, "admin_exists", "there is an admin for it; see `orgctl store check --repair`");
	if (err == ERR_OK) /* its token version is the store's choice */
		err = store->ops->account_by_id(store->impl, &call->arena, account.org.id, &account);
	if (err != ERR_OK)
		return say_error(call, err);
	say_line(call, "created");
	return show(call, &account);
}

int cmd_admin_passwd(struct call *call)
{
	struct org_change change = {.now_ms = clock_now_ms()};
	char hash[PASSWORD_HASH_SIZE];
	struct account account;
	int status;
	enum err err = operator_find(call, call->args[0], &account);

	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	status = make_hash(call, &account, hash);
	if (status != STATUS_DONE)
		return status;
	change.password_hash = hash;
	return update(call, &account, &change, "password set");
}

int cmd_admin_email(struct call *call)
{
	struct org_change change = {.now_ms = clock_now_ms()};
	struct account account;
	enum fault fault = admin_email_normalize(&call->arena, call->args[1], &change.email);
	enum err err;

	if (fault != FAULT_NONE)
		return say_faults(call, &(struct say_fault){"email", fault}, 1);
	err = operator_find(call, call->args[0], &account);
	if (err != ERR_OK)
		return operator_find_failed(call, call->args[0], err);
	if (strcmp(change.email, account.admin.email) != 0)
		return update(call, &account, &change, "email changed");
	say_line(call, "that is the email already; nothing was changed");
	return show(call, &account);
}
