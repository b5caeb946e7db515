/* SPDX-License-Identifier: Apache-2.0 */
/* timed_threads.h: does one thing over and over in several threads until the time is up. */
#ifndef BENCH_TIMED_THREADS_H
#define BENCH_TIMED_THREADS_H

#include <stdbool.h>

#include "base/attr.h"

struct timed_work {
	void *(*begin)(void *context); /* what a thread needs of its own; NULL: it cannot work */
	bool (*once)(void *own);       /* does the thing; false: it went wrong */
	void (*end)(void *own);
	void *context;
};

/*
 * timed_threads_run(work, threads, seconds, per_second_r): what was finished within the time, divided by
 * it; what was under way at its end does not count. False if anything went wrong.
 */
bool timed_threads_run(const struct timed_work *work, unsigned threads, unsigned seconds,
		       double *per_second_r) MUST_CHECK;

#endif
