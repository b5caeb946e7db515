/* SPDX-License-Identifier: Apache-2.0 */
/* err.c: the error table, looked up by value. */
#include "base/err.h"

#include <stddef.h>

#include "base/attr.h"

#define ERR_ROW(name, status, code, retry, detail) [ERR_##name] = {status, code, retry, detail},
static const struct err_info rows[ERR_COUNT] = {ERR_LIST(ERR_ROW)};

static const struct {
	int status;
	const char *title;
} titles[] = {
	{200, "OK"},
	{201, "Created"},
	{204, "No Content"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

const struct err_info *err_info(enum err err)
{
	if (err <= ERR_OK || err >= ERR_COUNT)
		err = ERR_INTERNAL;
	return &rows[err];
}

const char *err_title(int status)
{
	for (size_t i = 0; i < COUNT_OF(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Unknown";
}
