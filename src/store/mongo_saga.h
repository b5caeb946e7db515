/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_saga.h: how operations are all or nothing on a store without transactions.
 *
 * MongoDB's transactions do not cover renameCollection and drop. So each operation is a saga: a series of
 * writes, each of one document or collection, one of which is the commit. What was done before the commit is
 * undone unless the commit comes; what is to be done after it is always done: by the operation itself or,
 * when that has died, by anybody else (mongo_recover.c). Any number of threads and processes may work on the
 * same saga at once. tests/model/ searches all interleavings for ends that should not be. Everything rests on
 * these rules:
 *
 * 1. The organization's document is the first thing that is written and the last that is deleted, and it is
 *    never inserted again: once gone, it stays gone. Every write to it raises its version, which is the
 *    fence.
 * 2. What owns a collection is its UUID, recorded in the organization. A collection is made under a private
 *    name, recorded, then published by a rename: so that nobody inherits what stood at the name before.
 * 3. A slug or an email is claimed by a document that has it as its _id. A claim belongs to an operation,
 *    which its owner's document names (slug_op, email_op); whoever releases a claim says whose. Before a
 *    claim that looks unused is removed, the fence of the organization that might use it is raised.
 * 4. A collection is nobody's if no organization that is read after the listing records it. What is nobody's
 *    is moved aside (lost_*), only if its very name is needed, and it is never dropped.
 *
 * ERR_STORE_UNAVAILABLE leaves a saga as it is, for the recovery. Everything here is called by the thread
 * that has the session, and gives texts in the session's arena.
 */
#ifndef STORE_MONGO_SAGA_H
#define STORE_MONGO_SAGA_H

#include "base/clock.h"
#include "store/mongo_client.h"
#include "store/mongo_doc.h"

/* Parts of BCON for changes of an organization: the fence is raised; the session's operation begins now. */
#define MONGO_RAISE_FENCE "$inc", "{", "ver", BCON_INT64(1), "}"
#define MONGO_BEGUN_BY(session) "op", BCON_OID(&(session)->op), "op_at", BCON_DATE_TIME(clock_now_ms())

/* ---- Collections: mongo_listing.c, and mongo_place.c ---- */

struct mongo_listed {
	const char *name;
	struct mongo_uuid uuid;
};

/* Collections as the server lists them; in the session's arena. */
struct mongo_listing {
	struct mongo_listed *items;
	size_t count;
};

/* mongo_list(session, names, count, listing_r): those of `names` that exist; all, when `names` is NULL. */
enum err mongo_list(struct mongo_session *session, const char *const *names, size_t count,
		    struct mongo_listing *listing_r) MUST_CHECK;

/* mongo_list_prefix(session, prefix, listing_r): those whose names begin so; `prefix` of [a-z0-9_-]. */
enum err mongo_list_prefix(struct mongo_session *session, const char *prefix,
			   struct mongo_listing *listing_r) MUST_CHECK;

/* mongo_is_kept(name): whether it is one of the collections that orgd keeps for itself. */
bool mongo_is_kept(const char *name);

/*
 * mongo_listed_as(listing, uuid): NULL when it is not there, or none that an organization can have.
 * mongo_listed_at(listing, name): NULL when it is not there.
 */
const struct mongo_listed *mongo_listed_as(const struct mongo_listing *listing, const struct mongo_uuid *uuid);
const struct mongo_listed *mongo_listed_at(const struct mongo_listing *listing, const char *name);

/*
 * mongo_locate(session, uuid, names, count, listing_r, here_r): the name of the collection with this UUID,
 * NULL: there is none. `names`, where it should be, are listed first, and everything only if it has none of
 * these; *listing_r is what was listed last.
 */
enum err mongo_locate(struct mongo_session *session, const struct mongo_uuid *uuid, const char *const *names,
		      size_t count, struct mongo_listing *listing_r, const char **here_r) MUST_CHECK;

/*
 * mongo_count(session, collection, filter, count_r): how many match, counted one by one; an empty filter: about.
 * mongo_count_in(session, name, count_r): how many a collection of any name has, about.
 */
enum err mongo_count(struct mongo_session *session, enum mongo_collection collection, bson_t *filter,
		     uint64_t *count_r) MUST_CHECK;
enum err mongo_count_in(struct mongo_session *session, const char *name, uint64_t *count_r) MUST_CHECK;

/*
 * mongo_org_name(session, slug): "org_x". mongo_private_name(session, kind, org, attempt): "tmp_ORG_ATTEMPT".
 * NULL: no memory.
 */
const char *mongo_org_name(struct mongo_session *session, const char *slug);
char *mongo_private_name(struct mongo_session *session, const char *kind, const bson_oid_t *org,
			 const bson_oid_t *attempt);

/*
 * mongo_rename(session, step, from, to, uuid), mongo_drop(session, step, name, uuid): the collection at that
 * name, if it has this UUID, and whatever stands there where the server does not compare that (names_uuids).
 */
