/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_adopt_judge.c: which organization has which admin and collection, what is to be done, and what hinders. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/org.h"
#include "store/mongo_adopt.h"
#include "store/mongo_priv.h"
#include "store/mongo_text.h"

/* ---- Admins ---- */

static void link_admin(struct mongo_foreign_org *org, struct mongo_foreign_admin *admin)
{
	admin->linked = true;
	org->admin = admin;
	org->admins++;
}

/* By what the admin says of its organization, else by what the organization says of its admin. */
static void link_admins(struct mongo_adoption *adoption)
{
	for (size_t i = 0; i < adoption->admin_count; i++) {
		struct mongo_foreign_admin *admin = &adoption->admins[i];
		struct mongo_foreign_org *org = admin->has_org ? mongo_adopt_find_org(adoption, &admin->org) : NULL;
		if (org != NULL && org->known)
			admin->known = true;
		else if (org != NULL)
			link_admin(org, admin);
	}
	for (size_t i = 0; i < adoption->org_count; i++) {
		struct mongo_foreign_org *org = &adoption->orgs[i];
		struct mongo_foreign_admin *admin = NULL;
		if (!org->known && org->has_admin_id)
			admin = mongo_adopt_find_admin(adoption, &org->admin_id);
		if (admin != NULL && !admin->has_org && !admin->linked)
			link_admin(org, admin);
		else if (admin != NULL && org->admin != NULL && org->admin != admin)
			org->admins++; /* that one says otherwise: who it is, is not ours to decide */
	}
}

static void judge_admin(struct mongo_adoption *adoption, const struct mongo_foreign_admin *admin)
{
	const char *email = admin->found_email != NULL ? admin->found_email : "";

	if (admin->known)
		return;
	if (!admin->linked) {
		mongo_adopt_tell(adoption, STORE_ADOPTION_ADMIN_HOMELESS, admin->id_text, email);
		return;
	}
	mongo_adopt_tell(adoption, STORE_ADOPTION_ADMIN_ADOPTED, admin->id_text, email);
	if (!admin->has_id)
		mongo_adopt_tell(adoption, STORE_ADOPTION_ID_CONFLICT, admin->id_text, email);
	if (admin->email == NULL)
		mongo_adopt_tell(adoption, STORE_ADOPTION_EMAIL_UNUSABLE, admin->id_text, email);
	else if (strcmp(admin->email, admin->found_email) != 0)
		mongo_adopt_tell(adoption, STORE_ADOPTION_EMAIL_NORMALIZED, admin->id_text, admin->email);
	if (admin->hash == NULL)
		mongo_adopt_tell(adoption, STORE_ADOPTION_HASH_UNUSABLE, admin->id_text, email);
	else if (admin->hash_moves)
		mongo_adopt_tell(adoption, STORE_ADOPTION_HASH_ADOPTED, admin->id_text, email);
}

/* ---- Organizations ---- */

static void judge_name(struct mongo_adoption *adoption, const struct mongo_foreign_org *org)
{
	const char *found = org->found_slug != NULL ? org->found_slug : "none";
	char time[CLOCK_TEXT_SIZE];

	if (!org->has_id)
		mongo_adopt_tell(adoption, STORE_ADOPTION_ID_CONFLICT, org->id_text, org->found_name);
	if (org->name == NULL) {
		mongo_adopt_tell(adoption, STORE_ADOPTION_NAME_CONFLICT, org->id_text, org->found_name);
		return;
	}
	if (strcmp(org->name, org->found_name) != 0)
		mongo_adopt_tell(adoption, STORE_ADOPTION_NAME_NORMALIZED, org->id_text, org->name);
	if (strcmp(org->slug, found) != 0)
		mongo_adopt_tell(adoption, STORE_ADOPTION_SLUG_DERIVED, org->id_text,
				 arena_printf(&adoption->session.arena, "%s to %s", found, org->slug));
	if (org->created_is_known)
		return;
	clock_format(org->created_ms, time);
	if (org->created_unusable)
		mongo_adopt_tell(adoption, STORE_ADOPTION_TIME_UNUSABLE, org->id_text, org->found_name);
	else
		mongo_adopt_tell(adoption, STORE_ADOPTION_TIME_ASSUMED, org->id_text, time);
}

