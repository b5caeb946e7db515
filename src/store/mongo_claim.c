/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_claim.c: names and emails, and who holds them. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define TRIES 5

enum err mongo_claim_get(struct mongo_session *session, enum mongo_collection collection, const char *key,
			  struct mongo_claim *claim_r)
{
	struct mongo_found found;
	enum err err = mongo_find(session, collection, BCON_NEW("_id", BCON_UTF8(key)), &found);

	if (err == ERR_OK)
		err = mongo_claim_read(&found.document, &session->arena, claim_r);
	mongo_found_free(&found);
	return err;
}

/* Whether the admin of a live organization has the claimed email by this claim. */
static enum err email_verdict(struct mongo_session *session, const struct mongo_org *org,
			      const struct mongo_claim *claim)
{
	struct mongo_admin admin;
	enum err err = mongo_admin_get(session, &org->admin_id, &admin);

	if (err == ERR_OK && strcmp(admin.email, claim->key) == 0 &&
	    mongo_id_equal(&admin.email_op, &claim->op))
		return ERR_EMAIL_TAKEN;
	return err == ERR_OK || err == ERR_NOT_FOUND ? ERR_ORGANIZATION_BUSY : err;
}

enum err mongo_claim_verdict(struct mongo_session *session, enum mongo_collection collection,
			     const struct mongo_claim *claim)
{
	struct mongo_org org;
	enum err err = mongo_org_get(session, &claim->org, &org);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !mongo_is_live(&org)))
		return ERR_ORGANIZATION_BUSY;
	if (err != ERR_OK)
		return err;
	if (collection == MONGO_EMAILS)
		return email_verdict(session, &org, claim);
	if (strcmp(org.slug, claim->key) == 0 && mongo_id_equal(&org.slug_op, &claim->op))
		return ERR_ORGANIZATION_EXISTS;
	return ERR_ORGANIZATION_BUSY;
}

static enum mongo_outcome insert(struct mongo_session *session, enum mongo_collection collection, const char *key,
				 const bson_oid_t *org)
{
	enum mongo_step step = collection == MONGO_SLUGS ? MONGO_STEP_CLAIM_SLUG : MONGO_STEP_CLAIM_EMAIL;

	return mongo_insert(session, step, collection,
			    BCON_NEW("_id", BCON_UTF8(key), "org", BCON_OID(org), "op", BCON_OID(&session->op), "at",
				     BCON_DATE_TIME(clock_now_ms())));
}

static enum err remove_claim(struct mongo_session *session, enum mongo_step step, enum mongo_collection collection,
			     const char *key, const bson_oid_t *org, const bson_oid_t *op)
{
	enum mongo_outcome outcome;

	SURE(outcome, mongo_remove(session, step, collection,
				   BCON_NEW("_id", BCON_UTF8(key), "org", BCON_OID(org), "op", BCON_OID(op))));
	return mongo_known(outcome);
}

enum err mongo_release(struct mongo_session *session, enum mongo_collection collection, const char *key,
		       const bson_oid_t *org, const bson_oid_t *op)
{
	enum mongo_step step = collection == MONGO_SLUGS ? MONGO_STEP_RELEASE_SLUG : MONGO_STEP_RELEASE_EMAIL;

	return remove_claim(session, step, collection, key, org, op);
}

/* Whether no admin of the organization has the claimed email, be it the one that it names or not. */
static enum err expect_no_admin(struct mongo_session *session, const struct mongo_claim *claim)
{
	bool there;
	enum err err = mongo_exists(session, MONGO_ADMINS,
				    BCON_NEW("org_id", BCON_OID(&claim->org), "email", BCON_UTF8(claim->key)), &there);

	return err == ERR_OK && there ? ERR_ORGANIZATION_BUSY : err;
}

enum err mongo_claim_unused(struct mongo_session *session, enum mongo_collection collection,
			    const struct mongo_claim *claim, struct mongo_org *org_r)
{
	enum err err;

	if (!mongo_is_stale(claim->at_ms))
		return ERR_ORGANIZATION_BUSY;
	err = mongo_org_get(session, &claim->org, org_r);
	if (err != ERR_OK)
		return err;
	if (org_r->state != MONGO_ACTIVE)
		return ERR_ORGANIZATION_BUSY; /* the recovery's business */
	if (collection == MONGO_EMAILS)
		return expect_no_admin(session, claim);
	return strcmp(org_r->slug, claim->key) == 0 ? ERR_ORGANIZATION_BUSY : ERR_OK;
}

enum err mongo_fence(struct mongo_session *session, const struct mongo_org *org)
{
	enum mongo_outcome outcome = mongo_change(session, MONGO_STEP_SWEEP_FENCE, MONGO_ORGANIZATIONS,
						  mongo_org_as_read(org), BCON_NEW(MONGO_RAISE_FENCE));

	return outcome == MONGO_DONE ? ERR_OK : ERR_ORGANIZATION_BUSY;
}

/*
 * An operation that has claimed the key and not yet committed is refused by the raised version; so the
 * claim is in no use when it is removed.
 */
static enum err sweep(struct mongo_session *session, enum mongo_collection collection,
		      const struct mongo_claim *claim)
{
	struct mongo_org org;
	enum err err = mongo_claim_unused(session, collection, claim, &org);

	if (err == ERR_OK)
		err = mongo_fence(session, &org);
	if (err == ERR_OK || err == ERR_NOT_FOUND)
		err = remove_claim(session, MONGO_STEP_SWEEP_CLAIM, collection, claim->key, &claim->org, &claim->op);
	return err;
}

enum err mongo_sweep_claim(struct mongo_session *session, enum mongo_collection collection,
			   const struct mongo_claim *claim)
{
	enum err err = mongo_lock(session->store, &claim->org, false);

	if (err != ERR_OK)
		return err;
	err = sweep(session, collection, claim);
	mongo_unlock(session->store, &claim->org);
	if (err == ERR_OK)
		LOG(LOG_WARN, "a claim that nobody used is given up",
		    LOG_TEXT("collection", mongo_collection_name(collection)));
	return err;
}

enum err mongo_claim(struct mongo_session *session, enum mongo_collection collection, const char *key,
		     const bson_oid_t *org)
{
	struct mongo_claim claim;
	bool swept = false;
	enum err err;

	for (int tries = TRIES; tries > 0; tries--) {
		if (insert(session, collection, key, org) == MONGO_DONE)
			return ERR_OK;
		err = mongo_claim_get(session, collection, key, &claim);
		if (err == ERR_NOT_FOUND)
			continue;
		if (err != ERR_OK || mongo_id_equal(&claim.op, &session->op))
			return err;
		err = mongo_claim_verdict(session, collection, &claim);
		if (err != ERR_ORGANIZATION_BUSY || swept)
			return err;
		/* A dead operation may have left it. */
		if (mongo_id_equal(&claim.org, org)) /* this very organization's, whose lock the caller has */
			err = sweep(session, collection, &claim);
		else
			err = mongo_sweep_claim(session, collection, &claim);
		if (err != ERR_OK)
			return err;
		swept = true;
	}
	return ERR_STORE_UNAVAILABLE;
}
