/* SPDX-License-Identifier: Apache-2.0 */
/* turnstile.c: two counts in one atomic, so that nobody can stand aside while nobody waits. */
#include "http/turnstile.h"

#include <errno.h>

#define ONE_ASIDE (1ULL << 32)

static unsigned waiting(unsigned long long state)
{
	return (unsigned)state;
}

void turnstile_init(struct turnstile *turnstile, unsigned seats)
{
	turnstile->seats = seats;
	atomic_init(&turnstile->state, 0);
	sem_init(&turnstile->called, 0, 0);
}

void turnstile_fini(struct turnstile *turnstile)
{
	sem_destroy(&turnstile->called);
}

void turnstile_enter(struct turnstile *turnstile, bool may_stand)
{
	unsigned long long state = atomic_load(&turnstile->state);
	bool stand;

	do
		stand = may_stand && waiting(state) >= turnstile->seats;
	while (!atomic_compare_exchange_weak(&turnstile->state, &state, state + (stand ? ONE_ASIDE : 1)));
	if (stand)
		while (sem_wait(&turnstile->called) != 0 && errno == EINTR)
			;
}

void turnstile_leave(struct turnstile *turnstile)
{
	unsigned long long state = atomic_load(&turnstile->state);
	bool call;

	/* Who is called in has the seat from now on, awake or not. */
	do
		call = waiting(state) == 1 && state >= ONE_ASIDE;
	while (!atomic_compare_exchange_weak(&turnstile->state, &state, call ? state - ONE_ASIDE : state - 1));
	if (call)
		sem_post(&turnstile->called);
}
