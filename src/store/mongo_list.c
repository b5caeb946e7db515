/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_list.c: what the operator looks at: pages of organizations, and the store itself.
 *
 * Names are compared by their keys, which the database does not have. So a page is made of all live
 * organizations, read once: about a second for 100,000 of them, and some 50 MB for as long as that takes.
 */
#include <stdlib.h>
#include <string.h>

#include "model/org.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

/* An organization, with what it is sorted by: these are compared in this order. */
struct row {
	struct org org;
	const char *key; /* of the name; "" if that is not asked for */
	int64_t created_ms;
};

struct list {
	struct mongo_session session;
	const struct store_query *query;
	const char *part; /* of a name's key */
	struct row after, *rows;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = strcmp(left->key, right->key);

	if (order == 0)
		order = (left->created_ms > right->created_ms) - (left->created_ms < right->created_ms);
	return order != 0 ? order : strcmp(left->org.slug, right->org.slug);
}

/* What has no key is sorted and searched all the same. */
static const char *key_of(struct arena *arena, const char *name)
{
	const char *key = org_name_key(arena, name);

	return key != NULL ? key : name;
}

static struct row make_row(struct list *list, const struct org *org)
{
	struct row row = {.org = *org, .key = ""};

	if (list->query->sort == STORE_SORT_NAME)
		row.key = key_of(&list->session.arena, org->name);
	else if (list->query->sort == STORE_SORT_CREATED)
		row.created_ms = org->created_ms;
	return row;
}

/* What cannot be read is left out: the check tells of it. */
static enum err take(void *context, const bson_t *document)
{
	struct list *list = context;
	struct arena *arena = &list->session.arena;
	struct mongo_org read;
	struct org org;
	struct row row;
	enum err err = mongo_org_read(document, arena, &read);

	if (err != ERR_OK)
		return ERR_OK;
	err = mongo_org_give(&read, arena, &org);
	if (err != ERR_OK)
		return err;
	if (list->part != NULL && strstr(key_of(arena, org.name), list->part) == NULL)
		return ERR_OK;
	row = make_row(list, &org);
	if (list->query->after != NULL && compare(&row, &list->after) <= 0)
		return ERR_OK;
	list->rows = arena_grow(arena, list->rows, sizeof(*list->rows), list->count);
	if (list->rows == NULL)
		return ERR_INTERNAL;
	list->rows[list->count++] = row;
	return ERR_OK;
}

static enum err give(const struct list *list, struct arena *arena, struct store_page *page_r)
{
	size_t count = list->count < list->query->limit ? list->count : list->query->limit;

	page_r->more = list->count > count;
	page_r->orgs = arena_alloc(arena, count * sizeof(*page_r->orgs) + 1);
	if (page_r->orgs == NULL)
		return ERR_INTERNAL;
	for (size_t i = 0; i < count; i++) {
		struct org *org = &page_r->orgs[page_r->count++];
		*org = list->rows[i].org;
		org->name = arena_strdup(arena, org->name);
		org->slug = arena_strdup(arena, org->slug);
		if (org->name == NULL || org->slug == NULL)
			return ERR_INTERNAL;
	}
	return ERR_OK;
}

static enum err read_list(struct list *list)
{
	bson_t *fields = BCON_NEW("projection", "{", "organization_name", BCON_INT32(1), "slug",
				  BCON_INT32(1), "admin_id", BCON_INT32(1), "created_at", BCON_INT32(1),
				  "updated_at", BCON_INT32(1), "}");
	enum err err;

	if (list->query->part != NULL)
		list->part = key_of(&list->session.arena, list->query->part);
	if (list->query->after != NULL)
		list->after = make_row(list, list->query->after);
	err = mongo_find_each(&list->session, mongo_collection_name(MONGO_ORGANIZATIONS), mongo_live_filter(),
			      fields, take, list);
	if (list->count > 0)
		qsort(list->rows, list->count, sizeof(*list->rows), compare);
	return err;
}

