/* SPDX-License-Identifier: Apache-2.0 */
/* check_openapi.c: the document has all that the tables have, and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/api_openapi.h"
#include "api/input.h"
#include "api/routes.h"
#include "base/json.h"
#include "support/fixture.h"
#include "support/suite.h"

/* With every route there is. */
static const struct app_policy usual = {
	.create = APP_CREATE_OPEN, .public_lookup = true, .metrics = true, .base_path = "",
};

static struct arena arena;
static const json_value *document;

static void make(const struct app_policy *policy)
{
	const char *why;
	char *text;

	arena_init(&arena, 8 << 20);
	json_init();
	text = api_openapi_text(&arena, policy);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(json_parse(&arena, text, strlen(text), &document, &why), ERR_OK);
}

static void make_usual(void)
{
	make(&usual);
}

static void drop(void)
{
	arena_fini(&arena);
}

static const json_value *member(const json_value *object, const char *name)
{
	const json_value *found = NULL;

	while (object != NULL && (found = json_each(object, found)) != NULL)
		if (strcmp(json_name(found), name) == 0)
			return found;
	return NULL;
}

static size_t count(const json_value *object)
{
	const json_value *each = NULL;
	size_t number = 0;

	while (object != NULL && (each = json_each(object, each)) != NULL)
		number++;
	return number;
}

static bool holds(const json_value *array, const char *text)
{
	const json_value *item = NULL;

	while (array != NULL && (item = json_each(array, item)) != NULL)
		if (json_text(item) != NULL && strcmp(json_text(item), text) == 0)
			return true;
	return false;
}

static const char *method_name(const struct route *route)
{
	return route->method == METHOD_POST ? "post" : route->method == METHOD_PUT ? "put"
	       : route->method == METHOD_DELETE ? "delete" : "get";
}

static const json_value *operation(const struct route *route)
{
	const json_value *found = member(member(member(document, "paths"), route->path), method_name(route));

	ck_assert_msg(found != NULL, "%s %s is missing", method_name(route), route->path);
	return found;
}

static const json_value *body_schema(const json_value *holder)
{
	const json_value *content = member(holder, "content");

	return content != NULL ? member(json_each(content, NULL), "schema") : NULL;
}

START_TEST(every_route_is_there_and_nothing_else)
{
	const json_value *path = NULL;
	size_t operations = 0;

	ck_assert_str_eq(json_text(member(document, "openapi")), "3.1.0");
	ck_assert_str_eq(json_text(member(member(document, "info"), "version")), VERSION);
	for (size_t i = 0; i < routes_count; i++)
		operation(&routes[i]);
	while ((path = json_each(member(document, "paths"), path)) != NULL)
		operations += count(path);
	ck_assert_uint_eq(operations, routes_count);
}
END_TEST

START_TEST(a_route_that_is_off_is_not_there)
{
	const struct app_policy policy = {.create = APP_CREATE_OPEN, .public_lookup = true, .base_path = ""};

	ck_assert_ptr_nonnull(member(member(document, "paths"), "/metrics"));
	drop();
	make(&policy);
	ck_assert_ptr_null(member(member(document, "paths"), "/metrics"));
}
END_TEST

