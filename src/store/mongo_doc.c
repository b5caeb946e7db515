/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_doc.c: the table of fields, and what reads by it. */
#include "store/mongo_doc.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "store/mongo_priv.h"

enum kind { ID, TEXT, NUMBER, TIME, UUID, STATE, NEXT };

struct field {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define AT(type, member) offsetof(struct mongo_##type, member)

static const struct field org_fields[] = {
	{"_id", ID, AT(org, id)},
	{"admin_id", ID, AT(org, admin_id)},
	{"state", STATE, AT(org, state)},
	{"organization_name", TEXT, AT(org, name)},
	{"slug", TEXT, AT(org, slug)},
	{"op", ID, AT(org, op)},
	{"slug_op", ID, AT(org, slug_op)},
	{"op_at", TIME, AT(org, op_ms)},
	{"coll_uuid", UUID, AT(org, uuid)},
	{"tv", NUMBER, AT(org, token_version)},
	{"ver", NUMBER, AT(org, version)},
	{"created_at", TIME, AT(org, created_ms)},
	{"updated_at", TIME, AT(org, updated_ms)},
	{"next", NEXT, AT(org, next)},
	{NULL, ID, 0},
};

static const struct field next_fields[] = {
	{"organization_name", TEXT, AT(next, name)},
	{"slug", TEXT, AT(next, slug)},
	{"email", TEXT, AT(next, email)},
	{"password_hash", TEXT, AT(next, password_hash)},
	{"was", TEXT, AT(next, old_email)},
	{"was_op", ID, AT(next, old_email_op)},
	{"foreign", UUID, AT(next, foreign)},
	{"updated_at", TIME, AT(next, updated_ms)},
	{NULL, ID, 0},
};

static const struct field admin_fields[] = {
	{"_id", ID, AT(admin, id)},
	{"org_id", ID, AT(admin, org)},
	{"email", TEXT, AT(admin, email)},
	{"email_op", ID, AT(admin, email_op)},
	{"password_hash", TEXT, AT(admin, password_hash)},
	{"tv", NUMBER, AT(admin, token_version)},
	{NULL, ID, 0},
};

static const struct field claim_fields[] = {
	{"_id", TEXT, AT(claim, key)},
	{"org", ID, AT(claim, org)},
	{"op", ID, AT(claim, op)},
	{"at", TIME, AT(claim, at_ms)},
	{NULL, ID, 0},
};

#define STATE_WORD(name, word) [MONGO_##name] = word,
static const char *const states[MONGO_STATE_COUNT] = {MONGO_STATE_LIST(STATE_WORD)};

const char *mongo_state_word(enum mongo_state state)
{
	return states[state];
}

enum mongo_state mongo_state_of(const char *word)
{
	for (int state = MONGO_CREATING; state < MONGO_STATE_COUNT; state++)
		if (strcmp(states[state], word) == 0)
			return (enum mongo_state)state;
	return MONGO_NO_STATE;
}

static bool read_fields(bson_iter_t *iter, const struct field *fields, struct arena *arena, void *struct_r);

/* False without memory only. */
static bool read_field(const bson_iter_t *iter, const struct field *field, struct arena *arena, void *at)
{
	bson_iter_t child;
	const char *text;
	uint32_t size;

	if (field->kind == ID && BSON_ITER_HOLDS_OID(iter)) {
		bson_oid_copy(bson_iter_oid(iter), at);
	} else if (field->kind == TEXT && BSON_ITER_HOLDS_UTF8(iter)) {
		text = bson_iter_utf8(iter, &size);
		if (strlen(text) != size) /* none that orgd wrote */
			return true;
		*(const char **)at = arena_strdup(arena, text);
		return *(const char **)at != NULL;
	} else if (field->kind == NUMBER && BSON_ITER_HOLDS_NUMBER(iter)) {
		*(int64_t *)at = bson_iter_as_int64(iter);
	} else if (field->kind == TIME && BSON_ITER_HOLDS_DATE_TIME(iter)) {
		*(int64_t *)at = bson_iter_date_time(iter);
	} else if (field->kind == UUID) {
		mongo_uuid_read(iter, at);
	} else if (field->kind == STATE && BSON_ITER_HOLDS_UTF8(iter)) {
		*(enum mongo_state *)at = mongo_state_of(bson_iter_utf8(iter, NULL));
	} else if (field->kind == NEXT && BSON_ITER_HOLDS_DOCUMENT(iter)) {
		return bson_iter_recurse(iter, &child) && read_fields(&child, next_fields, arena, at);
	}
	return true;
}

static bool read_fields(bson_iter_t *iter, const struct field *fields, struct arena *arena, void *struct_r)
{
	while (bson_iter_next(iter))
		for (const struct field *field = fields; field->name != NULL; field++)
			if (strcmp(field->name, bson_iter_key(iter)) == 0) {
				if (!read_field(iter, field, arena, (char *)struct_r + field->offset))
					return false;
				break;
			}
	return true;
}

static bool read_document(const bson_t *document, const struct field *fields, struct arena *arena, void *struct_r)
{
	bson_iter_t iter;

	return bson_iter_init(&iter, document) && read_fields(&iter, fields, arena, struct_r);
}

enum err mongo_org_read(const bson_t *document, struct arena *arena, struct mongo_org *org_r)
{
	*org_r = (struct mongo_org){.state = MONGO_NO_STATE};
	return read_document(document, org_fields, arena, org_r) && org_r->name != NULL && org_r->slug != NULL
		       ? ERR_OK
		       : ERR_INTERNAL;
}

enum err mongo_admin_read(const bson_t *document, struct arena *arena, struct mongo_admin *admin_r)
{
	*admin_r = (struct mongo_admin){.email = NULL};
	return read_document(document, admin_fields, arena, admin_r) && admin_r->email != NULL &&
			       admin_r->password_hash != NULL
		       ? ERR_OK
		       : ERR_INTERNAL;
}

enum err mongo_claim_read(const bson_t *document, struct arena *arena, struct mongo_claim *claim_r)
{
	*claim_r = (struct mongo_claim){.key = NULL};
	return read_document(document, claim_fields, arena, claim_r) && claim_r->key != NULL &&
			       !mongo_id_is_unset(&claim_r->org) && !mongo_id_is_unset(&claim_r->op)
		       ? ERR_OK
		       : ERR_INTERNAL;
}

enum err mongo_org_give(const struct mongo_org *org, struct arena *arena, struct org *org_r)
{
	bson_oid_to_string(&org->id, org_r->id);
	bson_oid_to_string(&org->admin_id, org_r->admin_id);
	org_r->name = arena_strdup(arena, org->name);
	org_r->slug = arena_strdup(arena, org->slug);
	org_r->created_ms = org->created_ms;
	org_r->updated_ms = org->updated_ms;
	return org_r->name != NULL && org_r->slug != NULL ? ERR_OK : ERR_INTERNAL;
}

enum err mongo_account_give(const struct mongo_org *org, const struct mongo_admin *admin, struct arena *arena,
			    struct account *account_r)
{
	struct admin *admin_r = &account_r->admin;
	enum err err = mongo_org_give(org, arena, &account_r->org);

	if (err != ERR_OK)
		return err;
	bson_oid_to_string(&admin->id, admin_r->id);
	admin_r->email = arena_strdup(arena, admin->email);
	admin_r->password_hash = arena_strdup(arena, admin->password_hash);
	admin_r->token_version = org->token_version;
	return admin_r->email != NULL && admin_r->password_hash != NULL ? ERR_OK : ERR_INTERNAL;
}

enum err mongo_org_find(struct mongo_session *session, bson_t *filter, struct mongo_org *org_r)
{
	struct mongo_found found;
	enum err err = mongo_find(session, MONGO_ORGANIZATIONS, filter, &found);

	if (err == ERR_OK)
		err = mongo_org_read(&found.document, &session->arena, org_r);
	mongo_found_free(&found);
	return err;
}

enum err mongo_org_get(struct mongo_session *session, const bson_oid_t *id, struct mongo_org *org_r)
{
	return mongo_org_find(session, BCON_NEW("_id", BCON_OID(id)), org_r);
}

enum err mongo_admin_get(struct mongo_session *session, const bson_oid_t *id, struct mongo_admin *admin_r)
{
	struct mongo_found found;
	enum err err = mongo_find(session, MONGO_ADMINS, BCON_NEW("_id", BCON_OID(id)), &found);

	if (err == ERR_OK)
		err = mongo_admin_read(&found.document, &session->arena, admin_r);
	mongo_found_free(&found);
	return err;
}

bson_t *mongo_org_as_read(const struct mongo_org *org)
{
	return BCON_NEW("_id", BCON_OID(&org->id), "state", BCON_UTF8(states[MONGO_ACTIVE]), "ver",
			BCON_INT64(org->version));
}

static bool stands(const struct tenant *tenant, const struct mongo_org *org)
{
	bson_oid_t admin;

	return mongo_is_live(org) && mongo_id_parse(tenant->admin_id, &admin) &&
	       mongo_id_equal(&admin, &org->admin_id) && org->token_version == tenant->token_version;
}

enum err mongo_org_of_tenant(struct mongo_session *session, const struct tenant *tenant, struct mongo_org *org_r)
{
	bson_oid_t id;
	enum err err = mongo_id_parse(tenant->org_id, &id) ? mongo_org_get(session, &id, org_r) : ERR_NOT_FOUND;

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !stands(tenant, org_r)))
		return ERR_INVALID_TOKEN;
	return err;
}

