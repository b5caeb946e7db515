/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: what a command of orgctl is, and a call of one. One thread; nothing here is shared. */
#ifndef ORGCTL_COMMAND_H
#define ORGCTL_COMMAND_H

#include "base/arena.h"
#include "conf.h"
#include "store/store.h"

/* Exit statuses. */
enum { STATUS_DONE = 0, STATUS_REFUSED = 1, STATUS_USAGE = 2 };

/* X(name, long name, letter or 0, value or NULL, help); those up to JSON go with every command. */
#define OPTION_LIST(X)                                                                            \
	X(HELP, "help", 'h', NULL, "print help")                                                  \
	X(VERSION, "version", 'V', NULL, "print versions")                                        \
	X(FILE, "config", 'c', "FILE", "read this .env file instead of the usual ones")           \
	X(JSON, "json", 0, NULL, "print one JSON object")                                         \
	X(YES, "yes", 'y', NULL, "do not ask before something is destroyed")                      \
	X(LIMIT, "limit", 0, "N", "at most N organizations, 1 to 1000; 50 unless told")           \
	X(AFTER, "after", 0, "PLACE", "go on behind PLACE, as the page before printed it")        \
	X(SORT, "sort", 0, "KEY", "sort by name, created or slug; by name unless told")           \
	X(NAME, "name", 0, "FILTER", "only names that have FILTER in them, in either case")       \
	X(EMAIL, "email", 0, "EMAIL", "email of the admin")                                       \
	X(REPAIR, "repair", 0, NULL, "mend what is safe")                                         \
	X(DRY_RUN, "dry-run", 0, NULL, "only say what would be done")                             \
	X(RESUME, "resume", 0, NULL, "go on with one that was cut off")

#define OPTION_ENUM(name, word, letter, value, help) OPTION_##name,
enum option_id { OPTION_LIST(OPTION_ENUM) OPTION_COUNT };
#undef OPTION_ENUM

#define OPTION_BIT(name) (1u << OPTION_##name)

/* What there must be before a command runs; each includes those above it. */
enum need {
	NEED_NOTHING,
	NEED_CONF,      /* the configuration of the store */
	NEED_STORE,     /* the store, which is there already */
	NEED_NEW_STORE, /* the store, made if it is not there */
	NEED_KEYS,      /* the store, and the keys of tokens */
};

struct call;

struct command {
	const char *name;      /* one or two words: "org list" */
	const char *arguments; /* as help shows them */
	int min, max;          /* how many arguments */
	unsigned options;      /* OPTION_BITs, besides those that go with every command */
	enum need need;
	int (*run)(struct call *call); /* returns an exit status */
	const char *summary;           /* a line */
	const char *help;              /* more lines; "" if there is no more to say */
	const char *example;
};

/* A command with what the command line said. */
struct call {
	const struct command *command;
	char **args;
	int arg_count;
	const char *values[OPTION_COUNT]; /* NULL: not given; "" for one without a value */
	struct arena arena;               /* what lives until the end */
	struct conf conf;
	struct store store;
};

#endif
