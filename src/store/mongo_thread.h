/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_thread.h: what the store's own threads, and those that wait for each other, have in common. */
#ifndef STORE_MONGO_THREAD_H
#define STORE_MONGO_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/attr.h"

/* mongo_thread_start(thread_r, run, context): one with a small stack. */
bool mongo_thread_start(pthread_t *thread_r, void *(*run)(void *context), void *context) MUST_CHECK;

/* mongo_thread_join(thread): whether it has ended, or does within half a second; it may be waiting for a server. */
bool mongo_thread_join(pthread_t thread);

/*
 * mongo_thread_condition(condition): initializes it for waits by the monotonic clock.
 * mongo_thread_until(ms): the end of such a wait from now on.
 */
void mongo_thread_condition(pthread_cond_t *condition);
struct timespec mongo_thread_until(int64_t ms);

#endif
