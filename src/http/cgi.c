/* SPDX-License-Identifier: Apache-2.0 */
/* cgi.c: the environment is the parameters, stdin the body, stdout the answer. */
#include "http/cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"

extern char **environ;

bool cgi_is_called(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL && !listen_is_socket(STDIN_FILENO);
}

/* What is left of a body that CONTENT_LENGTH announces: stdin need not end there (RFC 3875, 4.2). */
struct input_left {
	bool limited;
	size_t left;
};

static long read_stdin(void *context, void *buffer, size_t size)
{
	struct input_left *input = context;
	ssize_t got;

	if (input->limited && size > input->left)
		size = input->left;
	if (size == 0)
		return 0;
	do
		got = read(STDIN_FILENO, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		input->left -= (size_t)got;
	return got;
}

static enum err write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = write(STDOUT_FILENO, bytes, size);
		if (put < 0 && errno != EINTR)
			return ERR_INTERNAL;
		if (put > 0) {
			bytes += put;
			size -= (size_t)put;
		}
	}
	return ERR_OK;
}

static enum err write_reply(const struct reply *reply)
{
	char head[REPLY_HEAD_SIZE];
	enum err err = write_all(head, reply_head(reply, head));

	if (err == ERR_OK && reply->body != NULL && !reply->head_only)
		err = write_all(reply->body, reply->body_size);
	return err;
}

enum err cgi_serve(const struct fcgi_service *service, struct arena *arena)
{
	const char *length = getenv("CONTENT_LENGTH");
	/* A chunked body comes without a length, and ends with stdin. */
	bool chunked = (length == NULL || *length == '\0') && getenv("HTTP_TRANSFER_ENCODING") != NULL;
	struct input_left input = {.limited = !chunked};
	struct req rq;

	if (length != NULL)
		input.left = strtoul(length, NULL, 10);
	req_init(&rq, arena, service->app, (const char *const *)environ,
		 (struct req_body){read_stdin, &input});
	service->serve(&rq);
	return write_reply(&rq.reply);
}
