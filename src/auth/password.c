/* SPDX-License-Identifier: Apache-2.0 */
/* password.c: the only user of crypt(3). */
#include "auth/password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/str.h"

#define SALT_BYTES 16
#define BCRYPT_SIZE 60

struct password_space {
	struct crypt_data data;
};

struct password_space *password_space_new(void)
{
	return calloc(1, sizeof(struct password_space));
}

void password_space_free(struct password_space *space)
{
	if (space != NULL)
		explicit_bzero(space, sizeof(*space));
	free(space);
}

/* The hash of `password` by `setting`, to hash_r; crypt_rn wants its state zeroed. */
static bool run(struct password_space *space, const char *password, const char *setting,
		char hash_r[PASSWORD_HASH_SIZE])
{
	const char *hash;
	bool ok;

	explicit_bzero(&space->data, sizeof(space->data));
	hash = crypt_rn(password, setting, &space->data, (int)sizeof(space->data));
	ok = hash != NULL && strlen(hash) == BCRYPT_SIZE;
	if (ok)
		memcpy(hash_r, hash, BCRYPT_SIZE + 1);
	explicit_bzero(&space->data, sizeof(space->data));
	return ok;
}

enum err password_hash(struct password_space *space, const char *password, unsigned cost,
		       char hash_r[PASSWORD_HASH_SIZE])
{
	char salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	enum err err = rand_bytes(salt, sizeof(salt));

	if (err != ERR_OK)
		return err;
	if (crypt_gensalt_rn("$2b$", cost, salt, sizeof(salt), setting, sizeof(setting)) == NULL ||
	    !run(space, password, setting, hash_r)) {
		LOG(LOG_ERROR, "crypt refused to hash", LOG_NUMBER("cost", cost));
		return ERR_INTERNAL;
	}
	return ERR_OK;
}

bool password_matches(struct password_space *space, const char *password, const char *hash)
{
	char computed[PASSWORD_HASH_SIZE];
	bool same;

	if (password_cost(hash) == 0 || !run(space, password, hash, computed))
		return false;
	same = str_equal_secret(computed, hash);
	explicit_bzero(computed, sizeof(computed));
	return same;
}

unsigned password_cost(const char *hash)
{
	unsigned cost;

	if (strlen(hash) != BCRYPT_SIZE || strncmp(hash, "$2", 2) != 0 || strchr("aby", hash[2]) == NULL ||
	    hash[3] != '$' || hash[6] != '$')
		return 0;
	if (hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9')
		return 0;
	cost = (unsigned)(hash[4] - '0') * 10 + (unsigned)(hash[5] - '0');
	return cost >= PASSWORD_COST_MIN && cost <= PASSWORD_COST_MAX ? cost : 0;
}
