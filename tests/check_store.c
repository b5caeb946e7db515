/* SPDX-License-Identifier: Apache-2.0 */
/* check_store.c: what every store must do, written against the interface alone. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "store/store.h"
#include "support/suite.h"

#define THREADS 8

static char directory[64];
static char target[128];
static struct store store;
static struct arena arena;

/* A fresh store of the kind under test. */
static void set_up(void)
{
	const struct store_options options = {.target = target, .connections = THREADS};

	strcpy(directory, "/tmp/orgd-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(target, sizeof(target), "sqlite:%s/orgd.db", directory);
	ck_assert_int_eq(store_open(&options, &store), ERR_OK);
	arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
	static const char *const files[] = {"orgd.db", "orgd.db-wal", "orgd.db-shm", "backup", "strange"};
	char path[128];

	arena_fini(&arena);
	store_close(&store);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		remove(path);
	}
	remove(directory);
}

static struct account make_account(const char *name, const char *slug, const char *email)
{
	struct account account = {
		.org = {.name = name, .slug = slug, .created_ms = 1000, .updated_ms = 1000},
		.admin = {.email = email, .password_hash = "hash", .token_version = 1},
	};

	ck_assert_int_eq(rand_id(account.org.id), ERR_OK);
	ck_assert_int_eq(rand_id(account.admin.id), ERR_OK);
	memcpy(account.org.admin_id, account.admin.id, sizeof(account.admin.id));
	return account;
}

static struct account create(const char *name, const char *slug, const char *email)
{
	struct account account = make_account(name, slug, email);

	ck_assert_int_eq(store.ops->org_create(store.impl, &account, 0), ERR_OK);
	return account;
}

static enum err try_create(const char *name, const char *slug, const char *email, uint64_t max)
{
	struct account account = make_account(name, slug, email);

	return store.ops->org_create(store.impl, &account, max);
}

static struct tenant tenant_of(const struct account *account)
{
	struct tenant tenant = {.token_version = account->admin.token_version};

	memcpy(tenant.org_id, account->org.id, sizeof(tenant.org_id));
	memcpy(tenant.admin_id, account->admin.id, sizeof(tenant.admin_id));
	return tenant;
}

static enum err by_slug(const char *slug)
{
	struct org org;

	return store.ops->org_by_slug(store.impl, &arena, slug, &org);
}

static enum err by_email(const char *email)
{
	struct account account;

	return store.ops->account_by_email(store.impl, &arena, email, &account);
}

static enum err by_tenant(const struct tenant *tenant)
{
	struct account account;

	return store.ops->account_by_tenant(store.impl, &arena, tenant, &account);
}

static void assert_same(const struct account *a, const struct account *b)
{
	ck_assert_str_eq(a->org.id, b->org.id);
	ck_assert_str_eq(a->org.admin_id, b->org.admin_id);
	ck_assert_str_eq(a->org.name, b->org.name);
	ck_assert_str_eq(a->org.slug, b->org.slug);
	ck_assert_int_eq(a->org.created_ms, b->org.created_ms);
	ck_assert_int_eq(a->org.updated_ms, b->org.updated_ms);
	ck_assert_str_eq(a->admin.id, b->admin.id);
	ck_assert_str_eq(a->admin.email, b->admin.email);
	ck_assert_str_eq(a->admin.password_hash, b->admin.password_hash);
	ck_assert_int_eq(a->admin.token_version, b->admin.token_version);
}

START_TEST(created_is_found_by_every_way)
{
	struct account made = create("Acme", "acme", "a@x.org"), found;
	struct tenant tenant = tenant_of(&made);

	ck_assert_int_eq(store.ops->org_by_slug(store.impl, &arena, "acme", &found.org), ERR_OK);
	ck_assert_str_eq(found.org.id, made.org.id);
	ck_assert_int_eq(store.ops->account_by_email(store.impl, &arena, "a@x.org", &found), ERR_OK);
	assert_same(&made, &found);
	ck_assert_int_eq(store.ops->account_by_tenant(store.impl, &arena, &tenant, &found), ERR_OK);
	assert_same(&made, &found);
}
END_TEST

