/* SPDX-License-Identifier: Apache-2.0 */
/* input.c: the field table, and from a body and a query to checked values. */
#include "api/input.h"

#include <string.h>
#include <strings.h>

#include "app.h"
#include "base/json.h"
#include "http/url.h"
#include "model/admin.h"
#include "model/org.h"
#include "model/slug.h"

static enum fault check_slug(struct arena *arena, const char *text, const char **value_r)
{
	*value_r = arena_strdup(arena, text);
	return *value_r != NULL && slug_is_valid(text) ? FAULT_NONE : FAULT_INVALID;
}

static enum fault check_new_password(struct arena *arena, const char *text, const char **value_r)
{
	*value_r = arena_strdup(arena, text);
	return *value_r != NULL ? admin_password_check(text) : FAULT_INVALID;
}

/* One to be compared may be shorter than new ones must be: it may come from another system. */
static enum fault check_old_password(struct arena *arena, const char *text, const char **value_r)
{
	size_t size = strlen(text);

	*value_r = arena_strdup(arena, text);
	if (*value_r == NULL)
		return FAULT_INVALID;
	if (size == 0)
		return FAULT_TOO_SHORT;
	return size > ADMIN_PASSWORD_MAX ? FAULT_TOO_LONG : FAULT_NONE;
}

/* Control characters, but for white space, which is folded. */
#define PATTERN_NAME "^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]+$"
#define PATTERN_ATOM "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define PATTERN_LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define PATTERN_SPACE "[ \\t\\r\\n\\v\\f]*"
#define PATTERN_EMAIL                                                                                    \
	"^" PATTERN_SPACE PATTERN_ATOM "(\\." PATTERN_ATOM ")*@" PATTERN_LABEL "(\\." PATTERN_LABEL ")+" \
	PATTERN_SPACE "$"
#define PATTERN_PASSWORD "^[^\\u0000]+$"

static const struct field fields[FIELD_COUNT] = {
	[FIELD_ORGANIZATION_NAME] = {"organization_name", 1, ORG_NAME_MAX, "characters", PATTERN_NAME,
				     org_name_normalize,
				     "name of the organization; white space is trimmed and folded"},
	[FIELD_SLUG] = {"slug", 1, SLUG_MAX, "characters", SLUG_PATTERN, check_slug, "slug of the organization"},
	[FIELD_EMAIL] = {"email", 1, ADMIN_EMAIL_MAX, "bytes", PATTERN_EMAIL, admin_email_normalize,
			 "email of the admin; case does not matter"},
	[FIELD_PASSWORD] = {"password", ADMIN_PASSWORD_MIN, ADMIN_PASSWORD_MAX, "bytes", PATTERN_PASSWORD,
			    check_new_password, "new password, as sent; not a common one, nor the name or email"},
	[FIELD_LOGIN_PASSWORD] = {"password", 1, ADMIN_PASSWORD_MAX, "bytes", PATTERN_PASSWORD,
				  check_old_password, "password of the admin"},
	[FIELD_CURRENT_PASSWORD] = {"current_password", 1, ADMIN_PASSWORD_MAX, "bytes", PATTERN_PASSWORD,
				    check_old_password, "password that the admin has until now"},
};

/* Reading under way. */
struct reading {
	struct req *rq;
	const struct input_spec *spec;
	struct input *input;
	unsigned counted;
	bool given[FIELD_COUNT]; /* faulty ones too */
};

const struct field *input_field(enum field_id id)
{
	return &fields[id];
}

void input_fault(struct req *rq, const char *name, enum fault fault)
{
	struct reply *reply = &rq->reply;

	for (size_t i = 0; i < reply->fault_count; i++)
		if (strcmp(reply->faults[i].field, name) == 0)
			return;
	/* There is always room for the faults of known fields, however many unknown ones there are. */
	if (reply->fault_count < (fault == FAULT_UNKNOWN ? REPLY_FAULTS_MAX - FIELD_COUNT : REPLY_FAULTS_MAX))
		reply->faults[reply->fault_count++] = (struct reply_fault){name, fault};
}

static const struct input_field *find(const struct input_spec *spec, const char *name, enum input_source source)
{
	for (size_t i = 0; i < spec->count; i++)
		if ((spec->fields[i].sources & source) && strcmp(fields[spec->fields[i].id].name, name) == 0)
			return &spec->fields[i];
	return NULL;
}

