/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_update.c: the saga of a change: name, email, password, or all at once, by one commit. */
#include <string.h>

#include "base/clock.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

/* An update under way, up to its commit. */
struct updating {
	struct mongo_session *session;
	const struct tenant *tenant;
	const struct org_change *change;
	bson_oid_t id;
	struct mongo_org org;     /* as it was read; then as it was committed */
	struct mongo_admin admin; /* read after the organization, so its version is a fence for this too */
	struct mongo_next next;   /* what really changes */
	bool unsure;              /* its commit's outcome was unknown once: it may be done, and more since */
};

/* The organization, if the token's right to it still stands and nothing is under way on it. */
static enum err read_org(struct updating *updating)
{
	enum err err = mongo_org_of_tenant(updating->session, updating->tenant, &updating->org);

	return err == ERR_OK && updating->org.state != MONGO_ACTIVE ? ERR_ORGANIZATION_BUSY : err;
}

/*
 * The collection must be at home before the commit, and what stands at the new name is remembered: then
 * nothing that stands there is taken for it later. This look comes before the claims: a version that is
 * read after them would be no fence for them.
 */
static enum err look_at_home(struct updating *updating)
{
	struct mongo_session *session = updating->session;
	const char *names[] = {mongo_org_name(session, updating->org.slug),
			       mongo_org_name(session, updating->change->slug)};
	const struct mongo_guard guard = {.state = MONGO_ACTIVE, .slug = updating->org.slug};
	const struct mongo_listed *here, *there;
	struct mongo_listing listing;
	enum err err;

	if (names[0] == NULL || names[1] == NULL)
		return ERR_INTERNAL;
	err = mongo_list(session, names, 2, &listing);
	if (err != ERR_OK)
		return err;
	here = mongo_listed_as(&listing, &updating->org.uuid);
	there = mongo_listed_at(&listing, names[1]);
	if (there != NULL)
		updating->next.foreign = there->uuid;
	if (here != NULL && strcmp(here->name, names[0]) == 0)
		return ERR_OK;
	err = mongo_place(session, &updating->id, &guard, names[0]);
	return err == ERR_OK ? read_org(updating) : err;
}

/* Fills `next` with what of the change is one. */
static enum err plan(struct updating *updating)
{
	const struct org_change *change = updating->change;
	struct mongo_next *next = &updating->next;
	enum err err = ERR_OK;

	*next = (struct mongo_next){.updated_ms = change->now_ms};
	if (change->name != NULL && strcmp(change->slug, updating->org.slug) != 0)
		err = look_at_home(updating); /* it may read the organization again */
	if (err != ERR_OK)
		return err;
	if (change->name != NULL && strcmp(change->name, updating->org.name) != 0)
		next->name = change->name;
	if (change->name != NULL && strcmp(change->slug, updating->org.slug) != 0)
		next->slug = change->slug;
	if (next->updated_ms < updating->org.updated_ms)
		next->updated_ms = updating->org.updated_ms;
	err = mongo_admin_get(updating->session, &updating->org.admin_id, &updating->admin);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_INVALID_TOKEN : err;
	if (change->email != NULL && strcmp(change->email, updating->admin.email) != 0) {
		next->email = change->email;
		next->old_email = updating->admin.email;
		next->old_email_op = updating->admin.email_op;
	}
	next->password_hash = change->password_hash;
	return ERR_OK;
}

/* Same slug, no admin change: one compare-and-set. */
static enum err rename_only(struct updating *updating)
{
	struct mongo_session *session = updating->session;
	struct mongo_org now;
	enum mongo_outcome outcome = mongo_change(
		session, MONGO_STEP_UPDATE_NAME, MONGO_ORGANIZATIONS, mongo_org_as_read(&updating->org),
		BCON_NEW("$set", "{", "organization_name", BCON_UTF8(updating->next.name), "updated_at",
			 BCON_DATE_TIME(updating->next.updated_ms), MONGO_BEGUN_BY(session), "}",
			 MONGO_RAISE_FENCE));
	enum err err;

	if (outcome == MONGO_DONE)
		return ERR_OK;
	err = mongo_org_get(session, &updating->id, &now);
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	if (err == ERR_OK && mongo_id_equal(&now.op, &session->op))
		return ERR_OK;
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : ERR_ORGANIZATION_BUSY;
}

/* Gives the claims of this operation back; returns why. */
static enum err withdraw(struct updating *updating, enum err reason)
{
	struct mongo_session *session = updating->session;
	const struct mongo_next *next = &updating->next;
	enum err err = ERR_OK;

	if (next->slug != NULL)
		err = mongo_release(session, MONGO_SLUGS, next->slug, &updating->id, &session->op);
	if (next->email != NULL && err == ERR_OK)
		err = mongo_release(session, MONGO_EMAILS, next->email, &updating->id, &session->op);
	return err == ERR_OK ? reason : err;
}

static enum err claim_keys(struct updating *updating)
{
	const struct mongo_next *next = &updating->next;
	enum err err = ERR_OK;

	if (next->slug != NULL)
		err = mongo_claim(updating->session, MONGO_SLUGS, next->slug, &updating->id);
	if (err == ERR_OK && next->email != NULL)
		err = mongo_claim(updating->session, MONGO_EMAILS, next->email, &updating->id);
	if (err == ERR_OK || err == ERR_STORE_UNAVAILABLE || err == ERR_INTERNAL)
		return err;
	return withdraw(updating, err);
}

static void append_text(bson_t *document, const char *key, const char *text)
{
	if (text != NULL)
		BSON_APPEND_UTF8(document, key, text);
	else
		BSON_APPEND_NULL(document, key);
}

