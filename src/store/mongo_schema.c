/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_schema.c: indexes, and whether the server and the database are fit for orgd. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/mongo_fault.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define WIRE_COLLECTION_UUID 17 /* MongoDB 6.0 */

/*
 * None is unique: keys are made unique by claims, whose _id they are, and an email may stand twice for
 * as long as a dead create is not cleared away.
 */
static const struct index {
	enum mongo_collection collection;
	const char *key;
} indexes[] = {
	{MONGO_ORGANIZATIONS, "slug"}, {MONGO_ORGANIZATIONS, "coll_uuid"}, {MONGO_ORGANIZATIONS, "state"},
	{MONGO_ADMINS, "email"},       {MONGO_ADMINS, "org_id"},	   {MONGO_SLUGS, "org"},
	{MONGO_EMAILS, "org"},
};

static enum err ask(struct mongo_session *session)
{
	bson_t *command = BCON_NEW("ping", BCON_INT32(1)), reply;
	enum err err = mongo_read_command(session, "admin", command, &reply);

	bson_destroy(&reply);
	bson_destroy(command);
	return err;
}

static enum err refuse(const char *why)
{
	LOG(LOG_ERROR, why);
	return ERR_INVALID_REQUEST;
}

/* What exists with the same options stays; others of that name are a conflict, and loud. */
static enum err make_index(struct mongo_session *session, const struct index *index)
{
	const char *collection = mongo_collection_name(index->collection);
	char name[32];
	bson_t *command;

	snprintf(name, sizeof(name), "%s_1", index->key);
	command = BCON_NEW("createIndexes", BCON_UTF8(collection), "indexes", "[", "{", "key", "{", index->key,
			   BCON_INT32(1), "}", "name", BCON_UTF8(name), "}", "]");
	if (mongo_write_command(session, MONGO_STEP_SCHEMA, session->store->database, command) == MONGO_DONE)
		return ERR_OK;
	LOG(LOG_ERROR, "an index cannot be made", LOG_TEXT("collection", collection), LOG_TEXT("index", name));
	return ask(session) == ERR_OK ? ERR_INVALID_REQUEST : ERR_STORE_UNAVAILABLE;
}

enum err mongo_schema_index(struct mongo_session *session)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < COUNT_OF(indexes) && err == ERR_OK; i++)
		err = make_index(session, &indexes[i]);
	return err;
}

