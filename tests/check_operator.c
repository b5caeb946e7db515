/* SPDX-License-Identifier: Apache-2.0 */
/* check_operator.c: what every store must do for the operator: lists, checks, backups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/store_world.h"

START_TEST(accounts_are_found_by_slug_and_id)
{
	struct account made = create("Acme", "acme", "a@x.org"), found;

	ck_assert_int_eq(store.ops->account_by_slug(store.impl, &arena, "acme", &found), ERR_OK);
	assert_same(&made, &found);
	ck_assert_int_eq(store.ops->account_by_id(store.impl, &arena, made.org.id, &found), ERR_OK);
	assert_same(&made, &found);
	found.org.slug = NULL;
	ck_assert_int_eq(store.ops->org_by_id(store.impl, &arena, made.org.id, &found.org), ERR_OK);
	ck_assert_str_eq(found.org.slug, "acme");
	ck_assert_int_eq(store.ops->org_by_id(store.impl, &arena, made.admin.id, &found.org),
			 ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(store.ops->account_by_slug(store.impl, &arena, "none", &found), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(store.ops->admin_create(store.impl, made.org.id, &found.admin), ERR_EMAIL_TAKEN);
	ck_assert_int_eq(store.ops->account_by_id(store.impl, &arena, made.admin.id, &found),
			 ERR_ORGANIZATION_NOT_FOUND);
}
END_TEST

/* The slugs of a list, in one string, page by page of `limit`. */
static const char *list(enum store_sort sort, const char *part, size_t limit)
{
	struct store_query query = {.part = part, .sort = sort, .limit = limit};
	const char *slugs = "";
	struct store_page page;
	struct org last;

	do {
		ck_assert_int_eq(store.ops->org_list(store.impl, &arena, &query, &page), ERR_OK);
		ck_assert_uint_le(page.count, limit);
		ck_assert(!page.more || page.count == limit);
		for (size_t i = 0; i < page.count; i++)
			slugs = arena_printf(&arena, "%s%s ", slugs, page.orgs[i].slug);
		if (page.count > 0)
			last = page.orgs[page.count - 1];
		query.after = &last;
	} while (page.more);
	return slugs;
}

static void create_at(const char *name, const char *slug, const char *email, int64_t ms)
{
	struct account account = make_account(name, slug, email);

	account.org.created_ms = ms;
	ck_assert_int_eq(store.ops->org_create(store.impl, &account, 0), ERR_OK);
}

START_TEST(lists_are_sorted_filtered_and_paged)
{
	ck_assert_str_eq(list(STORE_SORT_NAME, NULL, 2), "");
	create_at("beta", "a", "1@x.org", 30);
	create_at("Alpha", "b", "2@x.org", 20);
	create_at("Stra\xc3\x9f" "e 50%", "c", "3@x.org", 10);
	create_at("GAMMA alpha", "d", "4@x.org", 20);
	for (size_t limit = 1; limit <= 5; limit++) {
		ck_assert_str_eq(list(STORE_SORT_NAME, NULL, limit), "b a d c ");
		ck_assert_str_eq(list(STORE_SORT_CREATED, NULL, limit), "c b d a ");
		ck_assert_str_eq(list(STORE_SORT_SLUG, NULL, limit), "a b c d ");
		ck_assert_str_eq(list(STORE_SORT_SLUG, "ALPHA", limit), "b d ");
	}
	ck_assert_str_eq(list(STORE_SORT_NAME, "STRASSE", 5), "c ");
	ck_assert_str_eq(list(STORE_SORT_NAME, "%", 5), "c ");
	ck_assert_str_eq(list(STORE_SORT_NAME, "nobody", 5), "");
}
END_TEST

START_TEST(info_counts)
{
	struct store_info info;

	create("Acme", "acme", "a@x.org");
	create("Zorn", "zorn", "z@x.org");
	ck_assert_int_eq(store.ops->info(store.impl, &arena, &info), ERR_OK);
	ck_assert_uint_eq(info.organizations, 2);
	ck_assert_uint_eq(info.admins, 2);
	ck_assert_uint_eq(info.documents, 0);
	ck_assert_uint_gt(info.bytes, 0);
	ck_assert(info.schema > 0 && info.software != NULL && info.place != NULL);
}
END_TEST

