/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line an event, to stderr, as logfmt or JSON; the process's only global state.
 *
 * Any thread may call: a line goes out in one write(2). Control characters and everything outside
 * ASCII are escaped, long values are cut. Never give it a token, a password, an email or a query.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* One key and value; text NULL: the number counts. */
struct log_field {
	const char *key;
	const char *text;
	int64_t number;
};

#define LOG_TEXT(key, text) ((struct log_field){(key), (text), 0})
#define LOG_NUMBER(key, number) ((struct log_field){(key), NULL, (int64_t)(number)})

/* LOG(level, message, fields...): writes a line if the level is on; fields as made by LOG_TEXT. */
#define LOG(level, ...) LOG_SPLIT(level, __VA_ARGS__, LOG_END)
#define LOG_END ((struct log_field){NULL, NULL, 0})
#define LOG_SPLIT(level, message, ...) log_write((level), (message), (struct log_field[]){__VA_ARGS__})

/* log_init(level, format): what is written from now on; call before there are threads. */
void log_init(enum log_level level, enum log_format format);

/* log_write(level, message, fields): fields end with one whose key is NULL. Use LOG. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

#endif
