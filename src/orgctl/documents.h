/* SPDX-License-Identifier: Apache-2.0 */
/* documents.h: the documents of an organization, from one store to another, and whether both have the same. */
#ifndef ORGCTL_DOCUMENTS_H
#define ORGCTL_DOCUMENTS_H

#include "base/arena.h"
#include "store/store.h"

#define DOCUMENTS_BATCH 1000
#define DOCUMENTS_SUM_SIZE 32

/*
 * What documents come to, in whatever order: their number, and the sum of the SHA-256 of each one's id
 * and text, as numbers of 256 bits. The order of ids is not the same in all stores.
 */
struct documents_digest {
	uint64_t count;
	unsigned char sum[DOCUMENTS_SUM_SIZE];
};

/* Two stores, and who is told of each document. One thread. */
struct documents {
	const struct store *from, *to;
	void (*tick)(void *context);
	void *context;
	struct arena arena; /* of the batch */
	struct store_document batch[DOCUMENTS_BATCH];
	size_t count, bytes;
};

/* documents_begin(documents, from, to, tick, context), documents_end(documents): before and after use. */
void documents_begin(struct documents *documents, const struct store *from, const struct store *to,
		     void (*tick)(void *context), void *context);
void documents_end(struct documents *documents);

/*
 * documents_copy(documents, org_id): puts all documents that `from` has of the organization into `to`; done
 * again, it does the same. Errors of the two stores; ERR_INVALID_REQUEST: `to` cannot take one of them, a
 * line in the log says which.
 */
enum err documents_copy(struct documents *documents, const char *org_id) MUST_CHECK;

/*
 * documents_compare(documents, org_id, from_r, to_r): what those of `from`, as `to` would have them, and
 * those of `to` come to. Errors as above.
 */
enum err documents_compare(struct documents *documents, const char *org_id, struct documents_digest *from_r,
			   struct documents_digest *to_r) MUST_CHECK;

/* documents_same(a, b): whether they are equal. documents_add(sum, other): adds another one's number and sum. */
bool documents_same(const struct documents_digest *a, const struct documents_digest *b);
void documents_add(struct documents_digest *sum, const struct documents_digest *other);

#endif
