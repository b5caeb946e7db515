/* SPDX-License-Identifier: Apache-2.0 */
/* check_text.c: small things with strings, and the lines of the log. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json_check.h"
#include "base/log.h"
#include "base/str.h"
#include "support/suite.h"

/* strings */

static const struct {
	const char *text;
	uint64_t max;
	bool ok;
	uint64_t value;
} numbers[] = {
	{"0", 0, true, 0},
	{"1", 0, false, 0},
	{"00", 0, true, 0},
	{"007", 9, true, 7},
	{"9", 9, true, 9},
	{"10", 9, false, 0},
	{"9", 8, false, 0},
	{"1024", 1024, true, 1024},
	{"1025", 1024, false, 0},
	{"2000", 1999, false, 0},
	{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, false, 0},
	{"18446744073709551625", UINT64_MAX, false, 0},
	{"28446744073709551615", UINT64_MAX, false, 0},
	{"99999999999999999999999999999999", UINT64_MAX, false, 0},
	{"9223372036854775807", INT64_MAX, true, INT64_MAX},
	{"9223372036854775808", INT64_MAX, false, 0},
	{"", 9, false, 0},
	{"-1", 9, false, 0},
	{"+1", 9, false, 0},
	{" 1", 9, false, 0},
	{"1 ", 9, false, 0},
	{"1x", 9, false, 0},
	{"0x1", 9, false, 0},
	{"1.0", 9, false, 0},
	{"1e1", 99, false, 0},
	{"/", 99, false, 0},
	{":", 99, false, 0},
	{"\xd9\xa3", 99, false, 0}, /* Arabic 3 */
};

START_TEST(test_str_is_ascii)
{
	ck_assert(str_is_ascii(""));
	ck_assert(str_is_ascii("\x01 ~\x7f"));
	ck_assert(!str_is_ascii("abc\x80"));
	ck_assert(!str_is_ascii("\xc3\xa9"));
}
END_TEST

START_TEST(test_str_from_uint)
{
	static const uint64_t values[] = {0, 7, 10, 99, 100, 1999, INT64_MAX, UINT64_MAX};
	char buffer[STR_UINT_SIZE], expected[32];

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		snprintf(expected, sizeof(expected), "%" PRIu64, values[i]);
		ck_assert_str_eq(str_from_uint(values[i], buffer), expected);
	}
}
END_TEST

START_TEST(test_str_to_uint)
{
	uint64_t value = 4711;

	ck_assert_msg(str_to_uint(numbers[_i].text, numbers[_i].max, &value) == numbers[_i].ok, "\"%s\"",
		      numbers[_i].text);
	ck_assert_uint_eq(value, numbers[_i].ok ? numbers[_i].value : 4711);
}
END_TEST

START_TEST(test_str_hex)
{
	static const unsigned char bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0x9a};
	char text[12];

	memset(text, '?', sizeof(text));
	str_hex(bytes, sizeof(bytes), text);
	ck_assert_mem_eq(text, "000ff0ff9a\0?", 12);
	str_hex(bytes, 0, text);
	ck_assert_str_eq(text, "");
}
END_TEST

static const struct {
	const char *text;
	bool ok;
} hex_ids[] = {
	{"0123456789abcdef01234567", true},   {"0123456789abcdef0123456", false},
	{"0123456789abcdef012345678", false}, {"0123456789ABCDEF01234567", false},
	{"0123456789abcdef01234567g", false}, {"", false},
};

