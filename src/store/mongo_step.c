/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_step.c: names of steps, and failpoints where they are built in. */
#include "store/mongo_step.h"

#ifdef FAILPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#endif

#define STEP_WORD(name, word) [MONGO_STEP_##name] = word,
static const char *const words[MONGO_STEP_COUNT] = {MONGO_STEP_LIST(STEP_WORD)};

const char *mongo_step_word(enum mongo_step step)
{
	return words[step];
}

#ifdef FAILPOINTS
void mongo_step_reached(enum mongo_step step, bool after)
{
	static atomic_flag met = ATOMIC_FLAG_INIT;
	const char *wanted = getenv("ORGD_TEST_FAILPOINT");
	char name[64];

	snprintf(name, sizeof(name), "%s:%s", words[step], after ? "after" : "before");
	if (wanted != NULL && strcmp(wanted, name) == 0 && !atomic_flag_test_and_set(&met))
		raise(SIGSTOP);
}

int mongo_step_lease_ms(void)
{
	const char *text = getenv("ORGD_TEST_LEASE_MS");
	int lease_ms = text != NULL ? atoi(text) : 0;

	return lease_ms > 0 ? lease_ms : 8000;
}
#endif
