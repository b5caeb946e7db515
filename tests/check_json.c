/* SPDX-License-Identifier: Apache-2.0 */
/* check_json.c: what is taken for JSON, and what is written. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_check.h"
#include "support/suite.h"

static struct arena arena;

static void begin(void)
{
	json_init();
	arena_init(&arena, 1 << 20);
}

static void end(void)
{
	arena_fini(&arena);
}

/* json_check() of a block of the exact size, so that a sanitizer sees a read behind the NUL. */
static const char *check(const char *text, size_t size)
{
	char *copy = malloc(size + 1);
	const char *why;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	copy[size] = '\0';
	why = json_check(copy, size, JSON_DEPTH_MAX);
	free(copy);
	return why;
}

#define OPEN8 "[[[[[[[["
#define CLOSE8 "]]]]]]]]"
#define OPEN31 OPEN8 OPEN8 OPEN8 "[[[[[[["
#define CLOSE31 CLOSE8 CLOSE8 CLOSE8 "]]]]]]]"
#define OBJECTS4 "{\"a\":{\"a\":{\"a\":{\"a\":"
#define OBJECTS32 OBJECTS4 OBJECTS4 OBJECTS4 OBJECTS4 OBJECTS4 OBJECTS4 OBJECTS4 OBJECTS4
#define CLOSED32                                                                                             \
	"}}}}}}}}"                                                                                           \
	"}}}}}}}}"                                                                                           \
	"}}}}}}}}"                                                                                           \
	"}}}}}}}}"
