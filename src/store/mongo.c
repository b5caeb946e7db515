/* SPDX-License-Identifier: Apache-2.0 */
/* mongo.c: the store for MongoDB: one pool of clients, set up once. */
#include "store/mongo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/mongo_fault.h"
#include "store/mongo_priv.h"

#define DATABASE_DEFAULT "org_service_db"
#define LOCKS_PER_CLIENT 2 /* an operation's own organization, and one whose claim is in its way */
#define EXTRA_CLIENTS 3 /* the watch, the janitor, and one to spare */

/* For requests, and for the operator; where the URI does not say otherwise. */
static const struct timeout {
	const char *option;
	int32_t request_ms, operator_ms;
} timeouts[] = {
	{MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 1500, 3000},
	{MONGOC_URI_CONNECTTIMEOUTMS, 1500, 3000},
	{MONGOC_URI_SOCKETTIMEOUTMS, 2000, 60000}, /* a read that hangs is tried twice */
	{MONGOC_URI_WTIMEOUTMS, 1500, 30000},      /* less than the socket's, else a slow majority is unknown */
	{MONGOC_URI_WAITQUEUETIMEOUTMS, 500, 5000},
};

/* What the driver says over and over while something is wrong counts once a minute. */
static bool is_news(const char *message)
{
	static atomic_uint_fast64_t said[16];
	uint_fast64_t key = 0xcbf29ce484222325; /* FNV-1a; texts that share a place are just said more often */
	atomic_uint_fast64_t *place;

	for (const char *p = message; *p != '\0'; p++)
		key = (key ^ (unsigned char)*p) * 0x100000001b3;
	place = &said[key % COUNT_OF(said)];
	key ^= (uint_fast64_t)(clock_monotonic_us() / 60000000);
	return atomic_exchange(place, key) != key;
}

static void log_driver(mongoc_log_level_t level, const char *domain, const char *message, void *context)
{
	(void)context;
	if (level <= MONGOC_LOG_LEVEL_WARNING && is_news(message))
		LOG(level <= MONGOC_LOG_LEVEL_CRITICAL ? LOG_ERROR : LOG_WARN, "mongodb driver",
		    LOG_TEXT("part", domain), LOG_TEXT("text", message));
}

/* Whether a thread that waits for a server was left behind: then nothing is torn down under it. */
static atomic_bool left_behind;

static void end_driver(void)
{
	if (!atomic_load(&left_behind))
		mongoc_cleanup();
}

/* Its own log handler first: the default one writes to stdout, which may be an answer. */
static void init_driver(void)
{
	mongoc_log_set_handler(log_driver, NULL);
	mongoc_init();
	atexit(end_driver);
}

static void count_call(int64_t us)
{
	metrics_add(METRIC_STORE_CALLS, 1);
	metrics_add(METRIC_STORE_TIME_US, (uint64_t)us);
}

static void count_success(const mongoc_apm_command_succeeded_t *event)
{
	count_call(mongoc_apm_command_succeeded_get_duration(event));
}

/* That there is no such collection, or another one, is an answer like others. */
static void count_failure(const mongoc_apm_command_failed_t *event)
{
	bson_error_t error;

	mongoc_apm_command_failed_get_error(event, &error);
	count_call(mongoc_apm_command_failed_get_duration(event));
	if (!mongo_fault_is_refusal(&error))
		metrics_add(METRIC_STORE_ERRORS, 1);
}

static bool refuse(const char *why)
{
	LOG(LOG_ERROR, why);
	return false;
}

/*
 * Promises rest on these, so a URI may not say otherwise: a secondary may not know yet that a token is dead.
 * It may ask for the journal, for which a lone server does not wait by itself.
 */
