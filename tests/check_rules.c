/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules.c: which values of the configuration are refused, and how that is said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "support/conf_world.h"
#include "support/suite.h"

#define LETTERS_64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* In the file, behind a good secret: what is refused, and a part of what is said. */
static const struct {
	const char *text, *said;
} refusals[] = {
	{"ORGD_WORKERS=0", "ORGD_WORKERS "},
	{"ORGD_WORKERS=1025", "1024"},
	{"ORGD_WORKERS=-1", "ORGD_WORKERS "},
	{"ORGD_WORKERS=4x", "ORGD_WORKERS "},
	{"ORGD_WORKERS=99999999999999999999999999", "ORGD_WORKERS "},
	{"ORGD_HASH_THREADS=0", "ORGD_HASH_THREADS "},
	{"ORGD_HASH_QUEUE=0", "ORGD_HASH_QUEUE "},
	{"ORGD_BCRYPT_COST=3\nORGD_TESTING=on", "ORGD_BCRYPT_COST "},
	{"ORGD_BCRYPT_COST=16", "ORGD_BCRYPT_COST "},
	{"ORGD_BCRYPT_COST=9", "ORGD_BCRYPT_COST "},
	{"ORGD_BCRYPT_COST=4\nORGD_TESTING=off", "ORGD_BCRYPT_COST "},
	{"ORGD_TOKEN_TTL=0", "ORGD_TOKEN_TTL "},
	{"ORGD_MAX_BODY=0", "ORGD_MAX_BODY "},
	{"ORGD_MAX_BODY=x", "ORGD_MAX_BODY "},
	{"ORGD_MAX_ORGANIZATIONS=-1", "ORGD_MAX_ORGANIZATIONS "},
	{"ORGD_MAX_ORGANIZATIONS=9223372036854775808", "ORGD_MAX_ORGANIZATIONS "},
	{"ORGD_CREATE=yes", "open|key|closed"},
	{"ORGD_CREATE=OPEN", "ORGD_CREATE "},
	{"ORGD_CREATE=\"open|key\"", "ORGD_CREATE "},
	{"ORGD_CREATE=ope", "ORGD_CREATE "},
	{"ORGD_CREATE=\"a\\nb\"", "ORGD_CREATE "}, /* and still one line */
	{"ORGD_PUBLIC_LOOKUP=1", "ORGD_PUBLIC_LOOKUP "},
	{"ORGD_REQUIRE_CURRENT_PASSWORD=true", "ORGD_REQUIRE_CURRENT_PASSWORD "},
	{"ORGD_METRICS=yes", "ORGD_METRICS "},
	{"ORGD_TESTING=1", "ORGD_TESTING "},
	{"ORGD_LOG_LEVEL=trace", "ORGD_LOG_LEVEL "},
	{"ORGD_LOG_FORMAT=xml", "ORGD_LOG_FORMAT "},
	{"ORGD_CREATE=key", "ORGD_CREATE_KEY "},
	{"ORGD_CREATE=key\nORGD_CREATE_KEY=S3CR3T7", "ORGD_CREATE_KEY "},
	{"ORGD_CREATE_KEY=S3CR3T90c1d2e3f4a5b6c7d8e9fa0b1", "ORGD_CREATE_KEY "}, /* 31 bytes */
	{"JWT_SECRET_KEY_PREVIOUS=S3CR3T7", "JWT_SECRET_KEY_PREVIOUS "},
	{"JWT_SECRET_KEY=", "JWT_SECRET_KEY "},
	{"JWT_SECRET_KEY=S3CR3T9", "32"},
	{"JWT_SECRET_KEY=S3CR3T90c1d2e3f4a5b6c7d8e9fa0b1", "at least 32 bytes"},
	{"JWT_SECRET_KEY=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "JWT_SECRET_KEY "},
	{"JWT_SECRET_KEY=changeme-S3CR3T-changeme-S3CR3T-changeme", "JWT_SECRET_KEY "},
	{"JWT_SECRET_KEY=your-secret-key-S3CR3T-goes-here-please", "JWT_SECRET_KEY "},
	{"JWT_SECRET_KEY=Your-256-bit-secret-S3CR3T-S3CR3T-S3CR3T", "JWT_SECRET_KEY "},
	{"JWT_SECRET_KEY=0123456789abcdef0123456789abcdefS3CR3T", "JWT_SECRET_KEY "},
	{"ORGD_STORE=postgres:x", "ORGD_STORE "},
	{"ORGD_STORE=sqlite:", "ORGD_STORE "},
	{"ORGD_STORE=/var/lib/orgd.db", "ORGD_STORE "},
	{"ORGD_STORE=mongodb", "MONGO_URI "},
	{"ORGD_STORE=mongodb://user:S3CR3T@host", "ORGD_STORE "},
	{"MONGO_URI=http://user:S3CR3T@host", "MONGO_URI "},
	{"MONGO_URI=user:S3CR3T@host", "mongodb+srv://"},
	{"MONGO_URI=mongodb://user:S3CR@3T@host", "%40"},
	{"MONGO_URI=mongodb://user:12/S3CR3T@host/db", "%2F"},
	{"MONGO_URI=mongodb+srv://user:12?S3CR3T@host/db", "%3F"},
	{"MONGO_URI=mongodb:user:S3CR3T@host\nORGD_STORE=mongodb", "MONGO_URI "},
	{"ORGD_TOKEN_ISSUER=" LETTERS_64 LETTERS_64 LETTERS_64 LETTERS_64, "ORGD_TOKEN_ISSUER "},
	{"ORGD_BASE_PATH=api", "ORGD_BASE_PATH "},
	{"ORGD_BASE_PATH=/api/", "ORGD_BASE_PATH "},
	{"ORGD_BASE_PATH=/", "ORGD_BASE_PATH "},
	{"ORGD_BASE_PATH=/a%2Fb", "ORGD_BASE_PATH "},
	{"ORGD_BASE_PATH=/a?b", "ORGD_BASE_PATH "},
	{"ORGD_BASE_PATH=/a//b", "ORGD_BASE_PATH "},
	{"ORGD_ALLOWED_UIDS=root", "ORGD_ALLOWED_UIDS "},
	{"ORGD_ALLOWED_UIDS=,", "ORGD_ALLOWED_UIDS "},
	{"ORGD_WORKER=3", "ORGD_WORKERS"},
	{"ORGD_BCRIPT_COST=12", "ORGD_BCRYPT_COST"},
	{"ORGD_CREATEKEY=S3CR3T90c1d2e3f4a5b6c7d8e9fa0b1c", "ORGD_CREATE_KEY"},
	{"ORGD_=S3CR3T", "ORGD_"},
	{"JWT_SECRET_KEY S3CR3T", "file.env, line 2"},
	{"ORGD_TOKEN_ISSUER='S3CR3T", "file.env, line 2"},
};

START_TEST(test_refusal)
{
	char text[512];

	conf_world_begin();
	snprintf(text, sizeof(text), GOOD "%s\n", refusals[_i].text);
	ck_assert_msg(!conf_world_load_text(text), "%s", refusals[_i].text);
	ck_assert_msg(strstr(faults, refusals[_i].said) != NULL, "%s: %s", refusals[_i].text, faults);
	ck_assert_msg(conf_world_lines() == 1, "%s: %s", refusals[_i].text, faults);
	ck_assert_int_eq(strncmp(faults, "orgd: ", 6), 0);
	ck_assert_ptr_null(strstr(faults, "S3CR3T"));
	conf_world_end();
}
END_TEST

/* Likewise, what is taken. */
static const char *const taken[] = {
	"ORGD_WORKERS=1",
	"ORGD_WORKERS=1024",
	"ORGD_BCRYPT_COST=10",
	"ORGD_BCRYPT_COST=15",
	"ORGD_BCRYPT_COST=4\nORGD_TESTING=on",
	"ORGD_CREATE=key\nORGD_CREATE_KEY=" OTHER_SECRET,
	"ORGD_CREATE=closed",
	"SECRET_KEY=x",
	"JWT_SECRET_KEY_PREVIOUS=" OTHER_SECRET,
	"ORGD_BASE_PATH=/api",
	"ORGD_BASE_PATH=/a/b",
	"ORGD_ALLOWED_UIDS=33",
	"ORGD_ALLOWED_UIDS=0,33, 1000",
	"ORGD_STORE=sqlite:x.db",
	"ORGD_STORE=sqlite:///x.db",
	"ORGD_STORE=sqlite:x.db\nMONGO_URI=nonsense",
	"ORGD_STORE=mongodb\nMONGO_URI=mongodb://host",
	"MONGO_URI=mongodb://user%40x:S3%2FCR3T@[::1]:27017,host/db?a=b%40c",
	"MONGO_URI=mongodb+srv://user:S3CR3T@host/db?a=b",
	"ORGD_WORKERS=",
	"ORGD_CREATE=",
	"PATH=/bin",
	"OTHER=1",
	"ORGDX=1",
	"orgd_x=1",
	"ORGD_TEST_MONGO_URI=x",
	"ORGD_TEST_=",
	"ORGD_REQUIRE_MONGO=1",
	"ORGD_MAX_ORGANIZATIONS=9223372036854775807",
	"ORGD_LOG_LEVEL=error\nORGD_LOG_FORMAT=json",
	"ORGD_MODULE_DIR=/x",
};

START_TEST(test_taken)
{
	char text[512];

	conf_world_begin();
	snprintf(text, sizeof(text), GOOD "%s\n", taken[_i]);
	ck_assert_msg(conf_world_load_text(text), "%s: %s", taken[_i], faults);
	ck_assert_str_eq(faults, "");
	conf_world_end();
}
END_TEST

START_TEST(test_secret_is_required)
{
	conf_world_begin();
	ck_assert(!conf_world_load_text("ORGD_WORKERS=2\n"));
	ck_assert_ptr_nonnull(strstr(faults, "JWT_SECRET_KEY"));
	ck_assert_int_eq(conf_world_lines(), 1);
	conf_world_end();
}
END_TEST

START_TEST(test_each_fault_has_a_line)
{
	conf_world_begin();
	setenv("ORGD_TOKEN_TTL", "soon", 1);
	ck_assert(!conf_world_load_text("JWT_SECRET_KEY=S3CR3T\nORGD_WORKER=3\nORGD_CREATE=x\nORGD_BASE_PATH=x\n"));
	ck_assert_msg(conf_world_lines() == 5, "%s", faults);
	ck_assert_ptr_null(strstr(faults, "S3CR3T"));
	conf_world_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules");

	suite_add(suite, "rule", test_refusal, 0, COUNT_OF(refusals));
	suite_add(suite, "rule", test_taken, 0, COUNT_OF(taken));
	suite_add(suite, "rule", test_secret_is_required, 0, 1);
	suite_add(suite, "rule", test_each_fault_has_a_line, 0, 1);
	return suite_run(suite);
}
