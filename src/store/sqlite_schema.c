/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_schema.c: the tables of SQL: statements, and the schema's history. */
#include "store/sqlite_schema.h"

#include <stdio.h>

#include "base/log.h"
#include "store/sqlite_priv.h"

/* The order in which sqlite_org.c reads columns. */
#define ORG_COLUMNS "o.org_id, o.admin_id, o.organization_name, o.slug, o.created_at, o.updated_at"
#define ACCOUNT_COLUMNS ORG_COLUMNS ", a.email, a.password_hash, a.token_version"
#define ACCOUNT_TABLES "organizations AS o JOIN admins AS a ON a.admin_id = o.admin_id"

/* ?1: part of a name's key; ?2, ?3, ?4: name, time and slug of the one before; ?5: how many. */
#define LISTED "SELECT " ORG_COLUMNS " FROM organizations AS o" \
	       " WHERE (?1 IS NULL OR instr(name_key(o.organization_name), ?1) > 0)"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READING] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ORG_COUNT] = "SELECT count(*) FROM organizations",
	[SQL_ORG_INSERT] = "INSERT INTO organizations (org_id, admin_id, organization_name, slug, created_at,"
			   " updated_at) VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_ORG_BY_SLUG] = "SELECT " ORG_COLUMNS " FROM organizations AS o WHERE o.slug = ?",
	[SQL_ORG_BY_ID] = "SELECT " ORG_COLUMNS " FROM organizations AS o WHERE o.org_id = ?",
	[SQL_ORG_UPDATE] = "UPDATE organizations SET organization_name = coalesce(?2, organization_name),"
			   " slug = coalesce(?3, slug), updated_at = max(?4, updated_at) WHERE org_id = ?1",
	[SQL_ORG_DELETE] = "DELETE FROM organizations WHERE org_id = ?1 AND admin_id = ?2 AND EXISTS (SELECT 1"
			   " FROM admins WHERE admin_id = ?2 AND org_id = ?1 AND token_version = ?3)"
			   " RETURNING org_id",
	[SQL_ADMIN_INSERT] = "INSERT INTO admins (admin_id, org_id, email, password_hash, token_version)"
			     " VALUES (?, ?, ?, ?, ?)",
	[SQL_ADMIN_EXISTS] = "SELECT 1 FROM admins WHERE email = ?",
	[SQL_ADMIN_UPDATE] = "UPDATE admins SET email = coalesce(?2, email), password_hash ="
			     " coalesce(?3, password_hash), token_version = token_version + 1"
			     " WHERE admin_id = ?1",
	[SQL_ACCOUNT_BY_EMAIL] = "SELECT " ACCOUNT_COLUMNS " FROM " ACCOUNT_TABLES " WHERE a.email = ?",
	[SQL_ACCOUNT_BY_TENANT] = "SELECT " ACCOUNT_COLUMNS " FROM " ACCOUNT_TABLES
				  " WHERE o.org_id = ? AND a.admin_id = ? AND a.token_version = ?",
	[SQL_HASH_RENEW] = "UPDATE admins SET password_hash = ?3 WHERE admin_id = ?1 AND password_hash = ?2",
	[SQL_ORG_LIST_BY_NAME] = LISTED " AND (?4 IS NULL OR (name_key(o.organization_name), o.slug) >"
				 " (name_key(?2), ?4)) ORDER BY name_key(o.organization_name), o.slug LIMIT ?5",
	[SQL_ORG_LIST_BY_CREATED] = LISTED " AND (?4 IS NULL OR (o.created_at, o.slug) > (?3, ?4))"
				    " ORDER BY o.created_at, o.slug LIMIT ?5",
	[SQL_ORG_LIST_BY_SLUG] = LISTED " AND (?4 IS NULL OR o.slug > ?4) ORDER BY o.slug LIMIT ?5",
	[SQL_ACCOUNT_BY_SLUG] = "SELECT " ACCOUNT_COLUMNS " FROM " ACCOUNT_TABLES " WHERE o.slug = ?",
	[SQL_ACCOUNT_BY_ID] = "SELECT " ACCOUNT_COLUMNS " FROM " ACCOUNT_TABLES " WHERE o.org_id = ?",
	[SQL_ORG_ADOPT] = "UPDATE organizations AS o SET admin_id = ?2 WHERE org_id = ?1 AND NOT EXISTS"
			  " (SELECT 1 FROM admins WHERE admin_id = o.admin_id) RETURNING org_id",
	[SQL_INFO] = "SELECT (SELECT count(*) FROM organizations), (SELECT count(*) FROM admins),"
		     " (SELECT count(*) FROM documents), page_count * page_size"
		     " FROM pragma_page_count, pragma_page_size",
	[SQL_ORG_EXISTS] = "SELECT 1 FROM organizations WHERE org_id = ?",
	[SQL_DOCUMENTS] = "SELECT id, document FROM documents WHERE org_id = ?",
	[SQL_DOCUMENT_PUT] = "INSERT INTO documents (org_id, id, document) VALUES (?, ?, ?)"
			     " ON CONFLICT (org_id, id) DO NOTHING",
};

