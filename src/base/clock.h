/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: the two clocks, and times as text. Any thread may call. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* "2026-01-01T00:00:00Z" and its NUL. */
#define CLOCK_TEXT_SIZE 21

/* clock_now_ms(): milliseconds since 1970, UTC. */
int64_t clock_now_ms(void);

/* clock_monotonic_us(): microseconds since some fixed moment; never goes back. */
int64_t clock_monotonic_us(void);

/*
 * clock_format(ms, text_r): `ms` since 1970 as RFC 3339 in UTC, whole seconds. What lies before, or after
 * the year 9999, is shown as the beginning of 1970.
 */
void clock_format(int64_t ms, char text_r[CLOCK_TEXT_SIZE]);

#endif
