/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h: what happened how often, counted without a lock.
 *
 * Each thread counts in a place of its own, which only it writes; who reads adds the places up. The
 * counts of a thread that has ended stay. Any thread may call.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#define METRICS_ROUTES_MAX 32
#define METRICS_STATUSES 16
#define METRICS_BUCKETS 13 /* the last one has no upper bound */

enum metric {
	METRIC_STORE_CALLS,
	METRIC_STORE_ERRORS,  /* those that found the store unavailable, busy or broken */
	METRIC_STORE_TIME_US, /* sum */
	METRIC_HASHES,
	METRIC_HASHES_REFUSED,
	METRIC_CONNECTIONS,   /* accepted */
	METRIC_COUNT,
};

/* Counts of one route; `time_us` is the sum of the durations in `buckets`. */
struct metrics_route {
	uint64_t statuses[METRICS_STATUSES]; /* by metrics_status() */
	uint64_t buckets[METRICS_BUCKETS];   /* by duration, as metrics_bound_us() says; each for itself */
	uint64_t time_us;
};

struct metrics {
	uint64_t counts[METRIC_COUNT];
	struct metrics_route routes[METRICS_ROUTES_MAX];
};

/* metrics_add(metric, amount): counts. */
void metrics_add(enum metric metric, uint64_t amount);

/* metrics_request(route, status, us): a request to route number `route` was answered after `us`. */
void metrics_request(size_t route, int status, int64_t us);

/* metrics_status(place): the HTTP status counted at a place of `statuses`; 0: there is none. */
int metrics_status(size_t place);

/* metrics_bound_us(bucket): the bucket's upper bound, inclusive; the last one's is INT64_MAX. */
int64_t metrics_bound_us(size_t bucket);

/* metrics_sum(metrics_r): the sum over all threads, a moment's view. */
void metrics_sum(struct metrics *metrics_r);

#endif
