/* SPDX-License-Identifier: Apache-2.0 */
/* new_password.c: a password that the operator sets. */
#include "orgctl/new_password.h"

#include <string.h>

#include "base/str.h"

enum fault new_password_check(struct arena *arena, const char *password, const struct account *account)
{
	enum fault fault;

	if (!str_is_utf8(password, strlen(password)))
		return FAULT_INVALID;
	fault = admin_password_check(password);
	if (fault == FAULT_NONE &&
	    admin_password_is_known(arena, password, account->admin.email, account->org.name))
		fault = FAULT_INVALID;
	return fault;
}

enum err new_password_hash(const struct conf *conf, const char *password, char hash_r[PASSWORD_HASH_SIZE])
{
	struct password_space *space = password_space_new();
	enum err err = ERR_INTERNAL;

	if (space != NULL)
		err = password_hash(space, password, (unsigned)conf->bcrypt_cost, hash_r);
	password_space_free(space);
	return err;
}
