/* SPDX-License-Identifier: Apache-2.0 */
/* check_documents.c: what every store must do with documents, written against the interface alone. */
#include <stdio.h>
#include <string.h>

#include "support/store_world.h"

#define BATCH 1000

/* A document as the store itself would give it. */
static struct store_document normal(const char *id, const char *text)
{
	const struct store_document document = {id, text};
	struct store_document result = document;

	if (store.ops->document_normal != NULL)
		ck_assert_int_eq(store.ops->document_normal(store.impl, &arena, &document, &result), ERR_OK);
	return result;
}

static enum err put(const char *org_id, const char *id, const char *text)
{
	const struct store_document document = {id, text};

	return store.ops->documents_put(store.impl, org_id, &document, 1);
}

/* What is given: how many, and whether one is `wanted`; the error that ends the giving when `left` are. */
struct giving {
	size_t count, left;
	enum err end;
	struct store_document wanted;
	bool found;
};

static enum err take(void *context, const struct store_document *document)
{
	struct giving *giving = context;

	if (giving->left-- == 0)
		return giving->end;
	giving->count++;
	if (giving->wanted.id != NULL && strcmp(document->id, giving->wanted.id) == 0 &&
	    strcmp(document->text, giving->wanted.text) == 0)
		giving->found = true;
	return ERR_OK;
}

static size_t count(const char *org_id)
{
	struct giving giving = {.left = SIZE_MAX};

	ck_assert_int_eq(store.ops->documents_each(store.impl, org_id, take, &giving), ERR_OK);
	return giving.count;
}

static bool has(const char *org_id, const char *id, const char *text)
{
	struct giving giving = {.left = SIZE_MAX, .wanted = normal(id, text)};

	ck_assert_int_eq(store.ops->documents_each(store.impl, org_id, take, &giving), ERR_OK);
	return giving.found;
}

START_TEST(documents_are_given_as_they_were_put)
{
	struct account acme = create("Acme", "acme", "a@x.org"), zorn = create("Zorn", "zorn", "z@x.org");

	ck_assert_uint_eq(count(acme.org.id), 0);
	ck_assert_int_eq(put(acme.org.id, "a", "{\"x\":1}"), ERR_OK);
	ck_assert_int_eq(put(acme.org.id, "0123456789abcdef01234567", "{\"b\":[true,null],\"a\":\"\\u00e9\"}"), ERR_OK);
	ck_assert_int_eq(put(zorn.org.id, "a", "{}"), ERR_OK);
	ck_assert_uint_eq(count(acme.org.id), 2);
	ck_assert_uint_eq(count(zorn.org.id), 1);
	ck_assert(has(acme.org.id, "a", "{\"x\":1}"));
	ck_assert(has(acme.org.id, "0123456789abcdef01234567", "{\"b\":[true,null],\"a\":\"\\u00e9\"}"));
	ck_assert(has(zorn.org.id, "a", "{}"));
}
END_TEST

START_TEST(a_document_that_is_there_stays)
{
	struct account acme = create("Acme", "acme", "a@x.org");

	ck_assert_int_eq(put(acme.org.id, "a", "{\"x\":1,\"y\":2}"), ERR_OK);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(put(acme.org.id, "a", "{\"x\":2}"), ERR_OK);
	ck_assert_uint_eq(count(acme.org.id), 1);
	ck_assert(has(acme.org.id, "a", "{\"x\":1,\"y\":2}"));
}
END_TEST

START_TEST(a_batch_is_put_as_a_whole)
{
	static char ids[BATCH][16];
	static struct store_document batch[BATCH];
	struct account acme = create("Acme", "acme", "a@x.org");

	for (size_t i = 0; i < BATCH; i++) {
		snprintf(ids[i], sizeof(ids[i]), "document %zu", i);
		batch[i] = (struct store_document){ids[i], "{\"x\":\"y\"}"};
	}
	ck_assert_int_eq(store.ops->documents_put(store.impl, acme.org.id, batch, BATCH), ERR_OK);
	ck_assert_int_eq(store.ops->documents_put(store.impl, acme.org.id, batch, BATCH / 2), ERR_OK);
	ck_assert_int_eq(store.ops->documents_put(store.impl, acme.org.id, batch, 0), ERR_OK);
	ck_assert_uint_eq(count(acme.org.id), BATCH);
	ck_assert(has(acme.org.id, "document 999", "{\"x\":\"y\"}"));
}
END_TEST

START_TEST(who_takes_can_end_the_giving)
{
	struct account acme = create("Acme", "acme", "a@x.org");
	struct giving giving = {.left = 1, .end = ERR_FORBIDDEN};

	put(acme.org.id, "a", "{}");
	put(acme.org.id, "b", "{}");
	put(acme.org.id, "c", "{}");
	ck_assert_int_eq(store.ops->documents_each(store.impl, acme.org.id, take, &giving), ERR_FORBIDDEN);
	ck_assert_uint_eq(giving.count, 1);
	ck_assert_uint_eq(count(acme.org.id), 3);
}
END_TEST

START_TEST(documents_belong_to_an_organization)
{
	struct account acme = create("Acme", "acme", "a@x.org");
	struct giving giving = {.left = SIZE_MAX};
	struct tenant tenant = tenant_of(&acme);
	const char *nobody = "0123456789abcdef01234567";

	ck_assert_int_eq(put(nobody, "a", "{}"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(store.ops->documents_each(store.impl, nobody, take, &giving), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(put(acme.org.id, "a", "{\"x\":1}"), ERR_OK);
	update(&acme, &(struct org_change){.name = "Zorn", .slug = "zorn", .now_ms = 2000});
	ck_assert(has(acme.org.id, "a", "{\"x\":1}"));
	ck_assert_int_eq(store.ops->org_delete(store.impl, &tenant), ERR_OK);
	ck_assert_int_eq(put(acme.org.id, "a", "{}"), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_int_eq(try_create("Zorn", "zorn", "a@x.org", 0), ERR_OK);
	ck_assert_int_eq(store.ops->documents_each(store.impl, acme.org.id, take, &giving), ERR_ORGANIZATION_NOT_FOUND);
	ck_assert_uint_eq(giving.count, 0);
}
END_TEST

/* An organization that moves in from another store. */
START_TEST(an_account_is_taken_as_it_is)
{
	struct account acme = make_account("Acme", "acme", "a@x.org"), found;

	acme.org.created_ms = 1234567890123;
	acme.org.updated_ms = 1234567890456;
	acme.admin.token_version = 42;
	ck_assert_int_eq(store.ops->org_create(store.impl, &acme, 0), ERR_OK);
	ck_assert_int_eq(store.ops->account_by_id(store.impl, &arena, acme.org.id, &found), ERR_OK);
	assert_same(&acme, &found);
	ck_assert_int_eq(found.org.updated_ms, 1234567890456);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		documents_are_given_as_they_were_put, a_document_that_is_there_stays, a_batch_is_put_as_a_whole,
		who_takes_can_end_the_giving, documents_belong_to_an_organization, an_account_is_taken_as_it_is,
	};

	return store_suite_run("documents", tests, COUNT_OF(tests));
}
