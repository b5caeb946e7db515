/* SPDX-License-Identifier: Apache-2.0 */
/* check_frame.c: FastCGI records, before libfcgi sees them. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "http/frame.h"
#include "support/suite.h"

static unsigned char bytes[FRAME_HEAD_MAX];
static size_t used;

/* frame_scan() of a copy of the exact size: it may write there, and must not read behind it. */
static enum frame scan(size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);
	enum frame frame;

	if (copy == NULL)
		ck_abort_msg("no memory");
	memcpy(copy, bytes, size);
	frame = frame_scan(copy, size);
	free(copy);
	return frame;
}

/* Requests as literals: version, type, id (2 bytes), size (2), padding, reserved; then the content. */

#define RECORD(type, size) "\x01" type "\x00\x01\x00" size "\x00\x00"
#define PADDED(type, size) "\x01" type "\x00\x01\x00" size "\x03\x00"
#define BEGIN RECORD("\x01", "\x08") "\x00\x01\x00\x00\x00\x00\x00\x00"
#define PARAMS(size) RECORD("\x04", size)
#define STDIN(size) RECORD("\x05", size)
#define PARAMS_END PARAMS("\x00")
#define STDIN_END STDIN("\x00")
#define TAIL PARAMS_END STDIN_END
#define WITH_PAIRS(size, pairs)                                                                              \
	BEGIN PARAMS(size)                                                                                   \
	pairs TAIL
