/* SPDX-License-Identifier: Apache-2.0 */
/* check_dotenv.c: the syntax of .env files. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dotenv.h"
#include "support/suite.h"

static char seen[1024];

/* Writes down "KEY|value;"; refuses the key REFUSED. */
static bool note(void *context, const char *key, const char *value)
{
	size_t size = strlen(seen);

	ck_assert_ptr_eq(context, &seen);
	snprintf(seen + size, sizeof(seen) - size, "%s|%s;", key, value);
	return strcmp(key, "REFUSED") != 0;
}

static const struct {
	const char *text;
	const char *wanted; /* what is seen before the fault, if there is one */
	size_t fault;       /* its line; 0: none */
} files[] = {
	{"", "", 0},
	{"\n\n", "", 0},
	{"A=1", "A|1;", 0},
	{"A=1\n", "A|1;", 0},
	{"A=1\nB=2\nA=3\n", "A|1;B|2;A|3;", 0},
	{"\n  \n\t\nA=1\n\n", "A|1;", 0},
	{"# comment\n  # another\n#A=0\nA=1", "A|1;", 0},
	{"_a9_Z=1", "_a9_Z|1;", 0},
	{"A=", "A|;", 0},
	{"A=\nB=", "A|;B|;", 0},
	{"A=1=2==", "A|1=2==;", 0},
	{"A=x y  z", "A|x y  z;", 0},
	{"  A  =  x y  ", "A|x y;", 0},
	{"\tA\t=\tx\t", "A|x;", 0},
	{"A=1\r\nB=\"2\"\r\nC='3'\r\n\r\n# x\r\nD=\r\n", "A|1;B|2;C|3;D|;", 0},
	{"A=x # comment", "A|x;", 0},
	{"A=x\t# comment", "A|x;", 0},
	{"A=x#y", "A|x#y;", 0},
	{"A=x#y #z", "A|x#y;", 0},
	{"A=#x", "A|;", 0},
	{"A= # x", "A|;", 0},
	{"A=x\\n$HOME`id`", "A|x\\n$HOME`id`;", 0},
	{"A=it's", "A|it's;", 0},
	{"A=say \"no\"", "A|say \"no\";", 0},
	{"A=caf\xc3\xa9", "A|caf\xc3\xa9;", 0},
	{"A=mongodb://u:p@h/d?a=1&b=2", "A|mongodb://u:p@h/d?a=1&b=2;", 0},

	{"export A=1", "A|1;", 0},
	{"  export \t A=1", "A|1;", 0},
	{"exportA=1", "exportA|1;", 0},
	{"export=1", "export|1;", 0},
	{"export A", "", 1},
	{"export", "", 1},
	{"export ", "", 1},
	{"export export A=1", "", 1},

	{"A=''", "A|;", 0},
	{"A='x'", "A|x;", 0},
	{"A='  x # y  '", "A|  x # y  ;", 0},
	{"A='\\n\\'", "A|\\n\\;", 0},
	{"A='$B \"x\"'", "A|$B \"x\";", 0},
	{"A = 'x'  # comment", "A|x;", 0},
	{"A='x", "", 1},
	{"A='", "", 1},
	{"A='x'y", "", 1},
	{"A='x'#y", "", 1},
	{"A='x''y'", "", 1},
	{"A='x\ny'", "", 1}, /* no value runs over lines */
	{"A='x'\nB='y", "A|x;", 2},

	{"A=\"\"", "A|;", 0},
	{"A=\"x\"", "A|x;", 0},
	{"A=\"  x # y  \" # z", "A|  x # y  ;", 0},
	{"A=\"a\\nb\"", "A|a\nb;", 0},
	{"A=\"\\\"\\\\\\$\"", "A|\"\\$;", 0},
	{"A=\"\\\\n\"", "A|\\n;", 0},
	{"A=\"\\t\\'\\x\"", "A|\\t\\'\\x;", 0}, /* no such escapes */
	{"A=\"$HOME 'x'\"", "A|$HOME 'x';", 0},
	{"A=\"x", "", 1},
	{"A=\"", "", 1},
	{"A=\"x\\\"", "", 1},
	{"A=\"x\\", "", 1},
	{"A=\"x\"y", "", 1},
	{"A=\"x\"#y", "", 1},
	{"A=\"x\ny\"", "", 1},

	{"A", "", 1},
	{"=1", "", 1},
	{" = ", "", 1},
	{"A B=1", "", 1},
	{"A-B=1", "", 1},
	{"A.B=1", "", 1},
	{"A: 1", "", 1},
	{"\xc3\xa9=1", "", 1},
	{"A=1\n\nnonsense\nB=2", "A|1;", 3},
	{"# x\r\n\r\nA=1\r\nnonsense", "A|1;", 4},
	{"A=1\nREFUSED=2\nB=3", "A|1;REFUSED|2;", 2},
};

START_TEST(test_file)
{
	char *copy = strdup(files[_i].text); /* of the exact size, for the sanitizers */
	size_t line = 4711;
	bool ok;

	ck_assert_ptr_nonnull(copy);
	ok = dotenv_parse(copy, note, &seen, &line);
	ck_assert_msg(ok == (files[_i].fault == 0), "%s", files[_i].text);
	ck_assert_str_eq(seen, files[_i].wanted);
	if (!ok)
		ck_assert_uint_eq(line, files[_i].fault);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dotenv");

	suite_add(suite, "dotenv", test_file, 0, COUNT_OF(files));
	return suite_run(suite);
}
