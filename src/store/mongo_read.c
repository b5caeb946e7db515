/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_read.c: finding organizations and accounts; and the renewal of a hash, which raises no fence. */
#include <string.h>

#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define LOGIN_TRIES 3

/* The live organization that a filter finds, as it is stored. */
static enum err find_live(struct mongo_session *session, bson_t *filter, struct mongo_org *org_r)
{
	struct mongo_found found;
	enum err err = mongo_find(session, MONGO_ORGANIZATIONS, filter, &found);

	if (err == ERR_OK)
		err = mongo_org_read(&found.document, &session->arena, org_r);
	mongo_found_free(&found);
	return err == ERR_OK && !mongo_is_live(org_r) ? ERR_NOT_FOUND : err;
}

static bson_t *live_with_slug(const char *slug)
{
	bson_t *filter = mongo_live_filter();

	BSON_APPEND_UTF8(filter, "slug", slug);
	return filter;
}

/* The one that a filter finds, as the rest of the program knows it. */
static enum err give_live(struct mongo *store, bson_t *filter, struct arena *arena, struct org *org_r)
{
	struct mongo_session session;
	struct mongo_org org;
	enum err err = mongo_begin(store, &session);

	if (err != ERR_OK) {
		bson_destroy(filter);
		return err;
	}
	err = find_live(&session, filter, &org);
	if (err == ERR_OK)
		err = mongo_org_give(&org, arena, org_r);
	return mongo_end(&session, err == ERR_NOT_FOUND ? ERR_ORGANIZATION_NOT_FOUND : err);
}

enum err mongo_org_by_slug(void *impl, struct arena *arena, const char *slug, struct org *org_r)
{
	return give_live(impl, live_with_slug(slug), arena, org_r);
}

enum err mongo_org_by_id(void *impl, struct arena *arena, const char *org_id, struct org *org_r)
{
	bson_oid_t id;

	if (!mongo_id(org_id, &id))
		return ERR_ORGANIZATION_NOT_FOUND;
	return give_live(impl, BCON_NEW("_id", BCON_OID(&id)), arena, org_r);
}

enum err mongo_org_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r)
{
	struct mongo_session session;
	struct mongo_org org;
	enum err err = mongo_begin(impl, &session);

	if (err != ERR_OK)
		return err;
	err = mongo_org_of_tenant(&session, tenant, &org);
	if (err == ERR_OK)
		err = mongo_org_give(&org, arena, org_r);
	return mongo_end(&session, err);
}

/* An update that was committed and not finished: its admin is not yet what the organization says. */
static enum err finish(struct mongo_session *session, const struct mongo_org *org)
{
	enum err err;

	if (org->state != MONGO_UPDATING)
		return ERR_OK;
	err = mongo_lock(session->store, &org->id, true);
	if (err != ERR_OK)
		return err;
	err = mongo_recover(session, &org->id);
	mongo_unlock(session->store, &org->id);
	return err;
}

/*
 * An organization with its admin at one moment: their token versions agree. ERR_ORGANIZATION_BUSY: not
 * this time. The admin is read after the organization.
 */
static enum err admin_of(struct mongo_session *session, const struct mongo_org *org, struct mongo_admin *admin_r)
{
	enum err err = mongo_admin_get(session, &org->admin_id, admin_r);

	if (err != ERR_OK || admin_r->token_version == org->token_version)
		return err;
	err = finish(session, org);
	return err == ERR_OK ? ERR_ORGANIZATION_BUSY : err;
}

/* How to find the organization of an account, each time anew. */
typedef enum err find_fn(struct mongo_session *session, const void *key, struct mongo_org *org_r);

static enum err find_by_tenant(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	return mongo_org_of_tenant(session, key, org_r);
}

static enum err find_by_slug(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	return find_live(session, live_with_slug(key), org_r);
}

static enum err find_by_id(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	bson_oid_t id;

	return mongo_id(key, &id) ? find_live(session, BCON_NEW("_id", BCON_OID(&id)), org_r) : ERR_NOT_FOUND;
}

static enum err find_account(struct mongo *store, find_fn *find, const void *key, enum err none,
			     struct arena *arena, struct account *account_r)
{
	struct mongo_session session;
	struct mongo_org org;
	struct mongo_admin admin;
	enum err err = mongo_begin(store, &session);

