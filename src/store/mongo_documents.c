/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_documents.c: the documents of an organization, out of its collection and into it.
 *
 * The collection is found by its UUID, wherever it is just now. If it is renamed meanwhile, reading ends with
 * an error. So does writing, and documents may have gone to the old name, where the check finds them.
 */
#include <string.h>

#include "base/log.h"
#include "store/mongo_fault.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"
#include "store/mongo_text.h"

#define ID_CAP ((size_t)1 << 26)

/* Where the collection of a live organization is. */
static enum err locate(struct mongo_session *session, const char *org_id, const char **name_r)
{
	struct mongo_listing listing;
	struct mongo_org org;
	const char *home;
	bson_oid_t id;
	enum err err = mongo_id_parse(org_id, &id) ? mongo_org_get(session, &id, &org) : ERR_NOT_FOUND;

	if (err == ERR_NOT_FOUND || (err == ERR_OK && !mongo_is_live(&org)))
		return ERR_ORGANIZATION_NOT_FOUND;
	if (err != ERR_OK)
		return err;
	home = mongo_org_name(session, org.slug);
	err = home != NULL ? mongo_locate(session, &org.uuid, &home, 1, &listing, name_r) : ERR_INTERNAL;
	if (err != ERR_OK || *name_r != NULL)
		return err;
	LOG(LOG_ERROR, "an organization has no collection: see `orgctl store check`", LOG_TEXT("org_id", org_id));
	return ERR_STORE_UNAVAILABLE;
}

static enum err refuse(const char *org_id, const char *document, const char *fault)
{
	LOG(LOG_ERROR, "a document cannot be taken", LOG_TEXT("org_id", org_id), LOG_TEXT("document", document),
	    LOG_TEXT("reason", fault));
	return ERR_INVALID_REQUEST;
}

/* ---- Out ---- */

struct giving {
	const char *org_id;
	store_document_fn *take;
	void *context;
	struct arena arena; /* of one document's id */
};

static enum err give(void *context, const bson_t *document)
{
	struct giving *giving = context;
	const char *id = mongo_text_id(&giving->arena, document);
	char *text = id != NULL ? mongo_text_print(document) : NULL;
	enum err err;

	if (text != NULL)
		err = giving->take(giving->context, &(struct store_document){id, text});
	else
		err = refuse(giving->org_id, id != NULL ? id : "?", "no text means the same");
	bson_free(text);
	arena_reset(&giving->arena);
	return err;
}

enum err mongo_documents_each(void *impl, const char *org_id, store_document_fn *take, void *context)
{
	struct giving giving = {org_id, take, context, {.blocks = NULL}};
	struct mongo_session session;
	const char *name;
	enum err err = mongo_begin(impl, &session);

	if (err != ERR_OK)
		return err;
	err = locate(&session, org_id, &name);
	arena_init(&giving.arena, ID_CAP);
	if (err == ERR_OK)
		err = mongo_find_each(&session, name, bson_new(), NULL, give, &giving);
	arena_fini(&giving.arena);
	return mongo_end(&session, err);
}

/* ---- In ---- */

/* A batch on its way. */
struct putting {
	struct mongo_session *session;
	const char *org_id, *name; /* of the collection */
	const struct store_document *documents;
	bson_t **read;
	size_t count;
};

/* A number that the server tells of one document of the batch. */
static int64_t number_in(const bson_iter_t *error, const char *key)
{
	bson_iter_t iter;

	return bson_iter_recurse(error, &iter) && bson_iter_find(&iter, key) ? bson_iter_as_int64(&iter) : -1;
}

/* ERR_OK: nothing was refused but for its being there. */
static enum err take_errors(struct putting *putting, const bson_t *reply, const bson_error_t *error)
{
	bson_iter_t iter, one;
	bool any = false;

	if (!bson_iter_init_find(&iter, reply, "writeErrors") || !bson_iter_recurse(&iter, &one))
		return mongo_fault(error, mongo_step_word(MONGO_STEP_DOCUMENTS));
	while (bson_iter_next(&one)) {
		const bson_error_t fault = {.domain = MONGOC_ERROR_SERVER, .code = (uint32_t)number_in(&one, "code")};
		int64_t index = number_in(&one, "index");
		if (index < 0 || (uint64_t)index >= putting->count)
			return ERR_INTERNAL;
		if (!mongo_fault_is_duplicate(&fault))
			return refuse(putting->org_id, putting->documents[index].id, "the server refuses it");
		any = true;
	}
	/* Those that were written beside them may still not be a majority's. */
	if (bson_iter_init_find(&iter, reply, "writeConcernErrors") && bson_iter_recurse(&iter, &one))
		any = any && !bson_iter_next(&one);
	return any ? ERR_OK : mongo_fault(error, mongo_step_word(MONGO_STEP_DOCUMENTS));
}

