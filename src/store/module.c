/* SPDX-License-Identifier: Apache-2.0 */
/* module.c: dlopen(3), and that a module fits. */
#include "store/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The module in the file at `path`, or NULL and why not. */
static const struct store_module *load(const char *path, const char **reason_r)
{
	const struct store_module *module;
	void *handle;

	/* Else libmongoc counts in a file in /dev/shm, from its loading on; a killed process leaves it behind. */
	setenv("MONGOC_DISABLE_SHM", "1", 0);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	module = handle != NULL ? dlsym(handle, "store_module") : NULL;
	*reason_r = handle == NULL ? dlerror() : "it is not of this version of orgd";
	return module != NULL && strcmp(module->version, VERSION) == 0 ? module : NULL;
}

static void find(const char *directory, const char *name, char path_r[PATH_MAX])
{
	snprintf(path_r, PATH_MAX, "%s/%s.so", directory != NULL ? directory : MODULE_DIR, name);
}

enum err module_load(const char *directory, const char *name, const char *package,
		     const struct store_ops **ops_r)
{
	const struct store_module *module;
	const char *reason;
	char path[PATH_MAX];

	find(directory, name, path);
	module = load(path, &reason);
	if (module == NULL) {
		LOG(LOG_ERROR, access(path, F_OK) == 0 ? "the store's module cannot be loaded"
						       : "the store's module is not installed",
		    LOG_TEXT("module", path), LOG_TEXT("needs", package), LOG_TEXT("reason", reason));
		return ERR_STORE_UNAVAILABLE;
	}
	*ops_r = module->ops;
	return ERR_OK;
}

const char *module_library(const char *directory, const char *name, const char **reason_r)
{
	const struct store_module *module;
	char path[PATH_MAX];

	find(directory, name, path);
	module = load(path, reason_r);
	return module != NULL ? module->library() : NULL;
}
