/* SPDX-License-Identifier: Apache-2.0 */
/* version.h: which orgd this is, and with which libraries. */
#ifndef VERSION_H
#define VERSION_H

#include <stdio.h>

/* version_print(out, program): a line for the program of that name, and one for each library. */
void version_print(FILE *out, const char *program);

#endif
