/* SPDX-License-Identifier: Apache-2.0 */
/* check_api.c: requests through the dispatcher, without a socket. */
#include <stdio.h>
#include <string.h>

#include "api/input.h"
#include "api/routes.h"
#include "support/fixture.h"
#include "support/suite.h"

#define PASSWORD "correct horse"
#define CREATE(name, email) \
	"{\"organization_name\":\"" name "\",\"email\":\"" email "\",\"password\":\"" PASSWORD "\"}"

static struct fixture fixture;

static void open_usual(void)
{
	const char *settings[] = {"ORGD_METRICS=on", NULL};

	fixture_open(&fixture, settings);
}

static void close_fixture(void)
{
	fixture_close(&fixture);
}

static int call(const char *method, const char *uri, const char *token, const char *body)
{
	return fixture_call(&fixture, method, uri, token, body);
}

static void assert_problem(int status, const char *code)
{
	char text[64];

	ck_assert_int_eq(fixture.rq.reply.status, status);
	ck_assert_str_eq(fixture_header(&fixture, "Content-Type"), "application/problem+json");
	snprintf(text, sizeof(text), "\"code\":\"%s\"", code);
	ck_assert_msg(fixture_has(&fixture, text), "no %s in %s", text, fixture.body);
	snprintf(text, sizeof(text), "\"error\":\"%s\"", code);
	ck_assert(fixture_has(&fixture, text));
	snprintf(text, sizeof(text), "\"status\":%d", status);
	ck_assert(fixture_has(&fixture, text));
	ck_assert(fixture_has(&fixture, "\"type\":\"about:blank\""));
	ck_assert_str_eq(fixture_text(&fixture, "request_id"), fixture_header(&fixture, "X-Request-Id"));
	ck_assert_str_eq(fixture_text(&fixture, "detail"), fixture_text(&fixture, "message"));
}

static void assert_fault(const char *field, const char *code)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"field\":\"%s\",\"code\":\"%s\"", field, code);
	ck_assert_msg(fixture_has(&fixture, text), "no %s in %s", text, fixture.body);
}

START_TEST(the_life_of_an_organization)
{
	const char *token, *fresh;

	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE(" Acme  Corp ", "A@X.org")), 201);
	ck_assert_str_eq(fixture_text(&fixture, "organization_name"), "Acme Corp");
	ck_assert_str_eq(fixture_text(&fixture, "collection_name"), "org_acme-corp");
	ck_assert_str_eq(fixture_header(&fixture, "Location"), "/org/get?organization_name=Acme%20Corp");
	ck_assert_int_eq(call("GET", "/org/get?organization_name=acme+corp", NULL, NULL), 200);
	ck_assert_int_eq(call("GET", "/org/get?slug=acme-corp", NULL, NULL), 200);
	ck_assert_int_eq(call("GET", "/org/get", NULL, "{\"organization_name\":\"ACME CORP\"}"), 200);

	token = fixture_token(&fixture, "a@x.ORG", PASSWORD);
	ck_assert_str_eq(fixture_header(&fixture, "Cache-Control"), "no-store");
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"organization_name\":\"Zorn\"}"), 200);
	ck_assert_ptr_null(fixture_text(&fixture, "access_token"));
	ck_assert_int_eq(call("GET", "/org/get?slug=acme-corp", NULL, NULL), 404);
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"password\":\"another good one\"}"), 200);
	fresh = fixture_text(&fixture, "access_token");
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"organization_name\":\"X\"}"), 401);
	assert_problem(401, "invalid_token");
	ck_assert_int_eq(call("DELETE", "/org/delete?organization_name=Other", fresh, NULL), 403);
	ck_assert_int_eq(call("DELETE", "/org/delete", fresh, "{\"organization_name\":\"ZORN\"}"), 200);
	ck_assert(fixture_has(&fixture, "\"deleted\":true"));
	ck_assert_int_eq(call("GET", "/org/get?slug=zorn", NULL, NULL), 404);
	ck_assert_int_eq(call("DELETE", "/org/delete", fresh, NULL), 401);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme Corp", "a@x.org")), 201);
}
END_TEST

