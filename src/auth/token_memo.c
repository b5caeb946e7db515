/* SPDX-License-Identifier: Apache-2.0 */
/* token_memo.c: a table with one place for a token, which its digest names. */
#include "auth/token_memo.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 1024
#define DIGEST_SIZE 32

struct entry {
	unsigned char digest[DIGEST_SIZE]; /* all zero: empty, as no token's is */
	struct token_claims claims;
};

struct token_memo {
	pthread_mutex_t lock; /* guards the entries */
	struct entry entries[PLACES];
};

struct token_memo *token_memo_new(void)
{
	struct token_memo *memo = calloc(1, sizeof(*memo));

	if (memo != NULL)
		pthread_mutex_init(&memo->lock, NULL);
	return memo;
}

void token_memo_free(struct token_memo *memo)
{
	if (memo == NULL)
		return;
	pthread_mutex_destroy(&memo->lock);
	explicit_bzero(memo, sizeof(*memo));
	free(memo);
}

static bool make_digest(const char *token, unsigned char digest_r[DIGEST_SIZE])
{
	return EVP_Digest(token, strlen(token), digest_r, NULL, EVP_sha256(), NULL) == 1;
}

static struct entry *place_of(struct token_memo *memo, const unsigned char digest[DIGEST_SIZE])
{
	return &memo->entries[((size_t)digest[0] << 8 | digest[1]) % PLACES];
}

bool token_memo_find(struct token_memo *memo, const char *token, struct token_claims *claims_r)
{
	unsigned char digest[DIGEST_SIZE];
	struct entry *entry;
	bool found;

	if (!make_digest(token, digest))
		return false;
	entry = place_of(memo, digest);
	pthread_mutex_lock(&memo->lock);
	found = memcmp(entry->digest, digest, DIGEST_SIZE) == 0;
	if (found)
		*claims_r = entry->claims;
	pthread_mutex_unlock(&memo->lock);
	return found;
}

void token_memo_keep(struct token_memo *memo, const char *token, const struct token_claims *claims)
{
	unsigned char digest[DIGEST_SIZE];
	struct entry *entry;

	if (!make_digest(token, digest))
		return;
	entry = place_of(memo, digest);
	pthread_mutex_lock(&memo->lock);
	memcpy(entry->digest, digest, DIGEST_SIZE);
	entry->claims = *claims;
	pthread_mutex_unlock(&memo->lock);
}
