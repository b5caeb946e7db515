/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: an answer being made, and its head as CGI has it. */
#include "http/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
static PRINTF_LIKE(3, 4) void add(char *head, size_t *size, const char *format, ...)
{
	va_list args;

	if (*size >= REPLY_HEAD_SIZE)
		return;
	va_start(args, format);
	*size += (size_t)vsnprintf(head + *size, REPLY_HEAD_SIZE - *size, format, args);
	va_end(args);
}

size_t reply_head(const struct reply *reply, char head_r[REPLY_HEAD_SIZE])
{
	size_t size = 0;

	add(head_r, &size, "Status: %d %s\r\n", reply->status, err_title(reply->status));
	for (size_t i = 0; i < reply->header_count; i++)
		add(head_r, &size, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
	if (reply->body != NULL)
		add(head_r, &size, "Content-Length: %zu\r\n", reply->body_size);
	add(head_r, &size, "X-Content-Type-Options: nosniff\r\n\r\n");
	if (size < REPLY_HEAD_SIZE)
		return size;
	size = 0;
	add(head_r, &size, "Status: 500 %s\r\n\r\n", err_title(500));
	return size;
}