static void set_concerns(mongoc_uri_t *uri)
{
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	mongoc_write_concern_t *write = mongoc_write_concern_new();
	mongoc_read_concern_t *read = mongoc_read_concern_new();

	mongoc_write_concern_set_wmajority(write, mongoc_uri_get_option_as_int32(uri, MONGOC_URI_WTIMEOUTMS, 0));
	if (mongoc_write_concern_get_journal(mongoc_uri_get_write_concern(uri)))
		mongoc_write_concern_set_journal(write, true);
	mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
	mongoc_uri_set_write_concern(uri, write);
	mongoc_uri_set_read_concern(uri, read);
	mongoc_uri_set_read_prefs_t(uri, primary);
	mongoc_read_prefs_destroy(primary);
	mongoc_write_concern_destroy(write);
	mongoc_read_concern_destroy(read);
}

static bool is_insecure(const mongoc_uri_t *uri)
{
	return mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, false) ||
	       mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, false) ||
	       mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSINSECURE, false);
}

/* Of mongoc 1, where it is the most of idle clients: what is used beside them is connected anew each time. */
static bool set_pool_size(mongoc_uri_t *uri, unsigned size)
{
	static const char least[] = "minpoolsize";

	if (mongoc_uri_has_option(uri, least))
		(void)!mongoc_uri_set_option_as_int32(uri, least, 0);
	return mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, (int32_t)size);
}

static bool set_options(mongoc_uri_t *uri, const struct store_options *options)
{
	bool ok = true;

	for (size_t i = 0; i < COUNT_OF(timeouts) && ok; i++)
		if (!mongoc_uri_has_option(uri, timeouts[i].option))
			ok = mongoc_uri_set_option_as_int32(uri, timeouts[i].option,
							    options->use == STORE_FOR_OPERATOR
								    ? timeouts[i].operator_ms
								    : timeouts[i].request_ms);
	set_concerns(uri);
	return ok && set_pool_size(uri, options->connections + EXTRA_CLIENTS) && mongoc_uri_set_appname(uri, "orgd");
}

/* "Naming Restrictions" of MongoDB's manual; else each command would fail. NULL: the default. */
static bool is_database(const char *name)
{
	return name == NULL || (strlen(name) < 64 && strpbrk(name, "/\\. \"$*<>:|?") == NULL);
}

/* The driver's text about a URI may hold the URI, and that a password. */
static mongoc_uri_t *parse(const struct store_options *options)
{
	bson_error_t error;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(options->target, &error);

	if (uri != NULL && is_insecure(uri))
		(void)refuse("MONGO_URI switches the checks of TLS off");
	else if (uri != NULL && !is_database(mongoc_uri_get_database(uri)))
		(void)refuse("MONGO_URI names a database of more than 63 bytes, or with one of"
			     " /\\. \"$*<>:|? in its name");
	else if (uri != NULL && set_options(uri, options))
		return uri;
	else
		(void)refuse("MONGO_URI is not a MongoDB URI that can be used");
	mongoc_uri_destroy(uri);
	return NULL;
}

static char *hosts_of(const mongoc_uri_t *uri)
{
	const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri);

	return strdup(host != NULL ? host->host_and_port : "mongodb");
}

/* Before mongoc 1.21 a pool is made of any URI, and every selection fails. */
static mongoc_client_pool_t *new_pool(const mongoc_uri_t *uri, bson_error_t *error)
{
#if MONGOC_CHECK_VERSION(1, 21, 0)
	return mongoc_client_pool_new_with_error(uri, error);
#else
	bson_set_error(error, MONGOC_ERROR_CLIENT, 0, "the URI cannot be used");
	return mongoc_client_pool_new(uri);
#endif
}

