/* SPDX-License-Identifier: Apache-2.0 */
/* api_openapi.h: /openapi.json, the API for programs, made from the tables of routes, fields and answers. */
#ifndef API_API_OPENAPI_H
#define API_API_OPENAPI_H

#include "app.h"
#include "base/arena.h"
#include "http/req.h"
#include "http/route.h"

enum err api_openapi_json(struct req *rq);

/*
 * api_openapi_text(arena, policy): the document (OpenAPI 3.1) of a service with that policy, always the
 * same to the byte; NULL without memory. Any thread may call.
 */
char *api_openapi_text(struct arena *arena, const struct app_policy *policy) MUST_CHECK;

/* api_openapi_problems(route, policy): all problems that the route can give, as ROUTE_PROBLEM()s. */
uint32_t api_openapi_problems(const struct route *route, const struct app_policy *policy);

#endif
