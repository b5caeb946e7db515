/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_fault.h: what the driver's errors mean. Any thread may call. */
#ifndef STORE_MONGO_FAULT_H
#define STORE_MONGO_FAULT_H

#include <mongoc/mongoc.h>
#include <stdbool.h>

#include "base/err.h"

/* mongo_fault(error, doing): what it is to a caller that read; logs it, but no value that it holds. */
enum err mongo_fault(const bson_error_t *error, const char *doing);

/* mongo_fault_is_answer(error): it came from the server. */
bool mongo_fault_is_answer(const bson_error_t *error);

/* mongo_fault_is_passing(error): the server asks to try again, and the driver did not. */
bool mongo_fault_is_passing(const bson_error_t *error);

/* mongo_fault_is_no_primary(error): the server answers, but is none that can serve just now. */
bool mongo_fault_is_no_primary(const bson_error_t *error);

/* mongo_fault_is_duplicate(error): of an insert: its _id exists. */
bool mongo_fault_is_duplicate(const bson_error_t *error);

/*
 * mongo_fault_is_refusal(error): of create, drop, rename: clearly nothing was done: there is no such
 * collection, the name is taken, it is another one.
 */
bool mongo_fault_is_refusal(const bson_error_t *error);

#endif
