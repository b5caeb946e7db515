/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_fault.c: what the driver's errors mean. */
#include "store/mongo_fault.h"

#include <string.h>

#include "base/attr.h"
#include "base/log.h"

/* Codes of the server: src/mongo/base/error_codes.yml of MongoDB. */
enum code {
	CODE_BAD_VALUE = 2,
	CODE_FAILED_TO_PARSE = 9,
	CODE_TYPE_MISMATCH = 14,
	CODE_ILLEGAL_OPERATION = 20,
	CODE_LOCK_TIMEOUT = 24,
	CODE_NAMESPACE_NOT_FOUND = 26,
	CODE_LOCK_BUSY = 46,
	CODE_NAMESPACE_EXISTS = 48,
	CODE_EXCEEDED_TIME_LIMIT = 50,
	CODE_SHUTDOWN_IN_PROGRESS = 91,
	CODE_WRITE_CONFLICT = 112,
	CODE_CONFLICTING_OPERATION = 117,
	CODE_MAJORITY_NOT_YET = 134, /* of a read concern; mongoc asks again by itself since 1.26 */
	CODE_QUERY_PLAN_KILLED = 175,
	CODE_PRIMARY_STEPPED_DOWN = 189,
	CODE_NOT_PRIMARY = 10107,
	CODE_INTERRUPTED_AT_SHUTDOWN = 11600,
	CODE_INTERRUPTED_BY_STATE_CHANGE = 11602,
	CODE_NOT_PRIMARY_NO_SECONDARY_OK = 13435,
	CODE_NOT_PRIMARY_OR_SECONDARY = 13436,
	CODE_UUID_MISMATCH = 361,
	CODE_DUPLICATE_KEY = 11000,
};

bool mongo_fault_is_answer(const bson_error_t *error)
{
	return error->domain == MONGOC_ERROR_SERVER || error->domain == MONGOC_ERROR_WRITE_CONCERN;
}

static bool is_one_of(const bson_error_t *error, const enum code *codes, size_t count)
{
	for (size_t i = 0; mongo_fault_is_answer(error) && i < count; i++)
		if (error->code == (uint32_t)codes[i])
			return true;
	return false;
}

bool mongo_fault_is_passing(const bson_error_t *error)
{
	static const enum code codes[] = {CODE_LOCK_TIMEOUT,	      CODE_LOCK_BUSY,	     CODE_WRITE_CONFLICT,
					  CODE_CONFLICTING_OPERATION, CODE_MAJORITY_NOT_YET, CODE_QUERY_PLAN_KILLED,
					  CODE_NOT_PRIMARY};

	return is_one_of(error, codes, COUNT_OF(codes));
}

bool mongo_fault_is_no_primary(const bson_error_t *error)
{
	static const enum code codes[] = {
		CODE_SHUTDOWN_IN_PROGRESS,	  CODE_PRIMARY_STEPPED_DOWN,	    CODE_NOT_PRIMARY,
		CODE_INTERRUPTED_AT_SHUTDOWN,	  CODE_INTERRUPTED_BY_STATE_CHANGE, CODE_NOT_PRIMARY_NO_SECONDARY_OK,
		CODE_NOT_PRIMARY_OR_SECONDARY,
	};

	return is_one_of(error, codes, COUNT_OF(codes));
}

enum err mongo_fault(const bson_error_t *error, const char *doing)
{
	static const enum code codes[] = {CODE_BAD_VALUE, CODE_FAILED_TO_PARSE, CODE_TYPE_MISMATCH};
	bool bug = error->domain == MONGOC_ERROR_BSON || error->domain == MONGOC_ERROR_COMMAND ||
		   is_one_of(error, codes, COUNT_OF(codes));

	LOG(LOG_ERROR, "mongodb failed", LOG_TEXT("doing", doing), LOG_NUMBER("domain", error->domain),
	    LOG_NUMBER("code", error->code),
	    LOG_TEXT("text", error->code != CODE_DUPLICATE_KEY ? error->message : "duplicate key"));
	return bug ? ERR_INTERNAL : ERR_STORE_UNAVAILABLE;
}

bool mongo_fault_is_duplicate(const bson_error_t *error)
{
	return error->domain == MONGOC_ERROR_SERVER && error->code == CODE_DUPLICATE_KEY;
}

bool mongo_fault_is_refusal(const bson_error_t *error)
{
	static const enum code codes[] = {CODE_NAMESPACE_NOT_FOUND, CODE_NAMESPACE_EXISTS, CODE_UUID_MISMATCH,
					  CODE_ILLEGAL_OPERATION};

	if (error->domain != MONGOC_ERROR_SERVER)
		return false;
	if (is_one_of(error, codes, COUNT_OF(codes)))
		return true;
	/* Some servers give no code, and the driver then one of its own. */
	return strstr(error->message, "ns not found") != NULL ||
	       strstr(error->message, "source namespace does not exist") != NULL;
}