/* Whether an index does nothing but help to find: it refuses no document, leaves none out, and removes none. */
static bool is_plain(const bson_t *index)
{
	static const char *const plain[] = {"v", "key", "name", "ns", "background"};
	bson_iter_t iter;

	for (bool more = bson_iter_init(&iter, index) && bson_iter_next(&iter); more; more = bson_iter_next(&iter)) {
		bool known = BSON_ITER_HOLDS_BOOL(&iter) && !bson_iter_bool(&iter);
		for (size_t i = 0; i < COUNT_OF(plain); i++)
			known |= strcmp(plain[i], bson_iter_key(&iter)) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* The only field of its key; NULL: it has several. */
static const char *key_of(const bson_t *index, bson_iter_t *key)
{
	bson_iter_t iter, next;

	if (!bson_iter_init_find(&iter, index, "key") || !BSON_ITER_HOLDS_DOCUMENT(&iter) ||
	    !bson_iter_recurse(&iter, key) || !bson_iter_next(key))
		return NULL;
	next = *key;
	return bson_iter_next(&next) ? NULL : bson_iter_key(key);
}

/* A look at the indexes of one collection. */
struct looking {
	enum mongo_collection collection;
	bool there[COUNT_OF(indexes)];
	mongo_index_fn *found;
	void *context;
};

static void tell(const struct looking *looking, const char *name, const char *fault, bool mended)
{
	char text[160];

	snprintf(text, sizeof(text), "%s.%s", mongo_collection_name(looking->collection), name);
	looking->found(looking->context, text, fault, mended);
}

static void look_at(struct looking *looking, const bson_t *index)
{
	bson_iter_t iter, key;
	const char *name = bson_iter_init_find(&iter, index, "name") ? bson_iter_utf8(&iter, NULL) : NULL;
	const char *field = key_of(index, &key);

	if (field != NULL && strcmp(field, "_id") == 0)
		return;
	if (!is_plain(index)) {
		tell(looking, name != NULL ? name : "?", "it refuses, omits or removes documents", false);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(indexes); i++)
		if (indexes[i].collection == looking->collection && field != NULL && strcmp(field, indexes[i].key) == 0)
			looking->there[i] = true;
}

/* A collection that is not there has none. */
static enum err read_indexes(struct mongo_session *session, struct looking *looking)
{
	mongoc_collection_t *handle = mongoc_client_get_collection(session->client, session->store->database,
								   mongo_collection_name(looking->collection));
	mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(handle, NULL);
	const bson_t *index;
	bson_error_t error;
	enum err err = ERR_OK;

	while (mongoc_cursor_next(cursor, &index))
		look_at(looking, index);
	if (mongoc_cursor_error(cursor, &error) && !mongo_fault_is_refusal(&error))
		err = mongo_fault(&error, "list indexes");
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(handle);
	return err;
}

enum err mongo_schema_check(struct mongo_session *session, bool repair, mongo_index_fn *found, void *context)
{
	enum err err = ERR_OK;

	for (int collection = 0; collection < MONGO_COLLECTION_COUNT && err == ERR_OK; collection++) {
		struct looking looking = {(enum mongo_collection)collection, {false}, found, context};
		err = read_indexes(session, &looking);
		for (size_t i = 0; i < COUNT_OF(indexes) && err == ERR_OK; i++)
			if (indexes[i].collection == looking.collection && !looking.there[i])
				tell(&looking, indexes[i].key, "it is missing",
				     repair && make_index(session, &indexes[i]) == ERR_OK);
	}
	return err;
}

/* Whether there is an organization that has none of the states that orgd writes. */
static enum err refuse_foreign(struct mongo_session *session)
{
	struct mongo_found found;
	enum err err = mongo_find(session, MONGO_ORGANIZATIONS, BCON_NEW("state", BCON_NULL), &found);

	mongo_found_free(&found);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err == ERR_OK ? refuse("the database holds organizations that orgd did not write: see"
				      " `orgctl store adopt`")
			     : err;
}

/*
 * Whether the server looks at collectionUUID: old ones refuse an argument that they do not know, others
 * ignore it. So it is tried, with a wrong one on a collection that nobody else has.
 */
static enum err try_uuids(struct mongo_session *session)
{
	const struct mongo_uuid wrong = {.set = true, .bytes = {1}};
	bson_oid_t id;
	char *name;
	enum mongo_outcome outcome;

	if (!mongo_id_new(&id))
		return ERR_INTERNAL;
	name = mongo_private_name(session, "tmp", &id);
	if (name == NULL)
		return ERR_INTERNAL;
	outcome = mongo_write_command(session, MONGO_STEP_SCHEMA, session->store->database,
				      BCON_NEW("create", BCON_UTF8(name)));
	session->store->names_uuids = true;
	if (outcome == MONGO_DONE)
		outcome = mongo_drop(session, MONGO_STEP_SCHEMA, name, &wrong);
	session->store->names_uuids = outcome == MONGO_NOT_DONE;
	if (outcome == MONGO_NOT_DONE)
		outcome = mongo_drop(session, MONGO_STEP_SCHEMA, name, NULL);
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : ERR_OK;
}

static int32_t wire_version(struct mongo_session *session)
{
	bson_t *command = BCON_NEW("isMaster", BCON_INT32(1)), reply;
	bson_iter_t iter;
	int32_t version = 0;

	if (mongo_read_command(session, "admin", command, &reply) == ERR_OK &&
	    bson_iter_init_find(&iter, &reply, "maxWireVersion"))
		version = (int32_t)bson_iter_as_int64(&iter);
	bson_destroy(&reply);
	bson_destroy(command);
	return version;
}

/* What orgd keeps is there and has UUIDs; makes it if it may. A single request takes it as it finds it. */
static enum err prepare_collections(struct mongo_session *session)
{
	const char *kept[MONGO_COLLECTION_COUNT];
	struct mongo_listing listing;
	enum err err;

	for (int i = 0; i < MONGO_COLLECTION_COUNT; i++)
		kept[i] = mongo_collection_name((enum mongo_collection)i);
	err = mongo_list(session, kept, COUNT_OF(kept), &listing);
	if (err == ERR_OK && listing.count == 0 && session->store->existing)
		return ERR_NOT_FOUND;
	if (err == ERR_OK && (listing.count < COUNT_OF(kept) || session->store->service)) {
		err = mongo_schema_index(session);
		if (err == ERR_OK)
			err = mongo_list(session, kept, COUNT_OF(kept), &listing);
	}
	if (err == ERR_OK && (listing.count < COUNT_OF(kept) || !listing.items[0].uuid.set))
		return refuse("the server gives its collections no UUIDs: MongoDB 4.4 or newer is needed");
	return err;
}

enum err mongo_schema_prepare(struct mongo_session *session)
{
	enum err err = session->store->adopting ? ERR_OK : refuse_foreign(session);

	if (err == ERR_OK && !session->store->adopting)
		err = prepare_collections(session);
	if (err == ERR_OK && session->store->service && wire_version(session) >= WIRE_COLLECTION_UUID)
		err = try_uuids(session);
	return err;
}
