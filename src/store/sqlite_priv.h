/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_priv.h: what the files of the SQLite store share.
 *
 * A connection is used by one thread at a time: sqlite_take() it, run statements, sqlite_give() it
 * back. Statements are prepared once a connection and kept.
 */
#ifndef STORE_SQLITE_PRIV_H
#define STORE_SQLITE_PRIV_H

#include <sqlite3.h>

#include "base/err.h"
#include "store/sqlite_schema.h"
#include "store/store.h"

struct sqlite;

struct sqlite_connection {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	int64_t taken_us; /* when its user took it */
	struct sqlite_connection *next_free;
};

/* sqlite_connect(path, flags, connection_r): a connection set up for use; `flags` of sqlite3_open_v2. */
enum err sqlite_connect(const char *path, int flags, struct sqlite_connection **connection_r) MUST_CHECK;

/* sqlite_disconnect(connection): finalizes and closes; NULL is fine. */
void sqlite_disconnect(struct sqlite_connection *connection);

/* sqlite_take(store, connection_r): a free connection, a new one if there is none. */
enum err sqlite_take(struct sqlite *store, struct sqlite_connection **connection_r) MUST_CHECK;

/*
 * sqlite_give(store, connection, err): gives it back; after an `err` that tells of trouble with the
 * file it is closed instead, so that the next caller opens the file anew. Returns `err`.
 */
enum err sqlite_give(struct sqlite *store, struct sqlite_connection *connection, enum err err);

/* sqlite_begin(connection), sqlite_end(connection, err): a writing transaction; commits if ERR_OK. */
enum err sqlite_begin(struct sqlite_connection *connection) MUST_CHECK;
enum err sqlite_end(struct sqlite_connection *connection, enum err err) MUST_CHECK;

/*
 * sqlite_take_to_write(store, connection_r), sqlite_give_written(store, connection, err): both at once,
 * for a verb that is one writing transaction. What the first one refuses, it has given back.
 */
enum err sqlite_take_to_write(struct sqlite *store, struct sqlite_connection **connection_r) MUST_CHECK;
enum err sqlite_give_written(struct sqlite *store, struct sqlite_connection *connection, enum err err) MUST_CHECK;

/*
 * sqlite_query(connection, sql, statement_r, types, ...): binds and makes the first step. `types`
 * has a letter an argument: 't' const char * (NULL is NULL; must outlive the statement's use), 'i'
 * int64_t. ERR_OK: a row stands in *statement_r, until sqlite3_reset(). ERR_NOT_FOUND: no row.
 * ERR_ORGANIZATION_EXISTS: a uniqueness was broken, whichever it was.
 */
enum err sqlite_query(struct sqlite_connection *connection, enum sql sql, sqlite3_stmt **statement_r,
		      const char *types, ...) MUST_CHECK;

/* sqlite_execute(connection, sql, types, ...): likewise, for a statement without rows: ERR_OK: done. */
enum err sqlite_execute(struct sqlite_connection *connection, enum sql sql, const char *types, ...) MUST_CHECK;

/* sqlite_fault(db, rc, doing): what an SQLite result code is to the caller; logs the driver's text. */
enum err sqlite_fault(sqlite3 *db, int rc, const char *doing);

/* sqlite_path(store): of its file. */
const char *sqlite_path(const struct sqlite *store);

/*
 * sqlite_file_make(path): an empty file for a new database, if there is none: only its owner may read
 * it, and when root makes it, it is the directory's owner's, as the service may not be root.
 */
enum err sqlite_file_make(const char *path) MUST_CHECK;

/*
 * sqlite_text_add(db): gives SQL the rules of the model, as functions of a text: name_key, name_normal,
 * name_slug, email_normal; NULL when the text has none (name_key: then the text itself).
 */
enum err sqlite_text_add(sqlite3 *db) MUST_CHECK;

/*
 * sqlite_verify(db, line, context): SQLite's own check of a file: calls line(context, text) for each
 * line of complaint. ERR_OK when it went through.
 */
enum err sqlite_verify(sqlite3 *db, void (*line)(void *context, const char *text), void *context) MUST_CHECK;

/* sqlite_org_read(row, arena, org_r): an organization from a row that begins with its columns. */
enum err sqlite_org_read(sqlite3_stmt *row, struct arena *arena, struct org *org_r) MUST_CHECK;

/* The verbs on organizations and admins: sqlite_org.c. */
enum err sqlite_org_create(void *impl, const struct account *account, uint64_t max);
enum err sqlite_org_check_free(void *impl, const char *slug, const char *email, uint64_t max);
enum err sqlite_org_by_slug(void *impl, struct arena *arena, const char *slug, struct org *org_r);
enum err sqlite_org_by_id(void *impl, struct arena *arena, const char *org_id, struct org *org_r);
enum err sqlite_account_by_email(void *impl, struct arena *arena, const char *email,
				 struct account *account_r);
enum err sqlite_org_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r);
enum err sqlite_account_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant,
				  struct account *account_r);
enum err sqlite_org_update(void *impl, struct arena *arena, const struct tenant *tenant,
			   const struct org_change *change, struct account *account_r);
enum err sqlite_org_delete(void *impl, const struct tenant *tenant);
enum err sqlite_hash_renew(void *impl, const struct account *account, const char *hash);
enum err sqlite_account_by_slug(void *impl, struct arena *arena, const char *slug, struct account *account_r);
enum err sqlite_account_by_id(void *impl, struct arena *arena, const char *org_id, struct account *account_r);
enum err sqlite_admin_create(void *impl, const char *org_id, const struct admin *admin);

/* The operator's verbs: sqlite_list.c, sqlite_check.c, sqlite_backup.c, sqlite_documents.c. */
enum err sqlite_org_list(void *impl, struct arena *arena, const struct store_query *query,
			 struct store_page *page_r);
enum err sqlite_info(void *impl, struct arena *arena, struct store_info *info_r);
enum err sqlite_check(void *impl, bool repair, store_finding_fn *report, void *context);
enum err sqlite_backup(void *impl, const char *path, store_progress_fn *progress, void *context);
enum err sqlite_restore(void *impl, const char *path, store_progress_fn *progress, void *context);
enum err sqlite_documents_each(void *impl, const char *org_id, store_document_fn *take, void *context);
enum err sqlite_documents_put(void *impl, const char *org_id, const struct store_document *documents,
			      size_t count);

#endif
