/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo_loop.c: the limit of a GET on MongoDB: libmongoc finds one document, over and over, in as many
 * threads as asked for, each with a client of its own. Prints finds a second.
 *
 *     mongo_loop THREADS SECONDS URI COLLECTION FILTER      FILTER: as extended JSON
 */
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>

#include "timed_threads.h"

struct target {
	const mongoc_uri_t *uri;
	const char *collection;
	const bson_t *filter;
};

struct own {
	mongoc_client_t *client;
	mongoc_collection_t *collection;
	const bson_t *filter;
};

static void *begin(void *context)
{
	const struct target *target = context;
	struct own *own = calloc(1, sizeof(*own));

	if (own == NULL)
		return NULL;
	own->client = mongoc_client_new_from_uri(target->uri);
	own->collection = mongoc_client_get_collection(own->client, mongoc_uri_get_database(target->uri),
						       target->collection);
	own->filter = target->filter;
	return own;
}

static bool once(void *context)
{
	const struct own *own = context;
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(own->collection, own->filter, NULL, NULL);
	const bson_t *document;
	bool found = mongoc_cursor_next(cursor, &document);

	mongoc_cursor_destroy(cursor);
	return found;
}

static void end(void *context)
{
	struct own *own = context;

	mongoc_collection_destroy(own->collection);
	mongoc_client_destroy(own->client);
	free(own);
}

static int measure(char **argv)
{
	mongoc_uri_t *uri = mongoc_uri_new(argv[3]);
	bson_t *filter = bson_new_from_json((const uint8_t *)argv[5], -1, NULL);
	struct target target = {.uri = uri, .collection = argv[4], .filter = filter};
	struct timed_work work = {begin, once, end, &target};
	double per_second;
	bool ok = uri != NULL && filter != NULL &&
		  timed_threads_run(&work, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]), &per_second);

	if (ok)
		printf("%.2f\n", per_second);
	bson_destroy(filter);
	mongoc_uri_destroy(uri);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	int status;

	if (argc != 6) {
		fputs("usage: mongo_loop THREADS SECONDS URI COLLECTION FILTER\n", stderr);
		return 2;
	}
	mongoc_init();
	status = measure(argv);
	mongoc_cleanup();
	return status;
}
