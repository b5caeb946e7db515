/* SPDX-License-Identifier: Apache-2.0 */
/* route.h: a row of the route table, and the search for one. Pure; any thread may call. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/req.h"

struct answer;
struct input_spec;

/* Who may come in. The zero value lets nobody: a forgotten column denies. */
enum access {
	ACCESS_NOBODY,
	ACCESS_PUBLIC, /* everybody */
	ACCESS_CREATE, /* as ORGD_CREATE says */
	ACCESS_LOOKUP, /* as ORGD_PUBLIC_LOOKUP says */
	ACCESS_METRICS, /* everybody, if ORGD_METRICS is on; else the route does not exist */
	ACCESS_ADMIN,  /* the admin of an organization, by token */
};

struct route {
	enum method method;
	const char *path;
	enum access access;
	enum err (*handler)(struct req *rq);
	const struct input_spec *input; /* NULL: takes none, looks at none */
	const char *summary;
	int status;                  /* of success */
	const struct answer *answer; /* of success */
	uint32_t problems;           /* ROUTE_PROBLEM()s, besides those that access and input imply */
};

#define ROUTE_PROBLEM(name) (UINT32_C(1) << ERR_##name)
_Static_assert(ERR_COUNT <= 32, "a route's problems are bits of 32");

/* "DELETE, GET, HEAD, OPTIONS, POST, PUT" and its NUL. */
#define ROUTE_ALLOW_SIZE 48

/*
 * route_find(routes, count, method, path, route_r): the row of path and method, a HEAD finding the
 * GET. ERR_NOT_FOUND when no row has the path, ERR_METHOD_NOT_ALLOWED when none of its rows has the
 * method.
 */
enum err route_find(const struct route *routes, size_t count, enum method method, const char *path,
		    const struct route **route_r) MUST_CHECK;

/* route_allow(routes, count, path, allow_r): the Allow header (RFC 9110, 10.2.1) of a known path. */
void route_allow(const struct route *routes, size_t count, const char *path,
		 char allow_r[ROUTE_ALLOW_SIZE]);

#endif
