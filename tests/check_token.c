/* SPDX-License-Identifier: Apache-2.0 */
/* check_token.c: which tokens are taken; forged ones are signed here, without libjwt. */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "support/suite.h"

#define NOW 1700000000
#define ADMIN "aaaaaaaaaaaaaaaaaaaaaaaa"
#define ORG "bbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER "cccccccccccccccccccccccc"

#define KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define OLD_KEY "f9e8d7c6b5a4938271605f4e3d2c1b0a"
#define WRONG_KEY "0a1b2c3d4e5f60718293a4b5c6d7e8f8"

static const struct token_rules rules = {KEY, NULL, "orgd", 900, NULL};

/* Base64url without padding (RFC 4648, 5). */
static void put_base64(char *text, const void *bytes, size_t size)
{
	char *at;

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	for (at = text; *at != '\0' && *at != '='; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	*at = '\0';
}

/* A token of this header and payload, with an HMAC of `key`. */
static const char *sign(const char *header, const char *payload, const char *key, const EVP_MD *digest)
{
	static char token[8192];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_size = sizeof(mac);

	put_base64(token, header, strlen(header));
	strcat(token, ".");
	put_base64(token + strlen(token), payload, strlen(payload));
	ck_assert_ptr_nonnull(HMAC(digest, key, (int)strlen(key), (const unsigned char *)token, strlen(token),
				   mac, &mac_size));
	strcat(token, ".");
	put_base64(token + strlen(token), mac, mac_size);
	return token;
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* The usual claims; one of them with another value, left out (json NULL), or added. */
static const char *payload_with(const char *name, const char *json)
{
	static const char *const usual[][2] = {
		{"admin_id", "\"" ADMIN "\""},
		{"exp", "1700000900"},
		{"iat", "1700000000"},
		{"iss", "\"orgd\""},
		{"jti", "\"x\""},
		{"org_id", "\"" ORG "\""},
		{"organization_name", "\"Acme\""},
		{"role", "\"admin\""},
		{"sub", "\"" ADMIN "\""},
		{"token_version", "3"},
	};
	static char payload[4096];
	const char *comma = "";
	bool done = json == NULL;

	strcpy(payload, "{");
	for (size_t i = 0; i <= COUNT_OF(usual); i++) {
		const char *key = i < COUNT_OF(usual) ? usual[i][0] : name;
		bool changed = strcmp(key, name) == 0;
		size_t size = strlen(payload);
		if (changed && (done || json == NULL))
			continue;
		done = done || changed;
		snprintf(payload + size, sizeof(payload) - size, "%s\"%s\":%s", comma, key,
			 changed ? json : usual[i][1]);
		comma = ",";
	}
	strcat(payload, "}");
	return payload;
}

static const char *usual_payload(void)
{
	return payload_with("jti", "\"x\"");
}

static enum token_fault verify(const char *token)
{
	struct token_claims claims;

	return token_verify(&rules, token, NOW, &claims);
}

/* claims */

#define REFUSED TOKEN_FAULT_COUNT /* whatever the reason */

static const struct {
	const char *name, *json;
	enum token_fault fault;
} claims_table[] = {
	{"jti", "\"x\"", TOKEN_OK},
	{"jti", NULL, TOKEN_OK},
	{"organization_name", "\"Another\"", TOKEN_OK}, /* rights never come from the name */
	{"organization_name", NULL, TOKEN_OK},
	{"extra", "{\"a\":[1]}", TOKEN_OK},
	{"exp", "1700000001", TOKEN_OK},
	{"exp", "9223372036854775807", TOKEN_OK},
	{"exp", "1700000000", TOKEN_EXPIRED},
	{"exp", NULL, TOKEN_BAD_CLAIMS},
	{"exp", "\"1700000900\"", TOKEN_BAD_CLAIMS},
	{"exp", "1700000900.5", TOKEN_BAD_CLAIMS},
	{"exp", "1.7000009e9", TOKEN_BAD_CLAIMS},
	{"exp", "true", TOKEN_BAD_CLAIMS},
	{"exp", "null", TOKEN_BAD_CLAIMS},
	{"exp", "[1700000900]", TOKEN_BAD_CLAIMS},
	{"exp", "{\"$gt\":0}", TOKEN_BAD_CLAIMS},
	{"exp", "0", TOKEN_BAD_CLAIMS},
	{"exp", "-1", TOKEN_BAD_CLAIMS},
	{"exp", "1699999999", TOKEN_BAD_CLAIMS}, /* before it was issued */
	{"exp", "9223372036854775808", REFUSED},
	{"exp", "1e999", REFUSED},
	{"iat", "1", TOKEN_OK},
	{"iat", "1700000001", TOKEN_OK}, /* another host's clock may be a little ahead */
	{"iat", "1700000031", TOKEN_FROM_FUTURE},
	{"iat", "1700000900", TOKEN_FROM_FUTURE},
	{"iat", "1700000901", TOKEN_BAD_CLAIMS},
	{"iat", NULL, TOKEN_BAD_CLAIMS},
	{"iat", "\"1700000000\"", TOKEN_BAD_CLAIMS},
	{"iat", "1700000000.5", TOKEN_BAD_CLAIMS},
	{"iat", "0", TOKEN_BAD_CLAIMS},
	{"iat", "-1", TOKEN_BAD_CLAIMS},
	{"iss", NULL, TOKEN_BAD_CLAIMS},
	{"iss", "\"other\"", TOKEN_BAD_CLAIMS},
	{"iss", "\"ORGD\"", TOKEN_BAD_CLAIMS},
	{"iss", "\"orgd \"", TOKEN_BAD_CLAIMS},
	{"iss", "1", TOKEN_BAD_CLAIMS},
	{"iss", "[\"orgd\"]", TOKEN_BAD_CLAIMS},
	{"iss", "\"orgd\\u0000x\"", REFUSED},
	{"role", NULL, TOKEN_BAD_CLAIMS},
	{"role", "\"owner\"", TOKEN_BAD_CLAIMS},
	{"role", "\"Admin\"", TOKEN_BAD_CLAIMS},
	{"role", "[\"admin\"]", TOKEN_BAD_CLAIMS},
	{"sub", NULL, TOKEN_BAD_CLAIMS},
	{"sub", "\"" OTHER "\"", TOKEN_BAD_CLAIMS},
	{"sub", "\"" ORG "\"", TOKEN_BAD_CLAIMS},
	{"admin_id", NULL, TOKEN_BAD_CLAIMS},
	{"admin_id", "\"" OTHER "\"", TOKEN_BAD_CLAIMS},
	{"admin_id", "1", TOKEN_BAD_CLAIMS},
	{"org_id", "\"" OTHER "\"", TOKEN_OK},
	{"org_id", NULL, TOKEN_BAD_CLAIMS},
	{"org_id", "\"\"", TOKEN_BAD_CLAIMS},
	{"org_id", "{\"$ne\":null}", TOKEN_BAD_CLAIMS},
	{"org_id", "\"BBBBBBBBBBBBBBBBBBBBBBBB\"", TOKEN_BAD_CLAIMS},
	{"org_id", "\"bbbbbbbbbbbbbbbbbbbbbbb\"", TOKEN_BAD_CLAIMS},
	{"org_id", "\"" ORG "b\"", TOKEN_BAD_CLAIMS},
	{"org_id", "\"" ORG "' OR 1=1\"", TOKEN_BAD_CLAIMS},
	{"org_id", "\"gggggggggggggggggggggggg\"", TOKEN_BAD_CLAIMS},
	{"token_version", "1", TOKEN_OK},
	{"token_version", NULL, TOKEN_BAD_CLAIMS},
	{"token_version", "\"3\"", TOKEN_BAD_CLAIMS},
	{"token_version", "3.5", TOKEN_BAD_CLAIMS},
	{"token_version", "null", TOKEN_BAD_CLAIMS},
	{"token_version", "0", TOKEN_BAD_CLAIMS},
	{"token_version", "-3", TOKEN_BAD_CLAIMS},
};

START_TEST(test_claim)
{
	const char *payload = payload_with(claims_table[_i].name, claims_table[_i].json);
	enum token_fault fault = verify(sign(HEADER, payload, KEY, EVP_sha256()));

	if (claims_table[_i].fault == REFUSED)
		ck_assert_msg(fault != TOKEN_OK, "%s", payload);
	else
		ck_assert_msg(fault == claims_table[_i].fault, "%s: %s", payload, token_fault_text(fault));
}
END_TEST

START_TEST(test_claims_are_given_out)
{
	struct token_claims claims;
	const char *token = sign(HEADER, usual_payload(), KEY, EVP_sha256());

	ck_assert_int_eq(token_verify(&rules, token, NOW, &claims), TOKEN_OK);
	ck_assert_str_eq(claims.admin_id, ADMIN);
	ck_assert_str_eq(claims.org_id, ORG);
	ck_assert_int_eq(claims.token_version, 3);
	ck_assert_int_eq(claims.expires, NOW + 900);
	ck_assert_int_eq(token_verify(&rules, token, NOW + 899, &claims), TOKEN_OK);
	ck_assert_int_eq(token_verify(&rules, token, NOW + 900, &claims), TOKEN_EXPIRED);
	ck_assert_int_eq(token_verify(&rules, token, NOW + 1000000, &claims), TOKEN_EXPIRED);
	ck_assert_int_eq(token_verify(&rules, token, NOW - 1000, &claims), TOKEN_FROM_FUTURE);
}
END_TEST

/* headers and payloads, all of them signed with the right key */

static const struct {
	const char *header;
	int bits; /* of the digest that signs */
	bool taken;
} headers[] = {
	{HEADER, 256, true},
	{"{\"typ\":\"JWT\",\"alg\":\"HS256\"}", 256, true},
	{"{ \"alg\" : \"HS256\" , \"typ\" : \"JWT\" }", 256, true},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../../dev/null\"}", 256, true},
	{"{\"alg\":\"none\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":\"None\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":\"\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":\"HS384\",\"typ\":\"JWT\"}", 384, false},
	{"{\"alg\":\"HS512\",\"typ\":\"JWT\"}", 512, false},
	{"{\"alg\":\"HS384\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 384, false},
	{"{\"alg\":\"hs256\",\"typ\":\"JWT\"}", 256, false}, /* RFC 7515, 4.1.1: case matters */
	{"{\"alg\":\"RS256\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":\"ES256\",\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":256,\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":null,\"typ\":\"JWT\"}", 256, false},
	{"{\"alg\":[\"HS256\"],\"typ\":\"JWT\"}", 256, false},
	{"{\"typ\":\"JWT\"}", 256, false},
	{"{}", 256, false},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}", 256, false}, /* RFC 7515, 4.1.11 */
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"b64\"],\"b64\":false}", 256, false},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[]}", 256, false},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":\"exp\"}", 256, false},
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":null}", 256, false},
	{"[]", 256, false},
	{"null", 256, false},
	{"\"HS256\"", 256, false},
	{"HS256", 256, false},
	{"{\"alg\":\"HS256\"", 256, false},
};

