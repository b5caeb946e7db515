/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hasher.h: a few threads of low priority that hash, behind a bounded queue.
 *
 * Workers wait here for a hash, so that however many logins come, there are never more hashes at
 * work than threads, they yield to everything else, and `queue` bounds the workers that wait. Any
 * thread may call.
 */
#ifndef AUTH_HASHER_H
#define AUTH_HASHER_H

#include <stdbool.h>

#include "auth/password.h"

struct hasher;

/*
 * hasher_new(threads, queue, cost): starts `threads` threads; at most `queue` requests are being
 * hashed or wait for it; new hashes have `cost`. NULL when that cannot be had.
 */
struct hasher *hasher_new(unsigned threads, unsigned queue, unsigned cost) MUST_CHECK;

/* hasher_free(hasher): ends the threads; nobody may be inside. NULL is fine. */
void hasher_free(struct hasher *hasher);

/* How full it is. */
struct hasher_load {
	unsigned inside; /* requests being hashed or waiting for it */
	unsigned queue;  /* most of them */
};

/* hasher_load(hasher, load_r): a moment's view. */
void hasher_load(struct hasher *hasher, struct hasher_load *load_r);

/*
 * hasher_enter(hasher): takes a place in the queue for all the hashes that one request needs;
 * ERR_OVERLOADED when none is free. hasher_leave(hasher): gives it back.
 */
enum err hasher_enter(struct hasher *hasher) MUST_CHECK;
void hasher_leave(struct hasher *hasher);

/*
 * hasher_hash(hasher, password, hash_r), hasher_matches(hasher, password, hash): as password_hash()
 * and password_matches(), on one of the threads; the caller waits, between enter and leave.
 */
enum err hasher_hash(struct hasher *hasher, const char *password, char hash_r[PASSWORD_HASH_SIZE]) MUST_CHECK;
bool hasher_matches(struct hasher *hasher, const char *password, const char *hash);

/*
 * hasher_pretend(hasher, password): spends what hasher_matches() would, for an account that does
 * not exist.
 */
void hasher_pretend(struct hasher *hasher, const char *password);

/* hasher_is_outdated(hasher, hash): whether its cost is lower than that of new hashes. */
bool hasher_is_outdated(const struct hasher *hasher, const char *hash);

#endif
