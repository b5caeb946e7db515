/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_migrate.c: everything of one store into another, of any kind.
 *
 * Copies organization by organization, then compares all of it. Done again it goes on: what both stores
 * have alike is not copied again. Nothing is ever taken out of a store.
 */
#include "orgctl/cmd_migrate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "orgctl/connect.h"
#include "orgctl/documents.h"
#include "orgctl/progress.h"
#include "orgctl/say.h"

#define PAGE 200
#define ARENA_CAP ((size_t)64 << 20)

struct migration {
	struct call *call;
	struct store from, to;
	struct documents documents;
	struct documents_digest digest; /* of all documents */
	struct arena arena;             /* of a page of organizations */
	uint64_t done, total; /* organizations and documents, each once to copy and once to compare */
	uint64_t created, present;
};

/* What is done with each organization of a store; a status. */
typedef int each_fn(struct migration *migration, const struct account *account);

static void tick(void *context)
{
	struct migration *migration = context;

	progress_show(++migration->done, migration->total);
}

/* Says why not, going on from the organization's name. */
static PRINTF_LIKE(4, 5) int refuse(struct migration *migration, const struct org *org, const char *code,
				    const char *format, ...)
{
	const char *why;
	va_list args;

	va_start(args, format);
	why = arena_vprintf(&migration->call->arena, format, args);
	va_end(args);
	return say_refusal(migration->call, code, "\"%s\" (%s) %s", org->name, org->id,
			   why != NULL ? why : "cannot be copied: out of memory");
}

static int refuse_error(struct migration *migration, const struct org *org, enum err err)
{
	const struct err_info *info = err_info(err);

	if (err == ERR_INVALID_REQUEST)
		return refuse(migration, org, "document_invalid",
			      "has a document that cannot be taken; the line above says which");
	if (err == ERR_ORGANIZATION_BUSY)
		return refuse(migration, org, info->code,
			      "was begun and not finished: `orgctl store check --repair` in %s, then this again",
			      migration->call->args[1]);
	return refuse(migration, org, info->code, "cannot be read or written: %s", info->detail);
}

/* The organization with its admin, and what is to be done with it. */
static int visit(struct migration *migration, const struct store *store, const struct org *org, each_fn *each)
{
	struct account account;
	enum err err = store->ops->account_by_id(store->impl, &migration->arena, org->id, &account);

	if (err == ERR_OK)
		return each(migration, &account);
	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(migration, org, "admin_not_found",
			      "has no admin, or went just now; see `orgctl store check`");
	return refuse_error(migration, org, err);
}

/* All organizations of a store, in order of slug. */
static int for_each(struct migration *migration, const struct store *store, each_fn *each)
{
	struct org after = {.slug = NULL};
	struct store_query query = {.sort = STORE_SORT_SLUG, .limit = PAGE};
	struct store_page page = {.more = true};
	int status = STATUS_DONE;

	while (status == STATUS_DONE && page.more) {
		enum err err;
		arena_reset(&migration->arena);
		err = store->ops->org_list(store->impl, &migration->arena, &query, &page);
		if (err != ERR_OK)
			return say_error(migration->call, err);
		for (size_t i = 0; i < page.count && status == STATUS_DONE; i++)
			status = visit(migration, store, &page.orgs[i], each);
		if (page.more) /* outlives the page */
			after.slug = arena_strdup(&migration->call->arena, page.orgs[page.count - 1].slug);
		if (page.more && after.slug == NULL)
			return say_error(migration->call, ERR_INTERNAL);
		query.after = &after;
	}
	return status;
}

static bool is_same(const struct account *a, const struct account *b)
{
	return strcmp(a->org.id, b->org.id) == 0 && strcmp(a->org.admin_id, b->org.admin_id) == 0 &&
	       strcmp(a->org.name, b->org.name) == 0 && strcmp(a->org.slug, b->org.slug) == 0 &&
	       a->org.created_ms == b->org.created_ms && a->org.updated_ms == b->org.updated_ms &&
	       strcmp(a->admin.email, b->admin.email) == 0 &&
	       strcmp(a->admin.password_hash, b->admin.password_hash) == 0 &&
	       a->admin.token_version == b->admin.token_version;
}

