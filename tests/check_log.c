/* SPDX-License-Identifier: Apache-2.0 */
/* check_log.c: the lines of the log. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json_check.h"
#include "base/log.h"
#include "support/suite.h"

static char output[8192];
static int sink;

/* Standard error becomes a socket that keeps each write(2) apart. */
static void capture(void)
{
	int ends[2];

	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	sink = ends[0];
}

/* What the next write was, "" if there was none. */
static const char *captured(void)
{
	ssize_t size = recv(sink, output, sizeof(output) - 1, MSG_DONTWAIT);

	ck_assert(size > 0 || errno == EAGAIN);
	output[size > 0 ? size : 0] = '\0';
	ck_assert_uint_eq(strlen(output), size > 0 ? (size_t)size : 0);
	return output;
}

/* The next write, which must be a whole line of printable ASCII, and nothing else behind it. */
static const char *captured_line(void)
{
	const char *line = captured();
	size_t size = strlen(line);

	ck_assert_uint_gt(size, 0);
	ck_assert_int_eq(line[size - 1], '\n');
	output[size - 1] = '\0';
	for (size_t i = 0; i + 1 < size; i++)
		ck_assert_msg(line[i] >= ' ' && line[i] <= '~', "byte %d in \"%s\"", line[i], line);
	return line;
}

START_TEST(test_log_line)
{
	capture();
	log_init(LOG_INFO, LOG_LOGFMT);
	LOG(LOG_WARN, "two words", LOG_TEXT("key", "value"), LOG_NUMBER("n", -5),
	    LOG_NUMBER("big", INT64_MAX));
	ck_assert_int_eq(strncmp(captured_line(), "time=2", 6), 0);
	ck_assert_int_eq(output[24], 'Z');
	ck_assert_str_eq(output + 25, " level=warn msg=\"two words\" key=value n=-5 big=9223372036854775807");
	ck_assert_str_eq(captured(), "");
}
END_TEST

START_TEST(test_log_line_in_json)
{
	capture();
	log_init(LOG_INFO, LOG_JSON);
	LOG(LOG_INFO, "two words", LOG_TEXT("key", "value"), LOG_NUMBER("n", -5));
	ck_assert_int_eq(strncmp(captured_line(), "{\"time\":\"2", 10), 0);
	ck_assert_str_eq(output + 29,
			 "\",\"level\":\"info\",\"msg\":\"two words\",\"key\":\"value\",\"n\":-5}");
	ck_assert_ptr_null(json_check(output, strlen(output), 1));
	ck_assert_str_eq(captured(), "");
}
END_TEST

START_TEST(test_log_line_without_fields)
{
	capture();
	log_init(LOG_INFO, LOG_LOGFMT);
	LOG(LOG_ERROR, "word");
	ck_assert_str_eq(captured_line() + 25, " level=error msg=word");
}
END_TEST

START_TEST(test_log_level)
{
	static const char *const names[] = {"level=error", "level=warn", "level=info", "level=debug"};

	capture();
	log_init((enum log_level)_i, LOG_LOGFMT);
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		LOG((enum log_level)level, "x");
		if (level <= _i)
			ck_assert_ptr_nonnull(strstr(captured_line(), names[level]));
		else
			ck_assert_str_eq(captured(), "");
	}
}
END_TEST

START_TEST(test_log_priority_for_the_journal)
{
	static const char *const prefixes[] = {"<3>time=", "<4>time=", "<6>time=", "<7>time="};

	capture();
	ck_assert_int_eq(setenv("JOURNAL_STREAM", "8:1234", 1), 0);
	log_init(LOG_DEBUG, LOG_LOGFMT);
	LOG((enum log_level)_i, "x");
	ck_assert_int_eq(strncmp(captured_line(), prefixes[_i], 8), 0);
}
END_TEST

