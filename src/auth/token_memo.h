/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_memo.h: what the tokens say whose signature was found good lately.
 *
 * A signature stays good for as long as the key does, and that is as long as the process: to decode a
 * token again, which costs more than all else that a request does, would tell nothing new. What can
 * change is not remembered: the caller compares the times and asks the store, each time. Tokens
 * themselves are not kept, only their SHA-256. Any thread may call.
 */
#ifndef AUTH_TOKEN_MEMO_H
#define AUTH_TOKEN_MEMO_H

#include <stdbool.h>

#include "auth/token.h"

/* token_memo_new(): an empty memo for tokens of one set of keys; NULL without memory. */
struct token_memo *token_memo_new(void);

/* token_memo_free(memo): NULL is fine. */
void token_memo_free(struct token_memo *memo);

/* token_memo_find(memo, token, claims_r): whether it is remembered; then *claims_r is what it says. */
bool token_memo_find(struct token_memo *memo, const char *token, struct token_claims *claims_r) MUST_CHECK;

/* token_memo_keep(memo, token, claims): remembers it, in the place of another one perhaps. */
void token_memo_keep(struct token_memo *memo, const char *token, const struct token_claims *claims);

#endif
