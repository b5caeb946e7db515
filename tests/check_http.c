/* SPDX-License-Identifier: Apache-2.0 */
/* check_http.c: targets, routes, requests and the heads of answers. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/reply.h"
#include "http/req.h"
#include "http/route.h"
#include "http/url.h"
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

/* targets */

static const struct {
	const char *path;
	bool plain;
} paths[] = {
	{"/", true},           {"/org/get", true},     {"/org/get/", true},    {"/.well-known", true},
	{"/a..b", true},       {"/...", true},         {"/..a/b", true},       {"/a.", true},
	{"", false},           {"org/get", false},     {"*", false},           {"//", false},
	{"//org/get", false},  {"/org//get", false},   {"/org/get//", false},  {"/.", false},
	{"/..", false},        {"/./org", false},      {"/org/../get", false}, {"/org/.", false},
	{"/org/..", false},    {"/org/./", false},     {"/org%2Fget", false},  {"/org%2fget", false},
	{"/%6frg/get", false}, {"/org/%2e%2e", false}, {"/%", false},          {"/org/get%00", false},
	{"http://a/b", false},
};

START_TEST(test_path_is_plain)
{
	ck_assert_msg(url_path_is_plain(paths[_i].path) == paths[_i].plain, "\"%s\"", paths[_i].path);
}
END_TEST

/* wanted: "name|value" for each pair, a blank behind each; NULL: the query is refused. */
static const struct {
	const char *query, *wanted;
} queries[] = {
	{"", ""},
	{"a=1", "a|1 "},
	{"a=1&b=2", "a|1 b|2 "},
	{"a", "a| "},
	{"a=", "a| "},
	{"=1", "|1 "},
	{"&&a=1&", "a|1 "},
	{"a=1=2", "a|1=2 "},
	{"a=x+y%20z%2B", "a|x y z+ "},
	{"a+b=1", "a b|1 "},
	{"%61=%62", "a|b "},
	{"a=%26b%3D1", "a|&b=1 "},
	{"a=caf%C3%A9", "a|caf\xc3\xa9 "},
	{"a=caf%c3%a9", "a|caf\xc3\xa9 "},
	{"a=%F0%9F%98%80", "a|\xf0\x9f\x98\x80 "},
	{"a=caf\xc3\xa9", "a|caf\xc3\xa9 "},
	{"a=%25", "a|% "},
	{"a=%2541", "a|%41 "}, /* decoded once, not twice */
	{"a=%0d%0a", "a|\r\n "},
	{"a=1;b=2", "a|1;b=2 "},
	{"a=1&A=2", "a|1 A|2 "},
	{"a=1&a=1", NULL},
	{"a=1&b=2&a=", NULL},
	{"a=1&%61=2", NULL},
	{"a&a", NULL},
	{"a=%", NULL},
	{"a=%4", NULL},
	{"a=1%", NULL},
	{"a=%4&b=1", NULL}, /* the escape must not reach into the next pair */
	{"a=%&41=1", NULL},
	{"a%=1", NULL},
	{"a%4=1", NULL},
	{"a=%4g", NULL},
	{"a=%g4", NULL},
	{"a=%4G", NULL},
	{"a=%@1", NULL},
	{"a=% 1", NULL},
	{"a=%-1", NULL},
	{"a=%u0041", NULL},
	{"a=%\xc3\xa9", NULL},
	{"a=%00", NULL},
	{"a=b%00c", NULL},
	{"%00=1", NULL},
	{"a=%ff", NULL},
	{"a=%C3", NULL},
	{"a=%C3&b=%A9", NULL},
	{"a=%C0%AF", NULL},
	{"a=%ED%A0%80", NULL},
	{"a=caf\xe9", NULL},
};

