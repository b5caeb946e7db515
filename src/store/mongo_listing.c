/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_listing.c: collections: listing, counting, making, moving and dropping them. */
#include <string.h>

#include "model/org.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

/* The server gives a rename up before its caller does: then it does not carry it out when nobody waits for it. */
#define RENAME_TIME_MS 1500

struct collecting {
	struct arena *arena;
	struct mongo_listing *listing;
};

static enum err collect(void *context, const bson_t *document)
{
	struct collecting *collecting = context;
	struct mongo_listing *listing = collecting->listing;
	struct mongo_listed item = {.name = NULL};
	bson_iter_t iter, inner;

	listing->items = arena_grow(collecting->arena, listing->items, sizeof(*listing->items), listing->count);
	if (listing->items == NULL)
		return ERR_INTERNAL;
	if (bson_iter_init_find(&iter, document, "name") && BSON_ITER_HOLDS_UTF8(&iter))
		item.name = arena_strdup(collecting->arena, bson_iter_utf8(&iter, NULL));
	if (bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, "info.uuid", &inner))
		mongo_uuid_read(&inner, &item.uuid);
	if (item.name == NULL)
		return ERR_INTERNAL;
	listing->items[listing->count++] = item;
	return ERR_OK;
}

static bson_t *names_filter(const char *const *names, size_t count)
{
	bson_t any = BSON_INITIALIZER, *filter;

	if (names == NULL)
		return bson_new();
	for (size_t i = 0; i < count; i++) {
		char buffer[16];
		const char *key;
		bson_uint32_to_string((uint32_t)i, &key, buffer, sizeof(buffer));
		BSON_APPEND_UTF8(&any, key, names[i]);
	}
	filter = BCON_NEW("name", "{", "$in", BCON_ARRAY(&any), "}");
	bson_destroy(&any);
	return filter;
}

/* Takes the filter. */
static enum err list(struct mongo_session *session, bson_t *filter, struct mongo_listing *listing_r)
{
	mongoc_database_t *database = mongoc_client_get_database(session->client, session->store->database);
	bson_t *options = BCON_NEW("filter", BCON_DOCUMENT(filter));
	struct collecting collecting = {&session->arena, listing_r};
	enum err err;

	*listing_r = (struct mongo_listing){.count = 0};
	err = mongo_cursor_each(session, mongoc_database_find_collections_with_opts(database, options),
				"list collections", collect, &collecting);
	bson_destroy(options);
	bson_destroy(filter);
	mongoc_database_destroy(database);
	return err;
}

enum err mongo_list(struct mongo_session *session, const char *const *names, size_t count,
		    struct mongo_listing *listing_r)
{
	return list(session, names_filter(names, count), listing_r);
}

enum err mongo_list_prefix(struct mongo_session *session, const char *prefix, struct mongo_listing *listing_r)
{
	char *pattern = arena_printf(&session->arena, "^%s", prefix);

	if (pattern == NULL)
		return ERR_INTERNAL;
	return list(session, BCON_NEW("name", "{", "$regex", BCON_UTF8(pattern), "}"), listing_r);
}

bool mongo_is_kept(const char *name)
{
	for (int i = 0; i < MONGO_COLLECTION_COUNT; i++)
		if (strcmp(name, mongo_collection_name((enum mongo_collection)i)) == 0)
			return true;
	return false;
}

/* An organization whose UUID was set by hand does not get orgd's own, which would be moved or dropped with it. */
const struct mongo_listed *mongo_listed_as(const struct mongo_listing *listing, const struct mongo_uuid *uuid)
{
	for (size_t i = 0; i < listing->count; i++)
		if (mongo_uuid_equal(&listing->items[i].uuid, uuid) && !mongo_is_kept(listing->items[i].name))
			return &listing->items[i];
	return NULL;
}

const struct mongo_listed *mongo_listed_at(const struct mongo_listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcmp(listing->items[i].name, name) == 0)
			return &listing->items[i];
	return NULL;
}

enum err mongo_locate(struct mongo_session *session, const struct mongo_uuid *uuid, const char *const *names,
		      size_t count, struct mongo_listing *listing_r, const char **here_r)
{
	const struct mongo_listed *here;
	enum err err = mongo_list(session, names, count, listing_r);

	if (err == ERR_OK && mongo_listed_as(listing_r, uuid) == NULL)
		err = mongo_list(session, NULL, 0, listing_r);
	here = err == ERR_OK ? mongo_listed_as(listing_r, uuid) : NULL;
	*here_r = here != NULL ? here->name : NULL;
	return err;
}

