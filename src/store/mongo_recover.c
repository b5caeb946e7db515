/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_recover.c: the second halves of update and delete, and who goes on with them for the dead. */
#include <string.h>

#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define DROP_TRIES 5

/* ---- Update ---- */

/* The token version is the fence: who comes second changes nothing. */
static enum err update_admin(struct mongo_session *session, const struct mongo_org *org)
{
	const struct mongo_next *next = &org->next;
	enum mongo_outcome outcome;

	do {
		bson_t *change = bson_new(), child;
		BSON_APPEND_DOCUMENT_BEGIN(change, "$set", &child);
		BSON_APPEND_INT64(&child, "tv", org->token_version);
		if (next->email != NULL) {
			BSON_APPEND_UTF8(&child, "email", next->email);
			BSON_APPEND_OID(&child, "email_op", &org->op);
		}
		if (next->password_hash != NULL)
			BSON_APPEND_UTF8(&child, "password_hash", next->password_hash);
		bson_append_document_end(change, &child);
		outcome = mongo_change(session, MONGO_STEP_UPDATE_ADMIN, MONGO_ADMINS,
				       BCON_NEW("_id", BCON_OID(&org->admin_id), "tv",
						BCON_INT64(org->token_version - 1)),
				       change);
	} while (outcome == MONGO_UNKNOWN && mongo_again(session));
	return mongo_known(outcome);
}

/*
 * Straight on when the collection was seen at home and the server compares its UUID, and nothing came
 * between that could have brought another executor; else by looking.
 */
static enum err move_collection(struct mongo_session *session, const struct mongo_org *org, bool at_home)
{
	const char *from = mongo_org_name(session, org->slug), *to = mongo_org_name(session, org->next.slug);
	const struct mongo_guard guard = {.state = MONGO_UPDATING, .op = &org->op};
	bool direct = at_home && session->store->names_uuids && !mongo_changes_admin(&org->next);
	enum err err;

	if (from == NULL || to == NULL)
		return ERR_INTERNAL;
	if (direct && mongo_rename(session, MONGO_STEP_UPDATE_MOVE, from, to, &org->uuid) == MONGO_DONE)
		return ERR_OK;
	err = mongo_place(session, &org->id, &guard, to);
	return err == ERR_ORGANIZATION_BUSY ? ERR_OK : err; /* somebody else finished it */
}

/* There is no other way out of UPDATING than this; no match: somebody else took it. */
static enum err finish(struct mongo_session *session, const struct mongo_org *org)
{
	const char *slug = org->next.slug != NULL ? org->next.slug : org->slug;
	const char *name = org->next.name != NULL ? org->next.name : org->name;
	const char *collection = mongo_org_name(session, slug);
	enum mongo_outcome outcome;

	if (collection == NULL)
		return ERR_INTERNAL;
	SURE(outcome, mongo_change(session, MONGO_STEP_UPDATE_FINISH, MONGO_ORGANIZATIONS,
				   BCON_NEW("_id", BCON_OID(&org->id), "state",
					    MONGO_STATE_VALUE(MONGO_UPDATING), "op", BCON_OID(&org->op)),
				   BCON_NEW("$set", "{", "state", MONGO_STATE_VALUE(MONGO_ACTIVE),
					    "organization_name", BCON_UTF8(name), "slug", BCON_UTF8(slug),
					    "collection_name", BCON_UTF8(collection), "slug_op",
					    BCON_OID(org->next.slug != NULL ? &org->op : &org->slug_op),
					    "updated_at", BCON_DATE_TIME(org->next.updated_ms), "next",
					    BCON_NULL, "}", MONGO_RAISE_FENCE)));
	return mongo_known(outcome);
}

static enum err release_old(struct mongo_session *session, const struct mongo_org *org)
{
	const struct mongo_next *next = &org->next;
	enum err err = ERR_OK;

	if (next->slug != NULL)
		err = mongo_release(session, MONGO_SLUGS, org->slug, &org->id, &org->slug_op);
	if (err == ERR_OK && next->email != NULL && next->old_email != NULL)
		err = mongo_release(session, MONGO_EMAILS, next->old_email, &org->id, &next->old_email_op);
	return err;
}

enum err mongo_finish_update(struct mongo_session *session, const struct mongo_org *org, bool at_home)
{
	const struct mongo_next *next = &org->next;
	enum err err = ERR_OK;

	if (mongo_changes_admin(next))
		err = update_admin(session, org);
	if (err == ERR_OK && next->slug != NULL)
		err = move_collection(session, org, at_home);
	if (err == ERR_OK)
		err = finish(session, org);
	if (err == ERR_OK)
		err = release_old(session, org);
	return err;
}

/* ---- Delete ---- */

/*
 * Drops the collection, which is only what has the recorded UUID. Where the server does not compare that,
 * a public name is left first: what is dropped then stands where nobody else writes. That name is new at each
 * try: a move that is carried out late, with what stands there by then, does not come to where one drops.
 */
