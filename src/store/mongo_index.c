/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_index.c: the indexes of the master database. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/mongo_priv.h"

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
	enum err err = mongo_ask(session, "admin", command, &reply);

	bson_destroy(&reply);
	bson_destroy(command);
	return err;
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

#define STRANGE_MOST 16

/* A look at the indexes of one collection. */
struct look {
	struct arena *arena;
	enum mongo_collection collection;
	bool there[COUNT_OF(indexes)];
	const char *strange[STRANGE_MOST]; /* names of those that are in the way */
	size_t strange_count;
};

static enum err look_at(void *context, const bson_t *index)
{
	struct look *look = context;
	bson_iter_t iter, key;
	const char *name = bson_iter_init_find(&iter, index, "name") ? bson_iter_utf8(&iter, NULL) : NULL;
	const char *field = key_of(index, &key);

	if (field != NULL && strcmp(field, "_id") == 0)
		return ERR_OK;
	if (!is_plain(index)) {
		if (name == NULL || look->strange_count == STRANGE_MOST)
			return ERR_OK;
		look->strange[look->strange_count] = arena_strdup(look->arena, name);
		return look->strange[look->strange_count++] != NULL ? ERR_OK : ERR_INTERNAL;
	}
	for (size_t i = 0; i < COUNT_OF(indexes); i++)
		if (indexes[i].collection == look->collection && field != NULL && strcmp(field, indexes[i].key) == 0)
			look->there[i] = true;
	return ERR_OK;
}

/* A collection that is not there has none. */
static enum err read_indexes(struct mongo_session *session, enum mongo_collection collection, struct look *look_r)
{
	mongoc_collection_t *handle = mongoc_client_get_collection(session->client, session->store->database,
								   mongo_collection_name(collection));
	enum err err;

	*look_r = (struct look){.arena = &session->arena, .collection = collection};
	err = mongo_cursor_each(session, mongoc_collection_find_indexes_with_opts(handle, NULL),
				"list indexes", look_at, look_r);
	mongoc_collection_destroy(handle);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* One that serves stays: under another name the server would refuse it a second time. */
enum err mongo_index_make(struct mongo_session *session)
{
	enum err err = ERR_OK;

	for (int collection = 0; collection < MONGO_COLLECTION_COUNT && err == ERR_OK; collection++) {
		struct look look;
		err = read_indexes(session, (enum mongo_collection)collection, &look);
		for (size_t i = 0; i < COUNT_OF(indexes) && err == ERR_OK; i++)
			if (indexes[i].collection == look.collection && !look.there[i])
				err = make_index(session, &indexes[i]);
	}
	return err;
}

static void tell(const struct look *look, const char *name, const char *fault, bool mended, mongo_index_fn *found,
		 void *context)
{
	char text[160];

	snprintf(text, sizeof(text), "%s.%s", mongo_collection_name(look->collection), name);
	found(context, text, fault, mended);
}

static void tell_strange(const struct look *look, mongo_index_fn *found, void *context)
{
	for (size_t i = 0; i < look->strange_count; i++)
		tell(look, look->strange[i], "it refuses, omits or removes documents", false, found, context);
}

enum err mongo_index_check(struct mongo_session *session, bool repair, mongo_index_fn *found, void *context)
{
	enum err err = ERR_OK;

	for (int collection = 0; collection < MONGO_COLLECTION_COUNT && err == ERR_OK; collection++) {
		struct look look;
		err = read_indexes(session, (enum mongo_collection)collection, &look);
		if (err == ERR_OK)
			tell_strange(&look, found, context);
		for (size_t i = 0; i < COUNT_OF(indexes) && err == ERR_OK; i++)
			if (indexes[i].collection == look.collection && !look.there[i])
				tell(&look, indexes[i].key, "it is missing",
				     repair && make_index(session, &indexes[i]) == ERR_OK, found, context);
	}
	return err;
}

static enum err drop(struct mongo_session *session, const struct look *look, const char *name)
{
	bson_t *command = BCON_NEW("dropIndexes", BCON_UTF8(mongo_collection_name(look->collection)), "index",
				   BCON_UTF8(name));

	return mongo_write_command(session, MONGO_STEP_SCHEMA, session->store->database, command) == MONGO_DONE
		       ? ERR_OK
		       : ERR_STORE_UNAVAILABLE;
}

enum err mongo_index_clear(struct mongo_session *session, bool dry_run, mongo_index_fn *found, void *context)
{
	enum err err = ERR_OK;

	for (int collection = 0; collection < MONGO_COLLECTION_COUNT && err == ERR_OK; collection++) {
		struct look look;
		err = read_indexes(session, (enum mongo_collection)collection, &look);
		if (err == ERR_OK && dry_run)
			tell_strange(&look, found, context);
		for (size_t i = 0; i < look.strange_count && err == ERR_OK && !dry_run; i++)
			err = drop(session, &look, look.strange[i]);
	}
	return err;
}
