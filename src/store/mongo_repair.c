/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_repair.c: what mends an organization, in steps that leave no more wrong than there was.
 *
 * Each is bound to the version that was read, or can only be applied to what was read. One that dies half
 * way is found and mended again.
 */
#include "base/clock.h"
#include "store/mongo_check.h"
#include "store/mongo_priv.h"

static enum err done(enum mongo_outcome outcome)
{
	return outcome == MONGO_DONE       ? ERR_OK
	       : outcome == MONGO_NOT_DONE ? ERR_ORGANIZATION_BUSY
					   : ERR_STORE_UNAVAILABLE;
}

enum err mongo_repair_finish(struct mongo_session *session, const struct mongo_view *view)
{
	return mongo_recover(session, &view->org.id);
}

/* ---- Admins ---- */

static enum err set_token_version(struct mongo_session *session, const struct mongo_admin *admin, int64_t version)
{
	enum mongo_outcome outcome;

	SURE(outcome, mongo_change(session, MONGO_STEP_REPAIR, MONGO_ADMINS, mongo_check_admin_as_read(admin),
				   BCON_NEW("$set", "{", "tv", BCON_INT64(version), "}")));
	return done(outcome);
}

/* One that no token has: above both; if those are none, the seconds since 1970, which no counter reaches. */
static int64_t next_version(const struct mongo_org *org, const struct mongo_admin *admin)
{
	int64_t version = org->token_version > admin->token_version ? org->token_version : admin->token_version;
	int64_t now = clock_now_ms() / 1000;

	return version < 1 || version >= INT64_MAX ? now : version + 1;
}

/* The admin first: only the write to the organization makes it the admin of that. */
enum err mongo_repair_link_admin(struct mongo_session *session, const struct mongo_view *view)
{
	int64_t version = next_version(&view->org, view->heir);
	enum err err = set_token_version(session, view->heir, version);

	if (err != ERR_OK)
		return err;
	return done(mongo_change(session, MONGO_STEP_REPAIR, MONGO_ORGANIZATIONS,
				 mongo_org_as_read(&view->org),
				 BCON_NEW("$set", "{", "admin_id", BCON_OID(&view->heir->id), "tv",
					  BCON_INT64(version), "}", MONGO_RAISE_FENCE)));
}

/* Unless the organization that it points to has it for its admin too. */
enum err mongo_repair_point_admin(struct mongo_session *session, const struct mongo_view *view)
{
	struct mongo_org other;
	enum err err = mongo_org_get(session, &view->admin->org, &other);

	if (err == ERR_OK && mongo_id_equal(&other.admin_id, &view->admin->id))
		return ERR_ORGANIZATION_BUSY;
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	return done(mongo_change(session, MONGO_STEP_REPAIR, MONGO_ADMINS, mongo_check_admin_as_read(view->admin),
				 BCON_NEW("$set", "{", "org_id", BCON_OID(&view->org.id), "}")));
}

/* As an update that changes nothing else, so that no other one is under way meanwhile. */
enum err mongo_repair_version(struct mongo_session *session, const struct mongo_view *view)
{
	int64_t version = next_version(&view->org, view->admin);
	struct mongo_org updating = view->org;
	enum err err = done(mongo_change(
		session, MONGO_STEP_REPAIR, MONGO_ORGANIZATIONS, mongo_org_as_read(&view->org),
		BCON_NEW("$set", "{", "state", MONGO_STATE_VALUE(MONGO_UPDATING), MONGO_BEGUN_BY(session),
			 "tv", BCON_INT64(version), "next", "{", "updated_at",
			 BCON_DATE_TIME(view->org.updated_ms), "}", "}", MONGO_RAISE_FENCE)));

	if (err != ERR_OK)
		return err;
	err = set_token_version(session, view->admin, version);
	updating.op = session->op;
	updating.next = (struct mongo_next){.updated_ms = view->org.updated_ms};
	/* Finished in any case: what is not mended is found again. */
	if (mongo_finish_update(session, &updating, true) != ERR_OK)
		return ERR_STORE_UNAVAILABLE;
	return err;
}

