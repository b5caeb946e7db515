/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_check_org.c: what can be wrong with an organization: a table of rules, and the second look. */
#include <string.h>

#include "model/org.h"
#include "model/slug.h"
#include "store/mongo_check.h"
#include "store/mongo_priv.h"

#define LOOK_TRIES 3

/* What is wrong, for the operator's eyes; NULL: nothing. */
typedef const char *judge_fn(struct arena *arena, const struct mongo_view *view);

/* Either what mends it, under the organization's lock, or what is to be changed by an update as any other. */
typedef enum err mend_fn(struct mongo_session *session, const struct mongo_view *view);
typedef void change_fn(struct arena *arena, const struct mongo_view *view, struct org_change *change_r);

/* ---- Rules ---- */

static const char *judge_state(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	return view->org.state == MONGO_NO_STATE ? "it has no state" : NULL;
}

/* It counts from 1. Without it no operation can have the organization. */
static const char *judge_fence(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	return view->org.version < 1 ? "its ver is no number above 0" : NULL;
}

static const char *judge_unfinished(struct arena *arena, const struct mongo_view *view)
{
	if (view->org.state == MONGO_NO_STATE || !mongo_is_stale(view->org.op_ms))
		return NULL;
	return arena_printf(arena, "%s: %s", mongo_state_word(view->org.state), view->org.name);
}

static const char *judge_unlinked(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	return view->admin == NULL && view->heir != NULL ? view->org.name : NULL;
}

static const char *judge_missing(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	return view->admin == NULL && view->heir == NULL ? view->org.name : NULL;
}

static const char *judge_elsewhere(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	if (view->admin == NULL || mongo_id_equal(&view->admin->org, &view->org.id))
		return NULL;
	return view->admin->email;
}

static const char *judge_version(struct arena *arena, const struct mongo_view *view)
{
	(void)arena;
	if (view->admin == NULL ||
	    (view->org.token_version >= 1 && view->org.token_version == view->admin->token_version))
		return NULL;
	return view->admin->email;
}

static const char *judge_name(struct arena *arena, const struct mongo_view *view)
{
	const char *name;

	if (org_name_normalize(arena, view->org.name, &name) == FAULT_NONE && strcmp(name, view->org.name) == 0)
		return NULL;
	return view->org.name;
}

/* NULL for a name that is none. */
static const char *right_slug(struct arena *arena, const struct mongo_view *view)
{
	const char *slug;

	return judge_name(arena, view) == NULL && slug_of_name(arena, view->org.name, &slug) == ERR_OK ? slug : NULL;
}

static const char *judge_slug(struct arena *arena, const struct mongo_view *view)
{
	const char *slug = right_slug(arena, view);

	if (slug == NULL || strcmp(slug, view->org.slug) == 0)
		return NULL;
	return arena_printf(arena, "%s instead of %s", view->org.slug, slug);
}

static void change_slug(struct arena *arena, const struct mongo_view *view, struct org_change *change_r)
{
	change_r->name = view->org.name;
	change_r->slug = right_slug(arena, view);
}

/* NULL for an email that is none, and without an admin. */
static const char *right_email(struct arena *arena, const struct mongo_view *view)
{
	const char *email;

	if (view->admin == NULL || admin_email_normalize(arena, view->admin->email, &email) != FAULT_NONE)
		return NULL;
	return email;
}

static const char *judge_email(struct arena *arena, const struct mongo_view *view)
{
	return view->admin != NULL && right_email(arena, view) == NULL ? view->admin->email : NULL;
}

static const char *judge_email_form(struct arena *arena, const struct mongo_view *view)
{
	const char *email = right_email(arena, view);

	return email != NULL && strcmp(email, view->admin->email) != 0 ? view->admin->email : NULL;
}

static void change_email(struct arena *arena, const struct mongo_view *view, struct org_change *change_r)
{
	change_r->email = right_email(arena, view);
}

/* Whether the claim on its key is the organization's own, by the operation that it says. */
static bool has_claim(const struct mongo_view *view, const struct mongo_claim *claim, const bson_oid_t *op)
{
	return claim != NULL && mongo_id_equal(&claim->org, &view->org.id) && mongo_id_equal(&claim->op, op);
}

static const char *judge_slug_claim(struct arena *arena, const struct mongo_view *view)
{
	if (has_claim(view, view->slug_claim, &view->org.slug_op))
		return NULL;
	return arena_printf(arena, "slug %s", view->org.slug);
}

