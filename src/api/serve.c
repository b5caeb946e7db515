/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c: the one place that every request goes through, from its id to its line in the log. */
#include "api/serve.h"

#include <string.h>

#include "api/api_metrics.h"
#include "api/input.h"
#include "api/routes.h"
#include "app.h"
#include "auth/principal.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/str.h"
#include "http/url.h"

#define REALM "Bearer realm=\"orgd\""

/* The path without the base path, or NULL when it is not below it. */
static const char *strip_base(const char *path, const char *base)
{
	size_t size = strlen(base);

	return strncmp(path, base, size) == 0 && path[size] == '/' ? path + size : NULL;
}

/* Whether a path's rows are switched off: then they are as if they were not there. */
static bool is_off(const struct req *rq)
{
	for (size_t i = 0; i < routes_count; i++)
		if (routes[i].access == ACCESS_METRICS && strcmp(routes[i].path, rq->path) == 0)
			return !rq->app->policy.metrics;
	return false;
}

/* Finds the route; an OPTIONS on a known path is answered here (*done_r). */
static enum err find_route(struct req *rq, bool *done_r)
{
	char *allow;
	enum err err;

	rq->path = strip_base(rq->path, rq->app->policy.base_path);
	if (rq->path == NULL || !url_path_is_plain(rq->path) || is_off(rq))
		return ERR_NOT_FOUND;
	err = route_find(routes, routes_count, rq->method, rq->path, &rq->route);
	if (err != ERR_METHOD_NOT_ALLOWED)
		return err;
	allow = arena_alloc(rq->arena, ROUTE_ALLOW_SIZE);
	if (allow == NULL)
		return ERR_INTERNAL;
	route_allow(routes, routes_count, rq->path, allow);
	reply_header(&rq->reply, "Allow", allow);
	if (rq->method != METHOD_OPTIONS)
		return err;
	rq->reply.status = 204;
	*done_r = true;
	return ERR_OK;
}

/* The bearer token that came along, or NULL. Apache may rename the variable in a rewrite. */
static const char *bearer(const struct req *rq)
{
	const char *value = req_param(rq, "HTTP_AUTHORIZATION");

	if (value == NULL || *value == '\0')
		value = req_param(rq, "REDIRECT_HTTP_AUTHORIZATION");
	return value != NULL ? principal_bearer(value) : NULL;
}

static enum err admit_admin(struct req *rq)
{
	const char *token = bearer(rq);
	struct principal *principal;
	enum err err;

	if (token == NULL)
		return ERR_UNAUTHENTICATED;
	principal = arena_alloc(rq->arena, sizeof(*principal));
	if (principal == NULL)
		return ERR_INTERNAL;
	err = principal_from_token(&rq->app->tokens, &rq->app->store, rq->arena, token, principal);
	if (err != ERR_OK)
		return err;
	rq->principal = principal;
	rq->org_id = principal->tenant.org_id;
	return ERR_OK;
}

static enum err admit_creator(struct req *rq)
{
	const struct app_policy *policy = &rq->app->policy;
	const char *token;

	switch (policy->create) {
	case APP_CREATE_OPEN:
		return ERR_OK;
	case APP_CREATE_KEY:
		token = bearer(rq);
		if (token == NULL)
			return ERR_UNAUTHENTICATED;
		return str_equal_secret(token, policy->create_key) ? ERR_OK : ERR_INVALID_TOKEN;
	case APP_CREATE_CLOSED:
		break;
	}
	return ERR_CREATION_CLOSED;
}

static enum err admit(struct req *rq)
{
	switch (rq->route->access) {
	case ACCESS_PUBLIC:
	case ACCESS_METRICS:
		return ERR_OK;
	case ACCESS_CREATE:
		return admit_creator(rq);
	case ACCESS_LOOKUP:
		return rq->app->policy.public_lookup ? ERR_OK : admit_admin(rq);
	case ACCESS_ADMIN:
		return admit_admin(rq);
	case ACCESS_NOBODY:
		break;
	}
	return ERR_FORBIDDEN;
}

