/* SPDX-License-Identifier: Apache-2.0 */
/* new_password.h: a password that the operator sets: the service's rules, and its hash. */
#ifndef ORGCTL_NEW_PASSWORD_H
#define ORGCTL_NEW_PASSWORD_H

#include "auth/password.h"
#include "conf.h"
#include "model/admin.h"

/* new_password_check(arena, password, account): as the service does for the admin of `account`. */
enum fault new_password_check(struct arena *arena, const char *password, const struct account *account) MUST_CHECK;

/* new_password_hash(conf, password, hash_r): its hash, of the configured cost. */
enum err new_password_hash(const struct conf *conf, const char *password, char hash_r[PASSWORD_HASH_SIZE]) MUST_CHECK;

#endif