static void judge_admins_of(struct mongo_adoption *adoption, const struct mongo_foreign_org *org)
{
	if (org->admins == 0)
		mongo_adopt_tell(adoption, STORE_ADOPTION_ADMIN_ABSENT, org->id_text, org->found_name);
	else if (org->admins > 1)
		mongo_adopt_tell(adoption, STORE_ADOPTION_ADMINS_SEVERAL, org->id_text, org->found_name);
}

/* What an adoption that died has recorded; else by name: as it says, by its slug of before, by the right one. */
static const struct mongo_listed *find_collection(struct mongo_adoption *adoption, const struct mongo_foreign_org *org)
{
	struct mongo_session *session = &adoption->session;
	const char *names[3] = {org->found_collection, NULL, NULL};
	const struct mongo_listed *listed = mongo_listed_as(&adoption->listing, &org->uuid);

	if (org->found_collection == NULL && org->found_slug != NULL)
		names[1] = mongo_org_name(session, org->found_slug);
	if (org->found_collection == NULL && org->slug != NULL)
		names[2] = mongo_org_name(session, org->slug);
	for (size_t i = 0; i < COUNT_OF(names) && listed == NULL; i++)
		if (names[i] != NULL && !mongo_is_kept(names[i]))
			listed = mongo_listed_at(&adoption->listing, names[i]);
	return listed != NULL && listed->uuid.set ? listed : NULL;
}

static void judge_collection(struct mongo_adoption *adoption, struct mongo_foreign_org *org)
{
	struct arena *arena = &adoption->session.arena;
	const char *target = org->slug != NULL ? mongo_org_name(&adoption->session, org->slug) : NULL;
	char uuid[MONGO_UUID_TEXT];

	org->collection = find_collection(adoption, org);
	if (org->collection == NULL) {
		mongo_adopt_tell(adoption, STORE_ADOPTION_COLLECTION_ABSENT, org->id_text,
				 org->found_collection != NULL ? org->found_collection : target);
		return;
	}
	if (target != NULL && strcmp(target, org->collection->name) != 0) {
		const char *change = arena_printf(arena, "%s to %s", org->collection->name, target);
		enum store_adoption_kind kind = mongo_listed_at(&adoption->listing, target) != NULL
							? STORE_ADOPTION_COLLECTION_OCCUPIED
							: STORE_ADOPTION_COLLECTION_RENAMED;
		mongo_adopt_tell(adoption, kind, org->id_text, change);
	}
	if (!mongo_uuid_equal(&org->uuid, &org->collection->uuid)) {
		mongo_uuid_text(&org->collection->uuid, uuid);
		mongo_adopt_tell(adoption, STORE_ADOPTION_COLLECTION_RECORDED, org->id_text, uuid);
	}
}

static void judge_org(struct mongo_adoption *adoption, struct mongo_foreign_org *org)
{
	if (org->known)
		return;
	mongo_adopt_tell(adoption, STORE_ADOPTION_ORGANIZATION_ADOPTED, org->id_text, org->found_name);
	judge_name(adoption, org);
	judge_admins_of(adoption, org);
	judge_collection(adoption, org);
	mongo_adopt_tell(adoption, STORE_ADOPTION_CLAIMS_ADDED, org->id_text, org->slug);
}

/* ---- Claims ---- */

struct claims {
	struct mongo_adoption *adoption;
	const char *name; /* of the collection */
	bool told;
};

/* What is no claim, another program has put there. */
static enum err judge_claim(void *context, const bson_t *document)
{
	struct claims *claims = context;
	struct arena *arena = &claims->adoption->session.arena;
	struct mongo_claim claim;