bool mongo_changes_admin(const struct mongo_next *next)
{
	return next->email != NULL || next->password_hash != NULL;
}

bool mongo_is_live(const struct mongo_org *org)
{
	return org->state == MONGO_ACTIVE || org->state == MONGO_UPDATING;
}

bson_t *mongo_live_filter(void)
{
	return BCON_NEW("state", "{", "$in", "[", BCON_UTF8(states[MONGO_ACTIVE]), BCON_UTF8(states[MONGO_UPDATING]),
			"]", "}");
}

bool mongo_is_stale(int64_t ms)
{
	int64_t age = clock_now_ms() - ms;

	return age > MONGO_LEASE_MS || age < -MONGO_LEASE_MS;
}

bool mongo_id_parse(const char *text, bson_oid_t *id_r)
{
	if (strlen(text) != RAND_ID_SIZE - 1 || !bson_oid_is_valid(text, RAND_ID_SIZE - 1))
		return false;
	bson_oid_init_from_string(id_r, text);
	return true;
}

bool mongo_id_new(bson_oid_t *id_r)
{
	return rand_bytes(id_r->bytes, sizeof(id_r->bytes)) == ERR_OK;
}

bool mongo_own_id(const bson_t *document, bson_oid_t *id_r)
{
	bson_iter_t iter;

	if (!bson_iter_init_find(&iter, document, "_id") || !BSON_ITER_HOLDS_OID(&iter))
		return false;
	*id_r = *bson_iter_oid(&iter);
	return true;
}

