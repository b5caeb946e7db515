/* SPDX-License-Identifier: Apache-2.0 */
/* hasher.c: jobs on the callers' stacks, a list of them, and the threads that take from it. */
#include "auth/hasher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"

#define NICENESS 10 /* yields to the workers, yet does not starve beside other programs */
#define STACK_SIZE (256 * 1024)

/* A caller's wish; lives on its stack until done. hash: what to compare with; NULL: make one. */
struct job {
	struct job *next;
	const char *password;
	const char *hash;
	char made[PASSWORD_HASH_SIZE];
	enum err err;
	bool matches;
	bool done;
	pthread_cond_t ready;
};

struct hash_thread {
	pthread_t thread;
	struct hasher *hasher;
	struct password_space *space;
};

struct hasher {
	pthread_mutex_t lock; /* guards what stands between here and `threads` */
	pthread_cond_t wanted;
	struct job *first;
	struct job **last;
	unsigned inside; /* requests between enter and leave */
	bool stopping;

	struct hash_thread *threads;
	unsigned thread_count;
	unsigned queue;
	unsigned cost;
	char dummy[PASSWORD_HASH_SIZE]; /* of no password, of the configured cost */
};

static struct job *take_job(struct hasher *hasher)
{
	struct job *job;

	pthread_mutex_lock(&hasher->lock);
	while (hasher->first == NULL && !hasher->stopping)
		pthread_cond_wait(&hasher->wanted, &hasher->lock);
	job = hasher->first;
	if (job != NULL) {
		hasher->first = job->next;
		if (hasher->first == NULL)
			hasher->last = &hasher->first;
	}
	pthread_mutex_unlock(&hasher->lock);
	return job;
}

static void *run_thread(void *argument)
{
	struct hash_thread *self = argument;
	struct hasher *hasher = self->hasher;
	struct job *job;

	/* On Linux this is the thread's own priority: setpriority(2), "C library/kernel differences". */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
	while ((job = take_job(hasher)) != NULL) {
		if (job->hash != NULL)
			job->matches = password_matches(self->space, job->password, job->hash);
		else
			job->err = password_hash(self->space, job->password, hasher->cost, job->made);
		metrics_add(METRIC_HASHES, 1);
		pthread_mutex_lock(&hasher->lock);
		job->done = true;
		pthread_cond_signal(&job->ready);
		pthread_mutex_unlock(&hasher->lock);
	}
	return NULL;
}

static void do_job(struct hasher *hasher, struct job *job)
{
	pthread_cond_init(&job->ready, NULL);
	pthread_mutex_lock(&hasher->lock);
	*hasher->last = job;
	hasher->last = &job->next;
	pthread_cond_signal(&hasher->wanted);
	while (!job->done)
		pthread_cond_wait(&job->ready, &hasher->lock);
	pthread_mutex_unlock(&hasher->lock);
	pthread_cond_destroy(&job->ready);
}

/* A hash that no password has: salt and digest are all dots. It costs what a real one does. */
static void make_dummy(struct hasher *hasher)
{
	memset(hasher->dummy, '.', 60);
	memcpy(hasher->dummy, "$2b$00$", 7);
	hasher->dummy[4] = (char)('0' + hasher->cost / 10);
	hasher->dummy[5] = (char)('0' + hasher->cost % 10);
}

static bool start_thread(struct hasher *hasher, const pthread_attr_t *attributes)
{
	struct hash_thread *self = &hasher->threads[hasher->thread_count];

	self->hasher = hasher;
	self->space = password_space_new();
	if (self->space != NULL && pthread_create(&self->thread, attributes, run_thread, self) == 0) {
		hasher->thread_count++;
		return true;
	}
	password_space_free(self->space);
	return false;
}

static bool start_threads(struct hasher *hasher, unsigned count)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	while (hasher->thread_count < count && start_thread(hasher, &attributes))
		;
	pthread_attr_destroy(&attributes);
	return hasher->thread_count == count;
}

struct hasher *hasher_new(unsigned threads, unsigned queue, unsigned cost)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));

	if (hasher == NULL)
		return NULL;
	pthread_mutex_init(&hasher->lock, NULL);
	pthread_cond_init(&hasher->wanted, NULL);
	hasher->last = &hasher->first;
	hasher->queue = queue;
	hasher->cost = cost;
	make_dummy(hasher);
	hasher->threads = calloc(threads, sizeof(*hasher->threads));
	if (hasher->threads == NULL || !start_threads(hasher, threads)) {
		hasher_free(hasher);
		return NULL;
	}
	return hasher;
}

void hasher_free(struct hasher *hasher)
{
	if (hasher == NULL)
		return;
	pthread_mutex_lock(&hasher->lock);
	hasher->stopping = true;
	pthread_cond_broadcast(&hasher->wanted);
	pthread_mutex_unlock(&hasher->lock);
	for (unsigned i = 0; i < hasher->thread_count; i++) {
		pthread_join(hasher->threads[i].thread, NULL);
		password_space_free(hasher->threads[i].space);
	}
	pthread_cond_destroy(&hasher->wanted);
	pthread_mutex_destroy(&hasher->lock);
	free(hasher->threads);
	free(hasher);
}

enum err hasher_enter(struct hasher *hasher)
{
	enum err err = ERR_OVERLOADED;

	pthread_mutex_lock(&hasher->lock);
	if (hasher->inside < hasher->queue) {
		hasher->inside++;
		err = ERR_OK;
	}
	pthread_mutex_unlock(&hasher->lock);
	if (err != ERR_OK)
		metrics_add(METRIC_HASHES_REFUSED, 1);
	return err;
}

void hasher_load(struct hasher *hasher, struct hasher_load *load_r)
{
	pthread_mutex_lock(&hasher->lock);
	*load_r = (struct hasher_load){hasher->inside, hasher->queue};
	pthread_mutex_unlock(&hasher->lock);
}

void hasher_leave(struct hasher *hasher)
{
	pthread_mutex_lock(&hasher->lock);
	hasher->inside--;
	pthread_mutex_unlock(&hasher->lock);
}

enum err hasher_hash(struct hasher *hasher, const char *password, char hash_r[PASSWORD_HASH_SIZE])
{
	struct job job = {.password = password};

	do_job(hasher, &job);
	memcpy(hash_r, job.made, PASSWORD_HASH_SIZE);
	return job.err;
}

bool hasher_matches(struct hasher *hasher, const char *password, const char *hash)
{
	struct job job = {.password = password, .hash = hash};

	do_job(hasher, &job);
	return job.matches;
}

void hasher_pretend(struct hasher *hasher, const char *password)
{
	(void)hasher_matches(hasher, password, hasher->dummy);
}

bool hasher_is_outdated(const struct hasher *hasher, const char *hash)
{
	return password_cost(hash) < hasher->cost;
}
