/* SPDX-License-Identifier: Apache-2.0 */
/* conf_rules.h: what values are allowed beyond their type, and those that follow from others. */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include <sys/types.h>

#include "conf.h"

#define CONF_UIDS_MAX 64

/*
 * conf_rules_apply(conf, rules, faults): fills what depends on other keys, and checks what `rules`
 * (enum conf_rules together) name; a line a fault; true if none.
 */
bool conf_rules_apply(struct conf *conf, unsigned rules, FILE *faults) MUST_CHECK;

/*
 * conf_rules_uids(text, uids_r, count_r): the numbers of a list separated by commas or spaces, at least
 * one and at most CONF_UIDS_MAX; `text` NULL: none. False when it is no such list.
 */
bool conf_rules_uids(const char *text, uid_t uids_r[CONF_UIDS_MAX], size_t *count_r) MUST_CHECK;

#endif
