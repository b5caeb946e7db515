/* SPDX-License-Identifier: Apache-2.0 */
/* check_password.c: passwords, and the threads that hash them. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/hasher.h"
#include "auth/password.h"
#include "support/suite.h"

#define A72 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct password_space *space;

static void begin(void)
{
	space = password_space_new();
	ck_assert_ptr_nonnull(space);
}

static void end(void)
{
	password_space_free(space);
}

/* Hashes made elsewhere: vectors of crypt_blowfish and of passlib. */
static const struct {
	const char *password, *hash;
	bool matches;
} hashes[] = {
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", true},
	{"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", true},
	{"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", true},
	{"\xff\xff\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", true},
	{"\xff\xff\xa3", "$2a$05$/OK.fbVrR/bpIqNJ5ianF.nqd1wy.pTMdcvrRWxyiGL2eMz.2a85.", true},
	{"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", true},
	{"password", "$2b$12$bIRGj4QPPoSUMWsJE.4Pk.T1qTpDWz7HhMnuiQhGzGinKPsx/HQdq", true},
	{"password", "$2y$12$hXUrnqdq1RIIYZ2HPytIIe5lXdIvbhqrTvdPsSF7o.jFh817Z6lwm", true},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX", false},
	{"U*V", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"u*u", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"U*U", "$2a$06$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"\xa3", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", false}, /* the broken kind */
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", false},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW", false},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCC:CCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.", false},
	{"U*U", "", false},
	{"U*U", "*0", false},
	{"U*U", "*1", false},
	{"*0", "*0", false},
	{"U*U", "U*U", false},
	{"", "$2a$16$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", false},
	{"", "$2a$31$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", false}, /* would take weeks */
};

START_TEST(test_matches)
{
	begin();
	ck_assert_msg(password_matches(space, hashes[_i].password, hashes[_i].hash) == hashes[_i].matches,
		      "\"%s\" and %s", hashes[_i].password, hashes[_i].hash);
	end();
}
END_TEST

#define SALTED "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

static const struct {
	const char *hash;
	unsigned cost;
} costs[] = {
	{"$2b$04$" SALTED, 4},
	{"$2b$09$" SALTED, 9},
	{"$2b$10$" SALTED, 10},
	{"$2a$12$" SALTED, 12},
	{"$2y$15$" SALTED, 15},
	{"$2b$16$" SALTED, 0},
	{"$2b$31$" SALTED, 0},
	{"$2b$99$" SALTED, 0},
	{"$2b$03$" SALTED, 0},
	{"$2b$00$" SALTED, 0},
	{"$2b$1a$" SALTED, 0},
	{"$2b$a1$" SALTED, 0},
	{"$2b$ 5$" SALTED, 0},
	{"$2b$-5$" SALTED, 0},
	{"$2b$1/$" SALTED, 0},
	{"$2b$1:$" SALTED, 0},
	{"$2x$12$" SALTED, 0},
	{"$2B$12$" SALTED, 0},
	{"$3b$12$" SALTED, 0},
	{"$2b.12$" SALTED, 0},
	{"$2b$12." SALTED, 0},
	{"_2b$12$" SALTED, 0},
	{"$2$012$" SALTED, 0},
	{"$2b$12$" SALTED "W", 0},
	{"$2b$12$", 0},
	{"$2b$", 0},
	{"$2", 0},
	{"", 0},
	{"*0", 0},
	{"$6$rounds=5000$abc$def", 0},
};

START_TEST(test_cost)
{
	ck_assert_msg(password_cost(costs[_i].hash) == costs[_i].cost, "%s", costs[_i].hash);
}
END_TEST

