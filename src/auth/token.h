/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h: access tokens: JWTs (RFC 7519) signed with HS256; the only user of libjwt.
 *
 * A token proves who asked and when; whether it still counts, the store says (principal.h).
 * Functions only read the keys; any thread may call them.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/admin.h"

#define TOKEN_SIZE_MAX 2048   /* bytes of a token that is looked at */
#define TOKEN_SECRET_MIN 32   /* bytes: RFC 7518, 3.2 */

struct token_memo;

/* How tokens are made and checked. Strings belong to the configuration. */
struct token_rules {
	const char *secret;
	const char *previous_secret; /* also accepted; NULL: none */
	const char *issuer;
	int64_t lifetime; /* seconds */
	struct token_memo *memo; /* of tokens that these very keys signed; NULL: none */
};

/* What an accepted token says. */
struct token_claims {
	char admin_id[RAND_ID_SIZE];
	char org_id[RAND_ID_SIZE];
	int64_t token_version;
	int64_t issued, expires; /* seconds since 1970 */
};

/* Why a token is refused; for the log and the operator, never for the client. */
enum token_fault {
	TOKEN_OK,
	TOKEN_MALFORMED,     /* not three base64url parts, or too long */
	TOKEN_BAD_SIGNATURE, /* no key fits, or the header is not HS256 */
	TOKEN_BAD_CLAIMS,    /* a claim is missing, of the wrong type, or for another issuer */
	TOKEN_FROM_FUTURE,   /* issued later than now */
	TOKEN_EXPIRED,
	TOKEN_FAULT_COUNT,
};

/* token_fault_text(fault): a few words for the log. */
const char *token_fault_text(enum token_fault fault);

/*
 * token_issue(rules, arena, account, now, token_r): a token for the admin of `account`, from `now`
 * (seconds since 1970) on. ERR_INTERNAL when it cannot be made.
 */
enum err token_issue(const struct token_rules *rules, struct arena *arena, const struct account *account,
		     int64_t now, char **token_r) MUST_CHECK;

/*
 * token_verify(rules, token, now, claims_r): signature (the present key, then the previous one),
 * algorithm, issuer, times and ids; fills *claims_r when all is well.
 */
enum token_fault token_verify(const struct token_rules *rules, const char *token, int64_t now,
			      struct token_claims *claims_r) MUST_CHECK;

#endif
