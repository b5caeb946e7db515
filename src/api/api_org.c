/* SPDX-License-Identifier: Apache-2.0 */
/* api_org.c: the life of an organization. */
#include "api/api_org.h"

#include <stdio.h>
#include <string.h>

#include "api/api_admin.h"
#include "api/input.h"
#include "app.h"
#include "auth/principal.h"
#include "base/clock.h"
#include "http/url.h"
#include "model/slug.h"

static enum err check_create(struct req *rq, const struct input *input)
{
	const char *password = input->values[FIELD_PASSWORD];

	if (password != NULL && admin_password_is_known(rq->arena, password, input->values[FIELD_EMAIL],
							input->values[FIELD_ORGANIZATION_NAME]))
		input_fault(rq, "password", FAULT_INVALID);
	return ERR_OK;
}

static enum err check_update(struct req *rq, const struct input *input)
{
	struct principal *principal = rq->principal;
	const char *name = input->values[FIELD_ORGANIZATION_NAME];
	const char *email = input->values[FIELD_EMAIL];
	const char *password = input->values[FIELD_PASSWORD];
	enum err err = ERR_OK;

	if (password != NULL && email == NULL)
		err = principal_read_admin(principal, &rq->app->store, rq->arena);
	if (err != ERR_OK)
		return err;
	if (password != NULL &&
	    admin_password_is_known(rq->arena, password, email != NULL ? email : principal->admin->email,
				    name != NULL ? name : principal->org.name))
		input_fault(rq, "password", FAULT_INVALID);
	if (rq->app->policy.require_current_password && (email != NULL || password != NULL) &&
	    input->values[FIELD_CURRENT_PASSWORD] == NULL)
		input_fault(rq, "current_password", FAULT_REQUIRED);
	return ERR_OK;
}

const struct input_spec api_org_create_input = {
	.fields = {{FIELD_ORGANIZATION_NAME, INPUT_REQUIRED, INPUT_BODY},
		   {FIELD_EMAIL, INPUT_REQUIRED, INPUT_BODY},
		   {FIELD_PASSWORD, INPUT_REQUIRED, INPUT_BODY}},
	.count = 3,
	.body_required = true,
	.cross_check = check_create,
};

const struct input_spec api_org_get_input = {
	.fields = {{FIELD_ORGANIZATION_NAME, INPUT_COUNTED, INPUT_BODY | INPUT_QUERY},
		   {FIELD_SLUG, INPUT_COUNTED, INPUT_QUERY}},
	.count = 2,
	.min_counted = 1,
	.max_counted = 1,
};

const struct input_spec api_org_update_input = {
	.fields = {{FIELD_ORGANIZATION_NAME, INPUT_COUNTED, INPUT_BODY},
		   {FIELD_EMAIL, INPUT_COUNTED, INPUT_BODY},
		   {FIELD_PASSWORD, INPUT_COUNTED, INPUT_BODY},
		   {FIELD_CURRENT_PASSWORD, INPUT_OPTIONAL, INPUT_BODY}},
	.count = 4,
	.min_counted = 1,
	.max_counted = 3,
	.body_required = true,
	.cross_check = check_update,
};

const struct input_spec api_org_delete_input = {
	.fields = {{FIELD_ORGANIZATION_NAME, INPUT_COUNTED, INPUT_BODY | INPUT_QUERY}},
	.count = 1,
	.max_counted = 1,
};

static void add_org(struct json_writer *writer, const struct org *org)
{
	char collection[sizeof(ORG_COLLECTION_PREFIX) + SLUG_MAX];
	char created[CLOCK_TEXT_SIZE], updated[CLOCK_TEXT_SIZE];

	snprintf(collection, sizeof(collection), ORG_COLLECTION_PREFIX "%s", org->slug);
	clock_format(org->created_ms, created);
	clock_format(org->updated_ms, updated);
	json_add_text(writer, writer->root, "org_id", org->id);
	json_add_text(writer, writer->root, "organization_name", org->name);
	json_add_text(writer, writer->root, "slug", org->slug);
	json_add_text(writer, writer->root, "collection_name", collection);
	json_add_text(writer, writer->root, "admin_id", org->admin_id);
	json_add_text(writer, writer->root, "status", "active");
	json_add_text(writer, writer->root, "created_at", created);
	json_add_text(writer, writer->root, "updated_at", updated);
}

