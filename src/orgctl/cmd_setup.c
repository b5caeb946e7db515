/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_setup.c: keys, and a first .env file. */
#include "orgctl/cmd_setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"
#include "base/str.h"
#include "orgctl/outfile.h"
#include "orgctl/say.h"

#define KEY_BYTES 32
#define KEY_SIZE (2 * KEY_BYTES + 1)

static enum err make_key(char key_r[KEY_SIZE])
{
	unsigned char bytes[KEY_BYTES];
	enum err err = rand_bytes(bytes, sizeof(bytes));

	if (err == ERR_OK)
		str_hex(bytes, sizeof(bytes), key_r);
	explicit_bzero(bytes, sizeof(bytes));
	return err;
}

int cmd_setup_secret(struct call *call)
{
	char key[KEY_SIZE];
	enum err err = make_key(key);

	if (err != ERR_OK)
		return say_error(call, err);
	if (call->values[OPTION_JSON] != NULL)
		return say_record(call, &SAY_TEXT("secret", key), 1);
	puts(key);
	explicit_bzero(key, sizeof(key));
	return STATUS_DONE;
}

/* The file's text, in the arena; NULL without memory or randomness. */
static const char *make_text(struct arena *arena)
{
	char key[KEY_SIZE];
	const char *text = NULL;

	if (make_key(key) == ERR_OK)
		text = arena_printf(arena,
				    "# Settings of orgd, made by orgctl init; orgd.env(5) has all keys.\n"
				    "# Whoever reads this file can sign tokens: keep it at mode 0600 or 0640.\n"
				    "JWT_SECRET_KEY=%s\n"
				    "\n"
				    "# Where the embedded database lies:\n"
				    "#ORGD_STATE_DIR=/var/lib/orgd\n"
				    "# Who may create organizations: open, key or closed (then `orgctl org create`):\n"
				    "#ORGD_CREATE=open\n",
				    key);
	explicit_bzero(key, sizeof(key));
	return text;
}

int cmd_setup_init(struct call *call)
{
	const char *path = arena_printf(&call->arena, "%s/.env", call->args[0]);
	const char *text = make_text(&call->arena);
	struct outfile file;

	if (path == NULL || text == NULL)
		return say_error(call, ERR_INTERNAL);
	if (!outfile_begin(&file, &call->arena, path))
		return say_refusal(call, "file", "%s cannot be made: %s", path, strerror(errno));
	if (write(file.fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		outfile_abandon(&file);
		return say_refusal(call, "file", "%s cannot be written", path);
	}
	if (!outfile_commit(&file))
		return say_refusal(call, "file", "%s cannot be written: %s", path, strerror(errno));
	say_line(call, "made, with a fresh key");
	return say_record(call, &SAY_TEXT("file", path), 1);
}
