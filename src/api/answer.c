/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: the tables of answers. */
#include "api/answer.h"

#include <string.h>

#include "base/attr.h"
#include "model/admin.h"
#include "model/org.h"
#include "model/slug.h"

#define JSON "application/json"
#define PATTERN_ID "^[0-9a-f]{24}$"
#define PATTERN_TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"

/* clang-format off */
#define ORG_ID {.name = "org_id", .pattern = PATTERN_ID, .description = "id of the organization; never changes"}
#define ADMIN_ID {.name = "admin_id", .pattern = PATTERN_ID, .description = "id of its admin; never changes"}
#define ORGANIZATION_NAME {.name = "organization_name", .max = ORG_NAME_MAX, \
	.description = "name of the organization, white space folded"}
#define ORGANIZATION \
	ORG_ID, \
	ORGANIZATION_NAME, \
	{.name = "slug", .pattern = SLUG_PATTERN, .max = SLUG_MAX, .description = "made of the name; unique"}, \
	{.name = "collection_name", .pattern = "^" ORG_COLLECTION_PREFIX "[a-z0-9]+(-[a-z0-9]+)*$", \
	 .description = "where the organization's documents are"}, \
	ADMIN_ID, \
	{.name = "status", .only = "active", .description = "an organization that can be seen is active"}, \
	{.name = "created_at", .pattern = PATTERN_TIME, .format = "date-time", .description = "time of its creation"}, \
	{.name = "updated_at", .pattern = PATTERN_TIME, .format = "date-time", .description = "time of its last change"}
#define TOKEN(may_lack, when) \
	{.name = "access_token", .optional = (may_lack), \
	 .pattern = "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$", .description = "bearer token (JWT)" when}, \
	{.name = "token_type", .optional = (may_lack), .only = "Bearer", .description = "how the token is sent"}, \
	{.name = "expires_in", .type = MEMBER_INTEGER, .optional = (may_lack), \
	 .description = "seconds that the token lives"}
/* clang-format on */

static const struct member organization[] = {ORGANIZATION};

static const struct member updated[] = {
	ORGANIZATION,
	TOKEN(true, ", when email or password were changed: earlier ones are dead"),
};

static const struct member deleted[] = {
	{.name = "deleted", .type = MEMBER_TRUE, .description = "it is gone"},
	ORG_ID,
	ORGANIZATION_NAME,
};

static const struct member login[] = {
	TOKEN(false, ""),
	ADMIN_ID,
	ORG_ID,
	ORGANIZATION_NAME,
	{.name = "role", .only = ADMIN_ROLE, .description = "what the token's owner is in the organization"},
};

static const struct member status[] = {
	{.name = "status", .only = "ok", .description = "all is well"},
};

static const struct member problem[] = {
	{.name = "type", .only = "about:blank", .description = "`code` says more"},
	{.name = "title", .description = "the status in words"},
	{.name = "status", .type = MEMBER_INTEGER, .description = "the HTTP status"},
	{.name = "detail", .description = "what is wrong, for people"},
	{.name = "request_id", .description = "X-Request-Id"},
	{.name = "error", .description = "repeats `code`"},
	{.name = "message", .description = "repeats `detail`"},
};

#define ROW(table) table, COUNT_OF(table)
const struct answer answer_organization = {"Organization", JSON, "An organization.", ROW(organization)};
const struct answer answer_updated = {"Updated", JSON, "The organization as it is now.", ROW(updated)};
const struct answer answer_deleted = {"Deleted", JSON, "What is gone.", ROW(deleted)};
const struct answer answer_login = {"Login", JSON, "A token and whose it is.", ROW(login)};
const struct answer answer_status = {"Status", JSON, "All is well.", ROW(status)};
const struct answer answer_openapi = {NULL, JSON, "This document.", NULL, 0};
const struct answer answer_metrics = {NULL, "text/plain", "Prometheus' text format.", NULL, 0};
const struct answer answer_problem = {"Problem", "application/problem+json", "A problem (RFC 9457).", ROW(problem)};

const struct member *answer_member(const struct answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strcmp(answer->members[i].name, name) == 0)
			return &answer->members[i];
	return NULL;
}
