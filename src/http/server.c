/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: the workers, the signals, and the way from start to stop. */
#include "http/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/connections.h"
#include "http/frame.h"
#include "http/notify.h"
#include "http/turnstile.h"

#define STACK_SIZE (512 * 1024)
#define STOP_SECONDS 5
#define GRACE_US INT64_C(100000) /* for requests that were on their way when the stop came */

struct server {
	const struct server_options *options;
	struct connections connections;
	struct turnstile turnstile;
	int bell; /* an eventfd: rung, it ends the workers one after the other */
	pthread_t *threads;
	unsigned thread_count;
	atomic_uint running; /* workers that have not ended */
	atomic_llong grace_end_us; /* by the monotonic clock; 0: it is not stopping */
};

/* A worker's own memory. */
struct worker {
	struct server *server;
	struct arena arena;
	unsigned char *peeked;
};

static void serve_connection(struct worker *worker, int fd)
{
	struct server *server = worker->server;
	struct connections *connections = &server->connections;
	enum fcgi_end end;
	bool whole;

	if (!connections_take(connections, fd, worker->peeked, &whole))
		return;
	end = fcgi_serve(&server->options->service, &worker->arena, fd, whole);
	if (end == FCGI_CLOSED)
		return;
	if (end == FCGI_KEEP && atomic_load(&server->grace_end_us) == 0)
		connections_give(connections, fd);
	else
		close(fd);
}

/* How long a worker that has heard the bell still waits for a request, in ms. */
static int grace_left(const struct server *server)
{
	int64_t left = atomic_load(&server->grace_end_us) - clock_monotonic_us();

	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

/*
 * Serves events until the bell rings; then what is readable, or becomes so within the grace; then lets
 * the next worker hear the bell.
 */
static void work(struct worker *worker)
{
	struct server *server = worker->server;
	bool stopping = false;

	for (;;) {
		struct epoll_event event;
		int patience = stopping ? grace_left(server) : -1;
		turnstile_enter(&server->turnstile, !stopping);
		int count = epoll_wait(server->connections.epoll, &event, 1, patience);
		turnstile_leave(&server->turnstile);
		if (count == 0 && patience == 0)
			break;
		if (count <= 0)
			continue; /* a little too early, or EINTR: no other error is possible here */
		if (event.data.fd == server->bell)
			stopping = true;
		else if (!connections_housekeep(&server->connections, event.data.fd))
			serve_connection(worker, event.data.fd);
	}
	connections_watch(&server->connections, EPOLL_CTL_MOD, server->bell);
}

static void *run_worker(void *argument)
{
	struct server *server = argument;
	struct worker worker = {.server = server, .peeked = malloc(FRAME_HEAD_MAX)};

	arena_init(&worker.arena, server->options->arena_cap);
	if (worker.peeked != NULL)
		work(&worker);
	else
		LOG(LOG_ERROR, "no memory for a worker");
	arena_fini(&worker.arena);
	free(worker.peeked);
	atomic_fetch_sub(&server->running, 1);
	return NULL;
}

static bool start_workers(struct server *server)
{
	unsigned wanted = server->options->workers;
	pthread_attr_t attributes;

	server->threads = calloc(wanted, sizeof(*server->threads));
	if (server->threads == NULL)
		return false;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	atomic_store(&server->running, wanted);
	while (server->thread_count < wanted &&
	       pthread_create(&server->threads[server->thread_count], &attributes, run_worker, server) == 0)
		server->thread_count++;
	pthread_attr_destroy(&attributes);
	atomic_fetch_sub(&server->running, wanted - server->thread_count);
	return server->thread_count == wanted;
}

/* As many workers wait as can run at a time. One would have to call in the next with every request. */
static unsigned seats(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 2 ? (unsigned)cores : 2;
}

static bool set_up(struct server *server, const struct server_options *options)
{
	*server = (struct server){.options = options};
	turnstile_init(&server->turnstile, seats());
	server->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return server->bell >= 0 && connections_init(&server->connections, &options->connections) &&
	       connections_watch(&server->connections, EPOLL_CTL_ADD, server->bell) && start_workers(server);
}

static void tear_down(struct server *server)
{
	connections_fini(&server->connections);
	close(server->bell);
	turnstile_fini(&server->turnstile);
	free(server->threads);
}

static void fill_signals(sigset_t *signals)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

	sigemptyset(signals);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		sigaddset(signals, numbers[i]);
}

void server_block_signals(void)
{
	sigset_t signals;

	fill_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* Waits for a signal that means to stop, at most `ms` (-1: for ever); whether one came. */
static bool wait_for_stop(long ms)
{
	const struct timespec limit = {ms / 1000, ms % 1000 * 1000000};
	sigset_t signals;
	int number;

	fill_signals(&signals);
	do
		number = sigtimedwait(&signals, NULL, ms < 0 ? NULL : &limit);
	while (number != SIGTERM && number != SIGINT && (ms < 0 || number > 0));
	return number == SIGTERM || number == SIGINT;
}

static int stop(struct server *server)
{
	int64_t end = clock_monotonic_us() + (STOP_SECONDS * 1000 - 200) * INT64_C(1000);
	uint64_t one = 1;

	LOG(LOG_INFO, "stopping", LOG_NUMBER("pid", getpid()));
	notify_send("STOPPING=1");
	connections_stop_listening(&server->connections);
	atomic_store(&server->grace_end_us, clock_monotonic_us() + GRACE_US);
	if (write(server->bell, &one, sizeof(one)) < 0)
		_exit(1);
	while (atomic_load(&server->running) > 0)
		if (wait_for_stop(10) || clock_monotonic_us() > end)
			_exit(1); /* asked twice, or too slow: what was begun is all or nothing anyway */
	for (unsigned i = 0; i < server->thread_count; i++)
		pthread_join(server->threads[i], NULL);
	return 0;
}

/* Waits for the signal; tells a watchdog meanwhile that workers are at work, as long as they are. */
static void watch_until_stop(struct server *server)
{
	long ms = notify_watchdog_ms();

	while (!wait_for_stop(ms))
		if (atomic_exchange(&server->connections.swept, false))
			notify_send("WATCHDOG=1");
}

int server_run(const struct server_options *options)
{
	struct server server;
	int status;

	if (!set_up(&server, options)) {
		LOG(LOG_ERROR, "the server cannot start", LOG_TEXT("reason", strerror(errno)));
		_exit(1); /* some workers may run already */
	}
	LOG(LOG_INFO, "serving", LOG_NUMBER("pid", getpid()), LOG_NUMBER("workers", options->workers));
	notify_send("READY=1");
	watch_until_stop(&server);
	status = stop(&server);
	tear_down(&server);
	listen_close(options->connections.listener);
	LOG(LOG_INFO, "stopped", LOG_NUMBER("pid", getpid()));
	return status;
}
