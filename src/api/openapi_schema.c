/* SPDX-License-Identifier: Apache-2.0 */
/* openapi_schema.c: JSON Schema (2020-12) from the tables of fields, answers, errors and faults. */
#include "api/openapi_schema.h"

#include "api/routes.h"
#include "base/err.h"
#include "base/fault.h"

#define REFERENCE "#/components/schemas/"

static void add_description(struct json_writer *writer, json_value *schema, const char *text)
{
	json_add_text(writer, schema, "description", text);
}

void openapi_schema_field(struct json_writer *writer, json_value *schema, const struct field *field)
{
	bool characters = field->unit[0] == 'c';
	char *text = arena_printf(writer->arena, "%s; %u to %u %s", field->description, field->min, field->max,
				  field->unit);

	json_add_text(writer, schema, "type", "string");
	add_description(writer, schema, text != NULL ? text : "");
	json_add_number(writer, schema, "minLength", characters ? field->min : 1);
	if (characters) /* JSON Schema cannot count bytes */
		json_add_number(writer, schema, "maxLength", field->max);
	json_add_text(writer, schema, "pattern", field->pattern);
	writer->failed |= text == NULL;
}

static void begin_object(struct json_writer *writer, json_value *schema)
{
	json_add_text(writer, schema, "type", "object");
	json_add_bool(writer, schema, "additionalProperties", false);
}

/* At least one of the counted fields, if the body is where they must be. */
static void add_counted(struct json_writer *writer, json_value *schema, const struct input_spec *spec)
{
	json_value *any;

	if (!spec->body_required || spec->min_counted == 0)
		return;
	any = json_add_array(writer, schema, "anyOf");
	for (size_t i = 0; i < spec->count; i++)
		if (spec->fields[i].role == INPUT_COUNTED)
			json_add_item(writer, json_add_array(writer, json_add_element(writer, any), "required"),
				      input_field(spec->fields[i].id)->name);
}

void openapi_schema_body(struct json_writer *writer, json_value *schema, const struct input_spec *spec)
{
	json_value *properties, *required = NULL;

	begin_object(writer, schema);
	properties = json_add_object(writer, schema, "properties");
	for (size_t i = 0; i < spec->count; i++) {
		const struct field *field = input_field(spec->fields[i].id);
		if (!(spec->fields[i].sources & INPUT_BODY))
			continue;
		openapi_schema_field(writer, json_add_object(writer, properties, field->name), field);
		if (spec->fields[i].role != INPUT_REQUIRED)
			continue;
		if (required == NULL)
			required = json_add_array(writer, schema, "required");
		json_add_item(writer, required, field->name);
	}
	add_counted(writer, schema, spec);
}

static void add_member(struct json_writer *writer, json_value *schema, const struct member *member)
{
	static const char *const types[] = {
		[MEMBER_TEXT] = "string", [MEMBER_INTEGER] = "integer", [MEMBER_TRUE] = "boolean",
	};

	json_add_text(writer, schema, "type", types[member->type]);
	add_description(writer, schema, member->description);
	if (member->type == MEMBER_TRUE)
		json_add_bool(writer, schema, "const", true);
	if (member->type == MEMBER_INTEGER)
		json_add_number(writer, schema, "minimum", 1);
	if (member->only != NULL)
		json_add_text(writer, schema, "const", member->only);
	else if (member->type == MEMBER_TEXT)
		json_add_number(writer, schema, "minLength", 1);
	if (member->max > 0)
		json_add_number(writer, schema, "maxLength", member->max);
	if (member->pattern != NULL)
		json_add_text(writer, schema, "pattern", member->pattern);
	if (member->format != NULL)
		json_add_text(writer, schema, "format", member->format);
}

/* Members come together: where one of the optional ones is, all are. */
static void add_together(struct json_writer *writer, json_value *schema, const struct answer *answer)
{
	json_value *dependent = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		json_value *others;
		if (!answer->members[i].optional)
			continue;
		if (dependent == NULL)
			dependent = json_add_object(writer, schema, "dependentRequired");
		others = json_add_array(writer, dependent, answer->members[i].name);
		for (size_t j = 0; j < answer->count; j++)
			if (answer->members[j].optional && j != i)
				json_add_item(writer, others, answer->members[j].name);
	}
}

