/* SPDX-License-Identifier: Apache-2.0 */
/* suite.c: a Check program that reports in TAP. */
#include "support/suite.h"

#include <stdlib.h>

void suite_add(Suite *suite, const char *name, const TTest *test, int first, int end)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test, first, end);
	suite_add_tcase(suite, tcase);
}

int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