#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *text;
	size_t size;
	bool ok;
} texts[] = {
	{BYTES("{}"), true},
	{BYTES(" \t\r\n{ \t\r\n} \t\r\n"), true},
	{BYTES("{\"a\":1}"), true},
	{BYTES("{ \"a\" : 1 , \"b\" : [ ] , \"c\" : { } }"), true},
	{BYTES("{\"\":\"\"}"), true},
	{BYTES("{\"a\":[1,\"x\",true,false,null,{}]}"), true},
	{BYTES("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\uD83D\\ude00\"}"), true},
	{BYTES("{\"a\":\"caf\xc3\xa9 \xf0\x9f\x98\x80 \x7f \xe2\x80\xa8\"}"), true},
	{BYTES("{\"a\":[0,-0,10,-1,0.5,1.50,1e5,1E+5,1e-5,-0.0e0,1e999]}"), true},
	{BYTES("{\"a\":9007199254740993}"), true},
	{BYTES("{\"a\":" OPEN31 CLOSE31 "}"), true},
	{BYTES("{\"a\":" OPEN31 "[]" CLOSE31 "}"), false}, /* 33 deep */
	{BYTES("{\"a\":" OPEN31 "{}" CLOSE31 "}"), false},
	{BYTES(OBJECTS32 "1" CLOSED32), true},
	{BYTES(OBJECTS32 "{}" CLOSED32), false},
	{BYTES(OBJECTS32 "[]" CLOSED32), false},
	{BYTES("{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],["
	       "],"
	       "[],[],[],[],[],[]]}"),
	 true}, /* side by side is not deep */

	{BYTES(""), false},
	{BYTES("  "), false},
	{BYTES("null"), false},
	{BYTES("1"), false},
	{BYTES("\"a\""), false},
	{BYTES("[]"), false},
	{BYTES("[{}]"), false},

	{BYTES("{}{}"), false},
	{BYTES("{} x"), false},
	{BYTES("{}}"), false},
	{BYTES("{}\0"), false},
	{BYTES("{}\0x"), false},
	{BYTES("{}/**/"), false},
	{BYTES("\xef\xbb\xbf{}"), false}, /* byte order mark */
	{BYTES("\xc2\xa0{}"), false},     /* white space for others */
	{BYTES("\f{}"), false},
	{BYTES("\v{}"), false},
	{BYTES("{\x01}"), false},
	{BYTES("{\"a\":1\f}"), false},

	{BYTES("{"), false},
	{BYTES("}"), false},
	{BYTES("{\"a\""), false},
	{BYTES("{\"a\":"), false},
	{BYTES("{\"a\":1"), false},
	{BYTES("{\"a\":1,"), false},
	{BYTES("{\"a\":[1"), false},
	{BYTES("{\"a\":[1}"), false},
	{BYTES("{\"a\":{]"), false},
	{BYTES("{\"a\":\"x}"), false},
	{BYTES("{\"a\":\"x\\"), false},
	{BYTES("{\"a\":\"x\\\"}"), false},
	{BYTES("{,}"), false},
	{BYTES("{\"a\":1,}"), false},
	{BYTES("{,\"a\":1}"), false},
	{BYTES("{\"a\":1,,\"b\":2}"), false},
	{BYTES("{\"a\":[1,]}"), false},
	{BYTES("{\"a\":[,1]}"), false},
	{BYTES("{\"a\":[1 2]}"), false},
	{BYTES("{\"a\" 1}"), false},
	{BYTES("{\"a\"::1}"), false},
	{BYTES("{\"a\":}"), false},
	{BYTES("{\"a\"}"), false},
	{BYTES("{a:1}"), false},
	{BYTES("{'a':1}"), false},
	{BYTES("{\"a\":'x'}"), false},
	{BYTES("{\"a\":1}//"), false},
	{BYTES("{/**/\"a\":1}"), false},

	{BYTES("{\"a\":01}"), false},
	{BYTES("{\"a\":-01}"), false},
	{BYTES("{\"a\":00}"), false},
	{BYTES("{\"a\":1.}"), false},
	{BYTES("{\"a\":.5}"), false},
	{BYTES("{\"a\":-}"), false},
	{BYTES("{\"a\":-.5}"), false},
	{BYTES("{\"a\":+1}"), false},
	{BYTES("{\"a\":1e}"), false},
	{BYTES("{\"a\":1e+}"), false},
	{BYTES("{\"a\":1e5.5}"), false},
	{BYTES("{\"a\":1e+-5}"), false},
	{BYTES("{\"a\":0x10}"), false},
	{BYTES("{\"a\":1,5}"), false},
	{BYTES("{\"a\":NaN}"), false},
	{BYTES("{\"a\":Infinity}"), false},
	{BYTES("{\"a\":truex}"), false},
	{BYTES("{\"a\":True}"), false},
	{BYTES("{\"a\":nul}"), false},
	{BYTES("{\"a\":nulll}"), false},
	{BYTES("{\"a\":undefined}"), false},

	{BYTES("{\"a\":\"\n\"}"), false},
	{BYTES("{\"a\":\"\t\"}"), false},
	{BYTES("{\"a\":\"\x01\"}"), false},
	{BYTES("{\"a\":\"\x1f\"}"), false},
	{BYTES("{\"a\n\":1}"), false},
	{BYTES("{\"a\":\"x\0y\"}"), false},
	{BYTES("{\"a\0\":1}"), false},
	{BYTES("{\"a\":\"\\u0000\"}"), false},
	{BYTES("{\"a\":\"x\\u0000y\"}"), false},
	{BYTES("{\"a\\u0000\":1}"), false},
	{BYTES("{\"a\":\"\\x41\"}"), false},
	{BYTES("{\"a\":\"\\a\"}"), false},
	{BYTES("{\"a\":\"\\'\"}"), false},
	{BYTES("{\"a\":\"\\U0041\"}"), false},
	{BYTES("{\"a\":\"\\u\"}"), false},
	{BYTES("{\"a\":\"\\u004\"}"), false},
	{BYTES("{\"a\":\"\\u004g\"}"), false},
	{BYTES("{\"a\":\"\\u-041\"}"), false},
	{BYTES("{\"a\":\"\\u 041\"}"), false},
	{BYTES("{\"a\":\"\\u004"), false},
	{BYTES("{\"a\":\"\\ud83d\"}"), false},
	{BYTES("{\"a\":\"\\ude00\"}"), false},
	{BYTES("{\"a\":\"\\ud83dx\"}"), false},
	{BYTES("{\"a\":\"\\ud83d\\n\"}"), false},
	{BYTES("{\"a\":\"\\ud83d\\u0041\"}"), false},
	{BYTES("{\"a\":\"\\ud83d\\ud83d\"}"), false},
	{BYTES("{\"a\":\"\\ude00\\ude01\"}"), false},
	{BYTES("{\"a\":\"\\ud83d\\u"), false},
	{BYTES("{\"a\":\"\\ud83d\\ude0"), false},
	{BYTES("{\"\\ud83d\":1}"), false},
	{BYTES("{\"a\":\"\xff\"}"), false},
	{BYTES("{\"a\":\"caf\xe9\"}"), false},
	{BYTES("{\"a\":\"\xc0\xaf\"}"), false},
	{BYTES("{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}"), false},
	{BYTES("{\"\xff\":1}"), false},
	{BYTES("{}\xff"), false},
};

