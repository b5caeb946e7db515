/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_thread.c: small threads, and waits that end. */
#include "store/mongo_thread.h"

#include <stddef.h>

#define STACK_SIZE ((size_t)256 << 10)
#define JOIN_MS 500

static struct timespec until(clockid_t clock, int64_t ms)
{
	struct timespec at;

	clock_gettime(clock, &at);
	at.tv_nsec += ms % 1000 * 1000000;
	at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

bool mongo_thread_start(pthread_t *thread_r, void *(*run)(void *context), void *context)
{
	pthread_attr_t attributes;
	bool ok;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	ok = pthread_create(thread_r, &attributes, run, context) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

bool mongo_thread_join(pthread_t thread)
{
	const struct timespec at = until(CLOCK_REALTIME, JOIN_MS);

	return pthread_timedjoin_np(thread, NULL, &at) == 0;
}

void mongo_thread_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct timespec mongo_thread_until(int64_t ms)
{
	return until(CLOCK_MONOTONIC, ms);
}
