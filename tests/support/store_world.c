/* SPDX-License-Identifier: Apache-2.0 */
/* store_world.c: a fresh store for each test, and short ways to ask it. */
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"

char store_directory[64];
char store_target[512];
struct store store;
struct arena arena;

static void open_target(void)
{
	const struct store_options options = {
		.target = store_target,
		.module_dir = getenv("ORGD_MODULE_DIR"),
		.connections = STORE_THREADS,
	};

	ck_assert_int_eq(store_open(&options, &store), ERR_OK);
	arena_init(&arena, 1 << 20);
}

static void make_directory(void)
{
	strcpy(store_directory, "/tmp/orgd-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(store_directory));
}

static void set_up_sqlite(void)
{
	make_directory();
	snprintf(store_target, sizeof(store_target), "sqlite:%s/orgd.db", store_directory);
	open_target();
}

/* A database of its own for each test, on the server that the environment names. */
static void set_up_mongodb(void)
{
	const char *uri = getenv("ORGD_TEST_MONGO_URI"), *host = strstr(uri, "://") + 3;
	size_t size = (size_t)(host - uri) + strcspn(host, "/?");
	const char *options = strchr(uri, '?');
	char id[RAND_ID_SIZE];

	make_directory();
	ck_assert_int_eq(rand_id(id), ERR_OK);
	snprintf(store_target, sizeof(store_target), "%.*s/orgd_check_%.8s%s", (int)size, uri, id,
		 options != NULL ? options : "");
	open_target();
}

static void tear_down(void)
{
	static const char *const files[] = {"orgd.db", "orgd.db-wal", "orgd.db-shm", "backup", "strange"};
	char path[128];

	arena_fini(&arena);
	store_close(&store);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", store_directory, files[i]);
		remove(path);
	}
	remove(store_directory);
}

struct account make_account(const char *name, const char *slug, const char *email)
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

struct account create(const char *name, const char *slug, const char *email)
{
	struct account account = make_account(name, slug, email);

	ck_assert_int_eq(store.ops->org_create(store.impl, &account, 0), ERR_OK);
	return account;
}

enum err try_create(const char *name, const char *slug, const char *email, uint64_t max)
{
	struct account account = make_account(name, slug, email);

	return store.ops->org_create(store.impl, &account, max);
}

struct tenant tenant_of(const struct account *account)
{
	struct tenant tenant = {.token_version = account->admin.token_version};

	memcpy(tenant.org_id, account->org.id, sizeof(tenant.org_id));
	memcpy(tenant.admin_id, account->admin.id, sizeof(tenant.admin_id));
	return tenant;
}

enum err by_slug(const char *slug)
{
	struct org org;

	return store.ops->org_by_slug(store.impl, &arena, slug, &org);
}

enum err by_email(const char *email)
{
	struct account account;

	return store.ops->account_by_email(store.impl, &arena, email, &account);
}

enum err by_tenant(const struct tenant *tenant)
{
	struct account account;
	struct org org;
	enum err err = store.ops->account_by_tenant(store.impl, &arena, tenant, &account);

	ck_assert_int_eq(store.ops->org_by_tenant(store.impl, &arena, tenant, &org), err);
	if (err == ERR_OK)
		ck_assert_str_eq(org.id, account.org.id);
	return err;
}

void assert_same(const struct account *a, const struct account *b)
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

struct account update(const struct account *account, const struct org_change *change)
{
	struct tenant tenant = tenant_of(account);
	struct account updated;

	ck_assert_int_eq(store.ops->org_update(store.impl, &arena, &tenant, change, &updated), ERR_OK);
	return updated;
}

static void add_case(Suite *suite, const char *name, SFun set_up, const TTest *const *tests, size_t count)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
}

int store_suite_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);

	add_case(suite, "sqlite", set_up_sqlite, tests, count);
	if (getenv("ORGD_TEST_MONGO_URI") != NULL)
		add_case(suite, "mongodb", set_up_mongodb, tests, count);
	return suite_run(suite);
}
