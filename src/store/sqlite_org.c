/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_org.c: the verbs on organizations and admins; each write is one transaction. */
#include <string.h>

#include "store/sqlite_priv.h"

/* The columns of ORG_COLUMNS and ACCOUNT_COLUMNS in sqlite_schema.c, by position. */
enum column { ORG_ID, ADMIN_ID, NAME, SLUG, CREATED, UPDATED, EMAIL, HASH, TOKEN_VERSION };

/* A column's text in the arena; NULL without memory. */
static char *copy_text(sqlite3_stmt *row, enum column column, struct arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* An id is copied as far as it fits: a longer one, written by hand, matches nothing. */
static void copy_id(sqlite3_stmt *row, enum column column, char id_r[RAND_ID_SIZE])
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	memset(id_r, 0, RAND_ID_SIZE);
	if (text != NULL)
		memcpy(id_r, text, strnlen(text, RAND_ID_SIZE - 1));
}

enum err sqlite_org_read(sqlite3_stmt *row, struct arena *arena, struct org *org_r)
{
	copy_id(row, ORG_ID, org_r->id);
	copy_id(row, ADMIN_ID, org_r->admin_id);
	org_r->name = copy_text(row, NAME, arena);
	org_r->slug = copy_text(row, SLUG, arena);
	org_r->created_ms = sqlite3_column_int64(row, CREATED);
	org_r->updated_ms = sqlite3_column_int64(row, UPDATED);
	return org_r->name != NULL && org_r->slug != NULL ? ERR_OK : ERR_INTERNAL;
}

static enum err read_account(sqlite3_stmt *row, struct arena *arena, void *result_r)
{
	struct account *account_r = result_r;
	struct admin *admin = &account_r->admin;
	enum err err = sqlite_org_read(row, arena, &account_r->org);

	if (err != ERR_OK)
		return err;
	copy_id(row, ADMIN_ID, admin->id);
	admin->email = copy_text(row, EMAIL, arena);
	admin->password_hash = copy_text(row, HASH, arena);
	admin->token_version = sqlite3_column_int64(row, TOKEN_VERSION);
	return admin->email != NULL && admin->password_hash != NULL ? ERR_OK : ERR_INTERNAL;
}

/* Whether a query finds a row: ERR_OK if not, `found` if it does. */
static enum err expect_none(struct sqlite_connection *connection, enum sql sql, const char *key, enum err found)
{
	sqlite3_stmt *row;
	enum err err = sqlite_query(connection, sql, &row, "t", key);

	if (err == ERR_OK) {
		sqlite3_reset(row);
		return found;
	}
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err check_limit(struct sqlite_connection *connection, uint64_t max)
{
	sqlite3_stmt *row;
	uint64_t count;
	enum err err;

	if (max == 0)
		return ERR_OK;
	err = sqlite_query(connection, SQL_ORG_COUNT, &row, "");
	if (err != ERR_OK)
		return err;
	count = (uint64_t)sqlite3_column_int64(row, 0);
	sqlite3_reset(row);
	return count < max ? ERR_OK : ERR_ORGANIZATION_LIMIT;
}

static enum err check_free(struct sqlite_connection *connection, const char *slug, const char *email,
			   uint64_t max)
{
	enum err err = check_limit(connection, max);

	if (err == ERR_OK)
		err = expect_none(connection, SQL_ORG_BY_SLUG, slug, ERR_ORGANIZATION_EXISTS);
	if (err == ERR_OK)
		err = expect_none(connection, SQL_ADMIN_EXISTS, email, ERR_EMAIL_TAKEN);
	return err;
}

enum err sqlite_org_check_free(void *impl, const char *slug, const char *email, uint64_t max)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take(impl, &connection);

	return err == ERR_OK ? sqlite_give(impl, connection, check_free(connection, slug, email, max)) : err;
}

static enum err insert(struct sqlite_connection *connection, const struct account *account)
{
	const struct org *org = &account->org;
	const struct admin *admin = &account->admin;
	enum err err = sqlite_execute(connection, SQL_ORG_INSERT, "ttttii", org->id, org->admin_id, org->name,
				      org->slug, org->created_ms, org->updated_ms);

	if (err != ERR_OK)
		return err;
	err = sqlite_execute(connection, SQL_ADMIN_INSERT, "tttti", admin->id, org->id, admin->email,
			     admin->password_hash, admin->token_version);
	return err == ERR_ORGANIZATION_EXISTS ? ERR_EMAIL_TAKEN : err;
}

enum err sqlite_org_create(void *impl, const struct account *account, uint64_t max)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = check_limit(connection, max);
	if (err == ERR_OK)
		err = insert(connection, account);
	return sqlite_give_written(impl, connection, err);
}

/* Reads what a row holds into *result_r, texts going into the arena. */
typedef enum err read_fn(sqlite3_stmt *row, struct arena *arena, void *result_r);

static enum err read_org(sqlite3_stmt *row, struct arena *arena, void *result_r)
{
	return sqlite_org_read(row, arena, result_r);
}

/* The one row that a text finds, as `read` has it; `none`: the error when there is none. */
static enum err find_by(void *impl, enum sql sql, const char *key, enum err none, read_fn *read,
			struct arena *arena, void *result_r)
{
	struct sqlite_connection *connection;
	sqlite3_stmt *row;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = sqlite_query(connection, sql, &row, "t", key);
	if (err == ERR_OK) {
		err = read(row, arena, result_r);
		sqlite3_reset(row);
	}
	err = sqlite_give(impl, connection, err);
	return err == ERR_NOT_FOUND ? none : err;
}

