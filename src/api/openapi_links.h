/* SPDX-License-Identifier: Apache-2.0 */
/* openapi_links.h: which operation can follow which, with what the first one sent and got. */
#ifndef API_OPENAPI_LINKS_H
#define API_OPENAPI_LINKS_H

#include "base/json.h"
#include "http/route.h"

/* openapi_links_operation(writer, route): its operationId: "/org/get" is org_get. */
const char *openapi_links_operation(struct json_writer *writer, const struct route *route);

/*
 * openapi_links_add(writer, response, route): the links of a route's success. They follow from names: a
 * member of the answer is the query parameter of that name of another route; required fields of the
 * body are the required ones of another.
 */
void openapi_links_add(struct json_writer *writer, json_value *response, const struct route *route);

#endif
