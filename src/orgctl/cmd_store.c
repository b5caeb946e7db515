/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_store.c: what the store holds, and what should not be in it. */
#include "orgctl/cmd_store.h"

#include <stdio.h>

#include "orgctl/ask.h"
#include "orgctl/say.h"

/* Where findings go while a check runs. */
struct findings {
	struct call *call;
	FILE *out;                  /* NULL: they become JSON */
	struct json_writer *writer; /* with `array`, if so */
	json_value *array;
	bool repair;
	size_t count, mendable, left;
};

int cmd_store_info(struct call *call)
{
	struct store_info info;
	enum err err = call->store.ops->info(call->store.impl, &call->arena, &info);
	const struct say_field fields[] = {
		SAY_TEXT("kind", call->store.ops->name),
		SAY_TEXT("place", err == ERR_OK ? info.place : ""),
		SAY_TEXT("software", err == ERR_OK ? info.software : ""),
		SAY_NUMBER("schema_version", info.schema),
		SAY_NUMBER("organizations", info.organizations),
		SAY_NUMBER("admins", info.admins),
		SAY_NUMBER("documents", info.documents),
		SAY_NUMBER("bytes", info.bytes),
	};

	return err == ERR_OK ? say_record(call, fields, COUNT_OF(fields)) : say_error(call, err);
}

static void print_text(struct findings *findings, const struct store_finding *finding)
{
	const struct store_finding_info *info = store_finding_info(finding->kind);
	struct arena *arena = &findings->call->arena;

	fprintf(findings->out, "%s: %s %s", info->word, say_clean(arena, finding->subject), info->text);
	if (*finding->detail != '\0')
		fprintf(findings->out, " (%s)", say_clean(arena, finding->detail));
	if (finding->mended)
		fprintf(findings->out, ": mended, it %s", info->mending);
	else if (findings->repair)
		fputs(": left to you", findings->out);
	fputc('\n', findings->out);
}

static void add_json(struct findings *findings, const struct store_finding *finding)
{
	const struct store_finding_info *info = store_finding_info(finding->kind);
	const char *state = finding->mended ? "mended" : findings->repair ? "left" : "found";

	say_add(findings->writer, json_add_element(findings->writer, findings->array),
		(struct say_field[]){SAY_TEXT("finding", info->word), SAY_TEXT("subject", finding->subject),
				     SAY_TEXT("message", info->text), SAY_TEXT("detail", finding->detail),
				     SAY_TEXT("state", state)}, 5);
}

static void take(void *context, const struct store_finding *finding)
{
	struct findings *findings = context;

	findings->count++;
	findings->mendable += store_finding_info(finding->kind)->mending != NULL;
	findings->left += !finding->mended;
	if (findings->out != NULL)
		print_text(findings, finding);
	else
		add_json(findings, finding);
}

static enum err check(struct findings *findings)
{
	const struct store *store = &findings->call->store;

	findings->count = findings->mendable = findings->left = 0;
	return store->ops->check(store->impl, findings->repair, take, findings);
}

static int check_json(struct findings *findings)
{
	struct json_writer writer;
	enum err err;
	int status;

	json_begin(&writer, &findings->call->arena);
	findings->writer = &writer;
	findings->array = json_add_array(&writer, writer.root, "findings");
	err = check(findings);
	if (err != ERR_OK)
		return say_error(findings->call, err);
	json_add_number(&writer, writer.root, "found", (double)findings->count);
	json_add_number(&writer, writer.root, "left", (double)findings->left);
	status = say_json(&writer);
	return status == STATUS_DONE && findings->left > 0 ? STATUS_REFUSED : status;
}

static int check_text(struct findings *findings)
{
	enum err err = check(findings);

	if (err != ERR_OK)
		return say_error(findings->call, err);
	if (findings->count == 0)
		fputs("nothing found\n", findings->out);
	else if (findings->repair)
		fprintf(findings->out, "%zu found, %zu mended, %zu left\n", findings->count,
			findings->count - findings->left, findings->left);
	else
		fprintf(findings->out, "%zu found\n", findings->count);
	return findings->left > 0 ? STATUS_REFUSED : STATUS_DONE;
}

/* Shows first what it would be about. */
static int repair_text(struct findings *findings)
{
	int status;

	if (findings->call->values[OPTION_YES] == NULL) {
		status = check_text(findings);
		if (status == STATUS_DONE || findings->mendable == 0)
			return status;
	}
	status = ask_consent(findings->call, "Mend what is safe to mend? Best after a backup.");
	findings->repair = true;
	return status == STATUS_DONE ? check_text(findings) : status;
}

static int repair_json(struct findings *findings)
{
	int status = ask_consent(findings->call, "Mend what is safe to mend?");

	findings->repair = true;
	return status == STATUS_DONE ? check_json(findings) : status;
}

int cmd_store_check(struct call *call)
{
	bool json = call->values[OPTION_JSON] != NULL;
	struct findings findings = {.call = call, .out = json ? NULL : stdout};

	if (call->values[OPTION_REPAIR] != NULL)
		return json ? repair_json(&findings) : repair_text(&findings);
	return json ? check_json(&findings) : check_text(&findings);
}

int cmd_store_verify(struct call *call)
{
	struct findings findings = {.call = call, .out = stderr};
	enum err err = check(&findings);

	if (err != ERR_OK)
		return say_error(call, err);
	return findings.left > 0 ? STATUS_REFUSED : STATUS_DONE;
}
