/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypt_loop.c: the limit of logins: crypt_rn() and nothing else, in as many threads as asked for.
 * Prints hashes a second.
 *
 *     crypt_loop THREADS SECONDS PASSWORD HASH
 */
#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timed_threads.h"

static const char *password;

static void *begin(void *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));

	if (data != NULL && strlen(hash) < sizeof(data->setting))
		memcpy(data->setting, hash, strlen(hash) + 1);
	return data;
}

static bool once(void *own)
{
	struct crypt_data *data = own;
	const char *made = crypt_rn(password, data->setting, data, sizeof(*data));

	return made != NULL && strcmp(made, data->setting) == 0;
}

int main(int argc, char **argv)
{
	struct timed_work work = {begin, once, free, NULL};
	double per_second;

	if (argc != 5) {
		fputs("usage: crypt_loop THREADS SECONDS PASSWORD HASH\n", stderr);
		return 2;
	}
	password = argv[3];
	work.context = argv[4];
	if (!timed_threads_run(&work, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]), &per_second))
		return 1;
	printf("%.2f\n", per_second);
	return 0;
}
