/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c: the table of keys, and where their values come from. conf_rules.c says what is allowed. */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "conf_rules.h"
#include "dotenv.h"

#define FILE_SIZE_MAX 65536
#define SLIP_MAX 5 /* letters */

extern char **environ;

enum type {
	TEXT,
	SECRET, /* text that is masked when shown */
	NUMBER,
	CHOICE, /* one of `choices`; its place is the value */
};

#define SWITCH "off|on"

struct key {
	const char *name;
	enum type type;
	size_t offset;       /* of a char * or a uint64_t in struct conf */
	const char *initial; /* NULL: unset, or worked out in conf_rules.c */
	uint64_t min, max;   /* of a number */
	const char *choices; /* of a choice, separated by "|" */
};

#define AT(member) offsetof(struct conf, member)

/* In the order of orgd.env(5), which `make check` compares with it. */
static const struct key keys[] = {
	{"JWT_SECRET_KEY", SECRET, AT(jwt_secret_key), NULL, 0, 0, NULL},
	{"JWT_SECRET_KEY_PREVIOUS", SECRET, AT(jwt_secret_key_previous), NULL, 0, 0, NULL},
	{"SECRET_KEY", SECRET, AT(secret_key), NULL, 0, 0, NULL},
	{"MONGO_URI", SECRET, AT(mongo_uri), NULL, 0, 0, NULL},
	{"ORGD_STORE", TEXT, AT(store), NULL, 0, 0, NULL},
	{"ORGD_CREATE", CHOICE, AT(create), "open", 0, 0, "open|key|closed"},
	{"ORGD_CREATE_KEY", SECRET, AT(create_key), NULL, 0, 0, NULL},
	{"ORGD_MAX_ORGANIZATIONS", NUMBER, AT(max_organizations), "0", 0, INT64_MAX, NULL},
	{"ORGD_PUBLIC_LOOKUP", CHOICE, AT(public_lookup), "on", 0, 0, SWITCH},
	{"ORGD_REQUIRE_CURRENT_PASSWORD", CHOICE, AT(require_current_password), "off", 0, 0, SWITCH},
	{"ORGD_WORKERS", NUMBER, AT(workers), "32", 1, 1024, NULL},
	{"ORGD_HASH_THREADS", NUMBER, AT(hash_threads), NULL, 1, 1024, NULL},
	{"ORGD_HASH_QUEUE", NUMBER, AT(hash_queue), NULL, 1, 1024, NULL},
	{"ORGD_BCRYPT_COST", NUMBER, AT(bcrypt_cost), "12", 4, 15, NULL},
	{"ORGD_TOKEN_TTL", NUMBER, AT(token_ttl), "900", 1, 31536000, NULL},
	{"ORGD_TOKEN_ISSUER", TEXT, AT(token_issuer), "orgd", 0, 0, NULL},
	{"ORGD_BASE_PATH", TEXT, AT(base_path), NULL, 0, 0, NULL},
	{"ORGD_MAX_BODY", NUMBER, AT(max_body), "65536", 1024, 16777216, NULL},
	{"ORGD_METRICS", CHOICE, AT(metrics), "off", 0, 0, SWITCH},
	{"ORGD_ALLOWED_UIDS", TEXT, AT(allowed_uids), NULL, 0, 0, NULL},
	{"ORGD_LOG_LEVEL", CHOICE, AT(log_level), "info", 0, 0, "error|warn|info|debug"},
	{"ORGD_LOG_FORMAT", CHOICE, AT(log_format), "logfmt", 0, 0, "logfmt|json"},
	{"ORGD_STATE_DIR", TEXT, AT(state_dir), "/var/lib/orgd", 0, 0, NULL},
	{"ORGD_ENV_FILE", TEXT, AT(file), NULL, 0, 0, NULL},
	{"ORGD_MODULE_DIR", TEXT, AT(module_dir), NULL, 0, 0, NULL},
	{"ORGD_TESTING", CHOICE, AT(testing), "off", 0, 0, SWITCH},
};

/* A load under way. */
struct loading {
	struct conf *conf;
	FILE *faults;
	bool ok;
	bool unread; /* a file was refused: what the other rules would say is only noise */
};

