/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_text.c: the model's rules of names and emails as SQL functions, for lists and checks. */
#include "base/arena.h"
#include "model/slug.h"
#include "store/sqlite_priv.h"

#define ARENA_CAP (1 << 20) /* for one value, which may have been written by hand */

/* A rule: what it makes of `text`, in the arena, or NULL. */
typedef const char *rule_fn(struct arena *arena, const char *text);

static const char *name_key(struct arena *arena, const char *text)
{
	const char *key = org_name_key(arena, text);

	return key != NULL ? key : text; /* what has none is sorted all the same */
}

static const char *name_normal(struct arena *arena, const char *text)
{
	const char *name;

	return org_name_normalize(arena, text, &name) == FAULT_NONE ? name : NULL;
}

static const char *name_slug(struct arena *arena, const char *text)
{
	const char *key = org_name_key(arena, text);
	char *slug = arena_alloc(arena, SLUG_MAX + 1);

	return key != NULL && slug != NULL && slug_derive(key, slug) == ERR_OK ? slug : NULL;
}

static const char *email_normal(struct arena *arena, const char *text)
{
	const char *email;

	return admin_email_normalize(arena, text, &email) == FAULT_NONE ? email : NULL;
}

static const struct rule {
	const char *name;
	rule_fn *apply;
} rules[] = {
	{"name_key", name_key},
	{"name_normal", name_normal},
	{"name_slug", name_slug},
	{"email_normal", email_normal},
};

static void call(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct rule *rule = sqlite3_user_data(context);
	const char *text = (const char *)sqlite3_value_text(values[0]);
	const char *result = NULL;
	struct arena arena;

	(void)count;
	arena_init(&arena, ARENA_CAP);
	if (text != NULL)
		result = rule->apply(&arena, text);
	sqlite3_result_text(context, result, -1, SQLITE_TRANSIENT); /* NULL is NULL */
	arena_fini(&arena);
}

enum err sqlite_text_add(sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < COUNT_OF(rules) && rc == SQLITE_OK; i++)
		rc = sqlite3_create_function_v2(db, rules[i].name, 1, flags, (void *)(uintptr_t)&rules[i], call,
						NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, "add functions");
}
