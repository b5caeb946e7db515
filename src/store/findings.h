/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h: what a store can tell the operator about what it holds: two tables, and a list. */
#ifndef STORE_FINDINGS_H
#define STORE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * X(name, word, text, mending): what store_ops.check can find. `text` goes on from the name of what
 * it is about; `mending` says what a repair does, NULL: it leaves that to the operator.
 */
#define STORE_FINDING_LIST(X)                                                                              \
	X(DAMAGED, "store_damaged", "is damaged", NULL)                                                    \
	X(ID_MALFORMED, "id_malformed", "is not an id: 24 hex digits", NULL)                               \
	X(ADMIN_UNLINKED, "admin_unlinked", "names an admin that is not there; another one belongs to it", \
	  "takes that one")                                                                                \
	X(ADMIN_MISSING, "admin_missing", "has no admin", NULL)                                            \
	X(ADMIN_UNOWNED, "admin_unowned", "is an admin of no organization", "is removed")                  \
	X(ADMIN_ELSEWHERE, "admin_elsewhere", "is an admin that points to another organization than its own", \
	  "points to its own")                                                                             \
	X(DOCUMENTS_UNOWNED, "documents_unowned", "has documents, but is no organization", "are removed")  \
	X(INDEX_WRONG, "index_wrong", "is an index that is missing, or not as it must be", "is made")      \
	X(COLLECTION_MISSING, "collection_missing", "has no collection at its name", "gets it, or an empty one") \
	X(COLLECTION_UNOWNED, "collection_unowned", "is a collection of no organization", NULL)            \
	X(COLLECTION_STAGING, "collection_staging", "is a collection that a create left behind",           \
	  "is removed")                                                                                    \
	X(ORGANIZATION_UNFINISHED, "organization_unfinished", "is held by an operation that did not end",  \
	  "is finished")                                                                                   \
	X(CLAIM_MISSING, "claim_missing", "does not hold the claim on its name or email", "gets it")       \
	X(CLAIM_UNOWNED, "claim_unowned", "is a claim of no organization", "is given up")                  \
	X(NAME_INVALID, "name_invalid", "has a name that is none, or not normalized", NULL)                \
	X(SLUG_WRONG, "slug_wrong", "has a slug that is not its name's", "gets the right one")             \
	X(EMAIL_INVALID, "email_invalid", "has an email that is none", NULL)                               \
	X(EMAIL_WRONG, "email_wrong", "has an email that is not normalized", "gets it normalized")         \
	X(VERSION_INVALID, "version_invalid", "has a token version that cannot be", "gets one that kills its tokens")

#define STORE_FINDING_ENUM(name, word, text, mending) STORE_FINDING_##name,
enum store_finding_kind { STORE_FINDING_LIST(STORE_FINDING_ENUM) STORE_FINDING_COUNT };
#undef STORE_FINDING_ENUM

struct store_finding {
	enum store_finding_kind kind;
	const char *subject; /* an id or another name of what it is about */
	const char *detail;  /* more for the operator's eyes; "" if there is none */
	bool mended;
};

/*
 * X(name, word, text, conflict): what store_ops.adopt does with what another program wrote, or why it
 * does nothing. `text` goes on from the name of what it is about.
 */