/* Answers with what has been written. */
static enum err answer(struct req *rq, int status, struct json_writer *writer)
{
	char *text = json_print(writer);

	if (text == NULL)
		return ERR_INTERNAL;
	reply_body(&rq->reply, status, "application/json", text);
	return ERR_OK;
}

static enum err answer_org(struct req *rq, int status, const struct org *org)
{
	struct json_writer writer;

	rq->org_id = arena_strdup(rq->arena, org->id);
	json_begin(&writer, rq->arena);
	add_org(&writer, org);
	return answer(rq, status, &writer);
}

/* Ids, times and names of a new organization; the hash is still to come. */
static enum err fill_account(struct req *rq, struct account *account_r)
{
	struct org *org = &account_r->org;
	struct admin *admin = &account_r->admin;
	enum err err;

	*account_r = (struct account){.admin.token_version = 1};
	org->name = rq->input->values[FIELD_ORGANIZATION_NAME];
	org->created_ms = org->updated_ms = clock_now_ms();
	admin->email = rq->input->values[FIELD_EMAIL];
	err = slug_of_name(rq->arena, org->name, &org->slug);
	if (err == ERR_OK)
		err = rand_id(org->id);
	if (err == ERR_OK)
		err = rand_id(admin->id);
	memcpy(org->admin_id, admin->id, sizeof(org->admin_id));
	return err;
}

/* Hashes the password, unless the store would refuse the organization anyway. */
static enum err hash_for_create(struct req *rq, struct account *account, char hash_r[PASSWORD_HASH_SIZE])
{
	const struct app *app = rq->app;
	enum err err = hasher_enter(app->hasher);

	if (err != ERR_OK)
		return err;
	err = app->store.ops->org_check_free(app->store.impl, account->org.slug, account->admin.email,
					     app->policy.max_organizations);
	if (err == ERR_OK)
		err = hasher_hash(app->hasher, rq->input->values[FIELD_PASSWORD], hash_r);
	hasher_leave(app->hasher);
	return err;
}

static enum err add_location(struct req *rq, const struct org *org)
{
	char *name = url_encode(rq->arena, org->name);
	char *location = NULL;

	if (name != NULL)
		location = arena_printf(rq->arena, "%s/org/get?organization_name=%s", rq->app->policy.base_path, name);
	if (location == NULL)
		return ERR_INTERNAL;
	reply_header(&rq->reply, "Location", location);
	return ERR_OK;
}

enum err api_org_create(struct req *rq)
{
	const struct app *app = rq->app;
	char hash[PASSWORD_HASH_SIZE];
	struct account account;
	enum err err = fill_account(rq, &account);

	if (err == ERR_OK)
		err = hash_for_create(rq, &account, hash);
	if (err != ERR_OK)
		return err;
	account.admin.password_hash = hash;
	err = add_location(rq, &account.org);
	if (err == ERR_OK)
		err = app->store.ops->org_create(app->store.impl, &account, app->policy.max_organizations);
	return err == ERR_OK ? answer_org(rq, 201, &account.org) : err;
}

enum err api_org_get(struct req *rq)
{
	const struct store *store = &rq->app->store;
	const char *name = rq->input->values[FIELD_ORGANIZATION_NAME];
	struct org org;
	enum err err = name != NULL ? store_org_by_name(store, rq->arena, name, &org)
				    : store->ops->org_by_slug(store->impl, rq->arena,
							      rq->input->values[FIELD_SLUG], &org);