/* Requests and the one answer that each must get on an app with "Acme", admin a@x.org. */
static const struct {
	const char *method, *uri, *body;
	int status;
	const char *code;
} refusals[] = {
	{"GET", "/", NULL, 404, "not_found"},
	{"GET", "", NULL, 404, "not_found"},
	{"GET", "/org/get/", NULL, 404, "not_found"},
	{"GET", "//org/get", NULL, 404, "not_found"},
	{"GET", "/org/./get", NULL, 404, "not_found"},
	{"GET", "/org%2Fget", NULL, 404, "not_found"},
	{"POST", "/org/get", NULL, 405, "method_not_allowed"},
	{"BREW", "/org/get", NULL, 405, "method_not_allowed"},
	{"PUT", "/org/update", "{", 401, "unauthenticated"},
	{"DELETE", "/org/delete", NULL, 401, "unauthenticated"},
	{"POST", "/org/create", NULL, 400, "invalid_json"},
	{"POST", "/org/create", "[]", 400, "invalid_json"},
	{"POST", "/org/create", "{} x", 400, "invalid_json"},
	{"POST", "/org/create", "{\"a\":1,\"a\":1}", 400, "invalid_json"},
	{"POST", "/org/create", "{\"password\":\"a\\u0000b\"}", 400, "invalid_json"},
	{"POST", "/org/create", "{}", 422, "validation_failed"},
	{"POST", "/org/create", CREATE("Acme", "a@x.org"), 409, "organization_exists"},
	{"POST", "/org/create", CREATE("New", "A@x.org"), 409, "email_taken"},
	{"GET", "/org/get", NULL, 422, "validation_failed"},
	{"GET", "/org/get?slug=acme&organization_name=Acme", NULL, 422, "validation_failed"},
	{"GET", "/org/get?slug=acme&slug=acme", NULL, 400, "invalid_request"},
	{"GET", "/org/get?slug=%zz", NULL, 400, "invalid_request"},
	{"GET", "/org/get?nonsense=1", NULL, 422, "validation_failed"},
	{"GET", "/org/get?slug=none", NULL, 404, "organization_not_found"},
	{"POST", "/admin/login", "{\"email\":\"a@x.org\",\"password\":\"wrong one\"}", 401, "invalid_credentials"},
	{"POST", "/admin/login", "{\"email\":\"n@x.org\",\"password\":\"wrong one\"}", 401, "invalid_credentials"},
	{"POST", "/admin/login", "{\"email\":{\"$ne\":null},\"password\":\"x\"}", 422, "validation_failed"},
};

START_TEST(refusals_are_exact)
{
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	call(refusals[_i].method, refusals[_i].uri, NULL, refusals[_i].body);
	assert_problem(refusals[_i].status, refusals[_i].code);
}
END_TEST

START_TEST(all_faulty_fields_are_named)
{
	call("POST", "/org/create", NULL,
	     "{\"organization_name\":7,\"email\":\"x\",\"password\":\"password\",\"role\":\"root\"}");
	assert_problem(422, "validation_failed");
	assert_fault("organization_name", "wrong_type");
	assert_fault("email", "invalid");
	assert_fault("password", "too_common");
	assert_fault("role", "unknown");
	call("POST", "/org/create", NULL, "{}");
	assert_fault("organization_name", "required");
	assert_fault("email", "required");
	assert_fault("password", "required");
	call("POST", "/org/create", NULL,
	     "{\"organization_name\":\"Long Enough\",\"email\":\"a@x.org\",\"password\":\"long ENOUGH\"}");
	assert_fault("password", "invalid");
}
END_TEST

