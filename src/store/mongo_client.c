/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_client.c: sessions and commands. */
#include "store/mongo_client.h"

#include <time.h>

#include "base/clock.h"
#include "store/mongo_fault.h"
#include "store/mongo_priv.h"

#define ARENA_CAP ((size_t)1 << 30) /* the listing of a large store; a request takes a few KB */
#define DOUBT_US 900000             /* a command that took longer than this to fail has timed out */
#define AGAIN_US 1000000
#define AGAIN_PAUSE_NS 20000000
#define READ_TRIES 3
#define READ_TIME_MS 1500 /* of the server, before it gives a read up */

#define COLLECTION_NAME(name, collection) [MONGO_##name] = collection,
static const char *const names[MONGO_COLLECTION_COUNT] = {MONGO_COLLECTION_LIST(COLLECTION_NAME)};

const char *mongo_collection_name(enum mongo_collection collection)
{
	return names[collection];
}

/* Tells the watch how a command went: an answer of the server is one, be it a refusal. */
static void note(struct mongo_session *session, bool ok, const bson_error_t *error, int64_t begun_us)
{
	bool vain = error->domain == MONGOC_ERROR_SERVER_SELECTION || clock_monotonic_us() - begun_us > DOUBT_US;

	if (ok || (mongo_fault_is_answer(error) && !mongo_fault_is_no_primary(error))) {
		mongo_watch_answered(session->store->watch);
	} else if (vain || mongo_fault_is_no_primary(error)) {
		session->vain = vain;
		mongo_watch_doubt(session->store->watch);
	}
}

/* Something may be left over then, which the janitor looks for when it has aged. */
static void doubt(struct mongo_session *session)
{
	atomic_store(&session->store->unsure_us, clock_monotonic_us());
}

/* Asked before each command: whether not to send it, since the store counts as down, or is being closed. */
static bool is_down(struct mongo_session *session, bson_error_t *error)
{
	bool down = session->vain || mongo_watch_is_down(session->store->watch) ||
		    atomic_load(&session->store->closing);

	*error = (bson_error_t){.domain = 0};
	if (session->probe || !down)
		return false;
	bson_set_error(error, MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE, "known to be down");
	return true;
}

enum err mongo_begin(struct mongo *store, struct mongo_session *session_r)
{
	unsigned busy, open = atomic_load(&store->open);

	if (mongo_watch_is_down(store->watch))
		return ERR_STORE_UNAVAILABLE;
	*session_r = (struct mongo_session){.store = store, .begun_us = clock_monotonic_us()};
	session_r->client = mongoc_client_pool_pop(store->pool);
	if (session_r->client == NULL)
		return ERR_OVERLOADED;
	busy = atomic_fetch_add(&store->busy, 1) + 1;
	while (open < busy && !atomic_compare_exchange_weak(&store->open, &open, busy))
		;
	arena_init(&session_r->arena, ARENA_CAP);
	if (mongo_id_new(&session_r->op))
		return ERR_OK;
	return mongo_end(session_r, ERR_INTERNAL);
}

enum err mongo_end(struct mongo_session *session, enum err err)
{
	if (session->wrote && err == ERR_STORE_UNAVAILABLE) /* it may have ended at a read */
		doubt(session);
	arena_fini(&session->arena);
	atomic_fetch_sub(&session->store->busy, 1);
	mongoc_client_pool_push(session->store->pool, session->client);
	return err;
}

enum err mongo_known(enum mongo_outcome outcome)
{
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : ERR_OK;
}

bool mongo_again(struct mongo_session *session)
{
	const struct timespec pause = {.tv_nsec = AGAIN_PAUSE_NS};

	if (session->vain || clock_monotonic_us() - session->begun_us > AGAIN_US ||
	    mongo_watch_is_down(session->store->watch))
		return false;
	nanosleep(&pause, NULL);
	return true;
}

/* A command that reads, once; `apply` calls the driver. */
typedef bool read_fn(mongoc_client_t *client, const char *database, const bson_t *command, bson_t *reply_r,
		     bson_error_t *error);

/* With the client's read concern, of which the server refuses any but "local" for what reads no documents. */
static bool read_documents(mongoc_client_t *client, const char *database, const bson_t *command, bson_t *reply_r,
			   bson_error_t *error)
{
	return mongoc_client_read_command_with_opts(client, database, command, NULL, NULL, reply_r, error);
}

