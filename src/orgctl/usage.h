/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h: help, made from the tables of commands and options. */
#ifndef ORGCTL_USAGE_H
#define ORGCTL_USAGE_H

#include <stdio.h>

#include "orgctl/command.h"

/* usage_overview(out): all commands and an example of each. */
void usage_overview(FILE *out);

/* usage_group(out, word): the commands that begin with `word`. */
void usage_group(FILE *out, const char *word);

/* usage_command(out, command): one command, its options and its example. */
void usage_command(FILE *out, const struct command *command);

#endif
