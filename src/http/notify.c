/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c: one datagram a message. */
#include "http/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

void notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size;
	int fd;

	if (path == NULL || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0'; /* an abstract name: unix(7) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
		LOG(LOG_WARN, "the service manager cannot be told", LOG_TEXT("state", state));
	if (fd >= 0)
		close(fd);
}

long notify_watchdog_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t us, number;

	if (text == NULL || !str_to_uint(text, INT_MAX * UINT64_C(1000), &us) || us == 0)
		return -1;
	if (pid != NULL && (!str_to_uint(pid, INT_MAX, &number) || (pid_t)number != getpid()))
		return -1;
	return us < 2000 ? 1 : (long)(us / 2000);
}