enum mongo_outcome mongo_rename(struct mongo_session *session, enum mongo_step step, const char *from,
				const char *to, const struct mongo_uuid *uuid) MUST_CHECK;
enum mongo_outcome mongo_drop(struct mongo_session *session, enum mongo_step step, const char *name,
			      const struct mongo_uuid *uuid) MUST_CHECK;

/* mongo_stage(session, step, org, name_r, uuid_r): makes an empty collection under a private name. */
enum err mongo_stage(struct mongo_session *session, enum mongo_step step, const bson_oid_t *org,
		     const char **name_r, struct mongo_uuid *uuid_r) MUST_CHECK;

/* What must hold of an organization for its collection to be moved. */
struct mongo_guard {
	enum mongo_state state;
	const bson_oid_t *op;          /* NULL: any */
	const char *slug;              /* NULL: any */
	const struct mongo_uuid *uuid; /* NULL: any */
};

/*
 * mongo_place(session, org, guard, target): brings the organization's collection to the name `target`.
 * ERR_ORGANIZATION_BUSY: the guard does not hold any more: somebody else went on. ERR_STORE_UNAVAILABLE
 * also when the operator has to decide whose collection stands in the way.
 */
enum err mongo_place(struct mongo_session *session, const bson_oid_t *org, const struct mongo_guard *guard,
		     const char *target) MUST_CHECK;

/* ---- Claims: mongo_claim.c ---- */

/*
 * mongo_claim(session, collection, key, org): for the session's operation. ERR_ORGANIZATION_EXISTS or
 * ERR_EMAIL_TAKEN: a live organization has it; ERR_ORGANIZATION_BUSY: it is not settled yet who gets it.
 */
enum err mongo_claim(struct mongo_session *session, enum mongo_collection collection, const char *key,
		     const bson_oid_t *org) MUST_CHECK;

/*
 * mongo_claim_get(session, collection, key, claim_r): who has it now. ERR_NOT_FOUND.
 * mongo_claim_verdict(session, collection, claim): why another operation's claim hinders: as mongo_claim().
 */
enum err mongo_claim_get(struct mongo_session *session, enum mongo_collection collection, const char *key,
			 struct mongo_claim *claim_r) MUST_CHECK;
enum err mongo_claim_verdict(struct mongo_session *session, enum mongo_collection collection,
			     const struct mongo_claim *claim) MUST_CHECK;

/* mongo_release(session, collection, key, org, op): the claim of that operation, if it is there. */
enum err mongo_release(struct mongo_session *session, enum mongo_collection collection, const char *key,
		       const bson_oid_t *org, const bson_oid_t *op) MUST_CHECK;

/*
 * mongo_fence(session, org): raises the version of an active organization that nobody has written to since it
 * was read: then no operation that read it earlier can commit any more. ERR_ORGANIZATION_BUSY: somebody has,
 * or it is unknown.
 */
enum err mongo_fence(struct mongo_session *session, const struct mongo_org *org) MUST_CHECK;

/*
 * mongo_claim_unused(session, collection, claim, org_r): whether nobody uses it: ERR_OK: its organization,
 * which is active, does not; ERR_NOT_FOUND: that is gone. ERR_ORGANIZATION_BUSY: it is in use, or its
 * operation may be alive.
 * mongo_sweep_claim(session, collection, claim): removes such a one. ERR_ORGANIZATION_BUSY likewise.
 */
enum err mongo_claim_unused(struct mongo_session *session, enum mongo_collection collection,
			    const struct mongo_claim *claim, struct mongo_org *org_r) MUST_CHECK;
enum err mongo_sweep_claim(struct mongo_session *session, enum mongo_collection collection,
			   const struct mongo_claim *claim) MUST_CHECK;

/* mongo_insert_admin(session, step, org, admin): by the session's operation; mongo_admin.c. */
enum err mongo_insert_admin(struct mongo_session *session, enum mongo_step step, const bson_oid_t *org,
			    const struct admin *admin) MUST_CHECK;

/* ---- The second halves: what an operation does after its commit, and a recovery ---- */

/*
 * mongo_finish_update(session, org, at_home): `org` in state UPDATING, as it was read or written.
 * `at_home`: the collection was seen at its name just before the commit, which was this session's own just now.
 */
enum err mongo_finish_update(struct mongo_session *session, const struct mongo_org *org, bool at_home) MUST_CHECK;

/* mongo_finish_delete(session, org): an organization in state DELETING, and everything of it. */
enum err mongo_finish_delete(struct mongo_session *session, const bson_oid_t *org) MUST_CHECK;

/* mongo_recover(session, org): goes on with whatever is under way on it; ERR_OK also when nothing is. */
enum err mongo_recover(struct mongo_session *session, const bson_oid_t *org) MUST_CHECK;

#endif
