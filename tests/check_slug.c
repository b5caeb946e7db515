/* SPDX-License-Identifier: Apache-2.0 */
/* check_slug.c: when two names are one, and what slug a name has. */
#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/str.h"
#include "model/org.h"
#include "model/slug.h"
#include "support/suite.h"

#define A10 "aaaaaaaaaa"
#define A37 A10 A10 A10 "aaaaaaa"
#define A38 A37 "a"
#define A39 A38 "a"
#define A47 A39 "aaaaaaaa"
#define A48 A47 "a"

static struct arena arena;

static void begin(void)
{
	arena_init(&arena, 1 << 20);
}

static void end(void)
{
	arena_fini(&arena);
}

static const char *key_of(const char *name)
{
	const char *key = org_name_key(&arena, name);

	ck_assert_ptr_nonnull(key);
	return key;
}

/* keys */

static const struct {
	const char *name, *key;
} keys[] = {
	{"Acme Corp", "acme corp"},
	{"ACME corp", "acme corp"},
	{"acme\xc2\xa0"
	 "corp",
	 "acme corp"},
	{"acme\xe3\x80\x80"
	 "corp",
	 "acme corp"},
	{"acme \xe2\x80\x83 corp", "acme corp"},
	{"\xef\xbc\xa1\xef\xbd\x83\xef\xbd\x8d\xef\xbd\x85", "acme"},                 /* full width */
	{"\xf0\x9d\x90\x80\xf0\x9d\x90\x9c\xf0\x9d\x90\xa6\xf0\x9d\x90\x9e", "acme"}, /* mathematical bold */
	{"\xef\xbd\xb1\xef\xbe\x8a\xef\xbe\x9f", "\xe3\x82\xa2\xe3\x83\x91"},         /* half width: APA */
	{"Stra\xc3\x9f"
	 "e",
	 "strasse"},
	{"STRASSE", "strasse"},
	{"STRA\xe1\xba\x9e"
	 "E",
	 "strasse"}, /* capital sharp s */
	{"Caf\xc3\xa9", "caf\xc3\xa9"},
	{"Cafe\xcc\x81", "caf\xc3\xa9"},
	{"CAF\xc3\x89", "caf\xc3\xa9"},
	{"\xef\xac\x81x", "fix"}, /* ligature */
	{"\xe2\x85\xa3", "iv"},   /* Roman numeral */
	{"x\xc2\xb2", "x2"},
	{"\xe2\x91\xa0", "1"},
	{"\xc2\xbd", "1\xe2\x81\x84"
		     "2"},
	{"\xce\xa3\xce\x91\xce\xa3", "\xcf\x83\xce\xb1\xcf\x83"},
	{"\xcf\x83\xce\xb1\xcf\x82", "\xcf\x83\xce\xb1\xcf\x83"}, /* final sigma */
	{"\xe2\x84\xa6", "\xcf\x89"},                             /* OHM SIGN */
	{"\xe2\x84\xab", "\xc3\xa5"},                             /* ANGSTROM SIGN */
	{"\xe3\x8e\x92", "mhz"},                                  /* SQUARE MHZ: capitals inside */
	{"\xe2\x80\xa6", "..."},
	{"\xd0\x90\xd0\xa1\xd0\x9c\xd0\x95", "\xd0\xb0\xd1\x81\xd0\xbc\xd0\xb5"}, /* Cyrillic, not "acme" */
	{"\xe6\xa0\xaa\xe5\xbc\x8f", "\xe6\xa0\xaa\xe5\xbc\x8f"},
};

START_TEST(test_key)
{
	begin();
	ck_assert_str_eq(key_of(keys[_i].name), keys[_i].key);
	ck_assert_str_eq(key_of(keys[_i].key), keys[_i].key);
	ck_assert_int_eq(org_name_same(&arena, keys[_i].name, keys[_i].key), 1);
	end();
}
END_TEST

