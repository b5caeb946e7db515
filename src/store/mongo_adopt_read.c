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
	return BSON_ITER_HOLDS_UTF8(&iter) && mongo_id_parse(bson_iter_utf8(&iter, NULL), id_r);
}

/* ---- Times ---- */

#define SECONDS_MOST 1e11 /* more are milliseconds: as those this is the year 1973, as seconds 5138 */
#define MINUTE_MS INT64_C(60000)

/* How far the zone is ahead of UTC, and perhaps its name in parentheses. */
static bool parse_zone(const char *text, int64_t *ms_r)
{
	unsigned hours, minutes = 0;
	int end = 0;

	text += *text == ' ';
	if (strncmp(text, "GMT", 3) == 0 || strncmp(text, "UTC", 3) == 0)
		text += 3;
	if (*text == '\0' || strcmp(text, "Z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2u%n", &hours, &end) != 1 || end != 2)
		return false;
	*ms_r -= (*text == '-' ? -1 : 1) * (int64_t)hours * 60 * MINUTE_MS;
	end = 3 + (text[3] == ':');
	*ms_r -= sscanf(text + end, "%2u", &minutes) == 1 ? (*text == '-' ? -1 : 1) * (int64_t)minutes * MINUTE_MS : 0;
	text += end + strspn(text + end, "0123456789");
	return *text == '\0' || strncmp(text, " (", 2) == 0;
}

/* What follows the seconds: a fraction, and the zone. */
static bool parse_rest(const char *text, int64_t *ms_r)
{
	if (*text == '.') {
		*ms_r += (int64_t)(strtod(text, NULL) * 1000);
		text += 1 + strspn(text + 1, "0123456789");
	}
	return parse_zone(text, ms_r);
}

/* The longer before what they begin with. */
static bool parse_time(const char *text, int64_t *ms_r)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",    "%a, %d %b %Y %H:%M:%S",
					      "%a %b %d %Y %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		struct tm parts = {.tm_mday = 0};
		const char *rest = strptime(text, formats[i], &parts);
		int day = parts.tm_mday;
		if (rest == NULL)
			continue;
		*ms_r = (int64_t)timegm(&parts) * 1000;
		if (parts.tm_mday == day && parse_rest(rest, ms_r)) /* else there is no such day */
			return true;
	}
	return false;
}

/* Seconds or milliseconds since 1970. */
static bool read_number(double number, int64_t *ms_r)
{
	if (!(number > 0 && number < SECONDS_MOST * 1000))
		return false;
	*ms_r = (int64_t)(number < SECONDS_MOST ? number * 1000 : number);
	return true;
}

/* False when there is none, or, *unusable_r, one that cannot be read. */
static bool read_time(const bson_t *document, const char *field, int64_t *ms_r, bool *unusable_r)
{
	bson_iter_t iter;
	uint32_t seconds, number;
	bool done;

	*unusable_r = false;
	if (!find_field(document, field, NULL, &iter))
		return false;
	if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
		*ms_r = bson_iter_date_time(&iter);
		return true;
	}
	if (BSON_ITER_HOLDS_TIMESTAMP(&iter)) {
		bson_iter_timestamp(&iter, &seconds, &number);
		*ms_r = (int64_t)seconds * 1000;
		return true;
	}
	if (BSON_ITER_HOLDS_UTF8(&iter))
		done = parse_time(bson_iter_utf8(&iter, NULL), ms_r);
	else
		done = BSON_ITER_HOLDS_NUMBER(&iter) && read_number(bson_iter_as_double(&iter), ms_r);
	*unusable_r = !done;
	return done;
}

/* ---- Hashes ---- */

