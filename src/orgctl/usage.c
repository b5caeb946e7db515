/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c: help, made from the tables of commands and options. */
#include "orgctl/usage.h"

#include <string.h>

#include "orgctl/commands.h"

#define OPTION_ROW(name, word, letter, value, help) {word, letter, value, help},
static const struct {
	const char *word;
	char letter;
	const char *value;
	const char *help;
} options[] = {OPTION_LIST(OPTION_ROW)};

/* A command and its summary in two columns. */
static void print_line(FILE *out, const struct command *command)
{
	int width = fprintf(out, "  %s%s%s", command->name, *command->arguments != '\0' ? " " : "",
			    command->arguments);

	fprintf(out, "%*s%s\n", width < 36 ? 36 - width : 2, "", command->summary);
}

static void print_option(FILE *out, size_t id)
{
	char letter[8] = "    ";
	int width;

	if (options[id].letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", options[id].letter);
	width = fprintf(out, "  %s--%s%s%s", letter, options[id].word, options[id].value != NULL ? " " : "",
			options[id].value != NULL ? options[id].value : "");
	fprintf(out, "%*s%s\n", width < 26 ? 26 - width : 2, "", options[id].help);
}

static void print_options(FILE *out, unsigned chosen)
{
	fputs("\noptions:\n", out);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (i <= OPTION_JSON || (chosen & (1u << i)))
			print_option(out, i);
}

void usage_overview(FILE *out)
{
	const struct command *command;

	fputs("usage: orgctl [-c FILE] COMMAND [ARGUMENT...]\n\n"
	      "Manages the organizations of orgd on the store itself, whether or not the service runs.\n\n"
	      "commands:\n", out);
	for (size_t i = 0; (command = commands_each(i)) != NULL; i++)
		print_line(out, command);
	fputs("\nexamples:\n", out);
	for (size_t i = 0; (command = commands_each(i)) != NULL; i++)
		fprintf(out, "  %s\n", command->example);
	print_options(out, 0);
	fputs("\nThe store and its settings are found as orgd finds them, in the .env file and the environment.\n"
	      "Exit status: 0 done, 1 found something or refused, 2 wrong usage.\n"
	      "`orgctl COMMAND --help` says more; see orgctl(1) and orgd.env(5).\n", out);
}

void usage_group(FILE *out, const char *word)
{
	const struct command *command;
	size_t size = strlen(word);

	fprintf(out, "usage: orgctl [-c FILE] %s COMMAND [ARGUMENT...]\n\ncommands:\n", word);
	for (size_t i = 0; (command = commands_each(i)) != NULL; i++)
		if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ')
			print_line(out, command);
	fprintf(out, "\nexamples:\n");
	for (size_t i = 0; (command = commands_each(i)) != NULL; i++)
		if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ')
			fprintf(out, "  %s\n", command->example);
}

void usage_command(FILE *out, const struct command *command)
{
	fprintf(out, "usage: orgctl %s%s%s\n\n%c%s.\n%s", command->name, *command->arguments != '\0' ? " " : "",
		command->arguments, command->summary[0] - 'a' + 'A', command->summary + 1, command->help);
	print_options(out, command->options);
	fprintf(out, "\nexample: %s\n", command->example);
}