enum err mongo_org_list(void *impl, struct arena *arena, const struct store_query *query, struct store_page *page_r)
{
	struct list list = {.query = query};
	enum err err = mongo_begin(impl, &list.session);

	*page_r = (struct store_page){.count = 0};
	if (err != ERR_OK)
		return err;
	err = read_list(&list);
	if (err == ERR_OK)
		err = give(&list, arena, page_r);
	return mongo_end(&list.session, err);
}

/* ---- The store itself ---- */

static enum err read_software(struct mongo_session *session, struct arena *arena, struct store_info *info_r)
{
	bson_t *command = BCON_NEW("buildInfo", BCON_INT32(1)), reply;
	enum err err = mongo_ask(session, "admin", command, &reply);
	bson_iter_t iter;

	info_r->software = "?";
	if (err == ERR_OK && bson_iter_init_find(&iter, &reply, "ferretdbVersion") && BSON_ITER_HOLDS_UTF8(&iter))
		info_r->software = arena_printf(arena, "FerretDB %s", bson_iter_utf8(&iter, NULL));
	else if (err == ERR_OK && bson_iter_init_find(&iter, &reply, "version") && BSON_ITER_HOLDS_UTF8(&iter))
		info_r->software = arena_printf(arena, "MongoDB %s", bson_iter_utf8(&iter, NULL));
	bson_destroy(&reply);
	bson_destroy(command);
	return err;
}

static uint64_t number_in(const bson_t *reply, const char *key)
{
	bson_iter_t iter;
	int64_t number = bson_iter_init_find(&iter, reply, key) ? bson_iter_as_int64(&iter) : 0;

	return number > 0 ? (uint64_t)number : 0;
}

/* What it takes on disk; in memory, for a server that keeps nothing there. */
static enum err read_size(struct mongo_session *session, struct store_info *info_r)
{
	bson_t *command = BCON_NEW("dbStats", BCON_INT32(1)), reply;
	enum err err = mongo_ask(session, session->store->database, command, &reply);

	if (err == ERR_OK) {
		info_r->bytes = number_in(&reply, "storageSize");
		if (info_r->bytes == 0)
			info_r->bytes = number_in(&reply, "dataSize");
		info_r->bytes += number_in(&reply, "indexSize");
	}
	bson_destroy(&reply);
	bson_destroy(command);
	return err;
}

static enum err count_documents(struct mongo_session *session, struct store_info *info_r)
{
	struct mongo_listing listing;
	enum err err = mongo_list_prefix(session, ORG_COLLECTION_PREFIX, &listing);

	for (size_t i = 0; err == ERR_OK && i < listing.count; i++) {
		uint64_t count = 0;
		err = mongo_count_in(session, listing.items[i].name, &count);
		info_r->documents += count;
	}
	return err;
}

enum err mongo_info(void *impl, struct arena *arena, struct store_info *info_r)
{
	struct mongo *store = impl;
	struct mongo_session session;
	enum err err = mongo_begin(store, &session);

	if (err != ERR_OK)
		return err;
	*info_r = (struct store_info){.schema = MONGO_SCHEMA};
	info_r->place = arena_printf(arena, "%s/%s", store->hosts, store->database);
	err = read_software(&session, arena, info_r);
	if (err == ERR_OK)
		err = mongo_count(&session, MONGO_ORGANIZATIONS, mongo_live_filter(), &info_r->organizations);
	if (err == ERR_OK)
		err = mongo_count(&session, MONGO_ADMINS, bson_new(), &info_r->admins);
	if (err == ERR_OK)
		err = count_documents(&session, info_r);
	if (err == ERR_OK)
		err = read_size(&session, info_r);
	if (err == ERR_OK && (info_r->place == NULL || info_r->software == NULL))
		err = ERR_INTERNAL;
	return mongo_end(&session, err);
}
