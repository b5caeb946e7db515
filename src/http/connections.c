/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connections.c: one epoll set, slots for what is in it, and a timer.
 *
 * In the set are the listener, the timer, the server's bell, and every connection, each for one event
 * at a time (EPOLLONESHOT): a worker that gets an event has its descriptor to itself until it watches
 * it again. Half a request is parked out of epoll's sight, and the timer looks whether more has come.
 */
#include "http/connections.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/frame.h"

#define SWEEP_MS 1000 /* how often idle connections are looked at */
#define PARKED_MS 10  /* and parked ones, while there are any, or a listener that ran out of descriptors */
#define SEND_SECONDS 3 /* less than a stop may take, as all waiting for a peer */
#define STARVED_SAY_US INT64_C(10000000)

bool connections_watch(struct connections *connections, int operation, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = fd};

	return epoll_ctl(connections->epoll, operation, fd, &event) == 0;
}

static void set_timer(struct connections *connections)
{
	bool soon = atomic_load(&connections->parked) > 0 || atomic_load(&connections->starved);
	long ms = soon ? PARKED_MS : SWEEP_MS;
	struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};

	timerfd_settime(connections->timer, 0, &when, NULL);
}

static void wish_timer(struct connections *connections)
{
	pthread_mutex_lock(&connections->timer_lock);
	set_timer(connections);
	pthread_mutex_unlock(&connections->timer_lock);
}

/* Closes a connection that the caller holds. */
static void close_connection(struct connections *connections, int fd)
{
	slots_release(&connections->slots, fd, SLOT_FREE);
	close(fd);
}

/* Gives a connection that the caller holds back to epoll. */
static void make_idle(struct connections *connections, int fd, int operation)
{
	slots_release(&connections->slots, fd, SLOT_IDLE);
	if (!connections_watch(connections, operation, fd) && slots_take(&connections->slots, fd, SLOT_IDLE))
		close_connection(connections, fd);
}

static bool is_allowed(const struct connections_options *options, int fd)
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

