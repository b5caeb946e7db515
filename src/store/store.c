/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: finds the store by its target's scheme, and checks that it is whole. */
#include "store/store.h"

#include <string.h>

#include "base/attr.h"
#include "base/log.h"
#include "model/slug.h"
#include "store/sqlite.h"

static const struct store_ops *const stores[] = {&sqlite_ops};

#define FINDING_ROW(name, word, text, mending) [STORE_FINDING_##name] = {word, text, mending},
static const struct store_finding_info findings[STORE_FINDING_COUNT] = {STORE_FINDING_LIST(FINDING_ROW)};

#define SORT_WORD(name, word) [STORE_SORT_##name] = word,
static const char *const sort_words[STORE_SORT_COUNT] = {STORE_SORT_LIST(SORT_WORD)};

const struct store_finding_info *store_finding_info(enum store_finding_kind kind)
{
	return &findings[kind];
}

const char *store_sort_word(enum store_sort sort)
{
	return sort_words[sort];
}

static const struct store_ops *find(const char *target)
{
	size_t scheme = strcspn(target, ":");

	for (size_t i = 0; i < COUNT_OF(stores); i++)
		if (strlen(stores[i]->name) == scheme && strncmp(stores[i]->name, target, scheme) == 0)
			return stores[i];
	return NULL;
}

enum err store_open(const struct store_options *options, struct store *store_r)
{
	const struct store_ops *ops = find(options->target);
	enum err err;

	*store_r = (struct store){.ops = NULL};
	if (ops == NULL) {
		LOG(LOG_ERROR, "no such kind of store", LOG_TEXT("store", options->target));
		return ERR_INVALID_REQUEST;
	}
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