/* What is to be done after the commit, as it stands in the document: mongo_doc.c reads it. */
static void append_next(bson_t *document, const struct mongo_next *next)
{
	bson_t child;

	BSON_APPEND_DOCUMENT_BEGIN(document, "next", &child);
	append_text(&child, "organization_name", next->name);
	append_text(&child, "slug", next->slug);
	append_text(&child, "email", next->email);
	append_text(&child, "password_hash", next->password_hash);
	append_text(&child, "was", next->old_email);
	BSON_APPEND_OID(&child, "was_op", &next->old_email_op);
	if (next->foreign.set)
		BSON_APPEND_BINARY(&child, "foreign", BSON_SUBTYPE_UUID, next->foreign.bytes, 16);
	BSON_APPEND_DATE_TIME(&child, "updated_at", next->updated_ms);
	bson_append_document_end(document, &child);
}

static bson_t *commitment(const struct updating *updating)
{
	bson_t *change = bson_new(), child;

	BSON_APPEND_DOCUMENT_BEGIN(change, "$set", &child);
	BSON_APPEND_UTF8(&child, "state", mongo_state_word(MONGO_UPDATING));
	BSON_APPEND_OID(&child, "op", &updating->session->op);
	BSON_APPEND_DATE_TIME(&child, "op_at", clock_now_ms());
	BSON_APPEND_INT64(&child, "tv", updating->org.token_version + mongo_changes_admin(&updating->next));
	append_next(&child, &updating->next);
	bson_append_document_end(change, &child);
	BCON_APPEND(change, MONGO_RAISE_FENCE);
	return change;
}

/*
 * The commit was not applied, or nobody knows. ERR_OK: it was, after all, and others may have finished it
 * and gone on since. ERR_NOT_FOUND: certainly not yet, so it may be tried again.
 */
static enum err look_for_commit(struct updating *updating, enum mongo_outcome outcome)
{
	const bson_oid_t *op = &updating->session->op;
	struct mongo_org now;
	struct mongo_admin admin;
	enum err err = mongo_org_get(updating->session, &updating->id, &now);

	updating->unsure |= outcome == MONGO_UNKNOWN;
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	if (err == ERR_OK && outcome == MONGO_UNKNOWN && now.state == MONGO_ACTIVE &&
	    now.version == updating->org.version)
		return ERR_NOT_FOUND;
	if (err == ERR_OK && (mongo_id_equal(&now.op, op) || mongo_id_equal(&now.slug_op, op)))
		return ERR_OK;
	if (updating->next.email != NULL) {
		err = mongo_admin_get(updating->session, &updating->org.admin_id, &admin);
		if (err != ERR_OK && err != ERR_NOT_FOUND)
			return err;
		if (err == ERR_OK && mongo_id_equal(&admin.email_op, op))
			return ERR_OK;
	}
	return withdraw(updating, updating->unsure ? ERR_STORE_UNAVAILABLE : ERR_ORGANIZATION_BUSY);
}

static enum err commit(struct updating *updating)
{
	struct mongo_session *session = updating->session;
	enum err err;

	do {
		enum mongo_outcome outcome = mongo_change(session, MONGO_STEP_UPDATE_COMMIT, MONGO_ORGANIZATIONS,
							  mongo_org_as_read(&updating->org), commitment(updating));
		err = outcome == MONGO_DONE ? ERR_OK : look_for_commit(updating, outcome);
	} while (err == ERR_NOT_FOUND && mongo_again(session));
	/* It may still be on its way: then only a sweep, that raises the version first, may take the claims. */
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_STORE_UNAVAILABLE : err;
	updating->org.state = MONGO_UPDATING;
	updating->org.op = session->op;
	updating->org.token_version += mongo_changes_admin(&updating->next);
	updating->org.next = updating->next;
	return ERR_OK;
}

/* The account as it is after the update. */
static enum err give(const struct updating *updating, struct arena *arena, struct account *account_r)
{
	const struct mongo_next *next = &updating->next;
	struct mongo_org org = updating->org;
	struct mongo_admin admin = updating->admin;

	if (next->name != NULL)
		org.name = next->name;
	if (next->slug != NULL)
		org.slug = next->slug;
	if (next->email != NULL)
		admin.email = next->email;
	if (next->password_hash != NULL)
		admin.password_hash = next->password_hash;
	org.updated_ms = next->updated_ms;
	return mongo_account_give(&org, &admin, arena, account_r);
}

static enum err update(struct updating *updating)
{
	const struct mongo_next *next = &updating->next;
	enum err err = read_org(updating);

	if (err == ERR_OK)
		err = plan(updating);
	if (err != ERR_OK)
		return err;
	if (next->slug == NULL && !mongo_changes_admin(next))
		return next->name != NULL ? rename_only(updating) : ERR_OK;
	err = claim_keys(updating);
	if (err == ERR_OK)
		err = commit(updating);
	if (err == ERR_OK)
		err = mongo_finish_update(updating->session, &updating->org, !updating->unsure);
	return err;
}

enum err mongo_org_update(void *impl, struct arena *arena, const struct tenant *tenant,
			  const struct org_change *change, struct account *account_r)
{
	struct mongo_session session;
	struct updating updating = {.session = &session, .tenant = tenant, .change = change};
	enum err err;

	if (!mongo_id_parse(tenant->org_id, &updating.id))
		return ERR_INVALID_TOKEN;
	err = mongo_begin_on(impl, &updating.id, &session);
	if (err != ERR_OK)
		return err;
	err = update(&updating);
	/* A claim of its own that was left over may have been swept, and the version raised for that. */
	if (err == ERR_ORGANIZATION_BUSY && mongo_id_new(&session.op))
		err = update(&updating);
	if (err == ERR_OK)
		err = give(&updating, arena, account_r);
	return mongo_end_on(&session, &updating.id, err);
}
