/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h: where the listening socket comes from. For the main thread. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>

#include "base/attr.h"

struct listener {
	int fd;
	const char *path; /* of a socket that this process has bound; NULL: it was inherited */
	int lock;         /* descriptor of the lock beside it, -1 without */
};

/* listen_is_socket(fd): whether `fd` is a listening socket. */
bool listen_is_socket(int fd);

/*
 * listen_open(path, listener_r): `path`, bound with mode 0660, if one is given; else descriptor 3 when
 * systemd says so (sd_listen_fds(3)), else descriptor 0 (as spawn-fcgi leaves it). A path that
 * another process serves is refused, a socket left behind is replaced. False, with a line in the log,
 * when there is none. The socket is non-blocking afterwards.
 */
bool listen_open(const char *path, struct listener *listener_r) MUST_CHECK;

/* listen_remove(listener): takes a socket of our own out of the file system: nobody new finds it. */
void listen_remove(struct listener *listener);

/* listen_close(listener): closes it. */
void listen_close(struct listener *listener);

#endif
