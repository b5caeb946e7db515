/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h: all use of cJSON: strict parsing, typed getters, printing.
 *
 * Trees live in the arena, so there is nothing to free and secrets are wiped with it. One thread
 * works on a tree at a time.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 32

typedef struct cJSON json_value;

/* json_init(): gives cJSON the arenas; once, before there are threads. */
void json_init(void);

/*
 * json_parse(arena, text, size, object_r, why_r): `text` (a NUL behind it) as one JSON object
 * (RFC 8259) at most JSON_DEPTH_MAX deep, and nothing after it: valid UTF-8, no NUL (nor "\u0000"),
 * no lone surrogate, no name twice in one object. ERR_INVALID_JSON with *why_r saying what is wrong
 * (a literal); ERR_INTERNAL without memory.
 */
enum err json_parse(struct arena *arena, const char *text, size_t size, const json_value **object_r,
		    const char **why_r) MUST_CHECK;

/* json_each(object, previous): the first member (previous NULL) or the next one; NULL at the end. */
const json_value *json_each(const json_value *object, const json_value *previous);

/* json_name(member): its name. json_text(member): its value if that is a string, else NULL. */
const char *json_name(const json_value *member);
const char *json_text(const json_value *member);

/*
 * A document being written. json_begin() makes the root object; json_add_*() add members to `object`
 * (the root, an object below it, or an element); json_add_element() adds an object to an array,
 * json_add_item() a text. A lack of memory is kept in `failed` and shows in json_print(). Names must
 * be literals or live in the arena; texts are copied.
 */
struct json_writer {
	struct arena *arena;
	json_value *root;
	bool failed;
};

void json_begin(struct json_writer *writer, struct arena *arena);
void json_add_text(struct json_writer *writer, json_value *object, const char *name, const char *text);
void json_add_number(struct json_writer *writer, json_value *object, const char *name, double number);
void json_add_bool(struct json_writer *writer, json_value *object, const char *name, bool value);
json_value *json_add_object(struct json_writer *writer, json_value *object, const char *name);
json_value *json_add_array(struct json_writer *writer, json_value *object, const char *name);
json_value *json_add_element(struct json_writer *writer, json_value *array);
void json_add_item(struct json_writer *writer, json_value *array, const char *text);

/* json_print(writer): the root as text in the arena; NULL if memory was short at any point. */
char *json_print(struct json_writer *writer) MUST_CHECK;

#endif
