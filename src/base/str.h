/* SPDX-License-Identifier: Apache-2.0 */
/* str.h: small things with strings that libc does not have. Any thread may call. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/*
 * str_to_uint(text, max, value_r): the whole of `text` as a decimal number of at most `max`;
 * digits only: no sign, no space. False leaves *value_r alone.
 */
bool str_to_uint(const char *text, uint64_t max, uint64_t *value_r) MUST_CHECK;

/* str_from_uint(value, buffer): `value` in decimal; the result begins somewhere in `buffer`. */
#define STR_UINT_SIZE sizeof("18446744073709551615")
const char *str_from_uint(uint64_t value, char buffer[STR_UINT_SIZE]);

/* str_equal_secret(a, b): equality in a time that does not depend on where the two differ. */
bool str_equal_secret(const char *a, const char *b);

/* str_hex(bytes, size, text_r): lower-case hex digits; text_r has room for 2 * size + 1. */
void str_hex(const unsigned char *bytes, size_t size, char *text_r);

/* str_is_hex_id(text): whether it is 24 hex digits, as ids are. */
bool str_is_hex_id(const char *text);

/* str_is_ascii(text): no byte of it is above 127. */
bool str_is_ascii(const char *text);

/* str_is_utf8(text, size): well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong), no NUL. */
bool str_is_utf8(const char *text, size_t size);

/* str_distance(a, b): the number of single-letter edits between two words; for suggestions. */
size_t str_distance(const char *a, const char *b);

#endif
