/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_adopt_read.c: documents of another program, in the forms that such programs give them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/org.h"
#include "model/slug.h"
#include "store/mongo_adopt.h"
#include "store/mongo_priv.h"
#include "store/mongo_text.h"

/* The first of two fields that is there and not null. */
static bool find_field(const bson_t *document, const char *field, const char *other, bson_iter_t *iter_r)
{
	if (bson_iter_init_find(iter_r, document, field) && !BSON_ITER_HOLDS_NULL(iter_r))
		return true;
	return other != NULL && bson_iter_init_find(iter_r, document, other) && !BSON_ITER_HOLDS_NULL(iter_r);
}

static const char *read_text(struct arena *arena, const bson_t *document, const char *field, const char *other)
{
	bson_iter_t iter;

	if (!find_field(document, field, other, &iter) || !BSON_ITER_HOLDS_UTF8(&iter))
		return NULL;
	return arena_strdup(arena, bson_iter_utf8(&iter, NULL));
}

/* An ObjectId, or its hex digits. */
static bool read_id(const bson_t *document, const char *field, const char *other, bson_oid_t *id_r)
{
	bson_iter_t iter;

	if (!find_field(document, field, other, &iter))
		return false;
	if (BSON_ITER_HOLDS_OID(&iter)) {
		bson_oid_copy(bson_iter_oid(&iter), id_r);
		return true;
	}
	return BSON_ITER_HOLDS_UTF8(&iter) && mongo_id(bson_iter_utf8(&iter, NULL), id_r);
}

static bool read_own_id(const bson_t *document, bson_oid_t *id_r)
{
	bson_iter_t iter;
	bool is_id = bson_iter_init_find(&iter, document, "_id") && BSON_ITER_HOLDS_OID(&iter);

	if (is_id)
		bson_oid_copy(bson_iter_oid(&iter), id_r);
	return is_id;
}

/* ---- Times ---- */

/* What follows the seconds: a fraction, and how far the zone is ahead. */
static bool parse_rest(const char *text, int64_t *ms_r)
{
	int hours, minutes, end = 0;

	if (*text == '.') {
		*ms_r += (int64_t)(strtod(text, NULL) * 1000);
		text += 1 + strspn(text + 1, "0123456789");
	}
	if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, " GMT") == 0 || strcmp(text, " UTC") == 0)
		return true;
	if (sscanf(text, "%3d:%2d%n", &hours, &minutes, &end) != 2 || text[end] != '\0' || strchr("+-", *text) == NULL)
		return false;
	*ms_r -= (hours * 60 + (hours < 0 || *text == '-' ? -minutes : minutes)) * INT64_C(60000);
	return true;
}

static bool parse_time(const char *text, int64_t *ms_r)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S"};

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		struct tm parts = {.tm_mday = 0};
		const char *rest = strptime(text, formats[i], &parts);
		if (rest == NULL)
			continue;
		*ms_r = (int64_t)timegm(&parts) * 1000;
		return parse_rest(rest, ms_r);
	}
	return false;
}

static bool read_time(const bson_t *document, const char *field, int64_t *ms_r)
{
	bson_iter_t iter;

	if (!bson_iter_init_find(&iter, document, field))
		return false;
	if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
		*ms_r = bson_iter_date_time(&iter);
		return true;
	}
	return BSON_ITER_HOLDS_UTF8(&iter) && parse_time(bson_iter_utf8(&iter, NULL), ms_r);
}

/* ---- Hashes ---- */

/* bcrypt's modular crypt format: "$2b$12$" and 53 characters. */
static bool is_hash(const char *text)
{
	static const char digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	return strlen(text) == 60 && strncmp(text, "$2", 2) == 0 && strchr("aby", text[2]) != NULL && text[3] == '$' &&
	       strspn(text + 4, "0123456789") == 2 && text[6] == '$' && strspn(text + 7, digits) == 53;
}

static void read_hash(struct arena *arena, const bson_t *document, struct mongo_foreign_admin *admin)
{
	bson_iter_t iter, other;
	bson_subtype_t subtype;
	const uint8_t *bytes = NULL;
	const char *text = NULL;
	uint32_t size = 0;

	if (!find_field(document, "password_hash", "password", &iter))
		return;
	if (BSON_ITER_HOLDS_UTF8(&iter))
		text = arena_strdup(arena, bson_iter_utf8(&iter, NULL));
	else if (BSON_ITER_HOLDS_BINARY(&iter))
		bson_iter_binary(&iter, &subtype, &size, &bytes);
	if (bytes != NULL)
		text = arena_strndup(arena, (const char *)bytes, size);
	if (text == NULL || !is_hash(text))
		return;
	admin->hash = text;
	admin->hash_moves = bytes != NULL || bson_iter_init_find(&other, document, "password");
}

/* ---- Documents ---- */

/* Room for one more, all being zero. */
static void *grow(struct arena *arena, void *items, size_t size, size_t count)
{
	void *more;

	if ((count & (count - 1)) != 0) /* there is room up to the next power of two */
		return items;
	more = arena_alloc(arena, (count == 0 ? 1 : 2 * count) * size);
	if (more != NULL && count > 0)
		memcpy(more, items, count * size);
	return more;
}

