/* SPDX-License-Identifier: Apache-2.0 */
/* rand.h: randomness from OpenSSL, and ids made of it. Any thread may call. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* An id is 96 random bits as 24 hex digits: the form of an ObjectId, but not to be guessed. */
#define RAND_ID_SIZE 25

/* rand_bytes(bytes_r, size): fills with random bytes; ERR_INTERNAL when there are none to be had. */
enum err rand_bytes(void *bytes_r, size_t size) MUST_CHECK;

/* rand_id(id_r): a new id, with its NUL. ERR_INTERNAL as above. */
enum err rand_id(char id_r[RAND_ID_SIZE]) MUST_CHECK;

#endif