static bool make_pool(struct mongo *store, const struct store_options *options)
{
	mongoc_uri_t *uri = parse(options);
	mongoc_apm_callbacks_t *callbacks;
	const char *database;
	bson_error_t error;

	if (uri == NULL)
		return false;
	database = mongoc_uri_get_database(uri);
	store->database = strdup(database != NULL ? database : DATABASE_DEFAULT);
	store->hosts = hosts_of(uri);
	store->pool = new_pool(uri, &error);
	mongoc_uri_destroy(uri);
	if (store->pool == NULL) { /* as where the hosts are to be found in the DNS, and are not */
		LOG(LOG_ERROR, "the clients for MongoDB cannot be made", LOG_TEXT("reason", error.message));
		return false;
	}
	if (store->database == NULL || store->hosts == NULL)
		return false;
	callbacks = mongoc_apm_callbacks_new();
	mongoc_apm_set_command_succeeded_cb(callbacks, count_success);
	mongoc_apm_set_command_failed_cb(callbacks, count_failure);
	mongoc_client_pool_set_error_api(store->pool, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_pool_set_apm_callbacks(store->pool, callbacks, NULL);
	mongoc_apm_callbacks_destroy(callbacks);
	return true;
}

static void close_store(void *impl)
{
	struct mongo *store = impl;

	if (!mongo_janitor_free(store->janitor) || !mongo_watch_free(store->watch)) {
		atomic_store(&left_behind, true);
		return;
	}
	if (store->pool != NULL)
		mongoc_client_pool_destroy(store->pool);
	mongo_lock_free(store->lock);
	free(store->database);
	free(store->hosts);
	free(store);
}

/* Without its store too, requests are answered: 503 until that is there. */
static enum err reach(struct mongo *store)
{
	enum err err = mongo_watch_start(store);
	bson_error_t error;

	if (err != ERR_OK)
		return err;
	err = mongo_watch_first(store->watch, &error);
	if (err == ERR_STORE_UNAVAILABLE) {
		LOG(LOG_ERROR, "the store does not answer", LOG_TEXT("hosts", store->hosts),
		    LOG_TEXT("reason", error.message));
		err = store->use == STORE_FOR_OPERATOR ? err : ERR_OK;
	}
	if (err == ERR_OK && store->use == STORE_FOR_REQUEST) /* no process lives on to be the janitor */
		(void)!mongo_recover_pending(store);
	if (err != ERR_OK || store->use != STORE_FOR_SERVICE)
		return err;
	store->janitor = mongo_janitor_new(store);
	return store->janitor != NULL ? ERR_OK : ERR_INTERNAL;
}

static enum err open_store(const struct store_options *options, void **impl_r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mongo *store = calloc(1, sizeof(*store));
	enum err err;

	if (store == NULL)
		return ERR_INTERNAL;
	pthread_once(&once, init_driver);
	store->use = options->use;
	store->existing = options->existing;
	store->adopting = options->adopting;
	store->lock = mongo_lock_new(LOCKS_PER_CLIENT * (options->connections + EXTRA_CLIENTS));
	err = make_pool(store, options) ? ERR_OK : ERR_INVALID_REQUEST;
	if (err == ERR_OK)
		err = store->lock != NULL ? reach(store) : ERR_INTERNAL;
	if (err == ERR_OK)
		*impl_r = store;
	else
		close_store(store);
	return err;
}

static void count_connections(void *impl, unsigned *open_r, unsigned *busy_r)
{
	struct mongo *store = impl;

	*open_r = atomic_load(&store->open);
	*busy_r = atomic_load(&store->busy);
}

static enum err ping(void *impl)
{
	struct mongo *store = impl;

	return mongo_watch_ping(store->watch);
}

static const struct store_ops ops = {
	.name = "mongodb",
	.open = open_store,
	.close = close_store,
	.connections = count_connections,
	.ping = ping,
	.org_create = mongo_org_create,
	.org_check_free = mongo_org_check_free,
	.org_by_slug = mongo_org_by_slug,
	.account_by_email = mongo_account_by_email,
	.org_by_tenant = mongo_org_by_tenant,
	.account_by_tenant = mongo_account_by_tenant,
	.org_update = mongo_org_update,
	.org_delete = mongo_org_delete,
	.hash_renew = mongo_hash_renew,
	.org_list = mongo_org_list,
	.account_by_slug = mongo_account_by_slug,
	.org_by_id = mongo_org_by_id,
	.account_by_id = mongo_account_by_id,
	.admin_create = mongo_admin_create,
	.info = mongo_info,
	.check = mongo_check,
	.documents_each = mongo_documents_each,
	.documents_put = mongo_documents_put,
	.document_normal = mongo_document_normal,
	.adopt = mongo_adopt,
};

static const char *library(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "libmongoc %s", mongoc_get_version());
	return text;
}

const struct store_module store_module = {VERSION, &ops, library};
