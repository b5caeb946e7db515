/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c: THE table. A row without an access column lets nobody in. */
#include "api/routes.h"

#include "api/answer.h"
#include "api/api_admin.h"
#include "api/api_health.h"
#include "api/api_metrics.h"
#include "api/api_openapi.h"
#include "api/api_org.h"
#include "api/input.h"
#include "base/attr.h"

#define PROBLEM(name) ROUTE_PROBLEM(name)
#define STORE (PROBLEM(OVERLOADED) | PROBLEM(STORE_UNAVAILABLE))
#define TAKEN (PROBLEM(ORGANIZATION_EXISTS) | PROBLEM(EMAIL_TAKEN) | PROBLEM(ORGANIZATION_BUSY))

const struct route routes[] = {
	{METHOD_POST, "/org/create", ACCESS_CREATE, api_org_create, &api_org_create_input,
	 "create an organization and its admin", 201, &answer_organization,
	 TAKEN | PROBLEM(ORGANIZATION_LIMIT) | STORE},
	{METHOD_GET, "/org/get", ACCESS_LOOKUP, api_org_get, &api_org_get_input,
	 "read one organization, by name or slug", 200, &answer_organization,
	 PROBLEM(ORGANIZATION_NOT_FOUND) | STORE},
	{METHOD_PUT, "/org/update", ACCESS_ADMIN, api_org_update, &api_org_update_input,
	 "rename the organization, or change the admin's email or password", 200, &answer_updated, TAKEN | STORE},
	{METHOD_DELETE, "/org/delete", ACCESS_ADMIN, api_org_delete, &api_org_delete_input,
	 "delete the organization and all that belongs to it", 200, &answer_deleted,
	 PROBLEM(FORBIDDEN) | PROBLEM(ORGANIZATION_BUSY) | STORE},
	{METHOD_POST, "/admin/login", ACCESS_PUBLIC, api_admin_login, &api_admin_login_input,
	 "exchange email and password for an access token", 200, &answer_login,
	 PROBLEM(INVALID_CREDENTIALS) | STORE},
	{METHOD_GET, "/healthz", ACCESS_PUBLIC, api_healthz, NULL, "whether the process serves", 200,
	 &answer_status, 0},
	{METHOD_GET, "/readyz", ACCESS_PUBLIC, api_readyz, NULL, "whether the store answers", 200, &answer_status,
	 PROBLEM(STORE_UNAVAILABLE)},
	{METHOD_GET, "/metrics", ACCESS_METRICS, api_metrics, NULL, "counters and gauges for Prometheus", 200,
	 &answer_metrics, 0},
	{METHOD_GET, "/openapi.json", ACCESS_PUBLIC, api_openapi_json, NULL, "this API, for programs", 200,
	 &answer_openapi, 0},
};

const size_t routes_count = COUNT_OF(routes);