bool mongo_id_is_unset(const bson_oid_t *id)
{
	static const bson_oid_t unset;

	return mongo_id_equal(id, &unset);
}

bool mongo_id_equal(const bson_oid_t *a, const bson_oid_t *b)
{
	return bson_oid_equal(a, b);
}

bool mongo_uuid_equal(const struct mongo_uuid *a, const struct mongo_uuid *b)
{
	return a->set && b->set && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void mongo_uuid_read(const bson_iter_t *iter, struct mongo_uuid *uuid_r)
{
	const uint8_t *bytes;
	bson_subtype_t subtype;
	uint32_t size;

	*uuid_r = (struct mongo_uuid){.set = false};
	if (!BSON_ITER_HOLDS_BINARY(iter))
		return;
	bson_iter_binary(iter, &subtype, &size, &bytes);
	if (subtype != BSON_SUBTYPE_UUID || size != sizeof(uuid_r->bytes))
		return;
	memcpy(uuid_r->bytes, bytes, size);
	uuid_r->set = true;
}

void mongo_uuid_text(const struct mongo_uuid *uuid, char text_r[MONGO_UUID_TEXT])
{
	for (size_t i = 0; i < sizeof(uuid->bytes); i++)
		snprintf(text_r + 2 * i, 3, "%02x", uuid->bytes[i]);
}