START_TEST(test_query)
{
	struct url_pair pairs[URL_QUERY_MAX];
	char text[256] = "";
	size_t count = 4711;
	enum err err;

	begin();
	err = url_query_parse(&arena, queries[_i].query, pairs, &count);
	ck_assert_msg(err == (queries[_i].wanted != NULL ? ERR_OK : ERR_INVALID_REQUEST), "\"%s\"",
		      queries[_i].query);
	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		size_t size = strlen(text);
		snprintf(text + size, sizeof(text) - size, "%s|%s ", pairs[i].name, pairs[i].value);
	}
	if (err == ERR_OK)
		ck_assert_str_eq(text, queries[_i].wanted);
	end();
}
END_TEST

/* A query of `count` pairs: "a=1&b=1...". */
static enum err parse_pairs(int count, size_t *count_r)
{
	struct url_pair pairs[URL_QUERY_MAX];
	char query[256] = "";

	for (int i = 0; i < count; i++)
		snprintf(query + 4 * i, sizeof(query) - 4 * (size_t)i, "%c=1&", 'a' + i);
	return url_query_parse(&arena, query, pairs, count_r);
}

START_TEST(test_query_of_many_pairs)
{
	size_t count;

	begin();
	ck_assert_int_eq(parse_pairs(URL_QUERY_MAX, &count), ERR_OK);
	ck_assert_uint_eq(count, URL_QUERY_MAX);
	ck_assert_int_eq(parse_pairs(URL_QUERY_MAX + 1, &count), ERR_INVALID_REQUEST);
	end();
}
END_TEST

START_TEST(test_query_without_memory)
{
	struct url_pair pairs[URL_QUERY_MAX];
	struct arena none;
	size_t count;

	arena_init(&none, 0);
	ck_assert_int_eq(url_query_parse(&none, "a=1", pairs, &count), ERR_INTERNAL);
	ck_assert_ptr_null(url_encode(&none, "a"));
	arena_fini(&none);
}
END_TEST

START_TEST(test_encode)
{
	begin();
	ck_assert_str_eq(url_encode(&arena, ""), "");
	ck_assert_str_eq(url_encode(&arena, "AZaz09-._~"), "AZaz09-._~");
	ck_assert_str_eq(url_encode(&arena, "Acme Corp"), "Acme%20Corp");
	ck_assert_str_eq(url_encode(&arena, "a+b&c=d%?#/\"\r\n"), "a%2Bb%26c%3Dd%25%3F%23%2F%22%0D%0A");
	ck_assert_str_eq(url_encode(&arena, "caf\xc3\xa9"), "caf%C3%A9");
	ck_assert_str_eq(url_encode(&arena, "!*'()@:$,;[]"), "%21%2A%27%28%29%40%3A%24%2C%3B%5B%5D");
	end();
}
END_TEST

