/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.h: stores that are loaded when they are asked for.
 *
 * A host without their libraries runs the same programs, and who does not use them pays nothing. A
 * module exports `const struct store_module store_module`, and uses the symbols of who loads it.
 */
#ifndef STORE_MODULE_H
#define STORE_MODULE_H

#include "store/store.h"

struct store_module {
	const char *version; /* of orgd: both are of one build */
	const struct store_ops *ops;
	const char *(*library)(void); /* name and version of the library that it uses: "libmongoc 1.23.1" */
};

/*
 * module_load(directory, name, package, ops_r): loads NAME.so from the directory, NULL: from where
 * modules are installed; it stays for good. What is missing is said in the log in a line that names
 * the package of the module's library: ERR_STORE_UNAVAILABLE. It changes the environment: before there
 * are threads.
 */
enum err module_load(const char *directory, const char *name, const char *package,
		     const struct store_ops **ops_r) MUST_CHECK;

/*
 * module_library(directory, name, reason_r): what library the module uses, NULL when it cannot be loaded:
 * then *reason_r says why, until the next call. Before there are threads.
 */
const char *module_library(const char *directory, const char *name, const char **reason_r);

#endif
