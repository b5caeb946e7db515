/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h: questions to the operator, on the terminal that is the standard input; without one, secrets
 * are lines of the standard input and nothing can be confirmed.
 */
#ifndef ORGCTL_ASK_H
#define ORGCTL_ASK_H

#include "orgctl/command.h"

/*
 * ask_secret(call, what, secret_r): a line of the standard input, in the arena, without its end; on a
 * terminal it is asked for as `what`, and not shown. A status: refused, and said so, when there is no
 * line, it is too long, or has a NUL.
 */
int ask_secret(struct call *call, const char *what, const char **secret_r) MUST_CHECK;

/* ask_new_password(call, password_r): a password that is to be set; asked for twice on a terminal. */
int ask_new_password(struct call *call, const char **password_r) MUST_CHECK;

/*
 * ask_consent(call, question): whether something may be destroyed: --yes was given, or the operator says
 * so. A status: refused, and said so, when not, or there is no terminal to ask on.
 */
int ask_consent(struct call *call, const char *question) MUST_CHECK;

#endif
