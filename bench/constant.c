/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constant.c: the limit that orgd is measured against: its own FastCGI core, with a handler that
 * looks at nothing and always gives the same answer.
 *
 *     constant SOCKET
 */
#include <stdio.h>

#include "http/server.h"

#define WORKERS 32
#define ARENA_CAP 1048576
#define RECEIVE_SECONDS 4
#define IDLE_SECONDS 75

/* As long as an organization is. */
static const char body[] =
	"{\"org_id\":\"6655f0d5c1a2b3c4d5e6f708\",\"organization_name\":\"Organization 42\",\"slug\":"
	"\"organization-42\",\"collection_name\":\"org_organization-42\",\"admin_id\":"
	"\"6655f0d5c1a2b3c4d5e6f709\",\"status\":\"active\",\"created_at\":\"2026-01-01T00:00:00Z\","
	"\"updated_at\":\"2026-01-01T00:00:00Z\"}";

static void answer(struct req *rq)
{
	reply_body(&rq->reply, 200, "application/json", body);
}

int main(int argc, char **argv)
{
	struct listener listener;
	const struct server_options options = {
		.connections = {
			.listener = &listener,
			.idle_seconds = IDLE_SECONDS,
			.receive_seconds = RECEIVE_SECONDS,
		},
		.service = {.serve = answer, .drain_max = 65536, .receive_seconds = RECEIVE_SECONDS},
		.workers = WORKERS,
		.arena_cap = ARENA_CAP,
	};

	if (argc != 2) {
		fputs("usage: constant SOCKET\n", stderr);
		return 2;
	}
	server_block_signals();
	if (fcgi_init() != ERR_OK || !listen_open(argv[1], &listener))
		return 1;
	return server_run(&options);
}
