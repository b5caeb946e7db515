/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_text.c: Extended JSON, with the driver's mercies taken back: https://github.com/mongodb/specifications */
#include "store/mongo_text.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define SIZE_MOST (16u << 20) /* bytes of a document in MongoDB */

/* ---- Ids ---- */

/* Whether a string stands for itself, as nothing else looks like it. */
static bool is_plain(const char *text, size_t size)
{
	return strlen(text) == size && text[0] != '{' && !str_is_hex_id(text);
}

static char *print(const bson_t *document)
{
	return bson_as_canonical_extended_json(document, NULL);
}

/* Canonical Extended JSON of {"_id": ...}. */
static const char *print_id(struct arena *arena, const bson_iter_t *iter)
{
	bson_t document = BSON_INITIALIZER;
	const char *text = NULL;
	char *json = NULL;

	if (bson_append_iter(&document, "_id", -1, iter))
		json = print(&document);
	if (json != NULL)
		text = arena_strdup(arena, json);
	bson_free(json);
	bson_destroy(&document);
	return text;
}

const char *mongo_text_id(struct arena *arena, const bson_t *document)
{
	char hex[RAND_ID_SIZE];
	const char *text;
	bson_iter_t iter;
	uint32_t size;

	if (!bson_iter_init_find(&iter, document, "_id"))
		return NULL;
	if (BSON_ITER_HOLDS_OID(&iter)) {
		bson_oid_to_string(bson_iter_oid(&iter), hex);
		return arena_strdup(arena, hex);
	}
	text = BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, &size) : NULL;
	return text != NULL && is_plain(text, size) ? arena_strdup(arena, text) : print_id(arena, &iter);
}

/* ---- Sameness ---- */

static bool is_same(bson_iter_t *a, bson_iter_t *b, bool keys);

/* A NaN has many forms and one text. */
static bool is_same_value(const bson_iter_t *a, const bson_iter_t *b)
{
	bson_t left = BSON_INITIALIZER, right = BSON_INITIALIZER;
	bson_iter_t inner_a, inner_b;
	bool same;

	if (bson_iter_type(a) != bson_iter_type(b))
		return false;
	if (BSON_ITER_HOLDS_DOUBLE(a) && isnan(bson_iter_double(a)))
		return isnan(bson_iter_double(b));
	if (BSON_ITER_HOLDS_DOCUMENT(a) || BSON_ITER_HOLDS_ARRAY(a))
		return bson_iter_recurse(a, &inner_a) && bson_iter_recurse(b, &inner_b) &&
		       is_same(&inner_a, &inner_b, BSON_ITER_HOLDS_DOCUMENT(a));
	same = bson_append_iter(&left, "", 0, a) && bson_append_iter(&right, "", 0, b) && bson_equal(&left, &right);
	bson_destroy(&left);
	bson_destroy(&right);
	return same;
}

/* What follows in both; an array's keys say nothing. */
static bool is_same(bson_iter_t *a, bson_iter_t *b, bool keys)
{
	for (;;) {
		bool more = bson_iter_next(a);
		if (bson_iter_next(b) != more)
			return false;
		if (!more)
			return true;
		if ((keys && strcmp(bson_iter_key(a), bson_iter_key(b)) != 0) || !is_same_value(a, b))
			return false;
	}
}

char *mongo_text_print(const bson_t *document)
{
	char *text = print(document);
	bson_t *again = text != NULL ? bson_new_from_json((const uint8_t *)text, -1, NULL) : NULL;
	bson_iter_t a, b;

	if (again != NULL && (bson_equal(document, again) || (bson_iter_init(&a, document) && bson_iter_init(&b, again) &&
							      is_same(&a, &b, true)))) {
		bson_destroy(again);
		return text;
	}
	bson_destroy(again);
	bson_free(text);
	return NULL;
}

/* ---- Reading ---- */

/* Whether the text is braces and what they enclose: the driver's parser takes arrays, and stops at the end of the first. */
static bool is_one_object(const char *text)
{
	const char *space = " \t\r\n";
	bool quoted = false;
	size_t depth = 0;

	text += strspn(text, space);
	if (*text != '{')
		return false;
	do {
		if (quoted && *text == '\\' && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (*text == '{' || *text == '['))
			depth++;
		else if (!quoted && (*text == '}' || *text == ']'))
			depth--;
	} while (*text++ != '\0' && depth > 0);
	return depth == 0 && text[strspn(text, space)] == '\0';
}

/* {"_id": ...}, for bson_destroy(); NULL: the text is no id. */
static bson_t *read_id(const char *text)
{
	bson_t *id;
	bson_oid_t oid;

	if (!str_is_utf8(text, strlen(text)))
		return NULL;
	if (text[0] == '{') {
		id = is_one_object(text) ? bson_new_from_json((const uint8_t *)text, -1, NULL) : NULL;
		if (id != NULL && bson_count_keys(id) == 1 && bson_has_field(id, "_id"))
			return id;
		bson_destroy(id);
		return NULL;
	}
	id = bson_new();
	if (str_is_hex_id(text)) {
		bson_oid_init_from_string(&oid, text);
		BSON_APPEND_OID(id, "_id", &oid);
	} else {
		BSON_APPEND_UTF8(id, "_id", text);
	}
	return id;
}

/* Everything but an _id that is the same; what hinders, or NULL. */
static const char *append_rest(bson_t *document, const bson_t *body)
{
	bson_iter_t id, iter;
	bool seen = false;

	if (!bson_iter_init_find(&id, document, "_id") || !bson_iter_init(&iter, body))
		return "it cannot be read";
	while (bson_iter_next(&iter)) {
		if (strcmp(bson_iter_key(&iter), "_id") != 0) {
			if (!bson_append_iter(document, NULL, 0, &iter))
				return "it is too large";
			/* Appending may have moved it. */
			if (!bson_iter_init_find(&id, document, "_id"))
				return "it cannot be read";
		} else if (seen || !is_same_value(&id, &iter)) {
			return "its _id is not its id";
		} else {
			seen = true;
		}
	}
	return document->len <= SIZE_MOST ? NULL : "it is larger than 16 MiB";
}

bson_t *mongo_text_read(const struct store_document *document, const char **fault_r)
{
	bson_t *result = read_id(document->id), *body = NULL;

	*fault_r = result == NULL ? "its id is none" : NULL;
	if (*fault_r == NULL && is_one_object(document->text))
		body = bson_new_from_json((const uint8_t *)document->text, -1, NULL);
	if (*fault_r == NULL)
		*fault_r = body != NULL ? append_rest(result, body) : "it is not one object of Extended JSON";
	bson_destroy(body);
	if (*fault_r == NULL)
		return result;
	bson_destroy(result);
	return NULL;
}
