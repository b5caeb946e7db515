/* SPDX-License-Identifier: Apache-2.0 */
/* check_model.c: what a name, an email and a password may be. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "model/admin.h"
#include "model/common_passwords.h"
#include "model/org.h"
#include "support/suite.h"

/* Each macro repeats what it is given; so literals of a known length can be written down. */
#define R3(x) x x x
#define R8(x) x x x x x x x x
#define R10(x) R8(x) x x
#define R50(x) R10(x) R10(x) R10(x) R10(x) R10(x)
#define R100(x) R50(x) R50(x)

#define GRIN "\xf0\x9f\x98\x80" /* U+1F600, four bytes */

static struct arena arena;

static void begin(void)
{
	arena_init(&arena, 1 << 20);
}

static void end(void)
{
	arena_fini(&arena);
}

/* names of organizations */

static const struct {
	const char *text;
	enum fault fault;
	const char *name; /* without a fault */
} names[] = {
	{"Acme Corp", FAULT_NONE, "Acme Corp"},
	{"a", FAULT_NONE, "a"},
	{"  Acme  ", FAULT_NONE, "Acme"},
	{"Acme   Corp", FAULT_NONE, "Acme Corp"},
	{"\tAcme\t\tCorp\n", FAULT_NONE, "Acme Corp"},
	{"Acme\r\nCorp", FAULT_NONE, "Acme Corp"},
	{"Acme\v\fCorp", FAULT_NONE, "Acme Corp"},
	{"Acme\xc2\x85"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* NEXT LINE is white space */
	{"\xc2\xa0"
	 "Acme\xc2\xa0"
	 "Corp\xc2\xa0",
	 FAULT_NONE, "Acme Corp"}, /* NO-BREAK SPACE */
	{"\xe1\x9a\x80"
	 "Acme\xe1\x9a\x80"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* OGHAM SPACE MARK */
	{"Acme\xe2\x80\x80\xe2\x80\x8a"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* EN QUAD, HAIR SPACE */
	{"Acme\xe2\x80\xa8\xe2\x80\xa9"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* LINE, PARAGRAPH SEPARATOR */
	{"Acme\xe2\x80\xaf\xe2\x81\x9f"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* NARROW, MATHEMATICAL */
	{"\xe3\x80\x80"
	 "Acme\xe3\x80\x80 \xe3\x80\x80"
	 "Corp",
	 FAULT_NONE, "Acme Corp"}, /* IDEOGRAPHIC */
	{"A\xe2\x80\x8b"
	 "B",
	 FAULT_NONE,
	 "A\xe2\x80\x8b"
	 "B"}, /* ZERO WIDTH SPACE is none */
	{"Caf\xc3\xa9 Z\xc3\xbcrich", FAULT_NONE, "Caf\xc3\xa9 Z\xc3\xbcrich"},
	{"<b>\"'%s\\", FAULT_NONE, "<b>\"'%s\\"},
	{"", FAULT_TOO_SHORT, NULL},
	{"   ", FAULT_TOO_SHORT, NULL},
	{"\t\n\xc2\xa0\xe3\x80\x80", FAULT_TOO_SHORT, NULL},
	{R100("x"), FAULT_NONE, R100("x")},
	{R100("x") "x", FAULT_TOO_LONG, NULL},
	{"   " R100("x") "   ", FAULT_NONE, R100("x")},
	{R50("x") "     " R50("x"), FAULT_TOO_LONG, NULL},
	{R50("x ") "  " R50(" "), FAULT_NONE, R8("x x x x x x ") "x x"},
	{R100(GRIN), FAULT_NONE, R100(GRIN)},
	{R100(GRIN) "x", FAULT_TOO_LONG, NULL},
	{R100("e\xcc\x81"), FAULT_TOO_LONG, NULL}, /* 200 characters, however they look */
	{"a\x01"
	 "b",
	 FAULT_INVALID, NULL},
	{"\x1b[2J", FAULT_INVALID, NULL},
	{"a\x7f", FAULT_INVALID, NULL},
	{"a\xc2\x80", FAULT_INVALID, NULL},
	{"a\xc2\x9f", FAULT_INVALID, NULL},
	{"\x08", FAULT_INVALID, NULL},
	{"\x1c", FAULT_INVALID, NULL}, /* a separator for some, but not White_Space */
};

START_TEST(test_name)
{
	const char *name = NULL;

	begin();
	ck_assert_msg(org_name_normalize(&arena, names[_i].text, &name) == names[_i].fault, "\"%s\"",
		      names[_i].text);
	if (names[_i].name != NULL)
		ck_assert_str_eq(name, names[_i].name);
	end();
}
END_TEST

START_TEST(test_name_without_memory)
{
	struct arena none;
	const char *name;

	arena_init(&none, 0);
	ck_assert_int_eq(org_name_normalize(&none, "Acme", &name), FAULT_INVALID);
	ck_assert_ptr_null(org_name_key(&none, "Acme"));
	ck_assert_int_eq(org_name_same(&none, "Acme", "acme"), -1);
	ck_assert_int_eq(admin_email_normalize(&none, "a@b.org", &name), FAULT_INVALID);
	arena_fini(&none);
}
END_TEST

/* emails */

#define LOCAL64 R50("l") R8("l") "llllll"
#define LABEL63 R50("d") R10("d") R3("d")
/* 64 + 1 + 63 + 1 + 63 + 1 + 61 = 254 */
#define LABEL61 R50("d") R10("d") "d"
#define EMAIL254 LOCAL64 "@" LABEL63 "." LABEL63 "." LABEL61

static const struct {
	const char *text;
	enum fault fault;
	const char *email; /* without a fault; NULL: as `text` */
} emails[] = {
	{"a@b.c", FAULT_NONE, NULL},
	{"ada@example.org", FAULT_NONE, NULL},
	{"Ada.Lovelace@EXAMPLE.Org", FAULT_NONE, "ada.lovelace@example.org"},
	{"  ada@example.org\r\n", FAULT_NONE, "ada@example.org"},
	{"a.b.c+tag@x-y.example.co", FAULT_NONE, NULL},
	{"!#$%&'*+-/=?^_`{|}~@example.org", FAULT_NONE, NULL},
	{"1@2.3", FAULT_NONE, NULL},
	{"a@1x.xn--p1ai", FAULT_NONE, NULL},
	{LOCAL64 "@example.org", FAULT_NONE, NULL},
	{LOCAL64 "l@example.org", FAULT_INVALID, NULL},
	{"a@" LABEL63 ".org", FAULT_NONE, NULL},
	{"a@d" LABEL63 ".org", FAULT_INVALID, NULL},
	{"a@org." LABEL63, FAULT_NONE, NULL},
	{"a@org.d" LABEL63, FAULT_INVALID, NULL},
	{EMAIL254, FAULT_NONE, NULL},
	{"  " EMAIL254 "  ", FAULT_NONE, EMAIL254},
	{EMAIL254 "d", FAULT_TOO_LONG, NULL},
	{R100("x") R100("x") R100("x"), FAULT_TOO_LONG, NULL},
	{"", FAULT_INVALID, NULL},
	{"   ", FAULT_INVALID, NULL},
	{"@", FAULT_INVALID, NULL},
	{"ada", FAULT_INVALID, NULL},
	{"ada@", FAULT_INVALID, NULL},
	{"@example.org", FAULT_INVALID, NULL},
	{"ada@example", FAULT_INVALID, NULL},
	{"ada@localhost", FAULT_INVALID, NULL},
	{"ada@@example.org", FAULT_INVALID, NULL},
	{"ada@b@example.org", FAULT_INVALID, NULL},
	{"ada@example.org@", FAULT_INVALID, NULL},
	{".ada@example.org", FAULT_INVALID, NULL},
	{"ada.@example.org", FAULT_INVALID, NULL},
	{"a..b@example.org", FAULT_INVALID, NULL},
	{".@example.org", FAULT_INVALID, NULL},
	{"\"ada\"@example.org", FAULT_INVALID, NULL},
	{"\"a@b\"@example.org", FAULT_INVALID, NULL},
	{"a b@example.org", FAULT_INVALID, NULL},
	{"ada @example.org", FAULT_INVALID, NULL},
	{"ada@ example.org", FAULT_INVALID, NULL},
	{"ada@exam ple.org", FAULT_INVALID, NULL},
	{"ada@example.org\nbcc: b@c.de", FAULT_INVALID, NULL},
	{"a\tb@example.org", FAULT_INVALID, NULL},
	{"a,b@example.org", FAULT_INVALID, NULL},
	{"a;b@example.org", FAULT_INVALID, NULL},
	{"a(comment)@example.org", FAULT_INVALID, NULL},
	{"<ada@example.org>", FAULT_INVALID, NULL},
	{"a\\b@example.org", FAULT_INVALID, NULL},
	{"a:b@example.org", FAULT_INVALID, NULL},
	{"ada@[192.0.2.1]", FAULT_INVALID, NULL},
	{"ada@-example.org", FAULT_INVALID, NULL},
	{"ada@example-.org", FAULT_INVALID, NULL},
	{"ada@example.-org", FAULT_INVALID, NULL},
	{"ada@example.org-", FAULT_INVALID, NULL},
	{"ada@.example.org", FAULT_INVALID, NULL},
	{"ada@example..org", FAULT_INVALID, NULL},
	{"ada@example.org.", FAULT_INVALID, NULL},
	{"ada@exam_ple.org", FAULT_INVALID, NULL},
	{"ada@exam!ple.org", FAULT_INVALID, NULL},
	{"ad\xc3\xa4@example.org", FAULT_INVALID, NULL},
	{"ada@ex\xc3\xa4mple.org", FAULT_INVALID, NULL},
	{"\xc2\xa0"
	 "ada@example.org",
	 FAULT_INVALID, NULL},
	{"a\x01"
	 "b@example.org",
	 FAULT_INVALID, NULL},
	{"a\x7f@example.org", FAULT_INVALID, NULL},
};

START_TEST(test_email)
{
	const char *wanted = emails[_i].email != NULL ? emails[_i].email : emails[_i].text;
	const char *email = NULL;

	begin();
	ck_assert_msg(admin_email_normalize(&arena, emails[_i].text, &email) == emails[_i].fault, "\"%s\"",
		      emails[_i].text);
	if (emails[_i].fault == FAULT_NONE)
		ck_assert_str_eq(email, wanted);
	end();
}
END_TEST

START_TEST(test_email_limits_are_as_written)
{
	ck_assert_uint_eq(strlen(EMAIL254), 254);
	ck_assert_uint_eq(strlen(LOCAL64), 64);
	ck_assert_uint_eq(strlen(LABEL63), 63);
}
END_TEST

/* passwords */

static const struct {
	const char *password;
	enum fault fault;
} passwords[] = {
	{"", FAULT_TOO_SHORT},
	{"gT5-kq9", FAULT_TOO_SHORT},
	{"gT5-kq9x", FAULT_NONE},
	{"kq\xc3\xa4\xc3\xb6\xc3\xbc", FAULT_NONE}, /* five characters, eight bytes */
	{GRIN "xyz", FAULT_TOO_SHORT},
	{GRIN GRIN, FAULT_NONE},
	{"   \t    ", FAULT_NONE},
	{R50("kq") "", FAULT_TOO_LONG},
	{R8("kq7-xW3+z"), FAULT_NONE},            /* 72 bytes */
	{R8("kq7-xW3+z") "!", FAULT_TOO_LONG},    /* 73 */
	{R10(GRIN) R8(GRIN), FAULT_NONE},         /* 72 bytes, 18 characters */
	{R10(GRIN) R8(GRIN) "x", FAULT_TOO_LONG}, /* 73 bytes, 19 characters */
	{R100(R10("x")), FAULT_TOO_LONG},
	{"password", FAULT_TOO_COMMON},
	{"PASSWORD", FAULT_TOO_COMMON},
	{"PassWord", FAULT_TOO_COMMON},
	{"12345678", FAULT_TOO_COMMON},
	{"00000000", FAULT_TOO_COMMON},
	{"0.0.0.000", FAULT_TOO_COMMON},  /* the first of the list */
	{"zxcvbnm123", FAULT_TOO_COMMON}, /* the last */
	{"ZXCVBNM123", FAULT_TOO_COMMON},
	{"zxcvbnm1234", FAULT_NONE}, /* a word of the list is only a part of it */
	{"xxzxcvbnm123", FAULT_NONE},
	{"passwor\nd", FAULT_NONE},
	{"0.0.0.000\n00000000", FAULT_NONE}, /* two words, as they stand in the list */
	{"\n00000000", FAULT_NONE},
	{"passw\xc3\xb6rd", FAULT_NONE},
};

START_TEST(test_password)
{
	ck_assert_msg(admin_password_check(passwords[_i].password) == passwords[_i].fault, "\"%s\"",
		      passwords[_i].password);
}
END_TEST

static const struct {
	const char *password, *email, *name;
	bool known;
} known[] = {
	{"ada@example.org", "ada@example.org", "Acme Corp", true},
	{"ADA@Example.Org", "ada@example.org", NULL, true},
	{"Acme Corp", "ada@example.org", "Acme Corp", true},
	{"ACME CORP", NULL, "Acme Corp", true},
	{" acme  corp ", NULL, "Acme Corp", true},
	{"\xef\xbc\xa1\xef\xbd\x83\xef\xbd\x8d\xef\xbd\x85 corp", NULL, "Acme Corp", true}, /* wide letters */
	{"STRASSENBAU", NULL,
	 "Stra\xc3\x9f"
	 "enbau",
	 true},
	{"Acme Corp!", "ada@example.org", "Acme Corp", false},
	{"ada@example.orgs", "ada@example.org", "Acme Corp", false},
	{"ada@example", "ada@example.org", "Acme Corp", false},
	{"gT5-kq9x", "ada@example.org", "Acme Corp", false},
	{"gT5-kq9x", NULL, NULL, false},
	{"ada@example.org", NULL, "Acme Corp", false},
	{"Acme Corp", "ada@example.org", NULL, false},
};

START_TEST(test_password_is_known)
{
	begin();
	ck_assert_msg(admin_password_is_known(&arena, known[_i].password, known[_i].email, known[_i].name) ==
			      known[_i].known,
		      "\"%s\"", known[_i].password);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");

	suite_add(suite, "name", test_name, 0, COUNT_OF(names));
	suite_add(suite, "name", test_name_without_memory, 0, 1);
	suite_add(suite, "email", test_email, 0, COUNT_OF(emails));
	suite_add(suite, "email", test_email_limits_are_as_written, 0, 1);
	suite_add(suite, "password", test_password, 0, COUNT_OF(passwords));
	suite_add(suite, "password", test_password_is_known, 0, COUNT_OF(known));
	return suite_run(suite);
}
