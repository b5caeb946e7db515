/* SPDX-License-Identifier: Apache-2.0 */
/* check_conf.c: defaults, the .env file, the environment, and the dump of them all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "conf.h"
#include "dotenv.h"
#include "support/conf_world.h"
#include "support/suite.h"

START_TEST(test_defaults)
{
	conf_world_begin();
	ck_assert_msg(conf_world_load_text(GOOD), "%s", faults);
	ck_assert_str_eq(faults, "");
	ck_assert_str_eq(conf.jwt_secret_key, SECRET);
	ck_assert_ptr_null(conf.jwt_secret_key_previous);
	ck_assert_ptr_null(conf.secret_key);
	ck_assert_ptr_null(conf.mongo_uri);
	ck_assert_ptr_null(conf.create_key);
	ck_assert_ptr_null(conf.base_path);
	ck_assert_ptr_null(conf.allowed_uids);
	ck_assert_str_eq(conf.store, "sqlite:/var/lib/orgd/orgd.db");
	ck_assert_str_eq(conf.state_dir, "/var/lib/orgd");
	ck_assert_str_eq(conf.token_issuer, "orgd");
	ck_assert_str_eq(conf.file, "file.env");
	conf_world_end();
}
END_TEST

static const struct {
	const uint64_t *number, value;
} numbers[] = {
	{&conf.create, CONF_CREATE_OPEN},
	{&conf.max_organizations, 0},
	{&conf.public_lookup, 1},
	{&conf.require_current_password, 0},
	{&conf.workers, 32},
	{&conf.hash_queue, 16},
	{&conf.bcrypt_cost, 12},
	{&conf.token_ttl, 900},
	{&conf.max_body, 65536},
	{&conf.metrics, 0},
	{&conf.log_level, LOG_INFO},
	{&conf.log_format, LOG_LOGFMT},
	{&conf.testing, 0},
};

START_TEST(test_default_number)
{
	conf_world_begin();
	ck_assert(conf_world_load_text(GOOD));
	ck_assert_uint_eq(*numbers[_i].number, numbers[_i].value);
	ck_assert_uint_eq(conf.hash_threads, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	conf_world_end();
}
END_TEST

START_TEST(test_later_wins)
{
	conf_world_begin();
	setenv("ORGD_WORKERS", "7", 1);
	setenv("ORGD_TOKEN_ISSUER", "environment", 1);
	setenv("ORGD_CREATE", "closed", 1);
	setenv("JWT_SECRET_KEY", OTHER_SECRET, 1);
	ck_assert_msg(conf_world_load_text(GOOD "ORGD_WORKERS=5\nORGD_TOKEN_ISSUER=file\nORGD_CREATE=open\n"
				     "ORGD_LOG_LEVEL=debug\nORGD_LOG_LEVEL=warn\nORGD_TOKEN_TTL=60\n"),
		      "%s", faults);
	ck_assert_uint_eq(conf.workers, 7);
	ck_assert_str_eq(conf.token_issuer, "environment");
	ck_assert_int_eq((int)conf.create, CONF_CREATE_CLOSED);
	ck_assert_str_eq(conf.jwt_secret_key, OTHER_SECRET);
	ck_assert_int_eq((int)conf.log_level, LOG_WARN);
	ck_assert_uint_eq(conf.token_ttl, 60);
	conf_world_end();
}
END_TEST

START_TEST(test_which_file)
{
	conf_world_begin();
	conf_world_write(".env", GOOD "ORGD_WORKERS=1\n", 0600);
	conf_world_write("file.env", GOOD "ORGD_WORKERS=2\n", 0600);
	ck_assert(conf_world_load(NULL));
	ck_assert_uint_eq(conf.workers, 1);
	ck_assert_str_eq(conf.file, ".env");
	conf_free(&conf);
	free(faults);
	setenv("ORGD_ENV_FILE", "file.env", 1);
	ck_assert(conf_world_load(NULL));
	ck_assert_uint_eq(conf.workers, 2);
	ck_assert_str_eq(conf.file, "file.env");
	conf_free(&conf);
	free(faults);
	ck_assert(conf_world_load(".env"));
	ck_assert_uint_eq(conf.workers, 1);
	ck_assert_str_eq(conf.file, ".env");
	conf_world_end();
}
END_TEST

START_TEST(test_named_file_must_be_there)
{
	conf_world_begin();
	conf_world_write(".env", GOOD, 0600);
	if (_i == 0)
		setenv("ORGD_ENV_FILE", "missing.env", 1);
	ck_assert(!conf_world_load(_i == 0 ? NULL : "missing.env"));
	ck_assert_ptr_nonnull(strstr(faults, "missing.env"));
	conf_world_end();
}
END_TEST

/* What a file names does not change which file it is. */
START_TEST(test_file_in_the_file)
{
	conf_world_begin();
	ck_assert(!conf_world_load_text(GOOD "ORGD_ENV_FILE=another.env\nORGD_WORKER=3\n"));
	ck_assert_ptr_nonnull(strstr(faults, " file.env "));
	ck_assert_str_eq(conf.file, "file.env");
	conf_world_end();
}
END_TEST

START_TEST(test_unknown_key_in_the_environment_warns)
{
	conf_world_begin();
	setenv("ORGD_WORKER", "S3CR3T", 1);
	setenv("ORGD_TEST_ANYTHING", "x", 1);
	setenv("ORGD_REQUIRE_MONGO", "x", 1);
	setenv("OTHER", "x", 1);
	ck_assert(conf_world_load_text(GOOD));
	ck_assert_msg(conf_world_lines() == 1 && strstr(faults, "warning") != NULL &&
			      strstr(faults, "ORGD_WORKER ") != NULL &&
			      strstr(faults, "ORGD_WORKERS") != NULL && strstr(faults, "S3CR3T") == NULL,
		      "%s", faults);
	conf_world_end();
}
END_TEST

