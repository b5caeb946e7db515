/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_store.c: a module whose store only adopts, for the command's own tests: host "plain" has something to
 * adopt, "conflict" cannot be adopted, "nothing" has nothing. What it was told to do goes to $FAKE_STORE_LOG.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/module.h"

static enum err open_store(const struct store_options *options, void **impl_r)
{
	if (!options->adopting || !options->existing || options->use != STORE_FOR_OPERATOR)
		return ERR_INTERNAL;
	*impl_r = strdup(options->target);
	return ERR_OK;
}

static void tell(const char *line)
{
	FILE *log = fopen(getenv("FAKE_STORE_LOG"), "a");

	fprintf(log, "%s\n", line);
	fclose(log);
}

static enum err adopt(void *impl, bool dry_run, store_adoption_fn *report, void *context)
{
	static const struct store_adoption plain[] = {
		{STORE_ADOPTION_ORGANIZATION_ADOPTED, "0123456789abcdef01234567", "Acme"},
		{STORE_ADOPTION_SLUG_DERIVED, "0123456789abcdef01234567", "acme_corp to acme-corp"},
		{STORE_ADOPTION_HASH_ADOPTED, "a\033[31m@x.org", ""},
	};
	static const struct store_adoption conflict = {STORE_ADOPTION_EMAIL_CONFLICT, "a@x.org", "twice"};

	tell(dry_run ? "dry" : "real");
	if (strstr(impl, "nothing") != NULL)
		return ERR_OK;
	if (strstr(impl, "down") != NULL)
		return ERR_STORE_UNAVAILABLE;
	for (size_t i = 0; i < 3; i++)
		report(context, &plain[i]);
	if (strstr(impl, "conflict") != NULL)
		report(context, &conflict);
	return ERR_OK;
}

static const char *library(void)
{
	return "fake 1.0";
}

static const struct store_ops ops = {.name = "fake", .open = open_store, .close = free, .adopt = adopt};
const struct store_module store_module = {VERSION, &ops, library};