/* Takes the filter; NULL: all, as the collection's own count says. */
static enum err count(struct mongo_session *session, const char *name, bson_t *filter, uint64_t *count_r)
{
	bson_t *command = BCON_NEW("count", BCON_UTF8(name)), reply;
	bson_iter_t iter;
	enum err err;

	if (filter != NULL)
		BSON_APPEND_DOCUMENT(command, "query", filter);
	err = mongo_read_command(session, session->store->database, command, &reply);
	if (err == ERR_OK && bson_iter_init_find(&iter, &reply, "n"))
		*count_r = (uint64_t)bson_iter_as_int64(&iter);
	else if (err == ERR_OK)
		err = ERR_INTERNAL;
	bson_destroy(&reply);
	bson_destroy(command);
	bson_destroy(filter);
	return err;
}

enum err mongo_count(struct mongo_session *session, enum mongo_collection collection, bson_t *filter,
		     uint64_t *count_r)
{
	return count(session, mongo_collection_name(collection), filter, count_r);
}

enum err mongo_count_in(struct mongo_session *session, const char *name, uint64_t *count_r)
{
	return count(session, name, NULL, count_r);
}

const char *mongo_org_name(struct mongo_session *session, const char *slug)
{
	return arena_printf(&session->arena, ORG_COLLECTION_PREFIX "%s", slug);
}

char *mongo_private_name(struct mongo_session *session, const char *kind, const bson_oid_t *org,
			 const bson_oid_t *attempt)
{
	char org_text[RAND_ID_SIZE], attempt_text[RAND_ID_SIZE];

	bson_oid_to_string(org, org_text);
	bson_oid_to_string(attempt, attempt_text);
	return arena_printf(&session->arena, "%s_%s_%s", kind, org_text, attempt_text);
}

static void add_uuid(struct mongo_session *session, bson_t *command, const struct mongo_uuid *uuid)
{
	if (uuid != NULL && uuid->set && session->store->names_uuids)
		BSON_APPEND_BINARY(command, "collectionUUID", BSON_SUBTYPE_UUID, uuid->bytes, sizeof(uuid->bytes));
}

enum mongo_outcome mongo_rename(struct mongo_session *session, enum mongo_step step, const char *from,
				const char *to, const struct mongo_uuid *uuid)
{
	const char *database = session->store->database;
	char *from_full = arena_printf(&session->arena, "%s.%s", database, from);
	char *to_full = arena_printf(&session->arena, "%s.%s", database, to);
	bson_t *command;

	if (from_full == NULL || to_full == NULL)
		return MONGO_UNKNOWN;
	command = BCON_NEW("renameCollection", BCON_UTF8(from_full), "to", BCON_UTF8(to_full), "maxTimeMS",
			   BCON_INT32(RENAME_TIME_MS));
	add_uuid(session, command, uuid);
	return mongo_write_command(session, step, "admin", command);
}

enum mongo_outcome mongo_drop(struct mongo_session *session, enum mongo_step step, const char *name,
			      const struct mongo_uuid *uuid)
{
	bson_t *command = BCON_NEW("drop", BCON_UTF8(name));

	add_uuid(session, command, uuid);
	return mongo_write_command(session, step, session->store->database, command);
}

enum err mongo_stage(struct mongo_session *session, enum mongo_step step, const bson_oid_t *org,
		     const char **name_r, struct mongo_uuid *uuid_r)
{
	const char *name = *name_r = mongo_private_name(session, "tmp", org, &session->op);
	struct mongo_listing listing;
	enum err err;

	if (name == NULL)
		return ERR_INTERNAL;
	/* Whatever it answers: only what is listed counts. */
	(void)!mongo_write_command(session, step, session->store->database, BCON_NEW("create", BCON_UTF8(name)));
	err = mongo_list(session, &name, 1, &listing);
	if (err != ERR_OK)
		return err;
	if (listing.count != 1 || !listing.items[0].uuid.set)
		return ERR_STORE_UNAVAILABLE;
	*uuid_r = listing.items[0].uuid;
	return ERR_OK;
}
