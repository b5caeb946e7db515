/* SPDX-License-Identifier: Apache-2.0 */
/* api_health.h: /healthz and /readyz, for whoever watches the service. */
#ifndef API_API_HEALTH_H
#define API_API_HEALTH_H

#include "http/req.h"

enum err api_healthz(struct req *rq);
enum err api_readyz(struct req *rq);

#endif