	if (err != ERR_OK)
		return err;
	for (int tries = LOGIN_TRIES; tries > 0; tries--) {
		err = find(&session, key, &org);
		if (err == ERR_OK)
			err = admin_of(&session, &org, &admin);
		if (err != ERR_ORGANIZATION_BUSY)
			break;
	}
	if (err == ERR_OK)
		err = mongo_account_give(&org, &admin, arena, account_r);
	else if (err == ERR_NOT_FOUND)
		err = none;
	return mongo_end(&session, err);
}

enum err mongo_account_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant,
				 struct account *account_r)
{
	return find_account(impl, find_by_tenant, tenant, ERR_INVALID_TOKEN, arena, account_r);
}

enum err mongo_account_by_slug(void *impl, struct arena *arena, const char *slug, struct account *account_r)
{
	return find_account(impl, find_by_slug, slug, ERR_ORGANIZATION_NOT_FOUND, arena, account_r);
}

enum err mongo_account_by_id(void *impl, struct arena *arena, const char *org_id, struct account *account_r)
{
	return find_account(impl, find_by_id, org_id, ERR_ORGANIZATION_NOT_FOUND, arena, account_r);
}

/* ---- Login ---- */

/* The admins with an email: more than one for as long as a dead create is not cleared away. */
struct candidates {
	struct mongo_session *session;
	struct mongo_admin admins[8];
	size_t count;
};

static enum err add_candidate(void *context, const bson_t *document)
{
	struct candidates *candidates = context;

	if (candidates->count == COUNT_OF(candidates->admins))
		return ERR_OK;
	return mongo_admin_read(document, &candidates->session->arena, &candidates->admins[candidates->count++]);
}

/* One try. The organization is read after the admin: ERR_ORGANIZATION_BUSY when they are not of one moment. */
static enum err log_in(struct mongo_session *session, const char *email, struct mongo_org *org_r,
		       struct mongo_admin *admin_r)
{
	struct candidates candidates = {.session = session};
	enum err err = mongo_find_each(session, mongo_collection_name(MONGO_ADMINS),
				       BCON_NEW("email", BCON_UTF8(email)), NULL, add_candidate, &candidates);

	for (size_t i = 0; i < candidates.count && err == ERR_OK; i++) {
		*admin_r = candidates.admins[i];
		err = find_live(session, BCON_NEW("_id", BCON_OID(&admin_r->org)), org_r);
		if (err == ERR_OK && mongo_is_id(&org_r->admin_id, &admin_r->id)) {
			if (org_r->token_version == admin_r->token_version)
				return ERR_OK;
			err = finish(session, org_r);
			return err == ERR_OK ? ERR_ORGANIZATION_BUSY : err;
		}
		if (err == ERR_NOT_FOUND)
			err = ERR_OK;
	}
	return err == ERR_OK ? ERR_NOT_FOUND : err;
}

enum err mongo_account_by_email(void *impl, struct arena *arena, const char *email, struct account *account_r)
{
	struct mongo_session session;
	struct mongo_org org;
	struct mongo_admin admin;
	enum err err = mongo_begin(impl, &session);

	if (err != ERR_OK)
		return err;
	err = ERR_ORGANIZATION_BUSY;
	for (int tries = LOGIN_TRIES; tries > 0 && err == ERR_ORGANIZATION_BUSY; tries--)
		err = log_in(&session, email, &org, &admin);
	if (err == ERR_OK)
		err = mongo_account_give(&org, &admin, arena, account_r);
	else if (err == ERR_NOT_FOUND)
		err = ERR_INVALID_CREDENTIALS;
	else if (err == ERR_ORGANIZATION_BUSY) /* which a login does not know of */
		err = ERR_STORE_UNAVAILABLE;
	return mongo_end(&session, err);
}

enum err mongo_hash_renew(void *impl, const char *admin_id, const char *old_hash, const char *new_hash)
{
	struct mongo_session session;
	enum mongo_outcome outcome;
	bson_oid_t id;
	enum err err;

	if (!mongo_id(admin_id, &id))
		return ERR_OK;
	err = mongo_begin(impl, &session);
	if (err != ERR_OK)
		return err;
	outcome = mongo_change(&session, MONGO_STEP_HASH_RENEW, MONGO_ADMINS,
			       BCON_NEW("_id", BCON_OID(&id), "password_hash", BCON_UTF8(old_hash)),
			       BCON_NEW("$set", "{", "password_hash", BCON_UTF8(new_hash), "}"));
	return mongo_end(&session, mongo_known(outcome));
}
