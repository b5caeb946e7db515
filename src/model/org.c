/* SPDX-License-Identifier: Apache-2.0 */
/* org.c: names of organizations, and when two of them are one. */
#include "model/org.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/str.h"

/* Unicode's White_Space property (PropList.txt); utf8proc has no function for it. */
static bool is_space(utf8proc_int32_t c)
{
	return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x3000;
}

/* Folds white space in place; `text` is valid UTF-8. Writing never overtakes reading. */
static void fold_space(char *text)
{
	const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)text;
	char *to = text;
	bool pending = false;

	while (*from != '\0') {
		utf8proc_int32_t c;
		utf8proc_ssize_t size = utf8proc_iterate(from, -1, &c);
		if (size <= 0)
			break;
		if (is_space(c)) {
			pending = to != text;
		} else {
			if (pending)
				*to++ = ' ';
			pending = false;
			memmove(to, from, (size_t)size);
			to += size;
		}
		from += size;
	}
	*to = '\0';
}

static enum fault check_characters(const char *name)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)name;
	size_t count = 0;

	for (; *at != '\0'; count++) {
		utf8proc_int32_t c;
		utf8proc_ssize_t size = utf8proc_iterate(at, -1, &c);
		if (size <= 0 || utf8proc_category(c) == UTF8PROC_CATEGORY_CC)
			return FAULT_INVALID;
		at += size;
	}
	if (count == 0)
		return FAULT_TOO_SHORT;
	return count > ORG_NAME_MAX ? FAULT_TOO_LONG : FAULT_NONE;
}

enum fault org_name_normalize(struct arena *arena, const char *text, const char **name_r)
{
	char *name = arena_strdup(arena, text);

	if (name == NULL)
		return FAULT_INVALID;
	fold_space(name);
	*name_r = name;
	return check_characters(name);
}

/* utf8proc's mapping, in the arena; NULL for what is not UTF-8 or without memory. */
static char *map(struct arena *arena, const char *text, int options)
{
	utf8proc_uint8_t *mapped;
	char *copy;

	options |= UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
	if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &mapped, options) < 0)
		return NULL;
	copy = arena_strdup(arena, (const char *)mapped);
	free(mapped);
	return copy;
}

/* What map() would give for ASCII, which most names are: only case changes. */
static char *lower_ascii(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; p != NULL && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return copy;
}

char *org_name_key(struct arena *arena, const char *name)
{
	char *key;

	if (str_is_ascii(name)) {
		key = lower_ascii(arena, name);
	} else {
		/* Folding can make letters of marks, so their order has to be settled before. */
		key = map(arena, name, 0);
		if (key != NULL)
			key = map(arena, key, UTF8PROC_CASEFOLD);
	}
	if (key != NULL)
		fold_space(key);
	return key;
}

int org_name_same(struct arena *arena, const char *a, const char *b)
{
	const char *key_a, *key_b;

	if (strcmp(a, b) == 0)
		return 1;
	key_a = org_name_key(arena, a);
	key_b = org_name_key(arena, b);
	if (key_a == NULL || key_b == NULL)
		return -1;
	return strcmp(key_a, key_b) == 0;
}
