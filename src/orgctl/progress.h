/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h: how far long work has come, as a bar that stays on its line of the terminal.
 *
 * There is one terminal, so there is one bar. Refusals (say.h) take its line.
 */
#ifndef ORGCTL_PROGRESS_H
#define ORGCTL_PROGRESS_H

#include <stdint.h>

/* progress_begin(): nothing is shown yet, and nothing will be if the work is done soon. */
void progress_begin(void);

/* progress_show(done, total): as often as one likes; it shows a few of them. */
void progress_show(uint64_t done, uint64_t total);

/* progress_end(): the line is free again; fine when there is no bar. */
void progress_end(void);

#endif
