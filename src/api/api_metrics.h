/* SPDX-License-Identifier: Apache-2.0 */
/* api_metrics.h: /metrics, as Prometheus reads it. */
#ifndef API_API_METRICS_H
#define API_API_METRICS_H

#include "http/req.h"

enum err api_metrics(struct req *rq);

/* api_metrics_route(rq): the number under which metrics.h counts the request's route. */
size_t api_metrics_route(const struct req *rq);

#endif
