/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_query.c: statements, prepared once a connection, and their arguments. */
#include <stdarg.h>

#include "store/sqlite_priv.h"

/* The kept statement, prepared at its first use. */
static enum err get_statement(struct sqlite_connection *connection, enum sql sql, sqlite3_stmt **statement_r)
{
	sqlite3_stmt **slot = &connection->statements[sql];
	int rc = SQLITE_OK;

	if (*slot == NULL)
		rc = sqlite3_prepare_v3(connection->db, sqlite_schema_text(sql), -1, SQLITE_PREPARE_PERSISTENT,
					slot, NULL);
	*statement_r = *slot;
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(connection->db, rc, "prepare");
}

static int bind(sqlite3_stmt *statement, const char *types, va_list args)
{
	int rc = SQLITE_OK;

	for (int i = 1; *types != '\0' && rc == SQLITE_OK; i++, types++) {
		if (*types == 't')
			rc = sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
		else
			rc = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
	}
	return rc;
}

static enum err query(struct sqlite_connection *connection, enum sql sql, sqlite3_stmt **statement_r,
		      const char *types, va_list args)
{
	enum err err = get_statement(connection, sql, statement_r);
	int rc;

	if (err != ERR_OK)
		return err;
	rc = bind(*statement_r, types, args);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(*statement_r);
	if (rc == SQLITE_ROW)
		return ERR_OK;
	err = rc == SQLITE_DONE ? ERR_NOT_FOUND
				: sqlite_fault(connection->db, rc, sqlite_schema_text(sql));
	sqlite3_reset(*statement_r);
	return err;
}

enum err sqlite_query(struct sqlite_connection *connection, enum sql sql, sqlite3_stmt **statement_r,
		      const char *types, ...)
{
	va_list args;
	enum err err;

	va_start(args, types);
	err = query(connection, sql, statement_r, types, args);
	va_end(args);
	return err;
}

enum err sqlite_execute(struct sqlite_connection *connection, enum sql sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list args;
	enum err err;

	va_start(args, types);
	err = query(connection, sql, &statement, types, args);
	va_end(args);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}
