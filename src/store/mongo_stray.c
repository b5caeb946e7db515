/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_stray.c: admins, claims and collections that belong to no organization. */
#include <stdio.h>
#include <string.h>

#include "store/mongo_check.h"
#include "store/mongo_priv.h"

/* ---- Admins ---- */

/*
 * Whether no organization has it. If the one that it points to is gone, none will: an organization is
 * inserted before its admin. If that one is there, it must have another admin that points to it, and must not
 * change while we look; otherwise this may be the admin that it is just getting, or is to have.
 */
static enum err is_stray(struct mongo_session *session, const struct mongo_admin *admin, bool *stray_r)
{
	struct mongo_org org, again;
	bool there = true;
	enum err err = mongo_org_get(session, &admin->org, &org);

	*stray_r = false;
	if (err == ERR_OK) {
		if (org.state != MONGO_ACTIVE || mongo_id_equal(&org.admin_id, &admin->id))
			return ERR_OK;
		err = mongo_exists(session, MONGO_ADMINS,
				   BCON_NEW("_id", BCON_OID(&org.admin_id), "org_id", BCON_OID(&org.id)), &there);
		if (err == ERR_OK)
			err = mongo_org_get(session, &admin->org, &again);
		if (err != ERR_OK || !there || again.version != org.version)
			return err == ERR_NOT_FOUND ? ERR_OK : err;
	} else if (err != ERR_NOT_FOUND) {
		return err;
	}
	err = mongo_exists(session, MONGO_ORGANIZATIONS, BCON_NEW("admin_id", BCON_OID(&admin->id)), &there);
	*stray_r = !there;
	return err;
}

enum err mongo_stray_admin(struct mongo_checking *checking, struct mongo_session *session, const bson_oid_t *id)
{
	struct mongo_admin admin;
	bool stray = false, mended;
	char text[RAND_ID_SIZE];
	enum err err = mongo_admin_get(session, id, &admin);

	if (err == ERR_OK)
		err = is_stray(session, &admin, &stray);
	if (err != ERR_OK || !stray)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	mended = checking->repair && mongo_remove(session, MONGO_STEP_SWEEP_ADMIN, MONGO_ADMINS,
						  mongo_check_admin_as_read(&admin)) == MONGO_DONE;
	bson_oid_to_string(id, text);
	store_findings_add(&checking->findings, STORE_FINDING_ADMIN_UNOWNED, text, admin.email, mended);
	return ERR_OK;
}

/* ---- Claims ---- */