static PRINTF_LIKE(2, 3) void fault(struct loading *loading, const char *format, ...)
{
	va_list args;

	loading->ok = false;
	va_start(args, format);
	fputs("orgd: ", loading->faults);
	vfprintf(loading->faults, format, args);
	fputc('\n', loading->faults);
	va_end(args);
}

const char *conf_store_target(const struct conf *conf)
{
	return strcmp(conf->store, "mongodb") == 0 ? conf->mongo_uri : conf->store;
}

const char *conf_each(size_t index)
{
	return index < COUNT_OF(keys) ? keys[index].name : NULL;
}

static const struct key *find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static const char *nearest(const char *name)
{
	const char *best = keys[0].name;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (str_distance(keys[i].name, name) < str_distance(best, name))
			best = keys[i].name;
	return best;
}

static char **text_at(struct conf *conf, const struct key *key)
{
	return (char **)((char *)conf + key->offset);
}

static uint64_t *number_at(struct conf *conf, const struct key *key)
{
	return (uint64_t *)((char *)conf + key->offset);
}

/* The place of `value` among "a|b|c", or false. */
static bool choose(const char *choices, const char *value, uint64_t *place_r)
{
	*place_r = 0;
	for (const char *at = choices;; at++, ++*place_r) {
		size_t size = strcspn(at, "|");
		if (strlen(value) == size && strncmp(at, value, size) == 0)
			return true;
		at += size;
		if (*at == '\0')
			return false;
	}
}

static void replace_text(char **text, const char *value)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = *value != '\0' ? strdup(value) : NULL;
}

/* Sets a key; an empty value means as if it were not set. */
static void assign(struct loading *loading, const struct key *key, const char *value)
{
	if (*value == '\0')
		value = key->initial != NULL ? key->initial : "";
	if (key->type == TEXT || key->type == SECRET) {
		replace_text(text_at(loading->conf, key), value);
		return;
	}
	if (*value == '\0') {
		*number_at(loading->conf, key) = 0;
		return;
	}
	if (key->type == CHOICE && !choose(key->choices, value, number_at(loading->conf, key)))
		fault(loading, "%s must be one of %s", key->name, key->choices);
	if (key->type == NUMBER && (!str_to_uint(value, key->max, number_at(loading->conf, key)) ||
				    *number_at(loading->conf, key) < key->min))
		fault(loading, "%s must be a number from %" PRIu64 " to %" PRIu64, key->name, key->min, key->max);
}

/* Not a slip of ORGD_REQUIRE_CURRENT_PASSWORD, though: that would leave a protection off in silence. */
static bool belongs_to_tests(const char *name)
{
	return strncmp(name, "ORGD_TEST_", 10) == 0 ||
	       (strncmp(name, "ORGD_REQUIRE_", 13) == 0 && str_distance(name, nearest(name)) > SLIP_MAX);
}

/* For dotenv_parse(): other programs' keys are none of our business, mistyped ones of ours are. */
static bool set_from_file(void *context, const char *name, const char *value)
{
	struct loading *loading = context;
	const struct key *key = find(name);

	if (key != NULL && key->offset != AT(file))
		assign(loading, key, value);
	else if (key == NULL && strncmp(name, "ORGD_", 5) == 0 && !belongs_to_tests(name))
		fault(loading, "%s in %s is not a key; the nearest is %s", name, loading->conf->file, nearest(name));
	return true;
}

static void set_from_environment(struct loading *loading)
{
	for (char **entry = environ; *entry != NULL; entry++) {
		const char *value = strchr(*entry, '=');
		const struct key *key;
		char name[64];
		if (value == NULL || (size_t)(value - *entry) >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(value - *entry), *entry);
		key = find(name);
		if (key != NULL && key->offset != AT(file))
			assign(loading, key, value + 1);
		else if (key == NULL && strncmp(name, "ORGD_", 5) == 0 && !belongs_to_tests(name))
			fprintf(loading->faults,
				"orgd: warning: %s in the environment is not a key; the nearest is %s\n",
				name, nearest(name));
	}
}

/* Secrets must not lie open: 0640 root:orgd is the widest. Devices and pipes have no such risk. */
static bool is_private(struct loading *loading, int fd, const char *path)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return true;
	if (status.st_uid != 0 && status.st_uid != geteuid())
		fault(loading, "%s belongs to another user: chown it to the user that runs orgd", path);
	else if ((status.st_mode & 027) != 0)
		fault(loading, "%s is open to others: chmod 600 %s", path, path);
	else
		return true;
	return false;
}