static bool ask_server(mongoc_client_t *client, const char *database, const bson_t *command, bson_t *reply_r,
		       bson_error_t *error)
{
	return mongoc_client_command_simple(client, database, command, NULL, reply_r, error);
}

static enum err read_by(read_fn *apply, struct mongo_session *session, const char *database, const bson_t *command,
			bson_t *reply_r)
{
	bson_error_t error;

	bson_init(reply_r);
	for (int tries = READ_TRIES;; tries--) {
		int64_t begun_us = clock_monotonic_us();
		bool ok;
		if (is_down(session, &error))
			break;
		bson_destroy(reply_r);
		ok = apply(session->client, database, command, reply_r, &error);
		note(session, ok, &error, begun_us);
		if (ok)
			return ERR_OK;
		if (tries == 1 || !mongo_fault_is_passing(&error) || !mongo_again(session))
			break;
	}
	return mongo_fault(&error, "read");
}

enum err mongo_read_command(struct mongo_session *session, const char *database, const bson_t *command,
			    bson_t *reply_r)
{
	return read_by(read_documents, session, database, command, reply_r);
}

enum err mongo_ask(struct mongo_session *session, const char *database, const bson_t *command, bson_t *reply_r)
{
	return read_by(ask_server, session, database, command, reply_r);
}

/* The only document of a cursor's first batch, within the reply. */
static enum err first_of(struct mongo_found *found)
{
	bson_iter_t iter, batch;
	const uint8_t *bytes;
	uint32_t size;

	if (!bson_iter_init(&iter, &found->reply) || !bson_iter_find_descendant(&iter, "cursor.firstBatch", &batch) ||
	    !BSON_ITER_HOLDS_ARRAY(&batch) || !bson_iter_recurse(&batch, &iter))
		return ERR_INTERNAL;
	if (!bson_iter_next(&iter))
		return ERR_NOT_FOUND;
	if (!BSON_ITER_HOLDS_DOCUMENT(&iter))
		return ERR_INTERNAL;
	bson_iter_document(&iter, &size, &bytes);
	return bson_init_static(&found->document, bytes, size) ? ERR_OK : ERR_INTERNAL;
}

enum err mongo_find(struct mongo_session *session, enum mongo_collection collection, bson_t *filter,
		    struct mongo_found *found_r)
{
	bson_t *command = BCON_NEW("find", BCON_UTF8(names[collection]), "filter", BCON_DOCUMENT(filter), "limit",
				   BCON_INT32(1), "singleBatch", BCON_BOOL(true), "maxTimeMS",
				   BCON_INT32(READ_TIME_MS));
	enum err err = mongo_read_command(session, session->store->database, command, &found_r->reply);

	bson_destroy(command);
	bson_destroy(filter);
	return err == ERR_OK ? first_of(found_r) : err;
}

void mongo_found_free(struct mongo_found *found)
{
	bson_destroy(&found->reply);
}

enum err mongo_exists(struct mongo_session *session, enum mongo_collection collection, bson_t *filter, bool *there_r)
{
	struct mongo_found found;
	enum err err = mongo_find(session, collection, filter, &found);