START_TEST(test_encode_and_parse_are_inverse)
{
	struct url_pair pairs[URL_QUERY_MAX];
	char text[256];
	size_t count;

	for (int i = 1; i < 128; i++)
		text[i - 1] = (char)i;
	memcpy(text + 127, "\xc3\xa9\xe5\x85\xac\xf0\x9f\x98\x80", 10);
	begin();
	ck_assert_int_eq(url_query_parse(&arena, arena_printf(&arena, "a=%s", url_encode(&arena, text)),
					 pairs, &count),
			 ERR_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(pairs[0].value, text);
	end();
}
END_TEST

/* routes */

static enum err no_handler(struct req *rq)
{
	(void)rq;
	return ERR_OK;
}

static const struct route table[] = {
	{METHOD_GET, "/thing", ACCESS_PUBLIC, no_handler, NULL, "reads", 200, NULL, 0},
	{METHOD_PUT, "/thing", ACCESS_ADMIN, no_handler, NULL, "writes", 200, NULL, 0},
	{METHOD_DELETE, "/thing", ACCESS_ADMIN, no_handler, NULL, "deletes", 200, NULL, 0},
	{METHOD_POST, "/things", ACCESS_CREATE, no_handler, NULL, "creates", 200, NULL, 0},
	{.method = METHOD_GET, .path = "/forgotten", .handler = no_handler},
};

static const struct {
	enum method method;
	const char *path;
	enum err err;
	int row; /* found */
} searches[] = {
	{METHOD_GET, "/thing", ERR_OK, 0},
	{METHOD_HEAD, "/thing", ERR_OK, 0},
	{METHOD_PUT, "/thing", ERR_OK, 1},
	{METHOD_DELETE, "/thing", ERR_OK, 2},
	{METHOD_POST, "/things", ERR_OK, 3},
	{METHOD_POST, "/thing", ERR_METHOD_NOT_ALLOWED, -1},
	{METHOD_OTHER, "/thing", ERR_METHOD_NOT_ALLOWED, -1},
	{METHOD_OPTIONS, "/thing", ERR_METHOD_NOT_ALLOWED, -1},
	{METHOD_HEAD, "/things", ERR_METHOD_NOT_ALLOWED, -1},
	{METHOD_GET, "/things", ERR_METHOD_NOT_ALLOWED, -1},
	{METHOD_GET, "/Thing", ERR_NOT_FOUND, -1},
	{METHOD_GET, "/thing/", ERR_NOT_FOUND, -1},
	{METHOD_GET, "/thin", ERR_NOT_FOUND, -1},
	{METHOD_GET, "/thing1", ERR_NOT_FOUND, -1},
	{METHOD_GET, "", ERR_NOT_FOUND, -1},
	{METHOD_OTHER, "/", ERR_NOT_FOUND, -1},
};

START_TEST(test_route_find)
{
	const struct route *route = NULL;

	ck_assert_int_eq(route_find(table, COUNT_OF(table), searches[_i].method, searches[_i].path, &route),
			 searches[_i].err);
	ck_assert_ptr_eq(route, searches[_i].row >= 0 ? &table[searches[_i].row] : NULL);
}
END_TEST

START_TEST(test_forgotten_access_is_nobody)
{
	const struct route *route = NULL;

	ck_assert_int_eq(ACCESS_NOBODY, 0);
	ck_assert_int_eq(route_find(table, COUNT_OF(table), METHOD_GET, "/forgotten", &route), ERR_OK);
	ck_assert_int_eq(route->access, ACCESS_NOBODY);
	ck_assert_int_eq(route_find(table, 0, METHOD_GET, "/thing", &route), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_route_allow)
{
	static const struct route all[] = {
		{.method = METHOD_GET, .path = "/"},
		{.method = METHOD_POST, .path = "/"},
		{.method = METHOD_PUT, .path = "/"},
		{.method = METHOD_DELETE, .path = "/"},
	};
	char allow[ROUTE_ALLOW_SIZE + 1];

	allow[ROUTE_ALLOW_SIZE] = '?';
	route_allow(table, COUNT_OF(table), "/thing", allow);
	ck_assert_str_eq(allow, "GET, HEAD, PUT, DELETE, OPTIONS");
	route_allow(table, COUNT_OF(table), "/things", allow);
	ck_assert_str_eq(allow, "POST, OPTIONS");
	route_allow(all, COUNT_OF(all), "/", allow);
	ck_assert_str_eq(allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
	ck_assert_int_eq(allow[ROUTE_ALLOW_SIZE], '?');
}
END_TEST

/* heads of answers */

START_TEST(test_head)
{
	struct reply reply = {0};
	char head[REPLY_HEAD_SIZE];
	size_t size;

	reply_header(&reply, "Location", "/org/get?slug=acme");
	reply_body(&reply, 201, "application/json", "{\"a\":1}");
	size = reply_head(&reply, head);
	ck_assert_str_eq(head, "Status: 201 Created\r\nLocation: /org/get?slug=acme\r\n"
			       "Content-Type: application/json\r\nContent-Length: 7\r\n"
			       "X-Content-Type-Options: nosniff\r\n\r\n");
	ck_assert_uint_eq(size, strlen(head));
}
END_TEST

START_TEST(test_head_without_body)
{
	struct reply reply = {.status = 204};
	char head[REPLY_HEAD_SIZE];

	ck_assert_uint_eq(reply_head(&reply, head), strlen(head));
	ck_assert_str_eq(head, "Status: 204 No Content\r\nX-Content-Type-Options: nosniff\r\n\r\n");
}
END_TEST

START_TEST(test_header_injection)
{
	static const char *const values[] = {
		"a\r\nSet-Cookie: b=c", "a\nb", "a\rb", "\n", "a\tb", "a\x01", "a\x1f", "a\x7f",
	};
	struct reply reply = {0};

	reply_header(&reply, "X-A", values[_i]);
	ck_assert_uint_eq(reply.header_count, 0);
	reply_header(&reply, "X-B", " ~\xc3\xa9");
	ck_assert_uint_eq(reply.header_count, 1);
	ck_assert_str_eq(reply.headers[0].name, "X-B");
}
END_TEST

START_TEST(test_too_many_headers)
{
	struct reply reply = {0};
	struct reply copy;

	for (int i = 0; i < REPLY_HEADERS_MAX; i++)
		reply_header(&reply, "X-A", "a");
	ck_assert_uint_eq(reply.header_count, REPLY_HEADERS_MAX);
	memcpy(&copy, &reply, sizeof(copy));
	reply_header(&reply, "X-B", "b");
	ck_assert_mem_eq(&copy, &reply, sizeof(copy));
}
END_TEST

/* A head of exactly `size` bytes, by a header that fills it. */
static size_t head_of(size_t size, char head[REPLY_HEAD_SIZE])
{
	static char value[2 * REPLY_HEAD_SIZE];
	struct reply reply = {.status = 200};
	size_t bare = strlen("Status: 200 OK\r\nX-A: \r\nX-Content-Type-Options: nosniff\r\n\r\n");

	memset(value, 'x', sizeof(value));
	value[size - bare] = '\0';
	reply_header(&reply, "X-A", value);
	return reply_head(&reply, head);
}

START_TEST(test_head_that_does_not_fit)
{
	char head[REPLY_HEAD_SIZE + 1];

	head[REPLY_HEAD_SIZE] = '?';
	ck_assert_uint_eq(head_of(REPLY_HEAD_SIZE - 1, head), REPLY_HEAD_SIZE - 1);
	ck_assert_uint_eq(strlen(head), REPLY_HEAD_SIZE - 1);
	ck_assert_str_eq(head + REPLY_HEAD_SIZE - 5, "\r\n\r\n");
	for (size_t size = REPLY_HEAD_SIZE; size < REPLY_HEAD_SIZE + 100; size++) {
		ck_assert_uint_eq(head_of(size, head), strlen(head));
		ck_assert_str_eq(head, "Status: 500 Internal Server Error\r\n\r\n");
	}
	ck_assert_int_eq(head[REPLY_HEAD_SIZE], '?');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");

	suite_add(suite, "url", test_path_is_plain, 0, COUNT_OF(paths));
	suite_add(suite, "url", test_query, 0, COUNT_OF(queries));
	suite_add(suite, "url", test_query_of_many_pairs, 0, 1);
	suite_add(suite, "url", test_query_without_memory, 0, 1);
	suite_add(suite, "url", test_encode, 0, 1);
	suite_add(suite, "url", test_encode_and_parse_are_inverse, 0, 1);
	suite_add(suite, "route", test_route_find, 0, COUNT_OF(searches));
	suite_add(suite, "route", test_forgotten_access_is_nobody, 0, 1);
	suite_add(suite, "route", test_route_allow, 0, 1);
	suite_add(suite, "reply", test_head, 0, 1);
	suite_add(suite, "reply", test_head_without_body, 0, 1);
	suite_add(suite, "reply", test_header_injection, 0, 8);
	suite_add(suite, "reply", test_too_many_headers, 0, 1);
	suite_add(suite, "reply", test_head_that_does_not_fit, 0, 1);
	return suite_run(suite);
}