/*
 * One script a version; `user_version` counts those that a file has had. Never change one that was
 * released: add another. Times are milliseconds since 1970. An admin and the documents go with
 * their organization.
 */
static const char *const migrations[] = {
	"CREATE TABLE organizations ("
	" org_id TEXT PRIMARY KEY, admin_id TEXT NOT NULL UNIQUE, organization_name TEXT NOT NULL,"
	" slug TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE admins ("
	" admin_id TEXT PRIMARY KEY,"
	" org_id TEXT NOT NULL UNIQUE REFERENCES organizations (org_id) ON DELETE CASCADE,"
	" email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, token_version INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE documents ("
	" org_id TEXT NOT NULL REFERENCES organizations (org_id) ON DELETE CASCADE,"
	" id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (org_id, id)"
	") STRICT, WITHOUT ROWID;",
};

#define SCHEMA_VERSION ((int)COUNT_OF(migrations))

const char *sqlite_schema_text(enum sql sql)
{
	return texts[sql];
}

int sqlite_schema_version(void)
{
	return SCHEMA_VERSION;
}

/* The single number that a query gives. */
static enum err read_number(sqlite3 *db, const char *query, int *number_r)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, query, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*number_r = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? ERR_OK : sqlite_fault(db, rc, query);
}

enum err sqlite_schema_is_current(struct sqlite_connection *connection)
{
	int version;
	enum err err = read_number(connection->db, "PRAGMA user_version", &version);

	if (err != ERR_OK || version == SCHEMA_VERSION)
		return err;
	LOG(LOG_ERROR, "the database has another schema version", LOG_NUMBER("found", version),
	    LOG_NUMBER("wanted", SCHEMA_VERSION));
	return ERR_STORE_UNAVAILABLE;
}

/* Refuses what is not an older file of ours. */
static enum err check_origin(sqlite3 *db, int version)
{
	int tables;
	enum err err;

	if (version > SCHEMA_VERSION) {
		LOG(LOG_ERROR, "the database was written by a newer orgd", LOG_NUMBER("found", version),
		    LOG_NUMBER("known", SCHEMA_VERSION));
		return ERR_INTERNAL;
	}
	err = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err == ERR_OK && version == 0 && tables > 0) {
		LOG(LOG_ERROR, "the file is a database of another program");
		return ERR_INTERNAL;
	}
	return err;
}

static enum err run_script(sqlite3 *db, const char *script)
{
	int rc = sqlite3_exec(db, script, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, "migrate");
}

static enum err migrate(sqlite3 *db)
{
	char set_version[64];
	int version;
	enum err err = read_number(db, "PRAGMA user_version", &version);

	if (err == ERR_OK)
		err = check_origin(db, version);
	for (; err == ERR_OK && version < SCHEMA_VERSION; version++)
		err = run_script(db, migrations[version]);
	snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return err == ERR_OK ? run_script(db, set_version) : err;
}

enum err sqlite_schema_migrate(struct sqlite_connection *connection)
{
	int version;
	enum err err = read_number(connection->db, "PRAGMA user_version", &version);

	if (err != ERR_OK || version == SCHEMA_VERSION)
		return err;
	err = sqlite_begin(connection);
	if (err == ERR_OK)
		err = sqlite_end(connection, migrate(connection->db));
	return err;
}