	if (err != ERR_OK)
		return err;
	/* Without public lookup a token is needed, and finds its own organization only. */
	if (!rq->app->policy.public_lookup && strcmp(org.id, rq->principal->tenant.org_id) != 0)
		return ERR_ORGANIZATION_NOT_FOUND;
	return answer_org(rq, 200, &org);
}

/* What the input changes of what there is; the hash is still to come. */
static enum err fill_change(struct req *rq, struct org_change *change_r)
{
	struct principal *principal = rq->principal;
	const char *name = rq->input->values[FIELD_ORGANIZATION_NAME];
	const char *email = rq->input->values[FIELD_EMAIL];
	enum err err = ERR_OK;

	*change_r = (struct org_change){.now_ms = clock_now_ms()};
	if (email != NULL || rq->input->values[FIELD_CURRENT_PASSWORD] != NULL)
		err = principal_read_admin(principal, &rq->app->store, rq->arena);
	if (err == ERR_OK && email != NULL && strcmp(email, principal->admin->email) != 0)
		change_r->email = email;
	if (err == ERR_OK && name != NULL && strcmp(name, principal->org.name) != 0) {
		change_r->name = name;
		err = slug_of_name(rq->arena, name, &change_r->slug);
	}
	return err;
}

/* Compares the current password and hashes the new one, as far as they were sent. */
static enum err hash_for_update(struct req *rq, char hash_r[PASSWORD_HASH_SIZE])
{
	struct hasher *hasher = rq->app->hasher;
	const char *current = rq->input->values[FIELD_CURRENT_PASSWORD];
	const char *password = rq->input->values[FIELD_PASSWORD];
	enum err err;

	if (current == NULL && password == NULL)
		return ERR_OK;
	err = hasher_enter(hasher);
	if (err != ERR_OK)
		return err;
	if (current != NULL && !hasher_matches(hasher, current, rq->principal->admin->password_hash)) {
		input_fault(rq, "current_password", FAULT_INCORRECT);
		err = ERR_VALIDATION_FAILED;
	} else if (password != NULL) {
		err = hasher_hash(hasher, password, hash_r);
	}
	hasher_leave(hasher);
	return err;
}

enum err api_org_update(struct req *rq)
{
	const struct store *store = &rq->app->store;
	struct account account = {.org = rq->principal->org};
	char hash[PASSWORD_HASH_SIZE];
	struct json_writer writer;
	struct org_change change;
	enum err err = fill_change(rq, &change);

	if (err == ERR_OK)
		err = hash_for_update(rq, hash);
	if (err != ERR_OK)
		return err;
	if (rq->input->values[FIELD_PASSWORD] != NULL)
		change.password_hash = hash;
	if (change.name != NULL || change.email != NULL || change.password_hash != NULL)
		err = store->ops->org_update(store->impl, rq->arena, &rq->principal->tenant, &change, &account);
	if (err != ERR_OK)
		return err;
	json_begin(&writer, rq->arena);
	add_org(&writer, &account.org);
	if (change.email != NULL || change.password_hash != NULL)
		err = api_admin_add_token(rq, &writer, &account);
	return err == ERR_OK ? answer(rq, 200, &writer) : err;
}

enum err api_org_delete(struct req *rq)
{
	const struct store *store = &rq->app->store;
	const struct org *org = &rq->principal->org;
	const char *name = rq->input->values[FIELD_ORGANIZATION_NAME];
	struct json_writer writer;
	int same = name != NULL ? org_name_same(rq->arena, name, org->name) : 1;
	enum err err;

	if (same < 0)
		return ERR_INTERNAL;
	if (!same)
		return req_fail(rq, ERR_FORBIDDEN, "The token is for another organization.");
	err = store->ops->org_delete(store->impl, &rq->principal->tenant);
	if (err != ERR_OK)
		return err;
	json_begin(&writer, rq->arena);
	json_add_bool(&writer, writer.root, "deleted", true);
	json_add_text(&writer, writer.root, "org_id", org->id);
	json_add_text(&writer, writer.root, "organization_name", org->name);
	return answer(rq, 200, &writer);
}