#define STORE_ADOPTION_LIST(X)                                                                             \
	X(ORGANIZATION_ADOPTED, "organization_adopted", "is taken over", false)                            \
	X(ADMIN_ADOPTED, "admin_adopted", "is taken over as the admin of its organization", false)         \
	X(NAME_NORMALIZED, "name_normalized", "gets its name normalized", false)                           \
	X(EMAIL_NORMALIZED, "email_normalized", "gets its email normalized", false)                        \
	X(SLUG_DERIVED, "slug_derived", "gets the slug of its name", false)                                \
	X(TIME_ASSUMED, "time_assumed", "gets a time of creation, as it has none", false)                  \
	X(HASH_ADOPTED, "hash_adopted", "keeps its password: its hash is taken over", false)               \
	X(COLLECTION_RENAMED, "collection_renamed", "gets its collection renamed", false)                  \
	X(COLLECTION_RECORDED, "collection_recorded", "gets its collection's UUID recorded", false)        \
	X(CLAIMS_ADDED, "claims_added", "gets the claims on its slug and email", false)                    \
	X(INDEX_DROPPED, "index_dropped", "is an index that is in the way, and is dropped", false)         \
	X(ID_CONFLICT, "id_conflict", "has an id that is not an ObjectId", true)                           \
	X(NAME_CONFLICT, "name_conflict", "has no name, or one that breaks the rules", true)               \
	X(TIME_UNUSABLE, "time_unusable", "has a time of creation that cannot be read", true)              \
	X(SLUG_CONFLICT, "slug_conflict", "has the same slug as another organization", true)               \
	X(EMAIL_CONFLICT, "email_conflict", "has the same email as another admin", true)                   \
	X(EMAIL_UNUSABLE, "email_unusable", "has no email, or one that breaks the rules", true)            \
	X(HASH_UNUSABLE, "hash_unusable", "has no password hash of a known form", true)                    \
	X(ADMIN_ABSENT, "admin_absent", "has no admin", true)                                              \
	X(ADMINS_SEVERAL, "admins_several", "has several admins", true)                                    \
	X(ADMIN_HOMELESS, "admin_homeless", "is an admin of no organization", true)                        \
	X(COLLECTION_ABSENT, "collection_absent", "has no collection", true)                               \
	X(COLLECTION_SHARED, "collection_shared", "has the same collection as another organization", true) \
	X(COLLECTION_OCCUPIED, "collection_occupied", "needs a name that another collection has", true)    \
	X(COLLECTION_FOREIGN, "collection_foreign", "is needed, and has documents of another program", true)

#define STORE_ADOPTION_ENUM(name, word, text, conflict) STORE_ADOPTION_##name,
enum store_adoption_kind { STORE_ADOPTION_LIST(STORE_ADOPTION_ENUM) STORE_ADOPTION_COUNT };
#undef STORE_ADOPTION_ENUM

struct store_adoption {
	enum store_adoption_kind kind;
	const char *subject; /* an id or another name of what it is about */
	const char *detail;  /* more for the operator's eyes, as "old to new"; "" if there is none */
};

/* Who is told of findings and adoptions, each once. */
typedef void store_finding_fn(void *context, const struct store_finding *finding);
typedef void store_adoption_fn(void *context, const struct store_adoption *adoption);

/* A row of STORE_FINDING_LIST. */
struct store_finding_info {
	const char *word;
	const char *text;
	const char *mending; /* NULL: none */
};

/* A row of STORE_ADOPTION_LIST. */
struct store_adoption_info {
	const char *word;
	const char *text;
	bool conflict;
};

/* Findings of a check under way, in order; texts live in the arena. */
struct store_found {
	struct store_finding finding;
	struct store_found *next;
};

struct store_findings {
	struct arena *arena;
	struct store_found *first, **end;
	bool full; /* more was found than there is memory for */
};

/*
 * store_findings_init(findings, arena): none yet. store_findings_add(findings, kind, subject, detail, mended):
 * one more, with copies of the texts; NULL is "". store_findings_tell(findings, report, context): each of them.
 */
void store_findings_init(struct store_findings *findings, struct arena *arena);
void store_findings_add(struct store_findings *findings, enum store_finding_kind kind, const char *subject,
			const char *detail, bool mended);
void store_findings_tell(const struct store_findings *findings, store_finding_fn *report, void *context);

/* store_finding_info(kind), store_adoption_info(kind): its row. */
const struct store_finding_info *store_finding_info(enum store_finding_kind kind);
const struct store_adoption_info *store_adoption_info(enum store_adoption_kind kind);

#endif
