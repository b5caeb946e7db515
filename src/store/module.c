/* SPDX-License-Identifier: Apache-2.0 */
/* module.c: dlopen(3), and that a module fits. */
#include "store/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static enum err refuse(const char *path, const char *package, const char *reason)
{
	LOG(LOG_ERROR, access(path, R_OK) == 0 ? "the store's module cannot be loaded; its library may be missing"
					       : "the store's module is not installed",
	    LOG_TEXT("module", path), LOG_TEXT("needs", package), LOG_TEXT("reason", reason));
	return ERR_STORE_UNAVAILABLE;
}

enum err module_load(const char *directory, const char *name, const char *package,
		     const struct store_ops **ops_r)
{
	const struct store_module *module;
	char path[PATH_MAX];
	void *handle;

	snprintf(path, sizeof(path), "%s/%s.so", directory != NULL ? directory : MODULE_DIR, name);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return refuse(path, package, dlerror());
	module = dlsym(handle, "store_module");
	if (module == NULL || strcmp(module->version, VERSION) != 0)
		return refuse(path, package, "it is of another version of orgd");
	*ops_r = module->ops;
	return ERR_OK;
}
