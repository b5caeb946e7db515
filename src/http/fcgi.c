/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fcgi.c: libfcgi, on connections that server.c owns.
 *
 * A descriptor is put into the request before FCGX_Accept_r(), which then reads from it and does not
 * accept by itself. "Detached" keeps libfcgi from lingering over a peer that will not close.
 */
#include "http/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"

#define FILTER 3 /* FCGI_FILTER, the role */

enum err fcgi_init(void)
{
	static const int taken[] = {SIGPIPE, SIGUSR1, SIGTERM};

	if (FCGX_Init() != 0) {
		LOG(LOG_ERROR, "libfcgi cannot be used");
		return ERR_INTERNAL;
	}
	/* Its handlers make a process deaf to SIGTERM; server.c waits for signals in its own way. */
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		signal(taken[i], SIG_DFL);
	return ERR_OK;
}

/* A body being read. */
struct body {
	FCGX_Stream *in;
	int64_t end_us; /* when it must have arrived, by the monotonic clock */
};

/* What libfcgi has of the body, or the next piece: never waits for all of `size`. */
static long read_piece(void *context, void *buffer, size_t size)
{
	struct body *body = context;
	FCGX_Stream *in = body->in;
	int got = FCGX_GetStr(buffer, 1, in);
	size_t ready = (size_t)(in->stop - in->rdNext);

	if (got == 1 && ready > 0 && size > 1)
		got += FCGX_GetStr((char *)buffer + 1, (int)(ready < size - 1 ? ready : size - 1), in);
	return FCGX_GetError(in) != 0 || clock_monotonic_us() > body->end_us ? -1 : got;
}

static void write_reply(const struct reply *reply, FCGX_Stream *out)
{
	char head[REPLY_HEAD_SIZE];
	size_t size = reply_head(reply, head);

	FCGX_PutStr(head, (int)size, out);
	if (reply->body != NULL && !reply->head_only)
		FCGX_PutStr(reply->body, (int)reply->body_size, out);
}

/* Reads what the handler left of the body; true if that was its end and nothing went wrong. */
static bool drain(struct body *body, size_t max)
{
	char scrap[4096];
	long got = 0;

	for (size_t total = 0; got >= 0 && !FCGX_HasSeenEOF(body->in) && total <= max; total += (size_t)got)
		got = read_piece(body, scrap, sizeof(scrap));
	return got >= 0 && FCGX_HasSeenEOF(body->in) && FCGX_GetError(body->in) == 0;
}

/*
 * Whether libfcgi has read bytes past the request: they would be lost with its buffer. It has no
 * function that tells. But as a filter's, the stream may be read on past the end of STDIN; with no
 * descriptor behind it, it can only move if there are such bytes.
 */
static bool has_surplus(FCGX_Request *request)
{
	const unsigned char *end = request->in->rdNext;
	int fd = request->ipcFd;
	bool surplus;

	request->ipcFd = -1;
	request->role = FILTER;
	surplus = FCGX_StartFilterData(request->in) != 0;
	if (!surplus) {
		(void)FCGX_GetChar(request->in);
		surplus = request->in->rdNext != end;
	}
	request->ipcFd = fd;
	return surplus;
}

/* Whether nothing waits to be read: a web server sends no next request before it has the answer. */
static bool is_silent(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/*
 * Whether the connection stands at the request's very end. Decided before the answer goes out: as soon
 * as it has that, a web server may send its next request.
 */
static bool is_at_end(const struct fcgi_service *service, FCGX_Request *request, struct body *body, bool whole)
{
	return drain(body, service->drain_max) && !has_surplus(request) && (whole || is_silent(request->ipcFd));
}

/* Ends the streams: the answer goes out in one write if it fits libfcgi's 8 KiB. */
static bool send_reply(FCGX_Request *request, const struct reply *reply)
{
	bool sent;

	write_reply(reply, request->out);
	sent = FCGX_FClose(request->err) == 0;
	return FCGX_FClose(request->out) == 0 && sent;
}

enum fcgi_end fcgi_serve(const struct fcgi_service *service, struct arena *arena, int fd, bool whole)
{
	FCGX_Request request;
	struct body body;
	struct req rq;
	bool keep;

	FCGX_InitRequest(&request, -1, 0);
	request.ipcFd = fd;
	request.keepConnection = 1;
	FCGX_Detach(&request);
	if (FCGX_Accept_r(&request) < 0)
		return FCGI_CLOSED;
	body = (struct body){request.in, clock_monotonic_us() + service->receive_seconds * INT64_C(1000000)};
	req_init(&rq, arena, service->app, (const char *const *)request.envp,
		 (struct req_body){read_piece, &body});
	service->serve(&rq);
	keep = is_at_end(service, &request, &body, whole) && request.keepConnection;
	keep = send_reply(&request, &rq.reply) && keep;
	FCGX_Free(&request, 0);
	arena_reset(arena);
	return keep ? FCGI_KEEP : FCGI_CLOSE;
}
