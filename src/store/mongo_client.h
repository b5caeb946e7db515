/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_client.h: sessions on the server, and the few kinds of command that the store needs.
 *
 * Everything is read and written with the concern "majority". A write has three outcomes: whatever is not a
 * clear yes or no is MONGO_UNKNOWN, even if the command was perhaps never sent, and the caller has to read
 * what is there now.
 *
 * Threads: a session is used by one thread, the store by any.
 * Ownership: a `bson_t *` that a function takes is destroyed by it, a `const bson_t *` is not. Build them
 * with BCON_ macros of typed values only, so that no text of a caller is ever read as an operator. Texts of
 * the driver go to the log, but never values: they hold emails and hashes.
 */
#ifndef STORE_MONGO_CLIENT_H
#define STORE_MONGO_CLIENT_H

#include <mongoc/mongoc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/mongo_step.h"

struct mongo;

/* X(name, collection): what orgd keeps in the master database besides the tenants' own collections. */
#define MONGO_COLLECTION_LIST(X)              \
	X(ORGANIZATIONS, "organizations")     \
	X(ADMINS, "admins")                   \
	X(SLUGS, "slugs")                     \
	X(EMAILS, "emails")

#define MONGO_COLLECTION_ENUM(name, collection) MONGO_##name,
enum mongo_collection { MONGO_COLLECTION_LIST(MONGO_COLLECTION_ENUM) MONGO_COLLECTION_COUNT };
#undef MONGO_COLLECTION_ENUM

/* mongo_collection_name(collection): as the server knows it. */
const char *mongo_collection_name(enum mongo_collection collection);

enum mongo_outcome {
	MONGO_DONE,
	MONGO_NOT_DONE, /* the key exists, nothing matches, no such collection: by a clear answer */
	MONGO_UNKNOWN,
};

/* One caller's use of a pooled client; by one thread. */
struct mongo_session {
	struct mongo *store;
	mongoc_client_t *client;
	struct arena arena; /* for what is read; wiped by mongo_end() */
	bson_oid_t op;      /* the id of the operation; new in each session */
	int64_t begun_us;
	bool wrote; /* or tried to */
	bool vain;  /* a command timed out: no other is sent, so that a request waits for one time limit only */
	bool probe; /* sends commands even while the store counts as down */
};

/*
 * mongo_begin(store, session_r): takes a client from the pool; mongo_end() gives it back.
 * ERR_STORE_UNAVAILABLE at once while the store is known to be down, ERR_OVERLOADED when all clients are in
 * use for longer than half a second; then there is no session to end.
 */
enum err mongo_begin(struct mongo *store, struct mongo_session *session_r) MUST_CHECK;

/* mongo_end(session, err): gives client and memory back; returns `err`. */
enum err mongo_end(struct mongo_session *session, enum err err);

/* A document that was found; free with mongo_found_free(), also after an error. */
struct mongo_found {
	bson_t reply;
	bson_t document; /* within the reply */
};

/* mongo_find(session, collection, filter, found_r): the first match, in one round trip. ERR_NOT_FOUND. */
enum err mongo_find(struct mongo_session *session, enum mongo_collection collection, bson_t *filter,
		    struct mongo_found *found_r) MUST_CHECK;
void mongo_found_free(struct mongo_found *found);

/* mongo_exists(session, collection, filter, there_r): whether anything matches, in one round trip. */
enum err mongo_exists(struct mongo_session *session, enum mongo_collection collection, bson_t *filter,
		      bool *there_r) MUST_CHECK;

/* Called for each document; anything but ERR_OK ends the reading and is its result. */
typedef enum err mongo_each_fn(void *context, const bson_t *document);

/*
 * mongo_cursor_each(session, cursor, doing, each, context): calls `each` with every document of the driver's
 * cursor, and destroys the cursor. `doing` is for the log. ERR_NOT_FOUND: there is no such collection.
 */
enum err mongo_cursor_each(struct mongo_session *session, mongoc_cursor_t *cursor, const char *doing,
			   mongo_each_fn *each, void *context) MUST_CHECK;

/*
 * mongo_find_each(session, name, filter, options, each, context): likewise with all matches in the collection
 * of that name. `options` are those of the driver's find (sort, limit, projection); may be NULL.
 */
enum err mongo_find_each(struct mongo_session *session, const char *name, bson_t *filter, bson_t *options,
			 mongo_each_fn *each, void *context) MUST_CHECK;

/*
 * Writes, each a step of a saga.
 *
 * mongo_insert(session, step, collection, document): MONGO_NOT_DONE: its _id exists.
 * mongo_change(session, step, collection, filter, change): compare-and-set of one document. MONGO_NOT_DONE:
 * none matches.
 * mongo_remove(session, step, collection, filter): one document. MONGO_NOT_DONE: none matches.
 * mongo_remove_all(session, step, collection, filter): all matches. MONGO_DONE also when there is none.
 * mongo_write_command(session, step, database, command): create, drop, rename and the like. MONGO_NOT_DONE:
 * mongo_fault_is_refusal().
 */
enum mongo_outcome mongo_insert(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *document) MUST_CHECK;
enum mongo_outcome mongo_change(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *filter, bson_t *change) MUST_CHECK;
enum mongo_outcome mongo_remove(struct mongo_session *session, enum mongo_step step,
				enum mongo_collection collection, bson_t *filter) MUST_CHECK;
enum mongo_outcome mongo_remove_all(struct mongo_session *session, enum mongo_step step,
				    enum mongo_collection collection, bson_t *filter) MUST_CHECK;
enum mongo_outcome mongo_write_command(struct mongo_session *session, enum mongo_step step,
				       const char *database, bson_t *command) MUST_CHECK;

/*
 * mongo_known(outcome): of a write that may have been done before: ERR_OK; ERR_STORE_UNAVAILABLE: it is
 * unknown.
 */
enum err mongo_known(enum mongo_outcome outcome);

/*
 * mongo_again(session): whether to repeat a step of unknown outcome, after a short pause: yes for a second
 * from the session's beginning, unless the store is known to be down.
 */
bool mongo_again(struct mongo_session *session);

/* SURE(outcome, call): an idempotent write, repeated while its outcome is unknown. */
#define SURE(outcome, call)                                                           \
	do                                                                            \
		(outcome) = (call);                                                   \
	while ((outcome) == MONGO_UNKNOWN && mongo_again(session))

/*
 * mongo_read_command(session, database, command, reply_r): find, count: what reads documents.
 * mongo_ask(session, database, command, reply_r): whatever else changes nothing, which takes no read concern.
 * The caller destroys the reply, also after an error.
 */
enum err mongo_read_command(struct mongo_session *session, const char *database, const bson_t *command,
			    bson_t *reply_r) MUST_CHECK;
enum err mongo_ask(struct mongo_session *session, const char *database, const bson_t *command,
		   bson_t *reply_r) MUST_CHECK;

#endif
