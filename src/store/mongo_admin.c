/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_admin.c: an admin for an organization that has lost its own.
 *
 * The email is claimed, the admin inserted, and the organization's taking it is the commit. Who dies on the
 * way leaves a claim that nobody uses, or an admin that the check lets the organization take.
 */
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

enum err mongo_insert_admin(struct mongo_session *session, enum mongo_step step, const bson_oid_t *org,
			    const struct admin *admin)
{
	enum mongo_outcome outcome;
	bson_oid_t id;

	if (!mongo_id_parse(admin->id, &id))
		return ERR_INTERNAL;
	SURE(outcome, mongo_insert(session, step, MONGO_ADMINS,
				   BCON_NEW("_id", BCON_OID(&id), "org_id", BCON_OID(org), "email",
					    BCON_UTF8(admin->email), "email_op", BCON_OID(&session->op),
					    "password_hash", BCON_UTF8(admin->password_hash), "role",
					    BCON_UTF8(ADMIN_ROLE), "tv", BCON_INT64(admin->token_version))));
	return mongo_known(outcome);
}

static enum err expect_none(struct mongo_session *session, bson_t *filter)
{
	bool there;
	enum err err = mongo_exists(session, MONGO_ADMINS, filter, &there);

	return err == ERR_OK && there ? ERR_ORGANIZATION_EXISTS : err;
}

/* The organization, if no admin is there that it names or that belongs to it. */
static enum err read_orphaned(struct mongo_session *session, const bson_oid_t *id, struct mongo_org *org_r)
{
	enum err err = mongo_org_get(session, id, org_r);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_ORGANIZATION_EXISTS : err;
	if (org_r->state != MONGO_ACTIVE)
		return ERR_ORGANIZATION_BUSY;
	err = expect_none(session, BCON_NEW("_id", BCON_OID(&org_r->admin_id)));
	return err == ERR_OK ? expect_none(session, BCON_NEW("org_id", BCON_OID(id))) : err;
}

/* Certainly not committed: takes back what was done for it; returns why. */
static enum err withdraw(struct mongo_session *session, const bson_oid_t *org, const struct admin *admin,
			 enum err reason)
{
	enum mongo_outcome outcome;
	bson_oid_t id;
	enum err err;

	if (!mongo_id_parse(admin->id, &id))
		return ERR_INTERNAL;
	SURE(outcome, mongo_remove(session, MONGO_STEP_ADMIN_WITHDRAW, MONGO_ADMINS, BCON_NEW("_id", BCON_OID(&id))));
	if (outcome == MONGO_UNKNOWN)
		return ERR_STORE_UNAVAILABLE;
	err = mongo_release(session, MONGO_EMAILS, admin->email, org, &session->op);
	return err == ERR_OK ? reason : err;
}

/* ERR_ORGANIZATION_BUSY: certainly not. */
static enum err commit(struct mongo_session *session, const struct mongo_org *org, const struct admin *admin)
{
	enum mongo_outcome outcome;
	struct mongo_org now;
	bson_oid_t id;
	enum err err;

	if (!mongo_id_parse(admin->id, &id))
		return ERR_INTERNAL;
	do {
		outcome = mongo_change(session, MONGO_STEP_ADMIN_COMMIT, MONGO_ORGANIZATIONS,
				       mongo_org_as_read(org),
				       BCON_NEW("$set", "{", "admin_id", BCON_OID(&id), "tv",
						BCON_INT64(admin->token_version), MONGO_BEGUN_BY(session),
						"}", MONGO_RAISE_FENCE));
		if (outcome == MONGO_DONE)
			return ERR_OK;
		err = mongo_org_get(session, &org->id, &now);
		if (err == ERR_OK && mongo_id_equal(&now.admin_id, &id))
			return ERR_OK;
	} while (outcome == MONGO_UNKNOWN && mongo_again(session));
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : ERR_ORGANIZATION_BUSY;
}

/* Why it is refused: first, that the email is taken. */
static enum err refuse(struct mongo_session *session, const char *email, enum err reason)
{
	struct mongo_claim claim;
	enum err err = mongo_claim_get(session, MONGO_EMAILS, email, &claim);

	if (err == ERR_OK)
		err = mongo_claim_verdict(session, MONGO_EMAILS, &claim);
	return err == ERR_EMAIL_TAKEN ? err : reason;
}

/* The look at the organization comes before the claim: a version that is read later would be no fence for it. */
static enum err create(struct mongo_session *session, const bson_oid_t *id, const struct admin *admin)
{
	struct admin created = *admin;
	struct mongo_org org;
	enum err err = read_orphaned(session, id, &org);

	if (err == ERR_ORGANIZATION_EXISTS)
		return refuse(session, admin->email, err);
	if (err == ERR_OK)
		err = mongo_claim(session, MONGO_EMAILS, admin->email, id);
	if (err != ERR_OK)
		return err;
	/* Tokens of the lost admin stay dead. */
	if (created.token_version <= org.token_version)
		created.token_version = org.token_version + 1;
	err = mongo_insert_admin(session, MONGO_STEP_ADMIN_INSERT, id, &created);
	if (err == ERR_OK)
		err = commit(session, &org, &created);
	return err == ERR_ORGANIZATION_BUSY ? withdraw(session, id, admin, err) : err;
}

enum err mongo_admin_create(void *impl, const char *org_id, const struct admin *admin)
{
	struct mongo_session session;
	bson_oid_t id;
	enum err err;

	if (!mongo_id_parse(org_id, &id))
		return ERR_ORGANIZATION_EXISTS;
	err = mongo_begin_on(impl, &id, &session);
	if (err != ERR_OK)
		return err;
	err = create(&session, &id, admin);
	/* A claim of its own that was left over may have been swept, and the version raised for that. */
	if (err == ERR_ORGANIZATION_BUSY && mongo_id_new(&session.op))
		err = create(&session, &id, admin);
	return mongo_end_on(&session, &id, err);
}