START_TEST(test_check)
{
	const char *why = check(texts[_i].text, texts[_i].size);

	ck_assert_msg((why == NULL) == texts[_i].ok, "%s: %s", texts[_i].text,
		      why != NULL ? why : "is taken");
	if (why != NULL)
		ck_assert_int_eq(why[strlen(why) - 1], '.');
}
END_TEST

START_TEST(test_parse_takes_what_the_check_takes)
{
	const json_value *object;
	const char *why;

	begin();
	ck_assert_int_eq(json_parse(&arena, texts[_i].text, texts[_i].size, &object, &why),
			 texts[_i].ok ? ERR_OK : ERR_INVALID_JSON);
	ck_assert_int_eq(why == NULL, texts[_i].ok);
	end();
}
END_TEST

START_TEST(test_prefixes_are_refused)
{
	static const char text[] =
		"{\"a\":[1.5e+3,true,null,{\"\\u00e9\\ud83d\\ude00\":\"\\n\xc3\xa9\"}],\"b\":{}}";

	for (size_t size = 0; size < sizeof(text) - 1; size++)
		ck_assert_msg(check(text, size) != NULL, "%.*s", (int)size, text);
	ck_assert_ptr_null(check(text, sizeof(text) - 1));
}
END_TEST

/* A number of so many digits: well-formed, whatever is made of it. */
START_TEST(test_long_numbers)
{
	static const int lengths[] = {20, 62, 63, 64, 100, 1000};
	const json_value *object = NULL;
	const char *why, *text;
	char digits[1001];

	memset(digits, '1', sizeof(digits));
	digits[lengths[_i]] = '\0';
	begin();
	text = arena_printf(&arena, "{\"a\":%s,\"b\":\"x\"}", digits);
	ck_assert_int_eq(json_parse(&arena, text, strlen(text), &object, &why), ERR_OK);
	ck_assert_ptr_null(json_text(json_each(object, NULL)));
	end();
}
END_TEST

static const struct {
	const char *text;
	bool twice;
} doubles[] = {
	{"{\"a\":1,\"a\":2}", true},
	{"{\"a\":1,\"a\":1}", true},
	{"{\"a\":1,\"b\":2,\"a\":3}", true},
	{"{\"a\":1,\"\\u0061\":2}", true},
	{"{\"\\u00e9\":1,\"\xc3\xa9\":2}", true},
	{"{\"\\/\":1,\"/\":2}", true},
	{"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", true},
	{"{\"\":1,\"\":2}", true},
	{"{\"x\":{\"a\":1,\"a\":2}}", true},
	{"{\"x\":[0,{\"a\":1,\"a\":2}]}", true},
	{"{\"x\":[[[{\"y\":{\"a\":1,\"b\":2,\"a\":3}}]]]}", true},
	{"{\"x\":{},\"y\":{\"z\":[{\"a\":1},{\"a\":1,\"a\":1}]}}", true},
	{"{\"x\":{\"a\":1},\"x\":{\"b\":1}}", true},
	{"{\"a\":1,\"A\":2}", false},
	{"{\"a\":1,\"aa\":2,\"\":3}", false},
	{"{\"a\":{\"a\":{\"a\":1}}}", false},
	{"{\"a\":[{\"a\":1},{\"a\":1}]}", false},
	{"{\"\xc3\xa9\":1,\"e\xcc\x81\":2}", false}, /* equivalent is not equal */
};

START_TEST(test_no_name_twice)
{
	const json_value *object;
	const char *why;

	begin();
	ck_assert_int_eq(json_parse(&arena, doubles[_i].text, strlen(doubles[_i].text), &object, &why),
			 doubles[_i].twice ? ERR_INVALID_JSON : ERR_OK);
	ck_assert_int_eq(why != NULL, doubles[_i].twice);
	end();
}
END_TEST

START_TEST(test_members)
{
	static const char text[] =
		"{\"a\":\"x\\n\\u00e9\\ud83d\\ude00\",\"b\":1,\"c\":null,\"d\":true,\"e\":[\"x\"],"
		"\"f\":{\"g\":\"x\"},\"h\\t\":\"\"}";
	static const char *const wanted[][2] = {
		{"a", "x\n\xc3\xa9\xf0\x9f\x98\x80"},
		{"b", NULL},
		{"c", NULL},
		{"d", NULL},
		{"e", NULL},
		{"f", NULL},
		{"h\t", ""},
	};
	const json_value *object, *member = NULL;
	const char *why;

	begin();
	ck_assert_int_eq(json_parse(&arena, text, sizeof(text) - 1, &object, &why), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		member = json_each(object, member);
		ck_assert_ptr_nonnull(member);
		ck_assert_str_eq(json_name(member), wanted[i][0]);
		ck_assert_pstr_eq(json_text(member), wanted[i][1]);
	}
	ck_assert_ptr_null(json_each(object, member));
	ck_assert_int_eq(json_parse(&arena, "{}", 2, &object, &why), ERR_OK);
	ck_assert_ptr_null(json_each(object, NULL));
	end();
}
END_TEST

