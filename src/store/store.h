/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: what organizations and their admins are kept in: a table of business verbs.
 *
 * Each verb is all or nothing, in whatever way its store can do that, and any thread may call it.
 * Errors that every verb may give, besides its own: ERR_STORE_UNAVAILABLE (not reachable, or the
 * outcome of a write is not known), ERR_OVERLOADED (the store is busy beyond its patience) and
 * ERR_INTERNAL. ERR_ORGANIZATION_BUSY comes from stores that have operations under way. A store
 * never gives one outcome for another: done is ERR_OK, not done is an error of the verb's own.
 * Driver text goes to the log only.
 *
 * Names come as the model gives them: normalized names, slugs of their keys, lower-case emails.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/admin.h"
#include "model/org.h"
#include "store/findings.h"

/* Who a store is opened for. */
enum store_use {
	STORE_FOR_OPERATOR, /* waits long; what died unfinished is left to the verb that is for it, check() */
	STORE_FOR_SERVICE,  /* does not wait long; what died unfinished is gone on with in the background */
	STORE_FOR_REQUEST,  /* does not wait long either; a process for one request goes on with that first */
};

struct store_options {
	const char *target;     /* "sqlite:PATH", or a MongoDB URI */
	const char *module_dir; /* where modules lie; NULL: where they are installed */
	unsigned connections;   /* most callers at once */
	bool existing;          /* a store that is not there is ERR_NOT_FOUND, and is not made */
	enum store_use use;     /* who it is for */
	bool adopting;          /* a database of another program is not refused: it is to be adopted */
};

/*
 * The right to act on one organization, as a valid token gives it. Verbs on an existing organization
 * take this and nothing else, so there is nothing to name a foreign one with. Only
 * auth/principal.c makes one, and orgctl/operator.c for the operator.
 */
struct tenant {
	char org_id[RAND_ID_SIZE];
	char admin_id[RAND_ID_SIZE];
	int64_t token_version; /* another one in the store: the right is gone */
};

/* What an update changes; NULL: stays as it is. */
struct org_change {
	const char *name;
	const char *slug; /* with name */
	const char *email;
	const char *password_hash;
	int64_t now_ms;
};

/* X(name, word): how a list of organizations is sorted: by name without regard to case; oldest first; by slug. */
#define STORE_SORT_LIST(X)    \
	X(NAME, "name")       \
	X(CREATED, "created") \
	X(SLUG, "slug")

#define STORE_SORT_ENUM(name, word) STORE_SORT_##name,
enum store_sort { STORE_SORT_LIST(STORE_SORT_ENUM) STORE_SORT_COUNT };
#undef STORE_SORT_ENUM

/* Which organizations to list. */
struct store_query {
	const char *part;        /* of the name, found without regard to case; NULL: all */
	enum store_sort sort;    /* ties by slug */
	const struct org *after; /* only those behind it (what the sort and the slug say: it need not exist) */
	size_t limit;            /* most of them, at least 1 */
};

struct store_page {
	struct org *orgs;
	size_t count;
	bool more; /* others follow */
};

/* What a store is and holds. Texts live in the arena. */
struct store_info {
	const char *place;    /* a path or an address; no secret */
	const char *software; /* "SQLite 3.40.1" */
	unsigned schema;      /* version of the layout of the data */
	uint64_t organizations, admins, documents;
	uint64_t bytes; /* that they take, as far as the store knows */
};

/*
 * A document of an organization, as it travels between stores: as text.
 *
 * A store of BSON gives `text` as canonical Extended JSON (v2) of the whole document (mongo_text.h), and `id` of its
 * _id: an ObjectId as 24 lower-case hex digits; a string as it is, unless it looks like one, begins
 * with "{" or has a NUL; all others, those strings too, as canonical Extended JSON of {"_id": ...}.
 * It takes any JSON object: without _id it gets the one that `id` stands for, as its first member.
 */
struct store_document {
	const char *id; /* unique in its organization */
	const char *text;
};

/* Who is given documents, valid during the call; another value than ERR_OK ends the giving. */
typedef enum err store_document_fn(void *context, const struct store_document *document);

/* Who is told of the progress of long work: `done` of `total`. */
typedef void store_progress_fn(void *context, uint64_t done, uint64_t total);

