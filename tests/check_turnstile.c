/* SPDX-License-Identifier: Apache-2.0 */
/* check_turnstile.c: a few wait, the others stand aside, and nobody is forgotten. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "http/turnstile.h"
#include "support/suite.h"

#define SEATS 2
#define THREADS 8 /* more than there are cores, as workers are */
#define ROUNDS 20000

static struct turnstile turnstile;
static atomic_int inside;
static atomic_bool crowded; /* more were inside than there are seats */

static unsigned aside(void)
{
	return (unsigned)(atomic_load(&turnstile.state) >> 32);
}

/* For threads to get where they are expected: not a time that anything must keep. */
static void until(unsigned wanted)
{
	for (int i = 0; aside() != wanted && i < 10000; i++)
		usleep(1000);
	ck_assert_uint_eq(aside(), wanted);
}

static void *enter(void *argument)
{
	(void)argument;
	turnstile_enter(&turnstile, true);
	atomic_fetch_add(&inside, 1);
	return NULL;
}

static void *come_and_go(void *argument)
{
	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		turnstile_enter(&turnstile, true);
		if (atomic_fetch_add(&inside, 1) >= SEATS)
			atomic_store(&crowded, true);
		sched_yield(); /* so that others try to get in meanwhile */
		atomic_fetch_sub(&inside, 1);
		turnstile_leave(&turnstile);
	}
	return NULL;
}

static void start(pthread_t *threads, int count, void *(*run)(void *))
{
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run, NULL), 0);
}

static void join(pthread_t *threads, int count)
{
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void set_up(void)
{
	atomic_store(&inside, 0);
	atomic_store(&crowded, false);
	turnstile_init(&turnstile, SEATS);
}

START_TEST(test_last_to_leave_calls_one_in)
{
	pthread_t third;

	set_up();
	turnstile_enter(&turnstile, true);
	turnstile_enter(&turnstile, true);
	start(&third, 1, enter);
	until(1);
	turnstile_leave(&turnstile);
	ck_assert_uint_eq(aside(), 1);
	ck_assert_int_eq(atomic_load(&inside), 0);
	turnstile_leave(&turnstile);
	ck_assert_uint_eq(aside(), 0);
	join(&third, 1);
	ck_assert_int_eq(atomic_load(&inside), 1);
	turnstile_fini(&turnstile);
}
END_TEST

START_TEST(test_who_may_not_stand_aside_does_not)
{
	pthread_t third;

	set_up();
	for (int i = 0; i < SEATS; i++)
		turnstile_enter(&turnstile, true);
	start(&third, 1, enter);
	until(1);
	turnstile_enter(&turnstile, false);
	for (int i = 0; i < SEATS; i++)
		turnstile_leave(&turnstile);
	ck_assert_uint_eq(aside(), 1);
	turnstile_leave(&turnstile);
	join(&third, 1);
	turnstile_fini(&turnstile);
}
END_TEST

/* Each that ends leaves a seat: one that was forgotten would keep the test from ending. */
START_TEST(test_all_get_in_and_never_more_than_seats)
{
	pthread_t threads[THREADS];

	set_up();
	start(threads, THREADS, come_and_go);
	join(threads, THREADS);
	ck_assert_int_eq(atomic_load(&crowded), false);
	ck_assert_uint_eq(atomic_load(&turnstile.state), 0);
	turnstile_fini(&turnstile);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("turnstile");

	suite_add(suite, "turnstile", test_last_to_leave_calls_one_in, 0, 1);
	suite_add(suite, "turnstile", test_who_may_not_stand_aside_does_not, 0, 1);
	suite_add(suite, "turnstile", test_all_get_in_and_never_more_than_seats, 0, 1);
	return suite_run(suite);
}
