/* SPDX-License-Identifier: Apache-2.0 */
/* outfile.c: a new file that is there whole or not at all. */
#include "orgctl/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"

/* Those that would end the program; what is ignored (nohup) stays so. */
static void hold_signals(struct outfile *file)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	sigemptyset(&file->held);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&file->held, ends[i]);
	sigprocmask(SIG_BLOCK, &file->held, &file->mask);
}

static void release_signals(const struct outfile *file)
{
	sigprocmask(SIG_SETMASK, &file->mask, NULL);
}

/* With what SQLite keeps beside a file. */
static void remove_part(const struct outfile *file)
{
	static const char *const beside[] = {"-wal", "-shm"};
	char name[PATH_MAX];

	unlink(file->part);
	for (size_t i = 0; i < COUNT_OF(beside); i++)
		if ((size_t)snprintf(name, sizeof(name), "%s%s", file->part, beside[i]) < sizeof(name))
			unlink(name);
}

bool outfile_begin(struct outfile *file, struct arena *arena, const char *path)
{
	struct stat there;

	if (lstat(path, &there) == 0) {
		errno = EEXIST;
		return false;
	}
	*file = (struct outfile){.path = path, .part = arena_printf(arena, "%s.XXXXXX", path)};
	if (file->part == NULL) {
		errno = ENOMEM;
		return false;
	}
	hold_signals(file);
	file->fd = mkostemp(file->part, O_CLOEXEC); /* mode 0600 */
	if (file->fd < 0)
		release_signals(file);
	return file->fd >= 0;
}

void outfile_abandon(struct outfile *file)
{
	int why = errno;

	close(file->fd);
	remove_part(file);
	release_signals(file);
	errno = why;
}

void outfile_yield(struct outfile *file)
{
	sigset_t waiting, ours;

	if (sigpending(&waiting) != 0 || sigandset(&ours, &waiting, &file->held) != 0 || sigisemptyset(&ours))
		return;
	remove_part(file);
	release_signals(file); /* it ends the program */
}

/* The new name must be on the disk too. */
static bool sync_directory(struct arena *arena, const char *path)
{
	char *copy = arena_strdup(arena, path);
	int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

bool outfile_commit(struct outfile *file)
{
	struct arena arena;
	bool done = fsync(file->fd) == 0 &&
		    renameat2(AT_FDCWD, file->part, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0;

	/* Some file systems cannot refuse to replace; a link does the same there, or is refused too. */
	if (!done && errno == EINVAL)
		done = link(file->part, file->path) == 0;
	if (!done) {
		outfile_abandon(file);
		return false;
	}
	arena_init(&arena, 65536);
	done = sync_directory(&arena, file->path);
	arena_fini(&arena);
	outfile_abandon(file); /* the other name, if it is still there */
	return done;
}
