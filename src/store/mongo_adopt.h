/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_adopt.h: what the files share that take over what another program of the same design wrote.
 *
 * Everything is read and judged first. Then each organization is taken over in steps that can be done again,
 * its `state` being the last thing that it gets: as long as one has none, orgd refuses to start, and this
 * goes on where it died.
 */
#ifndef STORE_MONGO_ADOPT_H
#define STORE_MONGO_ADOPT_H

#include "store/mongo_client.h"
#include "store/mongo_doc.h"
#include "store/mongo_saga.h"
#include "store/store.h"

/* An admin as it was found; texts are NULL when there are none that can be used. */
struct mongo_foreign_admin {
	const char *id_text;
	bool has_id, has_org; /* ObjectIds; the organization's may be in hex */
	bson_oid_t id, org;
	const char *found_email, *email; /* as it is, and normalized */
	const char *hash;
	bool hash_moves; /* from another field, or type */
	bool known;      /* of an organization of orgd's own */
	bool linked;     /* to an organization that is taken over */
};

struct mongo_foreign_org {
	const char *id_text;
	bool has_id, has_admin_id;
	bson_oid_t id, admin_id;
	bool known; /* orgd's own, or taken over before */
	const char *found_name, *name;
	bool name_moves; /* from another field */
	const char *found_slug, *slug;
	const char *found_collection;
	struct mongo_uuid uuid; /* recorded by an adoption that died */
	int64_t created_ms, updated_ms;
	bool created_is_known, created_unusable; /* unusable: there, and not to be read */
	struct mongo_foreign_admin *admin;
	size_t admins;
	const struct mongo_listed *collection;
};

struct mongo_adoption {
	struct mongo_session session;
	store_adoption_fn *report;
	void *context;
	size_t told, conflicts;
	struct mongo_foreign_org *orgs; /* sorted by id */
	struct mongo_foreign_admin *admins; /* likewise */
	size_t org_count, admin_count;
	struct mongo_listing listing;
};

/* mongo_adopt_read.c: mongo_adopt_read(adoption): organizations, admins and collections as they are. */
enum err mongo_adopt_read(struct mongo_adoption *adoption) MUST_CHECK;

/* mongo_adopt_find_org(adoption, id), mongo_adopt_find_admin(...): NULL: not there. */
struct mongo_foreign_org *mongo_adopt_find_org(struct mongo_adoption *adoption, const bson_oid_t *id);
struct mongo_foreign_admin *mongo_adopt_find_admin(struct mongo_adoption *adoption, const bson_oid_t *id);

/* mongo_adopt_judge.c: mongo_adopt_judge(adoption): links what belongs together, and reports it all. */
enum err mongo_adopt_judge(struct mongo_adoption *adoption) MUST_CHECK;

/* mongo_adopt.c: mongo_adopt_tell(adoption, kind, subject, detail): reports one, and counts. */
void mongo_adopt_tell(struct mongo_adoption *adoption, enum store_adoption_kind kind, const char *subject,
		      const char *detail);

#endif
