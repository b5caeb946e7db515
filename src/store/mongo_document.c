/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_document.c: documents of any kind as text, and back: see struct store_document. */
#include "store/mongo_doc.h"

#include <string.h>

#include "base/str.h"

/* Whether a string stands for itself, as nothing else looks like it. */
static bool is_plain(const char *text, uint32_t size)
{
	return strlen(text) == size && text[0] != '{' && !str_is_hex_id(text);
}

/* Canonical Extended JSON of {"_id": ...}. */
static const char *print_id(struct arena *arena, const bson_value_t *value)
{
	bson_t document = BSON_INITIALIZER;
	char *json = NULL, *text = NULL;

	if (BSON_APPEND_VALUE(&document, "_id", value))
		json = bson_as_canonical_extended_json(&document, NULL);
	if (json != NULL)
		text = arena_strdup(arena, json);
	bson_free(json);
	bson_destroy(&document);
	return text;
}

const char *mongo_id_text(struct arena *arena, const bson_t *document)
{
	bson_iter_t iter;
	char hex[RAND_ID_SIZE];

	if (!bson_iter_init_find(&iter, document, "_id"))
		return NULL;
	if (BSON_ITER_HOLDS_OID(&iter)) {
		bson_oid_to_string(bson_iter_oid(&iter), hex);
		return arena_strdup(arena, hex);
	}
	if (BSON_ITER_HOLDS_UTF8(&iter)) {
		uint32_t size;
		const char *text = bson_iter_utf8(&iter, &size);
		if (is_plain(text, size))
			return arena_strdup(arena, text);
	}
	return print_id(arena, bson_iter_value(&iter));
}
