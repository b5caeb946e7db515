/* SPDX-License-Identifier: Apache-2.0 */
/* route.c: found, not found, or found with another method. */
#include "http/route.h"

#include <string.h>

enum err route_find(const struct route *routes, size_t count, enum method method, const char *path,
		    const struct route **route_r)
{
	enum err err = ERR_NOT_FOUND;

	if (method == METHOD_HEAD)
		method = METHOD_GET;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		if (routes[i].method == method) {
			*route_r = &routes[i];
			return ERR_OK;
		}
		err = ERR_METHOD_NOT_ALLOWED;
	}
	return err;
}

void route_allow(const struct route *routes, size_t count, const char *path,
		 char allow_r[ROUTE_ALLOW_SIZE])
{
	static const struct {
		enum method method;
		const char *text;
	} names[] = {
		{METHOD_GET, "GET, HEAD, "},
		{METHOD_POST, "POST, "},
		{METHOD_PUT, "PUT, "},
		{METHOD_DELETE, "DELETE, "},
	};
	unsigned methods = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(routes[i].path, path) == 0)
			methods |= (unsigned)routes[i].method;
	allow_r[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (methods & (unsigned)names[i].method)
			strcat(allow_r, names[i].text);
	strcat(allow_r, "OPTIONS");
}
