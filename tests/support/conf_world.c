/* SPDX-License-Identifier: Apache-2.0 */
/* conf_world.c: files and faults of a load, and nothing else around. */
#include "support/conf_world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf conf;
char *faults;
static char directory[64];
static size_t faults_size;

void conf_world_write(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

/* An empty environment, in an empty directory below the present one. */
void conf_world_begin(void)
{
	strcpy(directory, "check_conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	ck_assert_int_eq(clearenv(), 0);
	ck_assert_int_eq(setenv("PATH", "/bin", 1), 0);
}

void conf_world_end(void)
{
	conf_free(&conf);
	free(faults);
	faults = NULL;
	remove("file.env");
	remove(".env");
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

bool conf_world_load(const char *file)
{
	FILE *out = open_memstream(&faults, &faults_size);
	bool ok;

	ck_assert_ptr_nonnull(out);
	ok = conf_load(&conf, file, out);
	ck_assert_int_eq(fclose(out), 0);
	return ok;
}

bool conf_world_load_text(const char *text)
{
	conf_world_write("file.env", text, 0600);
	return conf_world_load("file.env");
}

int conf_world_lines(void)
{
	int count = 0;

	for (const char *p = faults; *p != '\0'; p++)
		count += *p == '\n';
	return count;
}