/* bcrypt's modular crypt format: "$2b$12$" and 53 characters; the cost is 04 to 31. */
static bool is_hash(const char *text)
{
	static const char digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	return strlen(text) == 60 && strncmp(text, "$2", 2) == 0 && strchr("aby", text[2]) != NULL && text[3] == '$' &&
	       strspn(text + 4, "0123456789") == 2 && text[6] == '$' && strncmp(text + 4, "04", 2) >= 0 &&
	       strncmp(text + 4, "31", 2) <= 0 && strspn(text + 7, digits) == 53;
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

/* What orgd wrote has a state and a version, the last that an adoption gives. */
static bool is_known(const bson_t *document)
{
	bson_iter_t iter;

	return bson_iter_init_find(&iter, document, "ver") && bson_iter_init_find(&iter, document, "state") &&
	       BSON_ITER_HOLDS_UTF8(&iter) && mongo_state_of(bson_iter_utf8(&iter, NULL)) != MONGO_NO_STATE;
}

/* A time of creation that is not there is that of the id, which may be a random one and say anything. */
static void read_times(const bson_t *document, struct mongo_foreign_org *org)
{
	bool unusable;

	org->created_is_known = read_time(document, "created_at", &org->created_ms, &org->created_unusable);
	if (!org->created_is_known && org->has_id)
		org->created_ms = (int64_t)bson_oid_get_time_t(&org->id) * 1000;
	if (org->created_ms > clock_now_ms() && !org->created_is_known)
		org->created_ms = clock_now_ms();
	if (!read_time(document, "updated_at", &org->updated_ms, &unusable) || org->updated_ms < org->created_ms)
		org->updated_ms = org->created_ms;
}

static enum err read_org(void *context, const bson_t *document)
{
	struct mongo_adoption *adoption = context;
	struct arena *arena = &adoption->session.arena;
	struct mongo_foreign_org *org;
	bson_iter_t iter;

	adoption->orgs = arena_grow(arena, adoption->orgs, sizeof(*org), adoption->org_count);
	if (adoption->orgs == NULL)
		return ERR_INTERNAL;
	org = &adoption->orgs[adoption->org_count++];
	org->id_text = mongo_text_id(arena, document);
	org->has_id = mongo_own_id(document, &org->id);
	org->has_admin_id = read_id(document, "admin_id", NULL, &org->admin_id);
	org->known = is_known(document);
	org->found_name = read_text(arena, document, "organization_name", "name");
	org->name_moves = !find_field(document, "organization_name", NULL, &iter);
	org->found_slug = read_text(arena, document, "slug", NULL);
	org->found_collection = read_text(arena, document, "collection_name", NULL);
	if (bson_iter_init_find(&iter, document, "coll_uuid"))
		mongo_uuid_read(&iter, &org->uuid);
	read_times(document, org);
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

	adoption->admins = arena_grow(arena, adoption->admins, sizeof(*admin), adoption->admin_count);
	if (adoption->admins == NULL)
		return ERR_INTERNAL;
	admin = &adoption->admins[adoption->admin_count++];
	admin->id_text = mongo_text_id(arena, document);
	admin->has_id = mongo_own_id(document, &admin->id);
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
	return bson_oid_compare(&((const struct mongo_foreign_admin *)a)->id,
				&((const struct mongo_foreign_admin *)b)->id);
}

struct mongo_foreign_org *mongo_adopt_find_org(struct mongo_adoption *adoption, const bson_oid_t *id)
{
	const struct mongo_foreign_org key = {.id = *id};

	return adoption->org_count == 0
		       ? NULL
		       : bsearch(&key, adoption->orgs, adoption->org_count, sizeof(key), compare_orgs);
}

struct mongo_foreign_admin *mongo_adopt_find_admin(struct mongo_adoption *adoption, const bson_oid_t *id)
{
	const struct mongo_foreign_admin key = {.id = *id};

	return adoption->admin_count == 0
		       ? NULL
		       : bsearch(&key, adoption->admins, adoption->admin_count, sizeof(key), compare_admins);
}

/* Views are listed too, and have no UUIDs anywhere. */
static enum err read_listing(struct mongo_adoption *adoption)
{
	const struct mongo_listed *orgs =
		mongo_listed_at(&adoption->listing, mongo_collection_name(MONGO_ORGANIZATIONS));

	if (orgs == NULL || orgs->uuid.set)
		return ERR_OK;
	LOG(LOG_ERROR, "the server gives its collections no UUIDs: MongoDB 4.4 or newer is needed");
	return ERR_INVALID_REQUEST;
}

enum err mongo_adopt_read(struct mongo_adoption *adoption)
{
	struct mongo_session *session = &adoption->session;
	enum err err = mongo_find_each(session, mongo_collection_name(MONGO_ORGANIZATIONS), bson_new(), NULL, read_org,
				       adoption);

	if (err == ERR_OK)
		err = mongo_find_each(session, mongo_collection_name(MONGO_ADMINS), bson_new(), NULL,
				      read_admin, adoption);
	if (err == ERR_OK)
		err = mongo_list(session, NULL, 0, &adoption->listing);
	if (err != ERR_OK)
		return err;
	if (adoption->org_count > 0)
		qsort(adoption->orgs, adoption->org_count, sizeof(*adoption->orgs), compare_orgs);
	if (adoption->admin_count > 0)
		qsort(adoption->admins, adoption->admin_count, sizeof(*adoption->admins), compare_admins);
	return read_listing(adoption);
}
