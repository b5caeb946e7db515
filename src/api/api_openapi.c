/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_openapi.c: the document that describes this service, as it is configured.
 *
 * One pass over the route table; the order is that of the tables, so that it is always the same text.
 * What holds for all routes stands in the components NotFound, MethodNotAllowed and Options, since an
 * operation of its own for each HEAD and OPTIONS would say nothing more.
 * https://spec.openapis.org/oas/v3.1.0
 */
#include "api/api_openapi.h"

#include <string.h>

#include "api/openapi_links.h"
#include "api/openapi_schema.h"
#include "api/routes.h"

#define ACCESS_PROBLEMS (ROUTE_PROBLEM(UNAUTHENTICATED) | ROUTE_PROBLEM(INVALID_TOKEN))
#define TOKEN_PROBLEMS (ACCESS_PROBLEMS | ROUTE_PROBLEM(OVERLOADED) | ROUTE_PROBLEM(STORE_UNAVAILABLE))
#define INPUT_PROBLEMS                                                                                        \
	(ROUTE_PROBLEM(INVALID_JSON) | ROUTE_PROBLEM(INVALID_REQUEST) | ROUTE_PROBLEM(BODY_TOO_LARGE) |       \
	 ROUTE_PROBLEM(UNSUPPORTED_MEDIA_TYPE) | ROUTE_PROBLEM(VALIDATION_FAILED))
#define REQUEST_ID_TEXT "An id of your own, 1 to 64 of A-Z a-z 0-9 . _ -, to be given back; others are ignored."

static const char about[] =
	"Organizations, each with an admin and a collection of its own. Every answer has an X-Request-Id. "
	"Each path takes OPTIONS (components/responses/Options), and HEAD where it takes GET; other methods "
	"answer MethodNotAllowed, other paths NotFound. A web server in front may refuse a request by itself "
	"(400, 405, 408, 411, 413, 414, 429, 501 to 505): that is a Problem too.";

/* Headers of answers; `pattern` NULL: any text. */
enum header { HEADER_ID, HEADER_LOCATION, HEADER_CACHE, HEADER_RETRY, HEADER_CHALLENGE, HEADER_ALLOW, HEADER_COUNT };

static const struct {
	const char *name, *type, *pattern, *description;
} headers[HEADER_COUNT] = {
	[HEADER_ID] = {"X-Request-Id", "string", "^[A-Za-z0-9._-]{1,64}$", "Names the request, also in the log."},
	[HEADER_LOCATION] = {"Location", "string", "^/", "Where to read what was made."},
	[HEADER_CACHE] = {"Cache-Control", "string", "^no-store$", "An answer with a token is not to be stored."},
	[HEADER_RETRY] = {"Retry-After", "integer", NULL, "Seconds to wait before the next try."},
	[HEADER_CHALLENGE] = {"WWW-Authenticate", "string", "^Bearer realm=\"orgd\"",
			      "As RFC 6750 has it; with error=\"invalid_token\" when a token was sent."},
	[HEADER_ALLOW] = {"Allow", "string", "^[A-Z, ]+$", "The methods that the path takes."},
};

uint32_t api_openapi_problems(const struct route *route, const struct app_policy *policy)
{
	uint32_t problems = route->problems | ROUTE_PROBLEM(INTERNAL);

	if (route->input != NULL)
		problems |= INPUT_PROBLEMS;
	if (route->access == ACCESS_ADMIN || (route->access == ACCESS_LOOKUP && !policy->public_lookup))
		problems |= TOKEN_PROBLEMS;
	if (route->access == ACCESS_CREATE && policy->create == APP_CREATE_KEY)
		problems |= ACCESS_PROBLEMS;
	if (route->access == ACCESS_CREATE && policy->create == APP_CREATE_CLOSED)
		problems |= ROUTE_PROBLEM(CREATION_CLOSED);
	return problems;
}

static void define_header(struct json_writer *writer, json_value *object, enum header header, bool required)
{
	json_value *schema;

	json_add_text(writer, object, "description", headers[header].description);
	if (required)
		json_add_bool(writer, object, "required", true);
	schema = json_add_object(writer, object, "schema");
	json_add_text(writer, schema, "type", headers[header].type);
	if (headers[header].pattern != NULL)
		json_add_text(writer, schema, "pattern", headers[header].pattern);
	else
		json_add_number(writer, schema, "minimum", 1);
}

/* A header that always comes is a component; one that does not is written out. */
static void add_header(struct json_writer *writer, json_value *object, enum header header, bool required)
{
	const char *name = headers[header].name;
	json_value *member = json_add_object(writer, object, name);
	char *reference = arena_printf(writer->arena, "#/components/headers/%s", name);

	writer->failed |= reference == NULL;
	if (required && reference != NULL)
		json_add_text(writer, member, "$ref", reference);
	else
		define_header(writer, member, header, false);
}

/* The start of a response; returns its headers. */
static json_value *begin_response(struct json_writer *writer, json_value *response, const char *description)
{
	json_value *object;

	json_add_text(writer, response, "description", description);
	object = json_add_object(writer, response, "headers");
	add_header(writer, object, HEADER_ID, true);
	return object;
}