START_TEST(test_str_is_hex_id)
{
	ck_assert_msg(str_is_hex_id(hex_ids[_i].text) == hex_ids[_i].ok, "\"%s\"", hex_ids[_i].text);
}
END_TEST

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *what;
	const char *text;
	size_t size;
	bool ok;
} utf8[] = {
	{"nothing", BYTES(""), true},
	{"ASCII", BYTES("plain \x01\x7f"), true},
	{"NUL", BYTES("a\0b"), false},
	{"NUL at the end", BYTES("a\0"), false},
	{"first of two bytes", BYTES("\xc2\x80"), true},
	{"last of two bytes", BYTES("\xdf\xbf"), true},
	{"first of three bytes", BYTES("\xe0\xa0\x80"), true},
	{"before the surrogates", BYTES("\xed\x9f\xbf"), true},
	{"behind the surrogates", BYTES("\xee\x80\x80"), true},
	{"first of four bytes", BYTES("\xf0\x90\x80\x80"), true},
	{"U+10FFFF", BYTES("\xf4\x8f\xbf\xbf"), true},
	{"U+110000", BYTES("\xf4\x90\x80\x80"), false},
	{"five bytes", BYTES("\xf8\x88\x80\x80\x80"), false},
	{"six bytes", BYTES("\xfc\x84\x80\x80\x80\x80"), false},
	{"0xfe", BYTES("\xfe"), false},
	{"0xff", BYTES("\xff"), false},
	{"overlong /, two bytes", BYTES("\xc0\xaf"), false},
	{"overlong NUL", BYTES("\xc0\x80"), false},
	{"overlong DEL, two bytes", BYTES("\xc1\xbf"), false},
	{"overlong, three bytes", BYTES("\xe0\x9f\xbf"), false},
	{"overlong, four bytes", BYTES("\xf0\x8f\xbf\xbf"), false},
	{"first surrogate", BYTES("\xed\xa0\x80"), false},
	{"last surrogate", BYTES("\xed\xbf\xbf"), false},
	{"surrogate pair", BYTES("\xed\xa0\xbd\xed\xb8\x80"), false},
	{"lone continuation", BYTES("\x80"), false},
	{"two cut after one", BYTES("a\xc3"), false},
	{"three cut after two", BYTES("a\xe2\x82"), false},
	{"four cut after three", BYTES("a\xf0\x9f\x98"), false},
	{"two, then a letter", BYTES("\xc3(x"), false},
	{"three, then a letter", BYTES("\xe2\x82(x"), false},
	{"four, then a letter", BYTES("\xf0\x9f\x98(x"), false},
	{"Latin-1", BYTES("caf\xe9"), false},
};

START_TEST(test_str_is_utf8)
{
	/* A block of the exact size, so that a sanitizer sees a read behind it. */
	char *copy = malloc(utf8[_i].size + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy + 1, utf8[_i].text, utf8[_i].size);
	ck_assert_msg(str_is_utf8(copy + 1, utf8[_i].size) == utf8[_i].ok, "%s", utf8[_i].what);
	free(copy);
}
END_TEST

static const struct {
	const char *a, *b;
	size_t distance;
} distances[] = {
	{"", "", 0},
	{"word", "word", 0},
	{"word", "ward", 1},
	{"word", "wod", 1},
	{"word", "words", 1},
	{"", "word", 4},
	{"kitten", "sitting", 3},
	{"flaw", "lawn", 2},
	{"ab", "ba", 2},
	{"ORGD_WORKER", "ORGD_WORKERS", 1},
	{"abc", "ABC", 3},
};

START_TEST(test_str_distance)
{
	ck_assert_uint_eq(str_distance(distances[_i].a, distances[_i].b), distances[_i].distance);
	ck_assert_uint_eq(str_distance(distances[_i].b, distances[_i].a), distances[_i].distance);
}
END_TEST

START_TEST(test_str_distance_of_long_words)
{
	char word[300];

	memset(word, 'x', sizeof(word));
	word[299] = '\0';
	ck_assert_uint_eq(str_distance(word, "xx"), 297);
	ck_assert_uint_ge(str_distance("xx", word), 297);
}
END_TEST

START_TEST(test_str_equal_secret)
{
	ck_assert(str_equal_secret("", ""));
	ck_assert(str_equal_secret("secret", "secret"));
	ck_assert(!str_equal_secret("secret", "secreT"));
	ck_assert(!str_equal_secret("secret", "Xecret"));
	ck_assert(!str_equal_secret("secret", "secret1"));
	ck_assert(!str_equal_secret("secret1", "secret"));
	ck_assert(!str_equal_secret("", "secret"));
	ck_assert(!str_equal_secret("secret", ""));
}
END_TEST

/* log */

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
	Suite *suite = suite_create("text");

	suite_add(suite, "str", test_str_from_uint, 0, 1);
	suite_add(suite, "str", test_str_is_ascii, 0, 1);
	suite_add(suite, "str", test_str_to_uint, 0, COUNT_OF(numbers));
	suite_add(suite, "str", test_str_hex, 0, 1);
	suite_add(suite, "str", test_str_is_hex_id, 0, COUNT_OF(hex_ids));
	suite_add(suite, "str", test_str_is_utf8, 0, COUNT_OF(utf8));
	suite_add(suite, "str", test_str_distance, 0, COUNT_OF(distances));
	suite_add(suite, "str", test_str_distance_of_long_words, 0, 1);
	suite_add(suite, "str", test_str_equal_secret, 0, 1);
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
