/* SPDX-License-Identifier: Apache-2.0 */
/* orgctl.c: main of the operator's command line: words and options to a call of a command. */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/json.h"
#include "orgctl/commands.h"
#include "orgctl/connect.h"
#include "orgctl/usage.h"
#include "version.h"

#define ARENA_CAP ((size_t)64 << 20)

#define OPTION_ROW(name, word, letter, value, help) {word, letter, value},
static const struct {
	const char *word;
	char letter;
	const char *value;
} options[] = {OPTION_LIST(OPTION_ROW)};

/* Options to call->values; false, and said, when one is not known or lacks its value. */
static bool parse_options(int argc, char **argv, struct call *call)
{
	struct option longs[OPTION_COUNT + 1] = {{NULL, 0, NULL, 0}};
	char letters[2 * OPTION_COUNT + 1] = "";
	size_t size = 0;
	int got, place;

	for (int i = 0; i < OPTION_COUNT; i++) {
		bool value = options[i].value != NULL;
		longs[i] = (struct option){options[i].word, value ? required_argument : no_argument, NULL, 256 + i};
		if (options[i].letter != 0)
			letters[size++] = options[i].letter;
		if (options[i].letter != 0 && value)
			letters[size++] = ':';
	}
	while ((got = getopt_long(argc, argv, letters, longs, &place)) != -1) {
		if (got == '?')
			return false;
		for (int i = 0; i < OPTION_COUNT; i++)
			if (got == 256 + i || got == options[i].letter)
				call->values[i] = optarg != NULL ? optarg : "";
	}
	return true;
}

static int complain(const char *hint)
{
	fprintf(stderr, "try `orgctl %s%s--help`\n", hint, *hint != '\0' ? " " : "");
	return STATUS_USAGE;
}

/* Help and versions, which need no command; -1: go on. */
static int answer_without_command(const struct call *call, char *const *words, int count)
{
	if (call->values[OPTION_VERSION] != NULL) {
		version_print(stdout, "orgctl");
		return STATUS_DONE;
	}
	if (call->command != NULL) {
		if (call->values[OPTION_HELP] == NULL)
			return -1;
		usage_command(stdout, call->command);
		return STATUS_DONE;
	}
	if (count == 0) {
		usage_overview(call->values[OPTION_HELP] != NULL ? stdout : stderr);
		return call->values[OPTION_HELP] != NULL ? STATUS_DONE : STATUS_USAGE;
	}
	if (count == 1 && commands_has_group(words[0])) {
		usage_group(call->values[OPTION_HELP] != NULL ? stdout : stderr, words[0]);
		return call->values[OPTION_HELP] != NULL ? STATUS_DONE : STATUS_USAGE;
	}
	return -1;
}

static int refuse_unknown(char *const *words, int count)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "");
	fprintf(stderr, "orgctl: there is no command \"%s\"; the nearest is \"%s\"\n", text, commands_nearest(text));
	return complain("");
}

/* Whether the command takes the options and that many arguments, and has those that it must have. */
static bool check_call(const struct call *call)
{
	const struct command *command = call->command;

	for (int i = 0; i < OPTION_COUNT; i++) {
		if (call->values[i] != NULL && i > OPTION_JSON && !(command->options & (1u << i))) {
			fprintf(stderr, "orgctl: `%s` does not take --%s\n", command->name, options[i].word);
			return false;
		}
	}
	if ((command->options & OPTION_BIT(EMAIL)) && call->values[OPTION_EMAIL] == NULL) {
		fprintf(stderr, "orgctl: `%s` needs --email\n", command->name);
		return false;
	}
	if (call->arg_count >= command->min && call->arg_count <= command->max)
		return true;
	fprintf(stderr, "orgctl: `%s` takes %s\n", command->name,
		*command->arguments != '\0' ? command->arguments : "no arguments");
	return false;
}

static int run(struct call *call)
{
	int status = connect_all(call);

	if (status == STATUS_DONE)
		status = call->command->run(call);
	connect_end(call);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("orgctl: the output cannot be written\n", stderr);
		status = STATUS_REFUSED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct call call = {.command = NULL};
	int status, used;

	umask(umask(0) | 077); /* what is made holds password hashes or keys */
	if (!parse_options(argc, argv, &call))
		return complain("");
	call.command = commands_find(argv + optind, argc - optind, &used);
	status = answer_without_command(&call, argv + optind, argc - optind);
	if (status >= 0)
		return status;
	if (call.command == NULL)
		return refuse_unknown(argv + optind, argc - optind);
	call.args = argv + optind + used;
	call.arg_count = argc - optind - used;
	if (!check_call(&call))
		return complain(call.command->name);
	json_init();
	arena_init(&call.arena, ARENA_CAP);
	status = run(&call);
	arena_fini(&call.arena);
	return status;
}
