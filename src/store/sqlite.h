/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.h: the embedded store. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

/* Its target is "sqlite:PATH"; "sqlite:///abs/path" is "/abs/path". The directory must exist. */
extern const struct store_ops sqlite_ops;

#endif
