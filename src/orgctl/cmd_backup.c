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

int cmd_backup(struct call *call)
{
	const struct store *store = &call->store;
	const char *path = call->args[0];
	struct outfile file;
	enum err err;

	if (!outfile_begin(&file, &call->arena, path))
		return say_refusal(call, "file", "%s cannot be made: %s", path, strerror(errno));
	progress_begin();
	err = store->ops->backup(store->impl, file.part, show, &file);
	progress_end();
	if (err != ERR_OK) {
		outfile_abandon(&file);
		return err == ERR_INTERNAL ? say_refusal(call, "damaged", "the backup failed; see `orgctl store check`")
					   : say_error(call, err);
	}
	if (!outfile_commit(&file))
		return say_refusal(call, "file", "%s cannot be written: %s", path, strerror(errno));
	say_line(call, "backed up");
	return report_file(call, path);
}

static int say_restore_error(struct call *call, enum err err)
{
	if (err == ERR_ORGANIZATION_EXISTS)
		return say_refusal(call, "store_not_empty", "the store is not empty; only an empty one can be filled");
	if (err == ERR_INVALID_REQUEST)
		return say_refusal(call, "no_backup", "%s is not a whole backup of such a store; nothing was changed",
				   call->args[0]);
	return say_error(call, err);
}

int cmd_backup_restore(struct call *call)
{
	const char *path = call->args[0];
	const char *question = arena_printf(&call->arena, "Fill the store %s from %s?", call->conf.store, path);
	int status;
	enum err err;

	if (access(path, R_OK) != 0)
		return say_refusal(call, "file", "%s cannot be read: %s", path, strerror(errno));
	status = ask_consent(call, question != NULL ? question : "Fill the store?");
	if (status == STATUS_DONE)
		status = connect_store(call, 0);
	if (status != STATUS_DONE)
		return status;
	progress_begin();
	err = call->store.ops->restore(call->store.impl, path, show, NULL);
	progress_end();
	if (err != ERR_OK)
		return say_restore_error(call, err);
	say_line(call, "restored");
	status = report_file(call, path);
	return status == STATUS_DONE ? cmd_store_verify(call) : status;
}
