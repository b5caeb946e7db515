/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_backup.c: everything into a file, and back into an empty store. */
#include "orgctl/cmd_backup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orgctl/ask.h"
#include "orgctl/cmd_store.h"
#include "orgctl/connect.h"
#include "orgctl/copy.h"
#include "orgctl/outfile.h"
#include "orgctl/progress.h"
#include "orgctl/say.h"

/* `file` is one that grows; NULL: none. */
static void show(void *file, uint64_t done, uint64_t total)
{
	if (file != NULL)
		outfile_yield(file);
	progress_show(done, total);
}

static int report_file(struct call *call, const char *path)
{
	struct stat file;

	return say_record(call,
			  (struct say_field[]){SAY_TEXT("file", path), SAY_TEXT("store", call->conf.store),
					       SAY_NUMBER("bytes", stat(path, &file) == 0 ? file.st_size : 0)}, 3);
}

static void yield(void *file)
{
	outfile_yield(file);
}

/* An SQLite database, opened for a copy: what a store that has no backup of its own kind is backed up into. */
static int open_database(struct call *call, const char *path, unsigned how, struct store *store_r)
{
	const char *target = arena_printf(&call->arena, "sqlite:%s", path);

	return target != NULL ? connect_open(call, target, path, how, store_r) : say_error(call, ERR_INTERNAL);
}

static int back_up_by_copy(struct call *call, struct outfile *file)
{
	struct store database = {.ops = NULL};
	const struct copy copy = {&call->store, &database, call->conf.store, call->args[0], true, yield, file};
	struct copy_report copied;
	int status = open_database(call, file->part, 0, &database);

	if (status == STATUS_DONE)
		status = copy_run(call, &copy, &copied);
	store_close(&database);
	return status;
}

static int back_up(struct call *call, struct outfile *file)
{
	const struct store *store = &call->store;
	enum err err;

	if (store->ops->backup == NULL)
		return back_up_by_copy(call, file);
	progress_begin();
	err = store->ops->backup(store->impl, file->part, show, file);
	progress_end();
	if (err == ERR_INTERNAL)
		return say_refusal(call, "damaged", "the backup failed; see `orgctl store check`");
	return err == ERR_OK ? STATUS_DONE : say_error(call, err);
}

int cmd_backup(struct call *call)
{
	const char *path = call->args[0];
	struct outfile file;
	int status;

	if (!outfile_begin(&file, &call->arena, path))
		return say_refusal(call, "file", "%s cannot be made: %s", path, strerror(errno));
	status = back_up(call, &file);
	if (status != STATUS_DONE) {
		outfile_abandon(&file);
		return status;
	}
	if (!outfile_commit(&file))
		return say_refusal(call, "file", "%s cannot be written: %s", path, strerror(errno));
	say_line(call, "backed up");
	return report_file(call, path);
}

static int say_restore_error(struct call *call, enum err err)
{
	if (err == ERR_ORGANIZATION_EXISTS)
		return say_refusal(call, "store_not_empty",
				   "the store is not empty; only an empty one can be filled%s",
				   call->store.ops->restore == NULL
					   ? ": --resume goes on with a restore that was cut off"
					   : "");
	if (err == ERR_INVALID_REQUEST)
		return say_refusal(call, "no_backup", "%s is not a whole backup of such a store; nothing was changed",
				   call->args[0]);
	return say_error(call, err);
}

static int expect_empty(struct call *call)
{
	struct store_info info;
	enum err err = call->store.ops->info(call->store.impl, &call->arena, &info);

	if (err == ERR_OK && info.organizations + info.admins + info.documents > 0)
		err = ERR_ORGANIZATION_EXISTS;
	return err == ERR_OK ? STATUS_DONE : say_restore_error(call, err);
}

/* It is filled bit by bit. To go on with what was cut off is for the operator to ask: it cannot be told from use. */
static int restore_by_copy(struct call *call)
{
	struct store database = {.ops = NULL};
	const struct copy copy = {&database, &call->store, call->args[0], call->conf.store, false, NULL, NULL};
	struct copy_report copied;
	int status = call->values[OPTION_RESUME] != NULL ? STATUS_DONE : expect_empty(call);

	if (status == STATUS_DONE)
		status = open_database(call, call->args[0], CONNECT_EXISTING, &database);
	if (status == STATUS_DONE)
		status = copy_run(call, &copy, &copied);
	store_close(&database);
	return status;
}

static int restore(struct call *call)
{
	const struct store *store = &call->store;
	enum err err;

	if (store->ops->restore == NULL)
		return restore_by_copy(call);
	progress_begin();
	err = store->ops->restore(store->impl, call->args[0], show, NULL);
	progress_end();
	return err == ERR_OK ? STATUS_DONE : say_restore_error(call, err);
}

int cmd_backup_restore(struct call *call)
{
	const char *path = call->args[0];
	const char *question = arena_printf(&call->arena, "Fill the store %s from %s?", call->conf.store, path);
	int status;

	if (access(path, R_OK) != 0)
		return say_refusal(call, "file", "%s cannot be read: %s", path, strerror(errno));
	status = ask_consent(call, question != NULL ? question : "Fill the store?");
	if (status == STATUS_DONE)
		status = connect_store(call, 0);
	if (status == STATUS_DONE)
		status = restore(call);
	if (status != STATUS_DONE)
		return status;
	say_line(call, "restored");
	status = report_file(call, path);
	return status == STATUS_DONE ? cmd_store_verify(call) : status;
}
