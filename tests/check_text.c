/* SPDX-License-Identifier: Apache-2.0 */
/* check_text.c: small things with strings. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "support/suite.h"

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
	return suite_run(suite);
}
