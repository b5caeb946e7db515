/* SPDX-License-Identifier: Apache-2.0 */
/* str.c: small things with strings that libc does not have. */
#include "base/str.h"

#include <openssl/crypto.h>
#include <string.h>
#include <utf8proc.h>

bool str_to_uint(const char *text, uint64_t max, uint64_t *value_r)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		unsigned digit = (unsigned)(*p - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*value_r = value;
	return true;
}

const char *str_from_uint(uint64_t value, char buffer[STR_UINT_SIZE])
{
	char *at = buffer + STR_UINT_SIZE - 1;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return at;
}

bool str_equal_secret(const char *a, const char *b)
{
	size_t size = strlen(a);

	return size == strlen(b) && CRYPTO_memcmp(a, b, size) == 0;
}

void str_hex(const unsigned char *bytes, size_t size, char *text_r)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*text_r++ = digits[bytes[i] >> 4];
		*text_r++ = digits[bytes[i] & 15];
	}
	*text_r = '\0';
}

bool str_is_hex_id(const char *text)
{
	return strlen(text) == 24 && strspn(text, "0123456789abcdef") == 24;
}

bool str_is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7f)
			return false;
	return true;
}

bool str_is_utf8(const char *text, size_t size)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	utf8proc_ssize_t left = (utf8proc_ssize_t)size;

	while (left > 0) {
		utf8proc_int32_t codepoint;
		utf8proc_ssize_t used = utf8proc_iterate(at, left, &codepoint);
		if (used <= 0 || codepoint == 0)
			return false;
		at += used;
		left -= used;
	}
	return true;
}

size_t str_distance(const char *a, const char *b)
{
	size_t row[64];
	size_t width = strlen(b);

	if (width >= COUNT_OF(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; *a != '\0'; a++, i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t best = diagonal + (*a != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[width];
}