START_TEST(operations_have_names_of_their_own)
{
	for (size_t i = 0; i < routes_count; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(json_text(member(operation(&routes[i]), "operationId")),
					 json_text(member(operation(&routes[j]), "operationId")));
}
END_TEST

static void assert_query(const json_value *parameters, const char *name)
{
	const json_value *parameter = NULL;

	while ((parameter = json_each(parameters, parameter)) != NULL)
		if (member(parameter, "name") != NULL && strcmp(json_text(member(parameter, "name")), name) == 0)
			return;
	ck_abort_msg("no parameter %s", name);
}

START_TEST(every_field_is_there_and_nothing_else)
{
	const struct input_spec *spec = routes[_i].input;
	const json_value *found = operation(&routes[_i]);
	const json_value *properties = member(body_schema(member(found, "requestBody")), "properties");
	size_t in_body = 0, in_query = 0;

	for (size_t i = 0; spec != NULL && i < spec->count; i++) {
		const char *name = input_field(spec->fields[i].id)->name;
		if (spec->fields[i].sources & INPUT_BODY) {
			ck_assert_msg(member(properties, name) != NULL, "no %s", name);
			in_body++;
		}
		if (spec->fields[i].sources & INPUT_QUERY) {
			assert_query(member(found, "parameters"), name);
			in_query++;
		}
		if (spec->fields[i].role == INPUT_REQUIRED)
			ck_assert(holds(member(body_schema(member(found, "requestBody")), "required"), name));
	}
	ck_assert_uint_eq(count(properties), in_body);
	ck_assert_uint_eq(count(member(found, "parameters")), in_query + 1);
	ck_assert_int_eq(member(found, "requestBody") != NULL, spec != NULL);
}
END_TEST

/* The codes of a response: the `enum` that stands in the second part of its schema. */
static const json_value *codes_of(const json_value *response)
{
	const json_value *all = member(body_schema(response), "allOf");

	ck_assert_uint_eq(count(all), 2);
	return member(member(member(json_each(all, json_each(all, NULL)), "properties"), "code"), "enum");
}

START_TEST(every_problem_is_there_and_nothing_else)
{
	const json_value *responses = member(operation(&routes[_i]), "responses"), *response = NULL;
	uint32_t problems = api_openapi_problems(&routes[_i], &usual);
	size_t wanted = 0, found = 0;
	char status[16];

	for (unsigned err = 1; err < ERR_COUNT; err++) {
		const struct err_info *info = err_info((enum err)err);
		if (!(problems >> err & 1))
			continue;
		snprintf(status, sizeof(status), "%d", info->status);
		ck_assert_msg(member(responses, status) != NULL, "no %s", status);
		ck_assert_msg(holds(codes_of(member(responses, status)), info->code), "no %s", info->code);
		wanted++;
	}
	snprintf(status, sizeof(status), "%d", routes[_i].status);
	ck_assert_ptr_nonnull(body_schema(member(responses, status)));
	while ((response = json_each(responses, response)) != NULL) {
		ck_assert_ptr_nonnull(member(member(response, "headers"), "X-Request-Id"));
		if (strcmp(json_name(response), status) != 0)
			found += count(codes_of(response));
	}
	ck_assert_uint_eq(found, wanted);
}
END_TEST

static const json_value *resolve(const char *reference)
{
	const json_value *at = document;
	char part[80];

	ck_assert_int_eq(strncmp(reference, "#/", 2), 0);
	for (reference += 2; at != NULL && *reference != '\0'; reference += *reference == '/') {
		size_t size = strcspn(reference, "/");
		snprintf(part, sizeof(part), "%.*s", (int)size, reference);
		at = member(at, part);
		reference += size;
	}
	return at;
}

static void walk(const json_value *value)
{
	const json_value *each = NULL;

	while ((each = json_each(value, each)) != NULL) {
		if (json_name(each) != NULL && strcmp(json_name(each), "$ref") == 0)
			ck_assert_msg(resolve(json_text(each)) != NULL, "%s leads nowhere", json_text(each));
		walk(each);
	}
}

START_TEST(every_reference_leads_somewhere)
{
	walk(document);
}
END_TEST

START_TEST(a_member_that_is_required_is_defined)
{
	const json_value *schema = NULL;

	while ((schema = json_each(member(member(document, "components"), "schemas"), schema)) != NULL) {
		const json_value *name = NULL;
		while ((name = json_each(member(schema, "required"), name)) != NULL)
			ck_assert_ptr_nonnull(member(member(schema, "properties"), json_text(name)));
	}
}
END_TEST

/* A policy, and what each kind of access asks for then; NULL: nothing. */
static const struct {
	struct app_policy policy;
	const char *creating, *looking;
	unsigned creating_errs, looking_errs;
} policies[] = {
	{{.create = APP_CREATE_OPEN, .public_lookup = true, .metrics = true, .base_path = ""}, NULL, NULL, 0, 0},
	{{.create = APP_CREATE_KEY, .public_lookup = true, .metrics = true, .base_path = "/api"}, "createKey", NULL,
	 ROUTE_PROBLEM(UNAUTHENTICATED) | ROUTE_PROBLEM(INVALID_TOKEN), 0},
	{{.create = APP_CREATE_CLOSED, .public_lookup = false, .metrics = true, .base_path = ""}, NULL, "bearerAuth",
	 ROUTE_PROBLEM(CREATION_CLOSED), ROUTE_PROBLEM(UNAUTHENTICATED) | ROUTE_PROBLEM(INVALID_TOKEN)},
};

static void assert_security(const struct route *route, const char *scheme, unsigned errs,
			    const struct app_policy *policy)
{
	const unsigned all = ROUTE_PROBLEM(UNAUTHENTICATED) | ROUTE_PROBLEM(INVALID_TOKEN) |
			     ROUTE_PROBLEM(CREATION_CLOSED);
	const json_value *security = member(operation(route), "security");

	ck_assert_uint_eq(count(security), scheme != NULL);
	if (scheme != NULL) {
		ck_assert_ptr_nonnull(member(json_each(security, NULL), scheme));
		ck_assert_ptr_nonnull(member(member(member(document, "components"), "securitySchemes"), scheme));
	}
	ck_assert_uint_eq(api_openapi_problems(route, policy) & all, errs);
}

START_TEST(the_policy_says_who_needs_what)
{
	const struct app_policy *policy = &policies[_i].policy;
	const json_value *server;

	make(policy);
	for (size_t i = 0; i < routes_count; i++) {
		if (routes[i].access == ACCESS_CREATE)
			assert_security(&routes[i], policies[_i].creating, policies[_i].creating_errs, policy);
		else if (routes[i].access == ACCESS_LOOKUP)
			assert_security(&routes[i], policies[_i].looking, policies[_i].looking_errs, policy);
		else if (routes[i].access == ACCESS_ADMIN)
			assert_security(&routes[i], "bearerAuth",
					ROUTE_PROBLEM(UNAUTHENTICATED) | ROUTE_PROBLEM(INVALID_TOKEN), policy);
		else
			assert_security(&routes[i], NULL, 0, policy);
	}
	server = json_each(member(document, "servers"), NULL);
	ck_assert_str_eq(json_text(member(server, "url")), policy->base_path[0] != '\0' ? policy->base_path : "/");
	drop();
}
END_TEST

START_TEST(it_is_served_always_the_same)
{
	static struct fixture fixture;
	const char *settings[] = {"ORGD_MAX_BODY=1024", NULL};
	char *first;

	fixture_open(&fixture, settings);
	ck_assert_int_eq(fixture_call(&fixture, "GET", "/openapi.json", NULL, NULL), 200);
	ck_assert_str_eq(fixture_header(&fixture, "Content-Type"), "application/json");
	first = strdup(fixture.body);
	ck_assert_int_eq(fixture_call(&fixture, "GET", "/openapi.json", NULL, NULL), 200);
	ck_assert_str_eq(fixture.body, first);
	free(first);
	fixture_close(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("openapi");
	TCase *tcase = tcase_create("document");
	const int all = (int)routes_count;

	tcase_add_checked_fixture(tcase, make_usual, drop);
	tcase_add_test(tcase, every_route_is_there_and_nothing_else);
	tcase_add_test(tcase, a_route_that_is_off_is_not_there);
	tcase_add_test(tcase, operations_have_names_of_their_own);
	tcase_add_loop_test(tcase, every_field_is_there_and_nothing_else, 0, all);
	tcase_add_loop_test(tcase, every_problem_is_there_and_nothing_else, 0, all);
	tcase_add_test(tcase, every_reference_leads_somewhere);
	tcase_add_test(tcase, a_member_that_is_required_is_defined);
	suite_add_tcase(suite, tcase);
	suite_add(suite, "policies", the_policy_says_who_needs_what, 0, COUNT_OF(policies));
	suite_add(suite, "served", it_is_served_always_the_same, 0, 1);
	return suite_run(suite);
}
