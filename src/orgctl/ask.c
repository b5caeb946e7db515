/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c: prompts; what is typed as a secret is not shown, whatever signal comes meanwhile. */
#include "orgctl/ask.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "orgctl/say.h"

#define LINE_SIZE 4096

/* A terminal without echo. Signals wait until it has its echo again; then they do what they do. */
struct silence {
	struct termios before;
	sigset_t mask;
	int signals; /* readable when one waits */
};

static bool silence_begin(struct silence *silence)
{
	struct termios quiet;
	sigset_t ends, stops;

	if (tcgetattr(STDIN_FILENO, &silence->before) != 0)
		return false;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGQUIT);
	stops = ends;
	sigaddset(&stops, SIGTSTP);
	silence->signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (silence->signals < 0)
		return false;
	sigprocmask(SIG_BLOCK, &stops, &silence->mask);
	quiet = silence->before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0)
		return true;
	close(silence->signals);
	sigprocmask(SIG_SETMASK, &silence->mask, NULL);
	return false;
}

static void silence_end(struct silence *silence)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silence->before);
	close(silence->signals);
	fputc('\n', stderr);
	sigprocmask(SIG_SETMASK, &silence->mask, NULL);
}

/* Waits for a line; false when a signal came first. */
static bool wait_for_line(const struct silence *silence)
{
	struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {silence->signals, POLLIN, 0}};

	return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

enum reading { READING_OK, READING_NOTHING, READING_TOO_LONG, READING_NUL };

/* A line of the standard input, byte by byte, so that nothing behind it is taken. */
static enum reading read_line(char line[LINE_SIZE])
{
	size_t size = 0;
	char c;
	ssize_t got;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (c == '\0')
			return READING_NUL;
		if (size == LINE_SIZE - 1)
			return READING_TOO_LONG;
		line[size++] = c;
	}
	if (got <= 0 && size == 0)
		return READING_NOTHING;
	if (size > 0 && line[size - 1] == '\r')
		size--;
	line[size] = '\0';
	return READING_OK;
}

static enum reading read_silently(const char *prompt, char line[LINE_SIZE])
{
	struct silence silence;
	enum reading reading = READING_NOTHING;

	if (!silence_begin(&silence))
		return READING_NOTHING;
	fprintf(stderr, "%s: ", prompt);
	if (wait_for_line(&silence))
		reading = read_line(line);
	silence_end(&silence);
	return reading;
}

int ask_secret(struct call *call, const char *what, const char **secret_r)
{
	char *line = arena_alloc(&call->arena, LINE_SIZE);
	enum reading reading;

	if (line == NULL)
		return say_error(call, ERR_INTERNAL);
	reading = isatty(STDIN_FILENO) ? read_silently(what, line) : read_line(line);
	*secret_r = line;
	switch (reading) {
	case READING_OK:
		return STATUS_DONE;
	case READING_NOTHING:
		return say_refusal(call, "no_input", "%s: there is nothing on the standard input", what);
	case READING_TOO_LONG:
		return say_refusal(call, "invalid_input", "%s: the line is too long", what);
	default:
		return say_refusal(call, "invalid_input", "%s: the line has a NUL", what);
	}
}

int ask_new_password(struct call *call, const char **password_r)
{
	const char *again;
	int status = ask_secret(call, "New password", password_r);

	if (status != STATUS_DONE || !isatty(STDIN_FILENO))
		return status;
	status = ask_secret(call, "Once more", &again);
	if (status == STATUS_DONE && strcmp(*password_r, again) != 0)
		return say_refusal(call, "not_the_same", "the two are not the same; nothing was changed");
	return status;
}

int ask_consent(struct call *call, const char *question)
{
	char line[LINE_SIZE];

	if (call->values[OPTION_YES] != NULL)
		return STATUS_DONE;
	if (!isatty(STDIN_FILENO))
		return say_refusal(call, "not_confirmed", "there is no terminal to ask on: say --yes if it is meant");
	fprintf(stderr, "%s [y/N] ", question);
	if (read_line(line) == READING_OK && (strcmp(line, "y") == 0 || strcmp(line, "yes") == 0))
		return STATUS_DONE;
	return say_refusal(call, "not_confirmed", "nothing was changed");
}
