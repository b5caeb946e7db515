/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c: everything of one store into another, of any kind.
 *
 * Copies organization by organization, then compares all of it. Done again it goes on: what both stores
 * have alike is not copied again. Nothing is ever taken out of a store.
 */
#include "orgctl/copy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "orgctl/progress.h"
#include "orgctl/say.h"

#define PAGE 5000 /* a page of MongoDB's reads all that are there */
#define ARENA_CAP ((size_t)64 << 20)
#define DOCUMENTS_TRIES 3 /* a rename meanwhile ends a reading of MongoDB */

/* A copy under way. */
struct copying {
	struct call *call;
	const struct copy *copy;
	struct copy_report *report;
	struct documents documents;
	struct arena arena;   /* of a page of organizations */
	uint64_t done, total; /* organizations and documents, each once to copy and once to compare */
};

/* What is done with each organization of a store; a status. */
typedef int each_fn(struct copying *copying, const struct account *account);

static void tick(void *context)
{
	struct copying *copying = context;

	if (copying->copy->tick != NULL)
		copying->copy->tick(copying->copy->context);
	progress_show(++copying->done, copying->total);
}

/* Says why not, going on from the organization's name. */
static PRINTF_LIKE(4, 5) int refuse(struct copying *copying, const struct org *org, const char *code,
				    const char *format, ...)
{
	const char *why;
	va_list args;

	va_start(args, format);
	why = arena_vprintf(&copying->call->arena, format, args);
	va_end(args);
	return say_refusal(copying->call, code, "\"%s\" (%s) %s", org->name, org->id,
			   why != NULL ? why : "cannot be copied: out of memory");
}

static int refuse_error(struct copying *copying, const struct org *org, enum err err)
{
	const struct err_info *info = err_info(err);

	if (err == ERR_INVALID_REQUEST)
		return refuse(copying, org, "document_invalid",
			      "has a document that cannot be taken; the line above says which");
	if (err == ERR_ORGANIZATION_BUSY)
		return refuse(copying, org, info->code,
			      "was begun and not finished: `orgctl store check --repair` in %s, then this again",
			      copying->copy->to_name);
	return refuse(copying, org, info->code, "cannot be read or written: %s", info->detail);
}

/* The organization with its admin, and what is to be done with it. */
static int visit(struct copying *copying, const struct store *store, const struct org *org, each_fn *each)
{
	struct account account;
	enum err err = store->ops->account_by_id(store->impl, &copying->arena, org->id, &account);

	if (err == ERR_OK)
		return each(copying, &account);
	if (err == ERR_ORGANIZATION_NOT_FOUND && copying->copy->live)
		return STATUS_DONE; /* it went just now */
	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(copying, org, "admin_not_found",
			      "has no admin, or went just now; see `orgctl store check`");
	return refuse_error(copying, org, err);
}

/* Where the next page begins, by an organization that outlives this one. */
static bool remember_last(struct copying *copying, const struct store_page *page, struct org *last_r)
{
	const struct org *last = &page->orgs[page->count - 1];

	last_r->created_ms = last->created_ms;
	last_r->slug = arena_strdup(&copying->call->arena, last->slug);
	return last_r->slug != NULL;
}

