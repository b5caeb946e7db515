/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c: the whole of orgctl on one screen. `make check` compares it with orgctl(1). */
#include "orgctl/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "orgctl/cmd_admin.h"
#include "orgctl/cmd_adopt.h"
#include "orgctl/cmd_backup.h"
#include "orgctl/cmd_migrate.h"
#include "orgctl/cmd_org.h"
#include "orgctl/cmd_setup.h"
#include "orgctl/cmd_store.h"
#include "orgctl/cmd_token.h"

#define ORG_HELP "ORG is a slug, a name or an id.\n"
#define ADMIN_HELP "The admin is named by the email, or by the organization's slug, name or id.\n"
#define PASSWORD_HELP \
	"The password is asked for, without showing it; from a script it is one line of the standard input.\n"

static const struct command commands[] = {
	{"org list", "", 0, 0, OPTION_BIT(LIMIT) | OPTION_BIT(AFTER) | OPTION_BIT(SORT) | OPTION_BIT(NAME),
	 NEED_STORE, cmd_org_list, "list organizations, page by page", "",
	 "orgctl org list --name acme --sort created --limit 20"},
	{"org show", "ORG", 1, 1, 0, NEED_STORE, cmd_org_show, "show an organization", ORG_HELP,
	 "orgctl org show acme-corp"},
	{"org create", "NAME --email EMAIL", 1, 1, OPTION_BIT(EMAIL), NEED_NEW_STORE, cmd_org_create,
	 "create an organization with its admin",
	 "Works whatever ORGD_CREATE says; the rules of name, email and password are those of the service.\n"
	 PASSWORD_HELP, "orgctl org create \"Acme Corp\" --email admin@acme.example"},
	{"org rename", "ORG NAME", 2, 2, 0, NEED_STORE, cmd_org_rename, "give an organization another name",
	 ORG_HELP "Tokens stay valid.\n", "orgctl org rename acme-corp \"Acme Inc\""},
	{"org delete", "ORG", 1, 1, OPTION_BIT(YES), NEED_STORE, cmd_org_delete,
	 "delete an organization, its admin and its documents", ORG_HELP "Asks before it does.\n",
	 "orgctl org delete acme-corp"},
	{"admin show", "EMAIL|ORG", 1, 1, 0, NEED_STORE, cmd_admin_show, "show the admin of an organization",
	 ADMIN_HELP, "orgctl admin show admin@acme.example"},
	{"admin create", "ORG --email EMAIL", 1, 1, OPTION_BIT(EMAIL), NEED_STORE, cmd_admin_create,
	 "give an organization that has lost its admin a new one", ORG_HELP PASSWORD_HELP,
	 "orgctl admin create acme-corp --email boss@acme.example"},
	{"admin passwd", "EMAIL|ORG", 1, 1, 0, NEED_STORE, cmd_admin_passwd, "set an admin's password",
	 ADMIN_HELP PASSWORD_HELP "All tokens of the admin die.\n", "orgctl admin passwd admin@acme.example"},
	{"admin email", "EMAIL|ORG NEW_EMAIL", 2, 2, 0, NEED_STORE, cmd_admin_email, "change an admin's email",
	 ADMIN_HELP "All tokens of the admin die.\n", "orgctl admin email acme-corp boss@acme.example"},
	{"token check", "[-]", 0, 1, 0, NEED_KEYS, cmd_token_check, "say whether a token is good, or why not",
	 "The token is one line of the standard input; it is never taken from the command line.\n",
	 "orgctl token check <token.txt"},
	{"store info", "", 0, 0, 0, NEED_STORE, cmd_store_info, "say what the store is and holds", "",
	 "orgctl store info"},
	{"store check", "[--repair]", 0, 0, OPTION_BIT(REPAIR) | OPTION_BIT(YES), NEED_STORE, cmd_store_check,
	 "look for what should not be in the store",
	 "Prints a line for each finding. With --repair it asks, mends what is safe and says what it leaves;\n"
	 "make a backup before. Exit status 1: something was found (with --repair: is left).\n",
	 "orgctl store check --repair"},
	{"store adopt", "[--dry-run]", 0, 0, OPTION_BIT(DRY_RUN) | OPTION_BIT(YES), NEED_CONF, cmd_adopt,
	 "take over a MongoDB database that another program of the same design wrote",
	 "Prints a line for each thing that it does, or that is in the way: then nothing is changed. Asks before.\n"
	 "Ids and passwords stay. Make a backup before, and let no other program work on it.\n",
	 "orgctl store adopt --dry-run"},
	{"store migrate", "FROM TO", 2, 2, 0, NEED_CONF, cmd_migrate, "copy everything of one store into another",
	 "FROM and TO are sqlite:PATH, mongodb (where MONGO_URI says), or a mongodb:// URI without a password.\n"
	 "Stop the service of both before. TO may hold nothing that is not in FROM. Both are compared at the end;\n"
	 "done again, it goes on.\n",
	 "orgctl store migrate sqlite:/var/lib/orgd/orgd.db mongodb"},
	{"backup", "FILE", 1, 1, 0, NEED_STORE, cmd_backup, "write everything to a new file",
	 "The service may go on meanwhile. The file can be read by you only, and is never one that exists.\n",
	 "orgctl backup /var/backups/orgd-monday"},
	{"restore", "FILE [--resume]", 1, 1, OPTION_BIT(RESUME) | OPTION_BIT(YES), NEED_CONF, cmd_backup_restore,
	 "fill an empty store from a backup",
	 "The file is checked first; then all of it is in the store, or nothing. Asks before it does.\n"
	 "A MongoDB is filled bit by bit; --resume goes on with what was cut off there.\n",
	 "orgctl restore /var/backups/orgd-monday"},
	{"secret", "", 0, 0, 0, NEED_NOTHING, cmd_setup_secret, "print a fresh random key, 64 hex digits", "",
	 "orgctl secret"},
	{"init", "DIR", 1, 1, 0, NEED_NOTHING, cmd_setup_init, "write a first DIR/.env with a fresh key",
	 "The file can be read by you only, and is never one that exists.\n", "orgctl init /srv/orgd"},
};

const struct command *commands_each(size_t index)
{
	return index < COUNT_OF(commands) ? &commands[index] : NULL;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const struct command *commands_find(char *const *words, int count, int *used_r)
{
	const struct command *command;
	char name[64];

	*used_r = 2;
	if (count < 1)
		return NULL;
	if (count >= 2) {
		snprintf(name, sizeof(name), "%s %s", words[0], words[1]);
		command = find(name);
		if (command != NULL)
			return command;
	}
	*used_r = 1;
	return strchr(words[0], ' ') == NULL ? find(words[0]) : NULL;
}

bool commands_has_group(const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strncmp(commands[i].name, word, size) == 0 && commands[i].name[size] == ' ')
			return true;
	return false;
}

const char *commands_nearest(const char *text)
{
	const char *best = commands[0].name;

	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (str_distance(text, commands[i].name) < str_distance(text, best))
			best = commands[i].name;
	return best;
}