/* Every route, whatever is added to the table, is closed to those without a right. */
START_TEST(a_route_lets_in_whom_its_row_names)
{
	const struct route *route = &routes[_i];
	const char *method = route->method == METHOD_POST ? "POST" : route->method == METHOD_PUT ? "PUT"
			     : route->method == METHOD_DELETE ? "DELETE" : "GET";
	int status = call(method, route->path, NULL, NULL);

	ck_assert_int_ne(route->access, ACCESS_NOBODY);
	ck_assert_ptr_nonnull(route->summary);
	if (route->access == ACCESS_ADMIN)
		assert_problem(401, "unauthenticated");
	else
		ck_assert_int_ne(status, 401);
	status = call(method, route->path, "a.b.c", NULL);
	if (route->access == ACCESS_ADMIN)
		assert_problem(401, "invalid_token");
	ck_assert_int_eq(call("OPTIONS", route->path, NULL, NULL), 204);
	ck_assert_ptr_nonnull(strstr(fixture_header(&fixture, "Allow"), method));
	ck_assert_int_eq(call("PATCH", route->path, NULL, NULL), 405);
	ck_assert_ptr_nonnull(fixture_header(&fixture, "Allow"));
}
END_TEST

START_TEST(a_forgotten_access_denies)
{
	struct route forgotten = {.method = METHOD_GET, .path = "/x"};

	ck_assert_int_eq(forgotten.access, ACCESS_NOBODY);
}
END_TEST

START_TEST(bodies_have_a_limit_and_a_type)
{
	static char big[70000];
	const char *params[] = {"REQUEST_METHOD=POST", "REQUEST_URI=/admin/login", "CONTENT_TYPE=text/plain",
				"CONTENT_LENGTH=2", NULL};

	fixture_call_with(&fixture, params, "{}", 2);
	assert_problem(415, "unsupported_media_type");
	params[2] = "CONTENT_TYPE=application/json; charset=utf-8";
	fixture_call_with(&fixture, params, "{}", 2);
	assert_problem(422, "validation_failed");
	params[3] = "CONTENT_LENGTH=3";
	fixture_call_with(&fixture, params, "{}", 2);
	assert_problem(400, "invalid_request");
	memset(big, ' ', sizeof(big) - 1);
	call("POST", "/admin/login", NULL, big);
	assert_problem(413, "body_too_large");
}
END_TEST

START_TEST(a_head_is_a_get_without_body)
{
	ck_assert_int_eq(call("HEAD", "/healthz", NULL, NULL), 200);
	ck_assert(fixture.rq.reply.head_only);
	ck_assert_uint_eq(fixture.rq.reply.body_size, strlen("{\"status\":\"ok\"}"));
}
END_TEST

