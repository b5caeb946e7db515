/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connections.h: every connection that orgd has, from accept to close, without a worker for each.
 *
 * A connection costs a worker nothing until a whole request is there (frame.h). Any thread may call
 * what is not said to be otherwise.
 */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <pthread.h>
#include <sys/types.h>

#include "http/listen.h"
#include "http/slots.h"

struct connections_options {
	struct listener *listener;
	const uid_t *allowed_uids; /* who may connect to a Unix socket; none: whoever its mode lets in */
	size_t allowed_uid_count;
	unsigned idle_seconds;    /* a connection without a request is closed after so long */
	unsigned receive_seconds; /* a request that has begun must have arrived after so long */
};

struct connections {
	const struct connections_options *options;
	int epoll; /* for epoll_wait(): the event's data.fd says whose it is */
	int timer;
	struct slots slots;
	atomic_int parked;            /* connections in SLOT_PARKED */
	atomic_bool starved;          /* the listener waits for descriptors to come free */
	atomic_llong starved_said_us; /* when the log last said so */
	atomic_bool swept;            /* set at each sweep: a worker was free for it */
	pthread_mutex_t timer_lock;   /* so that the sooner of two wishes wins */
};

/* connections_init(connections, options): watches the listener; false, with errno, if it cannot. */
bool connections_init(struct connections *connections, const struct connections_options *options) MUST_CHECK;

/* connections_fini(connections): closes all that are left; no other thread may be in here. */
void connections_fini(struct connections *connections);

/* connections_watch(connections, operation, fd): asks for the next event of `fd`; as epoll_ctl(2). */
bool connections_watch(struct connections *connections, int operation, int fd);

/* connections_housekeep(connections, fd): serves the listener or the timer; false if `fd` is neither. */
bool connections_housekeep(struct connections *connections, int fd);

/*
 * connections_take(connections, fd, peeked, whole_r): whether a request is there on `fd`, whose event
 * the caller got; then the descriptor is the caller's, to close or to connections_give() back. *whole_r:
 * the request was FRAME_WHOLE. `peeked` is scratch space of FRAME_HEAD_MAX bytes.
 */
bool connections_take(struct connections *connections, int fd, unsigned char *peeked,
		      bool *whole_r) MUST_CHECK;

/* connections_give(connections, fd): the connection waits for its next request. */
void connections_give(struct connections *connections, int fd);

/*
 * connections_stop_listening(connections): nothing new is taken, but for what already waits at a
 * socket of our own. What waits at an inherited one is left to the process that has it next.
 */
void connections_stop_listening(struct connections *connections);

#endif