START_TEST(test_header)
{
	const EVP_MD *digest = headers[_i].bits == 512   ? EVP_sha512()
			       : headers[_i].bits == 384 ? EVP_sha384()
							 : EVP_sha256();
	enum token_fault fault = verify(sign(headers[_i].header, usual_payload(), KEY, digest));

	ck_assert_msg((fault == TOKEN_OK) == headers[_i].taken, "%s: %s", headers[_i].header,
		      token_fault_text(fault));
}
END_TEST

START_TEST(test_payload_that_is_no_object)
{
	static const char *const payloads[] = {"[]", "null",       "1",    "x",       "{",
					       "{}", "{\"exp\":}", "{}{}", "\"exp\"", "\xff"};

	ck_assert_int_ne(verify(sign(HEADER, payloads[_i], KEY, EVP_sha256())), TOKEN_OK);
}
END_TEST

/* keys */

static const struct {
	const char *signer, *present, *previous;
	enum token_fault fault;
} keys[] = {
	{KEY, KEY, NULL, TOKEN_OK},
	{KEY, KEY, OLD_KEY, TOKEN_OK},
	{OLD_KEY, KEY, OLD_KEY, TOKEN_OK},
	{OLD_KEY, KEY, NULL, TOKEN_BAD_SIGNATURE},
	{WRONG_KEY, KEY, NULL, TOKEN_BAD_SIGNATURE},
	{WRONG_KEY, KEY, OLD_KEY, TOKEN_BAD_SIGNATURE},
	{KEY "x", KEY, OLD_KEY, TOKEN_BAD_SIGNATURE},
	{"", KEY, OLD_KEY, TOKEN_BAD_SIGNATURE},
	{"", "", NULL, TOKEN_BAD_SIGNATURE}, /* no key, or a short one, never opens anything */
	{"", NULL, NULL, TOKEN_BAD_SIGNATURE},
	{"", KEY, "", TOKEN_BAD_SIGNATURE},
	{"short", "short", NULL, TOKEN_BAD_SIGNATURE},
	{"0a1b2c3d4e5f60718293a4b5c6d7e8f", "0a1b2c3d4e5f60718293a4b5c6d7e8f", NULL, TOKEN_BAD_SIGNATURE},
	{"short", KEY, "short", TOKEN_BAD_SIGNATURE},
};