#define ROLE(role) RECORD("\x01", "\x08") role "\x00\x00\x00\x00\x00\x00" TAIL
#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *what;
	const char *text;
	size_t size;
	enum frame frame;
} requests[] = {
	{"neither parameters nor body", BYTES(BEGIN TAIL), FRAME_WHOLE},
	{"a body in two records", BYTES(BEGIN PARAMS_END STDIN("\x02") "ab" STDIN("\x01") "c" STDIN_END),
	 FRAME_WHOLE},
	{"the flag to keep the connection",
	 BYTES(RECORD("\x01", "\x08") "\x00\x01\x01\x00\x00\x00\x00\x00" TAIL), FRAME_WHOLE},
	{"another id",
	 BYTES("\1\1\xff\xfe\0\x08\0\0\0\1\0\0\0\0\0\0"
	       "\1\4\xff\xfe\0\0\0\0"
	       "\1\5\xff\xfe\0\0\0\0"),
	 FRAME_WHOLE},
	{"bytes that are reserved", BYTES("\1\1\0\1\0\x08\0\xff\0\1\0\xff\xff\xff\xff\xff" TAIL),
	 FRAME_WHOLE},
	{"padded parameters and body",
	 BYTES(BEGIN PADDED("\x04", "\x02") "\0\0xyz" PARAMS_END PADDED("\x05", "\x01") "axyz" STDIN_END),
	 FRAME_WHOLE},
	{"a padded end of the body", BYTES(BEGIN PARAMS_END PADDED("\x05", "\x00") "xyz"), FRAME_READY},
	{"the next request behind it", BYTES(BEGIN TAIL BEGIN TAIL), FRAME_WHOLE},
	{"nothing", BYTES(""), FRAME_PARTIAL},
	{"no body yet", BYTES(BEGIN PARAMS_END), FRAME_PARTIAL},
	{"a record of the body, but no end", BYTES(BEGIN PARAMS_END STDIN("\x02") "ab"), FRAME_PARTIAL},
	{"padding that has not arrived", BYTES(BEGIN PARAMS_END "\1\5\0\1\0\0\3\0xy"), FRAME_PARTIAL},

	{"HTTP", BYTES("GET / HTTP/1.0\r\n\r\n"), FRAME_BAD},
	{"version 0", BYTES("\0\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0" TAIL), FRAME_BAD},
	{"version 2", BYTES("\2\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0" TAIL), FRAME_BAD},
	{"version 0 later", BYTES(BEGIN "\0\4\0\1\0\0\0\0" STDIN_END), FRAME_BAD},
	{"id 0",
	 BYTES("\1\1\0\0\0\x08\0\0\0\1\0\0\0\0\0\0"
	       "\1\4\0\0\0\0\0\0"
	       "\1\5\0\0\0\0\0\0"),
	 FRAME_BAD},
	{"parameters of another request", BYTES(BEGIN "\1\4\0\2\0\0\0\0" STDIN_END), FRAME_BAD},
	{"parameters of request 257", BYTES(BEGIN "\1\4\1\1\0\0\0\0" STDIN_END), FRAME_BAD},
	{"a body of another request", BYTES(BEGIN PARAMS_END "\1\5\0\2\0\0\0\0"), FRAME_BAD},
	{"a body that ends another request",
	 BYTES(BEGIN PARAMS_END STDIN("\x01") "a"
					      "\1\5\0\2\0\0\0\0"),
	 FRAME_BAD},
	{"role 0", BYTES(ROLE("\x00\x00")), FRAME_BAD},
	{"an authorizer", BYTES(ROLE("\x00\x02")), FRAME_BAD},
	{"a filter", BYTES(ROLE("\x00\x03")), FRAME_BAD},
	{"role 257", BYTES(ROLE("\x01\x01")), FRAME_BAD},
	{"a begin of 7 bytes", BYTES(RECORD("\x01", "\x07") "\x00\x01\x00\x00\x00\x00\x00" TAIL), FRAME_BAD},
	{"a begin of 9 bytes", BYTES(RECORD("\x01", "\x09") "\x00\x01\x00\x00\x00\x00\x00\x00\x00" TAIL),
	 FRAME_BAD},
	{"two begins", BYTES(BEGIN BEGIN TAIL), FRAME_BAD},
	{"a padded begin", BYTES(PADDED("\x01", "\x08") "\0\1\0\0\0\0\0\0xyz" TAIL), FRAME_BAD},
	{"a padded end of the parameters", BYTES(BEGIN PADDED("\x04", "\x00") "xyz" STDIN_END), FRAME_BAD},
	{"no begin", BYTES(TAIL), FRAME_BAD},
	{"no parameters", BYTES(BEGIN STDIN_END), FRAME_BAD},
	{"a body before the parameters end", BYTES(BEGIN PARAMS("\x04") "\1\1ab" STDIN_END), FRAME_BAD},
	{"parameters behind their end", BYTES(BEGIN PARAMS_END PARAMS_END STDIN_END), FRAME_BAD},
	{"an abort in between", BYTES(BEGIN RECORD("\x02", "\x00")), FRAME_BAD},
	{"an abort in the body", BYTES(BEGIN PARAMS_END RECORD("\x02", "\x00")), FRAME_BAD},
	{"a question for values", BYTES("\1\x09\0\0\0\0\0\0"), FRAME_BAD},
	{"type 0", BYTES(RECORD("\x00", "\x00")), FRAME_BAD},

	{"a pair", BYTES(WITH_PAIRS("\x04", "\1\1ab")), FRAME_WHOLE},
	{"an empty pair", BYTES(WITH_PAIRS("\x02", "\0\0")), FRAME_WHOLE},
	{"a long length that is small", BYTES(WITH_PAIRS("\x07", "\x80\0\0\1\1ab")), FRAME_WHOLE},
	{"two long lengths", BYTES(WITH_PAIRS("\x0a", "\x80\0\0\1\x80\0\0\1ab")), FRAME_WHOLE},
	{"a name without a value's length", BYTES(WITH_PAIRS("\x01", "\0")), FRAME_BAD},
	{"a value one byte short", BYTES(WITH_PAIRS("\x03", "\1\1a")), FRAME_BAD},
	{"a name one byte short", BYTES(WITH_PAIRS("\x03", "\2\0a")), FRAME_BAD},
	{"a byte behind the pair", BYTES(WITH_PAIRS("\x05", "\1\1abc")), FRAME_BAD},
	{"half a long length", BYTES(WITH_PAIRS("\x03", "\x80\0\0")), FRAME_BAD},
	{"half a long length of a value", BYTES(WITH_PAIRS("\x04", "\0\x80\0\0")), FRAME_BAD},
	{"a long name short", BYTES(WITH_PAIRS("\x06", "\x80\0\0\2\0a")), FRAME_BAD},
	{"a long value short", BYTES(WITH_PAIRS("\x06", "\0\x80\0\0\2a")), FRAME_BAD},
	{"a value of 1 << 8", BYTES(WITH_PAIRS("\x06", "\0\x80\0\1\1a")), FRAME_BAD},
	{"a value of 1 << 16", BYTES(WITH_PAIRS("\x06", "\0\x80\1\0\1a")), FRAME_BAD},
	{"a value of 1 << 24", BYTES(WITH_PAIRS("\x06", "\0\x81\0\0\1a")), FRAME_BAD},
	{"the longest name", BYTES(WITH_PAIRS("\x06", "\xff\xff\xff\xff\0a")), FRAME_BAD},
	{"the longest value",
	 BYTES(WITH_PAIRS("\x06", "\0\xff\xff\xff\xff"
				  "a")),
	 FRAME_BAD},
	{"lengths whose sum is 2^32 - 2",
	 BYTES(WITH_PAIRS("\x09", "\xff\xff\xff\xff\xff\xff\xff\xff"
				  "a")),
	 FRAME_BAD},
	{"lengths whose sum is 2^31", BYTES(WITH_PAIRS("\x09", "\xc0\0\0\0\xc0\0\0\0a")), FRAME_BAD},
	{"a good pair and a bad one", BYTES(WITH_PAIRS("\x07", "\1\1ab\1\1a")), FRAME_BAD},
};

