/* SPDX-License-Identifier: Apache-2.0 */
/* conf_rules.h: what values are allowed beyond their type, and those that follow from others. */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include "conf.h"

/*
 * conf_rules_apply(conf, rules, faults): fills what depends on other keys, and checks what `rules`
 * (enum conf_rules together) name; a line a fault; true if none.
 */
bool conf_rules_apply(struct conf *conf, unsigned rules, FILE *faults) MUST_CHECK;

#endif
