/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: builds a line on the stack and writes it at once. */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_SIZE 4096
#define VALUE_MAX 512 /* bytes that one value takes in the line, escapes included */
#define FIELD_MAX (VALUE_MAX + 64)

static struct {
	enum log_level level;
	enum log_format format;
	bool priorities; /* systemd's journal reads a <N> prefix (sd-daemon(3)) */
} state = {LOG_INFO, LOG_LOGFMT, false};

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} levels[] = {
	[LOG_ERROR] = {"error", 3},
	[LOG_WARN] = {"warn", 4},
	[LOG_INFO] = {"info", 6},
	[LOG_DEBUG] = {"debug", 7},
};

struct line {
	char text[LINE_SIZE];
	size_t size;
};

void log_init(enum log_level level, enum log_format format)
{
	state.level = level;
	state.format = format;
	state.priorities = getenv("JOURNAL_STREAM") != NULL;
}

static PRINTF_LIKE(2, 3) void add(struct line *line, const char *format, ...)
{
	size_t room = LINE_SIZE - 4 - line->size; /* 4: the closing quote, brace and newline */
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(line->text + line->size, room, format, args);
	va_end(args);
	if (size > 0)
		line->size += (size_t)size < room ? (size_t)size : room - 1;
}

static void add_escaped(struct line *line, const char *text)
{
	size_t end = line->size + VALUE_MAX - sizeof("\\u0000");

	for (; *text != '\0' && line->size < end; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			add(line, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			add(line, state.format == LOG_JSON ? "\\u%04x" : "\\x%02x", c);
		else
			add(line, "%c", c);
	}
}

static bool is_bare(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"\\=", *text) != NULL)
			return false;
	return true;
}

static void add_text(struct line *line, const char *text)
{
	bool bare = state.format == LOG_LOGFMT && is_bare(text);

	if (!bare)
		add(line, "\"");
	add_escaped(line, text);
	if (!bare)
		add(line, "\"");
}

/* Adds a field, or nothing when the line is almost full: half a field would be no JSON. */
static void add_field(struct line *line, const struct log_field *field)
{
	if (line->size + FIELD_MAX > LINE_SIZE)
		return;
	add(line, state.format == LOG_JSON ? ",\"%s\":" : " %s=", field->key);
	if (field->text != NULL)
		add_text(line, field->text);
	else
		add(line, "%" PRId64, field->number);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	char time[CLOCK_TEXT_SIZE];
	struct line line = {.size = 0};

	if (level > state.level)
		return;
	clock_format(clock_now_ms(), time);
	if (state.priorities)
		add(&line, "<%d>", levels[level].priority);
	add(&line, state.format == LOG_JSON ? "{\"time\":\"%s\"" : "time=%s", time);
	add_field(&line, &LOG_TEXT("level", levels[level].name));
	add_field(&line, &LOG_TEXT("msg", message));
	for (; fields->key != NULL; fields++)
		add_field(&line, fields);
	if (state.format == LOG_JSON)
		line.text[line.size++] = '}';
	line.text[line.size++] = '\n';
	if (write(STDERR_FILENO, line.text, line.size) < 0)
		return; /* nowhere left to say it */
}