START_TEST(test_key)
{
	const struct token_rules own = {keys[_i].present, keys[_i].previous, "orgd", 900, NULL};
	const char *token = sign(HEADER, usual_payload(), keys[_i].signer, EVP_sha256());
	struct token_claims claims;

	ck_assert_int_eq(token_verify(&own, token, NOW, &claims), keys[_i].fault);
}
END_TEST

/* shapes */

static const char *const shapes[] = {
	"",          ".",      "..",     "...",           "a",         "a.b",    "a.b.",
	".b.c",      "a..c",   "..c",    "a..",           "a.b.c.",    ".a.b.c", "a.b.c.d",
	"a.b.c.d.e", "a=.b.c", "a.b.c=", "a.b.c\n",       "\na.b.c",   " a.b.c", "a.b.c ",
	"a.b c.d",   "a+.b.c", "a.b/.c", "a.b.c\xc3\xa9", "a.b\x01.c", "a,b,c",  "%61.b.c",
};

START_TEST(test_shape)
{
	ck_assert_msg(verify(shapes[_i]) == TOKEN_MALFORMED, "\"%s\"", shapes[_i]);
}
END_TEST

START_TEST(test_good_token_with_something_round_it)
{
	static const char *const around[][2] = {
		{"", "\n"}, {"", " "}, {" ", ""}, {"", "."},
		{"", ".x"}, {".", ""}, {"", "="}, {"Bearer ", ""},
	};
	const char *token = sign(HEADER, usual_payload(), KEY, EVP_sha256());
	char text[4096];

	snprintf(text, sizeof(text), "%s%s%s", around[_i][0], token, around[_i][1]);
	ck_assert_int_eq(verify(text), TOKEN_MALFORMED);
}
END_TEST

