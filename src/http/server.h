/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: the workers that serve connections, and a clean stop. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stddef.h>

#include "http/connections.h"
#include "http/fcgi.h"

struct server_options {
	struct connections_options connections; /* its listener is closed at the end */
	struct fcgi_service service;
	unsigned workers;
	size_t arena_cap; /* bytes of one request's memory */
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