static const struct {
	const char *value;
	const char *logfmt;
	const char *json; /* NULL: only that it is JSON */
} values[] = {
	{"plain", " k=plain", "\"k\":\"plain\""},
	{"", " k=\"\"", "\"k\":\"\""},
	{"two words", " k=\"two words\"", "\"k\":\"two words\""},
	{"a=b", " k=\"a=b\"", "\"k\":\"a=b\""},
	{"say \"no\"", " k=\"say \\\"no\\\"\"", "\"k\":\"say \\\"no\\\"\""},
	{"back\\slash", " k=\"back\\\\slash\"", "\"k\":\"back\\\\slash\""},
	{"a\nlevel=error", " k=\"a\\x0alevel=error\"", "\"k\":\"a\\u000alevel=error\""},
	{"a\r\tb", " k=\"a\\x0d\\x09b\"", "\"k\":\"a\\u000d\\u0009b\""},
	{"\x1b[2J", " k=\"\\x1b[2J\"", "\"k\":\"\\u001b[2J\""},
	{"\x01\x1f\x7f", " k=\"\\x01\\x1f\\x7f\"", "\"k\":\"\\u0001\\u001f\\u007f\""},
	{"caf\xc3\xa9", " k=\"caf\\xc3\\xa9\"", NULL},
	{"\xe2\x80\xa8", " k=\"\\xe2\\x80\\xa8\"", NULL},
	{"\xff", " k=\"\\xff\"", NULL},
	{"%s%n%1000d", " k=%s%n%1000d", "\"k\":\"%s%n%1000d\""},
};

START_TEST(test_log_value)
{
	capture();
	log_init(LOG_INFO, LOG_LOGFMT);
	LOG(LOG_INFO, "x", LOG_TEXT("k", values[_i].value), LOG_NUMBER("n", 1));
	ck_assert_msg(strncmp(captured_line() + 25, " level=info msg=x", 17) == 0, "\"%s\"", output);
	ck_assert_msg(strncmp(output + 42, values[_i].logfmt, strlen(values[_i].logfmt)) == 0, "\"%s\"",
		      output);
	ck_assert_str_eq(output + 42 + strlen(values[_i].logfmt), " n=1");
}
END_TEST

START_TEST(test_log_value_in_json)
{
	capture();
	log_init(LOG_INFO, LOG_JSON);
	LOG(LOG_INFO, "x", LOG_TEXT("k", values[_i].value), LOG_NUMBER("n", 1));
	ck_assert_ptr_null(json_check(captured_line(), strlen(output), 1));
	if (values[_i].json != NULL)
		ck_assert_msg(strstr(output, values[_i].json) != NULL, "\"%s\"", output);
}
END_TEST

START_TEST(test_log_message_is_escaped)
{
	capture();
	log_init(LOG_INFO, (enum log_format)_i);
	LOG(LOG_INFO, "a\n\"b\" %s");
	ck_assert_ptr_nonnull(strstr(captured_line(), "\\\"b\\\" %s\""));
}
END_TEST

/* Loops over: format, kind of letter, number of fields. */
START_TEST(test_log_cuts_long_values)
{
	static const int counts[] = {1, 2, 8};
	static const char letters[] = {'x', '"', '\n', '\xe9'};
	char value[5000];
	struct log_field fields[9] = {{NULL, NULL, 0}};
	enum log_format format = _i % 2 == 0 ? LOG_LOGFMT : LOG_JSON;
	int count = counts[_i / 8];

	memset(value, letters[_i / 2 % 4], sizeof(value));
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < count; i++)
		fields[i] = LOG_TEXT("k", value);
	capture();
	log_init(LOG_INFO, format);
	log_write(LOG_INFO, "x", fields);
	ck_assert_uint_le(strlen(captured_line()), 4096);
	ck_assert_ptr_nonnull(strstr(output, "k"));
	if (format == LOG_JSON)
		ck_assert_msg(json_check(output, strlen(output), 1) == NULL, "no JSON, ends with %s",
			      output + strlen(output) - 20);
	ck_assert_str_eq(captured(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");

	suite_add(suite, "log", test_log_line, 0, 1);
	suite_add(suite, "log", test_log_line_in_json, 0, 1);
	suite_add(suite, "log", test_log_line_without_fields, 0, 1);
	suite_add(suite, "log", test_log_level, 0, 4);
	suite_add(suite, "log", test_log_priority_for_the_journal, 0, 4);
	suite_add(suite, "log", test_log_value, 0, COUNT_OF(values));
	suite_add(suite, "log", test_log_value_in_json, 0, COUNT_OF(values));
	suite_add(suite, "log", test_log_message_is_escaped, 0, 2);
	suite_add(suite, "log", test_log_cuts_long_values, 0, 24);
	return suite_run(suite);
}