	mongo_found_free(&found);
	*there_r = err == ERR_OK;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static mongoc_collection_t *open_collection(struct mongo_session *session, const char *name)
{
	return mongoc_client_get_collection(session->client, session->store->database, name);
}

enum err mongo_cursor_each(struct mongo_session *session, mongoc_cursor_t *cursor, const char *doing,
			   mongo_each_fn *each, void *context)
{
	int64_t begun_us = clock_monotonic_us();
	enum err err = ERR_OK;
	bson_error_t error;
	const bson_t *document;

	while (err == ERR_OK && !is_down(session, &error) && mongoc_cursor_next(cursor, &document))
		err = each(context, document);
	if (err == ERR_OK && (error.domain != 0 || mongoc_cursor_error(cursor, &error))) {
		note(session, false, &error, begun_us);
		err = mongo_fault_is_refusal(&error) ? ERR_NOT_FOUND : mongo_fault(&error, doing);
	}
	mongoc_cursor_destroy(cursor);
	return err;
}

enum err mongo_find_each(struct mongo_session *session, const char *name, bson_t *filter, bson_t *options,
			 mongo_each_fn *each, void *context)
{
	mongoc_collection_t *handle = open_collection(session, name);
	enum err err = mongo_cursor_each(session, mongoc_collection_find_with_opts(handle, filter, options, NULL),
					 name, each, context);

	mongoc_collection_destroy(handle);
	bson_destroy(filter);
	bson_destroy(options);
	return err;
}

/* How many documents a write's reply tells of under a key. */
static int64_t counted(const bson_t *reply, const char *key)
{
	bson_iter_t iter;

	return bson_iter_init_find(&iter, reply, key) ? bson_iter_as_int64(&iter) : 0;
}

/* A write of any of the four kinds; `apply` calls the driver. */
struct write {
	mongoc_collection_t *handle;
	const bson_t *filter, *document;
	bson_t reply;
	bson_error_t error;
};

typedef bool apply_fn(struct write *write);

static bool insert(struct write *write)
{
	return mongoc_collection_insert_one(write->handle, write->document, NULL, &write->reply, &write->error);
}

static bool update(struct write *write)
{
	return mongoc_collection_update_one(write->handle, write->filter, write->document, NULL, &write->reply,
					    &write->error);
}

static bool remove_one(struct write *write)
{
	return mongoc_collection_delete_one(write->handle, write->filter, NULL, &write->reply, &write->error);
}

static bool remove_all(struct write *write)
{
	return mongoc_collection_delete_many(write->handle, write->filter, NULL, &write->reply, &write->error);
}

static enum mongo_outcome outcome_of(const struct write *write, bool ok, enum mongo_step step, apply_fn *apply)
{
	const char *count = apply == update ? "matchedCount" : apply == remove_one ? "deletedCount" : NULL;

	if (ok)
		return count != NULL && counted(&write->reply, count) == 0 ? MONGO_NOT_DONE : MONGO_DONE;
	if (apply == insert && mongo_fault_is_duplicate(&write->error))
		return MONGO_NOT_DONE;
	(void)mongo_fault(&write->error, mongo_step_word(step));
	return MONGO_UNKNOWN;
}

static enum mongo_outcome apply(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *filter, bson_t *document, apply_fn *call)
{
	struct write write = {.filter = filter, .document = document};
	enum mongo_outcome outcome = MONGO_UNKNOWN;
	int64_t begun_us = clock_monotonic_us();

	session->wrote = true;
	mongo_step_reached(step, false);
	if (!is_down(session, &write.error)) {
		write.handle = open_collection(session, names[collection]);
		bool ok = call(&write);
		note(session, ok, &write.error, begun_us);
		outcome = outcome_of(&write, ok, step, call);
		bson_destroy(&write.reply);
		mongoc_collection_destroy(write.handle);
	}
	if (outcome == MONGO_UNKNOWN)
		doubt(session);
	mongo_step_reached(step, true);
	bson_destroy(filter);
	bson_destroy(document);
	return outcome;
}

enum mongo_outcome mongo_insert(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *document)
{
	return apply(session, step, collection, NULL, document, insert);
}

enum mongo_outcome mongo_change(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *filter, bson_t *change)
{
	return apply(session, step, collection, filter, change, update);
}

enum mongo_outcome mongo_remove(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *filter)
{
	return apply(session, step, collection, filter, NULL, remove_one);
}

enum mongo_outcome mongo_remove_all(struct mongo_session *session, enum mongo_step step,
				    enum mongo_collection collection, bson_t *filter)
{
	return apply(session, step, collection, filter, NULL, remove_all);
}

enum mongo_outcome mongo_write_command(struct mongo_session *session, enum mongo_step step,
				       const char *database, bson_t *command)
{
	enum mongo_outcome outcome = MONGO_UNKNOWN;
	int64_t begun_us = clock_monotonic_us();
	bson_error_t error;

	session->wrote = true;
	mongo_step_reached(step, false);
	if (!is_down(session, &error)) {
		bool ok = mongoc_client_write_command_with_opts(session->client, database, command, NULL, NULL, &error);
		note(session, ok, &error, begun_us);
		outcome = ok ? MONGO_DONE : mongo_fault_is_refusal(&error) ? MONGO_NOT_DONE : MONGO_UNKNOWN;
		if (outcome == MONGO_UNKNOWN)
			(void)mongo_fault(&error, mongo_step_word(step));
	}
	if (outcome == MONGO_UNKNOWN)
		doubt(session);
	mongo_step_reached(step, true);
	bson_destroy(command);
	return outcome;
}
