/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say.h: what a command prints: text for people, or one JSON object.
 *
 * Results go to the standard output; refusals to the standard error, and with --json to the standard
 * output as well. Texts from the store are made harmless for a terminal.
 */
#ifndef ORGCTL_SAY_H
#define ORGCTL_SAY_H

#include "base/fault.h"
#include "base/json.h"
#include "orgctl/command.h"

/* One name and value; text NULL: the number counts. */
struct say_field {
	const char *name;
	const char *text;
	uint64_t number;
};

#define SAY_TEXT(name, text) ((struct say_field){(name), (text), 0})
#define SAY_NUMBER(name, number) ((struct say_field){(name), NULL, (uint64_t)(number)})

#define SAY_ORG_FIELDS 8

/* What is wrong with one thing that was given. */
struct say_fault {
	const char *field;
	enum fault fault;
};

/* say_clean(arena, text): `text` with control characters and what is not UTF-8 replaced by "?"; never NULL. */
const char *say_clean(struct arena *arena, const char *text);

/* say_time(arena, ms): a time as the API writes it; never NULL. */
const char *say_time(struct arena *arena, int64_t ms);

/* say_org(call, org, fields_r): the fields of an organization, as the API has them. */
void say_org(struct call *call, const struct org *org, struct say_field fields_r[SAY_ORG_FIELDS]);

/* say_record(call, fields, count): prints fields, a line each or as members of the object. */
int say_record(struct call *call, const struct say_field *fields, size_t count);

/* say_add(writer, object, fields, count): adds fields to an object being written. */
void say_add(struct json_writer *writer, json_value *object, const struct say_field *fields, size_t count);

/* say_json(writer): prints what was written; returns the status. */
int say_json(struct json_writer *writer);

/* say_line(call, format, ...): a line for people; nothing with --json. */
void say_line(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* say_refusal(call, code, format, ...): why not; returns STATUS_REFUSED. `code` as in the API, or a word. */
int say_refusal(struct call *call, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);

/* say_error(call, err): likewise, for what the store or a rule said. */
int say_error(struct call *call, enum err err);

/* say_faults(call, faults, count): likewise, for all that is wrong with what was given. */
int say_faults(struct call *call, const struct say_fault *faults, size_t count);

#endif
