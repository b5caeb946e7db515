/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c: a socket of our own, systemd's, or descriptor 0. */
#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define BACKLOG 511
#define SYSTEMD_FIRST 3

bool listen_is_socket(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static bool fail(const char *what, const char *path)
{
	LOG(LOG_ERROR, what, LOG_TEXT("path", path), LOG_TEXT("reason", strerror(errno)));
	return false;
}

/* A lock beside the socket, so that of two starts at once only one goes on. */
static int lock_beside(const char *path)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock")];
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
				  errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return served;
}

/* Binds with mode 0660; what lies at the path is a socket nobody serves, or nothing. */
static bool bind_path(int fd, const struct sockaddr_un *address)
{
	struct stat status;
	mode_t mask;
	bool ok;

	if (lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(address->sun_path);
	mask = umask(0117);
	ok = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	umask(mask);
	return ok && listen(fd, BACKLOG) == 0;
}

static bool open_path(const char *path, struct listener *listener_r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return fail("the socket's path is too long (107 bytes)", path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	listener_r->lock = lock_beside(path);
	if (listener_r->lock < 0 && errno != EWOULDBLOCK)
		return fail("the lock beside the socket cannot be made", path);
	if (listener_r->lock < 0 || is_served(&address)) {
		errno = EADDRINUSE;
		return fail("another process serves this socket", path);
	}
	listener_r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener_r->fd < 0 || !bind_path(listener_r->fd, &address))
		return fail("the socket cannot be bound", path);
	listener_r->path = path;
	return true;
}

/* Descriptor 3, if systemd meant this process; the variables are not for children. */
static bool is_activated(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint64_t value;
	bool activated = pid != NULL && count != NULL && str_to_uint(pid, INT32_MAX, &value) &&
			 (pid_t)value == getpid() && str_to_uint(count, 1, &value) && value == 1;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return activated && listen_is_socket(SYSTEMD_FIRST);
}

bool listen_open(const char *path, struct listener *listener_r)
{
	*listener_r = (struct listener){.fd = -1, .lock = -1};
	if (path != NULL) {
		if (!open_path(path, listener_r)) {
			listen_close(listener_r);
			return false;
		}
	} else if (is_activated()) {
		listener_r->fd = SYSTEMD_FIRST;
	} else if (listen_is_socket(STDIN_FILENO)) {
		listener_r->fd = STDIN_FILENO;
	} else {
		LOG(LOG_ERROR, "no listening socket: start with --listen PATH, by spawn-fcgi or by systemd");
		return false;
	}
	fcntl(listener_r->fd, F_SETFL, fcntl(listener_r->fd, F_GETFL) | O_NONBLOCK);
	fcntl(listener_r->fd, F_SETFD, FD_CLOEXEC);
	return true;
}

void listen_remove(struct listener *listener)
{
	if (listener->path != NULL)
		unlink(listener->path);
	listener->path = NULL;
}

void listen_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->lock >= 0)
		close(listener->lock);
	listener->fd = listener->lock = -1;
}
