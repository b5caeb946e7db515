/* SPDX-License-Identifier: Apache-2.0 */
/* conf_world.h: loads of a configuration in a world without any other setting. */
#ifndef TESTS_CONF_WORLD_H
#define TESTS_CONF_WORLD_H

#include <sys/stat.h>

#include "conf.h"

#define SECRET "S3CR3T90c1d2e3f4a5b6c7d8e9fa0b1c"
#define OTHER_SECRET "S3CR3T80c1d2e3f4a5b6c7d8e9fa0b1c"
#define GOOD "JWT_SECRET_KEY=" SECRET "\n"

/* Of the last load: the configuration, and its faults as text. */
extern struct conf conf;
extern char *faults;

/* conf_world_begin(): an empty environment, in an empty directory below the present one; _end(): back. */
void conf_world_begin(void);
void conf_world_end(void);

/* conf_world_write(name, text, mode): a file in it: "file.env" and ".env" are taken away at the end. */
void conf_world_write(const char *name, const char *text, mode_t mode);

/* conf_world_load(file): conf_load(); conf_world_load_text(text): from "file.env" with that text. */
bool conf_world_load(const char *file);
bool conf_world_load_text(const char *text);

/* conf_world_lines(): how many lines `faults` has. */
int conf_world_lines(void);

#endif