static const char *judge_email_claim(struct arena *arena, const struct mongo_view *view)
{
	if (view->admin == NULL || has_claim(view, view->email_claim, &view->admin->email_op))
		return NULL;
	return arena_printf(arena, "email %s", view->admin->email);
}

static const char *judge_collection(struct arena *arena, const struct mongo_view *view)
{
	const char *name = arena_printf(arena, ORG_COLLECTION_PREFIX "%s", view->org.slug);

	if (name == NULL || view->here == NULL)
		return name;
	return strcmp(name, view->here) == 0 ? NULL : arena_printf(arena, "%s is called %s", name, view->here);
}

/* In this order: what is mended above counts below. */
static const struct rule {
	enum store_finding_kind kind;
	bool unfinished;    /* of organizations that are not active; all other rules are of active ones */
	bool of_admin;      /* the finding names the admin, not the organization */
	judge_fn *judge;
	mend_fn *mend;
	change_fn *change;
} rules[] = {
	{STORE_FINDING_DAMAGED, true, false, judge_state, NULL, NULL},
	{STORE_FINDING_DAMAGED, false, false, judge_fence, NULL, NULL},
	{STORE_FINDING_ORGANIZATION_UNFINISHED, true, false, judge_unfinished, mongo_repair_finish, NULL},
	{STORE_FINDING_ADMIN_UNLINKED, false, false, judge_unlinked, mongo_repair_link_admin, NULL},
	{STORE_FINDING_ADMIN_MISSING, false, false, judge_missing, NULL, NULL},
	{STORE_FINDING_ADMIN_ELSEWHERE, false, true, judge_elsewhere, mongo_repair_point_admin, NULL},
	{STORE_FINDING_VERSION_INVALID, false, true, judge_version, mongo_repair_version, NULL},
	{STORE_FINDING_CLAIM_MISSING, false, false, judge_slug_claim, mongo_repair_slug_claim, NULL},
	{STORE_FINDING_CLAIM_MISSING, false, false, judge_email_claim, mongo_repair_email_claim, NULL},
	{STORE_FINDING_COLLECTION_MISSING, false, false, judge_collection, mongo_repair_collection, NULL},
	{STORE_FINDING_NAME_INVALID, false, false, judge_name, NULL, NULL},
	{STORE_FINDING_SLUG_WRONG, false, false, judge_slug, NULL, change_slug},
	{STORE_FINDING_EMAIL_INVALID, false, true, judge_email, NULL, NULL},
	{STORE_FINDING_EMAIL_WRONG, false, true, judge_email_form, NULL, change_email},
};

static const char *judge(const struct rule *rule, struct arena *arena, const struct mongo_view *view)
{
	return rule->unfinished == (view->org.state != MONGO_ACTIVE) ? rule->judge(arena, view) : NULL;
}

bool mongo_check_org_looks_right(struct arena *arena, const struct mongo_view *view)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (judge(&rules[i], arena, view) != NULL)
			return false;
	return true;
}

/* ---- The second look ---- */

struct heirs {
	struct mongo_session *session;
	struct mongo_admin *admin;
	size_t count;
};

static enum err add_heir(void *context, const bson_t *document)
{
	struct heirs *heirs = context;

	return heirs->count++ == 0 ? mongo_admin_read(document, &heirs->session->arena, heirs->admin) : ERR_OK;
}

/* The one admin that belongs to the organization, unless another one names it. */
static enum err find_heir(struct mongo_session *session, struct mongo_view *view)
{
	struct heirs heirs = {session, arena_alloc(&session->arena, sizeof(*heirs.admin)), 0};
	bool named;
	enum err err;

	if (heirs.admin == NULL)
		return ERR_INTERNAL;
	err = mongo_find_each(session, mongo_collection_name(MONGO_ADMINS), BCON_NEW("org_id", BCON_OID(&view->org.id)),
			      NULL, add_heir, &heirs);
	if (err != ERR_OK || heirs.count != 1)
		return err;
	err = mongo_exists(session, MONGO_ORGANIZATIONS, BCON_NEW("admin_id", BCON_OID(&heirs.admin->id)), &named);
	if (err == ERR_OK && !named)
		view->heir = heirs.admin;
	return err;
}

/* Whether the admin is that of the organization that it points to. */
static enum err is_of_its_own(struct mongo_session *session, const struct mongo_admin *admin, bool *own_r)
{
	struct mongo_org org;
	enum err err = mongo_org_get(session, &admin->org, &org);

