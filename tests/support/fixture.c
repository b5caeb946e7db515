/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c: configuration by the environment, as in life; requests by hand. */
#include "support/fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 64

/* Strings that outlive an answer. */
static char *kept[KEPT_MAX];
static size_t kept_count;

static char *keep(const char *text)
{
	char *copy = strdup(text);

	ck_assert_ptr_nonnull(copy);
	free(kept[kept_count % KEPT_MAX]);
	kept[kept_count++ % KEPT_MAX] = copy;
	return copy;
}

static void set(const char *setting)
{
	const char *sign = strchr(setting, '=');
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)(sign - setting), setting);
	ck_assert_int_eq(setenv(name, sign + 1, 1), 0);
}

static void set_all(const char *directory, const char *const *settings)
{
	static const char *const usual[] = {
		"JWT_SECRET_KEY=d4c3b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a0987f6e", "ORGD_ENV_FILE=/dev/null",
		"ORGD_TESTING=on", "ORGD_BCRYPT_COST=4", "ORGD_WORKERS=4", "ORGD_HASH_QUEUE=4",
		"ORGD_LOG_LEVEL=error",
	};

	for (size_t i = 0; i < COUNT_OF(usual); i++)
		set(usual[i]);
	setenv("ORGD_STATE_DIR", directory, 1);
	for (; settings != NULL && *settings != NULL; settings++)
		set(*settings);
}

void fixture_open(struct fixture *fixture, const char *const *settings)
{
	memset(fixture, 0, sizeof(*fixture));
	strcpy(fixture->directory, "/tmp/orgd-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fixture->directory));
	set_all(fixture->directory, settings);
	ck_assert(conf_load(&fixture->conf, NULL, stderr));
	log_init((enum log_level)fixture->conf.log_level, LOG_LOGFMT);
	ck_assert_int_eq(app_open(&fixture->app, &fixture->conf, STORE_FOR_SERVICE), ERR_OK);
	arena_init(&fixture->arena, app_arena_cap(&fixture->app));
	fixture->body = "";
}

void fixture_close(struct fixture *fixture)
{
	static const char *const files[] = {"orgd.db", "orgd.db-wal", "orgd.db-shm"};
	char path[128];

	arena_fini(&fixture->arena);
	app_close(&fixture->app);
	conf_free(&fixture->conf);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture->directory, files[i]);
		remove(path);
	}
	remove(fixture->directory);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

/* The rest of a body that is handed out in small pieces, as a network would. */
struct rest {
	const char *at;
	size_t left;
};

static long read_piece(void *context, void *buffer, size_t size)
{
	struct rest *rest = context;
	size_t piece = size < 7 ? size : 7;

	if (piece > rest->left)
		piece = rest->left;
	if (piece > 0)
		memcpy(buffer, rest->at, piece);
	rest->at += piece;
	rest->left -= piece;
	return (long)piece;
}

int fixture_call_with(struct fixture *fixture, const char *const *params, const char *body, size_t size)
{
	struct rest rest = {body, size};

	arena_reset(&fixture->arena);
	req_init(&fixture->rq, &fixture->arena, &fixture->app, params, (struct req_body){read_piece, &rest});
	serve(&fixture->rq);
	fixture->body = fixture->rq.reply.body != NULL ? fixture->rq.reply.body : "";
	return fixture->rq.reply.status;
}

int fixture_call(struct fixture *fixture, const char *method, const char *uri, const char *token,
		 const char *body)
{
	static char method_param[64], uri_param[8192], length_param[64], token_param[8192];
	const char *params[] = {method_param, uri_param, length_param, "CONTENT_TYPE=application/json",
				token != NULL ? token_param : NULL, NULL};
	size_t size = body != NULL ? strlen(body) : 0;

	snprintf(method_param, sizeof(method_param), "REQUEST_METHOD=%s", method);
	snprintf(uri_param, sizeof(uri_param), "REQUEST_URI=%s", uri);
	snprintf(length_param, sizeof(length_param), "CONTENT_LENGTH=%zu", size);
	if (token != NULL)
		snprintf(token_param, sizeof(token_param), "HTTP_AUTHORIZATION=Bearer %s", token);
	return fixture_call_with(fixture, params, body, size);
}

const char *fixture_header(const struct fixture *fixture, const char *name)
{
	const struct reply *reply = &fixture->rq.reply;

	for (size_t i = 0; i < reply->header_count; i++)
		if (strcmp(reply->headers[i].name, name) == 0)
			return reply->headers[i].value;
	return NULL;
}

bool fixture_has(const struct fixture *fixture, const char *text)
{
	return strstr(fixture->body, text) != NULL;
}

const char *fixture_text(struct fixture *fixture, const char *name)
{
	char pattern[80];
	const char *at, *end;
	char *copy;

	snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
	at = strstr(fixture->body, pattern);
	if (at == NULL)
		return NULL;
	at += strlen(pattern);
	end = strchr(at, '"');
	copy = strndup(at, (size_t)(end - at));
	at = keep(copy);
	free(copy);
	return at;
}

const char *fixture_token(struct fixture *fixture, const char *email, const char *password)
{
	char body[512];

	snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", email, password);
	ck_assert_int_eq(fixture_call(fixture, "POST", "/admin/login", NULL, body), 200);
	return fixture_text(fixture, "access_token");
}