static void count_finding(void *context, const struct store_finding *finding)
{
	ck_assert(finding->subject != NULL && finding->detail != NULL);
	++*(int *)context;
}

static int check(bool repair)
{
	int count = 0;

	ck_assert_int_eq(store.ops->check(store.impl, repair, count_finding, &count), ERR_OK);
	return count;
}

START_TEST(check_finds_nothing_in_what_the_verbs_made)
{
	struct account made = create("Acme", "acme", "a@x.org");
	struct tenant tenant;

	create("Zorn", "zorn", "z@x.org");
	made = update(&made, &(struct org_change){"Mint", "mint", "m@x.org", "new", 2000});
	ck_assert_int_eq(check(false), 0);
	ck_assert_int_eq(check(true), 0);
	tenant = tenant_of(&made);
	ck_assert_int_eq(by_tenant(&tenant), ERR_OK);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_OK);
	ck_assert_int_eq(check(false), 0);
}
END_TEST

START_TEST(check_finds_and_mends_a_slug_that_is_not_the_names)
{
	create("Acme", "other", "a@x.org");
	ck_assert_int_eq(check(false), 1);
	ck_assert_int_eq(by_slug("other"), ERR_OK);
	ck_assert_int_eq(check(true), 1);
	ck_assert_int_eq(by_slug("acme"), ERR_OK);
	ck_assert_int_eq(check(false), 0);
}
END_TEST

static void no_progress(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	ck_assert_uint_le(done, total);
}

/* An empty file in the test's store_directory, or one with text in it. */
static char *make_file(const char *name, const char *text)
{
	char *path = arena_printf(&arena, "%s/%s", store_directory, name);
	FILE *file = fopen(path, "w");

	ck_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
	return path;
}

static enum err restore(const char *path)
{
	return store.ops->restore(store.impl, path, no_progress, NULL);
}

START_TEST(a_backup_is_restored_into_an_empty_store_only)
{
	struct account made = create("Acme", "acme", "a@x.org"), found;
	struct tenant tenant = tenant_of(&made);
	char *path = make_file("backup", "");

	if (store.ops->backup == NULL)
		return; /* copied by orgctl instead: tests/system/mongo_backup_test.py */
	ck_assert_int_eq(store.ops->backup(store.impl, path, no_progress, NULL), ERR_OK);
	ck_assert_int_eq(restore(path), ERR_ORGANIZATION_EXISTS);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_OK);
	ck_assert_int_eq(restore(path), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_tenant(store.impl, &arena, &tenant, &found), ERR_OK);
	assert_same(&made, &found);
	ck_assert_int_eq(check(false), 0);
}
END_TEST

START_TEST(what_is_no_backup_is_not_restored)
{
	if (store.ops->restore == NULL)
		return;
	ck_assert_int_eq(restore(make_file("strange", "root:x:0:0:root:/root:/bin/sh\n")), ERR_INVALID_REQUEST);
	ck_assert_int_eq(restore(make_file("strange", "")), ERR_INVALID_REQUEST);
	ck_assert_int_eq(restore("/nonexistent/backup"), ERR_INVALID_REQUEST);
	create("Acme", "acme", "a@x.org");
}
END_TEST

START_TEST(a_store_that_is_not_there_is_made_only_if_wanted)
{
	const struct store_options options = {
		.target = store_target,
		.module_dir = getenv("ORGD_MODULE_DIR"),
		.connections = 1,
		.existing = true,
	};

	create("Acme", "acme", "a@x.org");
	store_close(&store);
	ck_assert_int_eq(store_open(&options, &store), ERR_OK);
	ck_assert_int_eq(by_slug("acme"), ERR_OK);
	store_close(&store);
	snprintf(store_target, sizeof(store_target), "sqlite:%s/nothing", store_directory);
	ck_assert_int_eq(store_open(&options, &store), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		accounts_are_found_by_slug_and_id, lists_are_sorted_filtered_and_paged, info_counts,
		check_finds_nothing_in_what_the_verbs_made,
		check_finds_and_mends_a_slug_that_is_not_the_names,
		a_backup_is_restored_into_an_empty_store_only, what_is_no_backup_is_not_restored,
		a_store_that_is_not_there_is_made_only_if_wanted,
	};

	return store_suite_run("operator", tests, COUNT_OF(tests));
}