/* ---- Claims ---- */

/*
 * The fence is raised first, as before a claim is removed: at that moment the organization still is as it was
 * read, and no operation that read it earlier can commit any more.
 */
static enum err take_claim(struct mongo_session *session, const struct mongo_org *org,
			   enum mongo_collection collection, const char *key, const bson_oid_t *op)
{
	struct mongo_claim claim;
	enum err err = mongo_fence(session, org);

	if (err != ERR_OK)
		return err;
	if (mongo_insert(session, MONGO_STEP_REPAIR, collection,
			 BCON_NEW("_id", BCON_UTF8(key), "org", BCON_OID(&org->id), "op", BCON_OID(op), "at",
				  BCON_DATE_TIME(clock_now_ms()))) == MONGO_DONE)
		return ERR_OK;
	err = mongo_claim_get(session, collection, key, &claim);
	if (err != ERR_OK || !mongo_id_equal(&claim.org, &org->id))
		return err == ERR_OK ? ERR_ORGANIZATION_EXISTS : err;
	/* Its own, but by an operation that it knows nothing of. */
	return done(mongo_change(session, MONGO_STEP_REPAIR, collection,
				 BCON_NEW("_id", BCON_UTF8(key), "org", BCON_OID(&org->id), "op", BCON_OID(&claim.op)),
				 BCON_NEW("$set", "{", "op", BCON_OID(op), "}")));
}

/* A claim has an operation: who knows of none gets this one first. */
enum err mongo_repair_slug_claim(struct mongo_session *session, const struct mongo_view *view)
{
	struct mongo_org org = view->org;
	enum err err = ERR_OK;

	if (mongo_id_is_unset(&org.slug_op)) {
		org.slug_op = session->op;
		err = done(mongo_change(session, MONGO_STEP_REPAIR, MONGO_ORGANIZATIONS,
					mongo_org_as_read(&org),
					BCON_NEW("$set", "{", "slug_op", BCON_OID(&org.slug_op), "}",
						 MONGO_RAISE_FENCE)));
		org.version++;
	}
	return err == ERR_OK ? take_claim(session, &org, MONGO_SLUGS, org.slug, &org.slug_op) : err;
}

enum err mongo_repair_email_claim(struct mongo_session *session, const struct mongo_view *view)
{
	const struct mongo_admin *admin = view->admin;
	bson_oid_t op = admin->email_op;
	enum err err = ERR_OK;

	if (mongo_id_is_unset(&op)) {
		op = session->op;
		err = done(mongo_change(session, MONGO_STEP_REPAIR, MONGO_ADMINS, mongo_check_admin_as_read(admin),
					BCON_NEW("$set", "{", "email_op", BCON_OID(&op), "}")));
	}
	return err == ERR_OK ? take_claim(session, &view->org, MONGO_EMAILS, admin->email, &op) : err;
}

/* ---- The collection ---- */

/* That no other one records it: else it would be taken from that, and then back again. */
static enum err expect_only_one(struct mongo_session *session, const struct mongo_org *org)
{
	struct mongo_found found;
	enum err err;

	if (!org->uuid.set)
		return ERR_OK;
	err = mongo_find(session, MONGO_ORGANIZATIONS,
			 BCON_NEW("coll_uuid", MONGO_UUID_VALUE(&org->uuid), "_id", "{", "$ne",
				  BCON_OID(&org->id), "}"),
			 &found);
	mongo_found_free(&found);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	return err == ERR_OK ? ERR_ORGANIZATION_BUSY : err;
}

enum err mongo_repair_collection(struct mongo_session *session, const struct mongo_view *view)
{
	const struct mongo_guard guard = {.state = MONGO_ACTIVE, .slug = view->org.slug};
	const char *home = mongo_org_name(session, view->org.slug);
	enum err err = home != NULL ? expect_only_one(session, &view->org) : ERR_INTERNAL;

	return err == ERR_OK ? mongo_place(session, &view->org.id, &guard, home) : err;
}
