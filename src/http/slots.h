/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h: what each connection is doing, by its descriptor; no locks.
 *
 * A connection is in nobody's hands (IDLE: epoll watches it; PARKED: half a request is there, a timer
 * looks again) or in one thread's (BUSY). Whoever moves it out of IDLE or PARKED holds it; so a
 * worker and the sweep can never both have it, and a stale event finds it no longer IDLE.
 */
#ifndef HTTP_SLOTS_H
#define HTTP_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"

/* FREE: no connection, or one that libfcgi has. */
enum slot_state { SLOT_FREE, SLOT_IDLE, SLOT_PARKED, SLOT_BUSY };

struct slot {
	atomic_int state;         /* enum slot_state */
	atomic_llong since_us;    /* monotonic: IDLE since; of a half request: arriving since */
	atomic_int arrived;       /* bytes of a half request that were there at the last look */
	atomic_bool half;         /* part of a request has arrived */
};

struct slots {
	struct slot *slots;
	int count;
	atomic_int top; /* no descriptor above this one was ever used */
};

/* slots_init(slots): as many as the process may have descriptors; false without memory. */
bool slots_init(struct slots *slots) MUST_CHECK;

/* slots_fini(slots): frees them. */
void slots_fini(struct slots *slots);

/* slots_claim(slots, fd): a new connection, BUSY in the caller's hands; false: no slot for it. */
bool slots_claim(struct slots *slots, int fd) MUST_CHECK;

/* slots_take(slots, fd, from): from `from` to BUSY; false when it is not `from` (any more). */
bool slots_take(struct slots *slots, int fd, enum slot_state from) MUST_CHECK;

/* slots_release(slots, fd, state): out of the caller's hands, into `state`. */
void slots_release(struct slots *slots, int fd, enum slot_state state);

/* slots_at(slots, fd): the connection's slot, for whoever holds it. */
struct slot *slots_at(struct slots *slots, int fd);

#endif
