/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: the bar; only on a terminal, and not for what is done at once. */
#include "orgctl/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define AFTER_US 500000 /* what takes less needs no progress */
#define EVERY_US 100000
#define WIDTH 40

static const char full[WIDTH + 1] = "########################################";
static const char empty[WIDTH + 1] = "........................................";

static int64_t next_us; /* when it is shown again */
static bool shown;

void progress_begin(void)
{
	next_us = clock_monotonic_us() + AFTER_US;
}

void progress_show(uint64_t done, uint64_t total)
{
	int64_t now = clock_monotonic_us();
	double part;

	if (now < next_us || total == 0 || !isatty(STDERR_FILENO))
		return;
	part = done < total ? (double)done / (double)total : 1;
	fprintf(stderr, "\r[%.*s%.*s] %3d %%", (int)(part * WIDTH), full, WIDTH - (int)(part * WIDTH), empty,
		(int)(part * 100));
	shown = true;
	next_us = now + EVERY_US;
}

void progress_end(void)
{
	if (shown)
		fprintf(stderr, "\r%*s\r", WIDTH + 8, "");
	shown = false;
}
