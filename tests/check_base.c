/* SPDX-License-Identifier: Apache-2.0 */
/* check_base.c: memory, clock, ids, and the tables of errors. */
#include <check.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/rand.h"
#include "base/str.h"
#include "support/suite.h"

static bool is_all(const void *memory, int byte, size_t size)
{
	const unsigned char *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

/* arena */

START_TEST(test_arena_gives_zeroed_aligned_memory)
{
	struct arena arena;
	unsigned char *given[200];

	arena_init(&arena, 1 << 20);
	ck_assert_uint_eq(arena.total, 0);
	for (size_t i = 0; i < COUNT_OF(given); i++) {
		given[i] = arena_alloc(&arena, i * 3 + 1);
		ck_assert_ptr_nonnull(given[i]);
		ck_assert_uint_eq((uintptr_t)given[i] % alignof(max_align_t), 0);
		ck_assert(is_all(given[i], 0, i * 3 + 1));
		memset(given[i], (int)i + 1, i * 3 + 1);
	}
	for (size_t i = 0; i < COUNT_OF(given); i++)
		ck_assert_msg(is_all(given[i], (int)i + 1, i * 3 + 1), "piece %zu overlaps another", i);
	arena_fini(&arena);
	ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(test_arena_grows_an_array)
{
	struct arena arena;
	int *items = NULL;

	arena_init(&arena, 65536);
	for (int i = 0; i < 100; i++) {
		items = arena_grow(&arena, items, sizeof(*items), (size_t)i);
		ck_assert_ptr_nonnull(items);
		ck_assert_int_eq(items[i], 0);
		items[i] = i + 1;
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(items[i], i + 1);
	ck_assert_ptr_null(arena_grow(&arena, items, 1000, 64));
	arena_fini(&arena);
}
END_TEST

START_TEST(test_arena_stops_at_its_cap)
{
	struct arena arena;
	size_t count = 0;

	arena_init(&arena, 65536);
	while (arena_alloc(&arena, 1000) != NULL)
		ck_assert_uint_le(++count, 65);
	ck_assert_uint_ge(count, 64);
	ck_assert_uint_le(arena.total, arena.cap);
	ck_assert_ptr_null(arena_strndup(&arena, "x", 20000));
	ck_assert_ptr_null(arena_printf(&arena, "%20000s", "x"));
	arena_reset(&arena);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 1000));
	arena_fini(&arena);
}
END_TEST

START_TEST(test_arena_refuses_absurd_sizes)
{
	static const size_t sizes[] = {65537, SIZE_MAX / 2, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX};
	struct arena arena;

	arena_init(&arena, 65536);
	ck_assert_ptr_null(arena_alloc(&arena, sizes[_i]));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 10));
	ck_assert_ptr_null(arena_alloc(&arena, sizes[_i]));
	ck_assert_ptr_nonnull(arena_alloc(&arena, 10));
	arena_fini(&arena);
}
END_TEST

START_TEST(test_arena_reset_wipes_and_reuses)
{
	struct arena arena;
	char *secret, *again;

	arena_init(&arena, 65536);
	secret = arena_strdup(&arena, "a password in memory");
	ck_assert_ptr_nonnull(secret);
	arena_reset(&arena);
#ifndef ARENA_EMULATION /* there, the block is gone: looking would be the fault */
	ck_assert_msg(is_all(secret, 0, 20), "the reset has left the text in memory");
#endif
	again = arena_alloc(&arena, 21);
	ck_assert_ptr_nonnull(again);
	ck_assert(is_all(again, 0, 21));
#ifndef ARENA_EMULATION
	ck_assert_ptr_eq(again, secret);
#endif
	arena_fini(&arena);
}
END_TEST

START_TEST(test_arena_reset_gives_everything_back)
{
	struct arena arena;

	arena_init(&arena, 65536);
	for (int i = 0; i < 1000; i++) {
		ck_assert_ptr_nonnull(arena_alloc(&arena, 40000));
		arena_reset(&arena);
		ck_assert_uint_le(arena.total, 16384);
		for (int j = 0; j < 20; j++)
			ck_assert_ptr_nonnull(arena_alloc(&arena, 1000));
		arena_reset(&arena);
		ck_assert_uint_le(arena.total, 16384);
	}
	arena_reset(&arena);
	arena_fini(&arena);
	arena_fini(&arena);
}
END_TEST