START_TEST(test_hash_has_its_form)
{
	char one[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];

	begin();
	ck_assert_int_eq(password_hash(space, "gT5-kq9x", 4, one), ERR_OK);
	ck_assert_int_eq(password_hash(space, "gT5-kq9x", 5, other), ERR_OK);
	ck_assert_uint_eq(strnlen(one, sizeof(one)), 60);
	ck_assert_int_eq(strncmp(one, "$2b$04$", 7), 0);
	ck_assert_int_eq(strncmp(other, "$2b$05$", 7), 0);
	ck_assert_uint_eq(strspn(one + 7, "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
			  53);
	ck_assert_int_ne(strncmp(one + 7, other + 7, 22), 0);
	ck_assert(password_matches(space, "gT5-kq9x", one));
	ck_assert(!password_matches(space, "gT5-kq9X", one));
	ck_assert(!password_matches(space, "gT5-kq9", one));
	ck_assert(!password_matches(space, "gT5-kq9x ", one));
	end();
}
END_TEST

START_TEST(test_salts_differ)
{
	char made[8][PASSWORD_HASH_SIZE];

	begin();
	for (size_t i = 0; i < COUNT_OF(made); i++) {
		ck_assert_int_eq(password_hash(space, "gT5-kq9x", 4, made[i]), ERR_OK);
		for (size_t j = 0; j < i; j++)
			ck_assert_int_ne(strncmp(made[i], made[j], 29), 0);
	}
	end();
}
END_TEST

START_TEST(test_all_of_72_bytes_count)
{
	char hash[PASSWORD_HASH_SIZE];
	char password[] = A72;

	begin();
	ck_assert_int_eq(password_hash(space, A72, 4, hash), ERR_OK);
	ck_assert(password_matches(space, A72, hash));
	password[71] = 'b';
	ck_assert(!password_matches(space, password, hash));
	password[71] = '\0';
	ck_assert(!password_matches(space, password, hash));
	end();
}
END_TEST

START_TEST(test_what_crypt_refuses)
{
	char hash[PASSWORD_HASH_SIZE];
	char password[513];

	memset(password, 'a', sizeof(password));
	password[512] = '\0';
	begin();
	ck_assert_int_eq(password_hash(space, password, 4, hash), ERR_INTERNAL);
	ck_assert(!password_matches(space, password, "$2b$04$" SALTED));
	ck_assert_int_eq(password_hash(space, "gT5-kq9x", 3, hash), ERR_INTERNAL);
	ck_assert_int_eq(password_hash(space, "gT5-kq9x", 32, hash), ERR_INTERNAL);
	password_space_free(NULL);
	end();
}
END_TEST

/* hasher */

static struct hasher *new_hasher(unsigned threads, unsigned queue)
{
	struct hasher *hasher = hasher_new(threads, queue, 4);

	ck_assert_ptr_nonnull(hasher);
	return hasher;
}

START_TEST(test_queue_is_bounded)
{
	struct hasher *hasher = new_hasher(1, 3);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(hasher_enter(hasher), ERR_OK);
		ck_assert_int_eq(hasher_enter(hasher), ERR_OVERLOADED);
		ck_assert_int_eq(hasher_enter(hasher), ERR_OVERLOADED);
		hasher_leave(hasher);
		ck_assert_int_eq(hasher_enter(hasher), ERR_OK);
		ck_assert_int_eq(hasher_enter(hasher), ERR_OVERLOADED);
		for (int i = 0; i < 3; i++)
			hasher_leave(hasher);
	}
	hasher_free(hasher);
}
END_TEST

START_TEST(test_hasher_hashes)
{
	struct hasher *hasher = new_hasher(1, 1);
	char hash[PASSWORD_HASH_SIZE];

	ck_assert_int_eq(hasher_enter(hasher), ERR_OK);
	ck_assert_int_eq(hasher_hash(hasher, "gT5-kq9x", hash), ERR_OK);
	ck_assert_int_eq(strncmp(hash, "$2b$04$", 7), 0);
	ck_assert(hasher_matches(hasher, "gT5-kq9x", hash));
	ck_assert(!hasher_matches(hasher, "gT5-kq9y", hash));
	ck_assert(!hasher_matches(hasher, "gT5-kq9x", "*0"));
	hasher_pretend(hasher, "gT5-kq9x");
	hasher_leave(hasher);
	hasher_free(hasher);
}
END_TEST