static void add_connection(struct connections *connections, int fd)
{
	/* One wait: half of what a whole body may take. */
	struct timeval receive = {.tv_sec = (connections->options->receive_seconds + 1) / 2};
	struct timeval send = {.tv_sec = SEND_SECONDS};

	if (!is_allowed(connections->options, fd) || !slots_claim(&connections->slots, fd)) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
	atomic_store(&slots_at(&connections->slots, fd)->since_us, clock_monotonic_us());
	make_idle(connections, fd, EPOLL_CTL_ADD);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Takes all connections that wait; false when descriptors ran out. */
static bool accept_all(struct connections *connections)
{
	for (;;) {
		int fd = accept4(connections->options->listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			metrics_add(METRIC_CONNECTIONS, 1);
			add_connection(connections, fd);
		}
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return !is_shortage(errno);
	}
}

static void serve_listener(struct connections *connections)
{
	int64_t now = clock_monotonic_us();

	if (accept_all(connections)) {
		connections_watch(connections, EPOLL_CTL_MOD, connections->options->listener->fd);
		return;
	}
	atomic_store(&connections->starved, true);
	if (now - atomic_load(&connections->starved_said_us) > STARVED_SAY_US) {
		atomic_store(&connections->starved_said_us, now);
		LOG(LOG_WARN, "out of descriptors: new connections wait");
	}
	wish_timer(connections);
}

/* Half a request is there: out of epoll's sight, for the timer to look at. */
static void park(struct connections *connections, int fd, int arrived)
{
	struct slot *slot = slots_at(&connections->slots, fd);

	if (!atomic_exchange(&slot->half, true))
		atomic_store(&slot->since_us, clock_monotonic_us());
	atomic_store(&slot->arrived, arrived);
	slots_release(&connections->slots, fd, SLOT_PARKED);
	if (atomic_fetch_add(&connections->parked, 1) == 0)
		wish_timer(connections);
}

bool connections_take(struct connections *connections, int fd, unsigned char *peeked, bool *whole_r)
{
	ssize_t size;
	enum frame frame;

	if (!slots_take(&connections->slots, fd, SLOT_IDLE))
		return false;
	size = recv(fd, peeked, FRAME_HEAD_MAX, MSG_PEEK | MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
		make_idle(connections, fd, EPOLL_CTL_MOD);
		return false;
	}
	frame = size > 0 ? frame_scan(peeked, (size_t)size) : FRAME_BAD;
	if (size > 0)
		explicit_bzero(peeked, (size_t)size);
	if (frame == FRAME_PARTIAL)
		park(connections, fd, (int)size);
	else if (frame == FRAME_BAD)
		close_connection(connections, fd);
	else
		slots_release(&connections->slots, fd, SLOT_FREE);
	*whole_r = frame == FRAME_WHOLE;
	return frame == FRAME_READY || frame == FRAME_WHOLE;
}

void connections_give(struct connections *connections, int fd)
{
	struct slot *slot = slots_at(&connections->slots, fd);

	atomic_store(&slot->half, false);
	atomic_store(&slot->since_us, clock_monotonic_us());
	make_idle(connections, fd, EPOLL_CTL_MOD);
}

/* A parked connection: back to epoll if more has come, closed if it never will or took too long. */
static void look_at_parked(struct connections *connections, int fd, int64_t now)
{
	struct slot *slot = slots_at(&connections->slots, fd);
	struct pollfd end = {.fd = fd, .events = POLLRDHUP};
	int64_t limit = connections->options->receive_seconds * INT64_C(1000000);
	int arrived = 0;
	bool late, more;

	if (!slots_take(&connections->slots, fd, SLOT_PARKED))
		return;
	late = now - atomic_load(&slot->since_us) > limit;
	more = ioctl(fd, FIONREAD, &arrived) != 0 || arrived != atomic_load(&slot->arrived);
	if (!late && !more && poll(&end, 1, 0) == 0) {
		slots_release(&connections->slots, fd, SLOT_PARKED);
		return;
	}
	atomic_fetch_sub(&connections->parked, 1);
	if (more && !late)
		make_idle(connections, fd, EPOLL_CTL_MOD);
	else
		close_connection(connections, fd);
}

static void look_at_idle(struct connections *connections, int fd, int64_t now)
{
	struct slot *slot = slots_at(&connections->slots, fd);

	if (now - atomic_load(&slot->since_us) > connections->options->idle_seconds * INT64_C(1000000) &&
	    slots_take(&connections->slots, fd, SLOT_IDLE))
		close_connection(connections, fd);
}

static void sweep(struct connections *connections)
{
	int64_t now = clock_monotonic_us();
	int top = atomic_load(&connections->slots.top);

	for (int fd = 0; fd <= top; fd++) {
		int state = atomic_load(&slots_at(&connections->slots, fd)->state);
		if (state == SLOT_PARKED)
			look_at_parked(connections, fd, now);
		else if (state == SLOT_IDLE)
			look_at_idle(connections, fd, now);
	}
}

static void serve_timer(struct connections *connections)
{
	uint64_t ticks;

	if (read(connections->timer, &ticks, sizeof(ticks)) > 0) {
		sweep(connections);
		atomic_store(&connections->swept, true);
	}
	if (atomic_exchange(&connections->starved, false))
		connections_watch(connections, EPOLL_CTL_MOD, connections->options->listener->fd);
	wish_timer(connections);
	connections_watch(connections, EPOLL_CTL_MOD, connections->timer);
}

bool connections_housekeep(struct connections *connections, int fd)
{
	if (fd == connections->options->listener->fd)
		serve_listener(connections);
	else if (fd == connections->timer)
		serve_timer(connections);
	else
		return false;
	return true;
}

void connections_stop_listening(struct connections *connections)
{
	struct listener *listener = connections->options->listener;
	bool own = listener->path != NULL;

	epoll_ctl(connections->epoll, EPOLL_CTL_DEL, listener->fd, NULL);
	listen_remove(listener);
	if (own)
		accept_all(connections);
}

bool connections_init(struct connections *connections, const struct connections_options *options)
{
	*connections = (struct connections){.options = options};
	pthread_mutex_init(&connections->timer_lock, NULL);
	connections->epoll = epoll_create1(EPOLL_CLOEXEC);
	connections->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (connections->epoll < 0 || connections->timer < 0 || !slots_init(&connections->slots))
		return false;
	set_timer(connections);
	return connections_watch(connections, EPOLL_CTL_ADD, connections->timer) &&
	       connections_watch(connections, EPOLL_CTL_ADD, options->listener->fd);
}

void connections_fini(struct connections *connections)
{
	for (int fd = 0; fd <= atomic_load(&connections->slots.top); fd++)
		if (atomic_load(&slots_at(&connections->slots, fd)->state) != SLOT_FREE)
			close_connection(connections, fd);
	slots_fini(&connections->slots);
	close(connections->timer);
	close(connections->epoll);
	pthread_mutex_destroy(&connections->timer_lock);
}
