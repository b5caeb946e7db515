/* SPDX-License-Identifier: Apache-2.0 */
/* dotenv.c: a line at a time; values are unquoted where they stand. */
#include "dotenv.h"

#include <string.h>

#define KEY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static const char blank[] = " \t\r";

/* Only white space or a comment may stand behind a value. */
static bool is_rest_empty(const char *rest)
{
	size_t size = strspn(rest, blank);

	return rest[size] == '\0' || (rest[size] == '#' && size > 0);
}

static char *unquote_single(char *at)
{
	char *end = strchr(at + 1, '\'');

	if (end == NULL || !is_rest_empty(end + 1))
		return NULL;
	*end = '\0';
	return at + 1;
}

static char *unquote_double(char *at)
{
	char *value = ++at;
	char *to = at;

	for (; *at != '"'; at++) {
		if (*at == '\\' && at[1] != '\0' && strchr("n\"\\$", at[1]) != NULL) {
			at++;
			*to++ = *at == 'n' ? '\n' : *at;
		} else if (*at == '\0') {
			return NULL;
		} else {
			*to++ = *at;
		}
	}
	if (!is_rest_empty(at + 1))
		return NULL;
	*to = '\0';
	return value;
}

static char *cut_bare(char *at)
{
	char *end = at;

	for (char *p = at; *p != '\0' && !(*p == '#' && (p == at || strchr(blank, p[-1]) != NULL)); p++)
		if (strchr(blank, *p) == NULL)
			end = p + 1;
	*end = '\0';
	return at;
}

/* The value that begins at `at`, NULL if its quotes are wrong. */
static char *unquote(char *at)
{
	at += strspn(at, blank);
	if (*at == '\'')
		return unquote_single(at);
	return *at == '"' ? unquote_double(at) : cut_bare(at);
}

static bool parse_line(char *line, bool (*set)(void *, const char *, const char *), void *context)
{
	size_t size;
	char *value;

	line += strspn(line, blank);
	if (*line == '\0' || *line == '#')
		return true;
	if (strncmp(line, "export", 6) == 0 && line[6] != '\0' && strchr(blank, line[6]) != NULL)
		line += 6 + strspn(line + 6, blank);
	size = strspn(line, KEY_LETTERS);
	value = line + size + strspn(line + size, blank);
	if (size == 0 || *value != '=')
		return false;
	value = unquote(value + 1);
	line[size] = '\0';
	return value != NULL && set(context, line, value);
}

bool dotenv_parse(char *text, bool (*set)(void *context, const char *key, const char *value),
		  void *context, size_t *line_r)
{
	for (*line_r = 1;; ++*line_r) {
		char *end = strchr(text, '\n');
		if (end != NULL)
			*end = '\0';
		if (!parse_line(text, set, context))
			return false;
		if (end == NULL)
			return true;
		text = end + 1;
	}
}
