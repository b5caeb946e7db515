/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_watch.c: the circuit breaker: one thread waits for a store that is down, so that no request does.
 *
 * The probe that reaches it again prepares it, if it is not the one that was prepared before: it may be a new
 * one, or restored, and was perhaps never reached.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_thread.h"

#define PROBE_PAUSE_MS 500
#define REFUSED_PAUSE_MS 10000 /* the operator has to do something first */
#define PING_WAIT_MS 900
#define FRESH_US 200000 /* an answer this young answers a ping too */

struct mongo_watch {
	struct mongo *store;
	pthread_t thread;
	atomic_bool down;
	atomic_int_fast64_t answered_us;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool stop;
	bool asked;     /* somebody waits for a probe */
	uint64_t probes; /* how many have ended */
	enum err last;   /* what the latest one said */
	bson_error_t error; /* and why, if it failed */
};

static enum err ask(struct mongo_session *session, bson_error_t *error_r)
{
	bson_t *command = BCON_NEW("ping", BCON_INT32(1)), reply;
	bool ok = mongoc_client_command_simple(session->client, "admin", command, NULL, &reply, error_r);

	bson_destroy(&reply);
	bson_destroy(command);
	return ok ? ERR_OK : ERR_STORE_UNAVAILABLE;
}

/* With a client of its own, and past mongo_begin(), which would refuse while the store is down. */
static enum err probe(struct mongo_watch *watch, bson_error_t *error_r)
{
	struct mongo_session session = {.store = watch->store, .begun_us = clock_monotonic_us(), .probe = true};
	enum err err;

	session.client = mongoc_client_pool_pop(watch->store->pool);
	if (session.client == NULL) {
		bson_set_error(error_r, MONGOC_ERROR_CLIENT, 0, "all clients are in use");
		return ERR_STORE_UNAVAILABLE;
	}
	err = ask(&session, error_r);
	if (err == ERR_OK && atomic_load(&watch->down)) { /* what comes back need not be what went */
		arena_init(&session.arena, 1 << 20);
		err = mongo_schema_prepare(&session);
		arena_fini(&session.arena);
		bson_set_error(error_r, MONGOC_ERROR_CLIENT, 0, "it could not be made ready");
	}
	mongoc_client_pool_push(watch->store->pool, session.client);
	return err;
}

static void conclude(struct mongo_watch *watch, enum err err, const bson_error_t *error)
{
	bool was_down = atomic_exchange(&watch->down, err != ERR_OK);

	if (err == ERR_OK)
		atomic_store(&watch->answered_us, clock_monotonic_us());
	if (watch->probes == 0) /* who opens the store says that */
		return;
	if (was_down && err == ERR_OK)
		LOG(LOG_WARN, "the store answers again");
	else if (!was_down && err != ERR_OK)
		LOG(LOG_ERROR, "the store does not answer", LOG_TEXT("reason", error->message));
}

static void *run(void *context)
{
	struct mongo_watch *watch = context;
	bson_error_t error = {.domain = 0};
	enum err err;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stop) {
		struct timespec pause = mongo_thread_until(
			watch->last == ERR_INVALID_REQUEST ? REFUSED_PAUSE_MS : PROBE_PAUSE_MS);
		if (!watch->asked && !atomic_load(&watch->down))
			pthread_cond_wait(&watch->changed, &watch->lock);
		else if (!watch->asked)
			pthread_cond_timedwait(&watch->changed, &watch->lock, &pause);
		if (watch->stop || (!watch->asked && !atomic_load(&watch->down)))
			continue;
		watch->asked = false;
		pthread_mutex_unlock(&watch->lock);
		err = probe(watch, &error);
		conclude(watch, err, &error);
		pthread_mutex_lock(&watch->lock);
		watch->last = err;
		watch->error = error;
		watch->probes++;
		pthread_cond_broadcast(&watch->changed);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static void discard(struct mongo_watch *watch)
{
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

enum err mongo_watch_start(struct mongo *store)
{
	struct mongo_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return ERR_INTERNAL;
	watch->store = store;
	atomic_init(&watch->down, true);
	watch->asked = true;
	pthread_mutex_init(&watch->lock, NULL);
	mongo_thread_condition(&watch->changed);
	store->watch = watch; /* before the thread, which uses it */
	if (mongo_thread_start(&watch->thread, run, watch))
		return ERR_OK;
	store->watch = NULL;
	discard(watch);
	return ERR_INTERNAL;
}

enum err mongo_watch_first(struct mongo_watch *watch, bson_error_t *error_r)
{
	enum err err;

	pthread_mutex_lock(&watch->lock);
	while (watch->probes == 0)
		pthread_cond_wait(&watch->changed, &watch->lock);
	err = watch->last;
	*error_r = watch->error;
	pthread_mutex_unlock(&watch->lock);
	return err;
}

bool mongo_watch_free(struct mongo_watch *watch)
{
	if (watch == NULL)
		return true;
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	if (!mongo_thread_join(watch->thread))
		return false;
	discard(watch);
	return true;
}

void mongo_watch_doubt(struct mongo_watch *watch)
{
	if (atomic_exchange(&watch->down, true))
		return;
	LOG(LOG_ERROR, "the store does not answer");
	pthread_mutex_lock(&watch->lock);
	watch->asked = true;
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
}

bool mongo_watch_is_down(const struct mongo_watch *watch)
{
	return atomic_load(&watch->down);
}

void mongo_watch_answered(struct mongo_watch *watch)
{
	atomic_store_explicit(&watch->answered_us, clock_monotonic_us(), memory_order_relaxed);
}

enum err mongo_watch_ping(struct mongo_watch *watch)
{
	struct timespec until = mongo_thread_until(PING_WAIT_MS);
	uint64_t probes;
	int rc = 0;

	if (atomic_load(&watch->down))
		return ERR_STORE_UNAVAILABLE;
	if (clock_monotonic_us() - atomic_load(&watch->answered_us) < FRESH_US)
		return ERR_OK;
	pthread_mutex_lock(&watch->lock);
	probes = watch->probes;
	watch->asked = true;
	pthread_cond_broadcast(&watch->changed);
	while (watch->probes == probes && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
	rc = watch->probes == probes;
	pthread_mutex_unlock(&watch->lock);
	if (rc)
		mongo_watch_doubt(watch); /* nobody else is to wait as long */
	return rc || atomic_load(&watch->down) ? ERR_STORE_UNAVAILABLE : ERR_OK;
}