static enum err handle(struct req *rq)
{
	bool done = false;
	enum err err = find_route(rq, &done);

	if (err != ERR_OK || done)
		return err;
	err = admit(rq);
	if (err == ERR_OK && rq->route->input != NULL)
		err = input_read(rq, rq->route->input);
	return err == ERR_OK ? rq->route->handler(rq) : err;
}

static void add_faults(struct json_writer *writer, const struct reply *reply)
{
	json_value *errors = json_add_array(writer, writer->root, "errors");

	for (size_t i = 0; i < reply->fault_count; i++) {
		const struct fault_info *info = fault_info(reply->faults[i].fault);
		json_value *element = json_add_element(writer, errors);
		json_add_text(writer, element, "field", reply->faults[i].field);
		json_add_text(writer, element, "code", info->code);
		json_add_text(writer, element, "message", info->message);
	}
}

/* The problem document (RFC 9457), or NULL without memory. */
static char *print_problem(struct req *rq, enum err err)
{
	const struct err_info *info = err_info(err);
	const char *detail = rq->reply.detail != NULL ? rq->reply.detail : info->detail;
	struct json_writer writer;

	json_begin(&writer, rq->arena);
	json_add_text(&writer, writer.root, "type", "about:blank");
	json_add_text(&writer, writer.root, "title", err_title(info->status));
	json_add_number(&writer, writer.root, "status", info->status);
	json_add_text(&writer, writer.root, "detail", detail);
	json_add_text(&writer, writer.root, "code", info->code);
	json_add_text(&writer, writer.root, "request_id", rq->id);
	json_add_text(&writer, writer.root, "error", info->code);
	json_add_text(&writer, writer.root, "message", detail);
	if (err == ERR_VALIDATION_FAILED)
		add_faults(&writer, &rq->reply);
	return json_print(&writer);
}

/* Drops the headers of an answer that is not given after all, but for a 405's Allow. */
static void drop_headers(struct reply *reply, enum err err)
{
	if (err != ERR_METHOD_NOT_ALLOWED)
		reply->header_count = 0;
}

static void answer_problem(struct req *rq, enum err err)
{
	const struct err_info *info = err_info(err);
	char *text = print_problem(rq, err);

	drop_headers(&rq->reply, err);
	reply_body(&rq->reply, info->status, "application/problem+json", text != NULL ? text : "{}");
	if (err == ERR_INVALID_TOKEN)
		reply_header(&rq->reply, "WWW-Authenticate", REALM ", error=\"invalid_token\"");
	else if (info->status == 401)
		reply_header(&rq->reply, "WWW-Authenticate", REALM);
	if (info->retry_after != NULL)
		reply_header(&rq->reply, "Retry-After", info->retry_after);
}

static void log_request(const struct req *rq, enum err err, int64_t us)
{
	const struct log_field end = {NULL, NULL, 0};

	LOG(rq->reply.status >= 500 ? LOG_WARN : LOG_INFO, "request", LOG_TEXT("id", rq->id),
	    LOG_TEXT("method", rq->method_name), LOG_TEXT("route", rq->route != NULL ? rq->route->path : "-"),
	    LOG_NUMBER("status", rq->reply.status), LOG_NUMBER("bytes", rq->reply.body_size),
	    LOG_NUMBER("us", us),
	    err != ERR_OK ? LOG_TEXT("code", err_info(err)->code)
	    : rq->org_id != NULL ? LOG_TEXT("org_id", rq->org_id) : end,
	    err != ERR_OK && rq->org_id != NULL ? LOG_TEXT("org_id", rq->org_id) : end);
}

void serve(struct req *rq)
{
	int64_t begin_us = clock_monotonic_us(), us;
	enum err err;

	req_choose_id(rq);
	err = handle(rq);
	if (err != ERR_OK)
		answer_problem(rq, err);
	reply_header(&rq->reply, "X-Request-Id", rq->id);
	rq->reply.head_only = rq->method == METHOD_HEAD;
	us = clock_monotonic_us() - begin_us;
	metrics_request(api_metrics_route(rq), rq->reply.status, us);
	log_request(rq, err, us);
}