START_TEST(test_hasher_reports_a_refusal)
{
	struct hasher *hasher = new_hasher(1, 1);
	char password[600], hash[PASSWORD_HASH_SIZE];

	memset(password, 'a', sizeof(password));
	password[sizeof(password) - 1] = '\0';
	ck_assert_int_eq(hasher_enter(hasher), ERR_OK);
	ck_assert_int_eq(hasher_hash(hasher, password, hash), ERR_INTERNAL);
	hasher_leave(hasher);
	hasher_free(hasher);
}
END_TEST

/* A worker that hashes a password of its own, again and again; what went wrong, counted. */
struct worker {
	pthread_t thread;
	struct hasher *hasher;
	char password[32], other[32];
	int faults;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	char hash[PASSWORD_HASH_SIZE];

	for (int i = 0; i < 20; i++) {
		worker->faults += hasher_enter(worker->hasher) != ERR_OK;
		worker->faults += hasher_hash(worker->hasher, worker->password, hash) != ERR_OK;
		worker->faults += !hasher_matches(worker->hasher, worker->password, hash);
		worker->faults += hasher_matches(worker->hasher, worker->other, hash);
		hasher_leave(worker->hasher);
	}
	return NULL;
}

START_TEST(test_many_hash_at_once)
{
	struct hasher *hasher = new_hasher((unsigned)_i, 8);
	struct worker workers[8];

	for (int i = 0; i < 8; i++) {
		workers[i] = (struct worker){.hasher = hasher};
		snprintf(workers[i].password, sizeof(workers[i].password), "password of %d", i);
		snprintf(workers[i].other, sizeof(workers[i].other), "password of %d", (i + 1) % 8);
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
		ck_assert_int_eq(workers[i].faults, 0);
	}
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(hasher_enter(hasher), ERR_OK);
	ck_assert_int_eq(hasher_enter(hasher), ERR_OVERLOADED);
	hasher_free(hasher);
}
END_TEST

START_TEST(test_hasher_ends)
{
	for (int i = 0; i < 50; i++)
		hasher_free(new_hasher(4, 1));
	hasher_free(NULL);
}
END_TEST

START_TEST(test_outdated)
{
	struct hasher *hasher = hasher_new(1, 1, 12);

	ck_assert_ptr_nonnull(hasher);
	ck_assert(hasher_is_outdated(hasher, "$2b$04$" SALTED));
	ck_assert(hasher_is_outdated(hasher, "$2y$11$" SALTED));
	ck_assert(!hasher_is_outdated(hasher, "$2b$12$" SALTED));
	ck_assert(!hasher_is_outdated(hasher, "$2a$13$" SALTED));
	hasher_free(hasher);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("password");

	suite_add(suite, "password", test_matches, 0, COUNT_OF(hashes));
	suite_add(suite, "password", test_cost, 0, COUNT_OF(costs));
	suite_add(suite, "password", test_hash_has_its_form, 0, 1);
	suite_add(suite, "password", test_salts_differ, 0, 1);
	suite_add(suite, "password", test_all_of_72_bytes_count, 0, 1);
	suite_add(suite, "password", test_what_crypt_refuses, 0, 1);
	suite_add(suite, "hasher", test_queue_is_bounded, 0, 1);
	suite_add(suite, "hasher", test_hasher_hashes, 0, 1);
	suite_add(suite, "hasher", test_hasher_reports_a_refusal, 0, 1);
	suite_add(suite, "hasher", test_many_hash_at_once, 1, 4);
	suite_add(suite, "hasher", test_hasher_ends, 0, 1);
	suite_add(suite, "hasher", test_outdated, 0, 1);
	return suite_run(suite);
}
