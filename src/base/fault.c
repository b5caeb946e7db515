/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c: the table of field faults. */
#include "base/fault.h"

#define FAULT_ROW(name, code, message) [FAULT_##name] = {code, message},
static const struct fault_info rows[FAULT_COUNT] = {FAULT_LIST(FAULT_ROW)};

const struct fault_info *fault_info(enum fault fault)
{
	return &rows[fault];
}
