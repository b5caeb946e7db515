/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_check.c: what should not be in the database, and how it is mended.
 *
 * All checks see one moment; a repair is one transaction. What SQLite's own check complains of is left
 * alone, and so is everything then: a repair on a damaged file could lose what is still there.
 */
#include <string.h>

#include "base/arena.h"
#include "store/sqlite_priv.h"

#define ARENA_CAP ((size_t)256 << 20)
#define PASSES 3 /* mending one thing can free what another one needs */

/* `find` gives rows of subject and detail; `mend` has the subject as its parameter. */
struct check {
	enum store_finding_kind kind;
	const char *find;
	const char *mend;
};

/* Whether an organization `o` names an admin that exists; whether an admin `a` is named by any. */
#define NAMES_ONE "EXISTS (SELECT 1 FROM admins WHERE admin_id = o.admin_id)"
#define IS_NAMED "EXISTS (SELECT 1 FROM organizations WHERE admin_id = a.admin_id)"
#define NOT_ID(column) "(length(" column ") <> 24 OR " column " GLOB '*[^0-9a-f]*')"

/* In this order: what is mended above counts below. */
static const struct check checks[] = {
	{STORE_FINDING_ID_MALFORMED,
	 "SELECT org_id, organization_name FROM organizations WHERE " NOT_ID("org_id") " UNION ALL"
	 " SELECT admin_id, email FROM admins WHERE " NOT_ID("admin_id"), NULL},
	{STORE_FINDING_ADMIN_UNLINKED,
	 "SELECT o.org_id, o.organization_name FROM organizations AS o JOIN admins AS a ON a.org_id = o.org_id"
	 " WHERE NOT " NAMES_ONE " AND NOT " IS_NAMED,
	 "UPDATE OR IGNORE organizations SET admin_id = (SELECT admin_id FROM admins WHERE org_id = ?1)"
	 " WHERE org_id = ?1"},
	{STORE_FINDING_ADMIN_MISSING,
	 "SELECT o.org_id, o.organization_name FROM organizations AS o WHERE NOT " NAMES_ONE
	 " AND NOT EXISTS (SELECT 1 FROM admins AS a WHERE a.org_id = o.org_id AND NOT " IS_NAMED ")", NULL},
	{STORE_FINDING_ADMIN_UNOWNED,
	 "SELECT a.admin_id, a.email FROM admins AS a WHERE NOT " IS_NAMED " AND NOT EXISTS"
	 " (SELECT 1 FROM organizations AS o WHERE o.org_id = a.org_id AND NOT " NAMES_ONE ")",
	 "DELETE FROM admins WHERE admin_id = ?1"},
	{STORE_FINDING_ADMIN_ELSEWHERE,
	 "SELECT a.admin_id, a.email FROM admins AS a JOIN organizations AS o ON o.admin_id = a.admin_id"
	 " WHERE a.org_id <> o.org_id",
	 "UPDATE OR IGNORE admins SET org_id = (SELECT org_id FROM organizations WHERE admin_id = ?1)"
	 " WHERE admin_id = ?1"},
	{STORE_FINDING_DOCUMENTS_UNOWNED,
	 "SELECT org_id, count(*) || ' documents' FROM documents"
	 " WHERE org_id NOT IN (SELECT org_id FROM organizations) GROUP BY org_id",
	 "DELETE FROM documents WHERE org_id = ?1"},
	{STORE_FINDING_NAME_INVALID,
	 "SELECT org_id, organization_name FROM organizations"
	 " WHERE name_normal(organization_name) IS NOT organization_name", NULL},
	{STORE_FINDING_SLUG_WRONG,
	 "SELECT org_id, slug || ' instead of ' || name_slug(organization_name) FROM organizations"
	 " WHERE slug <> name_slug(organization_name)",
	 "UPDATE OR IGNORE organizations SET slug = name_slug(organization_name) WHERE org_id = ?1"},
	{STORE_FINDING_EMAIL_INVALID, "SELECT admin_id, email FROM admins WHERE email_normal(email) IS NULL", NULL},
	{STORE_FINDING_EMAIL_WRONG, "SELECT admin_id, email FROM admins WHERE email <> email_normal(email)",
	 "UPDATE OR IGNORE admins SET email = email_normal(email) WHERE admin_id = ?1"},
	/* Seconds since 1970 are more than any counter has reached: no token of old comes to life again. */
	{STORE_FINDING_VERSION_INVALID, "SELECT admin_id, email FROM admins WHERE token_version < 1",
	 "UPDATE admins SET token_version = CAST(strftime('%s', 'now') AS INTEGER) WHERE admin_id = ?1"},
	/* The two references that there are have checks of their own above. */
	{STORE_FINDING_DAMAGED,
	 "SELECT \"table\", count(*) || ' rows refer to nothing' FROM pragma_foreign_key_check"
	 " WHERE \"table\" NOT IN ('admins', 'documents') GROUP BY \"table\"", NULL},
};

