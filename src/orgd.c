/* SPDX-License-Identifier: Apache-2.0 */
/* orgd.c: main: options, configuration, store, workers; closes in reverse order. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/serve.h"
#include "app.h"
#include "base/log.h"
#include "base/str.h"
#include "conf_rules.h"
#include "http/cgi.h"
#include "http/server.h"
#include "version.h"

#define IDLE_SECONDS 75   /* longer than nginx keeps an unused upstream connection (60 s) */
#define DRAIN_EXTRA 65536 /* so that a body a little too large for us, not for nginx, costs no connection */
#define RECEIVE_SECONDS 4 /* nginx sends a request when it has it whole */

struct options {
	const char *env_file;
	const char *listen_path;
	bool check;
	bool dump;
};

static void print_usage(FILE *out)
{
	fputs("usage: orgd [-c FILE] [--listen PATH]   serve FastCGI on PATH, descriptor 0 or systemd's socket\n"
	      "       orgd [-c FILE] -t                check configuration and store\n"
	      "       orgd [-c FILE] -T                print the configuration, secrets masked\n"
	      "       orgd -V | -h                     print versions | this help\n"
	      "\n"
	      "  -c FILE         read this .env file\n"
	      "  --listen PATH   make a Unix socket at PATH and serve it\n"
	      "\n"
	      "example: JWT_SECRET_KEY=$(orgctl secret) ORGD_STATE_DIR=/tmp orgd --listen /tmp/orgd.sock\n"
	      "See orgd(8) and orgd.env(5).\n",
	      out);
}

/* Fills *options; -1, or the status to exit with. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"listen", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "c:tTVh", longs, NULL)) != -1) {
		if (letter == 'c')
			options->env_file = optarg;
		else if (letter == 'l')
			options->listen_path = optarg;
		else if (letter == 't')
			options->check = true;
		else if (letter == 'T')
			options->dump = true;
		else if (letter == 'V')
			return version_print(stdout, "orgd"), 0;
		else
			return print_usage(letter == 'h' ? stdout : stderr), letter == 'h' ? 0 : 2;
	}
	if (optind == argc)
		return -1;
	print_usage(stderr);
	return 2;
}

/* The seconds that a test wants instead of the built-in ones. */
static unsigned seconds(const struct conf *conf, const char *name, unsigned usual)
{
	const char *text = conf->testing ? getenv(name) : NULL;
	uint64_t value;

	return text != NULL && str_to_uint(text, 3600, &value) ? (unsigned)value : usual;
}

static int serve_sockets(const struct conf *conf, const struct app *app, struct fcgi_service service,
			 const char *listen_path)
{
	uid_t uids[CONF_UIDS_MAX];
	struct listener listener;
	struct server_options options = {
		.connections = {
			.listener = &listener,
			.allowed_uids = uids,
			.idle_seconds = seconds(conf, "ORGD_TEST_IDLE_SECONDS", IDLE_SECONDS),
			.receive_seconds = service.receive_seconds,
		},
		.service = service,
		.workers = (unsigned)conf->workers,
		.arena_cap = app_arena_cap(app),
	};

	if (!conf_rules_uids(conf->allowed_uids, uids, &options.connections.allowed_uid_count) ||
	    fcgi_init() != ERR_OK || !listen_open(listen_path, &listener))
		return 1;
	LOG(LOG_INFO, "starting", LOG_TEXT("version", VERSION), LOG_TEXT("store", app->store.ops->name));
	return server_run(&options);
}

static int serve_cgi(const struct app *app, struct fcgi_service service)
{
	struct arena arena;
	enum err err;

	arena_init(&arena, app_arena_cap(app));
	err = cgi_serve(&service, &arena);
	arena_fini(&arena);
	return err == ERR_OK ? 0 : 1;
}

static int run(const struct conf *conf, const struct options *options, bool cgi)
{
	struct app app;
	struct fcgi_service service = {
		.app = &app,
		.serve = serve,
		.drain_max = (size_t)conf->max_body + DRAIN_EXTRA,
		.receive_seconds = seconds(conf, "ORGD_TEST_RECEIVE_SECONDS", RECEIVE_SECONDS),
	};
	enum store_use use = options->check ? STORE_FOR_OPERATOR : cgi ? STORE_FOR_REQUEST : STORE_FOR_SERVICE;
	int status = 1;

	if (app_open(&app, conf, use) == ERR_OK) {
		if (options->check)
			status = 0;
		else if (cgi)
			status = serve_cgi(&app, service);
		else
			status = serve_sockets(conf, &app, service, options->listen_path);
	}
	app_close(&app);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {.env_file = NULL};
	/* Some servers put the query into a CGI program's arguments (RFC 3875, 4.4): they are no options. */
	bool cgi = cgi_is_called();
	int status = cgi ? -1 : parse_options(argc, argv, &options);
	struct conf conf;

	if (status >= 0)
		return status;
	if (!cgi && !options.check)
		server_block_signals();
	umask(umask(0) | 077); /* the database holds password hashes */
	mallopt(M_ARENA_MAX, 2); /* one heap a thread would cost more memory than it gives speed */
	if (!conf_load(&conf, options.env_file, stderr)) {
		status = 1;
	} else if (options.dump) {
		conf_dump(&conf, stdout);
		status = 0;
	} else {
		log_init((enum log_level)conf.log_level, (enum log_format)conf.log_format);
		status = run(&conf, &options, cgi);
	}
	conf_free(&conf);
	return status;
}
