/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_check.c: what should not be in the database: noted, looked at again, mended, told. */
#include "store/mongo_check.h"

#include <time.h>

#include "store/mongo_priv.h"

#define ARENA_CAP ((size_t)256 << 20)
#define PASSES 3        /* mending one thing can free what another one needs */
#define PAUSE_MS 250    /* most operations take less */

void mongo_check_suspect(struct mongo_checking *checking, enum mongo_suspect_kind kind, const bson_oid_t *id,
			 const char *name)
{
	struct mongo_suspect *suspect = arena_alloc(&checking->arena, sizeof(*suspect));
	char *copy = arena_strdup(&checking->arena, name != NULL ? name : "");

	if (suspect == NULL || copy == NULL) {
		checking->findings.full = true;
		return;
	}
	*suspect = (struct mongo_suspect){.name = copy, .next = checking->suspects[kind]};
	if (id != NULL)
		suspect->id = *id;
	checking->suspects[kind] = suspect;
}

bson_t *mongo_check_admin_as_read(const struct mongo_admin *admin)
{
	bson_t *filter = BCON_NEW("_id", BCON_OID(&admin->id), "email", BCON_UTF8(admin->email), "password_hash",
				  BCON_UTF8(admin->password_hash)),
	       none;

	if (admin->token_version >= 1) {
		BSON_APPEND_INT64(filter, "tv", admin->token_version);
		return filter;
	}
	/* Whatever it is that was not read as a version, or its absence. */
	BSON_APPEND_DOCUMENT_BEGIN(filter, "tv", &none);
	BCON_APPEND(&none, "$not", "{", "$gte", BCON_INT64(1), "}");
	bson_append_document_end(filter, &none);
	return filter;
}

static bool has_suspects(const struct mongo_checking *checking)
{
	for (size_t kind = 0; kind < MONGO_SUSPECT_COUNT; kind++)
		if (checking->suspects[kind] != NULL)
			return true;
	return false;
}

static enum err examine(struct mongo_checking *checking, struct mongo_session *session,
			enum mongo_suspect_kind kind, const struct mongo_suspect *suspect)
{
	switch (kind) {
	case MONGO_SUSPECT_ORGANIZATION:
		return mongo_check_org(checking, session, &suspect->id);
	case MONGO_SUSPECT_ADMIN:
		return mongo_stray_admin(checking, session, &suspect->id);
	case MONGO_SUSPECT_SLUG:
		return mongo_stray_claim(checking, session, MONGO_SLUGS, suspect->name);
	case MONGO_SUSPECT_EMAIL:
		return mongo_stray_claim(checking, session, MONGO_EMAILS, suspect->name);
	default:
		return mongo_stray_collection(checking, session, suspect->name);
	}
}

/* What refers to a document that cannot be read. It is named: so it does not hide the rest, nor is it hidden. */
static void find_unreadable(struct mongo_checking *checking, enum mongo_suspect_kind kind,
			    const struct mongo_suspect *suspect)
{
	const char *why = "it refers to what cannot be read";
	const char *claims = kind == MONGO_SUSPECT_SLUG ? "slugs" : "emails";
	char id[RAND_ID_SIZE];

	bson_oid_to_string(&suspect->id, id);
	if (kind == MONGO_SUSPECT_ORGANIZATION || kind == MONGO_SUSPECT_ADMIN)
		store_findings_add(&checking->findings, STORE_FINDING_DAMAGED, id, why, false);
	else if (kind == MONGO_SUSPECT_COLLECTION)
		store_findings_add(&checking->findings, STORE_FINDING_DAMAGED, suspect->name, why, false);
	else /* an email is no subject, as subjects get into logs */
		store_findings_add(&checking->findings, STORE_FINDING_DAMAGED, claims,
				   arena_printf(&checking->arena, "%s: %s", suspect->name, why), false);
}

/* Each with a session of its own: it has its own time, and its own operation if it mends. */
static enum err look_again(struct mongo_checking *checking)
{
	struct mongo_session session;
	enum err err = ERR_OK;

	for (int kind = 0; kind < MONGO_SUSPECT_COUNT; kind++) {
		const struct mongo_suspect *suspect = checking->suspects[kind];
		for (; suspect != NULL && err == ERR_OK; suspect = suspect->next) {
			err = mongo_begin(checking->store, &session);
			if (err == ERR_OK)
				err = mongo_end(&session, examine(checking, &session,
								  (enum mongo_suspect_kind)kind, suspect));
			if (err == ERR_INTERNAL) {
				find_unreadable(checking, (enum mongo_suspect_kind)kind, suspect);
				err = ERR_OK;
			}
		}
		checking->suspects[kind] = NULL;
	}
	return err;
}

static void find_index(void *context, const char *name, const char *fault, bool mended)
{
	struct mongo_checking *checking = context;

	store_findings_add(&checking->findings, STORE_FINDING_INDEX_WRONG, name, fault, mended);
}

static enum err check_indexes(struct mongo_checking *checking)
{
	struct mongo_session session;
	enum err err = mongo_begin(checking->store, &session);

	if (err != ERR_OK)
		return err;
	return mongo_end(&session, mongo_index_check(&session, checking->repair, find_index, checking));
}

static enum err run_pass(struct mongo_checking *checking)
{
	enum err err = check_indexes(checking);

	if (err == ERR_OK)
		err = mongo_scan(checking);
	if (err != ERR_OK || !has_suspects(checking))
		return err;
	nanosleep(&(struct timespec){PAUSE_MS / 1000, PAUSE_MS % 1000 * 1000000L}, NULL);
	return look_again(checking);
}

/* What could not be mended is looked for again by the next pass, and told of once. */
static void forget_unmended(struct mongo_checking *checking, struct store_found **from)
{
	struct store_found **link = from;

	while (*link != NULL)
		if ((*link)->finding.mended)
			link = &(*link)->next;
		else
			*link = (*link)->next;
	checking->findings.end = link;
}

static enum err run_passes(struct mongo_checking *checking)
{
	enum err err = ERR_OK;

	for (int pass = 1; err == ERR_OK; pass++) {
		struct store_found **from = checking->findings.end;
		bool mended = false;
		err = run_pass(checking);
		if (err == ERR_OK && checking->findings.full)
			err = ERR_INTERNAL;
		for (const struct store_found *found = *from; found != NULL; found = found->next)
			mended |= found->finding.mended;
		if (err != ERR_OK || !mended || pass == PASSES)
			break;
		forget_unmended(checking, from);
	}
	return err;
}

enum err mongo_check(void *impl, bool repair, store_finding_fn *report, void *context)
{
	struct mongo_checking checking = {.store = impl, .repair = repair};
	enum err err;

	arena_init(&checking.arena, ARENA_CAP);
	store_findings_init(&checking.findings, &checking.arena);
	err = run_passes(&checking);
	if (err == ERR_OK)
		store_findings_tell(&checking.findings, report, context);
	arena_fini(&checking.arena);
	return err;
}
