/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h: the life of a request. */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "http/req.h"

/*
 * serve(rq): request id, route, access, input, handler, reply or problem document, log line. Always
 * leaves a whole answer in rq->reply. Any thread may call, each with a request of its own.
 */
void serve(struct req *rq);

#endif