struct store_ops {
	const char *name; /* "sqlite" */

	/*
	 * open(options, impl_r): makes what is missing, or refuses with a line in the log. *impl_r is for
	 * close(impl), which nobody may call while another verb runs.
	 */
	enum err (*open)(const struct store_options *options, void **impl_r);
	void (*close)(void *impl);

	/* connections(impl, open_r, busy_r): how many there are, and are in use just now. */
	void (*connections)(void *impl, unsigned *open_r, unsigned *busy_r);

	/* ping(impl): whether the store answers; within a second. */
	enum err (*ping)(void *impl);

	/*
	 * org_create(impl, account, max): the organization with its admin and collection. `max` > 0: at
	 * most so many, else ERR_ORGANIZATION_LIMIT. ERR_ORGANIZATION_EXISTS (the slug; named first
	 * when both hold), ERR_EMAIL_TAKEN. Ids in `account` are new to the store; all of it is taken as
	 * it is, times and token version too.
	 */
	enum err (*org_create)(void *impl, const struct account *account, uint64_t max);

	/* org_check_free(impl, slug, email, max): what org_create would refuse just now; writes nothing. */
	enum err (*org_check_free)(void *impl, const char *slug, const char *email, uint64_t max);

	/* org_by_slug(impl, arena, slug, org_r): one round trip. ERR_ORGANIZATION_NOT_FOUND. */
	enum err (*org_by_slug)(void *impl, struct arena *arena, const char *slug, struct org *org_r);

	/* account_by_email(impl, arena, email, account_r): for a login. ERR_INVALID_CREDENTIALS: none. */
	enum err (*account_by_email)(void *impl, struct arena *arena, const char *email,
				     struct account *account_r);

	/*
	 * org_by_tenant(impl, arena, tenant, org_r): the token check; one round trip.
	 * ERR_INVALID_TOKEN: there is no such organization, admin or token version.
	 */
	enum err (*org_by_tenant)(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r);

	/* account_by_tenant(impl, arena, tenant, account_r): likewise, with the admin. */
	enum err (*account_by_tenant)(void *impl, struct arena *arena, const struct tenant *tenant,
				      struct account *account_r);

	/*
	 * org_update(impl, arena, tenant, change, account_r): all of `change`, or nothing; a new email or
	 * password raises the token version. A new slug moves the collection. *account_r is what it is
	 * then. ERR_INVALID_TOKEN as above, ERR_ORGANIZATION_EXISTS, ERR_EMAIL_TAKEN.
	 */
	enum err (*org_update)(void *impl, struct arena *arena, const struct tenant *tenant,
			       const struct org_change *change, struct account *account_r);

	/* org_delete(impl, tenant): the organization and all that belongs to it. ERR_INVALID_TOKEN. */
	enum err (*org_delete)(void *impl, const struct tenant *tenant);

	/*
	 * hash_renew(impl, account, hash): puts a hash of the same password in the place of the account's;
	 * if that is no longer there, nothing happens and it is ERR_OK: somebody else won.
	 */
	enum err (*hash_renew)(void *impl, const struct account *account, const char *hash);

	/*
	 * The operator's verbs. Any of them may run beside the service.
	 *
	 * org_list(impl, arena, query, page_r): a page of organizations as they are at one moment.
	 */
	enum err (*org_list)(void *impl, struct arena *arena, const struct store_query *query,
			     struct store_page *page_r);

	/*
	 * account_by_slug(impl, arena, slug, account_r): an organization with its admin.
	 * ERR_ORGANIZATION_NOT_FOUND, also when its admin is missing: org_by_slug tells which.
	 */
	enum err (*account_by_slug)(void *impl, struct arena *arena, const char *slug,
				    struct account *account_r);

	/* org_by_id(impl, arena, org_id, org_r): one with or without an admin. ERR_ORGANIZATION_NOT_FOUND. */
	enum err (*org_by_id)(void *impl, struct arena *arena, const char *org_id, struct org *org_r);

	/* account_by_id(impl, arena, org_id, account_r): as account_by_slug, by the organization's id. */
	enum err (*account_by_id)(void *impl, struct arena *arena, const char *org_id, struct account *account_r);

