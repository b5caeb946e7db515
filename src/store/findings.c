/* SPDX-License-Identifier: Apache-2.0 */
/* findings.c: the tables of findings.h. */
#include "store/findings.h"

#define FINDING_ROW(name, word, text, mending) [STORE_FINDING_##name] = {word, text, mending},
static const struct store_finding_info findings[STORE_FINDING_COUNT] = {STORE_FINDING_LIST(FINDING_ROW)};

#define ADOPTION_ROW(name, word, text, conflict) [STORE_ADOPTION_##name] = {word, text, conflict},
static const struct store_adoption_info adoptions[STORE_ADOPTION_COUNT] = {STORE_ADOPTION_LIST(ADOPTION_ROW)};

const struct store_finding_info *store_finding_info(enum store_finding_kind kind)
{
	return &findings[kind];
}

const struct store_adoption_info *store_adoption_info(enum store_adoption_kind kind)
{
	return &adoptions[kind];
}
