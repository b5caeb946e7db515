/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c: one compare-and-set a move. */
#include "http/slots.h"

#include <stdlib.h>
#include <sys/resource.h>

#define COUNT_MAX 65536

bool slots_init(struct slots *slots)
{
	struct rlimit limit;

	slots->count = COUNT_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < COUNT_MAX)
		slots->count = (int)limit.rlim_cur;
	slots->slots = calloc((size_t)slots->count, sizeof(*slots->slots));
	return slots->slots != NULL;
}

void slots_fini(struct slots *slots)
{
	free(slots->slots);
}

struct slot *slots_at(struct slots *slots, int fd)
{
	return &slots->slots[fd];
}

static void raise_top(struct slots *slots, int fd)
{
	int top = atomic_load(&slots->top);

	while (top < fd && !atomic_compare_exchange_weak(&slots->top, &top, fd))
		;
}

bool slots_claim(struct slots *slots, int fd)
{
	if (fd >= slots->count)
		return false;
	raise_top(slots, fd);
	atomic_store(&slots->slots[fd].half, false);
	atomic_store(&slots->slots[fd].state, SLOT_BUSY);
	return true;
}

bool slots_take(struct slots *slots, int fd, enum slot_state from)
{
	int expected = (int)from;

	return atomic_compare_exchange_strong(&slots->slots[fd].state, &expected, SLOT_BUSY);
}

void slots_release(struct slots *slots, int fd, enum slot_state state)
{
	atomic_store(&slots->slots[fd].state, (int)state);
}
