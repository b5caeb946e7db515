/* SPDX-License-Identifier: Apache-2.0 */
/* connect.c: what a command needs before it runs. */
#include "orgctl/connect.h"

#include "base/log.h"
#include "orgctl/say.h"

#define CONNECTIONS 4

int connect_store(struct call *call, bool existing)
{
	const struct store_options options = {
		.target = conf_store_target(&call->conf),
		.module_dir = call->conf.module_dir,
		.connections = CONNECTIONS,
		.existing = existing,
	};
	enum err err = store_open(&options, &call->store);

	if (err == ERR_OK)
		return STATUS_DONE;
	if (err == ERR_NOT_FOUND)
		return say_refusal(call, "no_store",
				   "there is no store %s yet: ORGD_STATE_DIR or ORGD_STORE may not be what orgd has;"
				   " -c names its .env file", call->conf.store);
	return say_refusal(call, err_info(err)->code, "the store %s cannot be opened", call->conf.store);
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
	return need >= NEED_STORE ? connect_store(call, need != NEED_NEW_STORE) : STATUS_DONE;
}

void connect_end(struct call *call)
{
	store_close(&call->store);
	conf_free(&call->conf);
}
