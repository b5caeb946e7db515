/* SPDX-License-Identifier: Apache-2.0 */
/* check_req.c: requests as CGI parameters give them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/req.h"
#include "support/suite.h"

static struct arena arena;

static void begin(void)
{
	arena_init(&arena, 1 << 20);
}

static void end(void)
{
	arena_fini(&arena);
}

#define NO_BODY ((struct req_body){NULL, NULL})

static const struct {
	const char *param;
	enum method method;
} methods[] = {
	{"REQUEST_METHOD=GET", METHOD_GET},     {"REQUEST_METHOD=POST", METHOD_POST},
	{"REQUEST_METHOD=PUT", METHOD_PUT},     {"REQUEST_METHOD=DELETE", METHOD_DELETE},
	{"REQUEST_METHOD=HEAD", METHOD_HEAD},   {"REQUEST_METHOD=OPTIONS", METHOD_OPTIONS},
	{"REQUEST_METHOD=PATCH", METHOD_OTHER}, {"REQUEST_METHOD=get", METHOD_OTHER},
	{"REQUEST_METHOD=GETS", METHOD_OTHER},  {"REQUEST_METHOD=GE", METHOD_OTHER},
	{"REQUEST_METHOD=", METHOD_OTHER},      {"REQUEST_METHODS=GET", METHOD_OTHER},
	{"X_REQUEST_METHOD=GET", METHOD_OTHER},
};

START_TEST(test_method)
{
	const char *const params[] = {methods[_i].param, NULL};
	struct req rq;

	begin();
	req_init(&rq, &arena, NULL, params, NO_BODY);
	ck_assert_int_eq(rq.method, methods[_i].method);
	ck_assert_ptr_nonnull(rq.method_name);
	end();
}
END_TEST

static const struct {
	const char *param, *path, *query;
} targets[] = {
	{"REQUEST_URI=/org/get", "/org/get", NULL},
	{"REQUEST_URI=/org/get?", "/org/get", ""},
	{"REQUEST_URI=/org/get?slug=acme", "/org/get", "slug=acme"},
	{"REQUEST_URI=/a?b?c", "/a", "b?c"},
	{"REQUEST_URI=/a#b", "/a", NULL},
	{"REQUEST_URI=/a%2Fb%3Fc?d=%26", "/a%2Fb%3Fc", "d=%26"},
	{"REQUEST_URI=?a=1", "", "a=1"},
	{"REQUEST_URI=", "", NULL},
	{"PATH_INFO=/a", "", NULL},
};

START_TEST(test_target)
{
	const char *const params[] = {targets[_i].param, NULL};
	struct req rq;

	begin();
	req_init(&rq, &arena, NULL, params, NO_BODY);
	ck_assert_str_eq(rq.path, targets[_i].path);
	ck_assert_pstr_eq(rq.query, targets[_i].query);
	end();
}
END_TEST

START_TEST(test_param)
{
	static const char *const params[] = {"AB=1", "A=2", "A=3", "EMPTY=", "EQUALS=a=b", "BARE", NULL};
	const struct req rq = {.params = params};

	ck_assert_str_eq(req_param(&rq, "A"), "2");
	ck_assert_str_eq(req_param(&rq, "AB"), "1");
	ck_assert_str_eq(req_param(&rq, "EMPTY"), "");
	ck_assert_str_eq(req_param(&rq, "EQUALS"), "a=b");
	ck_assert_ptr_null(req_param(&rq, "BARE"));
	ck_assert_ptr_null(req_param(&rq, "a"));
	ck_assert_ptr_null(req_param(&rq, "ABC"));
}
END_TEST

#define ID64 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._"

static const struct {
	const char *id; /* NULL: none was sent */
	bool taken;
} ids[] = {
	{"a", true},    {"A-z_0.9", true}, {ID64, true},        {ID64 "-", false}, {"", false},
	{NULL, false},  {"a b", false},    {"a\"b", false},     {"a\r\nb", false}, {"a/b", false},
	{"a,b", false}, {"{a}", false},    {"\xc3\xa9", false}, {"a=b", false},    {ID64 ID64, false},
};

START_TEST(test_request_id)
{
	char param[256];
	const char *const params[] = {ids[_i].id != NULL ? param : NULL, NULL};
	struct req rq = {.params = params}, other = {.params = params};

	snprintf(param, sizeof(param), "HTTP_X_REQUEST_ID=%s", ids[_i].id != NULL ? ids[_i].id : "");
	req_choose_id(&rq);
	req_choose_id(&other);
	if (ids[_i].taken) {
		ck_assert_str_eq(rq.id, ids[_i].id);
	} else {
		ck_assert(str_is_hex_id(rq.id));
		ck_assert_str_ne(rq.id, other.id);
	}
}
END_TEST

/* Gives `size` letters x in pieces of three bytes; then the end, or an error if `breaks`. */
struct source {
	size_t size;
	bool breaks;
	int calls;
};

static long read_source(void *context, void *buffer, size_t size)
{
	struct source *source = context;
	size_t piece = source->size < 3 ? source->size : 3;

	source->calls++;
	if (piece == 0 && source->breaks)
		return -1;
	if (piece > size)
		piece = size;
	memset(buffer, 'x', piece);
	source->size -= piece;
	return (long)piece;
}

#define BODY_MAX 100

