/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_adopt.c: takes over what another program wrote, in steps that can be done again. */
#include "store/mongo_adopt.h"

#include "model/org.h"
#include "store/mongo_priv.h"

void mongo_adopt_tell(struct mongo_adoption *adoption, enum store_adoption_kind kind, const char *subject,
		      const char *detail)
{
	const struct store_adoption told = {kind, subject != NULL ? subject : "?", detail != NULL ? detail : ""};

	adoption->told++;
	adoption->conflicts += store_adoption_info(kind)->conflict;
	adoption->report(adoption->context, &told);
}

static enum err done(enum mongo_outcome outcome)
{
	return outcome == MONGO_DONE ? ERR_OK : ERR_STORE_UNAVAILABLE;
}

/* The organization's claim on a key, which one that died may have made; *op_r: whose it is. */
static enum err claim(struct mongo_session *session, enum mongo_collection collection, const char *key,
		      const struct mongo_foreign_org *org, bson_oid_t *op_r)
{
	struct mongo_claim claim;
	enum err err = mongo_claim_get(session, collection, key, &claim);

	*op_r = session->op;
	if (err == ERR_OK && mongo_id_equal(&claim.org, &org->id))
		*op_r = claim.op;
	else if (err == ERR_OK || err == ERR_NOT_FOUND)
		err = mongo_claim(session, collection, key, &org->id);
	return err;
}

static bson_t *by_id(const bson_oid_t *id)
{
	return BCON_NEW("_id", BCON_OID(id));
}

static enum err take_admin(struct mongo_session *session, const struct mongo_foreign_org *org,
			   const bson_oid_t *email_op)
{
	const struct mongo_foreign_admin *admin = org->admin;
	enum mongo_outcome outcome;

	SURE(outcome,
	     mongo_change(session, MONGO_STEP_ADOPT_ADMIN, MONGO_ADMINS, by_id(&admin->id),
			  BCON_NEW("$set", "{", "org_id", BCON_OID(&org->id), "email",
				   BCON_UTF8(admin->email), "email_op", BCON_OID(email_op), "password_hash",
				   BCON_UTF8(admin->hash), "role", BCON_UTF8(ADMIN_ROLE), "tv", BCON_INT64(1),
				   "}", "$unset", "{", "password", BCON_UTF8(""), "organization_id",
				   BCON_UTF8(""), "}")));
	return done(outcome);
}

/* Its UUID is recorded first: then it is found again under whatever name. */
static enum err take_collection(struct mongo_session *session, const struct mongo_foreign_org *org, const char *name)
{
	const struct mongo_uuid *uuid = &org->collection->uuid;
	const struct mongo_listed *listed;
	struct mongo_listing listing;
	enum mongo_outcome outcome;
	enum err err;

	/* A state of the other program's may not pass for one of orgd's: see mongo_schema.c. */
	SURE(outcome, mongo_change(session, MONGO_STEP_ADOPT_COLLECTION, MONGO_ORGANIZATIONS, by_id(&org->id),
				   BCON_NEW("$set", "{", "coll_uuid", MONGO_UUID_VALUE(uuid), "}", "$unset", "{",
					    "state", BCON_UTF8(""), "}")));
	if (outcome != MONGO_DONE)
		return ERR_STORE_UNAVAILABLE;
	/* Whatever it answers: what is listed counts. */
	(void)!mongo_rename(session, MONGO_STEP_ADOPT_RENAME, org->collection->name, name, uuid);
	err = mongo_list(session, &name, 1, &listing);
	if (err != ERR_OK)
		return err;
	listed = mongo_listed_at(&listing, name);
	return listed != NULL && mongo_uuid_equal(&listed->uuid, uuid) ? ERR_OK : ERR_STORE_UNAVAILABLE;
}

static bson_t *change_of_org(struct mongo_session *session, const struct mongo_foreign_org *org,
			     const char *collection, const bson_oid_t *slug_op)
{
	bson_t *change = BCON_NEW(
		"$set", "{", "organization_name", BCON_UTF8(org->name), "slug", BCON_UTF8(org->slug),
		"collection_name", BCON_UTF8(collection), "admin_id", BCON_OID(&org->admin->id), "created_at",
		BCON_DATE_TIME(org->created_ms), "updated_at", BCON_DATE_TIME(org->updated_ms), "state",
		MONGO_STATE_VALUE(MONGO_ACTIVE), MONGO_BEGUN_BY(session), "slug_op", BCON_OID(slug_op), "next",
		BCON_NULL, "tv", BCON_INT64(1), "ver", BCON_INT64(1), "}");

	if (org->name_moves)
		BCON_APPEND(change, "$unset", "{", "name", BCON_UTF8(""), "}");
	return change;
}

/* The state comes with the last write: the organization is orgd's own from then on. */
static enum err take_org(struct mongo_session *session, const struct mongo_foreign_org *org, const char *collection,
			 const bson_oid_t *slug_op)
{
	enum mongo_outcome outcome;

	SURE(outcome, mongo_change(session, MONGO_STEP_ADOPT_ORGANIZATION, MONGO_ORGANIZATIONS, by_id(&org->id),
				   change_of_org(session, org, collection, slug_op)));
	return done(outcome);
}

static enum err take_over(struct mongo_session *session, const struct mongo_foreign_org *org)
{
	const char *collection = mongo_org_name(session, org->slug);
	bson_oid_t slug_op, email_op;
	enum err err = collection != NULL ? claim(session, MONGO_SLUGS, org->slug, org, &slug_op) : ERR_INTERNAL;

	if (err == ERR_OK)
		err = claim(session, MONGO_EMAILS, org->admin->email, org, &email_op);
	if (err == ERR_OK)
		err = take_admin(session, org, &email_op);
	if (err == ERR_OK)
		err = take_collection(session, org, collection);
	return err == ERR_OK ? take_org(session, org, collection, &slug_op) : err;
}

/* Each with a session of its own, that is an operation. */
static enum err take_over_all(struct mongo_adoption *adoption)
{
	struct mongo *store = adoption->session.store;
	enum err err = mongo_index_clear(&adoption->session, false, NULL, NULL);

	if (err == ERR_OK)
		err = mongo_index_make(&adoption->session);
	for (size_t i = 0; i < adoption->org_count && err == ERR_OK; i++) {
		struct mongo_session session;
		if (adoption->orgs[i].known)
			continue;
		err = mongo_begin(store, &session);
		if (err == ERR_OK)
			err = mongo_end(&session, take_over(&session, &adoption->orgs[i]));
	}
	return err;
}

static void tell_index(void *context, const char *name, const char *fault, bool mended)
{
	(void)mended;
	mongo_adopt_tell(context, STORE_ADOPTION_INDEX_DROPPED, name, fault);
}

static enum err adopt(struct mongo_adoption *adoption, bool dry_run)
{
	enum err err = mongo_adopt_read(adoption);

	if (err == ERR_OK)
		err = mongo_adopt_judge(adoption);
	if (err == ERR_OK)
		err = mongo_index_clear(&adoption->session, true, tell_index, adoption);
	if (err != ERR_OK || dry_run || adoption->conflicts > 0 || adoption->told == 0)
		return err;
	return take_over_all(adoption);
}

enum err mongo_adopt(void *impl, bool dry_run, store_adoption_fn *report, void *context)
{
	struct mongo_adoption adoption = {.report = report, .context = context};
	enum err err = mongo_begin(impl, &adoption.session);

	return err == ERR_OK ? mongo_end(&adoption.session, adopt(&adoption, dry_run)) : err;
}
