/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_doc.h: the documents of the master database as structs.
 *
 * Texts live in the arena that the reader is given. A field that is missing or of another type reads
 * as zero. The protocol around them: mongo_saga.h.
 */
#ifndef STORE_MONGO_DOC_H
#define STORE_MONGO_DOC_H

#include <mongoc/mongoc.h>

#include "base/arena.h"
#include "model/admin.h"
#include "store/mongo_client.h"
#include "store/store.h"

/* A collection's UUID: it survives a rename, and no other collection ever has it. */
struct mongo_uuid {
	bool set;
	uint8_t bytes[16];
};

#define MONGO_UUID_TEXT 33 /* 32 hex digits and a NUL */

/* X(name, word): the states of an organization; ACTIVE and UPDATING are live: requests see them. */
#define MONGO_STATE_LIST(X)       \
	X(CREATING, "creating")   \
	X(ACTIVE, "active")       \
	X(UPDATING, "updating")   \
	X(DELETING, "deleting")

#define MONGO_STATE_ENUM(name, word) MONGO_##name,
enum mongo_state { MONGO_NO_STATE, MONGO_STATE_LIST(MONGO_STATE_ENUM) MONGO_STATE_COUNT };
#undef MONGO_STATE_ENUM

/* What an update that was committed still has to do; NULL: stays. */
struct mongo_next {
	const char *name, *slug, *email, *password_hash;
	const char *old_email;  /* whose claim is to be released, with email */
	bson_oid_t old_email_op;
	struct mongo_uuid foreign; /* what stood at the new collection's name before the commit */
	int64_t updated_ms;
};

struct mongo_org {
	bson_oid_t id, admin_id;
	enum mongo_state state;
	const char *name, *slug;
	bson_oid_t op;      /* the latest operation */
	bson_oid_t slug_op; /* whose claim the slug is */
	int64_t op_ms;      /* when the latest operation began; tells when to take it for dead */
	struct mongo_uuid uuid; /* of its collection */
	int64_t token_version;
	int64_t version; /* raised by every write: the fence */
	int64_t created_ms, updated_ms;
	struct mongo_next next; /* while UPDATING */
};

struct mongo_admin {
	bson_oid_t id, org;
	const char *email, *password_hash;
	bson_oid_t email_op; /* whose claim the email is */
	int64_t token_version;
};

/* In `slugs` and `emails`: the key belongs to an operation of an organization. */
struct mongo_claim {
	const char *key;
	bson_oid_t org, op;
	int64_t at_ms;
};

/* mongo_org_read(document, arena, org_r) etc.: ERR_INTERNAL: no memory, or a required field is missing. */
enum err mongo_org_read(const bson_t *document, struct arena *arena, struct mongo_org *org_r) MUST_CHECK;
enum err mongo_admin_read(const bson_t *document, struct arena *arena, struct mongo_admin *admin_r) MUST_CHECK;
enum err mongo_claim_read(const bson_t *document, struct arena *arena, struct mongo_claim *claim_r) MUST_CHECK;

/* mongo_org_give(org, arena, org_r): as the rest of the program knows it, with copies of its texts. */
enum err mongo_org_give(const struct mongo_org *org, struct arena *arena, struct org *org_r) MUST_CHECK;
enum err mongo_account_give(const struct mongo_org *org, const struct mongo_admin *admin, struct arena *arena,
			    struct account *account_r) MUST_CHECK;

/*
 * mongo_org_find(session, filter, org_r): the first that matches. mongo_org_get(session, id, org_r),
 * mongo_admin_get(...): by id. In one round trip; texts live in the session's arena. ERR_NOT_FOUND.
 */
enum err mongo_org_find(struct mongo_session *session, bson_t *filter, struct mongo_org *org_r) MUST_CHECK;
enum err mongo_org_get(struct mongo_session *session, const bson_oid_t *id, struct mongo_org *org_r) MUST_CHECK;
enum err mongo_admin_get(struct mongo_session *session, const bson_oid_t *id, struct mongo_admin *admin_r) MUST_CHECK;

/* mongo_org_as_read(org): a filter for it as long as it is active and unchanged; the caller's. */
bson_t *mongo_org_as_read(const struct mongo_org *org);

/*
 * mongo_org_of_tenant(session, tenant, org_r): in one round trip, if a token's right to it stands: else
 * ERR_INVALID_TOKEN.
 */
enum err mongo_org_of_tenant(struct mongo_session *session, const struct tenant *tenant,
			     struct mongo_org *org_r) MUST_CHECK;

/* mongo_changes_admin(next): whether an update is of the admin too. */
bool mongo_changes_admin(const struct mongo_next *next);

/* mongo_is_live(org): requests see it. mongo_live_filter(): what finds all such; the caller's. */
bool mongo_is_live(const struct mongo_org *org);
bson_t *mongo_live_filter(void);

/* mongo_state_word(state): as it stands in the document. mongo_state_of(word): MONGO_NO_STATE: it is none. */
const char *mongo_state_word(enum mongo_state state);
enum mongo_state mongo_state_of(const char *word);

/* mongo_is_stale(ms): older than the lease; or in the future, by another host's clock. */
bool mongo_is_stale(int64_t ms);

/* mongo_id_parse(text, id_r): whether it is an id. mongo_id_new(id_r): a random one; false: there is none. */
bool mongo_id_parse(const char *text, bson_oid_t *id_r);
bool mongo_id_new(bson_oid_t *id_r);

/* mongo_id_is_unset(id): as a field that is missing reads. */
bool mongo_id_is_unset(const bson_oid_t *id);

/* mongo_own_id(document, id_r): whether its _id is an ObjectId. */
bool mongo_own_id(const bson_t *document, bson_oid_t *id_r);

/* mongo_id_equal(a, b), mongo_uuid_equal(a, b): equal; an unset UUID equals none. */
bool mongo_id_equal(const bson_oid_t *a, const bson_oid_t *b);
bool mongo_uuid_equal(const struct mongo_uuid *a, const struct mongo_uuid *b);

/* mongo_uuid_read(iter, uuid_r): from a binary value of subtype UUID; else unset. */
void mongo_uuid_read(const bson_iter_t *iter, struct mongo_uuid *uuid_r);
void mongo_uuid_text(const struct mongo_uuid *uuid, char text_r[MONGO_UUID_TEXT]);

/* BCON values: of a UUID that is set, of a state, and an array of all states. */
#define MONGO_UUID_VALUE(uuid) BCON_BIN(BSON_SUBTYPE_UUID, (uuid)->bytes, 16)
#define MONGO_STATE_VALUE(state) BCON_UTF8(mongo_state_word(state))
#define MONGO_ALL_STATES                                                                          \
	"[", MONGO_STATE_VALUE(MONGO_CREATING), MONGO_STATE_VALUE(MONGO_ACTIVE),                  \
		MONGO_STATE_VALUE(MONGO_UPDATING), MONGO_STATE_VALUE(MONGO_DELETING), "]"

#endif
