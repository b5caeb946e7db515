/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_read.c: finding organizations and accounts; and the renewal of a hash, which raises no fence. */

#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define READ_TRIES 3

/* ---- Organizations ---- */

/* How to find an organization that requests see, each time anew. ERR_NOT_FOUND. */
typedef enum err find_fn(struct mongo_session *session, const void *key, struct mongo_org *org_r);

static enum err expect_live(enum err err, const struct mongo_org *org)
{
	return err == ERR_OK && !mongo_is_live(org) ? ERR_NOT_FOUND : err;
}

static enum err find_by_tenant(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	return mongo_org_of_tenant(session, key, org_r);
}

static enum err find_by_slug(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	bson_t *filter = mongo_live_filter();

	BSON_APPEND_UTF8(filter, "slug", key);
	return expect_live(mongo_org_find(session, filter, org_r), org_r);
}

static enum err find_by_id(struct mongo_session *session, const void *key, struct mongo_org *org_r)
{
	bson_oid_t id;

	if (!mongo_id_parse(key, &id))
		return ERR_NOT_FOUND;
	return expect_live(mongo_org_get(session, &id, org_r), org_r);
}

/* As the rest of the program knows it; `none`: what it is that there is none. */
static enum err find_org(struct mongo *store, find_fn *find, const void *key, enum err none, struct arena *arena,
			 struct org *org_r)
{
	struct mongo_session session;
	struct mongo_org org;
	enum err err = mongo_begin(store, &session);

	if (err != ERR_OK)
		return err;
	err = find(&session, key, &org);
	if (err == ERR_OK)
		err = mongo_org_give(&org, arena, org_r);
	return mongo_end(&session, err == ERR_NOT_FOUND ? none : err);
}

enum err mongo_org_by_tenant(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r)
{
	return find_org(impl, find_by_tenant, tenant, ERR_INVALID_TOKEN, arena, org_r);
}

enum err mongo_org_by_slug(void *impl, struct arena *arena, const char *slug, struct org *org_r)
{
	return find_org(impl, find_by_slug, slug, ERR_ORGANIZATION_NOT_FOUND, arena, org_r);
}

enum err mongo_org_by_id(void *impl, struct arena *arena, const char *org_id, struct org *org_r)
{
	return find_org(impl, find_by_id, org_id, ERR_ORGANIZATION_NOT_FOUND, arena, org_r);
}

/* ---- Accounts ---- */

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

/* Whether both were read at one moment: then their token versions agree. ERR_ORGANIZATION_BUSY: not this time. */
static enum err expect_agreement(struct mongo_session *session, const struct mongo_org *org,
				 const struct mongo_admin *admin)
{
	enum err err;

	if (admin->token_version == org->token_version)
		return ERR_OK;
	err = finish(session, org);
	return err == ERR_OK ? ERR_ORGANIZATION_BUSY : err;
}

/* One try. The admin is read after the organization. */
static enum err read_account(struct mongo_session *session, find_fn *find, const void *key, struct mongo_org *org_r,
			     struct mongo_admin *admin_r)
{
	enum err err = find(session, key, org_r);

	if (err == ERR_OK)
		err = mongo_admin_get(session, &org_r->admin_id, admin_r);
	return err == ERR_OK ? expect_agreement(session, org_r, admin_r) : err;
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
	err = ERR_ORGANIZATION_BUSY;
	for (int tries = READ_TRIES; tries > 0 && err == ERR_ORGANIZATION_BUSY; tries--)
		err = read_account(&session, find, key, &org, &admin);
	if (err == ERR_OK)
		err = mongo_account_give(&org, &admin, arena, account_r);
	return mongo_end(&session, err == ERR_NOT_FOUND ? none : err);
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
		err = expect_live(mongo_org_get(session, &admin_r->org, org_r), org_r);
		if (err == ERR_OK && mongo_id_equal(&org_r->admin_id, &admin_r->id))
			return expect_agreement(session, org_r, admin_r);
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
	for (int tries = READ_TRIES; tries > 0 && err == ERR_ORGANIZATION_BUSY; tries--)
		err = log_in(&session, email, &org, &admin);
	if (err == ERR_OK)
		err = mongo_account_give(&org, &admin, arena, account_r);
	else if (err == ERR_NOT_FOUND)
		err = ERR_INVALID_CREDENTIALS;
	else if (err == ERR_ORGANIZATION_BUSY) /* which a login does not know of */
		err = ERR_STORE_UNAVAILABLE;
	return mongo_end(&session, err);
}

/* Under the lock, as all that is written to an admin. Whoever has it now may be about to change the password. */
enum err mongo_hash_renew(void *impl, const struct account *account, const char *hash)
{
	const struct admin *admin = &account->admin;
	struct mongo_session session;
	enum mongo_outcome outcome;
	bson_oid_t id, org;
	enum err err;

	if (!mongo_id_parse(admin->id, &id) || !mongo_id_parse(account->org.id, &org))
		return ERR_OK;
	err = mongo_begin_on(impl, &org, &session);
	if (err != ERR_OK)
		return err;
	outcome = mongo_change(&session, MONGO_STEP_HASH_RENEW, MONGO_ADMINS,
			       BCON_NEW("_id", BCON_OID(&id), "tv", BCON_INT64(admin->token_version), "password_hash",
					BCON_UTF8(admin->password_hash)),
			       BCON_NEW("$set", "{", "password_hash", BCON_UTF8(hash), "}"));
	return mongo_end_on(&session, &org, mongo_known(outcome));
}
