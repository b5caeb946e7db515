/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h: the configuration: built-in defaults, the .env file, the environment; later wins.
 *
 * Read once at start; what it gives does not change afterwards, so any thread may read it. Included
 * by orgd.c, app.c and the tools only: other modules are handed what concerns them.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"

enum conf_create { CONF_CREATE_OPEN, CONF_CREATE_KEY, CONF_CREATE_CLOSED };

/* Strings are NULL when unset; they belong to the conf. */
struct conf {
	char *jwt_secret_key;
	char *jwt_secret_key_previous;
	char *secret_key;
	char *mongo_uri;
	char *store;
	uint64_t create; /* enum conf_create */
	char *create_key;
	uint64_t max_organizations;
	uint64_t public_lookup;
	uint64_t require_current_password;
	uint64_t workers;
	uint64_t hash_threads;
	uint64_t hash_queue;
	uint64_t bcrypt_cost;
	uint64_t token_ttl;
	char *token_issuer;
	char *base_path;
	uint64_t max_body;
	uint64_t metrics;
	char *allowed_uids; /* comma-separated */
	uint64_t log_level;  /* enum log_level */
	uint64_t log_format; /* enum log_format */
	char *state_dir;
	char *module_dir;
	uint64_t testing;

	char *file; /* the .env file that was read; NULL: none */
};

/*
 * conf_load(conf, file): fills *conf; `file` NULL: the usual places are searched. Says every fault
 * in a line of its own to `faults` and returns whether there was none. Call conf_free() either way.
 */
bool conf_load(struct conf *conf, const char *file, FILE *faults) MUST_CHECK;

/* What of the rules of conf_rules.c a program needs to hold. */
enum conf_rules {
	CONF_RULES_STORE = 1,   /* the store and how passwords are hashed */
	CONF_RULES_SECRETS = 2, /* the keys: there, and good ones */
	CONF_RULES_SERVICE = 4, /* what only requests use */
	CONF_RULES_ALL = 7,
};

/*
 * conf_load_rules(conf, file, rules, faults): conf_load() for a program that uses only a part of the
 * configuration: `rules`, enum conf_rules together, are those that must hold; what the others are
 * about may be missing or wrong. A key's type is always checked.
 */
bool conf_load_rules(struct conf *conf, const char *file, unsigned rules, FILE *faults) MUST_CHECK;

/* conf_store_target(conf): what store_open() takes. Belongs to the conf. */
const char *conf_store_target(const struct conf *conf);

/* conf_free(conf): wipes and frees. */
void conf_free(struct conf *conf);

/* conf_dump(conf, out): every key with its value, as a .env file has it; secrets masked. */
void conf_dump(const struct conf *conf, FILE *out);

/* conf_each(index): the names of all keys, in the table's order; NULL behind the last. For checks. */
const char *conf_each(size_t index);

#endif
