/* SPDX-License-Identifier: Apache-2.0 */
/* api_admin.h: /admin/login, and the part of an answer that carries a token. */
#ifndef API_API_ADMIN_H
#define API_API_ADMIN_H

#include "base/json.h"
#include "http/req.h"
#include "model/admin.h"

struct input_spec;

extern const struct input_spec api_admin_login_input;
enum err api_admin_login(struct req *rq);

/*
 * api_admin_add_token(rq, writer, account): a fresh token as `access_token`, `token_type`,
 * `expires_in`, and Cache-Control: no-store (RFC 6749, 5.1).
 */
enum err api_admin_add_token(struct req *rq, struct json_writer *writer, const struct account *account) MUST_CHECK;

#endif