START_TEST(test_request)
{
	memcpy(bytes, requests[_i].text, requests[_i].size);
	ck_assert_msg(scan(requests[_i].size) == requests[_i].frame, "%s", requests[_i].what);
}
END_TEST

/* Requests built up; `open` has a 1 where any value is as good. */

enum type { TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5 };

static char open[FRAME_HEAD_MAX];
static size_t starts[100]; /* of the records */
static size_t start_count;

static void put(enum type type, const void *content, const char *content_open, size_t size, size_t padding)
{
	const unsigned char header[8] = {1,
					 (unsigned char)type,
					 0,
					 1,
					 (unsigned char)(size >> 8),
					 (unsigned char)size,
					 (unsigned char)padding,
					 0};

	starts[start_count++ % COUNT_OF(starts)] = used;
	memset(open + used, 0, 8);
	open[used + 7] = 1;
	memcpy(bytes + used, header, 8);
	used += 8;
	for (size_t i = 0; i < size; i++)
		open[used + i] = content_open[i] == '?';
	if (size > 0)
		memcpy(bytes + used, content, size);
	used += size;
	memset(open + used, 1, padding);
	memset(bytes + used, 0xee, padding);
	used += padding;
}

#define PAIRS                                                                                                \
	"\x0e\x03REQUEST_METHODGET\x01\x01"                                                                  \
	"AB\x01\x80\x00\x00\x05LHello"
#define PAIRS_OPEN                                                                                           \
	"..?????????????????"                                                                                \
	"..??"                                                                                               \
	".....??????"
#define PAIRS_SIZE (sizeof(PAIRS) - 1)

static void put_begin(void)
{
	used = 0;
	start_count = 0;
	put(TYPE_BEGIN, "\0\1\1\0\0\0\0\0", "..??????", 8, 0);
}

/* The parameters in two records, cut at `cut`, and the end of an empty body. */
static void put_cut_request(size_t cut)
{
	put_begin();
	if (cut > 0)
		put(TYPE_PARAMS, PAIRS, PAIRS_OPEN, cut, 5);
	if (cut < PAIRS_SIZE)
		put(TYPE_PARAMS, &PAIRS[cut], &PAIRS_OPEN[cut], PAIRS_SIZE - cut, 0);
	put(TYPE_PARAMS, "", "", 0, 0);
	put(TYPE_STDIN, "", "", 0, 0);
}

