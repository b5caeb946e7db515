/* SPDX-License-Identifier: Apache-2.0 */
/* openapi_links.c: links by equal names, so that no table of them is needed. */
#include "api/openapi_links.h"

#include <string.h>

#include "api/answer.h"
#include "api/input.h"
#include "api/routes.h"

const char *openapi_links_operation(struct json_writer *writer, const struct route *route)
{
	char *id = arena_strdup(writer->arena, route->path + 1);

	for (char *at = id; at != NULL && *at != '\0'; at++)
		if (*at == '/' || *at == '.')
			*at = '_';
	writer->failed |= id == NULL;
	return id != NULL ? id : "";
}

/* The links of the response; made at the first one. */
struct links {
	struct json_writer *writer;
	json_value *response, *object;
};

/* A link to `target`; `field` tells it from others. */
static json_value *begin_link(struct links *links, const struct route *target, const char *field)
{
	struct json_writer *writer = links->writer;
	const char *operation = openapi_links_operation(writer, target);
	char *name = arena_printf(writer->arena, "%s%s%s", operation, *field != '\0' ? "_by_" : "", field);
	json_value *link;

	if (links->object == NULL)
		links->object = json_add_object(writer, links->response, "links");
	writer->failed |= name == NULL;
	link = json_add_object(writer, links->object, name != NULL ? name : "");
	json_add_text(writer, link, "operationId", operation);
	return link;
}

static void add_expression(struct links *links, json_value *object, const char *where, const char *field)
{
	char *expression = arena_printf(links->writer->arena, "$%s.body#/%s", where, field);

	links->writer->failed |= expression == NULL;
	json_add_text(links->writer, object, field, expression != NULL ? expression : "");
}

static void link_queries(struct links *links, const struct route *route, const struct route *target)
{
	for (size_t i = 0; i < target->input->count; i++) {
		const char *field = input_field(target->input->fields[i].id)->name;
		json_value *link;
		if (!(target->input->fields[i].sources & INPUT_QUERY) || answer_member(route->answer, field) == NULL)
			continue;
		link = begin_link(links, target, field);
		add_expression(links, json_add_object(links->writer, link, "parameters"), "response", field);
	}
}

static bool requires(const struct input_spec *spec, const char *field)
{
	for (size_t i = 0; i < spec->count; i++)
		if (spec->fields[i].role == INPUT_REQUIRED && strcmp(input_field(spec->fields[i].id)->name, field) == 0)
			return true;
	return false;
}

/* Whether all that a target requires is required by `spec` too, and it requires anything. */
static bool covers(const struct input_spec *spec, const struct input_spec *target)
{
	size_t required = 0;

	for (size_t i = 0; i < target->count; i++) {
		if (target->fields[i].role != INPUT_REQUIRED)
			continue;
		if (!requires(spec, input_field(target->fields[i].id)->name))
			return false;
		required++;
	}
	return required > 0;
}

static void link_body(struct links *links, const struct route *route, const struct route *target)
{
	json_value *body;

	if (route->input == NULL || !covers(route->input, target->input))
		return;
	body = json_add_object(links->writer, begin_link(links, target, ""), "requestBody");
	for (size_t i = 0; i < target->input->count; i++)
		if (target->input->fields[i].role == INPUT_REQUIRED)
			add_expression(links, body, "request", input_field(target->input->fields[i].id)->name);
}

void openapi_links_add(struct json_writer *writer, json_value *response, const struct route *route)
{
	struct links links = {.writer = writer, .response = response};

	for (size_t i = 0; i < routes_count; i++) {
		if (&routes[i] == route || routes[i].input == NULL)
			continue;
		link_queries(&links, route, &routes[i]);
		link_body(&links, route, &routes[i]);
	}
}
