/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_schema.c: whether the server and the database are fit for orgd. */
#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define WIRE_COLLECTION_UUID 17 /* MongoDB 6.0 */

static enum err refuse(const char *why)
{
	LOG(LOG_ERROR, why);
	return ERR_INVALID_REQUEST;
}

/*
 * Whether there is an organization without a state that orgd writes, or with such a state and without the UUID
 * that is then there, be it null. By indexes: this is done at every start.
 */
static enum err refuse_foreign(struct mongo_session *session)
{
	bool there;
	bson_t *filter = BCON_NEW("$or", "[", "{", "state", "{", "$nin", MONGO_ALL_STATES, "}", "}", "{", "coll_uuid",
				  "{", "$exists", BCON_BOOL(false), "}", "}", "]");
	enum err err = mongo_exists(session, MONGO_ORGANIZATIONS, filter, &there);

	if (err == ERR_OK && there)
		return refuse("the database holds organizations that orgd did not write: see `orgctl store adopt`");
	return err;
}

/*
 * Whether the server looks at collectionUUID: old ones refuse an argument that they do not know, others
 * ignore it. So it is tried, with a wrong one on a collection that nobody else has.
 */
static enum err try_uuids(struct mongo_session *session)
{
	const char *database = session->store->database;
	const struct mongo_uuid wrong = {.set = true, .bytes = {1}};
	bson_oid_t id;
	char *name;
	enum mongo_outcome outcome;

	if (!mongo_id_new(&id))
		return ERR_INTERNAL;
	name = mongo_private_name(session, "tmp", &id, &session->op);
	if (name == NULL)
		return ERR_INTERNAL;
	outcome = mongo_write_command(session, MONGO_STEP_SCHEMA, database, BCON_NEW("create", BCON_UTF8(name)));
	if (outcome == MONGO_DONE)
		outcome = mongo_write_command(session, MONGO_STEP_SCHEMA, database,
					      BCON_NEW("drop", BCON_UTF8(name), "collectionUUID",
						       MONGO_UUID_VALUE(&wrong)));
	atomic_store(&session->store->names_uuids, outcome == MONGO_NOT_DONE);
	if (outcome == MONGO_NOT_DONE)
		outcome = mongo_drop(session, MONGO_STEP_SCHEMA, name, NULL);
	return mongo_known(outcome);
}

static int32_t wire_version(struct mongo_session *session)
{
	bson_t *command = BCON_NEW("isMaster", BCON_INT32(1)), reply;
	bson_iter_t iter;
	int32_t version = 0;

	if (mongo_ask(session, "admin", command, &reply) == ERR_OK &&
	    bson_iter_init_find(&iter, &reply, "maxWireVersion"))
		version = (int32_t)bson_iter_as_int64(&iter);
	bson_destroy(&reply);
	bson_destroy(command);
	return version;
}

/* What orgd keeps, as far as it is there. */
static enum err list_kept(struct mongo_session *session, struct mongo_listing *listing_r)
{
	const char *kept[MONGO_COLLECTION_COUNT];

	for (int i = 0; i < MONGO_COLLECTION_COUNT; i++)
		kept[i] = mongo_collection_name((enum mongo_collection)i);
	return mongo_list(session, kept, COUNT_OF(kept), listing_r);
}

/* Of organizations, if all is there: another store has another one. Unset: something is missing, or UUIDs are. */
static struct mongo_uuid uuid_of(const struct mongo_listing *listing)
{
	const struct mongo_listed *orgs = mongo_listed_at(listing, mongo_collection_name(MONGO_ORGANIZATIONS));

	return orgs != NULL && listing->count == MONGO_COLLECTION_COUNT ? orgs->uuid
									: (struct mongo_uuid){.set = false};
}

/* It is there and has UUIDs; makes it if it may. A single request takes it as it finds it. */
static enum err prepare_collections(struct mongo_session *session, struct mongo_listing *listing)
{
	enum err err = ERR_OK;

	if (listing->count == 0 && session->store->existing)
		return ERR_NOT_FOUND;
	if (listing->count < MONGO_COLLECTION_COUNT || session->store->use == STORE_FOR_SERVICE) {
		err = mongo_index_make(session);
		if (err == ERR_OK)
			err = list_kept(session, listing);
	}
	if (err == ERR_OK && !uuid_of(listing).set)
		return refuse("the server gives its collections no UUIDs: MongoDB 4.4 or newer is needed");
	return err;
}

enum err mongo_schema_prepare(struct mongo_session *session)
{
	struct mongo *store = session->store;
	struct mongo_listing listing;
	struct mongo_uuid uuid;
	enum err err;

	if (store->adopting)
		return ERR_OK;
	err = list_kept(session, &listing);
	if (err != ERR_OK)
		return err;
	uuid = uuid_of(&listing);
	if (mongo_uuid_equal(&uuid, &store->prepared))
		return ERR_OK;
	err = refuse_foreign(session);
	if (err == ERR_OK)
		err = prepare_collections(session, &listing);
	if (err == ERR_OK && store->use == STORE_FOR_SERVICE && wire_version(session) >= WIRE_COLLECTION_UUID)
		err = try_uuids(session);
	if (err == ERR_OK)
		store->prepared = uuid_of(&listing);
	return err;
}
