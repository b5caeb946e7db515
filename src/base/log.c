/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: builds a line on the stack and writes it at once. */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

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
	const char *prefix; /* syslog(3)'s priority */
} levels[] = {
	[LOG_ERROR] = {"error", "<3>"},
	[LOG_WARN] = {"warn", "<4>"},
	[LOG_INFO] = {"info", "<6>"},
	[LOG_DEBUG] = {"debug", "<7>"},
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

/* Appends as much as there is room for. No printf: a line has some thirty pieces, and every request a line. */
static void add_bytes(struct line *line, const char *bytes, size_t size)
{
	size_t room = LINE_SIZE - 4 - line->size; /* 4: the closing quote, brace and newline */

	if (size > room)
		size = room;
	memcpy(line->text + line->size, bytes, size);
	line->size += size;
}

static void add(struct line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* A character that cannot stand for itself. */
static void add_escape(struct line *line, unsigned char c)
{
	char escape[sizeof("\\u0000")] = {'\\', (char)c};

	if (c != '"' && c != '\\')
		snprintf(escape, sizeof(escape), state.format == LOG_JSON ? "\\u%04x" : "\\x%02x", c);
	add(line, escape);
}

static void add_escaped(struct line *line, const char *text)
{
	size_t end = line->size + VALUE_MAX - sizeof("\\u0000");

	while (*text != '\0' && line->size < end) {
		size_t size = 0, room = end - line->size;
		while (size < room && is_plain((unsigned char)text[size]))
			size++;
		add_bytes(line, text, size);
		text += size;
		if (size < room && *text != '\0')
			add_escape(line, (unsigned char)*text++);
	}
}

static bool is_bare(const char *text)
{
	const char *p = text;

	while (is_plain((unsigned char)*p) && *p != ' ' && *p != '=')
		p++;
	return *p == '\0' && p > text;
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

static void add_number(struct line *line, int64_t number)
{
	char digits[STR_UINT_SIZE];

	if (number < 0)
		add(line, "-");
	add(line, str_from_uint(number < 0 ? -(uint64_t)number : (uint64_t)number, digits));
}

/* Adds a field, or nothing when the line is almost full: half a field would be no JSON. */
static void add_field(struct line *line, const struct log_field *field)
{
	if (line->size + FIELD_MAX > LINE_SIZE)
		return;
	add(line, state.format == LOG_JSON ? ",\"" : " ");
	add(line, field->key);
	add(line, state.format == LOG_JSON ? "\":" : "=");
	if (field->text != NULL)
		add_text(line, field->text);
	else
		add_number(line, field->number);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	char time[CLOCK_TEXT_SIZE];
	struct line line;

	if (level > state.level)
		return;
	line.size = 0;
	clock_format(clock_now_ms(), time);
	if (state.priorities)
		add(&line, levels[level].prefix);
	add(&line, state.format == LOG_JSON ? "{\"time\":\"" : "time=");
	add(&line, time);
	if (state.format == LOG_JSON)
		add(&line, "\"");
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
