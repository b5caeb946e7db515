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

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/admin.h"
#include "model/org.h"

struct store_options {
	const char *target;   /* "sqlite:PATH" */
	unsigned connections; /* most callers at once */
};

/*
 * The right to act on one organization, as a valid token gives it. Verbs on an existing organization
 * take this and nothing else, so there is nothing to name a foreign one with. Only
 * auth/principal.c makes one.
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

struct store_ops {
	const char *name; /* "sqlite" */

	/* open(target, connections, impl_r): makes what is missing, or refuses with a line in the log. */
	enum err (*open)(const struct store_options *options, void **impl_r);
	void (*close)(void *impl);

	/* connections(impl, open_r, busy_r): how many there are, and are in use just now. */
	void (*connections)(void *impl, unsigned *open_r, unsigned *busy_r);

	/* ping(impl): whether the store answers; within a second. */
	enum err (*ping)(void *impl);

	/*
	 * org_create(impl, account, max): the organization with its admin and collection. `max` > 0: at
	 * most so many, else ERR_ORGANIZATION_LIMIT. ERR_ORGANIZATION_EXISTS (the slug; named first
	 * when both hold), ERR_EMAIL_TAKEN. Ids in `account` are new.
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
	 * account_by_tenant(impl, arena, tenant, account_r): the token check; one round trip.
	 * ERR_INVALID_TOKEN: there is no such organization, admin or token version.
	 */
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
	 * hash_renew(impl, admin_id, old, new): puts hash `new` of the same password in the place of
	 * `old`; if that is no longer there, nothing happens and it is ERR_OK: somebody else won.
	 */
	enum err (*hash_renew)(void *impl, const char *admin_id, const char *old_hash, const char *new_hash);
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

/* store_close(store): after all callers are gone; one whose opening failed is fine. */
void store_close(struct store *store);

#endif