/* One pair only, of letters that are longer lengths than all of it: a wrong length never fits by luck. */
static void put_whole_request(void)
{
	static const char pair[] = "\x0e\x03REQUEST_METHODGET";
	static const char pair_open[] = "..?????????????????";

	put_begin();
	put(TYPE_PARAMS, pair, pair_open, 1, 5);
	put(TYPE_PARAMS, pair + 1, pair_open + 1, sizeof(pair) - 2, 0);
	put(TYPE_PARAMS, "", "", 0, 0);
	put(TYPE_STDIN, "{\"a\":", "?????", 5, 3);
	put(TYPE_STDIN, "1}", "??", 2, 0);
	put(TYPE_STDIN, "", "", 0, 0);
}

START_TEST(test_prefixes_are_partial)
{
	put_whole_request();
	for (size_t size = 0; size < used; size++)
		ck_assert_msg(scan(size) == FRAME_PARTIAL, "%zu bytes of %zu", size, used);
	ck_assert_int_eq(scan(used), FRAME_WHOLE);
}
END_TEST

START_TEST(test_parameters_cut_anywhere)
{
	ck_assert_uint_eq(strlen(PAIRS_OPEN), PAIRS_SIZE);
	for (size_t cut = 0; cut <= PAIRS_SIZE; cut++) {
		put_cut_request(cut);
		ck_assert_msg(scan(used) == FRAME_WHOLE, "cut at %zu", cut);
	}
}
END_TEST

START_TEST(test_parameters_byte_by_byte)
{
	put_begin();
	for (size_t i = 0; i < PAIRS_SIZE; i++)
		put(TYPE_PARAMS, &PAIRS[i], "?", 1, 255);
	put(TYPE_PARAMS, "", "", 0, 0);
	put(TYPE_STDIN, "", "", 0, 0);
	ck_assert_int_eq(scan(used), FRAME_WHOLE);
}
END_TEST

START_TEST(test_parameters_cut_short)
{
	static const size_t ends[] = {2, 19, 23}; /* where a pair ends, or there is none */

	for (size_t size = 1; size < PAIRS_SIZE; size++) {
		bool whole = size == ends[1] || size == ends[2];
		put_begin();
		put(TYPE_PARAMS, PAIRS, PAIRS_OPEN, size, 0);
		put(TYPE_PARAMS, "", "", 0, 0);
		put(TYPE_STDIN, "", "", 0, 0);
		ck_assert_msg(scan(used) == (whole ? FRAME_WHOLE : FRAME_BAD), "%zu bytes", size);
	}
}
END_TEST

/*
 * Whether byte `i` is of a length that now takes in whole records, or that now ends the body: that is
 * another request, and may be a good one.
 */
static bool makes_another_request(size_t i)
{
	size_t end = 0;

	for (size_t k = 0; k < start_count; k++) {
		const unsigned char *record = bytes + starts[k];
		size_t size = (size_t)record[4] << 8 | record[5];
		if (end != 0 && starts[k] == end)
			return true;
		if (i < starts[k] + 4 || i > starts[k] + 6)
			continue;
		if (record[1] == TYPE_STDIN && size == 0)
			return true;
		end = starts[k] + 8 + size + record[6];
	}
	return false;
}

/* Whatever one byte of a good request becomes: it stays good if that byte is free, and only then. */
START_TEST(test_every_corruption_of_a_byte)
{
	put_whole_request();
	for (size_t i = 0; i < used; i++) {
		unsigned char good = bytes[i];
		for (int value = 0; value < 256; value++) {
			bytes[i] = (unsigned char)value;
			if ((scan(used) == FRAME_WHOLE) != (open[i] || value == good) &&
			    !makes_another_request(i))
				ck_abort_msg("byte %zu as %d", i, value);
		}
		bytes[i] = good;
	}
}
END_TEST

