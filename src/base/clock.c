/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the two clocks, and times as text. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t which, int64_t per_second)
{
	struct timespec now;

	clock_gettime(which, &now);
	return now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME, 1000);
}

int64_t clock_monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC, 1000000);
}

void clock_format(int64_t ms, char text_r[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(text_r, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		memcpy(text_r, "1970-01-01T00:00:00Z", CLOCK_TEXT_SIZE);
}
