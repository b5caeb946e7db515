/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_metrics.c: the text format of Prometheus.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include "api/api_metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/routes.h"
#include "app.h"
#include "base/metrics.h"

#define TEXT_SIZE 65536

/* Text being written; what does not fit is cut, and seen at the end. */
struct text {
	char *at;
	size_t left;
};

/* Counters that are one number each. */
static const struct {
	const char *name;
	const char *help;
	enum metric metric;
} counters[] = {
	{"orgd_store_calls_total", "Operations on the store.", METRIC_STORE_CALLS},
	{"orgd_store_errors_total", "Operations that found the store unavailable, busy or broken.",
	 METRIC_STORE_ERRORS},
	{"orgd_hashes_total", "Password hashes computed.", METRIC_HASHES},
	{"orgd_hashes_refused_total", "Requests refused because the hash queue was full.",
	 METRIC_HASHES_REFUSED},
	{"orgd_connections_total", "FastCGI connections accepted.", METRIC_CONNECTIONS},
};

static PRINTF_LIKE(2, 3) void add(struct text *text, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (size < 0 || (size_t)size >= text->left) {
		text->left = 0;
		return;
	}
	text->at += size;
	text->left -= (size_t)size;
}

static void add_head(struct text *text, const char *name, const char *type, const char *help)
{
	add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

size_t api_metrics_route(const struct req *rq)
{
	return rq->route != NULL ? (size_t)(rq->route - routes) : routes_count;
}

static const char *route_path(size_t number)
{
	return number < routes_count ? routes[number].path : "other";
}

static void add_requests(struct text *text, const struct metrics *metrics)
{
	add_head(text, "orgd_requests_total", "counter", "Requests answered, by route and status.");
	for (size_t i = 0; i <= routes_count; i++)
		for (size_t place = 0; place < METRICS_STATUSES; place++)
			if (metrics->routes[i].statuses[place] > 0)
				add(text, "orgd_requests_total{route=\"%s\",status=\"%d\"} %" PRIu64 "\n",
				    route_path(i), metrics_status(place), metrics->routes[i].statuses[place]);
}

static void add_histogram(struct text *text, const char *path, const struct metrics_route *route)
{
	const char *name = "orgd_request_duration_seconds";
	uint64_t count = 0;

	for (size_t bucket = 0; bucket < METRICS_BUCKETS; bucket++) {
		count += route->buckets[bucket];
		if (bucket + 1 < METRICS_BUCKETS)
			add(text, "%s_bucket{route=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, path,
			    (double)metrics_bound_us(bucket) / 1e6, count);
	}
	add(text, "%s_bucket{route=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, path, count);
	add(text, "%s_sum{route=\"%s\"} %.6f\n", name, path, (double)route->time_us / 1e6);
	add(text, "%s_count{route=\"%s\"} %" PRIu64 "\n", name, path, count);
}

static void add_durations(struct text *text, const struct metrics *metrics)
{
	add_head(text, "orgd_request_duration_seconds", "histogram", "Time from a request to its answer.");
	for (size_t i = 0; i <= routes_count; i++)
		add_histogram(text, route_path(i), &metrics->routes[i]);
}

static void add_gauge(struct text *text, const char *name, const char *help, unsigned value)
{
	add_head(text, name, "gauge", help);
	add(text, "%s %u\n", name, value);
}

static void add_gauges(struct text *text, const struct app *app)
{
	struct hasher_load load;
	unsigned open, busy;

	hasher_load(app->hasher, &load);
	app->store.ops->connections(app->store.impl, &open, &busy);
	add_gauge(text, "orgd_hash_queue", "Requests being hashed or waiting for it.", load.inside);
	add_gauge(text, "orgd_hash_queue_limit", "Most requests that may be.", load.queue);
	add_gauge(text, "orgd_store_connections_open", "Connections to the store.", open);
	add_gauge(text, "orgd_store_connections_busy", "Connections to the store in use.", busy);
	add_head(text, "orgd_build_info", "gauge", "Always 1.");
	add(text, "orgd_build_info{version=\"%s\",store=\"%s\"} 1\n", VERSION, app->store.ops->name);
}

static void add_counters(struct text *text, const struct metrics *metrics)
{
	for (size_t i = 0; i < COUNT_OF(counters); i++) {
		add_head(text, counters[i].name, "counter", counters[i].help);
		add(text, "%s %" PRIu64 "\n", counters[i].name, metrics->counts[counters[i].metric]);
	}
	add_head(text, "orgd_store_seconds_total", "counter", "Time spent in operations on the store.");
	add(text, "orgd_store_seconds_total %.6f\n", (double)metrics->counts[METRIC_STORE_TIME_US] / 1e6);
}

enum err api_metrics(struct req *rq)
{
	struct metrics *metrics = arena_alloc(rq->arena, sizeof(*metrics));
	char *buffer = arena_alloc(rq->arena, TEXT_SIZE);
	struct text text = {buffer, TEXT_SIZE};

	if (metrics == NULL || buffer == NULL)
		return ERR_INTERNAL;
	metrics_sum(metrics);
	add_requests(&text, metrics);
	add_durations(&text, metrics);
	add_counters(&text, metrics);
	add_gauges(&text, rq->app);
	if (text.left == 0)
		return ERR_INTERNAL;
	reply_body(&rq->reply, 200, "text/plain; version=0.0.4; charset=utf-8", buffer);
	return ERR_OK;
}
