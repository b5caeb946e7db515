/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.c: connections of the embedded store: a pool, and transactions.
 *
 * WAL lets readers and one writer work at once, in any number of processes on one host. The pool is
 * a stack: few connections are ever opened unless many requests come at once. Settings:
 * https://www.sqlite.org/pragma.html
 */
#include "store/sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/sqlite_priv.h"

#define BUSY_TIMEOUT_MS 1500

struct sqlite {
	char *path;
	unsigned limit;

	pthread_mutex_t lock; /* guards what follows */
	struct sqlite_connection *free;
	unsigned open, busy;
};

/* What a result code is to the caller. */
static enum err classify(int rc)
{
	if (rc == SQLITE_CONSTRAINT_UNIQUE)
		return ERR_ORGANIZATION_EXISTS;
	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_NOMEM:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return ERR_INTERNAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_OVERLOADED;
	default: /* the file or its disk; a table that is gone (SQLITE_ERROR) too */
		return ERR_STORE_UNAVAILABLE;
	}
}

enum err sqlite_fault(sqlite3 *db, int rc, const char *doing)
{
	enum err err = classify(rc);

	if (err != ERR_ORGANIZATION_EXISTS)
		LOG(LOG_ERROR, "sqlite failed", LOG_TEXT("doing", doing), LOG_NUMBER("rc", rc),
		    LOG_TEXT("text", sqlite3_errmsg(db)));
	return err;
}

static int set_up(sqlite3 *db)
{
	const char *settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON; PRAGMA cache_size = -256;";

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	return sqlite3_exec(db, settings, NULL, NULL, NULL);
}

enum err sqlite_connect(const char *path, int flags, struct sqlite_connection **connection_r)
{
	struct sqlite_connection *connection = calloc(1, sizeof(*connection));
	int rc;

	if (connection == NULL)
		return ERR_INTERNAL;
	rc = sqlite3_open_v2(path, &connection->db, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = set_up(connection->db);
	if (rc == SQLITE_OK) {
		*connection_r = connection;
		return ERR_OK;
	}
	LOG(LOG_ERROR, "the database cannot be opened", LOG_TEXT("path", path), LOG_NUMBER("rc", rc),
	    LOG_TEXT("reason", sqlite3_errmsg(connection->db)));
	sqlite_disconnect(connection);
	return classify(rc);
}

void sqlite_disconnect(struct sqlite_connection *connection)
{
	if (connection == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(connection->statements[i]);
	sqlite3_close(connection->db);
	free(connection);
}

/* A new connection to a file that must be there and have our schema. */
static enum err connect_again(struct sqlite *store, struct sqlite_connection **connection_r)
{
	enum err err = sqlite_connect(store->path, 0, connection_r);

	if (err != ERR_OK)
		return err;
	err = sqlite_schema_is_current(*connection_r);
	if (err != ERR_OK)
		sqlite_disconnect(*connection_r);
	return err;
}

static bool is_trouble(enum err err)
{
	return err == ERR_STORE_UNAVAILABLE || err == ERR_OVERLOADED || err == ERR_INTERNAL;
}

static void count_call(enum err err, int64_t us)
{
	metrics_add(METRIC_STORE_CALLS, 1);
	metrics_add(METRIC_STORE_TIME_US, (uint64_t)us);
	if (is_trouble(err))
		metrics_add(METRIC_STORE_ERRORS, 1);
}

enum err sqlite_take(struct sqlite *store, struct sqlite_connection **connection_r)
{
	enum err err;
	bool full;

	pthread_mutex_lock(&store->lock);
	*connection_r = store->free;
	if (store->free != NULL)
		store->free = store->free->next_free;
	full = *connection_r == NULL && store->open == store->limit;
	if (*connection_r == NULL && !full)
		store->open++;
	if (!full)
		store->busy++;
	pthread_mutex_unlock(&store->lock);
	if (full)
		return ERR_OVERLOADED;
	err = *connection_r == NULL ? connect_again(store, connection_r) : ERR_OK;
	if (err == ERR_OK) {
		(*connection_r)->taken_us = clock_monotonic_us();
		return ERR_OK;
	}
	count_call(err, 0);
	pthread_mutex_lock(&store->lock);
	store->open--;
	store->busy--;
	pthread_mutex_unlock(&store->lock);
	return err;
}

enum err sqlite_give(struct sqlite *store, struct sqlite_connection *connection, enum err err)
{
	bool broken = is_trouble(err) && err != ERR_OVERLOADED;

	count_call(err, clock_monotonic_us() - connection->taken_us);
	pthread_mutex_lock(&store->lock);
	store->busy--;
	if (broken) {
		store->open--;
	} else {
		connection->next_free = store->free;
		store->free = connection;
	}
	pthread_mutex_unlock(&store->lock);
	if (broken)
		sqlite_disconnect(connection);
	return err;
}

/*
 * Whether the file behind the connection is still the one at its path: a write to a file that was
 * deleted or replaced would be acknowledged and lost.
 */
static enum err check_file(struct sqlite_connection *connection)
{
	int moved = 0;

	sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved)
		return ERR_OK;
	LOG(LOG_ERROR, "the database file was moved or deleted");
	return ERR_STORE_UNAVAILABLE;
}

enum err sqlite_begin(struct sqlite_connection *connection)
{
	enum err err = check_file(connection);

