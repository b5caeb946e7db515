/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h: what answers look like; a route's row names the one that its success gives.
 *
 * Clients are told (openapi.json), handlers are not held to it: the contract test compares.
 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

enum member_type {
	MEMBER_TEXT,
	MEMBER_INTEGER, /* at least 1 */
	MEMBER_TRUE,
};

/* A member of an answer's object. */
struct member {
	const char *name;
	enum member_type type;
	bool optional;
	const char *only;    /* the one text that it can be; NULL: more than one */
	const char *pattern; /* as in a field's row; NULL: none */
	const char *format;  /* of JSON Schema; NULL: none */
	unsigned max;        /* characters; 0: no limit that clients need to know */
	const char *description;
};

struct answer {
	const char *name;             /* of the schema; NULL: it has no name of its own */
	const char *type;             /* Content-Type */
	const char *description;
	const struct member *members; /* NULL: any object, or text when that is the type */
	size_t count;
};

extern const struct answer answer_organization, answer_updated, answer_deleted, answer_login, answer_status,
	answer_openapi, answer_metrics;

/* answer_problem: of every refusal; its `code` and `errors` are in err.h and fault.h. */
extern const struct answer answer_problem;

/* answer_member(answer, name): the member's row, or NULL. */
const struct member *answer_member(const struct answer *answer, const char *name);

#endif
