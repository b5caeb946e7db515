/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c: one epoll set that all workers wait on.
 *
 * In it are the listener, a timer, a bell that ends the workers, and every connection, each for one
 * event at a time (EPOLLONESHOT): a worker that gets an event has its descriptor to itself until it
 * arms it again. A connection costs a worker nothing until a whole request is there (frame.h); half a
 * request is parked, and the timer looks whether more has come.
 */
#include "http/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/frame.h"
#include "http/slots.h"

#define STACK_SIZE (512 * 1024)
#define STOP_SECONDS 5
#define SWEEP_MS 1000 /* how often idle connections are looked at */
#define PARKED_MS 10  /* and parked ones, while there are any, or a listener that ran out of descriptors */
#define SEND_SECONDS 10
#define STARVED_SAY_US INT64_C(10000000)

struct server {
	const struct server_options *options;
	int epoll, timer, bell;
	struct slots slots;
	atomic_int parked;          /* connections in SLOT_PARKED */
	atomic_bool starved;        /* the listener waits for descriptors to come free */
	atomic_llong starved_said_us; /* when the log last said so */
	atomic_bool stopping;
	pthread_mutex_t timer_lock; /* so that the shorter of two wishes wins */
	pthread_t *threads;
	unsigned thread_count;
	atomic_uint running; /* workers that have not ended */
};

/* A worker's own memory. */
struct worker {
	struct server *server;
	struct arena arena;
	unsigned char *peeked;
};

static bool watch(struct server *server, int operation, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = fd};

	return epoll_ctl(server->epoll, operation, fd, &event) == 0;
}

static void set_timer(struct server *server)
{
	bool soon = atomic_load(&server->parked) > 0 || atomic_load(&server->starved);
	long ms = soon ? PARKED_MS : SWEEP_MS;
	struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};

	timerfd_settime(server->timer, 0, &when, NULL);
}

static void wish_timer(struct server *server)
{
	pthread_mutex_lock(&server->timer_lock);
	set_timer(server);
	pthread_mutex_unlock(&server->timer_lock);
}

/* Closes a connection that the caller holds. */
static void close_connection(struct server *server, int fd)
{
	slots_release(&server->slots, fd, SLOT_FREE);
	close(fd);
}

/* Gives a connection that the caller holds back to epoll. */
static void make_idle(struct server *server, int fd, int operation)
{
	slots_release(&server->slots, fd, SLOT_IDLE);
	if (!watch(server, operation, fd) && slots_take(&server->slots, fd, SLOT_IDLE))
		close_connection(server, fd);
}

static bool is_allowed(const struct server_options *options, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (options->allowed_uid_count == 0)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	for (size_t i = 0; i < options->allowed_uid_count; i++)
		if (options->allowed_uids[i] == peer.uid)
			return true;
	LOG(LOG_WARN, "connection refused", LOG_NUMBER("uid", peer.uid));
	return false;
}

