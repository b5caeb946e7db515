/* SPDX-License-Identifier: Apache-2.0 */
/* api_health.c: alive says that a worker answers; ready, that the store does too. */
#include "api/api_health.h"

#include "app.h"

enum err api_healthz(struct req *rq)
{
	reply_body(&rq->reply, 200, "application/json", "{\"status\":\"ok\"}");
	return ERR_OK;
}

enum err api_readyz(struct req *rq)
{
	const struct store *store = &rq->app->store;

	return store->ops->ping(store->impl) == ERR_OK ? api_healthz(rq) : ERR_STORE_UNAVAILABLE;
}