static json_value *add_content(struct json_writer *writer, json_value *response, const char *type)
{
	json_value *content = json_add_object(writer, response, "content");

	return json_add_object(writer, json_add_object(writer, content, type), "schema");
}

static const char *status_text(struct json_writer *writer, int status)
{
	char *text = arena_printf(writer->arena, "%d", status);

	writer->failed |= text == NULL;
	return text != NULL ? text : "";
}

static void add_success(struct json_writer *writer, json_value *responses, const struct route *route)
{
	json_value *response = json_add_object(writer, responses, status_text(writer, route->status));
	json_value *object = begin_response(writer, response, route->answer->description);
	const struct member *token = answer_member(route->answer, "access_token");

	if (route->status == 201)
		add_header(writer, object, HEADER_LOCATION, true);
	if (token != NULL)
		add_header(writer, object, HEADER_CACHE, !token->optional);
	openapi_schema_answer(writer, add_content(writer, response, route->answer->type), route->answer);
	openapi_links_add(writer, response, route);
}

/* Whether some, or all, of the problems of a status come with Retry-After. */
static void count_retries(int status, uint32_t problems, bool *some_r, bool *all_r)
{
	*some_r = false;
	*all_r = true;
	for (unsigned err = 1; err < ERR_COUNT; err++) {
		const struct err_info *info = err_info((enum err)err);
		if (!(problems >> err & 1) || info->status != status)
			continue;
		*some_r |= info->retry_after != NULL;
		*all_r &= info->retry_after != NULL;
	}
}

static void define_problem(struct json_writer *writer, json_value *response, int status, uint32_t problems)
{
	json_value *object = begin_response(writer, response, err_title(status));
	bool some, all;

	count_retries(status, problems, &some, &all);
	if (some)
		add_header(writer, object, HEADER_RETRY, all);
	if (status == 401)
		add_header(writer, object, HEADER_CHALLENGE, true);
	if (status == 405)
		add_header(writer, object, HEADER_ALLOW, true);
	openapi_schema_problem(writer, add_content(writer, response, answer_problem.type), status, problems);
}

/* A response for each status; ERR_LIST has the codes of one status together. */
static void add_problems(struct json_writer *writer, json_value *responses, uint32_t problems)
{
	int last = 0;

	for (unsigned err = 1; err < ERR_COUNT; err++) {
		int status = err_info((enum err)err)->status;
		if (!(problems >> err & 1) || status == last)
			continue;
		define_problem(writer, json_add_object(writer, responses, status_text(writer, status)), status,
			       problems);
		last = status;
	}
}

static void add_parameters(struct json_writer *writer, json_value *operation, const struct input_spec *spec)
{
	json_value *parameters = json_add_array(writer, operation, "parameters");

	json_add_text(writer, json_add_element(writer, parameters), "$ref", "#/components/parameters/RequestId");
	for (size_t i = 0; spec != NULL && i < spec->count; i++) {
		const struct field *field = input_field(spec->fields[i].id);
		json_value *parameter;
		if (!(spec->fields[i].sources & INPUT_QUERY))
			continue;
		parameter = json_add_element(writer, parameters);
		json_add_text(writer, parameter, "name", field->name);
		json_add_text(writer, parameter, "in", "query");
		json_add_bool(writer, parameter, "required", spec->fields[i].role == INPUT_REQUIRED);
		openapi_schema_field(writer, json_add_object(writer, parameter, "schema"), field);
	}
}

static void add_body(struct json_writer *writer, json_value *operation, const struct input_spec *spec)
{
	json_value *body = json_add_object(writer, operation, "requestBody");

	json_add_bool(writer, body, "required", spec->body_required);
	openapi_schema_body(writer, add_content(writer, body, "application/json"), spec);
}

/* Which of the security schemes an operation asks for: none, a token, or the key for creating. */
static void add_security(struct json_writer *writer, json_value *operation, const struct route *route,
			 const struct app_policy *policy)
{
	json_value *security = json_add_array(writer, operation, "security");

	if (route->access == ACCESS_ADMIN || (route->access == ACCESS_LOOKUP && !policy->public_lookup))
		json_add_array(writer, json_add_element(writer, security), "bearerAuth");
	else if (route->access == ACCESS_CREATE && policy->create == APP_CREATE_KEY)
		json_add_array(writer, json_add_element(writer, security), "createKey");
}

/* What the schemas cannot say. */
static const char *describe_input(const struct input_spec *spec)
{
	if (spec == NULL || spec->max_counted == 0)
		return NULL;
	if (spec->max_counted > 1)
		return "At least one of the optional fields must be given, besides current_password.";
	return spec->min_counted == 1 ? "Exactly one of the fields must be given, in the query or the body."
				      : "The field may be given once, in the query or the body.";
}