/* A check under way. */
struct checking {
	sqlite3 *db;
	struct arena arena;
	struct store_findings findings;
	bool damaged;
};

static const char *mend_of(enum store_finding_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		if (checks[i].kind == kind)
			return checks[i].mend;
	return NULL;
}

static enum err find(struct checking *checking, const struct check *check)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(checking->db, check->find, -1, &row, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	for (; rc == SQLITE_ROW && !checking->findings.full; rc = sqlite3_step(row))
		store_findings_add(&checking->findings, check->kind, (const char *)sqlite3_column_text(row, 0),
				   (const char *)sqlite3_column_text(row, 1), false);
	sqlite3_finalize(row);
	if (checking->findings.full)
		return ERR_INTERNAL;
	return rc == SQLITE_DONE ? ERR_OK : sqlite_fault(checking->db, rc, check->find);
}

static enum err mend(struct checking *checking, const char *sql, struct store_finding *finding)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(checking->db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(statement, 1, finding->subject, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (rc != SQLITE_DONE)
		return sqlite_fault(checking->db, rc, sql);
	finding->mended = sqlite3_changes(checking->db) > 0;
	return ERR_OK;
}

/* Everything from `found` on that can be mended and is not yet. */
static enum err mend_all(struct checking *checking, struct store_found *found)
{
	enum err err = ERR_OK;

	for (; found != NULL && err == ERR_OK; found = found->next) {
		const char *sql = mend_of(found->finding.kind);
		if (sql != NULL && !found->finding.mended)
			err = mend(checking, sql, &found->finding);
	}
	return err;
}

static enum err run_checks(struct checking *checking, bool repair)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < COUNT_OF(checks) && err == ERR_OK; i++) {
		struct store_found **begin = checking->findings.end;
		err = find(checking, &checks[i]);
		if (err == ERR_OK && repair)
			err = mend_all(checking, *begin);
	}
	for (int pass = 1; repair && pass < PASSES && err == ERR_OK; pass++)
		err = mend_all(checking, checking->findings.first);
	return err;
}

static void add_damage(void *context, const char *text)
{
	struct checking *checking = context;

	checking->damaged = true;
	store_findings_add(&checking->findings, STORE_FINDING_DAMAGED, "the database", text, false);
}

enum err sqlite_verify(sqlite3 *db, void (*line)(void *context, const char *text), void *context)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &row, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
		const char *text = (const char *)sqlite3_column_text(row, 0);
		if (text == NULL || strcmp(text, "ok") != 0)
			line(context, text);
	}
	sqlite3_finalize(row);
	if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB) {
		line(context, sqlite3_errmsg(db));
		return ERR_OK;
	}
	return rc == SQLITE_DONE ? ERR_OK : sqlite_fault(db, rc, "integrity_check");
}

/* The checks in one transaction: a writing one to mend, else one that only holds the moment. */
static enum err check(struct checking *checking, struct sqlite_connection *connection, bool repair)
{
	enum err err = sqlite_text_add(checking->db);

	if (err == ERR_OK)
		err = sqlite_verify(checking->db, add_damage, checking);
	if (err != ERR_OK)
		return err;
	repair = repair && !checking->damaged;
	err = repair ? sqlite_begin(connection) : sqlite_execute(connection, SQL_BEGIN_READING, "");
	if (err == ERR_OK)
		err = sqlite_end(connection, run_checks(checking, repair));
	/* A damaged file may not let itself be read to the end; that much has been said. */
	return checking->damaged ? ERR_OK : err;
}

enum err sqlite_check(void *impl, bool repair, store_finding_fn *report, void *context)
{
	struct sqlite_connection *connection;
	struct checking checking = {.damaged = false};
	enum err err = sqlite_take(impl, &connection);

	if (err != ERR_OK)
		return err;
	checking.db = connection->db;
	arena_init(&checking.arena, ARENA_CAP);
	store_findings_init(&checking.findings, &checking.arena);
	err = sqlite_give(impl, connection, check(&checking, connection, repair));
	if (err == ERR_OK)
		store_findings_tell(&checking.findings, report, context);
	arena_fini(&checking.arena);
	return err;
}
