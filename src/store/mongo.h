/* SPDX-License-Identifier: Apache-2.0 */
/* mongo.h: the store for MongoDB, as a module. */
#ifndef STORE_MONGO_H
#define STORE_MONGO_H

#include "store/module.h"

/* Its target is a mongodb:// or mongodb+srv:// URI, whose path names the master database. */
extern const struct store_module store_module;

#endif