static void add_connection(struct server *server, int fd)
{
	struct timeval receive = {.tv_sec = server->options->receive_seconds};
	struct timeval send = {.tv_sec = SEND_SECONDS};

	if (!is_allowed(server->options, fd) || !slots_claim(&server->slots, fd)) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
	atomic_store(&slots_at(&server->slots, fd)->since_us, clock_monotonic_us());
	make_idle(server, fd, EPOLL_CTL_ADD);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Takes all connections that wait; false when descriptors ran out. */
static bool accept_all(struct server *server)
{
	for (;;) {
		int fd = accept4(server->options->listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			add_connection(server, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			return !is_shortage(errno);
	}
}

static void serve_listener(struct server *server)
{
	int64_t now = clock_monotonic_us();

	if (accept_all(server)) {
		watch(server, EPOLL_CTL_MOD, server->options->listener->fd);
		return;
	}
	atomic_store(&server->starved, true);
	if (now - atomic_load(&server->starved_said_us) > STARVED_SAY_US) {
		atomic_store(&server->starved_said_us, now);
		LOG(LOG_WARN, "out of descriptors: new connections wait");
	}
	wish_timer(server);
}

/* Half a request is there: out of epoll's sight, for the timer to look at. */
static void park(struct server *server, int fd, int arrived)
{
	struct slot *slot = slots_at(&server->slots, fd);

	if (!atomic_exchange(&slot->half, true))
		atomic_store(&slot->since_us, clock_monotonic_us());
	atomic_store(&slot->arrived, arrived);
	slots_release(&server->slots, fd, SLOT_PARKED);
	if (atomic_fetch_add(&server->parked, 1) == 0)
		wish_timer(server);
}

static void serve_request(struct worker *worker, int fd)
{
	struct server *server = worker->server;
	struct slot *slot = slots_at(&server->slots, fd);
	enum fcgi_end end;

	/* libfcgi may close it, and the number be a new connection's at once: leave its slot alone. */
	slots_release(&server->slots, fd, SLOT_FREE);
	end = fcgi_serve(&server->options->service, &worker->arena, fd);
	if (end == FCGI_CLOSED)
		return;
	if (end == FCGI_CLOSE || atomic_load(&server->stopping)) {
		close(fd);
		return;
	}
	atomic_store(&slot->half, false);
	atomic_store(&slot->since_us, clock_monotonic_us());
	make_idle(server, fd, EPOLL_CTL_MOD);
}

static void serve_connection(struct worker *worker, int fd)
{
	struct server *server = worker->server;
	ssize_t size;
	enum frame frame;

	if (!slots_take(&server->slots, fd, SLOT_IDLE))
		return;
	size = recv(fd, worker->peeked, FRAME_HEAD_MAX, MSG_PEEK | MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
		make_idle(server, fd, EPOLL_CTL_MOD);
		return;
	}
	frame = size > 0 ? frame_scan(worker->peeked, (size_t)size) : FRAME_BAD;
	if (size > 0)
		explicit_bzero(worker->peeked, (size_t)size);
	if (frame == FRAME_READY)
		serve_request(worker, fd);
	else if (frame == FRAME_PARTIAL)
		park(server, fd, (int)size);
	else
		close_connection(server, fd);
}

/* A parked connection: back to epoll if more has come, closed if it took too long. */
static void look_at_parked(struct server *server, int fd, int64_t now)
{
	struct slot *slot = slots_at(&server->slots, fd);
	int arrived = 0;
	bool late;

	if (!slots_take(&server->slots, fd, SLOT_PARKED))
		return;
	late = now - atomic_load(&slot->since_us) > server->options->receive_seconds * INT64_C(1000000);
	if (ioctl(fd, FIONREAD, &arrived) == 0 && arrived == atomic_load(&slot->arrived) && !late) {
		slots_release(&server->slots, fd, SLOT_PARKED);
		return;
	}
	atomic_fetch_sub(&server->parked, 1);
	if (late)
		close_connection(server, fd);
	else
		make_idle(server, fd, EPOLL_CTL_MOD);
}

static void look_at_idle(struct server *server, int fd, int64_t now)
{
	struct slot *slot = slots_at(&server->slots, fd);

	if (now - atomic_load(&slot->since_us) > server->options->idle_seconds * INT64_C(1000000) &&
	    slots_take(&server->slots, fd, SLOT_IDLE))
		close_connection(server, fd);
}

static void sweep(struct server *server)
{
	int64_t now = clock_monotonic_us();
	int top = atomic_load(&server->slots.top);

	for (int fd = 0; fd <= top; fd++) {
		int state = atomic_load(&slots_at(&server->slots, fd)->state);
		if (state == SLOT_PARKED)
			look_at_parked(server, fd, now);
		else if (state == SLOT_IDLE)
			look_at_idle(server, fd, now);
	}
}

static void serve_timer(struct server *server)
{
	uint64_t ticks;

	if (read(server->timer, &ticks, sizeof(ticks)) > 0)
		sweep(server);
	if (atomic_exchange(&server->starved, false))
		watch(server, EPOLL_CTL_MOD, server->options->listener->fd);
	wish_timer(server);
	watch(server, EPOLL_CTL_MOD, server->timer);
}

/*
 * Serves events until the bell rings; then what is still readable; then lets the next worker hear
 * the bell.
 */
static void work(struct worker *worker)
{
	struct server *server = worker->server;
	int patience = -1;

	for (;;) {
		struct epoll_event event;
		int count = epoll_wait(server->epoll, &event, 1, patience);
		if (count == 0)
			break;
		if (count < 0)
			continue; /* EINTR: no other error is possible here */
		if (event.data.fd == server->bell)
			patience = 0;
		else if (event.data.fd == server->options->listener->fd)
			serve_listener(server);
		else if (event.data.fd == server->timer)
			serve_timer(server);
		else
			serve_connection(worker, event.data.fd);
	}
	watch(server, EPOLL_CTL_MOD, server->bell);
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

static bool set_up(struct server *server, const struct server_options *options)
{
	*server = (struct server){.options = options};
	pthread_mutex_init(&server->timer_lock, NULL);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	server->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->epoll < 0 || server->timer < 0 || server->bell < 0 || !slots_init(&server->slots))
		return false;
	set_timer(server);
	return watch(server, EPOLL_CTL_ADD, server->timer) && watch(server, EPOLL_CTL_ADD, server->bell) &&
	       watch(server, EPOLL_CTL_ADD, options->listener->fd) && start_workers(server);
}

static void tear_down(struct server *server)
{
	for (int fd = 0; fd <= atomic_load(&server->slots.top); fd++)
		if (atomic_load(&slots_at(&server->slots, fd)->state) != SLOT_FREE)
			close_connection(server, fd);
	slots_fini(&server->slots);
	close(server->bell);
	close(server->timer);
	close(server->epoll);
	pthread_mutex_destroy(&server->timer_lock);
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

/* Nothing new is taken but what already waits at a socket that dies with us. */
static void stop_listening(struct server *server)
{
	struct listener *listener = server->options->listener;
	bool own = listener->path != NULL;

	epoll_ctl(server->epoll, EPOLL_CTL_DEL, listener->fd, NULL);
	listen_remove(listener);
	if (own)
		accept_all(server);
}

static int stop(struct server *server)
{
	int64_t end = clock_monotonic_us() + (STOP_SECONDS * 1000 - 200) * INT64_C(1000);
	uint64_t one = 1;

	LOG(LOG_INFO, "stopping", LOG_NUMBER("pid", getpid()));
	stop_listening(server);
	atomic_store(&server->stopping, true);
	if (write(server->bell, &one, sizeof(one)) < 0)
		_exit(1);
	while (atomic_load(&server->running) > 0)
		if (wait_for_stop(10) || clock_monotonic_us() > end)
			_exit(1); /* asked twice, or too slow: what was begun is all or nothing anyway */
	for (unsigned i = 0; i < server->thread_count; i++)
		pthread_join(server->threads[i], NULL);
	return 0;
}

int server_run(const struct server_options *options)
{
	struct server server;
	int status = 1;

	if (!set_up(&server, options)) {
		LOG(LOG_ERROR, "the server cannot start", LOG_TEXT("reason", strerror(errno)));
		_exit(1); /* some workers may run already */
	}
	LOG(LOG_INFO, "serving", LOG_NUMBER("pid", getpid()), LOG_NUMBER("workers", options->workers));
	if (wait_for_stop(-1))
		status = stop(&server);
	tear_down(&server);
	listen_close(options->listener);
	LOG(LOG_INFO, "stopped", LOG_NUMBER("pid", getpid()));
	return status;
}
