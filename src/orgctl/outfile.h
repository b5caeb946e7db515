/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outfile.h: a new file that is there whole or not at all, and never in the place of another.
 *
 * It grows under another name beside its own. Signals that would end the program wait meanwhile, so
 * that nothing is left lying.
 */
#ifndef ORGCTL_OUTFILE_H
#define ORGCTL_OUTFILE_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"

struct outfile {
	const char *path;
	char *part; /* where it grows */
	int fd;
	sigset_t held, mask; /* signals that wait; those that did before */
};

/*
 * outfile_begin(file, arena, path): an empty file of mode 0600, open as file->fd. False, with errno,
 * when it cannot be made; EEXIST when there is something at `path`.
 */
bool outfile_begin(struct outfile *file, struct arena *arena, const char *path) MUST_CHECK;

/* outfile_commit(file): to the disk and to its name. False, with errno: it is gone. */
bool outfile_commit(struct outfile *file) MUST_CHECK;

/* outfile_abandon(file): it is gone. */
void outfile_abandon(struct outfile *file);

/* outfile_yield(file): when a signal waits: abandons the file and lets the signal do its work. */
void outfile_yield(struct outfile *file);

#endif
