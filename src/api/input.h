/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h: the fields that requests carry, and the one way in which they are read and checked.
 *
 * A route's row names its fields; handlers see validated values only, in rq->input. Functions belong
 * to the thread that serves the request.
 */
#ifndef API_INPUT_H
#define API_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "http/req.h"

/* FIELD_PASSWORD is a new one, with all its rules; FIELD_LOGIN_PASSWORD is one to be compared. */
enum field_id {
	FIELD_ORGANIZATION_NAME,
	FIELD_SLUG,
	FIELD_EMAIL,
	FIELD_PASSWORD,
	FIELD_LOGIN_PASSWORD,
	FIELD_CURRENT_PASSWORD,
	FIELD_COUNT,
};

/* A row of the field table. */
struct field {
	const char *name; /* on the wire; its type is string */
	unsigned min, max;
	const char *unit;    /* of min and max: "characters", "bytes" */
	const char *pattern; /* what a value looks like, as far as a regular expression can say (ECMA-262) */
	/* check(arena, text, value_r): the fault, or FAULT_NONE and the value in its normal form. */
	enum fault (*check)(struct arena *arena, const char *text, const char **value_r);
	const char *description;
};

enum input_role {
	INPUT_OPTIONAL,
	INPUT_REQUIRED,
	INPUT_COUNTED, /* optional, but min_counted..max_counted of them must be given */
};

enum input_source { INPUT_BODY = 1, INPUT_QUERY = 2 };

struct input_field {
	enum field_id id;
	enum input_role role;
	unsigned sources; /* of enum input_source */
};

#define INPUT_FIELDS_MAX 5

struct input_spec {
	struct input_field fields[INPUT_FIELDS_MAX];
	size_t count;
	unsigned min_counted, max_counted;
	bool body_required;
	/* cross_check(rq, input): rules between fields, by input_fault(), unless it fails; NULL: none. */
	enum err (*cross_check)(struct req *rq, const struct input *input);
};

/* Values in their normal form; NULL: not given. They live in the request's arena. */
struct input {
	const char *values[FIELD_COUNT];
};

/* input_field(id): the row of a field. */
const struct field *input_field(enum field_id id);

/*
 * input_read(rq, spec): reads body and query as `spec` says, into rq->input. ERR_BODY_TOO_LARGE,
 * ERR_UNSUPPORTED_MEDIA_TYPE, ERR_INVALID_JSON, ERR_INVALID_REQUEST, what the cross-check gives, or
 * ERR_VALIDATION_FAILED with all faulty fields in the reply.
 */
enum err input_read(struct req *rq, const struct input_spec *spec) MUST_CHECK;

/* input_fault(rq, name, fault): marks a field as faulty; the first fault of a field counts. */
void input_fault(struct req *rq, const char *name, enum fault fault);

#endif
