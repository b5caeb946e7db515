/* SPDX-License-Identifier: Apache-2.0 */
/* req.c: what a request is made of, read from CGI parameters. */
#include "http/req.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/str.h"

static const struct {
	const char *name;
	enum method method;
} methods[] = {
	{"GET", METHOD_GET},       {"POST", METHOD_POST}, {"PUT", METHOD_PUT},
	{"DELETE", METHOD_DELETE}, {"HEAD", METHOD_HEAD}, {"OPTIONS", METHOD_OPTIONS},
};

static enum method find_method(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return METHOD_OTHER;
}

const char *req_param(const struct req *rq, const char *name)
{
	size_t size = strlen(name);

	for (const char *const *param = rq->params; *param != NULL; param++)
		if (strncmp(*param, name, size) == 0 && (*param)[size] == '=')
			return *param + size + 1;
	return NULL;
}

void req_init(struct req *rq, struct arena *arena, const struct app *app, const char *const *params,
	      struct req_body body)
{
	const char *uri;
	size_t path_size;

	*rq = (struct req){.arena = arena, .app = app, .params = params, .body = body};
	rq->method_name = req_param(rq, "REQUEST_METHOD");
	if (rq->method_name == NULL)
		rq->method_name = "";
	rq->method = find_method(rq->method_name);
	uri = req_param(rq, "REQUEST_URI");
	if (uri == NULL)
		uri = "";
	path_size = strcspn(uri, "?#");
	rq->path = arena_strndup(arena, uri, path_size);
	if (rq->path == NULL)
		rq->path = "";
	if (uri[path_size] == '?')
		rq->query = uri + path_size + 1;
}

static bool is_request_id(const char *text)
{
	size_t size = strlen(text);

	return size >= 1 && size <= REQ_ID_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

void req_choose_id(struct req *rq)
{
	const char *given = req_param(rq, "HTTP_X_REQUEST_ID");

	if (given != NULL && is_request_id(given))
		memcpy(rq->id, given, strlen(given) + 1);
	else if (rand_id(rq->id) != ERR_OK)
		memcpy(rq->id, "none", sizeof("none"));
}

/* The length that the web server announces; *known_r false: none, and so no body but a chunked one. */
static enum err announced_length(struct req *rq, uint64_t *length_r, bool *known_r)
{
	const char *text = req_param(rq, "CONTENT_LENGTH");

	*length_r = 0;
	*known_r = text != NULL && *text != '\0';
	if (!*known_r)
		return ERR_OK;
	if (strspn(text, "0123456789") != strlen(text))
		return req_fail(rq, ERR_INVALID_REQUEST, "Content-Length is not a number.");
	if (!str_to_uint(text, SIZE_MAX / 2, length_r))
		*length_r = SIZE_MAX / 2; /* too long for any limit */
	return ERR_OK;
}

static enum err read_all(struct req *rq, char *buffer, size_t room, size_t *size_r)
{
	size_t size = 0;

	while (size < room) {
		long got = rq->body.read(rq->body.context, buffer + size, room - size);
		if (got < 0)
			return req_fail(rq, ERR_INVALID_REQUEST, "The body did not arrive.");
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*size_r = size;
	return ERR_OK;
}

enum err req_read_body(struct req *rq, size_t max, char **text_r, size_t *size_r)
{
	uint64_t length;
	bool known;
	char first;
	size_t begun = 0, room;
	enum err err = announced_length(rq, &length, &known);

	if (err == ERR_OK && length > max)
		err = req_fail(rq, ERR_BODY_TOO_LARGE, "The body may have at most %zu bytes.", max);
	/* Without a length there is seldom a body. A byte tells, before there is room for the largest one. */
	if (err == ERR_OK && !known)
		err = read_all(rq, &first, 1, &begun);
	if (err != ERR_OK)
		return err;
	room = known ? (size_t)length + 1 : begun > 0 ? max + 1 : 0; /* one byte more tells that it is too much */
	*text_r = arena_alloc(rq->arena, room + 1);
	if (*text_r == NULL)
		return ERR_INTERNAL;
	memcpy(*text_r, &first, begun);
	err = read_all(rq, *text_r + begun, room - begun, size_r);
	if (err != ERR_OK)
		return err;
	*size_r += begun;
	if (known && *size_r != length)
		return req_fail(rq, ERR_INVALID_REQUEST, "The body is not as long as Content-Length says.");
	if (*size_r > max)
		return req_fail(rq, ERR_BODY_TOO_LARGE, "The body may have at most %zu bytes.", max);
	return ERR_OK;
}

enum err req_fail(struct req *rq, enum err err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rq->reply.detail = arena_vprintf(rq->arena, format, args);
	va_end(args);
	return err;
}
