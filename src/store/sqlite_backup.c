/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_backup.c: a backup is a database file, made by VACUUM INTO beside the running service; a
 * restore copies its rows into an empty store in one transaction, so that a service that has the
 * store open goes on with it. https://www.sqlite.org/lang_vacuum.html#vacuuminto
 */
#include <sys/stat.h>

#include "base/log.h"
#include "store/sqlite_priv.h"

#define PROGRESS_OPS 2000 /* of SQLite's machine between two looks at the progress */

/* Long work whose progress somebody wants to see. */
struct work {
	sqlite3 *db;
	const char *path; /* of the file that grows; NULL: rows are counted */
	uint64_t total;
	store_progress_fn *progress;
	void *context;
};

static int tell(void *argument)
{
	const struct work *work = argument;
	uint64_t done = (uint64_t)sqlite3_total_changes(work->db);
	struct stat file;

	if (work->path != NULL)
		done = stat(work->path, &file) == 0 ? (uint64_t)file.st_size : 0;
	work->progress(work->context, done < work->total ? done : work->total, work->total);
	return 0;
}

static void log_line(void *context, const char *text)
{
	*(bool *)context = false;
	LOG(LOG_ERROR, "a database is damaged", LOG_TEXT("reason", text));
}

/* Runs one statement; `text`, if not NULL, is its parameter. *number_r, if asked for: what it gives. */
static enum err run(sqlite3 *db, const char *sql, const char *text, uint64_t *number_r)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK && text != NULL)
		rc = sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW && number_r != NULL)
		*number_r = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : sqlite_fault(db, rc, sql);
}

/* The file at `path` as a database that is only read; NULL, with a line in the log, if it is none. */
static sqlite3 *open_backup(const char *path)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		return db;
	LOG(LOG_ERROR, "the backup cannot be opened", LOG_TEXT("path", path),
	    LOG_TEXT("reason", sqlite3_errmsg(db)));
	sqlite3_close(db);
	return NULL;
}

/* Whether the file is whole and of our schema version: else ERR_INVALID_REQUEST. */
static enum err check_backup(const char *path, struct work *work)
{
	sqlite3 *db = open_backup(path);
	uint64_t version = 0;
	bool good = true;

	if (db != NULL)
		sqlite3_progress_handler(db, PROGRESS_OPS, tell, work);
	if (db == NULL || sqlite_verify(db, log_line, &good) != ERR_OK || !good ||
	    run(db, "PRAGMA user_version", NULL, &version) != ERR_OK)
		good = false;
	if (good && version != (uint64_t)sqlite_schema_version()) {
		LOG(LOG_ERROR, "the backup has another schema version", LOG_NUMBER("found", version),
		    LOG_NUMBER("wanted", sqlite_schema_version()));
		good = false;
	}
	sqlite3_close(db);
	return good ? ERR_OK : ERR_INVALID_REQUEST;
}

/* With the progress told: the store must be whole, else the backup is worth nothing, and so must that. */
static enum err back_up(struct work *work)
{
	bool good = true;
	enum err err = sqlite_verify(work->db, log_line, &good);

	if (err == ERR_OK && !good)
		err = ERR_INTERNAL;
	if (err == ERR_OK)
		err = run(work->db,
			  "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
			  " pragma_freelist_count, pragma_page_size", NULL, &work->total);
	if (err == ERR_OK)
		err = run(work->db, "VACUUM INTO ?", work->path, NULL);
	if (err == ERR_OK && check_backup(work->path, work) != ERR_OK)
		err = ERR_INTERNAL;
	return err;
}

enum err sqlite_backup(void *impl, const char *path, store_progress_fn *progress, void *context)
{
	struct work work = {NULL, path, 0, progress, context};
	struct sqlite_connection *connection;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	work.db = connection->db;
	sqlite3_progress_handler(work.db, PROGRESS_OPS, tell, &work);
	err = back_up(&work);
	sqlite3_progress_handler(work.db, 0, NULL, NULL);
	return sqlite_give(impl, connection, err);
}

/* Inside a transaction: the rows of the attached backup into the empty store. */
static enum err copy_rows(struct work *work)
{
	static const char *const copies[] = {
		"INSERT INTO main.organizations SELECT * FROM backup.organizations",
		"INSERT INTO main.admins SELECT * FROM backup.admins",
		"INSERT INTO main.documents SELECT * FROM backup.documents",
	};
	uint64_t here = 1, strange = 1;
	enum err err = run(work->db,
			   "SELECT (SELECT count(*) FROM main.organizations) + (SELECT count(*) FROM main.admins)"
			   " + (SELECT count(*) FROM main.documents)", NULL, &here);

	if (err == ERR_OK && here > 0)
		return ERR_ORGANIZATION_EXISTS;
	if (err == ERR_OK)
		err = run(work->db,
			  "SELECT count(*) FROM (SELECT type, name, sql FROM main.sqlite_schema EXCEPT"
			  " SELECT type, name, sql FROM backup.sqlite_schema)", NULL, &strange);
	if (err == ERR_OK && strange > 0) {
		LOG(LOG_ERROR, "the backup has other tables than the store");
		return ERR_INVALID_REQUEST;
	}
	if (err == ERR_OK)
		err = run(work->db,
			  "SELECT (SELECT count(*) FROM backup.organizations) + (SELECT count(*) FROM backup.admins)"
			  " + (SELECT count(*) FROM backup.documents)", NULL, &work->total);
	for (size_t i = 0; i < COUNT_OF(copies) && err == ERR_OK; i++)
		err = run(work->db, copies[i], NULL, NULL);
	/* Rows of the backup that fit nowhere are the backup's fault, not the store's. */
	return err == ERR_INTERNAL ? ERR_INVALID_REQUEST : err;
}

static enum err restore(struct sqlite_connection *connection, const char *path, struct work *work)
{
	enum err err = run(work->db, "ATTACH ? AS backup", path, NULL);

	if (err == ERR_OK)
		err = sqlite_begin(connection);
	return err == ERR_OK ? sqlite_end(connection, copy_rows(work)) : err;
}

enum err sqlite_restore(void *impl, const char *path, store_progress_fn *progress, void *context)
{
	struct work work = {NULL, NULL, 0, progress, context};
	struct sqlite_connection *connection;
	enum err err;

	/* A connection of its own: what is attached goes with it. */
	err = sqlite_connect(sqlite_path(impl), 0, &connection);
	if (err != ERR_OK)
		return err;
	work.db = connection->db;
	sqlite3_progress_handler(work.db, PROGRESS_OPS, tell, &work);
	err = check_backup(path, &work);
	if (err == ERR_OK)
		err = restore(connection, path, &work);
	sqlite_disconnect(connection);
	return err;
}
