/* SPDX-License-Identifier: Apache-2.0 */
/* app.h: what a request can reach: store, hashing threads, keys, policy. Nothing changes after start. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/hasher.h"
#include "auth/token.h"
#include "store/store.h"

struct conf;

enum app_create { APP_CREATE_OPEN, APP_CREATE_KEY, APP_CREATE_CLOSED };

/* Choices of the operator that requests depend on. Strings belong to the configuration. */
struct app_policy {
	enum app_create create;
	const char *create_key;
	uint64_t max_organizations; /* 0: no limit */
	bool public_lookup;
	bool require_current_password;
	bool metrics;          /* /metrics exists */
	const char *base_path; /* "" or like "/api" */
	size_t max_body;       /* bytes */
};

struct app {
	struct store store;
	struct hasher *hasher;
	struct token_rules tokens;
	struct app_policy policy;
};

/*
 * app_open(app, conf, use): opens the store and starts the hashing threads. `conf` must outlive the app. On an
 * error the reason is in the log, and app_close() is still to be called.
 */
enum err app_open(struct app *app, const struct conf *conf, enum store_use use) MUST_CHECK;

/* app_close(app): when nobody uses it any more. */
void app_close(struct app *app);

/* app_arena_cap(app): bytes of memory that one request may need at most. */
size_t app_arena_cap(const struct app *app);

#endif
