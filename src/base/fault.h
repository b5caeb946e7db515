/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h: what can be wrong with one field; the `code` values inside a 422's `errors`. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

/* X(name, wire code, message) */
#define FAULT_LIST(X)                                          \
	X(REQUIRED, "required", "is required")                     \
	X(UNKNOWN, "unknown", "is not a field of this request")    \
	X(WRONG_TYPE, "wrong_type", "has the wrong type")          \
	X(TOO_SHORT, "too_short", "is too short")                  \
	X(TOO_LONG, "too_long", "is too long")                     \
	X(INVALID, "invalid", "is not valid")                      \
	X(TOO_COMMON, "too_common", "is among the most common passwords") \
	X(INCORRECT, "incorrect", "is not right")

#define FAULT_ENUM(name, code, message) FAULT_##name,
enum fault { FAULT_NONE, FAULT_LIST(FAULT_ENUM) FAULT_COUNT };
#undef FAULT_ENUM

struct fault_info {
	const char *code;
	const char *message;
};

/* fault_info(fault): its row; FAULT_NONE has none and must not be asked for. */
const struct fault_info *fault_info(enum fault fault);

#endif
