/* SPDX-License-Identifier: Apache-2.0 */
/* app.c: from the configuration to what requests use. */
#include "app.h"

#include "auth/token_memo.h"
#include "base/json.h"
#include "base/log.h"
#include "conf.h"

static void fill(struct app *app, const struct conf *conf)
{
	app->tokens = (struct token_rules){
		.secret = conf->jwt_secret_key,
		.previous_secret = conf->jwt_secret_key_previous,
		.issuer = conf->token_issuer,
		.lifetime = (int64_t)conf->token_ttl,
	};
	app->policy = (struct app_policy){
		.create = (enum app_create)conf->create,
		.create_key = conf->create_key,
		.max_organizations = conf->max_organizations,
		.public_lookup = conf->public_lookup != 0,
		.require_current_password = conf->require_current_password != 0,
		.metrics = conf->metrics != 0,
		.base_path = conf->base_path != NULL ? conf->base_path : "",
		.max_body = (size_t)conf->max_body,
	};
}

enum err app_open(struct app *app, const struct conf *conf, enum store_use use)
{
	const struct store_options options = {
		.target = conf_store_target(conf),
		.module_dir = conf->module_dir,
		.connections = (unsigned)conf->workers,
		.use = use,
	};
	enum err err;

	*app = (struct app){.hasher = NULL};
	fill(app, conf);
	json_init();
	err = store_open(&options, &app->store);
	if (err != ERR_OK)
		return err;
	app->tokens.memo = token_memo_new();
	if (app->tokens.memo == NULL) {
		LOG(LOG_ERROR, "no memory to remember tokens");
		return ERR_INTERNAL;
	}
	app->hasher = hasher_new((unsigned)conf->hash_threads, (unsigned)conf->hash_queue,
				 (unsigned)conf->bcrypt_cost);
	if (app->hasher == NULL) {
		LOG(LOG_ERROR, "the hashing threads cannot be started");
		return ERR_INTERNAL;
	}
	return ERR_OK;
}

void app_close(struct app *app)
{
	hasher_free(app->hasher);
	token_memo_free(app->tokens.memo);
	store_close(&app->store);
}

size_t app_arena_cap(const struct app *app)
{
	/* cJSON takes a node of 64 bytes for an element of two bytes; the body is there besides. */
	return app->policy.max_body * 48 + 1048576;
}