/* Whether it is, with its organization unchanged while we look; a sweep has its fence for that. */
static enum err is_unused(struct mongo_session *session, enum mongo_collection collection,
			  const struct mongo_claim *claim)
{
	struct mongo_org org, again;
	enum err err = mongo_claim_unused(session, collection, claim, &org);

	if (err == ERR_OK)
		err = mongo_org_get(session, &claim->org, &again);
	if (err == ERR_OK && again.version != org.version)
		return ERR_ORGANIZATION_BUSY;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Its subject is the operation, as the key may be an email, and subjects get into logs. */
enum err mongo_stray_claim(struct mongo_checking *checking, struct mongo_session *session,
			   enum mongo_collection collection, const char *key)
{
	struct mongo_claim claim;
	const char *detail;
	char text[RAND_ID_SIZE];
	bool mended;
	enum err err = mongo_claim_get(session, collection, key, &claim);

	if (err == ERR_OK)
		err = is_unused(session, collection, &claim);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND || err == ERR_ORGANIZATION_BUSY ? ERR_OK : err;
	mended = checking->repair && mongo_sweep_claim(session, collection, &claim) == ERR_OK;
	bson_oid_to_string(&claim.op, text);
	detail = arena_printf(&session->arena, "%s %s", collection == MONGO_SLUGS ? "slug" : "email", key);
	store_findings_add(&checking->findings, STORE_FINDING_CLAIM_UNOWNED, text, detail, mended);
	return ERR_OK;
}

/* ---- Collections ---- */

/* Whether `text` is `kind`, then so many hex digits, "_", and an id. */
static bool is_private_of(const char *text, const char *kind, size_t digits)
{
	size_t size = strlen(kind);

	return strncmp(text, kind, size) == 0 && strspn(text + size, "0123456789abcdef") == digits &&
	       text[size + digits] == '_' && strspn(text + size + digits + 1, "0123456789abcdef") == RAND_ID_SIZE - 1 &&
	       text[size + digits + RAND_ID_SIZE] == '\0';
}

static bool is_staging(const char *name)
{
	return is_private_of(name, "tmp_", RAND_ID_SIZE - 1);
}

bool mongo_stray_is_private(const char *name)
{
	return is_staging(name) || is_private_of(name, "trash_", RAND_ID_SIZE - 1) ||
	       is_private_of(name, "lost_", MONGO_UUID_TEXT - 1);
}

/*
 * Whether a collection that was made for an organization will never be its own: the organization is gone, or
 * records another collection, which stands in the same listing. It is read after the listing.
 */
static enum err is_left_over(struct mongo_session *session, const char *name, struct mongo_uuid *uuid_r, bool *over_r)
{
	const char *names[] = {name, NULL};
	const struct mongo_listed *staging;
	struct mongo_listing listing;
	struct mongo_org org;
	char text[RAND_ID_SIZE];
	bson_oid_t id;
	enum err err;

	*over_r = false;
	snprintf(text, sizeof(text), "%s", name + strlen("tmp_"));
	if (!mongo_id_parse(text, &id))
		return ERR_OK;
	err = mongo_org_get(session, &id, &org);
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	names[1] = mongo_org_name(session, err == ERR_OK ? org.slug : "");
	err = names[1] != NULL ? mongo_list(session, names, 2, &listing) : ERR_INTERNAL;
	staging = err == ERR_OK ? mongo_listed_at(&listing, name) : NULL;
	if (staging == NULL)
		return err;
	*uuid_r = staging->uuid;
	err = mongo_org_get(session, &id, &org);
	*over_r = err == ERR_NOT_FOUND ||
		  (err == ERR_OK && mongo_is_live(&org) && !mongo_uuid_equal(&org.uuid, &staging->uuid) &&
		   mongo_listed_as(&listing, &org.uuid) != NULL);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void find_unowned(struct mongo_checking *checking, struct mongo_session *session, const char *name,
			 uint64_t count)
{
	const char *detail = arena_printf(&session->arena, "%llu documents", (unsigned long long)count);

	store_findings_add(&checking->findings, STORE_FINDING_COLLECTION_UNOWNED, name, detail, false);
}

static enum err find_left_over(struct mongo_checking *checking, struct mongo_session *session, const char *name)
{
	struct mongo_uuid uuid;
	uint64_t count;
	bool over, mended;
	enum err err = is_left_over(session, name, &uuid, &over);

	if (err != ERR_OK || !over)
		return err;
	/* orgd has put nothing into it, so that is not its own to drop. */
	err = mongo_count_in(session, name, &count);
	if (err != ERR_OK)
		return err;
	if (count > 0) {
		find_unowned(checking, session, name, count);
		return ERR_OK;
	}
	mended = checking->repair && mongo_drop(session, MONGO_STEP_SWEEP_STAGING, name, &uuid) == MONGO_DONE;
	store_findings_add(&checking->findings, STORE_FINDING_COLLECTION_STAGING, name, "", mended);
	return ERR_OK;
}

/* Listed first, organizations asked afterwards: then it is nobody's. Never dropped: orgd did not make it. */
enum err mongo_stray_collection(struct mongo_checking *checking, struct mongo_session *session, const char *name)
{
	struct mongo_listing listing;
	uint64_t count;
	bool owned = false;
	enum err err;

	if (is_staging(name))
		return find_left_over(checking, session, name);
	err = mongo_list(session, &name, 1, &listing);
	if (err != ERR_OK || listing.count == 0)
		return err;
	if (listing.items[0].uuid.set)
		err = mongo_exists(session, MONGO_ORGANIZATIONS,
			       BCON_NEW("coll_uuid", MONGO_UUID_VALUE(&listing.items[0].uuid)), &owned);
	if (err != ERR_OK || owned)
		return err;
	err = mongo_count_in(session, name, &count);
	if (err != ERR_OK)
		return err;
	find_unowned(checking, session, name, count);
	return ERR_OK;
}
