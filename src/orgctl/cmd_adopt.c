/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_adopt.c: takes over what another program of the same design wrote: shows it, asks, does it. */
#include "orgctl/cmd_adopt.h"

#include <stdio.h>

#include "orgctl/ask.h"
#include "orgctl/connect.h"
#include "orgctl/say.h"

/* Where it goes what a store tells. */
struct adoptions {
	struct call *call;
	struct json_writer *writer; /* NULL: it is printed */
	json_value *array;
	bool shown; /* what is to be done was printed before */
	size_t count, conflicts;
};

static void print_text(struct adoptions *adoptions, const struct store_adoption *adoption)
{
	const struct store_adoption_info *info = store_adoption_info(adoption->kind);
	struct arena *arena = &adoptions->call->arena;

	printf("%s: %s %s", info->word, say_clean(arena, adoption->subject), info->text);
	if (*adoption->detail != '\0')
		printf(" (%s)", say_clean(arena, adoption->detail));
	puts(info->conflict ? ": left to you" : "");
}

static void add_json(struct adoptions *adoptions, const struct store_adoption *adoption)
{
	const struct store_adoption_info *info = store_adoption_info(adoption->kind);
	json_value *element = json_add_element(adoptions->writer, adoptions->array);

	say_add(adoptions->writer, element,
		(struct say_field[]){SAY_TEXT("adoption", info->word), SAY_TEXT("subject", adoption->subject),
				     SAY_TEXT("message", info->text), SAY_TEXT("detail", adoption->detail)}, 4);
	json_add_bool(adoptions->writer, element, "conflict", info->conflict);
}

static void take(void *context, const struct store_adoption *adoption)
{
	struct adoptions *adoptions = context;
	bool conflict = store_adoption_info(adoption->kind)->conflict;

	adoptions->count++;
	adoptions->conflicts += conflict;
	if (adoptions->writer != NULL)
		add_json(adoptions, adoption);
	else if (conflict || !adoptions->shown)
		print_text(adoptions, adoption);
}

static int adopt(struct adoptions *adoptions, bool dry_run)
{
	const struct store *store = &adoptions->call->store;
	enum err err;

	adoptions->count = adoptions->conflicts = 0;
	err = store->ops->adopt(store->impl, dry_run, take, adoptions);
	if (err != ERR_OK)
		return say_error(adoptions->call, err);
	return adoptions->conflicts > 0 ? STATUS_REFUSED : STATUS_DONE;
}

static int adopt_json(struct adoptions *adoptions, bool dry_run)
{
	struct json_writer writer;
	size_t conflicts;
	int status = STATUS_DONE;

	if (!dry_run)
		status = ask_consent(adoptions->call, "Take over what another program wrote?");
	if (status != STATUS_DONE)
		return status;
	json_begin(&writer, &adoptions->call->arena);
	adoptions->writer = &writer;
	adoptions->array = json_add_array(&writer, writer.root, "adoptions");
	status = adopt(adoptions, dry_run);
	conflicts = adoptions->conflicts;
	if (status != STATUS_DONE && conflicts == 0)
		return status;
	json_add_number(&writer, writer.root, "found", (double)adoptions->count);
	json_add_number(&writer, writer.root, "conflicts", (double)conflicts);
	json_add_bool(&writer, writer.root, "adopted", !dry_run && status == STATUS_DONE);
	return say_json(&writer) == STATUS_DONE ? status : STATUS_REFUSED;
}

static int say_result(const struct adoptions *adoptions, int status, bool dry_run)
{
	if (adoptions->conflicts > 0)
		printf("%zu in conflict; nothing was changed\n", adoptions->conflicts);
	else if (status == STATUS_DONE && adoptions->count == 0)
		puts("nothing to adopt");
	else if (status == STATUS_DONE)
		printf(dry_run ? "%zu to do; nothing was changed\n" : "%zu done\n", adoptions->count);
	return status;
}

static int adopt_text(struct adoptions *adoptions, bool dry_run)
{
	int status = adopt(adoptions, true);

	if (dry_run || status != STATUS_DONE || adoptions->count == 0)
		return say_result(adoptions, status, true);
	status = ask_consent(adoptions->call, "Do all this? Best after a backup, and with no other program at work.");
	if (status != STATUS_DONE)
		return status;
	adoptions->shown = true;
	return say_result(adoptions, adopt(adoptions, false), false);
}

int cmd_adopt(struct call *call)
{
	struct adoptions adoptions = {.call = call};
	bool dry_run = call->values[OPTION_DRY_RUN] != NULL;
	int status = connect_store(call, CONNECT_EXISTING | CONNECT_ADOPTING);

	if (status != STATUS_DONE)
		return status;
	if (call->store.ops->adopt == NULL)
		return say_refusal(call, "not_adoptable", "no other program writes a store like %s",
				   call->conf.store);
	return call->values[OPTION_JSON] != NULL ? adopt_json(&adoptions, dry_run) : adopt_text(&adoptions, dry_run);
}
