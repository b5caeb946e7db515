/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h: bcrypt through crypt(3); pure computing, no queue (that is hasher.h).
 *
 * Every call that hashes takes long by design and needs a `struct password_space`, which belongs to
 * one thread at a time.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define PASSWORD_HASH_SIZE 64 /* "$2b$12$" and 53 letters, and the NUL; crypt gives 60 */
#define PASSWORD_COST_MIN 4
#define PASSWORD_COST_MAX 15 /* a stored hash of higher cost is refused: it would be a CPU bomb */

struct password_space;

/* password_space_new(): room for crypt's state (32 KiB, wiped after use); NULL without memory. */
struct password_space *password_space_new(void) MUST_CHECK;

/* password_space_free(space): frees it; NULL is fine. */
void password_space_free(struct password_space *space);

/*
 * password_hash(space, password, cost, hash_r): a "$2b$" hash of `password` (at most 72 bytes, the
 * caller has checked) with a fresh salt. ERR_INTERNAL when crypt or the randomness fails.
 */
enum err password_hash(struct password_space *space, const char *password, unsigned cost,
		       char hash_r[PASSWORD_HASH_SIZE]) MUST_CHECK;

/*
 * password_matches(space, password, hash): whether `hash` ("$2b$", "$2a$" or "$2y$") is of
 * `password`; false, too, for a hash that is no such thing.
 */
bool password_matches(struct password_space *space, const char *password, const char *hash);

/* password_cost(hash): the cost of a bcrypt hash as stored, 0 when it is not one to be verified. */
unsigned password_cost(const char *hash);

#endif
