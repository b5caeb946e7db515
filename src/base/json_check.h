/* SPDX-License-Identifier: Apache-2.0 */
/* json_check.h: what RFC 8259 calls JSON, and no more; cJSON's parser takes a good deal more. */
#ifndef BASE_JSON_CHECK_H
#define BASE_JSON_CHECK_H

#include <stddef.h>

/*
 * json_check(text, size, depth_max): NULL when `text` is one well-formed JSON object nested at most
 * `depth_max` deep, with nothing but white space round it; else what is wrong, a literal. Refuses
 * what is not UTF-8, NUL and "\u0000", and lone surrogates. Pure; any thread may call.
 */
const char *json_check(const char *text, size_t size, int depth_max);

#endif
