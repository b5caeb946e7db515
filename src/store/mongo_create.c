/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_create.c: the saga of a new organization. */
#include <time.h>

#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define LIMIT_TRIES 5
#define LIMIT_PAUSE_MS 100

/* A create under way. */
struct creation {
	struct mongo_session session;
	const struct account *account;
	bson_oid_t org, admin;
	struct mongo_uuid uuid;
	bool removed; /* its document, by itself: so nobody has taken it for dead and is removing what it made */
};

static bson_t *creating(const struct creation *creation)
{
	return BCON_NEW("_id", BCON_OID(&creation->org), "state", MONGO_STATE_VALUE(MONGO_CREATING), "op",
			BCON_OID(&creation->session.op));
}

/* First in; never again, unless it was withdrawn: that it is gone must stay true. */
static enum err insert_org(struct creation *creation)
{
	struct mongo_session *session = &creation->session;
	const struct org *org = &creation->account->org;
	const char *collection = mongo_org_name(session, org->slug);
	struct mongo_org written;
	enum mongo_outcome outcome;

	if (collection == NULL)
		return ERR_INTERNAL;
	outcome = mongo_insert(
		session, MONGO_STEP_CREATE_ORGANIZATION, MONGO_ORGANIZATIONS,
		BCON_NEW("_id", BCON_OID(&creation->org), "organization_name", BCON_UTF8(org->name), "slug",
			 BCON_UTF8(org->slug), "collection_name", BCON_UTF8(collection), "admin_id",
			 BCON_OID(&creation->admin), "created_at", BCON_DATE_TIME(org->created_ms),
			 "updated_at", BCON_DATE_TIME(org->updated_ms), "state",
			 MONGO_STATE_VALUE(MONGO_CREATING), MONGO_BEGUN_BY(session), "slug_op",
			 BCON_OID(&session->op), "coll_uuid", BCON_NULL, "next", BCON_NULL, "tv",
			 BCON_INT64(creation->account->admin.token_version), "ver", BCON_INT64(1)));
	if (outcome != MONGO_UNKNOWN) /* the id exists: left by a migration that died here, and is done again */
		return outcome == MONGO_DONE ? ERR_OK : ERR_ORGANIZATION_BUSY;
	return mongo_org_get(session, &creation->org, &written) == ERR_OK ? ERR_OK : ERR_STORE_UNAVAILABLE;
}

/* Undoes what a refused create did; returns why it is refused. */
static enum err withdraw(struct creation *creation, enum err reason)
{
	struct mongo_session *session = &creation->session;
	const struct account *account = creation->account;
	enum mongo_outcome outcome;
	enum err err;

	err = mongo_release(session, MONGO_SLUGS, account->org.slug, &creation->org, &session->op);
	if (err == ERR_OK)
		err = mongo_release(session, MONGO_EMAILS, account->admin.email, &creation->org, &session->op);
	if (err != ERR_OK)
		return err;
	SURE(outcome, mongo_remove(session, MONGO_STEP_CREATE_WITHDRAW, MONGO_ORGANIZATIONS, creating(creation)));
	creation->removed = outcome == MONGO_DONE;
	return outcome != MONGO_UNKNOWN ? reason : ERR_STORE_UNAVAILABLE;
}

/*
 * Each create counts after its own document is there, so that never more than `max` come to be. Creates that
 * meet at the limit may all be over it; one that would be under it without those unfinished ones tries again.
 */
static enum err check_limit(struct creation *creation, uint64_t max)
{
	struct mongo_session *session = &creation->session;
	uint64_t all, live;
	/* Without a filter a server tells what it believes to have, which after a crash may be less. */
	enum err err = mongo_count(session, MONGO_ORGANIZATIONS, BCON_NEW("state", "{", "$in", MONGO_ALL_STATES, "}"),
				   &all);

	if (err != ERR_OK || all <= max)
		return err;
	err = mongo_count(session, MONGO_ORGANIZATIONS, mongo_live_filter(), &live);
	if (err != ERR_OK)
		return err;
	return live >= max ? ERR_ORGANIZATION_LIMIT : ERR_ORGANIZATION_BUSY;
}

static enum err claim_keys(struct creation *creation, uint64_t max)
{
	struct mongo_session *session = &creation->session;
	enum err err = max > 0 ? check_limit(creation, max) : ERR_OK;

	if (err == ERR_OK)
		err = mongo_claim(session, MONGO_SLUGS, creation->account->org.slug, &creation->org);
	if (err == ERR_OK)
		err = mongo_claim(session, MONGO_EMAILS, creation->account->admin.email, &creation->org);
	if (err == ERR_OK || err == ERR_STORE_UNAVAILABLE || err == ERR_INTERNAL)
		return err;
	return withdraw(creation, err);
}

static enum err record_collection(struct creation *creation)
{
	struct mongo_session *session = &creation->session;
	bson_t *filter = creating(creation);
	struct mongo_org org;
	enum mongo_outcome outcome;

	BSON_APPEND_NULL(filter, "coll_uuid");
	outcome = mongo_change(session, MONGO_STEP_CREATE_RECORD, MONGO_ORGANIZATIONS, filter,
			       BCON_NEW("$set", "{", "coll_uuid", MONGO_UUID_VALUE(&creation->uuid), "}",
					MONGO_RAISE_FENCE));
	if (outcome == MONGO_DONE)
		return ERR_OK;
	if (mongo_org_get(session, &creation->org, &org) == ERR_OK && org.state == MONGO_CREATING &&
	    mongo_uuid_equal(&org.uuid, &creation->uuid))
		return ERR_OK;
	return ERR_STORE_UNAVAILABLE;
}

