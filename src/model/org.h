/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.h: the organization, and what its name may be.
 *
 * Two names are the same organization when their keys are equal. The slug is derived from the key
 * (slug.h). Functions are pure; any thread may call them.
 */
#ifndef MODEL_ORG_H
#define MODEL_ORG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/rand.h"
#include "base/fault.h"

#define ORG_NAME_MAX 100 /* characters */
#define ORG_COLLECTION_PREFIX "org_"

/* Strings live as long as what handed the struct out says: an arena, mostly. */
struct org {
	char id[RAND_ID_SIZE];
	char admin_id[RAND_ID_SIZE];
	const char *name;
	const char *slug;
	int64_t created_ms; /* since 1970 */
	int64_t updated_ms;
};

/*
 * org_name_normalize(arena, text, name_r): `text` (valid UTF-8) with white space (Unicode's
 * White_Space) trimmed and its runs folded to one space; 1..ORG_NAME_MAX characters, none of them
 * a control character. Returns the fault, FAULT_NONE with *name_r in the arena, or FAULT_INVALID
 * also when the arena is full.
 */
enum fault org_name_normalize(struct arena *arena, const char *text, const char **name_r) MUST_CHECK;

/*
 * org_name_key(arena, name): NFKC, case-folded, white space folded; NULL for what is not UTF-8 or
 * without memory. https://www.unicode.org/reports/tr15/
 */
char *org_name_key(struct arena *arena, const char *name) MUST_CHECK;

/* org_name_same(arena, a, b): 1 when the keys are equal, 0 when not, -1 without memory. */
int org_name_same(struct arena *arena, const char *a, const char *b) MUST_CHECK;

#endif
