/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_schema.h: every statement that the SQLite store runs, and its migrations. */
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

#include "base/attr.h"
#include "base/err.h"

struct sqlite_connection;

enum sql {
	SQL_BEGIN,
	SQL_BEGIN_READING,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ORG_COUNT,
	SQL_ORG_INSERT,
	SQL_ORG_BY_SLUG,
	SQL_ORG_BY_ID,
	SQL_ORG_UPDATE,
	SQL_ORG_DELETE,
	SQL_ADMIN_INSERT,
	SQL_ADMIN_EXISTS,
	SQL_ADMIN_UPDATE,
	SQL_ACCOUNT_BY_EMAIL,
	SQL_ACCOUNT_BY_TENANT,
	SQL_HASH_RENEW,
	SQL_ORG_LIST_BY_NAME,
	SQL_ORG_LIST_BY_CREATED,
	SQL_ORG_LIST_BY_SLUG,
	SQL_ACCOUNT_BY_SLUG,
	SQL_ACCOUNT_BY_ID,
	SQL_ORG_ADOPT,
	SQL_INFO,
	SQL_ORG_EXISTS,
	SQL_DOCUMENTS,
	SQL_DOCUMENT_PUT,
	SQL_COUNT,
};

/* sqlite_schema_text(sql): its SQL. */
const char *sqlite_schema_text(enum sql sql);

/* sqlite_schema_version(): the schema of this program. */
int sqlite_schema_version(void);

/* sqlite_schema_is_current(connection): ERR_OK when the file has the schema of this program. */
enum err sqlite_schema_is_current(struct sqlite_connection *connection) MUST_CHECK;

/*
 * sqlite_schema_migrate(connection): brings an empty or older file to the schema of this program,
 * in one transaction. Refuses (ERR_INTERNAL, a line in the log) a newer file and one of another
 * program.
 */
enum err sqlite_schema_migrate(struct sqlite_connection *connection) MUST_CHECK;

#endif
