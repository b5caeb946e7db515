/* SPDX-License-Identifier: Apache-2.0 */
/* check_token_memo.c: what is remembered of tokens, and that it forgets nothing that counts. */
#include <check.h>
#include <string.h>

#include "auth/token.h"
#include "auth/token_memo.h"
#include "support/suite.h"

#define NOW 1700000000
#define ADMIN "aaaaaaaaaaaaaaaaaaaaaaaa"
#define ORG "bbbbbbbbbbbbbbbbbbbbbbbb"

#define KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define WRONG_KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f8"

static const struct token_rules rules = {KEY, NULL, "orgd", 900, NULL};
static const struct account usual = {
	.org = {.id = ORG, .name = "Acme"},
	.admin = {.id = ADMIN, .token_version = 3},
};

/* A token signed with a key, until the next one. */
static char *issue(const char *key)
{
	static char token[2048];
	struct token_rules own = rules;
	struct arena arena;
	char *text;

	own.secret = key;
	arena_init(&arena, 1 << 16);
	ck_assert_int_eq(token_issue(&own, &arena, &usual, NOW, &text), ERR_OK);
	ck_assert_uint_lt(strlen(text), sizeof(token));
	strcpy(token, text);
	arena_fini(&arena);
	return token;
}

static struct token_rules remembering(void)
{
	struct token_rules own = rules;

	own.memo = token_memo_new();
	ck_assert_ptr_nonnull(own.memo);
	return own;
}

START_TEST(test_memo_forgets_nothing_that_counts)
{
	static const struct {
		int64_t now;
		enum token_fault fault;
	} looks[] = {
		{NOW, TOKEN_OK},	      {NOW, TOKEN_OK},		       {NOW + 899, TOKEN_OK},
		{NOW + 900, TOKEN_EXPIRED},   {NOW - 1000, TOKEN_FROM_FUTURE}, {NOW + 1, TOKEN_OK},
		{NOW + 1000000, TOKEN_EXPIRED},
	};
	struct token_rules own = remembering();
	char *token = issue(KEY);

	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		struct token_claims claims = {.token_version = 0};
		ck_assert_int_eq(token_verify(&own, token, looks[i].now, &claims), looks[i].fault);
		ck_assert_str_eq(claims.admin_id, ADMIN);
		ck_assert_str_eq(claims.org_id, ORG);
		ck_assert_int_eq(claims.token_version, 3);
		ck_assert_int_eq(claims.expires, NOW + 900);
	}
	token_memo_free(own.memo);
}
END_TEST

/* Each letter of a remembered token is another one's once changed. */
START_TEST(test_memo_takes_no_other_token)
{
	struct token_rules own = remembering();
	struct token_claims claims;
	char *token = issue(KEY);

	for (char *at = token; *at != '\0'; at++) {
		char letter = *at;
		ck_assert_int_eq(token_verify(&own, token, NOW, &claims), TOKEN_OK);
		*at = letter == 'A' ? 'B' : 'A';
		ck_assert_int_eq(token_memo_find(own.memo, token, &claims), false);
		*at = letter;
	}
	token_memo_free(own.memo);
}
END_TEST

/* What was refused is not remembered, however often it comes. */
START_TEST(test_memo_keeps_what_was_good)
{
	struct token_rules own = remembering();
	char *token = issue(WRONG_KEY);
	struct token_claims claims;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(token_verify(&own, token, NOW, &claims), TOKEN_BAD_SIGNATURE);
		ck_assert_int_eq(token_memo_find(own.memo, token, &claims), false);
	}
	token_memo_free(own.memo);
}
END_TEST

/* More tokens than there are places: each one still says what it says. */
START_TEST(test_memo_mixes_nothing_up)
{
	struct token_rules own = remembering();
	struct account account = usual;
	struct token_claims claims;
	struct arena arena;
	char *tokens[3000];

	arena_init(&arena, 1 << 24);
	for (size_t i = 0; i < COUNT_OF(tokens); i++) {
		account.admin.token_version = (int64_t)i + 1;
		ck_assert_int_eq(token_issue(&own, &arena, &account, NOW, &tokens[i]), ERR_OK);
	}
	for (size_t look = 0; look < 2; look++)
		for (size_t i = 0; i < COUNT_OF(tokens); i++) {
			ck_assert_int_eq(token_verify(&own, tokens[i], NOW, &claims), TOKEN_OK);
			ck_assert_int_eq(claims.token_version, (int64_t)i + 1);
		}
	arena_fini(&arena);
	token_memo_free(own.memo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token_memo");

	suite_add(suite, "memo", test_memo_forgets_nothing_that_counts, 0, 1);
	suite_add(suite, "memo", test_memo_takes_no_other_token, 0, 1);
	suite_add(suite, "memo", test_memo_keeps_what_was_good, 0, 1);
	suite_add(suite, "memo", test_memo_mixes_nothing_up, 0, 1);
	return suite_run(suite);
}
