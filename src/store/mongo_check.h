/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_check.h: what the files of the check share.
 *
 * A check reads everything once, in batches, and notes what looks wrong. Others are at work meanwhile, so
 * much of that is only under way. Each suspect is looked at again, after a pause and in an order that
 * makes it a look at one moment; what is still wrong then is a finding. It is mended, if it is to be, by
 * what the sagas themselves use, so that a repair beside a busy service does no harm.
 */
#ifndef STORE_MONGO_CHECK_H
#define STORE_MONGO_CHECK_H

#include "store/mongo_client.h"
#include "store/mongo_doc.h"
#include "store/mongo_saga.h"
#include "store/store.h"

/* In this order they are looked at again: what is mended above counts below. */
enum mongo_suspect_kind {
	MONGO_SUSPECT_ORGANIZATION,
	MONGO_SUSPECT_ADMIN,
	MONGO_SUSPECT_SLUG,
	MONGO_SUSPECT_EMAIL,
	MONGO_SUSPECT_COLLECTION,
	MONGO_SUSPECT_COUNT,
};

struct mongo_suspect {
	bson_oid_t id;    /* of an organization or admin */
	const char *name; /* of a claim's key or a collection */
	struct mongo_suspect *next;
};

/* A check under way. */
struct mongo_checking {
	struct mongo *store;
	bool repair;
	struct arena arena; /* of suspects and findings */
	struct mongo_suspect *suspects[MONGO_SUSPECT_COUNT];
	struct store_findings findings;
};

/* An organization with what belongs to it, as it was read. */
struct mongo_view {
	struct mongo_org org;
	const struct mongo_admin *admin; /* that it names; NULL: not there */
	const struct mongo_admin *heir;  /* the one other that belongs to it; looked for when there is no admin */
	const struct mongo_claim *slug_claim, *email_claim; /* on its keys, whoever's; NULL: none */
	const char *here; /* where its collection is; NULL: nowhere */
};

/* mongo_check_suspect(checking, kind, id, name): notes one; `id` or `name` is NULL. */
void mongo_check_suspect(struct mongo_checking *checking, enum mongo_suspect_kind kind, const bson_oid_t *id,
			 const char *name);

/* mongo_check_admin_as_read(admin): a filter, the caller's, for it with this email, password and version. */
bson_t *mongo_check_admin_as_read(const struct mongo_admin *admin);

/* mongo_scan.c: mongo_scan(checking): reads everything, and notes suspects. */
enum err mongo_scan(struct mongo_checking *checking) MUST_CHECK;

/*
 * mongo_check_org.c. mongo_check_org_looks_right(arena, view): whether there is nothing to suspect.
 * mongo_check_org(checking, session, id): looks at it again, finds and mends.
 */
bool mongo_check_org_looks_right(struct arena *arena, const struct mongo_view *view);
enum err mongo_check_org(struct mongo_checking *checking, struct mongo_session *session,
			 const bson_oid_t *id) MUST_CHECK;

/* mongo_repair.c: what mends an organization; called with its lock. ERR_OK: it is mended. */
enum err mongo_repair_finish(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_link_admin(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_point_admin(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_version(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_slug_claim(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_email_claim(struct mongo_session *session, const struct mongo_view *view);
enum err mongo_repair_collection(struct mongo_session *session, const struct mongo_view *view);

/*
 * mongo_stray.c: what belongs to no organization. mongo_stray_is_private(name): whether orgd moves
 * collections to such names, or makes them there. The others look again, find and mend.
 */
bool mongo_stray_is_private(const char *name);
enum err mongo_stray_admin(struct mongo_checking *checking, struct mongo_session *session,
			   const bson_oid_t *id) MUST_CHECK;
enum err mongo_stray_claim(struct mongo_checking *checking, struct mongo_session *session,
			   enum mongo_collection collection, const char *key) MUST_CHECK;
enum err mongo_stray_collection(struct mongo_checking *checking, struct mongo_session *session,
				const char *name) MUST_CHECK;

#endif
