/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: connections, the workers that serve them, and a clean stop. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "http/fcgi.h"
#include "http/listen.h"

struct server_options {
	struct listener *listener; /* closed at the end */
	struct fcgi_service service;
	unsigned workers;
	size_t arena_cap;         /* bytes of one request's memory */
	const uid_t *allowed_uids; /* who may connect to a Unix socket; none: whoever its mode lets in */
	size_t allowed_uid_count;
	unsigned idle_seconds;    /* a connection without a request is closed after so long */
	unsigned receive_seconds; /* a request that has begun must have arrived after so long */
};

/*
 * server_block_signals(): blocks the signals that server_run() waits for, in the calling thread and
 * those it makes later. Call it first of all, before there are threads.
 */
void server_block_signals(void);

/*
 * server_run(options): serves until SIGTERM or SIGINT. Returns the exit status: 0 when all that was
 * under way or readable has been answered within 5 seconds, else 1. A second signal ends the process
 * at once. For the main thread, once.
 */
int server_run(const struct server_options *options);

#endif
