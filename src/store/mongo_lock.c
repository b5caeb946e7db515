/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_lock.c: the ids of the organizations that a thread of this process is at work on. */
#include <errno.h>
#include <stdlib.h>

#include "store/mongo_priv.h"
#include "store/mongo_thread.h"

#define WAIT_MS 1000

struct mongo_lock {
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t released;
	size_t most, count;
	bson_oid_t held[];
};

struct mongo_lock *mongo_lock_new(size_t most)
{
	struct mongo_lock *lock = calloc(1, sizeof(*lock) + most * sizeof(lock->held[0]));

	if (lock == NULL)
		return NULL;
	lock->most = most;
	pthread_mutex_init(&lock->mutex, NULL);
	mongo_thread_condition(&lock->released);
	return lock;
}

void mongo_lock_free(struct mongo_lock *lock)
{
	if (lock == NULL)
		return;
	pthread_cond_destroy(&lock->released);
	pthread_mutex_destroy(&lock->mutex);
	free(lock);
}

/* Its place among those that are held; `count` if it is not. */
static size_t find(const struct mongo_lock *lock, const bson_oid_t *org)
{
	size_t i = 0;

	while (i < lock->count && !mongo_id_equal(&lock->held[i], org))
		i++;
	return i;
}

enum err mongo_lock(struct mongo *store, const bson_oid_t *org, bool wait)
{
	struct mongo_lock *lock = store->lock;
	const struct timespec until = mongo_thread_until(WAIT_MS);
	enum err err = ERR_ORGANIZATION_BUSY;
	int rc = wait ? 0 : ETIMEDOUT;

	pthread_mutex_lock(&lock->mutex);
	while (find(lock, org) < lock->count && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&lock->released, &lock->mutex, &until);
	if (find(lock, org) == lock->count && lock->count < lock->most) {
		lock->held[lock->count++] = *org;
		err = ERR_OK;
	}
	pthread_mutex_unlock(&lock->mutex);
	return err;
}

void mongo_unlock(struct mongo *store, const bson_oid_t *org)
{
	struct mongo_lock *lock = store->lock;
	size_t place;

	pthread_mutex_lock(&lock->mutex);
	place = find(lock, org);
	if (place < lock->count)
		lock->held[place] = lock->held[--lock->count];
	pthread_cond_broadcast(&lock->released);
	pthread_mutex_unlock(&lock->mutex);
}

enum err mongo_begin_on(struct mongo *store, const bson_oid_t *org, struct mongo_session *session_r)
{
	enum err err = mongo_begin(store, session_r);

	if (err != ERR_OK)
		return err;
	err = mongo_lock(store, org, true);
	return err == ERR_OK ? err : mongo_end(session_r, err);
}

enum err mongo_end_on(struct mongo_session *session, const bson_oid_t *org, enum err err)
{
	mongo_unlock(session->store, org);
	return mongo_end(session, err);
}
