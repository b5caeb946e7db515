/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_list.c: what the operator looks at: pages of organizations, and the store itself. */
#include "store/sqlite_priv.h"

static const enum sql lists[STORE_SORT_COUNT] = {
	[STORE_SORT_NAME] = SQL_ORG_LIST_BY_NAME,
	[STORE_SORT_CREATED] = SQL_ORG_LIST_BY_CREATED,
	[STORE_SORT_SLUG] = SQL_ORG_LIST_BY_SLUG,
};

/* From the first row on; the statement was asked for one more than the page holds. */
static enum err read_page(sqlite3_stmt *row, struct arena *arena, size_t limit, struct store_page *page_r)
{
	enum err err = ERR_OK;
	int rc = SQLITE_ROW;

	while (err == ERR_OK && rc == SQLITE_ROW && page_r->count < limit) {
		err = sqlite_org_read(row, arena, &page_r->orgs[page_r->count]);
		page_r->count++;
		rc = sqlite3_step(row);
	}
	page_r->more = rc == SQLITE_ROW;
	if (err == ERR_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
		err = sqlite_fault(sqlite3_db_handle(row), rc, "list");
	return err;
}

static enum err list(struct sqlite_connection *connection, struct arena *arena,
		     const struct store_query *query, struct store_page *page_r)
{
	const struct org first = {.name = NULL};
	const struct org *after = query->after != NULL ? query->after : &first;
	const char *part = query->part != NULL ? org_name_key(arena, query->part) : NULL;
	sqlite3_stmt *row;
	enum err err = sqlite_text_add(connection->db);

	if (err != ERR_OK)
		return err;
	page_r->orgs = arena_alloc(arena, query->limit * sizeof(*page_r->orgs));
	if (page_r->orgs == NULL || (query->part != NULL && part == NULL))
		return ERR_INTERNAL;
	err = sqlite_query(connection, lists[query->sort], &row, "ttiti", part, after->name, after->created_ms,
			   after->slug, (int64_t)query->limit + 1);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	err = read_page(row, arena, query->limit, page_r);
	sqlite3_reset(row);
	return err;
}

enum err sqlite_org_list(void *impl, struct arena *arena, const struct store_query *query,
			 struct store_page *page_r)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take(impl, &connection);

	*page_r = (struct store_page){.count = 0};
	return err == ERR_OK ? sqlite_give(impl, connection, list(connection, arena, query, page_r)) : err;
}

enum err sqlite_info(void *impl, struct arena *arena, struct store_info *info_r)
{
	struct sqlite_connection *connection;
	sqlite3_stmt *row;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = sqlite_query(connection, SQL_INFO, &row, "");
	if (err == ERR_OK) {
		*info_r = (struct store_info){
			.place = arena_strdup(arena, sqlite_path(impl)),
			.software = arena_printf(arena, "SQLite %s", sqlite3_libversion()),
			.schema = (unsigned)sqlite_schema_version(),
			.organizations = (uint64_t)sqlite3_column_int64(row, 0),
			.admins = (uint64_t)sqlite3_column_int64(row, 1),
			.documents = (uint64_t)sqlite3_column_int64(row, 2),
			.bytes = (uint64_t)sqlite3_column_int64(row, 3),
		};
		sqlite3_reset(row);
		if (info_r->place == NULL || info_r->software == NULL)
			err = ERR_INTERNAL;
	}
	return sqlite_give(impl, connection, err);
}