enum err sqlite_org_by_slug(void *impl, struct arena *arena, const char *slug, struct org *org_r)
{
	return find_by(impl, SQL_ORG_BY_SLUG, slug, ERR_ORGANIZATION_NOT_FOUND, read_org, arena, org_r);
}

enum err sqlite_org_by_id(void *impl, struct arena *arena, const char *org_id, struct org *org_r)
{
	return find_by(impl, SQL_ORG_BY_ID, org_id, ERR_ORGANIZATION_NOT_FOUND, read_org, arena, org_r);
}

enum err sqlite_account_by_email(void *impl, struct arena *arena, const char *email,
				 struct account *account_r)
{
	return find_by(impl, SQL_ACCOUNT_BY_EMAIL, email, ERR_INVALID_CREDENTIALS, read_account, arena, account_r);
}

enum err sqlite_account_by_slug(void *impl, struct arena *arena, const char *slug, struct account *account_r)
{
	return find_by(impl, SQL_ACCOUNT_BY_SLUG, slug, ERR_ORGANIZATION_NOT_FOUND, read_account, arena,
		       account_r);
}

enum err sqlite_account_by_id(void *impl, struct arena *arena, const char *org_id, struct account *account_r)
{
	return find_by(impl, SQL_ACCOUNT_BY_ID, org_id, ERR_ORGANIZATION_NOT_FOUND, read_account, arena,
		       account_r);
}

/* What a tenant may act on, as `read` has it. */
static enum err find_own(struct sqlite_connection *connection, const struct tenant *tenant,
			 int64_t token_version, read_fn *read, struct arena *arena, void *result_r)
{
	sqlite3_stmt *row;
	enum err err = sqlite_query(connection, SQL_ACCOUNT_BY_TENANT, &row, "tti", tenant->org_id,
				    tenant->admin_id, token_version);

	if (err == ERR_OK) {
		err = read(row, arena, result_r);
		sqlite3_reset(row);
	}
	return err == ERR_NOT_FOUND ? ERR_INVALID_TOKEN : err;
}

static enum err find_by_tenant(void *impl, const struct tenant *tenant, read_fn *read, struct arena *arena,
			       void *result_r)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = find_own(connection, tenant, tenant->token_version, read, arena, result_r);
	return sqlite_give(impl, connection, err);
}

enum err sqlite_org_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r)
{
	return find_by_tenant(impl, tenant, read_org, arena, org_r);
}

enum err sqlite_account_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant,
				  struct account *account_r)
{
	return find_by_tenant(impl, tenant, read_account, arena, account_r);
}

/* Inside a transaction: everything of `change`, and the account as it is then. */
static enum err apply(struct sqlite_connection *connection, struct arena *arena, const struct tenant *tenant,
		      const struct org_change *change, struct account *account_r)
{
	int64_t version = tenant->token_version;
	enum err err = find_own(connection, tenant, version, read_account, arena, account_r);

	if (err == ERR_OK)
		err = sqlite_execute(connection, SQL_ORG_UPDATE, "ttti", tenant->org_id, change->name,
				     change->slug, change->now_ms);
	if (err == ERR_OK && (change->email != NULL || change->password_hash != NULL)) {
		err = sqlite_execute(connection, SQL_ADMIN_UPDATE, "ttt", tenant->admin_id, change->email,
				     change->password_hash);
		if (err == ERR_ORGANIZATION_EXISTS)
			err = ERR_EMAIL_TAKEN;
		version++;
	}
	return err == ERR_OK ? find_own(connection, tenant, version, read_account, arena, account_r) : err;
}

enum err sqlite_org_update(void *impl, struct arena *arena, const struct tenant *tenant,
			   const struct org_change *change, struct account *account_r)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	return sqlite_give_written(impl, connection, apply(connection, arena, tenant, change, account_r));
}

enum err sqlite_org_delete(void *impl, const struct tenant *tenant)
{
	struct sqlite_connection *connection;
	sqlite3_stmt *row;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = sqlite_query(connection, SQL_ORG_DELETE, &row, "tti", tenant->org_id, tenant->admin_id,
			   tenant->token_version);
	if (err == ERR_OK)
		sqlite3_reset(row);
	return sqlite_give_written(impl, connection, err == ERR_NOT_FOUND ? ERR_INVALID_TOKEN : err);
}

/* Inside a transaction: the admin, and the organization that takes it. */
static enum err adopt(struct sqlite_connection *connection, const char *org_id, const struct admin *admin)
{
	sqlite3_stmt *row;
	enum err err = expect_none(connection, SQL_ADMIN_EXISTS, admin->email, ERR_EMAIL_TAKEN);

	if (err != ERR_OK)
		return err;
	err = sqlite_query(connection, SQL_ORG_ADOPT, &row, "tt", org_id, admin->id);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_ORGANIZATION_EXISTS : err;
	sqlite3_reset(row);
	return sqlite_execute(connection, SQL_ADMIN_INSERT, "tttti", admin->id, org_id, admin->email,
			      admin->password_hash, admin->token_version);
}

enum err sqlite_admin_create(void *impl, const char *org_id, const struct admin *admin)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	return sqlite_give_written(impl, connection, adopt(connection, org_id, admin));
}

enum err sqlite_hash_renew(void *impl, const struct account *account, const char *hash)
{
	struct sqlite_connection *connection;
	enum err err = sqlite_take_to_write(impl, &connection);

	if (err != ERR_OK)
		return err;
	err = sqlite_execute(connection, SQL_HASH_RENEW, "ttt", account->admin.id, account->admin.password_hash, hash);
	return sqlite_give_written(impl, connection, err);
}
