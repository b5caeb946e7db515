/* SPDX-License-Identifier: Apache-2.0 */
/* documents.c: batches of documents, and a checksum that does not depend on their order. */
#include "orgctl/documents.h"

#include <openssl/evp.h>
#include <string.h>

#define BATCH_BYTES ((size_t)8 << 20)
#define ARENA_CAP ((size_t)1 << 30) /* a document of MongoDB has 16 MiB, as text several times that */

void documents_begin(struct documents *documents, const struct store *from, const struct store *to,
		     void (*tick)(void *context), void *context)
{
	*documents = (struct documents){.from = from, .to = to, .tick = tick, .context = context};
	arena_init(&documents->arena, ARENA_CAP);
}

void documents_end(struct documents *documents)
{
	arena_fini(&documents->arena);
}

/* Adds a number of 256 bits, the first byte being the highest. */
static void add(unsigned char sum[DOCUMENTS_SUM_SIZE], const unsigned char number[DOCUMENTS_SUM_SIZE])
{
	unsigned carry = 0;

	for (int i = DOCUMENTS_SUM_SIZE - 1; i >= 0; i--) {
		carry += (unsigned)sum[i] + number[i];
		sum[i] = (unsigned char)carry;
		carry >>= 8;
	}
}

static enum err add_document(struct documents_digest *digest, const struct store_document *document)
{
	unsigned char hash[DOCUMENTS_SUM_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	/* The id's NUL keeps id and text apart. */
	bool done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(context, document->id, strlen(document->id) + 1) == 1 &&
		    EVP_DigestUpdate(context, document->text, strlen(document->text)) == 1 &&
		    EVP_DigestFinal_ex(context, hash, NULL) == 1;

	EVP_MD_CTX_free(context);
	if (!done)
		return ERR_INTERNAL;
	add(digest->sum, hash);
	digest->count++;
	return ERR_OK;
}

/* A document of `from` as `to` would have it: only a store of plain text has it otherwise. */
static enum err normalize(struct documents *documents, const struct store_document *document,
			  struct store_document *normal_r)
{
	const struct store *to = documents->to;

	*normal_r = *document;
	if (to->ops->document_normal == NULL || documents->from->ops->document_normal != NULL)
		return ERR_OK;
	return to->ops->document_normal(to->impl, &documents->arena, document, normal_r);
}

/* Puts what the batch holds. */
static enum err flush(struct documents *documents, const char *org_id)
{
	const struct store *to = documents->to;
	enum err err = ERR_OK;

	if (documents->count > 0)
		err = to->ops->documents_put(to->impl, org_id, documents->batch, documents->count);
	for (size_t i = 0; i < documents->count && err == ERR_OK; i++)
		documents->tick(documents->context);
	documents->count = documents->bytes = 0;
	arena_reset(&documents->arena);
	return err;
}

/* What a pass over the documents of one organization needs. */
struct pass {
	struct documents *documents;
	const char *org_id;
	struct documents_digest *digest;
};

static enum err take(void *context, const struct store_document *document)
{
	const struct pass *pass = context;
	struct documents *documents = pass->documents;
	struct store_document *slot = &documents->batch[documents->count];
	struct store_document normal;
	enum err err = normalize(documents, document, &normal);

	if (err != ERR_OK)
		return err;
	slot->id = arena_strdup(&documents->arena, normal.id);
	slot->text = arena_strdup(&documents->arena, normal.text);
	if (slot->id == NULL || slot->text == NULL)
		return ERR_INTERNAL;
	documents->count++;
	documents->bytes += strlen(normal.text);
	if (documents->count < DOCUMENTS_BATCH && documents->bytes < BATCH_BYTES)
		return ERR_OK;
	return flush(documents, pass->org_id);
}

enum err documents_copy(struct documents *documents, const char *org_id)
{
	struct pass pass = {documents, org_id, NULL};
	const struct store *from = documents->from;
	enum err err;

	documents->count = documents->bytes = 0;
	arena_reset(&documents->arena);
	err = from->ops->documents_each(from->impl, org_id, take, &pass);
	return err == ERR_OK ? flush(documents, org_id) : err;
}

static enum err digest_normal(void *context, const struct store_document *document)
{
	const struct pass *pass = context;
	struct store_document normal;
	enum err err = normalize(pass->documents, document, &normal);

	if (err == ERR_OK)
		err = add_document(pass->digest, &normal);
	arena_reset(&pass->documents->arena);
	pass->documents->tick(pass->documents->context);
	return err;
}

static enum err digest(void *context, const struct store_document *document)
{
	return add_document(((const struct pass *)context)->digest, document);
}

enum err documents_compare(struct documents *documents, const char *org_id, struct documents_digest *from_r,
			   struct documents_digest *to_r)
{
	const struct store *from = documents->from, *to = documents->to;
	struct pass pass = {documents, org_id, from_r};
	enum err err;

	*from_r = *to_r = (struct documents_digest){.count = 0};
	err = from->ops->documents_each(from->impl, org_id, digest_normal, &pass);
	pass.digest = to_r;
	return err == ERR_OK ? to->ops->documents_each(to->impl, org_id, digest, &pass) : err;
}

bool documents_same(const struct documents_digest *a, const struct documents_digest *b)
{
	return a->count == b->count && memcmp(a->sum, b->sum, sizeof(a->sum)) == 0;
}

void documents_add(struct documents_digest *sum, const struct documents_digest *other)
{
	sum->count += other->count;
	add(sum->sum, other->sum);
}
