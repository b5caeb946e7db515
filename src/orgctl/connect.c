/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c: what a command needs before it runs. */
#include "orgctl/connect.h"

#include "base/log.h"
#include "orgctl/say.h"

#define CONNECTIONS 4

int connect_open(struct call *call, const char *target, const char *name, unsigned how, struct store *store_r)
{
	const struct store_options options = {
		.target = target,
		.module_dir = call->conf.module_dir,
		.connections = CONNECTIONS,
		.existing = how & CONNECT_EXISTING,
		.adopting = how & CONNECT_ADOPTING,
	};
	enum err err = store_open(&options, store_r);

	if (err == ERR_OK)
		return STATUS_DONE;
	if (err == ERR_NOT_FOUND)
		return say_refusal(call, "no_store",
				   "there is no store %s yet: ORGD_STATE_DIR, ORGD_STORE or MONGO_URI may not"
				   " be what orgd has; -c names its .env file", name);
	return say_refusal(call, err_info(err)->code, "the store %s cannot be opened", name);
}

int connect_store(struct call *call, unsigned how)
{
	return connect_open(call, conf_store_target(&call->conf), call->conf.store, how, &call->store);
}

int connect_all(struct call *call)
{
	enum need need = call->command->need;
	unsigned rules = CONF_RULES_STORE | (need == NEED_KEYS ? CONF_RULES_SECRETS : 0);

	if (need == NEED_NOTHING)
		return STATUS_DONE;
	if (!conf_load_rules(&call->conf, call->values[OPTION_FILE], rules, stderr))
		return say_refusal(call, "configuration", "the configuration is not right");
	log_init(LOG_ERROR, LOG_LOGFMT);
	if (need < NEED_STORE)
		return STATUS_DONE;
	return connect_store(call, need != NEED_NEW_STORE ? CONNECT_EXISTING : 0);
}

void connect_end(struct call *call)
{
	store_close(&call->store);
	conf_free(&call->conf);
}