START_TEST(what_is_not_there_is_said_so)
{
	struct tenant nobody = {"0123456789abcdef01234567", "0123456789abcdef01234567", 1};
	const struct org_change change = {.name = "X", .slug = "x", .now_ms = 1};
	struct account account;

	ck_assert_int_eq(by_slug("none"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(by_email("none@x.org"), ERR_INVALID_CREDENTIALS);
	ck_assert_int_eq(by_tenant(&nobody), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &nobody, &change, &account), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &nobody), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->ping(store.impl), ERR_OK);
}
END_TEST

START_TEST(names_and_emails_are_unique)
{
	create("Acme", "acme", "a@x.org");
	ck_assert_int_eq(try_create("ACME", "acme", "b@x.org", 0), ERR_ORGANIZATION_EXISTS);
	ck_assert_int_eq(try_create("Other", "other", "a@x.org", 0), ERR_EMAIL_TAKEN);
	ck_assert_int_eq(try_create("ACME", "acme", "a@x.org", 0), ERR_ORGANIZATION_EXISTS);
	/* A refused create leaves nothing behind: what it named is free. */
	ck_assert_int_eq(by_slug("other"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(by_email("b@x.org"), ERR_INVALID_CREDENTIALS);
	create("Other", "other", "b@x.org");
}
END_TEST

START_TEST(check_free_says_what_create_would)
{
	const struct store_ops *ops = store.ops;

	create("Acme", "acme", "a@x.org");
	ck_assert_int_eq(ops->org_check_free(store.impl, "new", "n@x.org", 0), ERR_OK);
	ck_assert_int_eq(ops->org_check_free(store.impl, "acme", "a@x.org", 0), ERR_ORGANIZATION_EXISTS);
	ck_assert_int_eq(ops->org_check_free(store.impl, "new", "a@x.org", 0), ERR_EMAIL_TAKEN);
	ck_assert_int_eq(ops->org_check_free(store.impl, "acme", "a@x.org", 1), ERR_ORGANIZATION_LIMIT);
	ck_assert_int_eq(by_slug("new"), ERR_ORGANIZATION_NOT_FOUND);
}
END_TEST

START_TEST(the_limit_counts_what_exists)
{
	struct account first;
	struct tenant tenant;

	ck_assert_int_eq(try_create("One", "one", "1@x.org", 2), ERR_OK);
	first = create("Two", "two", "2@x.org");
	ck_assert_int_eq(try_create("Three", "three", "3@x.org", 2), ERR_ORGANIZATION_LIMIT);
	ck_assert_int_eq(try_create("One", "one", "3@x.org", 2), ERR_ORGANIZATION_LIMIT);
	tenant = tenant_of(&first);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_OK);
	ck_assert_int_eq(try_create("Three", "three", "3@x.org", 2), ERR_OK);
}
END_TEST

static struct account update(const struct account *account, const struct org_change *change)
{
	struct tenant tenant = tenant_of(account);
	struct account updated;

	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &tenant, change, &updated), ERR_OK);
	return updated;
}

START_TEST(a_rename_moves_name_and_slug_only)
{
	struct account made = create("Acme", "acme", "a@x.org");
	struct account now = update(&made, &(struct org_change){.name = "Zorn", .slug = "zorn", .now_ms = 2000});

	ck_assert_str_eq(now.org.name, "Zorn");
	ck_assert_str_eq(now.org.slug, "zorn");
	ck_assert_int_eq(now.org.updated_ms, 2000);
	ck_assert_int_eq(now.org.created_ms, 1000);
	ck_assert_str_eq(now.org.id, made.org.id);
	ck_assert_str_eq(now.admin.email, "a@x.org");
	ck_assert_int_eq(now.admin.token_version, 1);
	ck_assert_int_eq(by_slug("acme"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(by_slug("zorn"), ERR_OK);
	create("Acme", "acme", "b@x.org"); /* the old name is free */
}
END_TEST

START_TEST(email_and_password_raise_the_token_version)
{
	struct account made = create("Acme", "acme", "a@x.org");
	struct tenant old = tenant_of(&made);
	struct account now = update(&made, &(struct org_change){.email = "z@x.org", .now_ms = 2000});

	ck_assert_int_eq(now.admin.token_version, 2);
	ck_assert_str_eq(now.admin.email, "z@x.org");
	ck_assert_str_eq(now.admin.password_hash, "hash");
	ck_assert_int_eq(by_tenant(&old), ERR_INVALID_TOKEN);
	ck_assert_int_eq(by_email("a@x.org"), ERR_INVALID_CREDENTIALS);
	now = update(&now, &(struct org_change){.password_hash = "other", .now_ms = 3000});
	ck_assert_int_eq(now.admin.token_version, 3);
	ck_assert_str_eq(now.admin.password_hash, "other");
	ck_assert_str_eq(now.org.name, "Acme");
}
END_TEST

START_TEST(a_refused_update_changes_nothing)
{
	struct account made = create("Acme", "acme", "a@x.org"), now;
	struct tenant tenant = tenant_of(&made);
	const struct org_change taken_name = {"Zorn", "zorn", "new@x.org", "new", 2000};
	const struct org_change taken_email = {"New", "new", "z@x.org", "new", 2000};

	create("Zorn", "zorn", "z@x.org");
	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &tenant, &taken_name, &now),
			 ERR_ORGANIZATION_EXISTS);
	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &tenant, &taken_email, &now), ERR_EMAIL_TAKEN);
	ck_assert_int_eq(store.ops->account_by_tenant(store.impl, &arena, &tenant, &now), ERR_OK);
	assert_same(&made, &now);
}
END_TEST