START_TEST(test_unsigned_token)
{
	char token[2048];

	snprintf(token, sizeof(token), "%s", sign("{\"alg\":\"none\"}", usual_payload(), KEY, EVP_sha256()));
	strrchr(token, '.')[1] = '\0';
	ck_assert_int_eq(verify(token), TOKEN_MALFORMED);
	strcat(token, "AA");
	ck_assert_int_ne(verify(token), TOKEN_OK);
}
END_TEST

/* A good token of exactly `size` bytes. */
static const char *token_of(size_t size)
{
	char padding[2048] = "\"", payload[4096];
	const char *token = "";

	for (size_t i = 1; strlen(token) < size; i++) {
		memcpy(padding + i, "x\"", 3);
		strcpy(payload, payload_with("pad", padding));
		token = sign(HEADER, payload, KEY, EVP_sha256());
	}
	ck_assert_uint_eq(strlen(token), size);
	return token;
}

START_TEST(test_size)
{
	char huge[100000];

	ck_assert_int_eq(verify(token_of(TOKEN_SIZE_MAX)), TOKEN_OK);
	ck_assert_int_eq(verify(token_of(TOKEN_SIZE_MAX + 1)), TOKEN_MALFORMED);
	memset(huge, 'a', sizeof(huge));
	huge[40000] = huge[80000] = '.';
	huge[sizeof(huge) - 1] = '\0';
	ck_assert_int_eq(verify(huge), TOKEN_MALFORMED);
}
END_TEST

/* Any letter of a good token changed, and each letter at the ends of its parts. */
START_TEST(test_every_letter_counts)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char token[2048];

	snprintf(token, sizeof(token), "%s", sign(HEADER, usual_payload(), KEY, EVP_sha256()));
	for (size_t i = 0; token[i] != '\0'; i++) {
		char good = token[i];
		bool last = token[i + 1] == '.' || token[i + 1] == '\0';
		for (size_t k = last ? 0 : 63; good != '.' && k < 64; k++) {
			token[i] = letters[k] != good ? letters[k] : 'A';
			if (token[i] != good && verify(token) == TOKEN_OK)
				ck_abort_msg("taken with %c at %zu", token[i], i);
		}
		token[i] = good;
	}
	ck_assert_int_eq(verify(token), TOKEN_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");

	suite_add(suite, "verify", test_claim, 0, COUNT_OF(claims_table));
	suite_add(suite, "verify", test_claims_are_given_out, 0, 1);
	suite_add(suite, "verify", test_header, 0, COUNT_OF(headers));
	suite_add(suite, "verify", test_payload_that_is_no_object, 0, 10);
	suite_add(suite, "verify", test_key, 0, COUNT_OF(keys));
	suite_add(suite, "verify", test_shape, 0, COUNT_OF(shapes));
	suite_add(suite, "verify", test_good_token_with_something_round_it, 0, 8);
	suite_add(suite, "verify", test_unsigned_token, 0, 1);
	suite_add(suite, "verify", test_size, 0, 1);
	suite_add(suite, "verify", test_every_letter_counts, 0, 1);
	return suite_run(suite);
}
