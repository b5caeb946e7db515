/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_set.h: batches of documents: one collection is read through, others are joined by _id.
 *
 * So a look at everything takes a few round trips for each batch, not for each document. Used by one
 * thread, with one session; texts of the items live in the arena that is given, until the batch is judged.
 */
#ifndef STORE_MONGO_SET_H
#define STORE_MONGO_SET_H

#include "store/mongo_client.h"
#include "store/mongo_doc.h"

#define MONGO_SET_MOST 500

/* At most MONGO_SET_MOST structs of a collection's documents. */
struct mongo_set {
	enum mongo_collection collection;
	size_t count;
	char *items;
};

/* mongo_set_init(set, arena, collection): an empty one; false without memory. */
bool mongo_set_init(struct mongo_set *set, struct arena *arena, enum mongo_collection collection) MUST_CHECK;

/* mongo_set_is_of_claims(set): their ids are keys; all others have ObjectIds. */
bool mongo_set_is_of_claims(const struct mongo_set *set);

/* mongo_set_at(set, index), mongo_set_find(set, id): an item; by an ObjectId or, of claims, a `char *` key. */
const void *mongo_set_at(const struct mongo_set *set, size_t index);
const void *mongo_set_find(const struct mongo_set *set, const void *id);

/*
 * mongo_set_join(set, session, arena, from, offset): those documents whose _id is what the items of `from`
 * have at an offset: an ObjectId, or a `char *`. What cannot be read is left out.
 */
enum err mongo_set_join(struct mongo_set *set, struct mongo_session *session, struct arena *arena,
			const struct mongo_set *from, size_t offset) MUST_CHECK;

/* How a collection is read through. */
struct mongo_reading {
	struct mongo_set *set;
	struct arena *arena;
	enum err (*judge)(void *context);                                            /* a batch, never empty */
	void (*refuse)(void *context, const struct mongo_set *set, const bson_t *document); /* what cannot be read */
	void *context;
};

/* mongo_set_read(reading, session): gives everything to `judge`; its error ends it. */
enum err mongo_set_read(struct mongo_reading *reading, struct mongo_session *session) MUST_CHECK;

#endif
