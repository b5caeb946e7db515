/* SPDX-License-Identifier: Apache-2.0 */
/* url.h: percent-decoding and the parts of a request target (RFC 3986). */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define URL_QUERY_MAX 16 /* parameters of one query */

struct url_pair {
	const char *name;
	const char *value;
};

/*
 * url_path_is_plain(path): begins with "/", and has no empty, "." or ".." segment and no "%" at
 * all: what it names is then plain to see. (A path of the service needs no escape.)
 */
bool url_path_is_plain(const char *path);

/*
 * url_query_parse(arena, query, pairs_r, count_r): splits "a=1&b=2", "+" being a space
 * (application/x-www-form-urlencoded), and decodes. ERR_INVALID_REQUEST for a malformed escape,
 * what is not UTF-8, NUL, a repeated name, or more than URL_QUERY_MAX; ERR_INTERNAL without memory.
 * Pure but for the arena.
 */
enum err url_query_parse(struct arena *arena, const char *query, struct url_pair pairs_r[URL_QUERY_MAX],
			 size_t *count_r) MUST_CHECK;

/* url_encode(arena, text): `text` with everything but RFC 3986's unreserved characters escaped. */
char *url_encode(struct arena *arena, const char *text) MUST_CHECK;

#endif
