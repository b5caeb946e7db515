/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h: an answer being made, and its head as CGI has it (RFC 3875, 6). */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"

#define REPLY_HEADERS_MAX 8
#define REPLY_FAULTS_MAX 64
#define REPLY_HEAD_SIZE 2048 /* bytes of a head, its NUL included */

struct reply_header {
	const char *name;
	const char *value;
};

/* A faulty field of a 422. */
struct reply_fault {
	const char *field;
	enum fault fault;
};

/* Zeroed, it is an answer not made yet. Strings live in the request's arena. */
struct reply {
	int status;
	struct reply_header headers[REPLY_HEADERS_MAX];
	size_t header_count;
	const char *body; /* NULL: none */
	size_t body_size;
	bool head_only;   /* to a HEAD: the body's headers without the body */

	const char *detail; /* of the problem document; NULL: the error's own */
	struct reply_fault faults[REPLY_FAULTS_MAX];
	size_t fault_count;
};

/*
 * reply_header(reply, name, value): adds a header. A value with a control character is dropped,
 * as is what exceeds REPLY_HEADERS_MAX. Both strings must outlive the reply.
 */
void reply_header(struct reply *reply, const char *name, const char *value);

/* reply_body(reply, status, type, text): sets status, Content-Type and the body `text`. */
void reply_body(struct reply *reply, int status, const char *type, const char *text);

/*
 * reply_head(reply, head_r): writes "Status: ..." and all headers with the empty line behind them;
 * returns the size. A head longer than the buffer becomes a bare 500.
 */
size_t reply_head(const struct reply *reply, char head_r[REPLY_HEAD_SIZE]);

#endif