static const struct {
	mode_t mode;
	bool ok;
} modes[] = {
	{0600, true},  {0400, true},  {0640, true},  {0440, true},  {0700, true},
	{0644, false}, {0660, false}, {0620, false}, {0604, false}, {0602, false},
	{0601, false}, {0666, false}, {0777, false},
};

START_TEST(test_mode)
{
	conf_world_begin();
	conf_world_write("file.env", GOOD, modes[_i].mode);
	ck_assert_msg(conf_world_load("file.env") == modes[_i].ok, "%o: %s", (unsigned)modes[_i].mode, faults);
	if (!modes[_i].ok) {
		ck_assert_ptr_nonnull(strstr(faults, "chmod 600 file.env"));
		ck_assert_ptr_null(conf.jwt_secret_key);
		ck_assert_int_eq(conf_world_lines(), 1);
	}
	conf_world_end();
}
END_TEST

START_TEST(test_file_of_another_user)
{
	conf_world_begin();
	conf_world_write("file.env", GOOD, 0600);
	if (geteuid() == 0) { /* nobody else can give a file away */
		ck_assert_int_eq(chown("file.env", 12345, (gid_t)-1), 0);
		ck_assert(!conf_world_load("file.env"));
		ck_assert_ptr_nonnull(strstr(faults, "chown"));
		ck_assert_ptr_null(conf.jwt_secret_key);
	}
	conf_world_end();
}
END_TEST

static const struct {
	const char *workers;
	uint64_t queue;
} queues[] = {{"1", 1}, {"2", 1}, {"3", 1}, {"4", 2}, {"33", 16}, {"1024", 512}};

START_TEST(test_derived_defaults)
{
	conf_world_begin();
	setenv("JWT_SECRET_KEY", SECRET, 1);
	setenv("ORGD_WORKERS", queues[_i].workers, 1);
	setenv("ORGD_STATE_DIR", "/somewhere", 1);
	ck_assert(conf_world_load("/dev/null"));
	ck_assert_uint_eq(conf.hash_queue, queues[_i].queue);
	ck_assert_str_eq(conf.store, "sqlite:/somewhere/orgd.db");
	conf_world_end();
}
END_TEST

static const char *dumped(void)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	conf_dump(&conf, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(test_dump)
{
	const char *text, *at;

	conf_world_begin();
	ck_assert(conf_world_load_text(GOOD "JWT_SECRET_KEY_PREVIOUS=" OTHER_SECRET
				 "\nSECRET_KEY=S3CR3T\nORGD_WORKERS=5\n"
				 "ORGD_CREATE=key\nORGD_CREATE_KEY=" OTHER_SECRET "\nORGD_METRICS=on\n"));
	text = at = dumped();
	ck_assert_ptr_null(strstr(text, "S3CR3T"));
	ck_assert_ptr_nonnull(strstr(text, "\nORGD_WORKERS=5\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nORGD_CREATE=key\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nORGD_METRICS=on\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nORGD_PUBLIC_LOOKUP=on\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nORGD_LOG_LEVEL=info\n"));
	for (size_t i = 0; conf_each(i) != NULL; i++) {
		size_t size = strlen(conf_each(i));
		ck_assert_msg(strncmp(at, conf_each(i), size) == 0 && at[size] == '=', "%s at %s",
			      conf_each(i), at);
		at = strchr(at, '\n') + 1;
	}
	ck_assert_str_eq(at, "");
	conf_world_end();
}
END_TEST

static char issuer[64];

static bool note_issuer(void *context, const char *key, const char *value)
{
	(void)context;
	if (strcmp(key, "ORGD_TOKEN_ISSUER") == 0)
		snprintf(issuer, sizeof(issuer), "%s", value);
	return true;
}

/* A dump is a .env file: whatever a value is, it comes out as it went in. */
START_TEST(test_dump_is_read_again)
{
	static const char *const values[] = {"plain", "two words", "a#b #c", "a\"b",
					     "a\\nb", "$HOME",     "it's",   "a\nb"};
	char text[8192];
	size_t line;

	conf_world_begin();
	setenv("JWT_SECRET_KEY", SECRET, 1);
	setenv("ORGD_TOKEN_ISSUER", values[_i], 1);
	ck_assert(conf_world_load("/dev/null"));
	strcpy(text, dumped());
	ck_assert(dotenv_parse(text, note_issuer, NULL, &line));
	ck_assert_str_eq(issuer, values[_i]);
	conf_world_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conf");

	suite_add(suite, "source", test_defaults, 0, 1);
	suite_add(suite, "source", test_default_number, 0, COUNT_OF(numbers));
	suite_add(suite, "source", test_later_wins, 0, 1);
	suite_add(suite, "source", test_which_file, 0, 1);
	suite_add(suite, "source", test_named_file_must_be_there, 0, 2);
	suite_add(suite, "source", test_file_in_the_file, 0, 1);
	suite_add(suite, "source", test_mode, 0, COUNT_OF(modes));
	suite_add(suite, "source", test_file_of_another_user, 0, 1);
	suite_add(suite, "source", test_unknown_key_in_the_environment_warns, 0, 1);
	suite_add(suite, "source", test_derived_defaults, 0, COUNT_OF(queues));
	suite_add(suite, "dump", test_dump, 0, 1);
	suite_add(suite, "dump", test_dump_is_read_again, 0, 8);
	return suite_run(suite);
}