/* Returns the array of required members, the object of all in *properties_r. */
static json_value *define(struct json_writer *writer, json_value *schema, const struct answer *answer,
			  json_value **properties_r)
{
	json_value *required;

	begin_object(writer, schema);
	add_description(writer, schema, answer->description);
	*properties_r = json_add_object(writer, schema, "properties");
	required = json_add_array(writer, schema, "required");
	for (size_t i = 0; i < answer->count; i++) {
		const struct member *member = &answer->members[i];
		add_member(writer, json_add_object(writer, *properties_r, member->name), member);
		if (!member->optional)
			json_add_item(writer, required, member->name);
	}
	add_together(writer, schema, answer);
	return required;
}

static void add_reference(struct json_writer *writer, json_value *schema, const struct answer *answer)
{
	char *reference = arena_printf(writer->arena, REFERENCE "%s", answer->name);

	json_add_text(writer, schema, "$ref", reference != NULL ? reference : "");
	writer->failed |= reference == NULL;
}

void openapi_schema_answer(struct json_writer *writer, json_value *schema, const struct answer *answer)
{
	if (answer->name != NULL)
		add_reference(writer, schema, answer);
	else
		json_add_text(writer, schema, "type", answer->type[0] == 't' ? "string" : "object");
}

void openapi_schema_problem(struct json_writer *writer, json_value *schema, int status, uint32_t problems)
{
	json_value *all = json_add_array(writer, schema, "allOf");
	json_value *properties, *narrower, *codes;

	add_reference(writer, json_add_element(writer, all), &answer_problem);
	narrower = json_add_element(writer, all);
	properties = json_add_object(writer, narrower, "properties");
	json_add_number(writer, json_add_object(writer, properties, "status"), "const", status);
	codes = json_add_array(writer, json_add_object(writer, properties, "code"), "enum");
	for (unsigned err = 1; err < ERR_COUNT; err++)
		if ((problems >> err & 1) && err_info((enum err)err)->status == status)
			json_add_item(writer, codes, err_info((enum err)err)->code);
	if (status == 422)
		json_add_item(writer, json_add_array(writer, narrower, "required"), "errors");
	else
		json_add_bool(writer, properties, "errors", false);
}

/* The `errors` of a 422. */
static void define_errors(struct json_writer *writer, json_value *schema)
{
	json_value *item, *properties, *required, *code, *codes;

	json_add_text(writer, schema, "type", "array");
	add_description(writer, schema, "all faulty fields, each once");
	json_add_number(writer, schema, "minItems", 1);
	item = json_add_object(writer, schema, "items");
	begin_object(writer, item);
	properties = json_add_object(writer, item, "properties");
	required = json_add_array(writer, item, "required");
	json_add_text(writer, json_add_object(writer, properties, "field"), "type", "string");
	code = json_add_object(writer, properties, "code");
	json_add_text(writer, code, "type", "string");
	codes = json_add_array(writer, code, "enum");
	json_add_text(writer, json_add_object(writer, properties, "message"), "type", "string");
	for (unsigned fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
		json_add_item(writer, codes, fault_info((enum fault)fault)->code);
	json_add_item(writer, required, "field");
	json_add_item(writer, required, "code");
	json_add_item(writer, required, "message");
}

/* `code` is any text here, as a web server in front has some of its own; operations say which there are. */
static void define_problem(struct json_writer *writer, json_value *schema)
{
	json_value *properties, *code, *required = define(writer, schema, &answer_problem, &properties);

	code = json_add_object(writer, properties, "code");
	json_add_text(writer, code, "type", "string");
	add_description(writer, code, "what is wrong, for programs");
	json_add_item(writer, required, "code");
	define_errors(writer, json_add_object(writer, properties, "errors"));
}

static bool is_first(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (routes[i].answer == routes[index].answer)
			return false;
	return true;
}

void openapi_schema_all(struct json_writer *writer, json_value *schemas)
{
	json_value *properties;

	for (size_t i = 0; i < routes_count; i++)
		if (routes[i].answer->name != NULL && is_first(i))
			define(writer, json_add_object(writer, schemas, routes[i].answer->name), routes[i].answer,
			       &properties);
	define_problem(writer, json_add_object(writer, schemas, answer_problem.name));
}
