/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_janitor.c: goes on with what dead processes began.
 *
 * Every two seconds it finds, by an index, the operations that are under way for longer than the lease. Some
 * time after the start, some time after an operation that wrote and ended unsure, and every ten minutes it mends
 * all that `orgctl store check --repair` does: claims and collections that were left over. Several janitors at
 * once do no harm: tests/model/ has them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"
#include "store/mongo_thread.h"

#define ROUND_MS (MONGO_LEASE_MS / 4) /* two seconds */
#define FIRST_SWEEP_MS (MONGO_LEASE_MS + ROUND_MS) /* by then, what the last process left is past its lease */
#define SWEEP_MS 600000
#define AT_ONCE 64 /* ids in a page */

struct mongo_janitor {
	struct mongo *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop; /* guarded by the lock */
};

struct pending {
	bson_oid_t ids[AT_ONCE];
	size_t count;
};

static enum err note_pending(void *context, const bson_t *document)
{
	struct pending *pending = context;

	if (pending->count < AT_ONCE)
		pending->count += mongo_own_id(document, &pending->ids[pending->count]);
	return ERR_OK;
}

/* Behind an id; older than the lease, or in the future by another host's clock. */
static bson_t *pending_filter(const bson_oid_t *after)
{
	int64_t now = clock_now_ms();

	return BCON_NEW("_id", "{", "$gt", BCON_OID(after), "}", "state", "{", "$in", "[",
			MONGO_STATE_VALUE(MONGO_CREATING), MONGO_STATE_VALUE(MONGO_UPDATING),
			MONGO_STATE_VALUE(MONGO_DELETING), "]", "}", "$or", "[", "{", "op_at", "{", "$lt",
			BCON_DATE_TIME(now - MONGO_LEASE_MS), "}", "}", "{", "op_at", "{", "$gt",
			BCON_DATE_TIME(now + MONGO_LEASE_MS), "}", "}", "]");
}

static enum err find_pending(struct mongo *store, const bson_oid_t *after, struct pending *pending_r)
{
	struct mongo_session session;
	enum err err = mongo_begin(store, &session);

	pending_r->count = 0;
	if (err != ERR_OK)
		return err;
	return mongo_end(&session, mongo_find_each(&session, mongo_collection_name(MONGO_ORGANIZATIONS),
						   pending_filter(after),
						   BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
							    BCON_INT64(AT_ONCE)),
						   note_pending, pending_r));
}

/* In a session of its own: it has its own time, and its own operation. */
static void recover(struct mongo *store, const bson_oid_t *id)
{
	struct mongo_session session;
	char text[RAND_ID_SIZE];
	enum err err;

	if (mongo_lock(store, id, false) != ERR_OK)
		return; /* it is alive, here */
	err = mongo_begin(store, &session);
	if (err == ERR_OK)
		err = mongo_end(&session, mongo_recover(&session, id));
	mongo_unlock(store, id);
	bson_oid_to_string(id, text);
	LOG(LOG_WARN, err == ERR_OK ? "an operation that did not end is finished"
				    : "an operation that did not end cannot be finished yet",
	    LOG_TEXT("org_id", text));
}

/* Page by page: those that cannot be finished yet keep none of the others waiting. */
enum err mongo_recover_pending(struct mongo *store)
{
	struct pending pending = {.count = 0};
	bson_oid_t after = {{0}};
	enum err err;

	do {
		err = find_pending(store, &after, &pending);
		for (size_t i = 0; i < pending.count && err == ERR_OK && !atomic_load(&store->closing); i++)
			recover(store, &pending.ids[i]);
		if (pending.count > 0)
			after = pending.ids[pending.count - 1];
	} while (err == ERR_OK && pending.count == AT_ONCE && !atomic_load(&store->closing));
	return err;
}

static void log_finding(void *context, const struct store_finding *finding)
{
	(void)context;
	LOG(LOG_WARN, finding->mended ? "the store is mended" : "the store needs the operator: orgctl store check",
	    LOG_TEXT("finding", store_finding_info(finding->kind)->word), LOG_TEXT("subject", finding->subject));
}

/* When to sweep; milliseconds, monotonic. */
struct schedule {
	int64_t next_ms;
	int64_t covered_ms; /* the latest sweep has seen to all that was left before this */
};

/* What an unsure operation may have left is swept as soon as it is past its lease. */
static void hasten(struct schedule *schedule, const struct mongo *store, int64_t now_ms)
{
	if (atomic_load(&store->unsure_us) / 1000 > schedule->covered_ms && schedule->next_ms > now_ms + FIRST_SWEEP_MS)
		schedule->next_ms = now_ms + FIRST_SWEEP_MS;
}

static void make_round(struct mongo *store, struct schedule *schedule)
{
	int64_t now_ms = clock_monotonic_us() / 1000;

	hasten(schedule, store, now_ms);
	if (mongo_recover_pending(store) != ERR_OK)
		return;
	if (now_ms < schedule->next_ms || mongo_check(store, true, log_finding, NULL) != ERR_OK)
		return;
	*schedule = (struct schedule){.next_ms = now_ms + SWEEP_MS, .covered_ms = now_ms - MONGO_LEASE_MS};
}

/* Whether to go on after a round's pause. */
static bool wait_for_round(struct mongo_janitor *janitor)
{
	const struct timespec until = mongo_thread_until(ROUND_MS);
	bool stop;

	pthread_mutex_lock(&janitor->lock);
	while (!janitor->stop && pthread_cond_timedwait(&janitor->stopped, &janitor->lock, &until) != ETIMEDOUT)
		;
	stop = janitor->stop;
	pthread_mutex_unlock(&janitor->lock);
	return !stop;
}

static void *run(void *context)
{
	struct mongo_janitor *janitor = context;
	struct schedule schedule = {.next_ms = clock_monotonic_us() / 1000 + FIRST_SWEEP_MS};

	do
		make_round(janitor->store, &schedule);
	while (wait_for_round(janitor));
	return NULL;
}

static void discard(struct mongo_janitor *janitor)
{
	pthread_cond_destroy(&janitor->stopped);
	pthread_mutex_destroy(&janitor->lock);
	free(janitor);
}

struct mongo_janitor *mongo_janitor_new(struct mongo *store)
{
	struct mongo_janitor *janitor = calloc(1, sizeof(*janitor));

	if (janitor == NULL)
		return NULL;
	janitor->store = store;
	pthread_mutex_init(&janitor->lock, NULL);
	mongo_thread_condition(&janitor->stopped);
	if (mongo_thread_start(&janitor->thread, run, janitor))
		return janitor;
	discard(janitor);
	return NULL;
}

bool mongo_janitor_free(struct mongo_janitor *janitor)
{
	if (janitor == NULL)
		return true;
	atomic_store(&janitor->store->closing, true);
	pthread_mutex_lock(&janitor->lock);
	janitor->stop = true;
	pthread_cond_signal(&janitor->stopped);
	pthread_mutex_unlock(&janitor->lock);
	if (!mongo_thread_join(janitor->thread))
		return false;
	discard(janitor);
	return true;
}
