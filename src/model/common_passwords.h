/* SPDX-License-Identifier: Apache-2.0 */
/* common_passwords.h: the built-in list of passwords that everybody tries first. */
#ifndef MODEL_COMMON_PASSWORDS_H
#define MODEL_COMMON_PASSWORDS_H

#include <stdbool.h>

/* common_passwords_has(password): whether it is one of them, without regard to ASCII case. Pure. */
bool common_passwords_has(const char *password);

#endif
