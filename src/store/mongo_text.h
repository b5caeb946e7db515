/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_text.h: documents of any kind as text, and back: see struct store_document. Pure; any thread may call. */
#ifndef STORE_MONGO_TEXT_H
#define STORE_MONGO_TEXT_H

#include <bson/bson.h>

#include "base/arena.h"
#include "store/store.h"

/* mongo_text_id(arena, document): its _id, of whatever type; NULL without one, or without memory. */
const char *mongo_text_id(struct arena *arena, const bson_t *document) MUST_CHECK;

/*
 * mongo_text_print(document): canonical Extended JSON, for bson_free(); of {"$bson": its bytes} if that would
 * not be read back as the same document, since it has a key like "$numberInt" of its own, nesting beyond 98, or
 * broken UTF-8. NULL: no memory.
 */
char *mongo_text_print(const bson_t *document) MUST_CHECK;

/*
 * mongo_text_read(document, fault_r): what it tells, its _id being first and what `id` stands for; for
 * bson_destroy(). NULL: it tells none, and *fault_r says why.
 */
bson_t *mongo_text_read(const struct store_document *document, const char **fault_r) MUST_CHECK;

#endif