static enum err execute(struct putting *putting, mongoc_bulk_operation_t *bulk)
{
	bson_error_t error;
	bson_t reply;
	bool ok;
	enum err err;

	mongo_step_reached(MONGO_STEP_DOCUMENTS, false);
	ok = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
	mongo_step_reached(MONGO_STEP_DOCUMENTS, true);
	err = ok ? ERR_OK : take_errors(putting, &reply, &error);
	bson_destroy(&reply);
	return err;
}

/* Without the driver's own validation, whose rules are stricter than the server's. */
static enum err insert_all(struct putting *putting)
{
	struct mongo_session *session = putting->session;
	bson_t *unordered = BCON_NEW("ordered", BCON_BOOL(false)), *options = BCON_NEW("validate", BCON_BOOL(false));
	mongoc_collection_t *handle =
		mongoc_client_get_collection(session->client, session->store->database, putting->name);
	mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(handle, unordered);
	bson_error_t error;
	enum err err = ERR_OK;

	for (size_t i = 0; i < putting->count && err == ERR_OK; i++)
		if (!mongoc_bulk_operation_insert_with_opts(bulk, putting->read[i], options, &error))
			err = refuse(putting->org_id, putting->documents[i].id, "the driver refuses it");
	if (err == ERR_OK)
		err = execute(putting, bulk);
	mongoc_bulk_operation_destroy(bulk);
	mongoc_collection_destroy(handle);
	bson_destroy(options);
	bson_destroy(unordered);
	return err;
}

/* Whatever cannot be taken is found before anything is sent. */
static enum err read_all(struct putting *putting)
{
	for (size_t i = 0; i < putting->count; i++) {
		const char *fault;
		putting->read[i] = mongo_text_read(&putting->documents[i], &fault);
		if (putting->read[i] == NULL)
			return refuse(putting->org_id, putting->documents[i].id, fault);
	}
	return ERR_OK;
}

static enum err put(struct putting *putting)
{
	struct mongo_session *session = putting->session;
	const char *after;
	enum err err = locate(session, putting->org_id, &putting->name);

	if (err == ERR_OK)
		err = read_all(putting);
	if (err == ERR_OK && putting->count > 0)
		err = insert_all(putting);
	if (err == ERR_OK)
		err = locate(session, putting->org_id, &after);
	return err == ERR_OK && strcmp(putting->name, after) != 0 ? ERR_ORGANIZATION_BUSY : err;
}

enum err mongo_documents_put(void *impl, const char *org_id, const struct store_document *documents, size_t count)
{
	struct mongo_session session;
	struct putting putting = {.session = &session, .org_id = org_id, .documents = documents, .count = count};
	enum err err = mongo_begin(impl, &session);

	if (err != ERR_OK)
		return err;
	putting.read = arena_alloc(&session.arena, count * sizeof(*putting.read) + 1);
	err = putting.read != NULL ? put(&putting) : ERR_INTERNAL;
	for (size_t i = 0; i < count && putting.read != NULL; i++)
		bson_destroy(putting.read[i]);
	return mongo_end(&session, err);
}

enum err mongo_document_normal(void *impl, struct arena *arena, const struct store_document *document,
			       struct store_document *normal_r)
{
	const char *fault;
	bson_t *read = mongo_text_read(document, &fault);
	char *text;
	enum err err = ERR_OK;

	(void)impl;
	if (read == NULL)
		return refuse("", document->id, fault);
	text = mongo_text_print(read);
	normal_r->id = mongo_text_id(arena, read);
	normal_r->text = text != NULL ? arena_strdup(arena, text) : NULL;
	if (text == NULL)
		err = refuse("", document->id, "no text means the same");
	else if (normal_r->id == NULL || normal_r->text == NULL)
		err = ERR_INTERNAL;
	bson_free(text);
	bson_destroy(read);
	return err;
}
