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
	enum store_use use; /* as in struct store_options, like `existing` and `adopting` */
	bool existing;
	bool adopting;
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
 * that; FerretDB 1 does, whose compare-and-set is not atomic. Any thread may call these.
 *
 * mongo_lock_new(most): for as many organizations at a time. mongo_lock_free(lock): NULL is fine.
 * mongo_lock(store, org, wait): ERR_ORGANIZATION_BUSY when another thread has it; `wait`: still has it after
 * a second. mongo_unlock(store, org): by the thread that has it.
 */
struct mongo_lock *mongo_lock_new(size_t most) MUST_CHECK;
void mongo_lock_free(struct mongo_lock *lock);
enum err mongo_lock(struct mongo *store, const bson_oid_t *org, bool wait) MUST_CHECK;
void mongo_unlock(struct mongo *store, const bson_oid_t *org);

/* mongo_begin_on(store, org, session_r), mongo_end_on(session, org, err): a session with the lock. */
enum err mongo_begin_on(struct mongo *store, const bson_oid_t *org, struct mongo_session *session_r) MUST_CHECK;
enum err mongo_end_on(struct mongo_session *session, const bson_oid_t *org, enum err err);

/*
 * mongo_watch.c: the circuit breaker. While the store counts as down, commands are refused at once, and a
 * thread of the watch's own probes it: so that one probe waits for a store that is down, and no request does.
 * Any thread may call these.
 *
 * mongo_watch_start(store): makes store->watch and starts its thread, which probes at once.
 * mongo_watch_first(watch, error_r): waits for that first probe, which also prepares the store; returns its
 * result, and why, in words, if it failed.
 * mongo_watch_free(watch): stops the thread; NULL is fine. false: it still waits for a server, so that
 * nothing that it uses may be freed before the process ends.
 * mongo_watch_doubt(watch): a command timed out: the store counts as down until a probe succeeds.
 * mongo_watch_answered(watch): a command was answered.
 * mongo_watch_is_down(watch): whether the store counts as down.
 * mongo_watch_ping(watch): whether the store answers, within a second.
 */
enum err mongo_watch_start(struct mongo *store) MUST_CHECK;
enum err mongo_watch_first(struct mongo_watch *watch, bson_error_t *error_r) MUST_CHECK;
bool mongo_watch_free(struct mongo_watch *watch);
void mongo_watch_doubt(struct mongo_watch *watch);
bool mongo_watch_is_down(const struct mongo_watch *watch);
void mongo_watch_answered(struct mongo_watch *watch);
enum err mongo_watch_ping(struct mongo_watch *watch) MUST_CHECK;

/*
 * mongo_schema.c. mongo_schema_prepare(session): makes the indexes, and checks that server and database are
 * fit for orgd; else ERR_INVALID_REQUEST, and a line in the log says why. ERR_NOT_FOUND: the database is
 * empty, and `existing` was asked for. Done again, it does nothing unless the database is another one.
 */
enum err mongo_schema_prepare(struct mongo_session *session) MUST_CHECK;

/* Who is told of an index: its name, what is wrong with it, and whether it is no longer. */
typedef void mongo_index_fn(void *context, const char *name, const char *fault, bool mended);

/*
 * mongo_index.c. mongo_index_make(session): makes those that are missing. mongo_index_check(session, repair,
 * found, context): tells of each that is missing or in the way; `repair`: makes the missing ones, if it can.
 * mongo_index_clear(session, dry_run, found, context): drops those in the way, or with `dry_run` tells of
 * them.
 */
enum err mongo_index_make(struct mongo_session *session) MUST_CHECK;
enum err mongo_index_check(struct mongo_session *session, bool repair, mongo_index_fn *found, void *context) MUST_CHECK;
enum err mongo_index_clear(struct mongo_session *session, bool dry_run, mongo_index_fn *found,
			   void *context) MUST_CHECK;

/*
 * mongo_janitor.c: a thread that finishes what dead processes began. mongo_janitor_free(janitor): stops it,
 * and lets it send no more commands; NULL is fine. false: as with mongo_watch_free().
 */
struct mongo_janitor *mongo_janitor_new(struct mongo *store) MUST_CHECK;
bool mongo_janitor_free(struct mongo_janitor *janitor);

/* mongo_recover_pending(store): goes on with all that is under way for longer than the lease; mongo_janitor.c. */
enum err mongo_recover_pending(struct mongo *store) MUST_CHECK;

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
