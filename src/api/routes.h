/* SPDX-License-Identifier: Apache-2.0 */
/* routes.h: the whole API. A path's first segment names its file: /org/... is in api_org.c. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "http/route.h"

extern const struct route routes[];
extern const size_t routes_count;

#endif
