/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_priv.h: what the files of the MongoDB store share: the store itself, and its verbs. */
#ifndef STORE_MONGO_PRIV_H
#define STORE_MONGO_PRIV_H

#include <pthread.h>

#include "store/mongo_client.h"
#include "store/mongo_doc.h"
#include "store/store.h"

#define MONGO_SCHEMA 1 /* version of the layout of the data */

struct mongo_lock;
struct mongo_watch;
struct mongo_janitor;

struct mongo {
	mongoc_client_pool_t *pool;
	char *database;
	char *hosts; /* for the operator's eyes */
	enum store_use use;
	bool existing; /* must be there already */
	bool adopting; /* what another program filled is opened too */
	struct mongo_uuid prepared; /* of organizations, when that was made ready; the watch's */
	atomic_bool names_uuids; /* the server compares collectionUUID in renameCollection and drop */
	atomic_bool closing; /* nobody but the janitor has a session any more, and that is to end */
	atomic_uint open, busy;
	atomic_int_fast64_t unsure_us; /* when something that wrote ended unsure last; monotonic; 0: never */
	struct mongo_lock *lock;
	struct mongo_watch *watch;
	struct mongo_janitor *janitor; /* NULL: none */
};

/*
 * mongo_lock.c: operations on one organization go one by one within a process. MongoDB does not need
 * that; FerretDB 1 does, whose compare-and-set is not atomic.
 *
 * mongo_lock_new(most): for as many organizations at a time. mongo_lock_free(lock): NULL is fine.
 * mongo_lock(store, org, wait): ERR_ORGANIZATION_BUSY when another thread has it, after waiting a second.
 */
struct mongo_lock *mongo_lock_new(size_t most) MUST_CHECK;
void mongo_lock_free(struct mongo_lock *lock);
enum err mongo_lock(struct mongo *store, const bson_oid_t *org, bool wait) MUST_CHECK;
void mongo_unlock(struct mongo *store, const bson_oid_t *org);

/* mongo_begin_on(store, org, session_r), mongo_end_on(session, org, err): a session with the lock. */
enum err mongo_begin_on(struct mongo *store, const bson_oid_t *org, struct mongo_session *session_r) MUST_CHECK;
enum err mongo_end_on(struct mongo_session *session, const bson_oid_t *org, enum err err);

/*
 * mongo_watch.c: whether the store answers. A thread of its own asks when it is doubted, so that one
 * probe waits for a store that is down and no request does.
 *
 * mongo_watch_start(store): makes store->watch. mongo_watch_first(watch, error_r): what its first probe said, that
 * also prepares the store, and why, in words, if it failed. mongo_watch_free(watch): ends it; NULL is fine; false:
 * it waits for a server still, and is left to the end of the process.
 * mongo_watch_doubt(watch): a command waited in vain: the store is down until a probe succeeds.
 * mongo_watch_is_down(watch): so it is. mongo_watch_answered(watch): a command was answered.
 * mongo_watch_ping(watch): answers within a second.
 */
enum err mongo_watch_start(struct mongo *store) MUST_CHECK;
enum err mongo_watch_first(struct mongo_watch *watch, bson_error_t *error_r) MUST_CHECK;
bool mongo_watch_free(struct mongo_watch *watch);
void mongo_watch_doubt(struct mongo_watch *watch);
bool mongo_watch_is_down(const struct mongo_watch *watch);
void mongo_watch_answered(struct mongo_watch *watch);
enum err mongo_watch_ping(struct mongo_watch *watch) MUST_CHECK;

/*
 * mongo_schema.c. mongo_schema_prepare(session): makes the indexes, and looks whether the server and what it
 * holds are fit; ERR_INVALID_REQUEST when they are not, as a line in the log says. ERR_NOT_FOUND: nothing is
 * there, and `existing` was asked for. Done again, it does nothing unless the database is another one.
 */
enum err mongo_schema_prepare(struct mongo_session *session) MUST_CHECK;

/* Who is told of an index: its name, what is wrong with it, and whether it is no longer. */
typedef void mongo_index_fn(void *context, const char *name, const char *fault, bool mended);

/*
 * mongo_index.c. mongo_index_make(session): those that are missing. mongo_index_check(session, repair, found,
 * context): tells of each that is missing or in the way; `repair` makes those that can be made.
 * mongo_index_clear(session, dry_run, found, context): drops those in the way; `dry_run` only tells of them.
 */
enum err mongo_index_make(struct mongo_session *session) MUST_CHECK;
enum err mongo_index_check(struct mongo_session *session, bool repair, mongo_index_fn *found, void *context) MUST_CHECK;
enum err mongo_index_clear(struct mongo_session *session, bool dry_run, mongo_index_fn *found, void *context) MUST_CHECK;

/* mongo_janitor.c: a thread that goes on with what dead processes began; free is as that of the watch. */
struct mongo_janitor *mongo_janitor_new(struct mongo *store) MUST_CHECK;
bool mongo_janitor_free(struct mongo_janitor *janitor);

/* The verbs of store.h; the file is named after what they do. */
enum err mongo_org_create(void *impl, const struct account *account, uint64_t max);
enum err mongo_org_check_free(void *impl, const char *slug, const char *email, uint64_t max);
enum err mongo_org_by_slug(void *impl, struct arena *arena, const char *slug, struct org *org_r);
enum err mongo_org_by_id(void *impl, struct arena *arena, const char *org_id, struct org *org_r);
enum err mongo_account_by_email(void *impl, struct arena *arena, const char *email, struct account *account_r);
enum err mongo_org_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r);
enum err mongo_account_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant,
				 struct account *account_r);
enum err mongo_org_update(void *impl, struct arena *arena, const struct tenant *tenant,
			  const struct org_change *change, struct account *account_r);
enum err mongo_org_delete(void *impl, const struct tenant *tenant);
enum err mongo_hash_renew(void *impl, const struct account *account, const char *hash);
enum err mongo_account_by_slug(void *impl, struct arena *arena, const char *slug, struct account *account_r);
enum err mongo_account_by_id(void *impl, struct arena *arena, const char *org_id, struct account *account_r);
enum err mongo_admin_create(void *impl, const char *org_id, const struct admin *admin);
enum err mongo_org_list(void *impl, struct arena *arena, const struct store_query *query,
			struct store_page *page_r);
enum err mongo_info(void *impl, struct arena *arena, struct store_info *info_r);
enum err mongo_check(void *impl, bool repair, store_finding_fn *report, void *context);
enum err mongo_documents_each(void *impl, const char *org_id, store_document_fn *take, void *context);
enum err mongo_documents_put(void *impl, const char *org_id, const struct store_document *documents, size_t count);
enum err mongo_document_normal(void *impl, struct arena *arena, const struct store_document *document,
			       struct store_document *normal_r);
enum err mongo_adopt(void *impl, bool dry_run, store_adoption_fn *report, void *context);

#endif
