/* SPDX-License-Identifier: Apache-2.0 */
/* version.c: versions as the libraries themselves tell them, where they do. */
#include "version.h"

#include <cjson/cJSON.h>
#include <crypt.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "store/module.h"

/* The configuration is not read for this, but a build tree's module should be found. */
static void print_module(FILE *out)
{
	const char *reason;
	const char *library = module_library(getenv("ORGD_MODULE_DIR"), "store_mongo", &reason);

	if (library != NULL)
		fprintf(out, "%s (module)\n", library);
	else
		fprintf(out, "libmongoc none (%s)\n", reason);
}

void version_print(FILE *out, const char *program)
{
	fprintf(out, "%s %s\n", program, VERSION);
	fprintf(out, "sqlite %s\n", sqlite3_libversion());
	fprintf(out, "openssl %s\n", OpenSSL_version(OPENSSL_VERSION));
	fprintf(out, "cjson %s\n", cJSON_Version());
	fprintf(out, "libxcrypt %s\n", XCRYPT_VERSION_STR);
	fprintf(out, "utf8proc %s\n", utf8proc_version());
	fprintf(out, "libfcgi %s\n", FCGI_VERSION);
	fprintf(out, "libjwt %s\n", JWT_VERSION);
	print_module(out);
}