	*own_r = err == ERR_OK && mongo_id_equal(&org.admin_id, &admin->id);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Another organization's admin is as good as none, if there is one of its own. */
static enum err read_admin(struct mongo_session *session, struct mongo_view *view)
{
	struct mongo_admin *admin = arena_alloc(&session->arena, sizeof(*admin));
	enum err err = admin != NULL ? mongo_admin_get(session, &view->org.admin_id, admin) : ERR_INTERNAL;
	bool taken = false;

	if (err == ERR_NOT_FOUND)
		return find_heir(session, view);
	if (err == ERR_OK && !mongo_id_equal(&admin->org, &view->org.id))
		err = is_of_its_own(session, admin, &taken);
	if (err == ERR_OK && taken)
		err = find_heir(session, view);
	if (view->heir == NULL)
		view->admin = admin;
	return err;
}

static enum err read_claim(struct mongo_session *session, enum mongo_collection collection, const char *key,
			   const struct mongo_claim **claim_r)
{
	struct mongo_claim *claim = arena_alloc(&session->arena, sizeof(*claim));
	enum err err = claim != NULL ? mongo_claim_get(session, collection, key, claim) : ERR_INTERNAL;

	*claim_r = err == ERR_OK ? claim : NULL;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err read_collection(struct mongo_session *session, struct mongo_view *view)
{
	const char *home = mongo_org_name(session, view->org.slug);
	struct mongo_listing listing;

	return home != NULL ? mongo_locate(session, &view->org.uuid, &home, 1, &listing, &view->here) : ERR_INTERNAL;
}

static enum err read_belongings(struct mongo_session *session, struct mongo_view *view)
{
	enum err err = read_admin(session, view);

	if (err == ERR_OK)
		err = read_claim(session, MONGO_SLUGS, view->org.slug, &view->slug_claim);
	if (err == ERR_OK && view->admin != NULL)
		err = read_claim(session, MONGO_EMAILS, view->admin->email, &view->email_claim);
	return err == ERR_OK ? read_collection(session, view) : err;
}

/* At one moment: nothing was written to the organization from the first reading to the last. ERR_ORGANIZATION_BUSY. */
static enum err look(struct mongo_session *session, const bson_oid_t *id, struct mongo_view *view_r)
{
	struct mongo_org again;

	for (int tries = LOOK_TRIES; tries > 0; tries--) {
		enum err err;
		*view_r = (struct mongo_view){.admin = NULL};
		err = mongo_org_get(session, id, &view_r->org);
		if (err != ERR_OK || view_r->org.state != MONGO_ACTIVE)
			return err;
		err = read_belongings(session, view_r);
		if (err == ERR_OK)
			err = mongo_org_get(session, id, &again);
		if (err != ERR_OK || again.version == view_r->org.version)
			return err;
	}
	return ERR_ORGANIZATION_BUSY;
}

/* By the same saga as a request's; it takes the organization's lock itself. */
static enum err update(struct mongo_session *session, const struct rule *rule, const struct mongo_view *view)
{
	struct org_change change = {.now_ms = view->org.updated_ms};
	struct tenant tenant = {.token_version = view->org.token_version};
	struct account account;

	rule->change(&session->arena, view, &change);
	bson_oid_to_string(&view->org.id, tenant.org_id);
	bson_oid_to_string(&view->org.admin_id, tenant.admin_id);
	return mongo_org_update(session->store, &session->arena, &tenant, &change, &account);
}

static enum err mend(struct mongo_session *session, const struct rule *rule, const struct mongo_view *view)
{
	enum err err;

	if (rule->change != NULL)
		return update(session, rule, view);
	err = mongo_lock(session->store, &view->org.id, true);
	if (err != ERR_OK)
		return err;
	err = rule->mend(session, view);
	mongo_unlock(session->store, &view->org.id);
	return err;
}

enum err mongo_check_org(struct mongo_checking *checking, struct mongo_session *session, const bson_oid_t *id)
{
	struct mongo_view view;
	enum err err = look(session, id, &view);
	char text[RAND_ID_SIZE];

	for (const struct rule *rule = rules; rule < rules + COUNT_OF(rules) && err == ERR_OK; rule++) {
		const char *detail = judge(rule, &session->arena, &view);
		bool mended;
		if (detail == NULL)
			continue;
		mended = checking->repair && (rule->mend != NULL || rule->change != NULL) &&
			 mend(session, rule, &view) == ERR_OK;
		bson_oid_to_string(rule->of_admin ? &view.admin->id : &view.org.id, text);
		store_findings_add(&checking->findings, rule->kind, text, detail, mended);
		if (mended)
			err = look(session, id, &view);
	}
	return err == ERR_NOT_FOUND || err == ERR_ORGANIZATION_BUSY ? ERR_OK : err;
}