/* Many faults at once, the same ones in each run: for the sanitizers, and the endless loop. */
START_TEST(test_many_corruptions)
{
	unsigned long random = 1 + (unsigned long)_i;

	for (int round = 0; round < 20000; round++) {
		put_whole_request();
		for (int i = 0; i < 4; i++) {
			random = random * 6364136223846793005UL + 1442695040888963407UL;
			bytes[(random >> 33) % used] = (unsigned char)(random >> 24);
		}
		(void)scan((random >> 40) % (used + 1));
	}
}
END_TEST

/* sizes */

static void put_long(enum type type, size_t size)
{
	static const char zeros[FRAME_HEAD_MAX];

	put(type, zeros, zeros, size, 0);
}

START_TEST(test_body_need_not_be_whole)
{
	put_cut_request(10);
	used -= 8;
	put_long(TYPE_STDIN, 40000);
	ck_assert_int_eq(scan(FRAME_ENOUGH - 1), FRAME_PARTIAL);
	ck_assert_int_eq(scan(FRAME_ENOUGH), FRAME_READY);
	ck_assert_int_eq(scan(used), FRAME_READY);
}
END_TEST

START_TEST(test_bad_body_is_seen_however_much_there_is)
{
	put_cut_request(10);
	used -= 8;
	put_long(TYPE_STDIN, 20000);
	put_long(TYPE_PARAMS, 0);
	ck_assert_int_eq(scan(used - 1), FRAME_READY);
	ck_assert_int_eq(scan(used), FRAME_BAD);
}
END_TEST

START_TEST(test_head_must_be_whole)
{
	put_begin();
	put_long(TYPE_PARAMS, 32000);
	put_long(TYPE_PARAMS, FRAME_HEAD_MAX - 1 - 8 - used);
	ck_assert_int_eq(scan(FRAME_ENOUGH), FRAME_PARTIAL);
	ck_assert_int_eq(scan(used), FRAME_PARTIAL);
}
END_TEST

START_TEST(test_head_has_a_maximum)
{
	put_begin();
	put_long(TYPE_PARAMS, 32000);
	put_long(TYPE_PARAMS, FRAME_HEAD_MAX - 8 - used);
	ck_assert_uint_eq(used, FRAME_HEAD_MAX);
	ck_assert_int_eq(scan(FRAME_HEAD_MAX - 1), FRAME_PARTIAL);
	ck_assert_int_eq(scan(FRAME_HEAD_MAX), FRAME_BAD);
}
END_TEST

START_TEST(test_head_of_the_maximum)
{
	put_begin();
	put_long(TYPE_PARAMS, 32000);
	put_long(TYPE_PARAMS, (FRAME_HEAD_MAX - 16 - used) / 2 * 2);
	put_long(TYPE_PARAMS, 0);
	ck_assert_int_eq(scan(used), FRAME_READY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");

	suite_add(suite, "frame", test_request, 0, COUNT_OF(requests));
	suite_add(suite, "frame", test_prefixes_are_partial, 0, 1);
	suite_add(suite, "frame", test_parameters_cut_anywhere, 0, 1);
	suite_add(suite, "frame", test_parameters_byte_by_byte, 0, 1);
	suite_add(suite, "frame", test_parameters_cut_short, 0, 1);
	suite_add(suite, "frame", test_every_corruption_of_a_byte, 0, 1);
	suite_add(suite, "frame", test_many_corruptions, 0, 4);
	suite_add(suite, "size", test_body_need_not_be_whole, 0, 1);
	suite_add(suite, "size", test_bad_body_is_seen_however_much_there_is, 0, 1);
	suite_add(suite, "size", test_head_must_be_whole, 0, 1);
	suite_add(suite, "size", test_head_has_a_maximum, 0, 1);
	suite_add(suite, "size", test_head_of_the_maximum, 0, 1);
	return suite_run(suite);
}
