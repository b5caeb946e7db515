/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_scan.c: the first look of a check: everything once, a batch and what belongs to it at a time.
 *
 * Collections are listed before organizations are read: so one that no organization records is nobody's.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/org.h"
#include "store/mongo_check.h"
#include "store/mongo_priv.h"
#include "store/mongo_set.h"
#include "store/mongo_text.h"

#define ARENA_CAP ((size_t)64 << 20) /* for a batch */

struct scan {
	struct mongo_checking *checking;
	struct mongo_session session;
	struct arena arena; /* of the batch */
	struct mongo_set orgs, admins, slugs, emails;
	struct mongo_listing listing; /* of all collections, sorted by UUID */
	bool *owned;                  /* of each of these: an organization records it */
};

/* ---- Organizations ---- */

static int compare_uuids(const void *a, const void *b)
{
	const struct mongo_listed *left = a, *right = b;

	return memcmp(left->uuid.bytes, right->uuid.bytes, sizeof(left->uuid.bytes));
}

/* Where the organization's collection is; from now on it is somebody's. */
static const char *find_collection(struct scan *scan, const struct mongo_org *org)
{
	const struct mongo_listed key = {.uuid = org->uuid}, *listed;

	if (!org->uuid.set || scan->listing.count == 0)
		return NULL;
	listed = bsearch(&key, scan->listing.items, scan->listing.count, sizeof(key), compare_uuids);
	if (listed == NULL || !listed->uuid.set)
		return NULL;
	scan->owned[listed - scan->listing.items] = true;
	return listed->name;
}

static enum err join_to_orgs(struct scan *scan)
{
	struct mongo_session *session = &scan->session;
	enum err err = mongo_set_join(&scan->admins, session, &scan->arena, &scan->orgs,
				      offsetof(struct mongo_org, admin_id));

	if (err == ERR_OK)
		err = mongo_set_join(&scan->slugs, session, &scan->arena, &scan->orgs,
				     offsetof(struct mongo_org, slug));
	if (err == ERR_OK)
		err = mongo_set_join(&scan->emails, session, &scan->arena, &scan->admins,
				     offsetof(struct mongo_admin, email));
	return err;
}

static enum err judge_orgs(void *context)
{
	struct scan *scan = context;
	enum err err = join_to_orgs(scan);

	for (size_t i = 0; i < scan->orgs.count && err == ERR_OK; i++) {
		const struct mongo_org *org = mongo_set_at(&scan->orgs, i);
		struct mongo_view view = {.org = *org, .here = find_collection(scan, org)};
		view.admin = mongo_set_find(&scan->admins, &org->admin_id);
		view.slug_claim = mongo_set_find(&scan->slugs, &org->slug);
		if (view.admin != NULL)
			view.email_claim = mongo_set_find(&scan->emails, &view.admin->email);
		if (!mongo_check_org_looks_right(&scan->arena, &view))
			mongo_check_suspect(scan->checking, MONGO_SUSPECT_ORGANIZATION, &org->id, NULL);
	}
	return err;
}

/* ---- Admins and claims ---- */

static enum err judge_admins(void *context)
{
	struct scan *scan = context;
	enum err err = mongo_set_join(&scan->orgs, &scan->session, &scan->arena, &scan->admins,
				      offsetof(struct mongo_admin, org));

	for (size_t i = 0; i < scan->admins.count && err == ERR_OK; i++) {
		const struct mongo_admin *admin = mongo_set_at(&scan->admins, i);
		const struct mongo_org *org = mongo_set_find(&scan->orgs, &admin->org);
		if (org == NULL || (org->state == MONGO_ACTIVE && !mongo_id_equal(&org->admin_id, &admin->id)))
			mongo_check_suspect(scan->checking, MONGO_SUSPECT_ADMIN, &admin->id, NULL);
	}
	return err;
}

static enum err judge_slugs(void *context)
{
	struct scan *scan = context;
	enum err err = mongo_set_join(&scan->orgs, &scan->session, &scan->arena, &scan->slugs,
				      offsetof(struct mongo_claim, org));

	for (size_t i = 0; i < scan->slugs.count && err == ERR_OK; i++) {
		const struct mongo_claim *claim = mongo_set_at(&scan->slugs, i);
		const struct mongo_org *org = mongo_set_find(&scan->orgs, &claim->org);
		if (mongo_is_stale(claim->at_ms) && (org == NULL || strcmp(org->slug, claim->key) != 0))
			mongo_check_suspect(scan->checking, MONGO_SUSPECT_SLUG, NULL, claim->key);
	}
	return err;
}