/* Takes a field; `text` NULL: it is no string. */
static void take(struct reading *reading, enum input_source source, const char *name, const char *text)
{
	const struct input_field *field = find(reading->spec, name, source);
	enum fault fault = FAULT_WRONG_TYPE;

	if (field == NULL) {
		input_fault(reading->rq, name, FAULT_UNKNOWN);
		return;
	}
	reading->counted += field->role == INPUT_COUNTED;
	if (text != NULL)
		fault = reading->given[field->id]
				? FAULT_INVALID /* both in body and query */
				: fields[field->id].check(reading->rq->arena, text, &reading->input->values[field->id]);
	reading->given[field->id] = true;
	if (fault != FAULT_NONE) {
		reading->input->values[field->id] = NULL;
		input_fault(reading->rq, name, fault);
	}
}

static bool is_json_type(const char *type)
{
	static const char json[] = "application/json";
	size_t size = sizeof(json) - 1;

	return type != NULL && strncasecmp(type, json, size) == 0 && strchr("; \t", type[size]) != NULL;
}

static enum err take_body(struct reading *reading)
{
	struct req *rq = reading->rq;
	const json_value *object, *member = NULL;
	const char *why;
	char *text;
	size_t size;
	enum err err = req_read_body(rq, rq->app->policy.max_body, &text, &size);

	if (err != ERR_OK)
		return err;
	if (size == 0)
		return reading->spec->body_required ? req_fail(rq, ERR_INVALID_JSON, "A JSON body is needed.")
						    : ERR_OK;
	if (!is_json_type(req_param(rq, "CONTENT_TYPE")))
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	err = json_parse(rq->arena, text, size, &object, &why);
	if (err == ERR_INVALID_JSON)
		return req_fail(rq, err, "%s", why);
	if (err != ERR_OK)
		return err;
	while ((member = json_each(object, member)) != NULL)
		take(reading, INPUT_BODY, json_name(member), json_text(member));
	return ERR_OK;
}

static bool reads_query(const struct input_spec *spec)
{
	for (size_t i = 0; i < spec->count; i++)
		if (spec->fields[i].sources & INPUT_QUERY)
			return true;
	return false;
}

static enum err take_query(struct reading *reading)
{
	struct req *rq = reading->rq;
	struct url_pair pairs[URL_QUERY_MAX];
	size_t count;
	enum err err;

	if (rq->query == NULL || !reads_query(reading->spec))
		return ERR_OK;
	err = url_query_parse(rq->arena, rq->query, pairs, &count);
	if (err == ERR_INVALID_REQUEST)
		return req_fail(rq, err, "The query has a malformed escape or a repeated parameter.");
	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < count; i++)
		take(reading, INPUT_QUERY, pairs[i].name, pairs[i].value);
	return ERR_OK;
}

/* Required fields, and how many of the counted ones there are. */
static void check_presence(struct reading *reading)
{
	const struct input_spec *spec = reading->spec;

	for (size_t i = 0; i < spec->count; i++) {
		const struct input_field *field = &spec->fields[i];
		const char *name = fields[field->id].name;
		if (field->role == INPUT_REQUIRED && !reading->given[field->id])
			input_fault(reading->rq, name, FAULT_REQUIRED);
		if (field->role != INPUT_COUNTED)
			continue;
		if (reading->counted < spec->min_counted)
			input_fault(reading->rq, name, FAULT_REQUIRED);
		else if (reading->counted > spec->max_counted && reading->given[field->id])
			input_fault(reading->rq, name, FAULT_INVALID);
	}
}

/* What the 422 says when it is the number of fields that is wrong. */
static enum err fail_validation(struct reading *reading)
{
	const struct input_spec *spec = reading->spec;

	if (reading->counted < spec->min_counted)
		return req_fail(reading->rq, ERR_VALIDATION_FAILED, "Give %s of the fields.",
				spec->max_counted == 1 ? "one" : "at least one");
	if (reading->counted > spec->max_counted)
		return req_fail(reading->rq, ERR_VALIDATION_FAILED, "Give only one of the fields, once.");
	return ERR_VALIDATION_FAILED;
}

enum err input_read(struct req *rq, const struct input_spec *spec)
{
	struct reading reading = {.rq = rq, .spec = spec};
	enum err err;

	reading.input = arena_alloc(rq->arena, sizeof(*reading.input));
	if (reading.input == NULL)
		return ERR_INTERNAL;
	err = take_body(&reading);
	if (err == ERR_OK)
		err = take_query(&reading);
	if (err == ERR_OK)
		check_presence(&reading);
	if (err == ERR_OK && spec->cross_check != NULL)
		err = spec->cross_check(rq, reading.input);
	if (err != ERR_OK) {
		rq->reply.fault_count = 0;
		return err;
	}
	if (rq->reply.fault_count > 0)
		return fail_validation(&reading);
	rq->input = reading.input;
	return ERR_OK;
}