START_TEST(request_ids_are_kept_or_made)
{
	const char *params[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/healthz", "HTTP_X_REQUEST_ID=my-id.1", NULL};

	fixture_call_with(&fixture, params, NULL, 0);
	ck_assert_str_eq(fixture_header(&fixture, "X-Request-Id"), "my-id.1");
	params[2] = "HTTP_X_REQUEST_ID=a b\r\nEvil: 1";
	fixture_call_with(&fixture, params, NULL, 0);
	ck_assert_uint_eq(strlen(fixture_header(&fixture, "X-Request-Id")), 24);
}
END_TEST

START_TEST(logins_with_wrong_email_and_wrong_password_answer_alike)
{
	const char *wrong = "{\"email\":\"a@x.org\",\"password\":\"wrong one\"}";
	const char *unknown = "{\"email\":\"n@x.org\",\"password\":\"wrong one\"}";
	const char *params[] = {"REQUEST_METHOD=POST", "REQUEST_URI=/admin/login", "CONTENT_TYPE=application/json",
				"CONTENT_LENGTH=42", "HTTP_X_REQUEST_ID=same", NULL};
	char first[1024];

	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	ck_assert_uint_eq(strlen(wrong), 42);
	ck_assert_uint_eq(strlen(unknown), 42);
	fixture_call_with(&fixture, params, wrong, strlen(wrong));
	snprintf(first, sizeof(first), "%s", fixture.body);
	assert_problem(401, "invalid_credentials");
	ck_assert_str_eq(fixture_header(&fixture, "WWW-Authenticate"), "Bearer realm=\"orgd\"");
	fixture_call_with(&fixture, params, unknown, strlen(unknown));
	ck_assert_str_eq(fixture.body, first);
}
END_TEST

START_TEST(a_hash_of_lower_cost_is_renewed)
{
	struct account account;
	const struct store *store = &fixture.app.store;
	struct arena arena;

	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	hasher_free(fixture.app.hasher);
	fixture.app.hasher = hasher_new(1, 1, 5);
	fixture_token(&fixture, "a@x.org", PASSWORD);
	arena_init(&arena, 65536);
	ck_assert_int_eq(store->ops->account_by_email(store->impl, &arena, "a@x.org", &account), ERR_OK);
	ck_assert_uint_eq(password_cost(account.admin.password_hash), 5);
	arena_fini(&arena);
	fixture_token(&fixture, "a@x.org", PASSWORD);
}
END_TEST

START_TEST(no_free_place_for_hashing_is_overloaded)
{
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(hasher_enter(fixture.app.hasher), ERR_OK);
	call("POST", "/admin/login", NULL, "{\"email\":\"a@x.org\",\"password\":\"wrong one\"}");
	assert_problem(503, "overloaded");
	ck_assert_str_eq(fixture_header(&fixture, "Retry-After"), "1");
	call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org"));
	assert_problem(503, "overloaded");
	ck_assert_int_eq(call("GET", "/healthz", NULL, NULL), 200);
	hasher_leave(fixture.app.hasher);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
}
END_TEST

START_TEST(updates_that_change_nothing_write_nothing)
{
	const char *token, *updated;

	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	updated = fixture_text(&fixture, "updated_at");
	token = fixture_token(&fixture, "a@x.org", PASSWORD);
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"organization_name\":\"Acme\",\"email\":\"A@x.org\"}"),
			 200);
	ck_assert_str_eq(fixture_text(&fixture, "updated_at"), updated);
	ck_assert_ptr_null(fixture_text(&fixture, "access_token"));
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"organization_name\":\"ACME\"}"), 200);
	ck_assert_str_eq(fixture_text(&fixture, "slug"), "acme");
	call("PUT", "/org/update", token, "{\"organization_name\":\"X\",\"current_password\":\"wrong one\"}");
	assert_problem(422, "validation_failed");
	assert_fault("current_password", "incorrect");
	call("PUT", "/org/update", token, "{\"current_password\":\"" PASSWORD "\"}");
	assert_problem(422, "validation_failed");
}
END_TEST

/* Choices of the operator: a setting, a request, what it must get. */
static const struct {
	const char *setting, *method, *uri, *token, *body;
	int status;
	const char *code;
} policies[] = {
	{"ORGD_CREATE=closed", "POST", "/org/create", NULL, "x", 403, "creation_closed"},
	{"ORGD_CREATE=key", "POST", "/org/create", NULL, "x", 401, "unauthenticated"},
	{"ORGD_CREATE=key", "POST", "/org/create", "wrong", "x", 401, "invalid_token"},
	{"ORGD_CREATE=key", "POST", "/org/create", "k9d8s7f6k9d8s7f6k9d8s7f6k9d8s7f6", "x", 400, "invalid_json"},
	{"ORGD_PUBLIC_LOOKUP=off", "GET", "/org/get?slug=x", NULL, NULL, 401, "unauthenticated"},
	{"ORGD_PUBLIC_LOOKUP=off", "GET", "/org/get?slug=x", "a.b.c", NULL, 401, "invalid_token"},
	{"ORGD_METRICS=off", "GET", "/metrics", NULL, NULL, 404, "not_found"},
	{"ORGD_METRICS=off", "POST", "/metrics", NULL, NULL, 404, "not_found"},
	{"ORGD_METRICS=on", "POST", "/metrics", NULL, NULL, 405, "method_not_allowed"},
	{"ORGD_BASE_PATH=/api", "GET", "/org/get?slug=x", NULL, NULL, 404, "not_found"},
	{"ORGD_BASE_PATH=/api", "GET", "/api/org/get?slug=x", NULL, NULL, 404, "organization_not_found"},
	{"ORGD_BASE_PATH=/api", "GET", "/apiorg/get?slug=x", NULL, NULL, 404, "not_found"},
};

