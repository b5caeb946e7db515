/* SPDX-License-Identifier: Apache-2.0 */
/* dotenv.h: the syntax of .env files; knows no key. */
#ifndef DOTENV_H
#define DOTENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/*
 * dotenv_parse(text, set, context, line_r): goes through `text` (changed in place) and calls
 * set(context, key, value) for each `KEY=value`, `export KEY=value`; '...' is literal, "..." knows
 * \n \" \\ \$; `#` begins a comment at the start of a line or behind white space; CRLF is taken.
 * False at the first line that is none of that, or that `set` refuses; *line_r is its number.
 */
bool dotenv_parse(char *text, bool (*set)(void *context, const char *key, const char *value),
		  void *context, size_t *line_r) MUST_CHECK;

#endif
