/* SPDX-License-Identifier: Apache-2.0 */
/* suite.h: a Check program that reports in TAP, for automake's harness. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/* suite_add(suite, name, test, first, end): `test` as a case of its own, run for _i in [first, end). */
void suite_add(Suite *suite, const char *name, const TTest *test, int first, int end);

/* suite_run(suite): runs it and prints TAP; returns main's exit status. */
int suite_run(Suite *suite);

#endif