/* What orgd wrote has a state and a version, the last that an adoption gives. */
static bool is_known(const bson_t *document)
{
	bson_iter_t iter;

	if (!bson_iter_init_find(&iter, document, "ver") || !bson_iter_init_find(&iter, document, "state") ||
	    !BSON_ITER_HOLDS_UTF8(&iter))
		return false;
	for (int state = MONGO_CREATING; state < MONGO_STATE_COUNT; state++)
		if (strcmp(bson_iter_utf8(&iter, NULL), mongo_state_word((enum mongo_state)state)) == 0)
			return true;
	return false;
}

static enum err read_org(void *context, const bson_t *document)
{
	struct mongo_adoption *adoption = context;
	struct arena *arena = &adoption->session.arena;
	struct mongo_foreign_org *org;
	bson_iter_t iter;

	adoption->orgs = grow(arena, adoption->orgs, sizeof(*org), adoption->org_count);
	if (adoption->orgs == NULL)
		return ERR_INTERNAL;
	org = &adoption->orgs[adoption->org_count++];
	org->id_text = mongo_text_id(arena, document);
	org->has_id = read_own_id(document, &org->id);
	org->has_admin_id = read_id(document, "admin_id", NULL, &org->admin_id);
	org->known = is_known(document);
	org->found_name = read_text(arena, document, "organization_name", "name");
	org->found_slug = read_text(arena, document, "slug", NULL);
	org->found_collection = read_text(arena, document, "collection_name", NULL);
	if (bson_iter_init_find(&iter, document, "coll_uuid"))
		mongo_uuid_read(&iter, &org->uuid);
	org->created_is_known = read_time(document, "created_at", &org->created_ms);
	if (!org->created_is_known && org->has_id) /* an ObjectId has one; a random one may say anything */
		org->created_ms = (int64_t)bson_oid_get_time_t(&org->id) * 1000;
	if (org->created_ms > clock_now_ms() && !org->created_is_known)
		org->created_ms = clock_now_ms();
	if (!read_time(document, "updated_at", &org->updated_ms) || org->updated_ms < org->created_ms)
		org->updated_ms = org->created_ms;
	if (org->known) {
		org->slug = org->found_slug;
		return ERR_OK;
	}
	if (org->found_name != NULL && org_name_normalize(arena, org->found_name, &org->name) != FAULT_NONE)
		org->name = NULL;
	return org->name != NULL ? slug_of_name(arena, org->name, &org->slug) : ERR_OK;
}

static enum err read_admin(void *context, const bson_t *document)
{
	struct mongo_adoption *adoption = context;
	struct arena *arena = &adoption->session.arena;
	struct mongo_foreign_admin *admin;

	adoption->admins = grow(arena, adoption->admins, sizeof(*admin), adoption->admin_count);
	if (adoption->admins == NULL)
		return ERR_INTERNAL;
	admin = &adoption->admins[adoption->admin_count++];
	admin->id_text = mongo_text_id(arena, document);
	admin->has_id = read_own_id(document, &admin->id);
	admin->has_org = read_id(document, "org_id", "organization_id", &admin->org);
	admin->found_email = read_text(arena, document, "email", NULL);
	if (admin->found_email != NULL && admin_email_normalize(arena, admin->found_email, &admin->email) != FAULT_NONE)
		admin->email = NULL;
	read_hash(arena, document, admin);
	return ERR_OK;
}

/* ---- All ---- */

static int compare_orgs(const void *a, const void *b)
{
	return bson_oid_compare(&((const struct mongo_foreign_org *)a)->id, &((const struct mongo_foreign_org *)b)->id);
}

static int compare_admins(const void *a, const void *b)
{
	return bson_oid_compare(&((const struct mongo_foreign_admin *)a)->id, &((const struct mongo_foreign_admin *)b)->id);
}

struct mongo_foreign_org *mongo_adopt_find_org(struct mongo_adoption *adoption, const bson_oid_t *id)
{
	const struct mongo_foreign_org key = {.id = *id};

	return adoption->org_count == 0 ? NULL : bsearch(&key, adoption->orgs, adoption->org_count, sizeof(key), compare_orgs);
}

struct mongo_foreign_admin *mongo_adopt_find_admin(struct mongo_adoption *adoption, const bson_oid_t *id)
{
	const struct mongo_foreign_admin key = {.id = *id};

	return adoption->admin_count == 0
		       ? NULL
		       : bsearch(&key, adoption->admins, adoption->admin_count, sizeof(key), compare_admins);
}

enum err mongo_adopt_read(struct mongo_adoption *adoption)
{
	struct mongo_session *session = &adoption->session;
	enum err err = mongo_find_each(session, mongo_collection_name(MONGO_ORGANIZATIONS), bson_new(), NULL, read_org,
				       adoption);

	if (err == ERR_OK)
		err = mongo_find_each(session, mongo_collection_name(MONGO_ADMINS), bson_new(), NULL, read_admin, adoption);
	if (err == ERR_OK)
		err = mongo_list(session, NULL, 0, &adoption->listing);
	if (err != ERR_OK)
		return err;
	if (adoption->org_count > 0)
		qsort(adoption->orgs, adoption->org_count, sizeof(*adoption->orgs), compare_orgs);
	if (adoption->admin_count > 0)
		qsort(adoption->admins, adoption->admin_count, sizeof(*adoption->admins), compare_admins);
	if (adoption->listing.count == 0 || adoption->listing.items[0].uuid.set)
		return ERR_OK;
	LOG(LOG_ERROR, "the server gives its collections no UUIDs: MongoDB 4.4 or newer is needed");
	return ERR_INVALID_REQUEST;
}