static void add_operation(struct json_writer *writer, json_value *path, const struct route *route,
			  const struct app_policy *policy)
{
	const char *method = route->method == METHOD_POST ? "post" : route->method == METHOD_PUT ? "put"
			     : route->method == METHOD_DELETE ? "delete" : "get";
	const char *description = describe_input(route->input);
	json_value *operation = json_add_object(writer, path, method);
	json_value *responses;

	json_add_text(writer, operation, "operationId", openapi_links_operation(writer, route));
	json_add_text(writer, operation, "summary", route->summary);
	if (description != NULL)
		json_add_text(writer, operation, "description", description);
	add_security(writer, operation, route, policy);
	add_parameters(writer, operation, route->input);
	if (route->input != NULL)
		add_body(writer, operation, route->input);
	responses = json_add_object(writer, operation, "responses");
	add_success(writer, responses, route);
	add_problems(writer, responses, api_openapi_problems(route, policy));
}

static bool exists(const struct route *route, const struct app_policy *policy)
{
	return route->access != ACCESS_METRICS || policy->metrics;
}

static bool is_first_of_path(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(routes[i].path, routes[index].path) == 0)
			return false;
	return true;
}

static void add_paths(struct json_writer *writer, const struct app_policy *policy)
{
	json_value *paths = json_add_object(writer, writer->root, "paths");

	for (size_t i = 0; i < routes_count; i++) {
		json_value *path;
		if (!is_first_of_path(i) || !exists(&routes[i], policy))
			continue;
		path = json_add_object(writer, paths, routes[i].path);
		for (size_t j = i; j < routes_count; j++)
			if (strcmp(routes[i].path, routes[j].path) == 0)
				add_operation(writer, path, &routes[j], policy);
	}
}

static void add_scheme(struct json_writer *writer, json_value *schemes, const char *name, const char *format,
		       const char *description)
{
	json_value *scheme = json_add_object(writer, schemes, name);

	json_add_text(writer, scheme, "type", "http");
	json_add_text(writer, scheme, "scheme", "bearer");
	if (format != NULL)
		json_add_text(writer, scheme, "bearerFormat", format);
	json_add_text(writer, scheme, "description", description);
}

/* Answers that no operation has, and that every path or none can give. */
static void add_common_responses(struct json_writer *writer, json_value *responses)
{
	json_value *options = json_add_object(writer, responses, "Options");

	add_header(writer, begin_response(writer, options, "To OPTIONS."), HEADER_ALLOW, true);
	define_problem(writer, json_add_object(writer, responses, "NotFound"), 404, ROUTE_PROBLEM(NOT_FOUND));
	define_problem(writer, json_add_object(writer, responses, "MethodNotAllowed"), 405,
		       ROUTE_PROBLEM(METHOD_NOT_ALLOWED));
}

static void add_request_id(struct json_writer *writer, json_value *parameters)
{
	json_value *parameter = json_add_object(writer, parameters, "RequestId");

	json_add_text(writer, parameter, "name", headers[HEADER_ID].name);
	json_add_text(writer, parameter, "in", "header");
	json_add_text(writer, parameter, "description", REQUEST_ID_TEXT);
	json_add_text(writer, json_add_object(writer, parameter, "schema"), "type", "string");
}

static void add_components(struct json_writer *writer, const struct app_policy *policy)
{
	json_value *components = json_add_object(writer, writer->root, "components");
	json_value *object = json_add_object(writer, components, "headers");

	for (int header = 0; header < HEADER_COUNT; header++)
		define_header(writer, json_add_object(writer, object, headers[header].name), (enum header)header,
			      true);
	add_request_id(writer, json_add_object(writer, components, "parameters"));
	add_common_responses(writer, json_add_object(writer, components, "responses"));
	openapi_schema_all(writer, json_add_object(writer, components, "schemas"));
	object = json_add_object(writer, components, "securitySchemes");
	add_scheme(writer, object, "bearerAuth", "JWT", "The access_token of a login.");
	if (policy->create == APP_CREATE_KEY)
		add_scheme(writer, object, "createKey", NULL, "The operator's ORGD_CREATE_KEY.");
}

char *api_openapi_text(struct arena *arena, const struct app_policy *policy)
{
	struct json_writer writer;
	json_value *object;

	json_begin(&writer, arena);
	json_add_text(&writer, writer.root, "openapi", "3.1.0");
	object = json_add_object(&writer, writer.root, "info");
	json_add_text(&writer, object, "title", "orgd");
	json_add_text(&writer, object, "version", VERSION);
	json_add_text(&writer, object, "description", about);
	object = json_add_array(&writer, writer.root, "servers");
	json_add_text(&writer, json_add_element(&writer, object), "url",
		      policy->base_path[0] != '\0' ? policy->base_path : "/");
	add_paths(&writer, policy);
	add_components(&writer, policy);
	return json_print(&writer);
}

enum err api_openapi_json(struct req *rq)
{
	char *text = api_openapi_text(rq->arena, &rq->app->policy);

	if (text == NULL)
		return ERR_INTERNAL;
	reply_body(&rq->reply, 200, "application/json", text);
	return ERR_OK;
}
