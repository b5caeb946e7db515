/* SPDX-License-Identifier: Apache-2.0 */
/* fcgi.h: serves one FastCGI request on a connection; the only user of libfcgi. */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include <stddef.h>

#include "base/arena.h"
#include "http/req.h"

/* What a request is served with; one for all workers. */
struct fcgi_service {
	const struct app *app;
	void (*serve)(struct req *rq); /* fills rq->reply */
	size_t drain_max;              /* bytes of an unread body that are read and thrown away */
	unsigned receive_seconds;      /* a body must have arrived after so long */
};

enum fcgi_end {
	FCGI_KEEP,   /* the connection is at a request's boundary and may have another one */
	FCGI_CLOSE,  /* the caller must close it */
	FCGI_CLOSED, /* libfcgi has closed the descriptor: it may be another thread's by now */
};

/* fcgi_init(): once, before fcgi_serve() and before signals are set up; libfcgi installs handlers. */
enum err fcgi_init(void) MUST_CHECK;

/*
 * fcgi_serve(service, arena, fd, whole): reads a request, has it served, writes the answer. `fd` is
 * readable and blocking, with time limits of its own; `whole`: all of the request is there, and
 * libfcgi will find its very end (frame.h); `arena` is reset afterwards. One thread a connection.
 */
enum fcgi_end fcgi_serve(const struct fcgi_service *service, struct arena *arena, int fd, bool whole);

#endif
