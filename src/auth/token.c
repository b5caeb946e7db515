/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c: the wrapper round libjwt 1.x and 2.x.
 *
 * libjwt takes the algorithm from the token, checks no claim, accepts anything without a key, and
 * writes out of bounds on empty or huge parts. So: shape first, then decode with a key, then the
 * algorithm, then every claim with its type. The claims decide, not the return code alone: in a lack
 * of memory jwt_decode() can report success with neither algorithm nor claims.
 */
#include "auth/token.h"

#include <errno.h>
#include <jwt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token_memo.h"
#include "base/log.h"
#include "base/str.h"

#define LEEWAY 5 /* seconds that the clocks of two hosts may differ */

static const char *const fault_texts[TOKEN_FAULT_COUNT] = {
	[TOKEN_OK] = "good",
	[TOKEN_MALFORMED] = "malformed",
	[TOKEN_BAD_SIGNATURE] = "bad signature or algorithm",
	[TOKEN_BAD_CLAIMS] = "bad claims",
	[TOKEN_FROM_FUTURE] = "issued in the future",
	[TOKEN_EXPIRED] = "expired",
};

const char *token_fault_text(enum token_fault fault)
{
	return fault < TOKEN_FAULT_COUNT ? fault_texts[fault] : "unknown";
}

static bool add_texts(jwt_t *jwt, const struct token_rules *rules, const struct account *account,
		      const char *token_id)
{
	const struct {
		const char *name;
		const char *text;
	} claims[] = {
		{"iss", rules->issuer},
		{"sub", account->admin.id},
		{"admin_id", account->admin.id},
		{"org_id", account->org.id},
		{"organization_name", account->org.name},
		{"role", ADMIN_ROLE},
		{"jti", token_id},
	};

	for (size_t i = 0; i < COUNT_OF(claims); i++)
		if (jwt_add_grant(jwt, claims[i].name, claims[i].text) != 0)
			return false;
	return true;
}

static bool fill(jwt_t *jwt, const struct token_rules *rules, const struct account *account, int64_t now)
{
	const unsigned char *key = (const unsigned char *)rules->secret;
	char token_id[RAND_ID_SIZE];

	return rand_id(token_id) == ERR_OK && add_texts(jwt, rules, account, token_id) &&
	       jwt_add_grant_int(jwt, "iat", now) == 0 &&
	       jwt_add_grant_int(jwt, "exp", now + rules->lifetime) == 0 &&
	       jwt_add_grant_int(jwt, "token_version", account->admin.token_version) == 0 &&
	       jwt_set_alg(jwt, JWT_ALG_HS256, key, (int)strlen(rules->secret)) == 0;
}

enum err token_issue(const struct token_rules *rules, struct arena *arena, const struct account *account,
		     int64_t now, char **token_r)
{
	jwt_t *jwt;
	char *text = NULL;

	*token_r = NULL;
	if (jwt_new(&jwt) != 0)
		return ERR_INTERNAL;
	if (fill(jwt, rules, account, now))
		text = jwt_encode_str(jwt);
	jwt_free(jwt);
	if (text != NULL) {
		*token_r = arena_strdup(arena, text);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	if (*token_r == NULL)
		LOG(LOG_ERROR, "a token could not be made");
	return *token_r != NULL ? ERR_OK : ERR_INTERNAL;
}

/* Three parts of base64url letters, none empty, and not too long. */
static bool has_token_shape(const char *token)
{
	const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (strnlen(token, TOKEN_SIZE_MAX + 1) > TOKEN_SIZE_MAX)
		return false;
	for (int part = 0; part < 3; part++) {
		size_t size = strspn(token, letters);
		if (size == 0)
			return false;
		token += size;
		if (*token != (part < 2 ? '.' : '\0'))
			return false;
		token++;
	}
	return true;
}

/* Whether the header names the one algorithm, in its one spelling, and makes no demands (RFC 7515, 4.1.11). */
static bool has_good_header(jwt_t *jwt)
{
	const char *name = jwt_get_header(jwt, "alg");
	char *demands = jwt_get_headers_json(jwt, "crit");
	bool good = jwt_get_alg(jwt) == JWT_ALG_HS256 && name != NULL && strcmp(name, "HS256") == 0 &&
		    demands == NULL;

	free(demands);
	return good;
}

/* The decoded token if `secret` signed it by HS256, else NULL. */
static jwt_t *decode(const char *token, const char *secret)
{
	jwt_t *jwt = NULL;

	if (secret == NULL || strlen(secret) < TOKEN_SECRET_MIN)
		return NULL;
	if (jwt_decode(&jwt, token, (const unsigned char *)secret, (int)strlen(secret)) == 0 &&
	    has_good_header(jwt))
		return jwt;
	jwt_free(jwt);
	return NULL;
}

static bool get_id(jwt_t *jwt, const char *name, char id_r[RAND_ID_SIZE])
{
	const char *id = jwt_get_grant(jwt, name);

	if (id == NULL || !str_is_hex_id(id))
		return false;
	memcpy(id_r, id, RAND_ID_SIZE);
	return true;
}

static bool get_number(jwt_t *jwt, const char *name, int64_t *number_r)
{
	errno = 0;
	*number_r = jwt_get_grant_int(jwt, name);
	return errno == 0 && *number_r > 0;
}

static bool has_text(jwt_t *jwt, const char *name, const char *wanted)
{
	const char *text = jwt_get_grant(jwt, name);

	return text != NULL && strcmp(text, wanted) == 0;
}

static bool read_claims(const struct token_rules *rules, jwt_t *jwt, struct token_claims *claims_r)
{
	return get_id(jwt, "admin_id", claims_r->admin_id) && get_id(jwt, "org_id", claims_r->org_id) &&
	       get_number(jwt, "token_version", &claims_r->token_version) &&
	       get_number(jwt, "iat", &claims_r->issued) && get_number(jwt, "exp", &claims_r->expires) &&
	       has_text(jwt, "iss", rules->issuer) && has_text(jwt, "role", ADMIN_ROLE) &&
	       has_text(jwt, "sub", claims_r->admin_id) && claims_r->expires >= claims_r->issued;
}

static enum token_fault check_times(const struct token_claims *claims, int64_t now)
{
	if (claims->issued > now + LEEWAY)
		return TOKEN_FROM_FUTURE;
	return claims->expires <= now ? TOKEN_EXPIRED : TOKEN_OK;
}

/* What the token says, if one of the keys signed it. */
static enum token_fault read_token(const struct token_rules *rules, const char *token,
				   struct token_claims *claims_r)
{
	bool good;
	jwt_t *jwt = decode(token, rules->secret);

	if (jwt == NULL)
		jwt = decode(token, rules->previous_secret);
	if (jwt == NULL)
		return TOKEN_BAD_SIGNATURE;
	good = read_claims(rules, jwt, claims_r);
	jwt_free(jwt);
	return good ? TOKEN_OK : TOKEN_BAD_CLAIMS;
}

enum token_fault token_verify(const struct token_rules *rules, const char *token, int64_t now,
			      struct token_claims *claims_r)
{
	enum token_fault fault;

	if (!has_token_shape(token))
		return TOKEN_MALFORMED;
	if (rules->memo != NULL && token_memo_find(rules->memo, token, claims_r))
		return check_times(claims_r, now);
	fault = read_token(rules, token, claims_r);
	if (fault == TOKEN_OK && rules->memo != NULL)
		token_memo_keep(rules->memo, token, claims_r);
	return fault == TOKEN_OK ? check_times(claims_r, now) : fault;
}
