/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h: the admin of an organization, and what an email and a password may be.
 *
 * Functions are pure; any thread may call them.
 */
#ifndef MODEL_ADMIN_H
#define MODEL_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rand.h"
#include "base/fault.h"
#include "model/org.h"

#define ADMIN_EMAIL_MAX 254  /* bytes: RFC 5321, 4.5.3.1.3, less the angle brackets */
#define ADMIN_PASSWORD_MIN 8 /* bytes */
#define ADMIN_PASSWORD_MAX 72 /* bytes: bcrypt reads no more */
#define ADMIN_ROLE "admin"

struct admin {
	char id[RAND_ID_SIZE];
	const char *email;         /* as admin_email_normalize gives it */
	const char *password_hash; /* bcrypt, "$2b$..." */
	int64_t token_version;     /* raised to kill every token given out before */
};

/* An organization with its admin: what a login and a token check read. */
struct account {
	struct org org;
	struct admin admin;
};

/*
 * admin_email_normalize(arena, text, email_r): `text` trimmed and in lower case, if it is a
 * dot-atom of at most 64 bytes, "@", and two or more LDH labels (RFC 5321, 4.1.2; RFC 1123, 2.1),
 * ASCII, at most ADMIN_EMAIL_MAX bytes. FAULT_INVALID also when the arena is full.
 */
enum fault admin_email_normalize(struct arena *arena, const char *text, const char **email_r) MUST_CHECK;

/* admin_password_check(password): its length in bytes, and that it is not a common one. */
enum fault admin_password_check(const char *password) MUST_CHECK;

/*
 * admin_password_is_known(arena, password, email, name): whether the password is just the email or
 * the organization's name, without regard to case. Either may be NULL.
 */
bool admin_password_is_known(struct arena *arena, const char *password, const char *email, const char *name);

#endif