/* Of `to`: it must come from `from`. */
static int check_origin(struct migration *migration, const struct account *account)
{
	const struct store *from = &migration->from;
	const struct org *org = &account->org;
	struct account origin;
	enum err err = from->ops->account_by_id(from->impl, &migration->arena, org->id, &origin);

	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(migration, org, "store_not_empty",
			      "is in %s and not in %s: only what comes from there may be in it",
			      migration->call->args[1], migration->call->args[0]);
	if (err != ERR_OK)
		return refuse_error(migration, org, err);
	if (is_same(&origin, account))
		return STATUS_DONE;
	return refuse(migration, org, "changed",
		      "is not the same in both, so it was changed since it was copied: delete it in the store"
		      " where it is not wanted, then do this again");
}

/* Of `from`: into `to`, if it is not there with all its documents. */
static int copy(struct migration *migration, const struct account *account)
{
	const struct store *to = &migration->to;
	const struct org *org = &account->org;
	struct documents_digest here = {.count = 0}, there = {.count = 1};
	struct account present;
	enum err err = to->ops->account_by_id(to->impl, &migration->arena, org->id, &present);

	if (err == ERR_OK) {
		migration->present++;
		err = documents_compare(&migration->documents, org->id, &here, &there);
	} else if (err == ERR_ORGANIZATION_NOT_FOUND) {
		migration->created++;
		err = to->ops->org_create(to->impl, account, 0);
	}
	if (err == ERR_OK && !documents_same(&here, &there))
		err = documents_copy(&migration->documents, org->id);
	tick(migration);
	return err == ERR_OK ? STATUS_DONE : refuse_error(migration, org, err);
}

/* Of `from`: `to` must have it, and the same documents. */
static int compare(struct migration *migration, const struct account *account)
{
	const struct store *to = &migration->to;
	const struct org *org = &account->org;
	struct documents_digest here, there;
	struct account present;
	enum err err = to->ops->account_by_id(to->impl, &migration->arena, org->id, &present);

	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(migration, org, "changed", "has come meanwhile; do this again");
	if (err == ERR_OK)
		err = documents_compare(&migration->documents, org->id, &here, &there);
	if (err != ERR_OK)
		return refuse_error(migration, org, err);
	tick(migration);
	documents_add(&migration->digest, &here);
	if (documents_same(&here, &there))
		return STATUS_DONE;
	return refuse(migration, org, "documents_differ",
		      "has %" PRIu64 " documents in %s and %" PRIu64 " in %s, and they are not the same: do"
		      " this again with nobody writing; if that does not help, delete it in %s before",
		      here.count, migration->call->args[0], there.count, migration->call->args[1],
		      migration->call->args[1]);
}

/* Counts what hinders: damage, and what a repair would change. */
static void count_hindrance(void *context, const struct store_finding *finding)
{
	if (finding->kind == STORE_FINDING_DAMAGED || store_finding_info(finding->kind)->mending != NULL)
		++*(uint64_t *)context;
}

static int check_health(struct call *call, const struct store *store, const char *name)
{
	uint64_t count = 0;
	enum err err = store->ops->check(store->impl, false, count_hindrance, &count);

	if (err != ERR_OK)
		return say_error(call, err);
	if (count == 0)
		return STATUS_DONE;
	return say_refusal(call, "store_unhealthy",
			   "there is something to mend in %s: `orgctl store check --repair` first", name);
}

