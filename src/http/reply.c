/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: an answer being made, and its head as CGI has it. */
#include "http/reply.h"

#include <string.h>

#include "base/str.h"

void reply_header(struct reply *reply, const char *name, const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return;
	if (reply->header_count < REPLY_HEADERS_MAX)
		reply->headers[reply->header_count++] = (struct reply_header){name, value};
}

void reply_body(struct reply *reply, int status, const char *type, const char *text)
{
	reply->status = status;
	reply->body = text;
	reply->body_size = strlen(text);
	reply_header(reply, "Content-Type", type);
}

/* Appends; a size past the buffer's end says that it did not fit. */
static void add(char *head, size_t *size, const char *text)
{
	size_t more = strlen(text), room = *size < REPLY_HEAD_SIZE ? REPLY_HEAD_SIZE - *size : 0;

	if (more < room)
		memcpy(head + *size, text, more + 1);
	*size += more;
}

static void add_header(char *head, size_t *size, const char *name, const char *value)
{
	add(head, size, name);
	add(head, size, ": ");
	add(head, size, value);
	add(head, size, "\r\n");
}

static void add_number(char *head, size_t *size, const char *before, size_t number, const char *after)
{
	char digits[STR_UINT_SIZE];

	add(head, size, before);
	add(head, size, str_from_uint(number, digits));
	add(head, size, after);
}

size_t reply_head(const struct reply *reply, char head_r[REPLY_HEAD_SIZE])
{
	size_t size = 0;

	add_number(head_r, &size, "Status: ", (size_t)reply->status, " ");
	add(head_r, &size, err_title(reply->status));
	add(head_r, &size, "\r\n");
	for (size_t i = 0; i < reply->header_count; i++)
		add_header(head_r, &size, reply->headers[i].name, reply->headers[i].value);
	if (reply->body != NULL)
		add_number(head_r, &size, "Content-Length: ", reply->body_size, "\r\n");
	add(head_r, &size, "X-Content-Type-Options: nosniff\r\n\r\n");
	if (size < REPLY_HEAD_SIZE)
		return size;
	size = 0;
	add(head_r, &size, "Status: 500 ");
	add(head_r, &size, err_title(500));
	add(head_r, &size, "\r\n\r\n");
	return size;
}
