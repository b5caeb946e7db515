/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: the only user of cJSON; its memory comes from the arena at work. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_check.h"

/* cJSON's hooks take no context: the arena of the call under way stands here. */
static _Thread_local struct arena *current;

static void *hook_malloc(size_t size)
{
	return current != NULL ? arena_alloc(current, size) : NULL;
}

static void hook_free(void *memory)
{
	(void)memory; /* goes with the arena */
}

void json_init(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = hook_malloc, .free_fn = hook_free});
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether one object has a name twice: sorts the names, so that many of them cost little. */
static enum err check_names(struct arena *arena, const cJSON *object)
{
	size_t count = (size_t)cJSON_GetArraySize(object);
	const char **names = arena_alloc(arena, count * sizeof(*names));
	size_t i = 0;

	if (names == NULL)
		return ERR_INTERNAL;
	for (const cJSON *member = object->child; member != NULL; member = member->next)
		names[i++] = member->string;
	qsort(names, count, sizeof(*names), compare_names);
	for (i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return ERR_INVALID_JSON;
	return ERR_OK;
}

static enum err check_all_names(struct arena *arena, const cJSON *value)
{
	enum err err = cJSON_IsObject(value) && value->child != NULL ? check_names(arena, value) : ERR_OK;

	for (const cJSON *child = value->child; child != NULL && err == ERR_OK; child = child->next)
		if (child->child != NULL)
			err = check_all_names(arena, child);
	return err;
}

enum err json_parse(struct arena *arena, const char *text, size_t size, const json_value **object_r,
		    const char **why_r)
{
	cJSON *object;
	enum err err;

	*why_r = json_check(text, size, JSON_DEPTH_MAX);
	if (*why_r != NULL)
		return ERR_INVALID_JSON;
	current = arena;
	object = cJSON_ParseWithLength(text, size);
	current = NULL;
	if (object == NULL)
		return ERR_INTERNAL;
	err = check_all_names(arena, object);
	if (err == ERR_INVALID_JSON)
		*why_r = "An object has a name twice.";
	*object_r = object;
	return err;
}

const json_value *json_each(const json_value *object, const json_value *previous)
{
	return previous != NULL ? previous->next : object->child;
}

const char *json_name(const json_value *member)
{
	return member->string;
}

const char *json_text(const json_value *member)
{
	return cJSON_IsString(member) ? member->valuestring : NULL;
}

void json_begin(struct json_writer *writer, struct arena *arena)
{
	*writer = (struct json_writer){.arena = arena};
	current = arena;
	writer->root = cJSON_CreateObject();
	current = NULL;
	writer->failed = writer->root == NULL;
}

/* Puts `value` into `parent` under `name` (NULL: an array), which outlives it: cJSON need not copy it. */
static void attach(struct json_writer *writer, cJSON *parent, const char *name, cJSON *value)
{
	if (parent == NULL || value == NULL)
		writer->failed = true;
	else if (name != NULL)
		cJSON_AddItemToObjectCS(parent, name, value);
	else
		cJSON_AddItemToArray(parent, value);
}

void json_add_text(struct json_writer *writer, json_value *object, const char *name, const char *text)
{
	current = writer->arena;
	attach(writer, object, name, cJSON_CreateString(text));
	current = NULL;
}

void json_add_number(struct json_writer *writer, json_value *object, const char *name, double number)
{
	current = writer->arena;
	attach(writer, object, name, cJSON_CreateNumber(number));
	current = NULL;
}

void json_add_bool(struct json_writer *writer, json_value *object, const char *name, bool value)
{
	current = writer->arena;
	attach(writer, object, name, cJSON_CreateBool(value));
	current = NULL;
}

/* Puts an empty object (or array) into `parent`, and returns it for more to be put into it. */
static cJSON *attach_empty(struct json_writer *writer, cJSON *parent, const char *name, cJSON *(*create)(void))
{
	cJSON *value;

	current = writer->arena;
	value = create();
	attach(writer, parent, name, value);
	current = NULL;
	return value;
}

json_value *json_add_object(struct json_writer *writer, json_value *object, const char *name)
{
	return attach_empty(writer, object, name, cJSON_CreateObject);
}

json_value *json_add_array(struct json_writer *writer, json_value *object, const char *name)
{
	return attach_empty(writer, object, name, cJSON_CreateArray);
}

json_value *json_add_element(struct json_writer *writer, json_value *array)
{
	return attach_empty(writer, array, NULL, cJSON_CreateObject);
}

void json_add_item(struct json_writer *writer, json_value *array, const char *text)
{
	json_add_text(writer, array, NULL, text);
}

char *json_print(struct json_writer *writer)
{
	char *text = NULL;

	current = writer->arena;
	if (!writer->failed)
		text = cJSON_PrintUnformatted(writer->root);
	current = NULL;
	return text;
}
