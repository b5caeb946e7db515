/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_place.c: brings an organization's collection to its name, whatever stands where. */
#include <string.h>

#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

#define TRIES 6

/* One look at where things are; `spots`: what stands at the two names and is not the organization's own. */
struct look {
	struct mongo_org org;
	const char *target, *home; /* names */
	const char *here;          /* where the organization's collection is; NULL: nowhere */
	bool occupied;             /* the target, by another one */
	struct mongo_uuid spots[2];
	size_t count;
};

static bool holds(const struct mongo_guard *guard, const struct mongo_org *org)
{
	return org->state == guard->state && (guard->op == NULL || mongo_id_equal(guard->op, &org->op)) &&
	       (guard->slug == NULL || strcmp(guard->slug, org->slug) == 0) &&
	       (guard->uuid == NULL || mongo_uuid_equal(guard->uuid, &org->uuid));
}

static enum err read_guarded(struct mongo_session *session, const bson_oid_t *id, const struct mongo_guard *guard,
			     struct mongo_org *org_r)
{
	enum err err = mongo_org_get(session, id, org_r);

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !holds(guard, org_r)))
		return ERR_ORGANIZATION_BUSY;
	return err;
}

/* Whether another collection than the organization's own stands at a name; if so, it is one of the spots. */
static bool note_spot(struct look *look, const struct mongo_listing *listing, const char *name)
{
	const struct mongo_listed *item = mongo_listed_at(listing, name);
	bool foreign = item != NULL && !mongo_uuid_equal(&item->uuid, &look->org.uuid);

	if (foreign)
		look->spots[look->count++] = item->uuid;
	return foreign;
}

static enum err look_around(struct mongo_session *session, struct look *look)
{
	const char *names[] = {look->target, look->home};
	size_t count = strcmp(look->target, look->home) == 0 ? 1 : 2;
	struct mongo_listing listing;
	enum err err = mongo_locate(session, &look->org.uuid, names, count, &listing, &look->here);

	if (err != ERR_OK)
		return err;
	look->count = 0;
	look->occupied = note_spot(look, &listing, look->target); /* first: move_aside() takes spots[0] for it */
	if (count == 2)
		(void)note_spot(look, &listing, look->home);
	return ERR_OK;
}

struct owners {
	struct mongo_session *session;
	struct look *look;
	const struct mongo_guard *guard;
	bool guarded;
	bool owned[2];
};

static enum err note_owner(void *context, const bson_t *document)
{
	struct owners *owners = context;
	struct mongo_org org;
	enum err err = mongo_org_read(document, &owners->session->arena, &org);

	if (err != ERR_OK)
		return err;
	if (mongo_id_equal(&org.id, &owners->look->org.id) && holds(owners->guard, &org))
		owners->guarded = true;
	for (size_t i = 0; i < owners->look->count; i++)
		owners->owned[i] |= mongo_uuid_equal(&org.uuid, &owners->look->spots[i]);
	return ERR_OK;
}

/* Who records what was seen: asked after the listing, together with the guard. */
static enum err find_owners(struct mongo_session *session, struct look *look, const struct mongo_guard *guard,
			    struct owners *owners_r)
{
	const struct mongo_uuid *a = &look->spots[0], *b = &look->spots[look->count > 1 ? 1 : 0];
	bson_t *filter;
	enum err err;

	*owners_r = (struct owners){.session = session, .look = look, .guard = guard};
	if (look->count == 0)
		filter = BCON_NEW("_id", BCON_OID(&look->org.id));
	else
		filter = BCON_NEW("$or", "[", "{", "_id", BCON_OID(&look->org.id), "}", "{", "coll_uuid", "{", "$in",
				  "[", MONGO_UUID_VALUE(a), MONGO_UUID_VALUE(b), "]", "}", "}", "]");
	err = mongo_find_each(session, mongo_collection_name(MONGO_ORGANIZATIONS), filter, NULL, note_owner, owners_r);
	return err == ERR_OK && !owners_r->guarded ? ERR_ORGANIZATION_BUSY : err;
}

/* Records another collection than the one that is gone. */
static enum err record(struct mongo_session *session, const struct mongo_org *org, const struct mongo_uuid *uuid)
{
	bson_t *filter = BCON_NEW("_id", BCON_OID(&org->id), "ver", BCON_INT64(org->version));
	bson_t *change = BCON_NEW("$set", "{", "coll_uuid", MONGO_UUID_VALUE(uuid), "}", MONGO_RAISE_FENCE);
	char id[RAND_ID_SIZE], text[MONGO_UUID_TEXT];

	bson_oid_to_string(&org->id, id);
	mongo_uuid_text(uuid, text);
	LOG(LOG_WARN, "an organization's collection was gone; it has another one now", LOG_TEXT("org_id", id),
	    LOG_TEXT("uuid", text));
	(void)!mongo_change(session, MONGO_STEP_PLACE_ADOPT, MONGO_ORGANIZATIONS, filter, change);
	return ERR_OK; /* whatever it was: the next look tells */
}

