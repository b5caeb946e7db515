/* SPDX-License-Identifier: Apache-2.0 */
/* check_store.c: what every store must do for the service, written against the interface alone. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "support/store_world.h"

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
	memset(&found.org, 0, sizeof(found.org));
	ck_assert_int_eq(store.ops->org_by_tenant(store.impl, &arena, &tenant, &found.org), ERR_OK);
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

	made.admin.password_hash = "wrong";
	ck_assert_int_eq(store.ops->hash_renew(store.impl, &made, "new"), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_email(store.impl, &arena, "a@x.org", &now), ERR_OK);
	ck_assert_str_eq(now.admin.password_hash, "hash");
	ck_assert_int_eq(store.ops->hash_renew(store.impl, &now, "new"), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_email(store.impl, &arena, "a@x.org", &now), ERR_OK);
	ck_assert_str_eq(now.admin.password_hash, "new");
	ck_assert_int_eq(now.admin.token_version, 1); /* the password is the same: tokens stay */
}
END_TEST

/* A race: STORE_THREADS threads do the same thing at once; how many were told that they did it. */
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
	pthread_t threads[STORE_THREADS];

	contest = one;
	atomic_store(&winners, 0);
	pthread_barrier_init(&start, NULL, STORE_THREADS);
	for (intptr_t i = 0; i < STORE_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, compete, (void *)i), 0);
	for (int i = 0; i < STORE_THREADS; i++)
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
		check_free_says_what_create_would, the_limit_counts_what_exists,
		a_rename_moves_name_and_slug_only, email_and_password_raise_the_token_version,
		a_refused_update_changes_nothing, a_stale_right_changes_nothing,
		delete_takes_everything_and_frees_the_names, a_hash_is_renewed_only_over_the_old_one,
		races_have_one_winner, an_unknown_kind_is_refused,
	};

	return store_suite_run("store", tests, COUNT_OF(tests));
}