static enum err drop_or_move(struct mongo_session *session, const struct mongo_org *org, const char *here,
			     const char **aside_r, bool *dropped_r)
{
	bool public = strncmp(here, ORG_COLLECTION_PREFIX, strlen(ORG_COLLECTION_PREFIX)) == 0;
	bson_oid_t attempt;

	*dropped_r = false;
	if (session->store->names_uuids || !public) {
		*dropped_r = mongo_drop(session, MONGO_STEP_DELETE_DROP, here, &org->uuid) == MONGO_DONE;
		return ERR_OK;
	}
	*aside_r = mongo_id_new(&attempt) ? mongo_private_name(session, "trash", &org->id, &attempt) : NULL;
	if (*aside_r == NULL)
		return ERR_INTERNAL;
	(void)!mongo_rename(session, MONGO_STEP_DELETE_ASIDE, here, *aside_r, &org->uuid);
	return ERR_OK;
}

static enum err remove_collection(struct mongo_session *session, const struct mongo_org *org)
{
	const char *names[] = {mongo_org_name(session, org->slug), NULL}; /* and where it was moved to */
	struct mongo_listing listing;
	const char *here;
	bool dropped;
	enum err err;

	if (names[0] == NULL)
		return ERR_INTERNAL;
	for (int tries = DROP_TRIES; tries > 0; tries--) {
		err = mongo_locate(session, &org->uuid, names, names[1] != NULL ? 2 : 1, &listing, &here);
		if (err != ERR_OK || here == NULL)
			return err;
		err = drop_or_move(session, org, here, &names[1], &dropped);
		if (err != ERR_OK || dropped)
			return err;
		if (!mongo_again(session))
			break;
	}
	return ERR_STORE_UNAVAILABLE;
}

/* Private names of this organization; always empty, or never recorded. */
static enum err drop_staging(struct mongo_session *session, const bson_oid_t *id)
{
	struct mongo_listing listing;
	char text[RAND_ID_SIZE];
	const char *prefix;
	enum mongo_outcome outcome = MONGO_DONE;
	enum err err;

	bson_oid_to_string(id, text);
	prefix = arena_printf(&session->arena, "tmp_%s_", text);
	err = prefix != NULL ? mongo_list_prefix(session, prefix, &listing) : ERR_INTERNAL;
	for (size_t i = 0; err == ERR_OK && i < listing.count; i++) {
		SURE(outcome, mongo_drop(session, MONGO_STEP_DELETE_STAGING, listing.items[i].name,
					 &listing.items[i].uuid));
		err = mongo_known(outcome);
	}
	return err;
}

/* Everything of it in a collection; `key` names the organization there. */
static enum err remove_owned(struct mongo_session *session, enum mongo_step step, enum mongo_collection collection,
			     const char *key, const bson_oid_t *id)
{
	enum mongo_outcome outcome;

	SURE(outcome, mongo_remove_all(session, step, collection, BCON_NEW(key, BCON_OID(id))));
	return mongo_known(outcome);
}

static enum err remove_org(struct mongo_session *session, const bson_oid_t *id)
{
	enum mongo_outcome outcome;

	SURE(outcome,
	     mongo_remove(session, MONGO_STEP_DELETE_ORGANIZATION, MONGO_ORGANIZATIONS,
			  BCON_NEW("_id", BCON_OID(id), "state", MONGO_STATE_VALUE(MONGO_DELETING))));
	return mongo_known(outcome);
}

enum err mongo_finish_delete(struct mongo_session *session, const bson_oid_t *id)
{
	struct mongo_org org;
	enum err err = mongo_org_get(session, id, &org);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && org.state != MONGO_DELETING))
		return ERR_OK;
	if (err == ERR_OK && org.uuid.set)
		err = remove_collection(session, &org);
	if (err == ERR_OK)
		err = drop_staging(session, id);
	if (err == ERR_OK)
		err = remove_owned(session, MONGO_STEP_DELETE_ADMINS, MONGO_ADMINS, "org_id", id);
	if (err == ERR_OK)
		err = remove_owned(session, MONGO_STEP_DELETE_EMAILS, MONGO_EMAILS, "org", id);
	if (err == ERR_OK)
		err = remove_owned(session, MONGO_STEP_DELETE_SLUGS, MONGO_SLUGS, "org", id);
	return err == ERR_OK ? remove_org(session, id) : err;
}

/* ---- Recovery ---- */

static enum err abandon(struct mongo_session *session, const bson_oid_t *id)
{
	enum mongo_outcome outcome;

	SURE(outcome, mongo_change(session, MONGO_STEP_RECOVER_ABANDON, MONGO_ORGANIZATIONS,
				   BCON_NEW("_id", BCON_OID(id), "state", MONGO_STATE_VALUE(MONGO_CREATING)),
				   BCON_NEW("$set", "{", "state", MONGO_STATE_VALUE(MONGO_DELETING), "op",
					    BCON_OID(&session->op), "}", MONGO_RAISE_FENCE)));
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : mongo_finish_delete(session, id);
}

enum err mongo_recover(struct mongo_session *session, const bson_oid_t *id)
{
	struct mongo_org org;
	enum err err = mongo_org_get(session, id, &org);

	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	if (org.state == MONGO_CREATING)
		return abandon(session, id);
	if (org.state == MONGO_DELETING)
		return mongo_finish_delete(session, id);
	if (org.state == MONGO_UPDATING)
		return mongo_finish_update(session, &org, false);
	return ERR_OK;
}
