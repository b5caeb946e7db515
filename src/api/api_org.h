/* SPDX-License-Identifier: Apache-2.0 */
/* api_org.h: /org/create, /org/get, /org/update, /org/delete. */
#ifndef API_API_ORG_H
#define API_API_ORG_H

#include "http/req.h"

struct input_spec;

extern const struct input_spec api_org_create_input, api_org_get_input, api_org_update_input,
	api_org_delete_input;

enum err api_org_create(struct req *rq);
enum err api_org_get(struct req *rq);
enum err api_org_update(struct req *rq);
enum err api_org_delete(struct req *rq);

#endif
