/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c: THE table. A row without an access column lets nobody in. */
#include "api/routes.h"

#include "api/api_admin.h"
#include "api/api_health.h"
#include "api/api_metrics.h"
#include "api/api_org.h"
#include "api/input.h"
#include "base/attr.h"

const struct route routes[] = {
	{METHOD_POST, "/org/create", ACCESS_CREATE, api_org_create, &api_org_create_input,
	 "create an organization and its admin"},
	{METHOD_GET, "/org/get", ACCESS_LOOKUP, api_org_get, &api_org_get_input,
	 "read one organization, by name or slug"},
	{METHOD_PUT, "/org/update", ACCESS_ADMIN, api_org_update, &api_org_update_input,
	 "rename the organization, or change the admin's email or password"},
	{METHOD_DELETE, "/org/delete", ACCESS_ADMIN, api_org_delete, &api_org_delete_input,
	 "delete the organization and all that belongs to it"},
	{METHOD_POST, "/admin/login", ACCESS_PUBLIC, api_admin_login, &api_admin_login_input,
	 "exchange email and password for an access token"},
	{METHOD_GET, "/healthz", ACCESS_PUBLIC, api_healthz, NULL, "whether the process serves"},
	{METHOD_GET, "/readyz", ACCESS_PUBLIC, api_readyz, NULL, "whether the store answers"},
	{METHOD_GET, "/metrics", ACCESS_METRICS, api_metrics, NULL, "counters and gauges for Prometheus"},
};

const size_t routes_count = COUNT_OF(routes);