START_TEST(a_stale_right_changes_nothing)
{
	struct account made = create("Acme", "acme", "a@x.org"), now;
	struct account other = create("Zorn", "zorn", "z@x.org");
	struct tenant mixed = tenant_of(&made), stale = tenant_of(&made);
	const struct org_change change = {.name = "X", .slug = "x", .now_ms = 2000};

	memcpy(mixed.admin_id, other.admin.id, sizeof(mixed.admin_id));
	update(&made, &(struct org_change){.password_hash = "other", .now_ms = 2000});
	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &stale, &change, &now), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &stale), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &mixed, &change, &now), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &mixed), ERR_INVALID_TOKEN);
	ck_assert_int_eq(by_slug("acme"), ERR_OK);
}
END_TEST

START_TEST(delete_takes_everything_and_frees_the_names)
{
	struct account made = create("Acme", "acme", "a@x.org"), again;
	struct tenant tenant = tenant_of(&made);

	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_OK);
	ck_assert_int_eq(by_slug("acme"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(by_email("a@x.org"), ERR_INVALID_CREDENTIALS);
	ck_assert_int_eq(by_tenant(&tenant), ERR_INVALID_TOKEN);
	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_INVALID_TOKEN);
	again = create("Acme", "acme", "a@x.org");
	ck_assert_str_ne(again.org.id, made.org.id);
	ck_assert_int_eq(by_tenant(&tenant), ERR_INVALID_TOKEN);
}
END_TEST

START_TEST(a_hash_is_renewed_only_over_the_old_one)
{
	struct account made = create("Acme", "acme", "a@x.org"), now;

	ck_assert_int_eq(store.ops->hash_renew(store.impl, made.admin.id, "wrong", "new"), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_email(store.impl, &arena, "a@x.org", &now), ERR_OK);
	ck_assert_str_eq(now.admin.password_hash, "hash");
	ck_assert_int_eq(store.ops->hash_renew(store.impl, made.admin.id, "hash", "new"), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_email(store.impl, &arena, "a@x.org", &now), ERR_OK);
	ck_assert_str_eq(now.admin.password_hash, "new");
	ck_assert_int_eq(now.admin.token_version, 1); /* the password is the same: tokens stay */
}
END_TEST

/* A race: THREADS threads do the same thing at once; how many were told that they did it. */
static pthread_barrier_t start;
static atomic_int winners;
static enum err (*contest)(int number);

static void *compete(void *argument)
{
	pthread_barrier_wait(&start);
	if (contest((int)(intptr_t)argument) == ERR_OK)
		atomic_fetch_add(&winners, 1);
	return NULL;
}

