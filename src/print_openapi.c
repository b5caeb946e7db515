/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_openapi.c: prints the OpenAPI document of a service with default settings, a line for each member, so
 * that doc/openapi.json can be compared and its changes can be read. Not installed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api_openapi.h"
#include "base/json.h"

#define ARENA_CAP (4 << 20)

static void new_line(unsigned depth)
{
	putchar('\n');
	while (depth-- > 0)
		fputs("  ", stdout);
}

/* Indents JSON that has no white space between its tokens. */
static void print(const char *text)
{
	unsigned depth = 0;
	bool quoted = false;

	for (; *text != '\0'; text++) {
		bool opens = !quoted && (*text == '{' || *text == '[');
		if (!quoted && (*text == '}' || *text == ']'))
			new_line(--depth);
		putchar(*text);
		if (*text == '"')
			quoted = !quoted;
		if (quoted && *text == '\\')
			putchar(*++text);
		else if (opens && (text[1] == '}' || text[1] == ']'))
			putchar(*++text);
		else if (opens)
			new_line(++depth);
		else if (!quoted && *text == ',')
			new_line(depth);
		else if (!quoted && *text == ':')
			putchar(' ');
	}
	putchar('\n');
}

int main(void)
{
	const struct app_policy policy = {.create = APP_CREATE_OPEN, .public_lookup = true, .base_path = ""};
	struct arena arena;
	char *text;

	json_init();
	arena_init(&arena, ARENA_CAP);
	text = api_openapi_text(&arena, &policy);
	if (text != NULL)
		print(text);
	arena_fini(&arena);
	return text != NULL && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