START_TEST(test_arena_strings)
{
	struct arena arena;
	char *copy;

	arena_init(&arena, 1 << 20);
	ck_assert_str_eq(arena_strdup(&arena, ""), "");
	ck_assert_str_eq(arena_strdup(&arena, "word"), "word");
	copy = arena_strndup(&arena, "words", 4);
	ck_assert_mem_eq(copy, "word", 5);
	ck_assert_str_eq(arena_printf(&arena, "%s-%03d%%", "a", 7), "a-007%");
	ck_assert_uint_eq(strlen(arena_printf(&arena, "%*s", 100000, "x")), 100000);
	arena_fini(&arena);
}
END_TEST

/* clock and ids */

static const struct {
	int64_t ms;
	const char *text;
} times[] = {
	{0, "1970-01-01T00:00:00Z"},
	{999, "1970-01-01T00:00:00Z"},
	{1000, "1970-01-01T00:00:01Z"},
	{951782399999, "2000-02-28T23:59:59Z"},
	{951782400000, "2000-02-29T00:00:00Z"},
	{1709208000000, "2024-02-29T12:00:00Z"},
	{1767225600000, "2026-01-01T00:00:00Z"},
	{2147483648000, "2038-01-19T03:14:08Z"},
	{4107542399000, "2100-02-28T23:59:59Z"},
	{4107542400000, "2100-03-01T00:00:00Z"},
	{253402300799000, "9999-12-31T23:59:59Z"},
};

START_TEST(test_clock_format)
{
	char text[CLOCK_TEXT_SIZE + 1];

	ck_assert_int_eq(setenv("TZ", "UTC-9", 1), 0); /* must not matter */
	tzset();
	text[CLOCK_TEXT_SIZE] = '?';
	clock_format(times[_i].ms, text);
	ck_assert_str_eq(text, times[_i].text);
	ck_assert_int_eq(text[CLOCK_TEXT_SIZE], '?');
}
END_TEST

/* Every day that has a text, at another time of the day each, as libc has it. */
START_TEST(test_clock_format_of_all_days)
{
	for (int64_t second = 0; second <= 253402300799; second += 86400 + 59) {
		char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
		time_t moment = (time_t)second;
		struct tm utc;
		gmtime_r(&moment, &utc);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &utc);
		clock_format(second * 1000 + 999, text);
		ck_assert_str_eq(text, expected);
	}
}
END_TEST

