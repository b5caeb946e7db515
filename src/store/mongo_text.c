/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_text.c: Extended JSON, with the driver's mercies taken back: https://github.com/mongodb/specifications */
#include "store/mongo_text.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define SIZE_MOST (16u << 20) /* bytes of a document in MongoDB */

/* ---- Sameness ---- */

static bool is_same(bson_iter_t *a, bson_iter_t *b, bool keys);

/* A copy of a regular expression has its options sorted, and without unknown ones. */
static bool has_same_options(const bson_iter_t *a, const bson_iter_t *b)
{
	const char *left, *right;

	(void)bson_iter_regex(a, &left);
	(void)bson_iter_regex(b, &right);
	return strcmp(left, right) == 0;
}

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
	if (BSON_ITER_HOLDS_REGEX(a) && !has_same_options(a, b))
		return false;
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

/* ---- Printing ---- */

#define BYTES "$bson"

/*
 * What no text means the same as goes as its bytes: keys like those of Extended JSON, more levels than the
 * driver reads, text that is not UTF-8. A document in MongoDB has an _id, so none looks like this itself.
 */
static char *print_bytes(const bson_t *document)
{
	bson_t bytes = BSON_INITIALIZER;
	char *text = NULL;

	if (BSON_APPEND_BINARY(&bytes, BYTES, BSON_SUBTYPE_BINARY, bson_get_data(document), document->len))
		text = bson_as_canonical_extended_json(&bytes, NULL);
	bson_destroy(&bytes);
	return text;
}

char *mongo_text_print(const bson_t *document)
{
	char *text = bson_as_canonical_extended_json(document, NULL);
	bson_t *again = text != NULL ? bson_new_from_json((const uint8_t *)text, -1, NULL) : NULL;
	bson_iter_t a, b;

	if (again != NULL &&
	    (bson_equal(document, again) ||
	     (bson_iter_init(&a, document) && bson_iter_init(&b, again) && is_same(&a, &b, true)))) {
		bson_destroy(again);
		return text;
	}
	bson_destroy(again);
	bson_free(text);
	return print_bytes(document);
}

/* ---- Ids ---- */

/* Whether a string stands for itself, as nothing else looks like it. */
static bool is_plain(const char *text, size_t size)
{
	return strlen(text) == size && text[0] != '{' && !str_is_hex_id(text) && str_is_utf8(text, size);
}

/* The text of {"_id": ...}. */
static const char *print_id(struct arena *arena, const bson_iter_t *iter)
{
	bson_t document = BSON_INITIALIZER;
	const char *text = NULL;
	char *json = NULL;

	if (bson_append_iter(&document, "_id", -1, iter))
		json = mongo_text_print(&document);
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

/* ---- Reading ---- */

/* Whether the text is braces and what they enclose: the driver takes arrays, and stops at the end of the first. */
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

/* Whether the fields can be read one after the other; what is in them is the server's to judge. */
static bool is_readable(const bson_t *document)
{
	bson_iter_t iter;

	if (!bson_iter_init(&iter, document))
		return false;
	while (bson_iter_next(&iter))
		;
	return iter.err_off == 0;
}

/* What print_bytes() printed, for bson_destroy(); NULL: something else is in the text. */
static bson_t *read_bytes(const bson_t *document)
{
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t size;
	bson_iter_t iter;
	bson_t *inner;

	if (bson_count_keys(document) != 1 || !bson_iter_init_find(&iter, document, BYTES) ||
	    !BSON_ITER_HOLDS_BINARY(&iter))
		return NULL;
	bson_iter_binary(&iter, &subtype, &size, &bytes);
	inner = subtype == BSON_SUBTYPE_BINARY ? bson_new_from_data(bytes, size) : NULL;
	if (inner != NULL && is_readable(inner))
		return inner;
	bson_destroy(inner);
	return NULL;
}

/* For bson_destroy(); NULL: it is not one object. *bytes_r: it stands there as bytes, and is as it was. */
static bson_t *read_object(const char *text, bool *bytes_r)
{
	bson_t *document = is_one_object(text) ? bson_new_from_json((const uint8_t *)text, -1, NULL) : NULL;
	bson_t *inner = document != NULL ? read_bytes(document) : NULL;

	*bytes_r = inner != NULL;
	if (inner == NULL)
		return document;
	bson_destroy(document);
	return inner;
}

/* {"_id": ...}, for bson_destroy(); NULL: the text is no id. */
static bson_t *read_id(const char *text)
{
	bson_t *id;
	bson_oid_t oid;
	bool bytes;

	if (!str_is_utf8(text, strlen(text)))
		return NULL;
	if (text[0] == '{') {
		id = read_object(text, &bytes);
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

/* Of one that stands there as its bytes, and stays as it is: what hinders, or NULL. */
static const char *judge_bytes(const bson_t *id, const bson_t *body)
{
	bson_iter_t wanted, own;

	if (!bson_iter_init_find(&wanted, id, "_id") || !bson_iter_init_find(&own, body, "_id") ||
	    !is_same_value(&wanted, &own))
		return "its _id is not its id";
	return body->len <= SIZE_MOST ? NULL : "it is larger than 16 MiB";
}

bson_t *mongo_text_read(const struct store_document *document, const char **fault_r)
{
	bson_t *result = read_id(document->id), *body = NULL, *other;
	bool bytes = false;

	*fault_r = result == NULL ? "its id is none" : NULL;
	if (*fault_r == NULL)
		body = read_object(document->text, &bytes);
	if (*fault_r == NULL && body == NULL)
		*fault_r = "it is not one object of Extended JSON";
	else if (*fault_r == NULL)
		*fault_r = bytes ? judge_bytes(result, body) : append_rest(result, body);
	if (bytes) {
		other = result;
		result = body;
		body = other;
	}
	bson_destroy(body);
	if (*fault_r == NULL)
		return result;
	bson_destroy(result);
	return NULL;
}
