/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the two clocks, and times as text. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#define LAST_MS INT64_C(253402300799999) /* of the year 9999: later years have five digits */

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

/* Writes `value` into the `count` digits that end before `end`. */
static void put_digits(char *end, int count, int64_t value)
{
	for (; count > 0; count--, value /= 10)
		*--end = (char)('0' + value % 10);
}

/*
 * Years begin in March here, so that a leap day is the last one of its year, and count in eras of 400.
 * Every answer about an organization has two times, every line of the log one: gmtime_r() would take a
 * lock of libc's for each. https://howardhinnant.github.io/date_algorithms.html
 */
static void put_date(char *text, int64_t days)
{
	int64_t day = days + 719468; /* since 0000-03-01 */
	int64_t era = day / 146097, of_era = day % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0: March */

	put_digits(text + 4, 4, era * 400 + year + (month >= 10));
	put_digits(text + 7, 2, month + (month < 10 ? 3 : -9));
	put_digits(text + 10, 2, of_year - (153 * month + 2) / 5 + 1);
}

void clock_format(int64_t ms, char text_r[CLOCK_TEXT_SIZE])
{
	int64_t seconds = ms / 1000, of_day = seconds % 86400;

	memcpy(text_r, "1970-01-01T00:00:00Z", CLOCK_TEXT_SIZE);
	if (ms < 0 || ms > LAST_MS)
		return;
	put_date(text_r, seconds / 86400);
	put_digits(text_r + 13, 2, of_day / 3600);
	put_digits(text_r + 16, 2, of_day / 60 % 60);
	put_digits(text_r + 19, 2, of_day % 60);
}