START_TEST(test_print)
{
	struct json_writer writer;
	json_value *list, *element;

	begin();
	json_begin(&writer, &arena);
	json_add_text(&writer, writer.root, "text", "\"\\/\b\f\n\r\t\x01\x1f\x7f<\xc3\xa9\xf0\x9f\x98\x80");
	json_add_number(&writer, writer.root, "number", 900);
	json_add_number(&writer, writer.root, "large", 4294967296);
	json_add_bool(&writer, writer.root, "yes", true);
	list = json_add_array(&writer, writer.root, "list");
	element = json_add_element(&writer, list);
	json_add_text(&writer, element, "a", "");
	(void)json_add_element(&writer, list);
	(void)json_add_array(&writer, writer.root, "none");
	ck_assert_str_eq(json_print(&writer),
			 "{\"text\":\"\\\"\\\\/"
			 "\\b\\f\\n\\r\\t\\u0001\\u001f\x7f<\xc3\xa9\xf0\x9f\x98\x80\",\"number\":900,"
			 "\"large\":4294967296,\"yes\":true,\"list\":[{\"a\":\"\"},{}],\"none\":[]}");
	end();
}
END_TEST

START_TEST(test_print_is_taken_again)
{
	struct json_writer writer;
	const json_value *object;
	const char *why, *printed;
	char text[128];

	for (int i = 1; i < 128; i++)
		text[i - 1] = (char)i;
	text[127] = '\0';
	begin();
	json_begin(&writer, &arena);
	json_add_text(&writer, writer.root, "text", text);
	printed = json_print(&writer);
	ck_assert_int_eq(json_parse(&arena, printed, strlen(printed), &object, &why), ERR_OK);
	ck_assert_str_eq(json_text(json_each(object, NULL)), text);
	end();
}
END_TEST

/* Whatever of the memory is missing: a whole document or none, and the same for a parse. */
static void check_with_memory(size_t cap)
{
	static const char text[] = "{\"a\":[{\"b\":\"some text\"},{}],\"c\":{\"d\":1}}";
	const json_value *object;
	struct json_writer writer;
	const char *why, *printed;
	json_value *element;

	arena_init(&arena, cap);
	if (json_parse(&arena, text, sizeof(text) - 1, &object, &why) != ERR_OK && why != NULL)
		ck_abort_msg("good JSON is said to be bad with %zu bytes", cap);
	end();
	arena_init(&arena, cap);
	json_begin(&writer, &arena);
	element = json_add_element(&writer, json_add_array(&writer, writer.root, "a"));
	json_add_text(&writer, element, "b", "some text");
	json_add_bool(&writer, writer.root, "c", true);
	printed = json_print(&writer);
	if (printed != NULL ? strcmp(printed, "{\"a\":[{\"b\":\"some text\"}],\"c\":true}") != 0
			    : cap > 40000)
		ck_abort_msg("with %zu bytes: %s", cap, printed != NULL ? printed : "nothing");
	end();
}

START_TEST(test_lack_of_memory)
{
	json_init();
	for (size_t cap = 0; cap < 41000; cap += 11)
		check_with_memory(cap);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");

	suite_add(suite, "check", test_check, 0, COUNT_OF(texts));
	suite_add(suite, "check", test_prefixes_are_refused, 0, 1);
	suite_add(suite, "parse", test_parse_takes_what_the_check_takes, 0, COUNT_OF(texts));
	suite_add(suite, "parse", test_long_numbers, 0, 6);
	suite_add(suite, "parse", test_no_name_twice, 0, COUNT_OF(doubles));
	suite_add(suite, "parse", test_members, 0, 1);
	suite_add(suite, "print", test_print, 0, 1);
	suite_add(suite, "print", test_print_is_taken_again, 0, 1);
	suite_add(suite, "memory", test_lack_of_memory, 0, 1);
	return suite_run(suite);
}