/* All organizations of a store, in the order in which they came: a rename moves none of them. */
static int for_each(struct copying *copying, const struct store *store, each_fn *each)
{
	struct org after = {.slug = NULL};
	struct store_query query = {.sort = STORE_SORT_CREATED, .limit = PAGE};
	struct store_page page = {.more = true};
	int status = STATUS_DONE;

	while (status == STATUS_DONE && page.more) {
		enum err err;
		arena_reset(&copying->arena);
		err = store->ops->org_list(store->impl, &copying->arena, &query, &page);
		if (err != ERR_OK)
			return say_error(copying->call, err);
		for (size_t i = 0; i < page.count && status == STATUS_DONE; i++)
			status = visit(copying, store, &page.orgs[i], each);
		if (page.more && !remember_last(copying, &page, &after))
			return say_error(copying->call, ERR_INTERNAL);
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
static int check_origin(struct copying *copying, const struct account *account)
{
	const struct store *from = copying->copy->from;
	const struct org *org = &account->org;
	struct account origin;
	enum err err = from->ops->account_by_id(from->impl, &copying->arena, org->id, &origin);

	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(copying, org, "store_not_empty",
			      "is in %s and not in %s: only what comes from there may be in it",
			      copying->copy->to_name, copying->copy->from_name);
	if (err != ERR_OK)
		return refuse_error(copying, org, err);
	if (is_same(&origin, account))
		return STATUS_DONE;
	return refuse(copying, org, "changed",
		      "is not the same in both, so it was changed since it was copied: delete it in the store"
		      " where it is not wanted, then do this again");
}

static enum err copy_documents(struct copying *copying, const char *org_id)
{
	enum err err = documents_copy(&copying->documents, org_id);

	for (int tries = 1; copying->copy->live && err == ERR_STORE_UNAVAILABLE && tries < DOCUMENTS_TRIES; tries++)
		err = documents_copy(&copying->documents, org_id);
	return err;
}

/* Of `from`: into `to`, if it is not there with all its documents. */
static int copy_one(struct copying *copying, const struct account *account)
{
	const struct store *to = copying->copy->to;
	const struct org *org = &account->org;
	struct documents_digest here = {.count = 0}, there = {.count = 1};
	struct account present;
	enum err err = to->ops->account_by_id(to->impl, &copying->arena, org->id, &present);

	if (err == ERR_OK) {
		copying->report->present++;
		err = documents_compare(&copying->documents, org->id, &here, &there);
	} else if (err == ERR_ORGANIZATION_NOT_FOUND) {
		copying->report->created++;
		err = to->ops->org_create(to->impl, account, 0);
	}
	if (err == ERR_OK && !documents_same(&here, &there))
		err = copy_documents(copying, org->id);
	if (err == ERR_ORGANIZATION_NOT_FOUND && copying->copy->live)
		err = ERR_OK; /* it was deleted meanwhile: the copy keeps it, with the documents that came so far */
	tick(copying);
	return err == ERR_OK ? STATUS_DONE : refuse_error(copying, org, err);
}

/* Of `from`: `to` must have it, and the same documents. */
static int compare(struct copying *copying, const struct account *account)
{
	const struct store *to = copying->copy->to;
	const struct org *org = &account->org;
	struct documents_digest here, there;
	struct account present;
	enum err err = to->ops->account_by_id(to->impl, &copying->arena, org->id, &present);

	if (err == ERR_ORGANIZATION_NOT_FOUND)
		return refuse(copying, org, "changed", "has come meanwhile; do this again");
	if (err == ERR_OK)
		err = documents_compare(&copying->documents, org->id, &here, &there);
	if (err != ERR_OK)
		return refuse_error(copying, org, err);
	tick(copying);
	documents_add(&copying->report->digest, &here);
	if (documents_same(&here, &there))
		return STATUS_DONE;
	return refuse(copying, org, "documents_differ",
		      "has %" PRIu64 " documents in %s and %" PRIu64 " in %s, and they are not the same: do"
		      " this again with nobody writing; if that does not help, delete it in %s before",
		      here.count, copying->copy->from_name, there.count, copying->copy->to_name,
		      copying->copy->to_name);
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

static int count_work(struct copying *copying)
{
	struct store_info info = {.documents = 0};
	enum err err = copying->copy->from->ops->info(copying->copy->from->impl, &copying->call->arena, &info);

	copying->total = (copying->copy->live ? 1 : 2) * (info.organizations + info.documents);
	return err == ERR_OK ? STATUS_DONE : say_error(copying->call, err);
}

static int run(struct copying *copying)
{
	const struct copy *which = copying->copy;
	int status = check_health(copying->call, which->from, which->from_name);

	if (status == STATUS_DONE)
		status = check_health(copying->call, which->to, which->to_name);
	if (status == STATUS_DONE)
		status = for_each(copying, which->to, check_origin);
	if (status == STATUS_DONE)
		status = count_work(copying);
	if (status == STATUS_DONE)
		status = for_each(copying, which->from, copy_one);
	if (status == STATUS_DONE && !which->live)
		status = for_each(copying, which->from, compare);
	if (status == STATUS_DONE && !which->live)
		status = for_each(copying, which->to, check_origin);
	return status;
}

int copy_run(struct call *call, const struct copy *copy, struct copy_report *report_r)
{
	struct copying copying = {.call = call, .copy = copy, .report = report_r};
	int status;

	*report_r = (struct copy_report){.created = 0};
	arena_init(&copying.arena, ARENA_CAP);
	documents_begin(&copying.documents, copy->from, copy->to, tick, &copying);
	progress_begin();
	status = run(&copying);
	progress_end();
	documents_end(&copying.documents);
	arena_fini(&copying.arena);
	return status;
}