START_TEST(test_clock_format_of_the_unthinkable)
{
	static const int64_t moments[] = {-1, 253402300800000, INT64_MAX, INT64_MIN};
	char text[CLOCK_TEXT_SIZE];

	clock_format(moments[_i], text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(test_clocks)
{
	int64_t before = time(NULL), now = clock_now_ms(), after = time(NULL);
	int64_t first = clock_monotonic_us(), second = clock_monotonic_us();

	/* time() may read a coarser clock, which is a few ms behind. */
	ck_assert_int_ge(now / 1000, before);
	ck_assert_int_le(now / 1000, after + 1);
	ck_assert_int_gt(first, 0);
	ck_assert_int_ge(second, first);
}
END_TEST

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

START_TEST(test_rand_id)
{
	static char ids[1000][RAND_ID_SIZE];

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		memset(ids[i], '?', RAND_ID_SIZE);
		ck_assert_int_eq(rand_id(ids[i]), ERR_OK);
		ck_assert_uint_eq(strnlen(ids[i], RAND_ID_SIZE), 24);
		ck_assert_uint_eq(strspn(ids[i], "0123456789abcdef"), 24);
	}
	qsort(ids, COUNT_OF(ids), RAND_ID_SIZE, compare_ids);
	for (size_t i = 1; i < COUNT_OF(ids); i++)
		ck_assert_str_ne(ids[i - 1], ids[i]);
}
END_TEST

START_TEST(test_rand_bytes)
{
	unsigned char one[65] = {0}, other[65] = {0};

	ck_assert_int_eq(rand_bytes(one, 64), ERR_OK);
	ck_assert_int_eq(rand_bytes(other, 64), ERR_OK);
	ck_assert_mem_ne(one, other, 64);
	ck_assert(!is_all(one + 32, 0, 32));
	ck_assert_uint_eq(one[64], 0);
}
END_TEST

/* tables of errors */

static const struct {
	enum err err;
	int status;
	const char *code;
} errors[] = {
	{ERR_INVALID_JSON, 400, "invalid_json"},
	{ERR_INVALID_REQUEST, 400, "invalid_request"},
	{ERR_UNAUTHENTICATED, 401, "unauthenticated"},
	{ERR_INVALID_TOKEN, 401, "invalid_token"},
	{ERR_INVALID_CREDENTIALS, 401, "invalid_credentials"},
	{ERR_FORBIDDEN, 403, "forbidden"},
	{ERR_CREATION_CLOSED, 403, "creation_closed"},
	{ERR_ORGANIZATION_LIMIT, 403, "organization_limit"},
	{ERR_ORGANIZATION_NOT_FOUND, 404, "organization_not_found"},
	{ERR_NOT_FOUND, 404, "not_found"},
	{ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed"},
	{ERR_ORGANIZATION_EXISTS, 409, "organization_exists"},
	{ERR_EMAIL_TAKEN, 409, "email_taken"},
	{ERR_ORGANIZATION_BUSY, 409, "organization_busy"},
	{ERR_BODY_TOO_LARGE, 413, "body_too_large"},
	{ERR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type"},
	{ERR_VALIDATION_FAILED, 422, "validation_failed"},
	{ERR_INTERNAL, 500, "internal"},
	{ERR_OVERLOADED, 503, "overloaded"},
	{ERR_STORE_UNAVAILABLE, 503, "store_unavailable"},
};

START_TEST(test_error)
{
	const struct err_info *info = err_info(errors[_i].err);
	bool wants_retry = errors[_i].status == 503 || errors[_i].err == ERR_ORGANIZATION_BUSY;
	uint64_t seconds;

	ck_assert_int_eq(info->status, errors[_i].status);
	ck_assert_str_eq(info->code, errors[_i].code);
	ck_assert_int_eq(info->retry_after != NULL, wants_retry);
	if (info->retry_after != NULL)
		ck_assert(str_to_uint(info->retry_after, 60, &seconds) && seconds > 0);
	ck_assert_int_eq(info->detail[strlen(info->detail) - 1], '.');
	ck_assert_str_ne(err_title(info->status), "Unknown");
}
END_TEST

START_TEST(test_error_list_is_complete)
{
	ck_assert_int_eq(ERR_OK, 0);
	ck_assert_uint_eq(COUNT_OF(errors), ERR_COUNT - 1);
	ck_assert_ptr_eq(err_info(ERR_OK), err_info(ERR_INTERNAL));
	ck_assert_ptr_eq(err_info(ERR_COUNT), err_info(ERR_INTERNAL));
	ck_assert_ptr_eq(err_info((enum err) - 1), err_info(ERR_INTERNAL));
	ck_assert_ptr_eq(err_info((enum err)1000), err_info(ERR_INTERNAL));
	ck_assert_str_eq(err_title(200), "OK");
	ck_assert_str_eq(err_title(422), "Unprocessable Content");
	ck_assert_ptr_nonnull(err_title(999));
}
END_TEST

static const struct {
	enum fault fault;
	const char *code;
} field_faults[] = {
	{FAULT_REQUIRED, "required"},   {FAULT_UNKNOWN, "unknown"},       {FAULT_WRONG_TYPE, "wrong_type"},
	{FAULT_TOO_SHORT, "too_short"}, {FAULT_TOO_LONG, "too_long"},     {FAULT_INVALID, "invalid"},
	{FAULT_INCORRECT, "incorrect"}, {FAULT_TOO_COMMON, "too_common"},
};

START_TEST(test_field_fault)
{
	ck_assert_int_eq(FAULT_NONE, 0);
	ck_assert_uint_eq(COUNT_OF(field_faults), FAULT_COUNT - 1);
	ck_assert_str_eq(fault_info(field_faults[_i].fault)->code, field_faults[_i].code);
	ck_assert_uint_gt(strlen(fault_info(field_faults[_i].fault)->message), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");

	suite_add(suite, "arena", test_arena_gives_zeroed_aligned_memory, 0, 1);
	suite_add(suite, "arena", test_arena_grows_an_array, 0, 1);
	suite_add(suite, "arena", test_arena_stops_at_its_cap, 0, 1);
	suite_add(suite, "arena", test_arena_refuses_absurd_sizes, 0, 5);
	suite_add(suite, "arena", test_arena_reset_wipes_and_reuses, 0, 1);
	suite_add(suite, "arena", test_arena_reset_gives_everything_back, 0, 1);
	suite_add(suite, "arena", test_arena_strings, 0, 1);
	suite_add(suite, "clock", test_clock_format, 0, COUNT_OF(times));
	suite_add(suite, "clock", test_clock_format_of_the_unthinkable, 0, 4);
	suite_add(suite, "clock", test_clock_format_of_all_days, 0, 1);
	suite_add(suite, "clock", test_clocks, 0, 1);
	suite_add(suite, "rand", test_rand_id, 0, 1);
	suite_add(suite, "rand", test_rand_bytes, 0, 1);
	suite_add(suite, "err", test_error, 0, COUNT_OF(errors));
	suite_add(suite, "err", test_error_list_is_complete, 0, 1);
	suite_add(suite, "fault", test_field_fault, 0, COUNT_OF(field_faults));
	return suite_run(suite);
}