	/*
	 * admin_create(impl, org_id, admin): an admin for an organization that has lost its own.
	 * ERR_ORGANIZATION_EXISTS: it has one, or there is no such organization. ERR_EMAIL_TAKEN.
	 */
	enum err (*admin_create)(void *impl, const char *org_id, const struct admin *admin);

	/* info(impl, arena, info_r): for the operator's eyes. */
	enum err (*info)(void *impl, struct arena *arena, struct store_info *info_r);

	/*
	 * check(impl, repair, report, context): goes through everything, and reports what should not be; what
	 * is only under way at that moment is no finding. `repair`: mends what is safe to mend first, and
	 * reports what it did. ERR_OK when it went through, whatever was found.
	 */
	enum err (*check)(void *impl, bool repair, store_finding_fn *report, void *context);

	/*
	 * backup(impl, path, progress, context): writes everything as it is at one moment to `path`, an
	 * empty file; store and file are checked. What the file is like is the store's affair. After an
	 * error it holds nothing of use; ERR_INTERNAL: one of the two is damaged, as a line in the log says.
	 * NULL, and restore too: it has none of its own kind, and is copied into an SQLite file instead.
	 */
	enum err (*backup)(void *impl, const char *path, store_progress_fn *progress, void *context);

	/*
	 * restore(impl, path, progress, context): takes what backup wrote, wholly or not at all.
	 * ERR_ORGANIZATION_EXISTS: the store is not empty. ERR_INVALID_REQUEST: the file is not a whole
	 * backup of a store of this kind and schema; a line in the log says why.
	 */
	enum err (*restore)(void *impl, const char *path, store_progress_fn *progress, void *context);

	/*
	 * documents_each(impl, org_id, take, context): gives all documents of an organization to `take`, each
	 * once and in any order. `take` may use other stores, not this one. Its error, if it gives one;
	 * ERR_ORGANIZATION_NOT_FOUND; ERR_INVALID_REQUEST: one has no text that means the same, a line in the
	 * log names it.
	 */
	enum err (*documents_each)(void *impl, const char *org_id, store_document_fn *take, void *context);

	/*
	 * documents_put(impl, org_id, documents, count): adds those whose ids are not there; what is there stays
	 * as it is. After an error any of them may be there: to be done again. ERR_INVALID_REQUEST:
	 * one cannot be a document here, as its `text` is no object or has an _id that is not `id`; a line
	 * in the log names it. ERR_ORGANIZATION_NOT_FOUND.
	 */
	enum err (*documents_put)(void *impl, const char *org_id, const struct store_document *documents,
				  size_t count);

	/*
	 * document_normal(impl, arena, document, normal_r): as documents_each would give it once it had been
	 * put; ERR_INVALID_REQUEST as above. NULL: the store keeps texts as they are.
	 */
	enum err (*document_normal)(void *impl, struct arena *arena, const struct store_document *document,
				    struct store_document *normal_r);

	/*
	 * adopt(impl, dry_run, report, context): takes over, in a store opened for it, what another program
	 * of the same design wrote, ids being kept. First reports everything that it will do and every
	 * conflict; after a conflict, and when `dry_run`, nothing is changed. What was begun and died is
	 * gone on with when it is done again; nothing to do: nothing is reported. NULL: there is no such program.
	 */
	enum err (*adopt)(void *impl, bool dry_run, store_adoption_fn *report, void *context);
};

struct store {
	const struct store_ops *ops;
	void *impl;
};

/*
 * store_open(options, store_r): the store that options->target names. ERR_INVALID_REQUEST when no
 * store goes by that name; else what its open says, the reason being in the log.
 */
enum err store_open(const struct store_options *options, struct store *store_r) MUST_CHECK;

/* store_sort_word(sort): the word of a sort. */
const char *store_sort_word(enum store_sort sort);

/*
 * store_org_by_name(store, arena, name, org_r): the organization whose name has the key of `name`, in
 * one round trip. ERR_ORGANIZATION_NOT_FOUND, also when only another name has the same slug.
 */
enum err store_org_by_name(const struct store *store, struct arena *arena, const char *name,
			   struct org *org_r) MUST_CHECK;

/* store_close(store): after all callers are gone; one whose opening failed is fine. */
void store_close(struct store *store);

#endif
