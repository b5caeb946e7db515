/* SPDX-License-Identifier: Apache-2.0 */
/* timed_threads.c: all threads begin at once, and look at the clock after each time. */
#include "timed_threads.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"

struct runner {
	pthread_t thread;
	const struct timed_work *work;
	pthread_barrier_t *gate;
	int64_t us; /* how long */
	uint64_t done;
	bool failed;
};

static void *run(void *argument)
{
	struct runner *runner = argument;
	const struct timed_work *work = runner->work;
	void *own = work->begin(work->context);
	int64_t end_us;

	pthread_barrier_wait(runner->gate);
	end_us = clock_monotonic_us() + runner->us;
	runner->failed = own == NULL;
	while (!runner->failed) {
		runner->failed = !work->once(own);
		if (clock_monotonic_us() > end_us)
			break;
		runner->done++;
	}
	if (own != NULL)
		work->end(own);
	return NULL;
}

bool timed_threads_run(const struct timed_work *work, unsigned threads, unsigned seconds,
		       double *per_second_r)
{
	struct runner *runners = calloc(threads, sizeof(*runners));
	pthread_barrier_t gate;
	uint64_t done = 0;
	bool ok = runners != NULL;

	if (!ok)
		return false;
	pthread_barrier_init(&gate, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		runners[i] = (struct runner){.work = work, .gate = &gate, .us = seconds * INT64_C(1000000)};
		if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0)
			abort(); /* those that run wait at the gate for ever */
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(runners[i].thread, NULL);
		done += runners[i].done;
		ok = ok && !runners[i].failed;
	}
	pthread_barrier_destroy(&gate);
	free(runners);
	*per_second_r = (double)done / seconds;
	return ok;
}