/* Canonically equivalent spellings are one name, whatever the order of their marks. */
static const struct {
	const char *what, *a, *b;
} equivalents[] = {
	{"two marks", "q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},
	{"composed and not", "\xe1\xb9\xa9", "s\xcc\xa3\xcc\x87"},
	{"Hangul", "\xed\x95\x9c", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"},
	{"ypogegrammeni before the accent", "\xce\xb1\xcd\x85\xcc\x81", "\xce\xb1\xcc\x81\xcd\x85"},
};

START_TEST(test_equivalent_names_have_one_key)
{
	begin();
	ck_assert_msg(strcmp(key_of(equivalents[_i].a), key_of(equivalents[_i].b)) == 0, "%s: \"%s\", \"%s\"",
		      equivalents[_i].what, key_of(equivalents[_i].a), key_of(equivalents[_i].b));
	end();
}
END_TEST

START_TEST(test_names_that_are_not_the_same)
{
	begin();
	ck_assert_int_eq(org_name_same(&arena, "Acme", "Acme Corp"), 0);
	ck_assert_int_eq(org_name_same(&arena, "Cafe", "Caf\xc3\xa9"), 0);
	ck_assert_int_eq(org_name_same(&arena, "acme", "\xd0\xb0\xd1\x81\xd0\xbc\xd0\xb5"), 0);
	ck_assert_int_eq(org_name_same(&arena, "acmecorp", "acme corp"), 0);
	ck_assert_int_eq(org_name_same(&arena, "i", "\xc4\xb1"), 0);
	end();
}
END_TEST

START_TEST(test_key_of_what_is_not_utf8)
{
	begin();
	ck_assert_ptr_null(org_name_key(&arena, "caf\xe9"));
	ck_assert_ptr_null(org_name_key(&arena, "\xed\xa0\x80"));
	ck_assert_int_eq(org_name_same(&arena, "a", "\xff"), -1);
	end();
}
END_TEST

/* slugs */

static const struct {
	const char *name, *slug;
} slugs[] = {
	{"Acme Corp", "acme-corp"},
	{"acme", "acme"},
	{"7", "7"},
	{"Caf\xc3\xa9 Z\xc3\xbcrich", "cafe-zurich"},
	{"Stra\xc3\x9f"
	 "e",
	 "strasse"},
	{"\xc5\x81\xc3\xb3"
	 "d\xc5\xba",
	 "lodz"},
	{"\xc3\x98\xc5\x81\xc4\x90\xc3\x90\xc3\x9e\xc3\x86\xc5\x92\xc4\xb1", "oldd"
									     "th"
									     "ae"
									     "oe"
									     "i"},
	{"\xc3\xb8 \xc5\x82 \xc4\x91 \xc3\xb0 \xc3\xbe \xc3\xa6 \xc5\x93 \xc4\xb1", "o-l-d-d-th-ae-oe-i"},
	{"\xc7\xbe\xc7\xbc", "oae"}, /* with accents upon them */
	{"\xc4\xb0stanbul", "istanbul"},
	{"x\xc2\xb2 \xe2\x91\xa0 \xc2\xbd", "x2-1-1-2"},
	{"\xe2\x85\xa3 Legio", "iv-legio"},
	{"\xef\xbc\xa1\xef\xbd\x83\xef\xbd\x8d\xef\xbd\x85", "acme"},
	{"A&B, C.D / E_F--G", "a-b-c-d-e-f-g"},
	{"--a--", "a"},
	{"a\xe2\x80\xa6"
	 "b",
	 "a-b"},
	{"O'Neill", "o-neill"},
	{"\xe2\x82\xac uro", "uro"},
	{"\xf0\x9f\x8e\x89 party", "party"},
	{"party\xf0\x9f\x8e\x89", "party"},
	{"a\xe2\x80\x8b"
	 "b",
	 "a-b"}, /* ZERO WIDTH SPACE */
	{"$x", "x"},
	{"admin2", "admin2"},
	{"an admin", "an-admin"},
	{"admin", "admin-8c6976e5"},
	{"Admin!", "admin-daa35e4f"},
	{"\xef\xbc\xa1\xef\xbd\x84\xef\xbd\x8d\xef\xbd\x89\xef\xbd\x8e", "admin-8c6976e5"},
	{"system", "system-bbc5e661"},
	{"MASTER", "master-fc613b4d"},
	{"api", "api-14c2529e"},
	{"www", "www-7c2ecd07"},
	{"config", "config-b79606fb"},
	{"local", "local-25bf8e1a"},
	{"\xe6\xa0\xaa\xe5\xbc\x8f\xe4\xbc\x9a\xe7\xa4\xbe", "org-e6843c6e"},
	{"\xe5\x85\xac\xe5\x8f\xb8", "org-e06ff957"},
	{"\xe6\xa0\xaa\xe5\xbc\x8f\xe4\xbc\x9a\xe7\xa4\xbe Acme", "acme-e9a445c8"},
	{"Acme \xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0", "acme-3924446e"},
	{"\xd0\xb0\xd1\x81\xd0\xbc\xd0\xb5", "org-b4d9e309"},
	{"\xe6\x9d\xb1\xe4\xba\xac 2020", "2020-a3858013"},
	{"\xd9\xa3", "org-1a4fd527"},
	{"a\xd9\xa3"
	 "b",
	 "ab-46043b01"},
	{"x\xf0\x90\x84\x87y", "xy-ff45bc61"}, /* a number that is no digit */
	{"\xe2\x85\xaf\xe2\x86\x81", "m-005baf95"},
	{"\xed\x95\x9c\xea\xb5\xad", "org-1eb7da6d"},
	{"\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80", "org-9ddb12af"},
	{"!!!", "org-e84c538e"},
	{"-", "org-3973e022"},
	{"\xf0\x9f\x8e\x89", "org-6146299c"},
	{"\xcc\x81", "org-e98c7967"}, /* an accent upon nothing */
	{A48, A48},
	{A48 "!", A48},
	{A48 "a", A39 "-8f9bec6a"},
	{A47 "\xc3\xbe", A39 "-fd8b984c"}, /* 49 letters only by the th of the thorn */
	{A10 A10 A10 A10 A10 A10 A10 A10 A10 A10, A39 "-28165978"},
	{A38 " bbbbbbbbbbbbbbbbbbbb", A38 "-c198f180"}, /* a cut at 39 would leave a hyphen at the end */
	{A39 " bbbbbbbbbbbbbbbbbbbb", A39 "-26d10c79"},
	{A37 " b cccccccccccccccccccc", A37 "-b-398b21f1"},
};

static const char *slug_of(const char *name)
{
	static char slug[SLUG_MAX + 2];

	memset(slug, '?', sizeof(slug));
	ck_assert_int_eq(slug_derive(key_of(name), slug), ERR_OK);
	ck_assert_int_eq(slug[SLUG_MAX + 1], '?');
	return slug;
}

START_TEST(test_slug)
{
	begin();
	ck_assert_str_eq(slug_of(slugs[_i].name), slugs[_i].slug);
	ck_assert(slug_is_valid(slugs[_i].slug));
	end();
}
END_TEST

START_TEST(test_slug_ends_with_the_hash_of_the_key)
{
	static const char *const names[] = {"Master", "\xe5\x85\xac\xe5\x8f\xb8", A48 A48, "Acme \xd0\x9c"};
	unsigned char digest[EVP_MAX_MD_SIZE];
	char digits[9];
	const char *key, *slug;

	begin();
	key = key_of(names[_i]);
	ck_assert_int_eq(EVP_Digest(key, strlen(key), digest, NULL, EVP_sha256(), NULL), 1);
	snprintf(digits, sizeof(digits), "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
	slug = slug_of(names[_i]);
	ck_assert_str_eq(slug + strlen(slug) - 8, digits);
	end();
}
END_TEST

/*
 * Every character there is, alone and between letters: the key is its own key, and the slug is valid.
 * What is fine makes no assertion: each of those costs a system call.
 */
static void check_character(const char *name)
{
	char slug[SLUG_MAX + 1];
	const char *key, *again;

	arena_reset(&arena);
	key = org_name_key(&arena, name);
	again = key != NULL ? org_name_key(&arena, key) : NULL;
	if (again == NULL || strcmp(key, again) != 0)
		ck_abort_msg("\"%s\" has a key with another key", name);
	if (slug_derive(key, slug) != ERR_OK || !slug_is_valid(slug))
		ck_abort_msg("\"%s\" has the slug \"%s\"", name, slug);
}

START_TEST(test_every_character)
{
	const utf8proc_int32_t first = _i * 0x4000;
	char alone[5], between[8];

	begin();
	for (utf8proc_int32_t c = first == 0 ? 1 : first; c < first + 0x4000; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		alone[utf8proc_encode_char(c, (utf8proc_uint8_t *)alone)] = '\0';
		check_character(alone);
		snprintf(between, sizeof(between), "a%sb", alone);
		check_character(between);
	}
	end();
}
END_TEST

static const struct {
	const char *text;
	bool valid;
} forms[] = {
	{"a", true},      {"7", true},      {"acme-corp", true}, {"a-b-c", true}, {"1-2", true},
	{A48, true},      {A48 "a", false}, {"", false},         {"-", false},    {"-a", false},
	{"a-", false},    {"a--b", false},  {"A", false},        {"a_b", false},  {"a.b", false},
	{"a b", false},   {"$x", false},    {"\xc3\xa9", false}, {"a/b", false},  {"a\n", false},
	{"a---b", false}, {" a", false},    {"org_a", false},
};

START_TEST(test_slug_is_valid)
{
	ck_assert_msg(slug_is_valid(forms[_i].text) == forms[_i].valid, "\"%s\"", forms[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slug");

	suite_add(suite, "key", test_key, 0, COUNT_OF(keys));
	suite_add(suite, "key", test_equivalent_names_have_one_key, 0, COUNT_OF(equivalents));
	suite_add(suite, "key", test_names_that_are_not_the_same, 0, 1);
	suite_add(suite, "key", test_key_of_what_is_not_utf8, 0, 1);
	suite_add(suite, "slug", test_slug, 0, COUNT_OF(slugs));
	suite_add(suite, "slug", test_slug_ends_with_the_hash_of_the_key, 0, 4);
	suite_add(suite, "slug", test_every_character, 0, 0x110000 / 0x4000);
	suite_add(suite, "slug", test_slug_is_valid, 0, COUNT_OF(forms));
	return suite_run(suite);
}