static enum err judge_emails(void *context)
{
	struct scan *scan = context;
	enum err err = mongo_set_join(&scan->orgs, &scan->session, &scan->arena, &scan->emails,
				      offsetof(struct mongo_claim, org));

	if (err == ERR_OK)
		err = mongo_set_join(&scan->admins, &scan->session, &scan->arena, &scan->orgs,
				     offsetof(struct mongo_org, admin_id));
	for (size_t i = 0; i < scan->emails.count && err == ERR_OK; i++) {
		const struct mongo_claim *claim = mongo_set_at(&scan->emails, i);
		const struct mongo_org *org = mongo_set_find(&scan->orgs, &claim->org);
		const struct mongo_admin *admin = org != NULL ? mongo_set_find(&scan->admins, &org->admin_id) : NULL;
		if (mongo_is_stale(claim->at_ms) && (admin == NULL || strcmp(admin->email, claim->key) != 0))
			mongo_check_suspect(scan->checking, MONGO_SUSPECT_EMAIL, NULL, claim->key);
	}
	return err;
}

/* ---- Collections ---- */

static enum err list_all(struct scan *scan)
{
	enum err err = mongo_list(&scan->session, NULL, 0, &scan->listing);

	if (err != ERR_OK)
		return err;
	if (scan->listing.count > 0)
		qsort(scan->listing.items, scan->listing.count, sizeof(*scan->listing.items), compare_uuids);
	scan->owned = arena_alloc(&scan->session.arena, scan->listing.count + 1);
	return scan->owned != NULL ? ERR_OK : ERR_INTERNAL;
}

static void suspect_unowned(struct scan *scan)
{
	for (size_t i = 0; i < scan->listing.count; i++) {
		const char *name = scan->listing.items[i].name;
		bool public = strncmp(name, ORG_COLLECTION_PREFIX, strlen(ORG_COLLECTION_PREFIX)) == 0;
		if (!scan->owned[i] && (public || mongo_stray_is_private(name)))
			mongo_check_suspect(scan->checking, MONGO_SUSPECT_COLLECTION, NULL, name);
	}
}

/* ---- Everything ---- */

/* An id that is none, or a document without what it must have. */
static void refuse(void *context, const struct mongo_set *set, const bson_t *document)
{
	struct scan *scan = context;
	bson_oid_t id;
	bool readable = mongo_set_is_of_claims(set) || mongo_own_id(document, &id);

	store_findings_add(&scan->checking->findings, readable ? STORE_FINDING_DAMAGED : STORE_FINDING_ID_MALFORMED,
			   mongo_text_id(&scan->arena, document), mongo_collection_name(set->collection), false);
}

static enum err read_through(struct scan *scan, struct mongo_set *set, enum err (*judge)(void *context))
{
	struct mongo_reading reading = {set, &scan->arena, judge, refuse, scan};

	return mongo_set_read(&reading, &scan->session);
}

static enum err scan_all(struct scan *scan)
{
	enum err err = list_all(scan);

	if (err == ERR_OK)
		err = read_through(scan, &scan->orgs, judge_orgs);
	if (err == ERR_OK)
		suspect_unowned(scan);
	if (err == ERR_OK)
		err = read_through(scan, &scan->admins, judge_admins);
	if (err == ERR_OK)
		err = read_through(scan, &scan->slugs, judge_slugs);
	if (err == ERR_OK)
		err = read_through(scan, &scan->emails, judge_emails);
	return err;
}

static bool make_room(struct scan *scan)
{
	struct arena *arena = &scan->session.arena;

	return mongo_set_init(&scan->orgs, arena, MONGO_ORGANIZATIONS) &&
	       mongo_set_init(&scan->admins, arena, MONGO_ADMINS) &&
	       mongo_set_init(&scan->slugs, arena, MONGO_SLUGS) &&
	       mongo_set_init(&scan->emails, arena, MONGO_EMAILS);
}

enum err mongo_scan(struct mongo_checking *checking)
{
	struct scan scan = {.checking = checking};
	enum err err = mongo_begin(checking->store, &scan.session);

	if (err != ERR_OK)
		return err;
	arena_init(&scan.arena, ARENA_CAP);
	err = make_room(&scan) ? scan_all(&scan) : ERR_INTERNAL;
	arena_fini(&scan.arena);
	return mongo_end(&scan.session, err);
}
