/* SPDX-License-Identifier: Apache-2.0 */
/* cgi.h: one request as plain CGI (RFC 3875), for hosts that run nothing else. */
#ifndef HTTP_CGI_H
#define HTTP_CGI_H

#include <stdbool.h>

#include "http/fcgi.h"

/* cgi_is_called(): whether a web server started this process for one request. */
bool cgi_is_called(void);

/*
 * cgi_serve(service, arena): serves the request in the environment and on descriptor 0, to
 * descriptor 1. ERR_INTERNAL when the answer could not be written. For the main thread, once.
 */
enum err cgi_serve(const struct fcgi_service *service, struct arena *arena) MUST_CHECK;

#endif
