/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turnstile.h: how many workers wait for events at a time.
 *
 * The kernel wakes one waiting worker for each event. If all workers wait, a burst of requests wakes as
 * many as there are requests, and most of them find that one which ran already was quicker. So a few wait
 * and the others stand aside; whoever leaves nobody waiting calls one of them in. Any thread may call what
 * is not said to be otherwise.
 */
#ifndef HTTP_TURNSTILE_H
#define HTTP_TURNSTILE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

struct turnstile {
	unsigned seats;
	atomic_ullong state; /* low half: those that wait; high half: those that stand aside */
	sem_t called;
};

/* turnstile_init(turnstile, seats): that many may wait, at least one. Before any other call. */
void turnstile_init(struct turnstile *turnstile, unsigned seats);

/* turnstile_fini(turnstile): when no thread uses it any more. */
void turnstile_fini(struct turnstile *turnstile);

/*
 * turnstile_enter(turnstile, may_stand): before a wait for events. While all seats are taken it does not
 * return, until the caller is called in; with `may_stand` false it returns at once, seat or not.
 */
void turnstile_enter(struct turnstile *turnstile, bool may_stand);

/* turnstile_leave(turnstile): after the wait, once for each turnstile_enter(). Never blocks. */
void turnstile_leave(struct turnstile *turnstile);

#endif