	if (claims->told || mongo_claim_read(document, arena, &claim) == ERR_OK)
		return ERR_OK;
	claims->told = true;
	mongo_adopt_tell(claims->adoption, STORE_ADOPTION_COLLECTION_FOREIGN, claims->name,
			 mongo_text_id(arena, document));
	return ERR_OK;
}

static enum err judge_claims(struct mongo_adoption *adoption, enum mongo_collection collection)
{
	struct claims claims = {adoption, mongo_collection_name(collection), false};

	return mongo_find_each(&adoption->session, claims.name, bson_new(), NULL, judge_claim, &claims);
}

/* ---- What two have ---- */

/* Of an organization or admin: what nobody else may have. */
struct key {
	const char *text;
	const char *owner; /* its id */
	bool known;        /* orgd's own, which is not to blame */
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

/* Takes the keys apart. */
static void tell_shared(struct mongo_adoption *adoption, enum store_adoption_kind kind, struct key *keys, size_t count)
{
	if (count > 0)
		qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++) {
		bool shared = (i > 0 && compare_keys(&keys[i - 1], &keys[i]) == 0) ||
			      (i + 1 < count && compare_keys(&keys[i], &keys[i + 1]) == 0);
		if (shared && !keys[i].known)
			mongo_adopt_tell(adoption, kind, keys[i].owner, keys[i].text);
	}
}

static size_t collect_slugs(struct mongo_adoption *adoption, struct key *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < adoption->org_count; i++) {
		const struct mongo_foreign_org *org = &adoption->orgs[i];
		if (org->slug != NULL)
			keys[count++] = (struct key){org->slug, org->id_text, org->known};
	}
	return count;
}

static size_t collect_collections(struct mongo_adoption *adoption, struct key *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < adoption->org_count; i++) {
		const struct mongo_foreign_org *org = &adoption->orgs[i];
		const struct mongo_listed *listed =
			org->known ? mongo_listed_as(&adoption->listing, &org->uuid) : org->collection;
		if (listed != NULL)
			keys[count++] = (struct key){listed->name, org->id_text, org->known};
	}
	return count;
}

static size_t collect_emails(struct mongo_adoption *adoption, struct key *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < adoption->admin_count; i++) {
		const struct mongo_foreign_admin *admin = &adoption->admins[i];
		if (admin->email != NULL && (admin->known || admin->linked))
			keys[count++] = (struct key){admin->email, admin->id_text, admin->known};
	}
	return count;
}

static const struct {
	enum store_adoption_kind kind;
	size_t (*collect)(struct mongo_adoption *adoption, struct key *keys);
} unique[] = {
	{STORE_ADOPTION_SLUG_CONFLICT, collect_slugs},
	{STORE_ADOPTION_EMAIL_CONFLICT, collect_emails},
	{STORE_ADOPTION_COLLECTION_SHARED, collect_collections},
};

enum err mongo_adopt_judge(struct mongo_adoption *adoption)
{
	size_t most = adoption->org_count + adoption->admin_count;
	struct key *keys = arena_alloc(&adoption->session.arena, (most + 1) * sizeof(*keys));
	enum err err;

	if (keys == NULL)
		return ERR_INTERNAL;
	link_admins(adoption);
	for (size_t i = 0; i < adoption->org_count; i++)
		judge_org(adoption, &adoption->orgs[i]);
	for (size_t i = 0; i < adoption->admin_count; i++)
		judge_admin(adoption, &adoption->admins[i]);
	for (size_t i = 0; i < COUNT_OF(unique); i++)
		tell_shared(adoption, unique[i].kind, keys, unique[i].collect(adoption, keys));
	err = judge_claims(adoption, MONGO_SLUGS);
	return err == ERR_OK ? judge_claims(adoption, MONGO_EMAILS) : err;
}
