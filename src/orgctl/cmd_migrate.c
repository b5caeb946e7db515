/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_migrate.c: a store as the command line names it, into another one. */
#include "orgctl/cmd_migrate.h"

#include <string.h>

#include "base/str.h"
#include "orgctl/connect.h"
#include "orgctl/copy.h"
#include "orgctl/say.h"

static int report(struct call *call, const struct copy_report *report)
{
	char sum[2 * DOCUMENTS_SUM_SIZE + 1];
	const struct say_field fields[] = {
		SAY_TEXT("from", call->args[0]),
		SAY_TEXT("to", call->args[1]),
		SAY_NUMBER("organizations", report->created + report->present),
		SAY_NUMBER("there_before", report->present),
		SAY_NUMBER("documents", report->digest.count),
		SAY_TEXT("documents_sum", sum),
	};

	str_hex(report->digest.sum, DOCUMENTS_SUM_SIZE, sum);
	say_line(call, "migrated; both have the same");
	return say_record(call, fields, COUNT_OF(fields));
}

/* Other users see the command line, so a password in it is one no longer. */
static bool has_password(const char *uri)
{
	const char *begin = strstr(uri, "://") + 3;
	const char *sign = strrchr(begin, '@');
	bool in_user = sign != NULL && memchr(begin, ':', (size_t)(sign - begin)) != NULL;

	return in_user || strcasestr(begin, "password") != NULL;
}

/* What store_open() takes for a store as the command line names it; NULL, and said, when it is none. */
static const char *target_of(struct call *call, const char *name)
{
	bool uri = strncmp(name, "mongodb://", 10) == 0 || strncmp(name, "mongodb+srv://", 14) == 0;

	if ((uri && !has_password(name)) || (strncmp(name, "sqlite:", 7) == 0 && name[7] != '\0'))
		return name;
	if (strcmp(name, "mongodb") == 0 && call->conf.mongo_uri != NULL)
		return call->conf.mongo_uri;
	if (uri)
		say_refusal(call, "password_shown",
			    "others can see the command line: put a URI with a password into MONGO_URI,"
			    " and say mongodb here");
	else if (strcmp(name, "mongodb") == 0)
		say_refusal(call, "no_uri", "mongodb is where MONGO_URI says, and that is not set");
	else
		say_refusal(call, "no_store",
			    "a store is named sqlite:PATH, mongodb for where MONGO_URI says, or by a URI");
	return NULL;
}

int cmd_migrate(struct call *call)
{
	struct store from = {.ops = NULL}, to = {.ops = NULL};
	const struct copy copy = {&from, &to, call->args[0], call->args[1], false, NULL, NULL};
	const char *from_target = target_of(call, call->args[0]);
	const char *to_target = from_target != NULL ? target_of(call, call->args[1]) : NULL;
	struct copy_report copied;
	int status;

	if (to_target == NULL)
		return STATUS_REFUSED;
	if (strcmp(from_target, to_target) == 0)
		return say_refusal(call, "same_store", "that is one and the same store");
	status = connect_open(call, from_target, copy.from_name, CONNECT_EXISTING, &from);
	if (status == STATUS_DONE)
		status = connect_open(call, to_target, copy.to_name, 0, &to);
	if (status == STATUS_DONE)
		status = copy_run(call, &copy, &copied);
	store_close(&to);
	store_close(&from);
	return status == STATUS_DONE ? report(call, &copied) : status;
}
