/* SPDX-License-Identifier: Apache-2.0 */
/* mongo.c: placeholder until its files land. */
#include "store/mongo.h"

static const struct store_ops ops = {.name = "mongodb"};
const struct store_module store_module = {VERSION, &ops, NULL};
