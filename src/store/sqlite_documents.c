/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_documents.c: documents as another store takes and gives them; here they are text anyway. */
#include <string.h>

#include "base/log.h"
#include "store/sqlite_priv.h"

static enum err check_org(struct sqlite_connection *connection, const char *org_id)
{
	sqlite3_stmt *row;
	enum err err = sqlite_query(connection, SQL_ORG_EXISTS, &row, "t", org_id);

	if (err == ERR_OK)
		sqlite3_reset(row);
	return err == ERR_NOT_FOUND ? ERR_ORGANIZATION_NOT_FOUND : err;
}

/* The text of a column, NULL if it has a NUL in it: what is behind that would be lost. */
static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(row, column) ? text : NULL;
}

/* The document of a row. */
static enum err give(sqlite3_stmt *row, store_document_fn *take, void *context)
{
	const struct store_document document = {text_of(row, 0), text_of(row, 1)};

	if (document.id != NULL && document.text != NULL)
		return take(context, &document);
	LOG(LOG_ERROR, "a document has a NUL in it", LOG_TEXT("id", document.id != NULL ? document.id : "?"));
	return ERR_INVALID_REQUEST;
}

static enum err give_all(struct sqlite_connection *connection, const char *org_id, store_document_fn *take,
			 void *context)
{
	sqlite3_stmt *row;
	int rc = SQLITE_ROW;
	enum err err = check_org(connection, org_id);

	if (err != ERR_OK)
		return err;
	err = sqlite_query(connection, SQL_DOCUMENTS, &row, "t", org_id);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	while (err == ERR_OK && rc == SQLITE_ROW) {
		err = give(row, take, context);
		if (err == ERR_OK)
			rc = sqlite3_step(row);
	}
	if (err == ERR_OK && rc != SQLITE_DONE)
		err = sqlite_fault(connection->db, rc, "documents");
	sqlite3_reset(row);
	return err;
}

enum err sqlite_documents_each(void *impl, const char *org_id, store_document_fn *take, void *context)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	return sqlite_give(impl, connection, give_all(connection, org_id, take, context));
}

enum err sqlite_documents_put(void *impl, const char *org_id, const struct store_document *documents,
			      size_t count)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = check_org(connection, org_id);
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = sqlite_execute(connection, SQL_DOCUMENT_PUT, "ttt", org_id, documents[i].id,
				     documents[i].text);
	return sqlite_give_written(impl, connection, err);
}