static int report(struct migration *migration)
{
	struct call *call = migration->call;
	char sum[2 * DOCUMENTS_SUM_SIZE + 1];
	const struct say_field fields[] = {
		SAY_TEXT("from", call->args[0]),
		SAY_TEXT("to", call->args[1]),
		SAY_NUMBER("organizations", migration->created + migration->present),
		SAY_NUMBER("there_before", migration->present),
		SAY_NUMBER("documents", migration->digest.count),
		SAY_TEXT("documents_sum", sum),
	};

	str_hex(migration->digest.sum, DOCUMENTS_SUM_SIZE, sum);
	say_line(call, "migrated; both have the same");
	return say_record(call, fields, COUNT_OF(fields));
}

static int count_work(struct migration *migration)
{
	struct store_info info = {.documents = 0};
	enum err err = migration->from.ops->info(migration->from.impl, &migration->call->arena, &info);

	migration->total = 2 * (info.organizations + info.documents);
	return err == ERR_OK ? STATUS_DONE : say_error(migration->call, err);
}

/* With both stores open. */
static int migrate(struct migration *migration)
{
	int status = check_health(migration->call, &migration->from, migration->call->args[0]);

	if (status == STATUS_DONE)
		status = check_health(migration->call, &migration->to, migration->call->args[1]);
	if (status == STATUS_DONE)
		status = for_each(migration, &migration->to, check_origin);
	if (status == STATUS_DONE)
		status = count_work(migration);
	progress_begin();
	if (status == STATUS_DONE)
		status = for_each(migration, &migration->from, copy);
	if (status == STATUS_DONE)
		status = for_each(migration, &migration->from, compare);
	if (status == STATUS_DONE)
		status = for_each(migration, &migration->to, check_origin);
	progress_end();
	return status == STATUS_DONE ? report(migration) : status;
}

/* Other users see the command line, so a password in it is one no longer. */
static bool has_password(const char *uri)
{
	const char *begin = strstr(uri, "://") + 3;
	const char *sign = strrchr(begin, '@');
	bool in_user = sign != NULL && memchr(begin, ':', (size_t)(sign - begin)) != NULL;

	return in_user || strcasestr(begin, "password") != NULL;
}

/* What store_open() takes for a store as the command line names it; NULL, and said, when it is none. */
static const char *target_of(struct call *call, const char *name)
{
	bool uri = strncmp(name, "mongodb://", 10) == 0 || strncmp(name, "mongodb+srv://", 14) == 0;

	if ((uri && !has_password(name)) || (strncmp(name, "sqlite:", 7) == 0 && name[7] != '\0'))
		return name;
	if (strcmp(name, "mongodb") == 0 && call->conf.mongo_uri != NULL)
		return call->conf.mongo_uri;
	if (uri)
		say_refusal(call, "password_shown",
			    "others can see the command line: put a URI with a password into MONGO_URI,"
			    " and say mongodb here");
	else if (strcmp(name, "mongodb") == 0)
		say_refusal(call, "no_uri", "mongodb is where MONGO_URI says, and that is not set");
	else
		say_refusal(call, "no_store",
			    "a store is named sqlite:PATH, mongodb for where MONGO_URI says, or by a URI");
	return NULL;
}

int cmd_migrate(struct call *call)
{
	struct migration migration = {.call = call};
	const char *from = target_of(call, call->args[0]);
	const char *to = from != NULL ? target_of(call, call->args[1]) : NULL;
	int status;

	if (to == NULL)
		return STATUS_REFUSED;
	if (strcmp(from, to) == 0)
		return say_refusal(call, "same_store", "that is one and the same store");
	arena_init(&migration.arena, ARENA_CAP);
	documents_begin(&migration.documents, &migration.from, &migration.to, tick, &migration);
	status = connect_open(call, from, call->args[0], CONNECT_EXISTING, &migration.from);
	if (status == STATUS_DONE)
		status = connect_open(call, to, call->args[1], 0, &migration.to);
	if (status == STATUS_DONE)
		status = migrate(&migration);
	store_close(&migration.to);
	store_close(&migration.from);
	documents_end(&migration.documents);
	arena_fini(&migration.arena);
	return status;
}
