/* SPDX-License-Identifier: Apache-2.0 */
/*
 * req.h: one request and its answer.
 *
 * Whoever received it (fcgi.c, cgi.c, a test) fills the first part with req_init(); the dispatcher
 * (api/serve.c) fills the rest. Everything in it lives in the arena, until that is reset. A request
 * belongs to one thread.
 */
#ifndef HTTP_REQ_H
#define HTTP_REQ_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "http/reply.h"

struct app;
struct principal;
struct route;
struct input;

#define REQ_ID_MAX 64

enum method {
	METHOD_OTHER,
	METHOD_GET = 1 << 0,
	METHOD_POST = 1 << 1,
	METHOD_PUT = 1 << 2,
	METHOD_DELETE = 1 << 3,
	METHOD_HEAD = 1 << 4,
	METHOD_OPTIONS = 1 << 5,
};

/*
 * Where the body comes from: read(context, buffer, size) gives the bytes read, 0 at the end, -1
 * when the client is gone or has stalled.
 */
struct req_body {
	long (*read)(void *context, void *buffer, size_t size);
	void *context;
};

struct req {
	struct arena *arena;
	const struct app *app;
	const char *const *params; /* "NAME=value" as CGI (RFC 3875) has it, ends with NULL */
	struct req_body body;

	char id[REQ_ID_MAX + 1]; /* X-Request-Id */
	const char *method_name;
	enum method method;
	const char *path;  /* raw, without query and base path */
	const char *query; /* raw, without "?"; NULL: there is none */
	const struct route *route;
	struct principal *principal;       /* NULL: nobody in particular */
	const struct input *input;         /* validated fields; NULL: the route takes none */
	const char *org_id;                /* the organization it is about, for the log; or NULL */

	struct reply reply;
};

/*
 * req_init(rq, arena, app, params, body): a request as received; `params` stay the caller's and
 * must outlive it. Method, path and query are taken from REQUEST_METHOD and REQUEST_URI.
 */
void req_init(struct req *rq, struct arena *arena, const struct app *app, const char *const *params,
	      struct req_body body);

/* req_param(rq, name): the value of a CGI parameter, the first if there are several, or NULL. */
const char *req_param(const struct req *rq, const char *name);

/* req_choose_id(rq): takes the caller's X-Request-Id if it is well-formed, else makes a new one. */
void req_choose_id(struct req *rq);

/*
 * req_read_body(rq, max, text_r, size_r): the whole body, with a NUL behind it, in the arena. At
 * most `max` bytes: more is ERR_BODY_TOO_LARGE, before a byte is read when CONTENT_LENGTH says so.
 * ERR_INVALID_REQUEST when the length is nonsense or other than what came; size 0: no body.
 */
enum err req_read_body(struct req *rq, size_t max, char **text_r, size_t *size_r) MUST_CHECK;

/* req_fail(rq, err, format, ...): sets the problem document's detail for `err`, and returns it. */
enum err req_fail(struct req *rq, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
