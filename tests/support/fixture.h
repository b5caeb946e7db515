/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h: a whole app on a database of its own, and requests to it without a socket. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "api/serve.h"
#include "app.h"
#include "conf.h"

struct fixture {
	char directory[64];
	struct conf conf;
	struct app app;
	struct arena arena; /* of the last answer */
	struct req rq;
	const char *body; /* of the last answer; "" without one */
};

/*
 * fixture_open(fixture, settings): a fresh directory and an app in it. `settings` are "KEY=value"
 * strings behind the usual ones (bcrypt cost 4, 4 workers), NULL at the end; NULL: none. Fails the
 * test when that is not to be had. fixture_close() takes all of it away.
 */
void fixture_open(struct fixture *fixture, const char *const *settings);
void fixture_close(struct fixture *fixture);

/*
 * fixture_call(fixture, method, uri, token, body): serves a request; returns the status. `token` NULL:
 * no Authorization; `body` NULL: none, else it goes as application/json. The answer stands in the
 * fixture until the next call.
 */
int fixture_call(struct fixture *fixture, const char *method, const char *uri, const char *token,
		 const char *body);

/* fixture_call_with(fixture, params, body, size): the same with CGI parameters of the test's own. */
int fixture_call_with(struct fixture *fixture, const char *const *params, const char *body, size_t size);

/* fixture_header(fixture, name): a header of the last answer, or NULL. */
const char *fixture_header(const struct fixture *fixture, const char *name);

/*
 * fixture_text(fixture, name): a string member of the last answer's object, or NULL (copied; the last
 * 64 live). fixture_has(fixture, text): whether the body holds `text`.
 */
const char *fixture_text(struct fixture *fixture, const char *name);
bool fixture_has(const struct fixture *fixture, const char *text);

/* fixture_token(fixture, email, password): logs in; a token that lives until fixture_close(). */
const char *fixture_token(struct fixture *fixture, const char *email, const char *password);

#endif
