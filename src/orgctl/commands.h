/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: the table of commands, and finding one. Pure. */
#ifndef ORGCTL_COMMANDS_H
#define ORGCTL_COMMANDS_H

#include <stddef.h>

#include "orgctl/command.h"

/* commands_each(index): the commands in the table's order; NULL behind the last. */
const struct command *commands_each(size_t index);

/*
 * commands_find(words, count, used_r): the command that the first words name, and how many of them
 * did; NULL if there is none.
 */
const struct command *commands_find(char *const *words, int count, int *used_r);

/* commands_has_group(word): whether `word` begins commands of two words. */
bool commands_has_group(const char *word);

/* commands_nearest(text): the name that is most like `text`. */
const char *commands_nearest(const char *text);

#endif