static int race(enum err (*one)(int number))
{
	pthread_t threads[THREADS];

	contest = one;
	atomic_store(&winners, 0);
	pthread_barrier_init(&start, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, compete, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return atomic_load(&winners);
}

static struct account shared;

static enum err create_one_name(int number)
{
	char email[32];

	snprintf(email, sizeof(email), "%d@x.org", number);
	return try_create("Race", "race", email, 0);
}

static enum err create_one_email(int number)
{
	char slug[32];

	snprintf(slug, sizeof(slug), "race-%d", number);
	return try_create(slug, slug, "race@x.org", 0);
}

static enum err create_below_limit(int number)
{
	char slug[32], email[32];

	snprintf(slug, sizeof(slug), "limit-%d", number);
	snprintf(email, sizeof(email), "limit%d@x.org", number);
	return try_create(slug, slug, email, 4);
}

static enum err change_password(int number)
{
	struct tenant tenant = tenant_of(&shared);
	struct account now;
	struct arena own;
	char hash[32];
	enum err err;

	snprintf(hash, sizeof(hash), "hash %d", number);
	arena_init(&own, 65536);
	err = store.ops->org_update(store.impl, &own, &tenant,
				    &(struct org_change){.password_hash = hash, .now_ms = 1}, &now);
	arena_fini(&own);
	return err;
}

static enum err delete_shared(int number)
{
	struct tenant tenant = tenant_of(&shared);

	(void)number;
	return store.ops->org_delete(store.impl, &tenant);
}

START_TEST(races_have_one_winner)
{
	ck_assert_int_eq(race(create_one_name), 1);
	ck_assert_int_eq(race(create_one_email), 1);
	ck_assert_int_eq(race(create_below_limit), 2); /* two exist by now */
	shared = create("Shared", "shared", "s@x.org");
	ck_assert_int_eq(race(change_password), 1);
	shared.admin.token_version = 2;
	ck_assert_int_eq(race(delete_shared), 1);
}
END_TEST

START_TEST(accounts_are_found_by_slug_and_id)
{
	struct account made = create("Acme", "acme", "a@x.org"), found;

	ck_assert_int_eq(store.ops->account_by_slug(store.impl, &arena, "acme", &found), ERR_OK);
	assert_same(&made, &found);
	ck_assert_int_eq(store.ops->account_by_id(store.impl, &arena, made.org.id, &found), ERR_OK);
	assert_same(&made, &found);
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

/* An empty file in the test's directory, or one with text in it. */
static char *make_file(const char *name, const char *text)
{
	char *path = arena_printf(&arena, "%s/%s", directory, name);
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
	ck_assert_int_eq(restore(make_file("strange", "root:x:0:0:root:/root:/bin/sh\n")), ERR_INVALID_REQUEST);
	ck_assert_int_eq(restore(make_file("strange", "")), ERR_INVALID_REQUEST);
	ck_assert_int_eq(restore("/nonexistent/backup"), ERR_INVALID_REQUEST);
	create("Acme", "acme", "a@x.org");
}
END_TEST

START_TEST(a_store_that_is_not_there_is_made_only_if_wanted)
{
	const struct store_options options = {.target = target, .connections = 1, .existing = true};

	create("Acme", "acme", "a@x.org");
	store_close(&store);
	ck_assert_int_eq(store_open(&options, &store), ERR_OK);
	ck_assert_int_eq(by_slug("acme"), ERR_OK);
	store_close(&store);
	snprintf(target, sizeof(target), "sqlite:%s/nothing", directory);
	ck_assert_int_eq(store_open(&options, &store), ERR_NOT_FOUND);
}
END_TEST

START_TEST(an_unknown_kind_is_refused)
{
	const struct store_options options = {.target = "postgres:x", .connections = 1};
	struct store none;

	ck_assert_int_eq(store_open(&options, &none), ERR_INVALID_REQUEST);
	store_close(&none);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		created_is_found_by_every_way, what_is_not_there_is_said_so, names_and_emails_are_unique,
		check_free_says_what_create_would, the_limit_counts_what_exists, a_rename_moves_name_and_slug_only,
		email_and_password_raise_the_token_version, a_refused_update_changes_nothing,
		a_stale_right_changes_nothing, delete_takes_everything_and_frees_the_names,
		a_hash_is_renewed_only_over_the_old_one, races_have_one_winner, an_unknown_kind_is_refused,
		accounts_are_found_by_slug_and_id, lists_are_sorted_filtered_and_paged, info_counts,
		check_finds_nothing_in_what_the_verbs_made, check_finds_and_mends_a_slug_that_is_not_the_names,
		a_backup_is_restored_into_an_empty_store_only, what_is_no_backup_is_not_restored,
		a_store_that_is_not_there_is_made_only_if_wanted,
	};
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("sqlite");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
