/* SPDX-License-Identifier: Apache-2.0 */
/* conf_rules.c: secrets that are none, keys that need each other. */
#include "conf_rules.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define SECRET_MIN 32 /* bytes: RFC 7518, 3.2 */
#define COST_SAFE 10
#define ISSUER_MAX 255 /* bytes */

/* Fragments of example values that people paste from tutorials; no random key holds one. */
static const char *const examples[] = {
	"changeme",  "change-me",    "change_me", "change-this", "change_this", "your-secret",
	"your_secret", "your-256-bit", "secret-at-least", "secret-key", "secret_key", "supersecret",
	"super-secret", "super_secret", "jwt-secret", "jwt_secret", "my-secret", "example", "replace-me",
	"replace_me", "0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz",
	"qwertyuiopasdfghjklzxcvbnm", "12345678901234567890",
};

static bool say(FILE *faults, const char *key, const char *what)
{
	fprintf(faults, "orgd: %s %s\n", key, what);
	return false;
}

static bool is_one_byte_repeated(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p != *text)
			return false;
	return true;
}

static bool check_secret(const char *key, const char *secret, FILE *faults)
{
	if (secret == NULL)
		return true;
	if (strlen(secret) < SECRET_MIN)
		return say(faults, key, "must have at least 32 bytes; `orgctl secret` makes one");
	if (is_one_byte_repeated(secret))
		return say(faults, key, "is one byte repeated; `orgctl secret` makes a good one");
	for (size_t i = 0; i < COUNT_OF(examples); i++)
		if (strcasestr(secret, examples[i]) != NULL)
			return say(faults, key, "is an example value; `orgctl secret` makes a good one");
	return true;
}

static bool check_secrets(const struct conf *conf, FILE *faults)
{
	bool ok = check_secret("JWT_SECRET_KEY", conf->jwt_secret_key, faults);

	if (conf->jwt_secret_key == NULL)
		ok = say(faults, "JWT_SECRET_KEY", "is required; `orgctl secret` makes one");
	if (!check_secret("JWT_SECRET_KEY_PREVIOUS", conf->jwt_secret_key_previous, faults))
		ok = false;
	if (!check_secret("ORGD_CREATE_KEY", conf->create_key, faults))
		ok = false;
	if (conf->create == CONF_CREATE_KEY && conf->create_key == NULL)
		ok = say(faults, "ORGD_CREATE_KEY", "is required when ORGD_CREATE is \"key\"");
	return ok;
}

/*
 * Whether user and password end where they seem to: else a piece of the password is taken for a host, and
 * shown as one.
 */
static bool has_plain_user(const char *uri)
{
	const char *begin = strstr(uri, "://") + 3;
	const char *sign = strchr(begin, '@');

	return sign == NULL || (sign == strrchr(begin, '@') && sign < begin + strcspn(begin, "/?"));
}

/* The rest of it is judged by the library that reads it. */
static bool check_mongo_uri(const char *uri, FILE *faults)
{
	if (uri == NULL)
		return say(faults, "MONGO_URI", "is required when ORGD_STORE is \"mongodb\"");
	if (strncmp(uri, "mongodb://", 10) != 0 && strncmp(uri, "mongodb+srv://", 14) != 0)
		return say(faults, "MONGO_URI", "must begin with mongodb:// or mongodb+srv://");
	if (!has_plain_user(uri))
		return say(faults, "MONGO_URI", "has an @ too many: in a password it is %40, / is %2F and ? is %3F");
	return true;
}

static bool check_store(struct conf *conf, FILE *faults)
{
	if (conf->store == NULL && conf->mongo_uri != NULL)
		conf->store = strdup("mongodb");
	else if (conf->store == NULL && asprintf(&conf->store, "sqlite:%s/orgd.db", conf->state_dir) < 0)
		conf->store = NULL;
	if (conf->store != NULL && strcmp(conf->store, "mongodb") == 0)
		return check_mongo_uri(conf->mongo_uri, faults);
	if (conf->store == NULL || strncmp(conf->store, "sqlite:", 7) != 0 || conf->store[7] == '\0')
		return say(faults, "ORGD_STORE", "must be sqlite:PATH or mongodb");
	return true;
}

/* It stands in every token, and those have a limit. */
static bool check_issuer(const struct conf *conf, FILE *faults)
{
	if (conf->token_issuer == NULL || strlen(conf->token_issuer) <= ISSUER_MAX)
		return true;
	return say(faults, "ORGD_TOKEN_ISSUER", "must have at most 255 bytes");
}

static bool check_base_path(const struct conf *conf, FILE *faults)
{
	const char *path = conf->base_path;

	if (path == NULL)
		return true;
	if (*path != '/' || path[strlen(path) - 1] == '/' || strpbrk(path, "%?#") != NULL ||
	    strstr(path, "//") != NULL)
		return say(faults, "ORGD_BASE_PATH", "must be like /api: a slash in front, none at the end");
	return true;
}

bool conf_rules_uids(const char *text, uid_t uids_r[CONF_UIDS_MAX], size_t *count_r)
{
	*count_r = 0;
	if (text == NULL)
		return true;
	while (*(text += strspn(text, ", ")) != '\0') {
		size_t size = strcspn(text, ", ");
		char number[16];
		uint64_t uid;
		if (*count_r == CONF_UIDS_MAX || size >= sizeof(number))
			return false;
		snprintf(number, sizeof(number), "%.*s", (int)size, text);
		if (!str_to_uint(number, UINT32_MAX - 1, &uid)) /* the last one means "no user": chown(2) */
			return false;
		uids_r[(*count_r)++] = (uid_t)uid;
		text += size;
	}
	return *count_r > 0;
}

static bool check_uids(const struct conf *conf, FILE *faults)
{
	uid_t uids[CONF_UIDS_MAX];
	size_t count;

	if (conf_rules_uids(conf->allowed_uids, uids, &count))
		return true;
	return say(faults, "ORGD_ALLOWED_UIDS", "must be up to 64 user ids separated by commas");
}

static void fill_defaults(struct conf *conf)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (conf->hash_threads == 0)
		conf->hash_threads = cores > 0 ? (uint64_t)cores : 1;
	if (conf->hash_queue == 0)
		conf->hash_queue = conf->workers > 1 ? conf->workers / 2 : 1;
}

static bool check_cost(const struct conf *conf, FILE *faults)
{
	if (conf->bcrypt_cost < COST_SAFE && !conf->testing)
		return say(faults, "ORGD_BCRYPT_COST", "below 10 is for tests only (ORGD_TESTING=on)");
	return true;
}

bool conf_rules_apply(struct conf *conf, unsigned rules, FILE *faults)
{
	bool ok = true;

	fill_defaults(conf);
	if (rules & CONF_RULES_SECRETS)
		ok = check_secrets(conf, faults);
	if (rules & CONF_RULES_STORE)
		ok = check_store(conf, faults) && ok;
	if (rules & CONF_RULES_SERVICE) {
		ok = check_base_path(conf, faults) && ok;
		ok = check_issuer(conf, faults) && ok;
		ok = check_uids(conf, faults) && ok;
	}
	if (rules & CONF_RULES_STORE)
		ok = check_cost(conf, faults) && ok;
	return ok;
}