static const struct {
	const char *length; /* CONTENT_LENGTH; NULL: absent */
	size_t sent;
	bool breaks;
	enum err err;
	bool untouched; /* refused before a byte is read */
} bodies[] = {
	{"0", 0, false, ERR_OK, false},
	{NULL, 0, false, ERR_OK, false},
	{"", 0, false, ERR_OK, false},
	{"10", 10, false, ERR_OK, false},
	{"0010", 10, false, ERR_OK, false},
	{"100", 100, false, ERR_OK, false},
	{NULL, 10, false, ERR_OK, false}, /* chunked */
	{"", 10, false, ERR_OK, false},
	{NULL, 100, false, ERR_OK, false},
	{NULL, 101, false, ERR_BODY_TOO_LARGE, false},
	{NULL, 1000000, false, ERR_BODY_TOO_LARGE, false},
	{"101", 101, false, ERR_BODY_TOO_LARGE, true},
	{"65536", 65536, false, ERR_BODY_TOO_LARGE, true},
	{"9223372036854775807", 10, false, ERR_BODY_TOO_LARGE, true},
	{"9223372036854775808", 10, false, ERR_BODY_TOO_LARGE, true},
	{"18446744073709551615", 10, false, ERR_BODY_TOO_LARGE, true},
	{"18446744073709551616", 10, false, ERR_BODY_TOO_LARGE, true},
	{"18446744073709551626", 10, false, ERR_BODY_TOO_LARGE, true}, /* 2^64 + 10 */
	{"99999999999999999999999999999999999999", 10, false, ERR_BODY_TOO_LARGE, true},
	{"11", 10, false, ERR_INVALID_REQUEST, false},
	{"100", 0, false, ERR_INVALID_REQUEST, false},
	{"9", 10, false, ERR_INVALID_REQUEST, false},
	{"0", 10, false, ERR_INVALID_REQUEST, false},
	{"100", 101, false, ERR_INVALID_REQUEST, false},
	{"-1", 10, false, ERR_INVALID_REQUEST, true},
	{"-0", 0, false, ERR_INVALID_REQUEST, true},
	{"+10", 10, false, ERR_INVALID_REQUEST, true},
	{" 10", 10, false, ERR_INVALID_REQUEST, true},
	{"10 ", 10, false, ERR_INVALID_REQUEST, true},
	{"10, 10", 10, false, ERR_INVALID_REQUEST, true},
	{"0x0a", 10, false, ERR_INVALID_REQUEST, true},
	{"1e1", 10, false, ERR_INVALID_REQUEST, true},
	{"10.0", 10, false, ERR_INVALID_REQUEST, true},
	{"ten", 10, false, ERR_INVALID_REQUEST, true},
	{"10", 0, true, ERR_INVALID_REQUEST, false},
	{"10", 9, true, ERR_INVALID_REQUEST, false},
	{NULL, 10, true, ERR_INVALID_REQUEST, false},
};

START_TEST(test_body)
{
	char param[64];
	const char *const params[] = {bodies[_i].length != NULL ? param : NULL, NULL};
	struct source source = {bodies[_i].sent, bodies[_i].breaks, 0};
	struct req rq;
	char *text = NULL;
	size_t size = 4711;

	snprintf(param, sizeof(param), "CONTENT_LENGTH=%s",
		 bodies[_i].length != NULL ? bodies[_i].length : "");
	begin();
	req_init(&rq, &arena, NULL, params, (struct req_body){read_source, &source});
	ck_assert_int_eq(req_read_body(&rq, BODY_MAX, &text, &size), bodies[_i].err);
	ck_assert_int_eq(source.calls == 0, bodies[_i].untouched);
	if (bodies[_i].err == ERR_OK) {
		ck_assert_uint_eq(size, bodies[_i].sent);
		ck_assert_uint_eq(strlen(text), size);
		ck_assert_uint_eq(strspn(text, "x"), size);
	} else {
		ck_assert_ptr_nonnull(rq.reply.detail);
	}
	end();
}
END_TEST

START_TEST(test_body_without_memory)
{
	static const char *const params[] = {"CONTENT_LENGTH=10", NULL};
	struct source source = {10, false, 0};
	struct req rq;
	char *text;
	size_t size;

	arena_init(&arena, 0);
	req_init(&rq, &arena, NULL, params, (struct req_body){read_source, &source});
	ck_assert_str_eq(rq.path, "");
	ck_assert_int_eq(req_read_body(&rq, BODY_MAX, &text, &size), ERR_INTERNAL);
	end();
}
END_TEST

START_TEST(test_fail)
{
	struct req rq;

	begin();
	rq = (struct req){.arena = &arena};
	ck_assert_int_eq(req_fail(&rq, ERR_FORBIDDEN, "%d of %s", 1, "%s"), ERR_FORBIDDEN);
	ck_assert_str_eq(rq.reply.detail, "1 of %s");
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("req");

	suite_add(suite, "req", test_method, 0, COUNT_OF(methods));
	suite_add(suite, "req", test_target, 0, COUNT_OF(targets));
	suite_add(suite, "req", test_param, 0, 1);
	suite_add(suite, "req", test_request_id, 0, COUNT_OF(ids));
	suite_add(suite, "body", test_body, 0, COUNT_OF(bodies));
	suite_add(suite, "body", test_body_without_memory, 0, 1);
	suite_add(suite, "req", test_fail, 0, 1);
	return suite_run(suite);
}
