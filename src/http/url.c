/* SPDX-License-Identifier: Apache-2.0 */
/* url.c: percent-decoding and the parts of a request target. */
#include "http/url.h"

#include <string.h>

#include "base/str.h"

bool url_path_is_plain(const char *path)
{
	if (*path != '/' || strchr(path, '%') != NULL || strstr(path, "//") != NULL)
		return false;
	for (const char *segment = path + 1; *segment != '\0';) {
		size_t size = strcspn(segment, "/");
		if (size <= 2 && strspn(segment, ".") >= size && size > 0)
			return false;
		segment += size;
		segment += *segment == '/';
	}
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The decoded text in the arena; *valid_r tells a malformed one from a lack of memory. */
static char *decode(struct arena *arena, const char *text, size_t size, bool *valid_r)
{
	char *decoded = arena_alloc(arena, size + 1);
	char *to = decoded;

	*valid_r = decoded == NULL;
	for (size_t i = 0; decoded != NULL && i < size; i++) {
		int high, low;
		if (text[i] != '%') {
			*to++ = text[i] == '+' ? ' ' : text[i];
			continue;
		}
		high = i + 2 < size ? hex_value(text[i + 1]) : -1;
		low = i + 2 < size ? hex_value(text[i + 2]) : -1;
		if (high < 0 || low < 0)
			return NULL;
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	if (decoded != NULL)
		*valid_r = str_is_utf8(decoded, (size_t)(to - decoded));
	return *valid_r ? decoded : NULL;
}

static enum err add_pair(struct arena *arena, const char *text, size_t size, struct url_pair *pairs,
			 size_t *count)
{
	const char *sign = memchr(text, '=', size);
	size_t name_size = sign != NULL ? (size_t)(sign - text) : size;
	size_t value_size = sign != NULL ? size - name_size - 1 : 0;
	bool valid;
	char *name = decode(arena, text, name_size, &valid);
	char *value = valid ? decode(arena, text + size - value_size, value_size, &valid) : NULL;

	if (!valid)
		return ERR_INVALID_REQUEST;
	if (name == NULL || value == NULL)
		return ERR_INTERNAL;
	for (size_t i = 0; i < *count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return ERR_INVALID_REQUEST;
	if (*count == URL_QUERY_MAX)
		return ERR_INVALID_REQUEST;
	pairs[(*count)++] = (struct url_pair){name, value};
	return ERR_OK;
}

enum err url_query_parse(struct arena *arena, const char *query, struct url_pair pairs_r[URL_QUERY_MAX],
			 size_t *count_r)
{
	*count_r = 0;
	while (*query != '\0') {
		size_t size = strcspn(query, "&");
		enum err err = size > 0 ? add_pair(arena, query, size, pairs_r, count_r) : ERR_OK;
		if (err != ERR_OK)
			return err;
		query += size;
		query += *query == '&';
	}
	return ERR_OK;
}

char *url_encode(struct arena *arena, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	char *encoded = arena_alloc(arena, strlen(text) * 3 + 1);

	if (encoded == NULL)
		return NULL;
	for (char *to = encoded; *text != '\0'; text++) {
		if (strchr(unreserved, *text) != NULL) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[(unsigned char)*text >> 4];
		*to++ = digits[(unsigned char)*text & 15];
	}
	return encoded;
}
