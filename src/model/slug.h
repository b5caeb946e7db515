/* SPDX-License-Identifier: Apache-2.0 */
/* slug.h: the name of an organization as a DNS label, from which its collection is named. */
#ifndef MODEL_SLUG_H
#define MODEL_SLUG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define SLUG_MAX 48
#define SLUG_PATTERN "^[a-z0-9]+(-[a-z0-9]+)*$"

/*
 * slug_derive(key, slug_r): the slug of a name's key (org_name_key): `[a-z0-9]` words joined by
 * single hyphens, 1..SLUG_MAX characters; equal keys give equal slugs. Compatibility forms, accents
 * and a small table of letters fold to ASCII; punctuation and white space separate. When that would
 * lose a letter or digit, be too long or reserved, the slug ends with 8 hex digits of the key's
 * SHA-256. ERR_INTERNAL without memory. Pure; any thread may call.
 */
enum err slug_derive(const char *key, char slug_r[SLUG_MAX + 1]) MUST_CHECK;

/* slug_of_name(arena, name, slug_r): the slug of a normalized name, in the arena. ERR_INTERNAL likewise. */
enum err slug_of_name(struct arena *arena, const char *name, const char **slug_r) MUST_CHECK;

/* slug_is_valid(text): whether it has the form of a slug. */
bool slug_is_valid(const char *text);

#endif
