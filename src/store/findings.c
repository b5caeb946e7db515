/* SPDX-License-Identifier: Apache-2.0 */
/* findings.c: the tables of findings.h, and the list of what a check found. */
#include "store/findings.h"

#define FINDING_ROW(name, word, text, mending) [STORE_FINDING_##name] = {word, text, mending},
static const struct store_finding_info finding_infos[STORE_FINDING_COUNT] = {STORE_FINDING_LIST(FINDING_ROW)};

#define ADOPTION_ROW(name, word, text, conflict) [STORE_ADOPTION_##name] = {word, text, conflict},
static const struct store_adoption_info adoptions[STORE_ADOPTION_COUNT] = {STORE_ADOPTION_LIST(ADOPTION_ROW)};

const struct store_finding_info *store_finding_info(enum store_finding_kind kind)
{
	return &finding_infos[kind];
}

const struct store_adoption_info *store_adoption_info(enum store_adoption_kind kind)
{
	return &adoptions[kind];
}

void store_findings_init(struct store_findings *findings, struct arena *arena)
{
	*findings = (struct store_findings){.arena = arena};
	findings->end = &findings->first;
}

void store_findings_add(struct store_findings *findings, enum store_finding_kind kind, const char *subject,
			const char *detail, bool mended)
{
	struct store_found *found = arena_alloc(findings->arena, sizeof(*found));
	char *subject_copy = arena_strdup(findings->arena, subject != NULL ? subject : "");
	char *detail_copy = arena_strdup(findings->arena, detail != NULL ? detail : "");

	if (found == NULL || subject_copy == NULL || detail_copy == NULL) {
		findings->full = true;
		return;
	}
	*found = (struct store_found){{kind, subject_copy, detail_copy, mended}, NULL};
	*findings->end = found;
	findings->end = &found->next;
}

void store_findings_tell(const struct store_findings *findings, store_finding_fn *report, void *context)
{
	for (const struct store_found *found = findings->first; found != NULL; found = found->next)
		report(context, &found->finding);
}
