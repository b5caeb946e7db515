/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h: the one list of things that can go wrong, and what each is on the wire.
 *
 * Every fallible function returns `enum err`; ERR_OK is 0. The dispatcher alone turns a value into
 * a problem document (RFC 9457). Text of drivers and libraries never travels in it: that goes to
 * the log, where it was first seen.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

/* X(name, HTTP status, wire code, Retry-After in seconds or NULL, default detail) */
#define ERR_LIST(X)                                                                                \
	X(INVALID_JSON, 400, "invalid_json", NULL, "The body is not one well-formed JSON object.")      \
	X(INVALID_REQUEST, 400, "invalid_request", NULL, "The request is malformed.")                   \
	X(UNAUTHENTICATED, 401, "unauthenticated", NULL, "A bearer token is needed.")                   \
	X(INVALID_TOKEN, 401, "invalid_token", NULL, "The token is not valid, or no longer.")           \
	X(INVALID_CREDENTIALS, 401, "invalid_credentials", NULL, "Email or password is wrong.")         \
	X(FORBIDDEN, 403, "forbidden", NULL, "The token does not allow this.")                          \
	X(CREATION_CLOSED, 403, "creation_closed", NULL, "Organizations are created by the operator.")  \
	X(ORGANIZATION_LIMIT, 403, "organization_limit", NULL, "No more organizations are accepted.")   \
	X(ORGANIZATION_NOT_FOUND, 404, "organization_not_found", NULL, "There is no such organization.") \
	X(NOT_FOUND, 404, "not_found", NULL, "There is nothing at this path.")                          \
	X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", NULL, "The path does not take this method.")   \
	X(ORGANIZATION_EXISTS, 409, "organization_exists", NULL, "An organization has this name.")      \
	X(EMAIL_TAKEN, 409, "email_taken", NULL, "An admin has this email.")                            \
	X(ORGANIZATION_BUSY, 409, "organization_busy", "1", "Another operation on it is under way.")   \
	X(BODY_TOO_LARGE, 413, "body_too_large", NULL, "The body is larger than the service takes.")    \
	X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", NULL, "Send application/json.")        \
	X(VALIDATION_FAILED, 422, "validation_failed", NULL, "Some fields are not right.")              \
	X(INTERNAL, 500, "internal", NULL, "Something went wrong here.")                                \
	X(OVERLOADED, 503, "overloaded", "1", "Too busy just now. Try again.")                         \
	X(STORE_UNAVAILABLE, 503, "store_unavailable", "2", "The store does not answer. Try again.")

#define ERR_ENUM(name, status, code, retry, detail) ERR_##name,
enum err { ERR_OK, ERR_LIST(ERR_ENUM) ERR_COUNT };
#undef ERR_ENUM

struct err_info {
	int status;              /* HTTP status */
	const char *code;        /* the problem document's `code` */
	const char *retry_after; /* seconds, NULL: no Retry-After header */
	const char *detail;      /* said when the caller has nothing more exact */
};

/* err_info(err): the row of `err`, never NULL; ERR_OK and unknown values give INTERNAL's. */
const struct err_info *err_info(enum err err);

/* err_title(status): the HTTP reason phrase of a status that the service gives (RFC 9110, 15). */
const char *err_title(int status);

#endif
