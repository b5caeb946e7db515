/* SPDX-License-Identifier: Apache-2.0 */
/* api_admin.c: logging in. */
#include "api/api_admin.h"

#include "api/input.h"
#include "app.h"
#include "base/clock.h"

const struct input_spec api_admin_login_input = {
	.fields = {{FIELD_EMAIL, INPUT_REQUIRED, INPUT_BODY}, {FIELD_LOGIN_PASSWORD, INPUT_REQUIRED, INPUT_BODY}},
	.count = 2,
	.body_required = true,
};

enum err api_admin_add_token(struct req *rq, struct json_writer *writer, const struct account *account)
{
	const struct token_rules *rules = &rq->app->tokens;
	char *token;
	enum err err = token_issue(rules, rq->arena, account, clock_now_ms() / 1000, &token);

	if (err != ERR_OK)
		return err;
	json_add_text(writer, writer->root, "access_token", token);
	json_add_text(writer, writer->root, "token_type", "Bearer");
	json_add_number(writer, writer->root, "expires_in", (double)rules->lifetime);
	reply_header(&rq->reply, "Cache-Control", "no-store");
	return ERR_OK;
}

/* Gives the account a hash of the configured cost. Failing that is no reason to refuse the login. */
static void renew_hash(struct req *rq, const struct account *account, const char *password)
{
	const struct app *app = rq->app;
	char hash[PASSWORD_HASH_SIZE];

	if (hasher_hash(app->hasher, password, hash) == ERR_OK &&
	    app->store.ops->hash_renew(app->store.impl, account, hash) == ERR_OK)
		LOG(LOG_INFO, "password hash renewed", LOG_TEXT("org_id", account->org.id));
}

/* The account, if the password is right; the same work is done when there is no such account. */
static enum err check_password(struct req *rq, struct account *account_r)
{
	const struct app *app = rq->app;
	const char *password = rq->input->values[FIELD_LOGIN_PASSWORD];
	enum err err = app->store.ops->account_by_email(app->store.impl, rq->arena,
							rq->input->values[FIELD_EMAIL], account_r);

	if (err == ERR_INVALID_CREDENTIALS)
		hasher_pretend(app->hasher, password);
	if (err != ERR_OK)
		return err;
	if (!hasher_matches(app->hasher, password, account_r->admin.password_hash))
		return ERR_INVALID_CREDENTIALS;
	if (hasher_is_outdated(app->hasher, account_r->admin.password_hash))
		renew_hash(rq, account_r, password);
	return ERR_OK;
}

static enum err answer(struct req *rq, const struct account *account)
{
	struct json_writer writer;
	char *text;
	enum err err;

	json_begin(&writer, rq->arena);
	err = api_admin_add_token(rq, &writer, account);
	if (err != ERR_OK)
		return err;
	json_add_text(&writer, writer.root, "admin_id", account->admin.id);
	json_add_text(&writer, writer.root, "org_id", account->org.id);
	json_add_text(&writer, writer.root, "organization_name", account->org.name);
	json_add_text(&writer, writer.root, "role", ADMIN_ROLE);
	text = json_print(&writer);
	if (text == NULL)
		return ERR_INTERNAL;
	reply_body(&rq->reply, 200, "application/json", text);
	return ERR_OK;
}

enum err api_admin_login(struct req *rq)
{
	struct account account;
	enum err err = hasher_enter(rq->app->hasher);

	if (err != ERR_OK)
		return err;
	err = check_password(rq, &account);
	hasher_leave(rq->app->hasher);
	if (err != ERR_OK)
		return err;
	rq->org_id = arena_strdup(rq->arena, account.org.id);
	return answer(rq, &account);
}
