/* SPDX-License-Identifier: Apache-2.0 */
/* check_auth.c: tokens as they are made, and the header that one comes in. */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "auth/principal.h"
#include "auth/token.h"
#include "support/suite.h"

#define NOW 1700000000
#define ADMIN "aaaaaaaaaaaaaaaaaaaaaaaa"
#define ORG "bbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

static const struct token_rules rules = {KEY, NULL, "orgd", 900, NULL};

static const struct account account = {
	.org = {.id = ORG, .admin_id = ADMIN, .name = "Acme \"Caf\xc3\xa9\"", .slug = "acme-cafe"},
	.admin = {.id = ADMIN, .email = "ada@example.org", .password_hash = "x", .token_version = 7},
};

/* Decodes the first two parts of a token, one behind the other. */
static void decode(const char *token, char *text_r)
{
	for (int part = 0; part < 2; part++, token++) {
		char four[5] = "";
		while (*token != '.') {
			size_t size = 0;
			for (; size < 4 && *token != '.'; token++)
				four[size++] = *token == '-' ? '+' : *token == '_' ? '/' : *token;
			memset(four + size, '=', 4 - size);
			EVP_DecodeBlock((unsigned char *)text_r, (const unsigned char *)four, 4);
			text_r += size - 1;
		}
	}
	*text_r = '\0';
}

START_TEST(test_issue)
{
	static const char *const parts[] = {
		"\"alg\":\"HS256\"",
		"\"iss\":\"orgd\"",
		"\"sub\":\"" ADMIN "\"",
		"\"admin_id\":\"" ADMIN "\"",
		"\"org_id\":\"" ORG "\"",
		"\"organization_name\":\"Acme \\\"Caf\xc3\xa9\\\"\"",
		"\"role\":\"admin\"",
		"\"iat\":1700000000",
		"\"exp\":1700000900",
		"\"token_version\":7",
		"\"jti\":\"",
	};
	struct arena arena;
	struct token_claims claims;
	char *token, text[4096];

	arena_init(&arena, 1 << 20);
	ck_assert_int_eq(token_issue(&rules, &arena, &account, NOW, &token), ERR_OK);
	ck_assert_int_eq(token_verify(&rules, token, NOW, &claims), TOKEN_OK);
	ck_assert_str_eq(claims.admin_id, ADMIN);
	ck_assert_str_eq(claims.org_id, ORG);
	ck_assert_int_eq(claims.token_version, 7);
	ck_assert_int_eq(claims.expires, NOW + 900);
	decode(token, text);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		ck_assert_msg(strstr(text, parts[i]) != NULL, "no %s in %s", parts[i], text);
	ck_assert_ptr_null(strstr(text, "ada@"));
	ck_assert_ptr_null(strstr(text, "password"));
	arena_fini(&arena);
}
END_TEST

/* Base64url without padding (RFC 4648, 5). */
static void put_base64(char *text, const void *bytes, size_t size)
{
	char *at;

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	for (at = text; *at != '\0' && *at != '='; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	*at = '\0';
}

START_TEST(test_issue_signs_as_the_standard_says)
{
	struct arena arena;
	unsigned char mac[EVP_MAX_MD_SIZE];
	char *token, *dot, text[128];
	unsigned size;

	arena_init(&arena, 1 << 20);
	ck_assert_int_eq(token_issue(&rules, &arena, &account, NOW, &token), ERR_OK);
	dot = strrchr(token, '.');
	HMAC(EVP_sha256(), KEY, (int)strlen(KEY), (const unsigned char *)token, (size_t)(dot - token), mac,
	     &size);
	put_base64(text, mac, size);
	ck_assert_str_eq(dot + 1, text);
	arena_fini(&arena);
}
END_TEST

START_TEST(test_two_tokens_differ)
{
	struct arena arena;
	char *one, *other;

	arena_init(&arena, 1 << 20);
	ck_assert_int_eq(token_issue(&rules, &arena, &account, NOW, &one), ERR_OK);
	ck_assert_int_eq(token_issue(&rules, &arena, &account, NOW, &other), ERR_OK);
	ck_assert_str_ne(one, other);
	arena_fini(&arena);
	arena_init(&arena, 0);
	ck_assert_int_eq(token_issue(&rules, &arena, &account, NOW, &one), ERR_INTERNAL);
	ck_assert_ptr_null(one);
}
END_TEST

/* The longest name there may be must not make a token that is too long to be taken. */
START_TEST(test_issue_with_the_longest_name)
{
	static const char *const letters[] = {"\xf0\x9f\x98\x80", "\"", "\xe2\x80\xa8", "\xf4\x8f\xbf\xbf"};
	struct account own = account;
	struct token_claims claims;
	char name[401] = "", *token;
	struct arena arena;

	for (int i = 0; i < ORG_NAME_MAX; i++)
		strcat(name, letters[_i]);
	own.org.name = name;
	arena_init(&arena, 1 << 20);
	ck_assert_int_eq(token_issue(&rules, &arena, &own, NOW, &token), ERR_OK);
	ck_assert_int_eq(token_verify(&rules, token, NOW, &claims), TOKEN_OK);
	arena_fini(&arena);
}
END_TEST

START_TEST(test_fault_texts)
{
	ck_assert_uint_gt(strlen(token_fault_text((enum token_fault)_i)), 0);
	for (int other = 0; other < _i; other++)
		ck_assert_str_ne(token_fault_text((enum token_fault)_i),
				 token_fault_text((enum token_fault)other));
}
END_TEST

/* bearer */

static const struct {
	const char *header, *token;
} headers[] = {
	{"Bearer abc", "abc"}, {"bearer abc", "abc"}, {"BEARER abc", "abc"}, {"Bearer   abc", "abc"},
	{"Bearer a b", "a b"}, {"Bearer ", ""},       {"Bearer", NULL},      {"Bearerabc", NULL},
	{"Bearer\tabc", NULL}, {"Basic abc", NULL},   {" Bearer abc", NULL}, {"", NULL},
	{"Token abc", NULL},   {"Bear abc", NULL},    {"abc", NULL},         {"Basic Bearer abc", NULL},
	{"Bearer: abc", NULL},
};

START_TEST(test_bearer)
{
	ck_assert_pstr_eq(principal_bearer(headers[_i].header), headers[_i].token);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth");

	suite_add(suite, "issue", test_issue, 0, 1);
	suite_add(suite, "issue", test_issue_signs_as_the_standard_says, 0, 1);
	suite_add(suite, "issue", test_two_tokens_differ, 0, 1);
	suite_add(suite, "issue", test_issue_with_the_longest_name, 0, 4);
	suite_add(suite, "issue", test_fault_texts, 0, TOKEN_FAULT_COUNT + 1);
	suite_add(suite, "bearer", test_bearer, 0, COUNT_OF(headers));
	return suite_run(suite);
}
