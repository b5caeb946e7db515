/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_token.c: whether the service would take a token, and why it would not: it tells nobody. */
#include "orgctl/cmd_token.h"

#include <stdio.h>
#include <string.h>

#include "auth/principal.h"
#include "base/clock.h"
#include "orgctl/ask.h"
#include "orgctl/say.h"

static const char *const fault_words[TOKEN_FAULT_COUNT] = {
	[TOKEN_OK] = "good",
	[TOKEN_MALFORMED] = "malformed",
	[TOKEN_BAD_SIGNATURE] = "bad_signature",
	[TOKEN_BAD_CLAIMS] = "bad_claims",
	[TOKEN_FROM_FUTURE] = "from_future",
	[TOKEN_EXPIRED] = "expired",
};

static int refuse(struct call *call, const char *code, const char *why)
{
	return say_refusal(call, code, "the token is refused: %s", why);
}

/* Why the store does not stand behind claims that are good by themselves; `account` is what it has. */
static int explain(struct call *call, const struct token_claims *claims, enum err err, const struct account *account)
{
	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(call, "organization_gone", "its organization is gone");
	if (err != ERR_OK)
		return say_error(call, err);
	if (strcmp(account->admin.id, claims->admin_id) != 0)
		return refuse(call, "admin_gone", "its admin is gone");
	if (account->admin.token_version != claims->token_version)
		return refuse(call, "token_version_old", "the admin's email or password was changed since");
	return STATUS_DONE;
}

static int show(struct call *call, const struct token_claims *claims, const struct account *account)
{
	const struct say_field fields[] = {
		SAY_TEXT("result", "accepted"),
		SAY_TEXT("org_id", account->org.id),
		SAY_TEXT("organization_name", account->org.name),
		SAY_TEXT("admin_id", account->admin.id),
		SAY_TEXT("email", account->admin.email),
		SAY_TEXT("expires_at", say_time(&call->arena, claims->expires * 1000)),
	};

	return say_record(call, fields, COUNT_OF(fields));
}

int cmd_token_check(struct call *call)
{
	const struct token_rules rules = {
		.secret = call->conf.jwt_secret_key,
		.previous_secret = call->conf.jwt_secret_key_previous,
		.issuer = call->conf.token_issuer,
	};
	struct token_claims claims;
	struct account account;
	enum token_fault fault;
	const char *token;
	enum err err;
	int status;

	if (call->arg_count > 0 && strcmp(call->args[0], "-") != 0) {
		fputs("orgctl: a token is read from the standard input: others can see a command line\n", stderr);
		return STATUS_USAGE;
	}
	status = ask_secret(call, "Token", &token);
	if (status != STATUS_DONE)
		return status;
	if (principal_bearer(token) != NULL)
		token = principal_bearer(token);
	fault = token_verify(&rules, token, clock_now_ms() / 1000, &claims);
	if (fault != TOKEN_OK)
		return refuse(call, fault_words[fault], token_fault_text(fault));
	err = call->store.ops->account_by_id(call->store.impl, &call->arena, claims.org_id, &account);
	status = explain(call, &claims, err, &account);
	return status == STATUS_DONE ? show(call, &claims, &account) : status;
}