static void read_open_file(struct loading *loading, int fd, const char *path)
{
	char *text = calloc(1, FILE_SIZE_MAX + 1);
	size_t size = 0, line;
	ssize_t got = text != NULL ? 1 : -1;

	while (got > 0 && size < FILE_SIZE_MAX) {
		got = read(fd, text + size, FILE_SIZE_MAX - size); /* a pipe gives a piece at a time */
		size += got > 0 ? (size_t)got : 0;
	}
	if (got != 0 || strlen(text) != size)
		fault(loading, "%s cannot be read, or is not a .env file", path);
	else if (!dotenv_parse(text, set_from_file, loading, &line))
		fault(loading, "%s, line %zu: this is not KEY=value", path, line);
	if (text != NULL)
		explicit_bzero(text, FILE_SIZE_MAX);
	free(text);
}

/* Reads a .env file; false: there is none at this path. */
static bool read_file(struct loading *loading, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return false;
		fault(loading, "%s cannot be read: %s", path, strerror(errno));
		loading->unread = true;
		return true;
	}
	replace_text(&loading->conf->file, path);
	loading->unread = !is_private(loading, fd, path);
	if (!loading->unread)
		read_open_file(loading, fd, path);
	close(fd);
	return true;
}

/* orgd.env beside the binary, for accounts that have no /etc. */
static bool read_file_beside_binary(struct loading *loading)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - sizeof("orgd.env"));
	char *slash;

	if (size <= 0)
		return false;
	path[size] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return false;
	memcpy(slash + 1, "orgd.env", sizeof("orgd.env"));
	return read_file(loading, path);
}

static void find_and_read_file(struct loading *loading, const char *file)
{
	const char *named = file != NULL ? file : getenv("ORGD_ENV_FILE");

	if (named != NULL && *named != '\0') {
		if (!read_file(loading, named))
			fault(loading, "there is no file %s", named);
		return;
	}
	if (!read_file(loading, ".env") && !read_file_beside_binary(loading))
		(void)read_file(loading, "/etc/orgd/orgd.env");
}

bool conf_load_rules(struct conf *conf, const char *file, unsigned rules, FILE *faults)
{
	struct loading loading = {.conf = conf, .faults = faults, .ok = true};

	*conf = (struct conf){.file = NULL};
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assign(&loading, &keys[i], keys[i].initial != NULL ? keys[i].initial : "");
	find_and_read_file(&loading, file);
	set_from_environment(&loading);
	if (!loading.unread && !conf_rules_apply(conf, rules, faults))
		loading.ok = false;
	return loading.ok;
}

bool conf_load(struct conf *conf, const char *file, FILE *faults)
{
	return conf_load_rules(conf, file, CONF_RULES_ALL, faults);
}

void conf_free(struct conf *conf)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (keys[i].type == TEXT || keys[i].type == SECRET)
			replace_text(text_at(conf, &keys[i]), "");
}

static void dump_choice(const struct key *key, uint64_t place, FILE *out)
{
	const char *at = key->choices;

	for (; place > 0; place--)
		at = strchr(at, '|') + 1;
	fprintf(out, "%s=%.*s\n", key->name, (int)strcspn(at, "|"), at);
}

/* As dotenv.c reads it back. */
static void dump_text(const struct key *key, const char *text, FILE *out)
{
	fprintf(out, "%s=", key->name);
	if (text != NULL) {
		fputc('"', out);
		for (const char *p = key->type == SECRET ? "********" : text; *p != '\0'; p++) {
			if (*p == '\n') {
				fputs("\\n", out);
				continue;
			}
			if (strchr("\"\\$", *p) != NULL)
				fputc('\\', out);
			fputc(*p, out);
		}
		fputc('"', out);
	}
	fputc('\n', out);
}

void conf_dump(const struct conf *conf, FILE *out)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const struct key *key = &keys[i];
		const char *at = (const char *)conf + key->offset;
		if (key->type == CHOICE)
			dump_choice(key, *(const uint64_t *)at, out);
		else if (key->type == NUMBER)
			fprintf(out, "%s=%" PRIu64 "\n", key->name, *(const uint64_t *)at);
		else
			dump_text(key, *(char *const *)at, out);
	}
}
