/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: finds the store by its target's scheme, and checks that it is whole. */
#include "store/store.h"

#include <string.h>

#include "base/attr.h"
#include "base/log.h"
#include "model/slug.h"
#include "store/module.h"
#include "store/sqlite.h"

/* By the scheme of the target: built in, or in a module of a package of its own. */
static const struct kind {
	const char *scheme;
	const struct store_ops *ops;
	const char *module, *package;
} kinds[] = {
	{"sqlite", &sqlite_ops, NULL, NULL},
	{"mongodb", NULL, "store_mongo", MONGO_PACKAGE},
	{"mongodb+srv", NULL, "store_mongo", MONGO_PACKAGE},
};

#define SORT_WORD(name, word) [STORE_SORT_##name] = word,
static const char *const sort_words[STORE_SORT_COUNT] = {STORE_SORT_LIST(SORT_WORD)};

const char *store_sort_word(enum store_sort sort)
{
	return sort_words[sort];
}

static enum err find(const struct store_options *options, const struct store_ops **ops_r)
{
	size_t size = strcspn(options->target, ":");

	for (const struct kind *kind = kinds; kind < kinds + COUNT_OF(kinds); kind++) {
		if (strlen(kind->scheme) != size || strncmp(kind->scheme, options->target, size) != 0)
			continue;
		if (kind->module != NULL)
			return module_load(options->module_dir, kind->module, kind->package, ops_r);
		*ops_r = kind->ops;
		return ERR_OK;
	}
	LOG(LOG_ERROR, "no such kind of store");
	return ERR_INVALID_REQUEST;
}

enum err store_open(const struct store_options *options, struct store *store_r)
{
	const struct store_ops *ops;
	enum err err = find(options, &ops);

	*store_r = (struct store){.ops = NULL};
	if (err == ERR_OK)
		err = ops->open(options, &store_r->impl);
	if (err == ERR_OK)
		store_r->ops = ops;
	return err;
}

enum err store_org_by_name(const struct store *store, struct arena *arena, const char *name,
			   struct org *org_r)
{
	const char *slug;
	enum err err = slug_of_name(arena, name, &slug);
	int same;

	if (err == ERR_OK)
		err = store->ops->org_by_slug(store->impl, arena, slug, org_r);
	if (err != ERR_OK)
		return err;
	same = org_name_same(arena, name, org_r->name);
	if (same < 0)
		return ERR_INTERNAL;
	return same ? ERR_OK : ERR_ORGANIZATION_NOT_FOUND;
}

void store_close(struct store *store)
{
	if (store->ops != NULL)
		store->ops->close(store->impl);
	store->ops = NULL;
}