static enum err refuse_to_choose(const struct look *look, const char *why)
{
	LOG(LOG_ERROR, why, LOG_TEXT("collection", look->target));
	return ERR_STORE_UNAVAILABLE;
}

/*
 * The collection is gone (dropped, restored or resharded by hand): what stands at its name is taken for it,
 * or a new one. *done_r: that was tried, and the next look tells; else there is only one under a private
 * name.
 */
static enum err adopt(struct mongo_session *session, struct look *look, const struct owners *owners, bool *done_r)
{
	const struct mongo_uuid *found = NULL;
	struct mongo_uuid made;
	const char *name;
	enum err err;

	for (size_t i = 0; i < look->count; i++) {
		if (owners->owned[i] || mongo_uuid_equal(&look->spots[i], &look->org.next.foreign))
			continue;
		if (!look->spots[i].set)
			return refuse_to_choose(look, "what stands at an organization's name is no collection");
		if (found != NULL)
			return refuse_to_choose(look, "two collections could be the organization's: remove one");
		found = &look->spots[i];
	}
	*done_r = found != NULL || look->here == NULL;
	if (found != NULL)
		return record(session, &look->org, found);
	if (look->here != NULL)
		return ERR_OK;
	err = mongo_stage(session, MONGO_STEP_PLACE_STAGING, &look->org.id, &name, &made);
	return err == ERR_OK ? record(session, &look->org, &made) : err;
}

static enum err move_aside(struct mongo_session *session, const struct look *look, const struct owners *owners)
{
	char uuid[MONGO_UUID_TEXT], op[RAND_ID_SIZE], *lost;

	if (owners->owned[0])
		return refuse_to_choose(look, "another organization's collection stands at the name");
	if (!look->spots[0].set)
		return refuse_to_choose(look, "what stands at a name that is needed is no collection");
	mongo_uuid_text(&look->spots[0], uuid);
	bson_oid_to_string(&session->op, op);
	lost = arena_printf(&session->arena, "lost_%s_%s", uuid, op);
	if (lost == NULL)
		return ERR_INTERNAL;
	LOG(LOG_WARN, "a collection that is nobody's stands at a name that is needed; it is moved aside",
	    LOG_TEXT("collection", look->target), LOG_TEXT("to", lost));
	(void)!mongo_rename(session, MONGO_STEP_PLACE_ASIDE, look->target, lost, &look->spots[0]);
	return ERR_OK;
}

/* Before the move. *done_r: something else was done in its place, and the next look tells what came of it. */
static enum err clear_the_way(struct mongo_session *session, const struct mongo_guard *guard, struct look *look,
			      bool homeless, bool *done_r)
{
	struct owners owners;
	enum err err = find_owners(session, look, guard, &owners);

	*done_r = false;
	if (err == ERR_OK && homeless)
		err = adopt(session, look, &owners, done_r);
	if (err != ERR_OK || *done_r || !look->occupied)
		return err;
	*done_r = true;
	return move_aside(session, look, &owners);
}

/* One try; *placed_r: the collection is at the target. */
static enum err try_to_place(struct mongo_session *session, const bson_oid_t *id, const struct mongo_guard *guard,
			     struct look *look, bool *placed_r)
{
	bool homeless, done = false;
	enum err err = read_guarded(session, id, guard, &look->org);

	if (err != ERR_OK)
		return err;
	look->home = mongo_org_name(session, look->org.slug);
	err = look->home != NULL ? look_around(session, look) : ERR_INTERNAL;
	if (err != ERR_OK)
		return err;
	*placed_r = look->here != NULL && strcmp(look->here, look->target) == 0;
	if (*placed_r)
		return ERR_OK;
	homeless = mongo_is_live(&look->org) && (look->here == NULL || strncmp(look->here, "tmp_", 4) == 0);
	if (look->here == NULL && !homeless)
		return refuse_to_choose(look, "the collection that was made for it is gone");
	if (homeless || look->occupied)
		err = clear_the_way(session, guard, look, homeless, &done);
	if (err != ERR_OK || done)
		return err;
	*placed_r = mongo_rename(session, MONGO_STEP_PLACE_MOVE, look->here, look->target, &look->org.uuid) ==
			    MONGO_DONE &&
		    session->store->names_uuids;
	return ERR_OK;
}

enum err mongo_place(struct mongo_session *session, const bson_oid_t *org, const struct mongo_guard *guard,
		     const char *target)
{
	struct look look = {.target = target};
	bool placed = false;
	enum err err = ERR_OK;

	for (int tries = TRIES; tries > 0 && err == ERR_OK && !placed; tries--)
		err = try_to_place(session, org, guard, &look, &placed);
	if (err != ERR_OK || placed)
		return err;
	return refuse_to_choose(&look, "the collection could not be brought to its name");
}
