/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_file.c: how a new database file comes to be. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/sqlite_priv.h"

/* Gives a file that root made to the owner of its directory. */
static bool hand_over(int fd, const char *path)
{
	char *copy = strdup(path);
	struct stat directory;
	bool done = copy != NULL && stat(dirname(copy), &directory) == 0 &&
		    fchown(fd, directory.st_uid, directory.st_gid) == 0;

	free(copy);
	return done;
}

enum err sqlite_file_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0 && errno == EEXIST)
		return ERR_OK;
	done = fd >= 0 && (geteuid() != 0 || hand_over(fd, path));
	if (!done)
		LOG(LOG_ERROR, "the database cannot be made", LOG_TEXT("path", path),
		    LOG_TEXT("reason", strerror(errno)));
	if (fd >= 0)
		close(fd);
	return done ? ERR_OK : ERR_STORE_UNAVAILABLE;
}