/* The collection: made under a private name, recorded, then published. */
static enum err make_collection(struct creation *creation)
{
	struct mongo_session *session = &creation->session;
	const char *target = mongo_org_name(session, creation->account->org.slug), *name;
	const struct mongo_guard guard = {.state = MONGO_CREATING, .uuid = &creation->uuid};
	enum err err;

	if (target == NULL)
		return ERR_INTERNAL;
	err = mongo_stage(session, MONGO_STEP_CREATE_STAGING, &creation->org, &name, &creation->uuid);
	if (err == ERR_OK)
		err = record_collection(creation);
	if (err != ERR_OK)
		return err;
	/* The private name is nobody else's: that it could be renamed proves what it was. */
	if (mongo_rename(session, MONGO_STEP_CREATE_PUBLISH, name, target, &creation->uuid) == MONGO_DONE)
		return ERR_OK;
	err = mongo_place(session, &creation->org, &guard, target);
	return err == ERR_OK ? err : ERR_STORE_UNAVAILABLE;
}

static enum err commit(struct creation *creation)
{
	struct mongo_session *session = &creation->session;
	bson_t *filter = creating(creation);
	struct mongo_org org;

	BSON_APPEND_BINARY(filter, "coll_uuid", BSON_SUBTYPE_UUID, creation->uuid.bytes, sizeof(creation->uuid.bytes));
	if (mongo_change(session, MONGO_STEP_CREATE_COMMIT, MONGO_ORGANIZATIONS, filter,
			 BCON_NEW("$set", "{", "state", MONGO_STATE_VALUE(MONGO_ACTIVE), "}",
				  MONGO_RAISE_FENCE)) == MONGO_DONE)
		return ERR_OK;
	if (mongo_org_get(session, &creation->org, &org) == ERR_OK && mongo_is_live(&org))
		return ERR_OK;
	return ERR_STORE_UNAVAILABLE;
}

static enum err create(struct creation *creation, uint64_t max)
{
	enum err err = insert_org(creation);

	if (err == ERR_OK)
		err = claim_keys(creation, max);
	if (err == ERR_OK)
		err = make_collection(creation);
	if (err == ERR_OK)
		err = mongo_insert_admin(&creation->session, MONGO_STEP_CREATE_ADMIN, &creation->org,
					 &creation->account->admin);
	if (err == ERR_OK)
		err = commit(creation);
	return err;
}

/* *again_r: it may be tried again, with the same ids. */
static enum err try_to_create(struct mongo *store, const struct account *account, uint64_t max, bool *again_r)
{
	struct creation creation = {.account = account};
	enum err err;

	*again_r = false;
	if (!mongo_id_parse(account->org.id, &creation.org) || !mongo_id_parse(account->admin.id, &creation.admin))
		return ERR_INTERNAL;
	err = mongo_begin_on(store, &creation.org, &creation.session);
	if (err != ERR_OK)
		return err;
	err = create(&creation, max);
	*again_r = creation.removed && err == ERR_ORGANIZATION_BUSY;
	return mongo_end_on(&creation.session, &creation.org, err);
}

/* Tries again for a while, as long as only unfinished creates are in the way of its limit. */
enum err mongo_org_create(void *impl, const struct account *account, uint64_t max)
{
	bool again;
	enum err err = try_to_create(impl, account, max, &again);

	for (int tries = 1; max > 0 && again && tries < LIMIT_TRIES; tries++) {
		unsigned char jitter = 0;
		if (rand_bytes(&jitter, 1) != ERR_OK)
			return ERR_INTERNAL;
		nanosleep(&(struct timespec){.tv_nsec = (LIMIT_PAUSE_MS + jitter) * 1000000L}, NULL);
		err = try_to_create(impl, account, max, &again);
	}
	return err;
}

/* What a claim tells about a key just now; ERR_OK: it is free, or will be. */
static enum err expect_free(struct mongo_session *session, enum mongo_collection collection, const char *key)
{
	struct mongo_claim claim;
	enum err err = mongo_claim_get(session, collection, key, &claim);

	if (err == ERR_OK)
		err = mongo_claim_verdict(session, collection, &claim);
	return err == ERR_ORGANIZATION_BUSY || err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err check_free(struct mongo_session *session, const char *slug, const char *email, uint64_t max)
{
	uint64_t count = 0;
	enum err err = max > 0 ? mongo_count(session, MONGO_ORGANIZATIONS, mongo_live_filter(), &count) : ERR_OK;

	if (err == ERR_OK && max > 0 && count >= max)
		return ERR_ORGANIZATION_LIMIT;
	if (err == ERR_OK)
		err = expect_free(session, MONGO_SLUGS, slug);
	if (err == ERR_OK)
		err = expect_free(session, MONGO_EMAILS, email);
	return err;
}

enum err mongo_org_check_free(void *impl, const char *slug, const char *email, uint64_t max)
{
	struct mongo_session session;
	enum err err = mongo_begin(impl, &session);

	return err == ERR_OK ? mongo_end(&session, check_free(&session, slug, email, max)) : err;
}
