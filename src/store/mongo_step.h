/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_step.h: the steps of all sagas: one write command each.
 *
 * A step has a name for the log, and for tests that stop a program before or after it: built with
 * --enable-failpoints, ORGD_TEST_FAILPOINT="update_commit:before" (or ":after") raises SIGSTOP there,
 * the first time that it is reached. In any other build there is nothing of that.
 */
#ifndef STORE_MONGO_STEP_H
#define STORE_MONGO_STEP_H

#include <stdbool.h>

/* X(name, word), in the order of the sagas. */
#define MONGO_STEP_LIST(X)                                    \
	X(CREATE_ORGANIZATION, "create_organization")         \
	X(CLAIM_SLUG, "claim_slug")                           \
	X(CLAIM_EMAIL, "claim_email")                         \
	X(CREATE_STAGING, "create_staging")                   \
	X(CREATE_RECORD, "create_record")                     \
	X(CREATE_PUBLISH, "create_publish")                   \
	X(CREATE_ADMIN, "create_admin")                       \
	X(CREATE_COMMIT, "create_commit")                     \
	X(CREATE_WITHDRAW, "create_withdraw")                 \
	X(UPDATE_NAME, "update_name")                         \
	X(UPDATE_COMMIT, "update_commit")                     \
	X(UPDATE_ADMIN, "update_admin")                       \
	X(UPDATE_MOVE, "update_move")                         \
	X(UPDATE_FINISH, "update_finish")                     \
	X(RELEASE_SLUG, "release_slug")                       \
	X(RELEASE_EMAIL, "release_email")                     \
	X(DELETE_COMMIT, "delete_commit")                     \
	X(DELETE_ASIDE, "delete_aside")                       \
	X(DELETE_DROP, "delete_drop")                         \
	X(DELETE_STAGING, "delete_staging")                   \
	X(DELETE_ADMINS, "delete_admins")                     \
	X(DELETE_EMAILS, "delete_emails")                     \
	X(DELETE_SLUGS, "delete_slugs")                       \
	X(DELETE_ORGANIZATION, "delete_organization")         \
	X(RECOVER_ABANDON, "recover_abandon")                 \
	X(PLACE_STAGING, "place_staging")                     \
	X(PLACE_ADOPT, "place_adopt")                         \
	X(PLACE_ASIDE, "place_aside")                         \
	X(PLACE_MOVE, "place_move")                           \
	X(SWEEP_FENCE, "sweep_fence")                         \
	X(SWEEP_CLAIM, "sweep_claim")                         \
	X(SWEEP_ADMIN, "sweep_admin")                         \
	X(SWEEP_STAGING, "sweep_staging")                     \
	X(REPAIR, "repair")                                   \
	X(HASH_RENEW, "hash_renew")                           \
	X(ADMIN_INSERT, "admin_insert")                       \
	X(ADMIN_COMMIT, "admin_commit")                       \
	X(ADMIN_WITHDRAW, "admin_withdraw")                   \
	X(ADOPT_ADMIN, "adopt_admin")                         \
	X(ADOPT_COLLECTION, "adopt_collection")               \
	X(ADOPT_RENAME, "adopt_rename")                       \
	X(ADOPT_ORGANIZATION, "adopt_organization")           \
	X(DOCUMENTS, "documents")                             \
	X(SCHEMA, "schema")

#define MONGO_STEP_ENUM(name, word) MONGO_STEP_##name,
enum mongo_step { MONGO_STEP_LIST(MONGO_STEP_ENUM) MONGO_STEP_COUNT };
#undef MONGO_STEP_ENUM

/* mongo_step_word(step): its name. */
const char *mongo_step_word(enum mongo_step step);

/* mongo_step_reached(step, after): a failpoint, before the step's command or after it. */
#ifdef FAILPOINTS
void mongo_step_reached(enum mongo_step step, bool after);
#else
static inline void mongo_step_reached(enum mongo_step step, bool after)
{
	(void)step;
	(void)after;
}
#endif

/*
 * MONGO_LEASE_MS: an operation that is older is taken for dead; right or wrong, no harm is done.
 * ORGD_TEST_LEASE_MS shortens it, and what goes by it, where failpoints are built in.
 */
#ifdef FAILPOINTS
int mongo_step_lease_ms(void);
#define MONGO_LEASE_MS mongo_step_lease_ms()
#else
#define MONGO_LEASE_MS 8000
#endif

#endif
