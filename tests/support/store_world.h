/* SPDX-License-Identifier: Apache-2.0 */
/* store_world.h: what the suites of the store share; written against its interface alone. */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "store/store.h"
#include "support/suite.h"

#define STORE_THREADS 8 /* most callers at once */

/*
 * The store under test, fresh for each test, where it lies, and an arena for what it gives. It is SQLite,
 * and MongoDB too where ORGD_TEST_MONGO_URI names a server: databases orgd_check_*, which stay.
 */
extern char store_directory[64];
extern char store_target[512];
extern struct store store;
extern struct arena arena;

/* make_account(name, slug, email): one with new ids, not in the store yet. */
struct account make_account(const char *name, const char *slug, const char *email);

/* create(...): puts one into the store, which must take it. try_create(...): tells what org_create said. */
struct account create(const char *name, const char *slug, const char *email);
enum err try_create(const char *name, const char *slug, const char *email, uint64_t max);

/* tenant_of(account): the right to act on it. */
struct tenant tenant_of(const struct account *account);

/* update(account, change): the account after a change that the store must make. */
struct account update(const struct account *account, const struct org_change *change);

/* by_slug(slug), by_email(email), by_tenant(tenant): what looking it up gives. */
enum err by_slug(const char *slug);
enum err by_email(const char *email);
enum err by_tenant(const struct tenant *tenant);

/* assert_same(a, b): every member is equal. */
void assert_same(const struct account *a, const struct account *b);

/* store_suite_run(name, tests, count): runs them, each on a fresh store; main's exit status. */
int store_suite_run(const char *name, const TTest *const *tests, size_t count);

#endif