START_TEST(policies_are_kept)
{
	const char *settings[] = {policies[_i].setting, "ORGD_CREATE_KEY=k9d8s7f6k9d8s7f6k9d8s7f6k9d8s7f6", NULL};

	fixture_open(&fixture, settings);
	call(policies[_i].method, policies[_i].uri, policies[_i].token, policies[_i].body);
	assert_problem(policies[_i].status, policies[_i].code);
	fixture_close(&fixture);
}
END_TEST

START_TEST(private_lookup_finds_only_ones_own)
{
	const char *settings[] = {"ORGD_PUBLIC_LOOKUP=off", NULL};
	const char *token;

	fixture_open(&fixture, settings);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Zorn", "z@x.org")), 201);
	token = fixture_token(&fixture, "a@x.org", PASSWORD);
	ck_assert_int_eq(call("GET", "/org/get?slug=acme", token, NULL), 200);
	call("GET", "/org/get?slug=zorn", token, NULL);
	assert_problem(404, "organization_not_found");
	fixture_close(&fixture);
}
END_TEST

START_TEST(the_current_password_can_be_demanded)
{
	const char *settings[] = {"ORGD_REQUIRE_CURRENT_PASSWORD=on", NULL};
	const char *token;

	fixture_open(&fixture, settings);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	token = fixture_token(&fixture, "a@x.org", PASSWORD);
	call("PUT", "/org/update", token, "{\"email\":\"b@x.org\"}");
	assert_problem(422, "validation_failed");
	assert_fault("current_password", "required");
	ck_assert_int_eq(call("PUT", "/org/update", token, "{\"organization_name\":\"Zorn\"}"), 200);
	ck_assert_int_eq(call("PUT", "/org/update", token,
			      "{\"email\":\"b@x.org\",\"current_password\":\"" PASSWORD "\"}"),
			 200);
	fixture_close(&fixture);
}
END_TEST

START_TEST(the_number_of_organizations_can_be_limited)
{
	const char *settings[] = {"ORGD_MAX_ORGANIZATIONS=1", NULL};

	fixture_open(&fixture, settings);
	ck_assert_int_eq(call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org")), 201);
	call("POST", "/org/create", NULL, CREATE("Acme", "a@x.org"));
	assert_problem(403, "organization_limit");
	fixture_close(&fixture);
}
END_TEST

int main(void)
{
	const TTest *const usual[] = {
		the_life_of_an_organization, all_faulty_fields_are_named, bodies_have_a_limit_and_a_type,
		a_head_is_a_get_without_body, request_ids_are_kept_or_made,
		logins_with_wrong_email_and_wrong_password_answer_alike, a_hash_of_lower_cost_is_renewed,
		no_free_place_for_hashing_is_overloaded, updates_that_change_nothing_write_nothing,
	};
	Suite *suite = suite_create("api");
	TCase *tcase = tcase_create("usual");

	tcase_add_checked_fixture(tcase, open_usual, close_fixture);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < COUNT_OF(usual); i++)
		tcase_add_test(tcase, usual[i]);
	tcase_add_loop_test(tcase, refusals_are_exact, 0, COUNT_OF(refusals));
	tcase_add_loop_test(tcase, a_route_lets_in_whom_its_row_names, 0, (int)routes_count);
	suite_add_tcase(suite, tcase);
	suite_add(suite, "access", a_forgotten_access_denies, 0, 1);
	suite_add(suite, "policies", policies_are_kept, 0, COUNT_OF(policies));
	suite_add(suite, "private lookup", private_lookup_finds_only_ones_own, 0, 1);
	suite_add(suite, "current password", the_current_password_can_be_demanded, 0, 1);
	suite_add(suite, "limit", the_number_of_organizations_can_be_limited, 0, 1);
	return suite_run(suite);
}
