/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_set.c: batches of documents, and their joins by $in. */
#include "store/mongo_set.h"

#include <stdlib.h>
#include <string.h>

#include "store/mongo_priv.h"

static const size_t sizes[MONGO_COLLECTION_COUNT] = {
	[MONGO_ORGANIZATIONS] = sizeof(struct mongo_org),
	[MONGO_ADMINS] = sizeof(struct mongo_admin),
	[MONGO_SLUGS] = sizeof(struct mongo_claim),
	[MONGO_EMAILS] = sizeof(struct mongo_claim),
};

bool mongo_set_is_of_claims(const struct mongo_set *set)
{
	return set->collection == MONGO_SLUGS || set->collection == MONGO_EMAILS;
}

bool mongo_set_init(struct mongo_set *set, struct arena *arena, enum mongo_collection collection)
{
	*set = (struct mongo_set){collection, 0, arena_alloc(arena, MONGO_SET_MOST * sizes[collection])};
	return set->items != NULL;
}

static void *at(const struct mongo_set *set, size_t index)
{
	return set->items + index * sizes[set->collection];
}

const void *mongo_set_at(const struct mongo_set *set, size_t index)
{
	return at(set, index);
}

/* Each struct begins with its _id. */
static int compare_ids(const void *a, const void *b)
{
	return bson_oid_compare(a, b);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const void *mongo_set_find(const struct mongo_set *set, const void *id)
{
	return bsearch(id, set->items, set->count, sizes[set->collection],
		       mongo_set_is_of_claims(set) ? compare_keys : compare_ids);
}

/* As the next item. Of organizations and admins only those whose ids are ObjectIds. */
static bool add(struct mongo_set *set, struct arena *arena, const bson_t *document)
{
	void *item = at(set, set->count);
	bson_oid_t id;
	enum err err;

	if (mongo_set_is_of_claims(set))
		err = mongo_claim_read(document, arena, item);
	else if (!mongo_own_id(document, &id))
		return false;
	else if (set->collection == MONGO_ADMINS)
		err = mongo_admin_read(document, arena, item);
	else
		err = mongo_org_read(document, arena, item);
	set->count += err == ERR_OK;
	return err == ERR_OK;
}

/* ---- Joining ---- */

static bson_t *ids_filter(const struct mongo_set *set, const struct mongo_set *from, size_t offset)
{
	bson_t any = BSON_INITIALIZER, *filter;
	char buffer[16];
	const char *key;

	for (size_t i = 0; i < from->count; i++) {
		const void *member = (const char *)at(from, i) + offset;
		bson_uint32_to_string((uint32_t)i, &key, buffer, sizeof(buffer));
		if (mongo_set_is_of_claims(set))
			BSON_APPEND_UTF8(&any, key, *(const char *const *)member);
		else
			BSON_APPEND_OID(&any, key, member);
	}
	filter = BCON_NEW("_id", "{", "$in", BCON_ARRAY(&any), "}");
	bson_destroy(&any);
	return filter;
}

struct joining {
	struct mongo_set *set;
	struct arena *arena;
};

static enum err join(void *context, const bson_t *document)
{
	struct joining *joining = context;

	if (joining->set->count < MONGO_SET_MOST)
		(void)add(joining->set, joining->arena, document);
	return ERR_OK;
}

enum err mongo_set_join(struct mongo_set *set, struct mongo_session *session, struct arena *arena,
			const struct mongo_set *from, size_t offset)
{
	struct joining joining = {set, arena};
	enum err err;

	set->count = 0;
	err = mongo_find_each(session, mongo_collection_name(set->collection), ids_filter(set, from, offset), NULL,
			      join, &joining);
	qsort(set->items, set->count, sizes[set->collection], mongo_set_is_of_claims(set) ? compare_keys : compare_ids);
	return err;
}

/* ---- Reading through ---- */

static enum err judge(struct mongo_reading *reading)
{
	enum err err = reading->set->count > 0 ? reading->judge(reading->context) : ERR_OK;

	reading->set->count = 0;
	arena_reset(reading->arena);
	return err;
}

static enum err take(void *context, const bson_t *document)
{
	struct mongo_reading *reading = context;

	if (!add(reading->set, reading->arena, document))
		reading->refuse(reading->context, reading->set, document);
	return reading->set->count == MONGO_SET_MOST ? judge(reading) : ERR_OK;
}

enum err mongo_set_read(struct mongo_reading *reading, struct mongo_session *session)
{
	enum err err;

	reading->set->count = 0;
	err = mongo_find_each(session, mongo_collection_name(reading->set->collection), bson_new(),
			      BCON_NEW("batchSize", BCON_INT64(MONGO_SET_MOST)), take, reading);
	return err == ERR_OK ? judge(reading) : err;
}
