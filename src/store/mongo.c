/* SPDX-License-Identifier: Apache-2.0 */
/* mongo.c: placeholder until its files land. */
#include "store/mongo.h"

#include <mongoc/mongoc.h>

static const char *library(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "libmongoc %s", mongoc_get_version());
	return text;
}

static const struct store_ops ops = {.name = "mongodb"};
const struct store_module store_module = {VERSION, &ops, library};