	return err == ERR_OK ? sqlite_execute(connection, SQL_BEGIN, "") : err;
}

enum err sqlite_end(struct sqlite_connection *connection, enum err err)
{
	if (err == ERR_OK)
		err = sqlite_execute(connection, SQL_COMMIT, "");
	/* A failed statement or commit may have rolled back by itself: sqlite.org/lang_transaction.html */
	if (err != ERR_OK && !sqlite3_get_autocommit(connection->db) &&
	    sqlite_execute(connection, SQL_ROLLBACK, "") != ERR_OK)
		err = ERR_STORE_UNAVAILABLE;
	return err;
}

enum err sqlite_take_to_write(struct sqlite *store, struct sqlite_connection **connection_r)
{
	enum err err = sqlite_take(store, connection_r);

	if (err != ERR_OK)
		return err;
	err = sqlite_begin(*connection_r);
	return err == ERR_OK ? err : sqlite_give(store, *connection_r, err);
}

enum err sqlite_give_written(struct sqlite *store, struct sqlite_connection *connection, enum err err)
{
	return sqlite_give(store, connection, sqlite_end(connection, err));
}

static void close_store(void *impl)
{
	struct sqlite *store = impl;

	while (store->free != NULL) {
		struct sqlite_connection *next = store->free->next_free;
		sqlite_disconnect(store->free);
		store->free = next;
	}
	pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
}

const char *sqlite_path(const struct sqlite *store)
{
	return store->path;
}

/* The first connection makes the file, if it may, and its schema, and stays. */
static enum err open_first(struct sqlite *store, bool existing)
{
	struct sqlite_connection *connection;
	enum err err = ERR_OK;

	if (!existing)
		err = sqlite_file_make(store->path);
	else if (access(store->path, F_OK) != 0 && errno == ENOENT)
		err = ERR_NOT_FOUND;
	if (err == ERR_OK)
		err = sqlite_connect(store->path, 0, &connection);
	if (err != ERR_OK)
		return err;
	store->open = store->busy = 1;
	connection->taken_us = clock_monotonic_us();
	err = sqlite_schema_migrate(connection);
	return sqlite_give(store, connection, err);
}

static enum err open_store(const struct store_options *options, void **impl_r)
{
	const char *path = options->target + strlen("sqlite:");
	struct sqlite *store = calloc(1, sizeof(*store));
	enum err err;

	if (store == NULL)
		return ERR_INTERNAL;
	/* No counting of memory: each allocation would take a lock. Heard before SQLite is first used only. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (strncmp(path, "//", 2) == 0)
		path += 2;
	store->path = strdup(path);
	store->limit = options->connections;
	pthread_mutex_init(&store->lock, NULL);
	err = store->path != NULL ? open_first(store, options->existing) : ERR_INTERNAL;
	if (err == ERR_OK)
		*impl_r = store;
	else
		close_store(store);
	return err;
}

static void count_connections(void *impl, unsigned *open_r, unsigned *busy_r)
{
	struct sqlite *store = impl;

	pthread_mutex_lock(&store->lock);
	*open_r = store->open;
	*busy_r = store->busy;
	pthread_mutex_unlock(&store->lock);
}

static enum err ping(void *impl)
{
	struct sqlite_connection *connection;
	sqlite3_stmt *statement;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = check_file(connection);
	if (err == ERR_OK)
		err = sqlite_query(connection, SQL_ADMIN_EXISTS, &statement, "t", "");
	return sqlite_give(impl, connection, err == ERR_NOT_FOUND ? ERR_OK : err);
}

const struct store_ops sqlite_ops = {
	.name = "sqlite",
	.open = open_store,
	.close = close_store,
	.connections = count_connections,
	.ping = ping,
	.org_create = sqlite_org_create,
	.org_check_free = sqlite_org_check_free,
	.org_by_slug = sqlite_org_by_slug,
	.account_by_email = sqlite_account_by_email,
	.org_by_tenant = sqlite_org_by_tenant,
	.account_by_tenant = sqlite_account_by_tenant,
	.org_update = sqlite_org_update,
	.org_delete = sqlite_org_delete,
	.hash_renew = sqlite_hash_renew,
	.org_list = sqlite_org_list,
	.account_by_slug = sqlite_account_by_slug,
	.org_by_id = sqlite_org_by_id,
	.account_by_id = sqlite_account_by_id,
	.admin_create = sqlite_admin_create,
	.info = sqlite_info,
	.check = sqlite_check,
	.backup = sqlite_backup,
	.restore = sqlite_restore,
	.documents_each = sqlite_documents_each,
	.documents_put = sqlite_documents_put,
};
