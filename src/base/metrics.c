/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c: a list of shards, one a thread, that only ever grows. */
#include "base/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>


/* A thread's counts, as struct metrics has them. Written by one thread, so a plain add is enough. */
#define CELLS (sizeof(struct metrics) / sizeof(uint64_t))

struct shard {
	struct shard *next;
	_Atomic uint64_t cells[CELLS];
};

static _Atomic(struct shard *) shards;
static _Thread_local struct shard *own;

/* The last place takes every status that has none. */
static const int statuses[METRICS_STATUSES] = {200, 201, 204, 400, 401, 403, 404, 405,
					       409, 413, 415, 422, 500, 503, 0};

static const int64_t bounds_us[METRICS_BUCKETS] = {500,    1000,   2500,   5000,    10000,   25000,    50000,
						   100000, 250000, 500000, 1000000, 2500000, INT64_MAX};

static struct shard *get_own(void)
{
	if (own != NULL)
		return own;
	own = calloc(1, sizeof(*own));
	if (own == NULL)
		return NULL;
	own->next = atomic_load(&shards);
	while (!atomic_compare_exchange_weak(&shards, &own->next, own))
		;
	return own;
}

static void add(size_t cell, uint64_t amount)
{
	struct shard *shard = get_own();
	uint64_t value;

	if (shard == NULL)
		return;
	value = atomic_load_explicit(&shard->cells[cell], memory_order_relaxed);
	atomic_store_explicit(&shard->cells[cell], value + amount, memory_order_relaxed);
}

/* The number of a member of struct metrics, as a cell. */
#define CELL(member) (offsetof(struct metrics, member) / sizeof(uint64_t))

void metrics_add(enum metric metric, uint64_t amount)
{
	add(CELL(counts) + metric, amount);
}

int metrics_status(size_t place)
{
	return statuses[place];
}

int64_t metrics_bound_us(size_t bucket)
{
	return bounds_us[bucket];
}

void metrics_request(size_t route, int status, int64_t us)
{
	size_t base = CELL(routes) + route * (sizeof(struct metrics_route) / sizeof(uint64_t));
	size_t place = 0, bucket = 0;

	while (statuses[place] != 0 && statuses[place] != status)
		place++;
	while (us > bounds_us[bucket])
		bucket++;
	add(base + offsetof(struct metrics_route, statuses) / sizeof(uint64_t) + place, 1);
	add(base + offsetof(struct metrics_route, buckets) / sizeof(uint64_t) + bucket, 1);
	add(base + offsetof(struct metrics_route, time_us) / sizeof(uint64_t), (uint64_t)us);
}

void metrics_sum(struct metrics *metrics_r)
{
	uint64_t *sums = (uint64_t *)metrics_r;

	*metrics_r = (struct metrics){.counts = {0}};
	for (struct shard *shard = atomic_load(&shards); shard != NULL; shard = shard->next)
		for (size_t i = 0; i < CELLS; i++)
			sums[i] += atomic_load_explicit(&shard->cells[i], memory_order_relaxed);
}
