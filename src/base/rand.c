/* SPDX-License-Identifier: Apache-2.0 */
/* rand.c: the only caller of RAND_bytes. */
#include "base/rand.h"

#include <openssl/rand.h>

#include "base/log.h"
#include "base/str.h"

enum err rand_bytes(void *bytes_r, size_t size)
{
	if (RAND_bytes(bytes_r, (int)size) == 1)
		return ERR_OK;
	LOG(LOG_ERROR, "no random bytes to be had");
	return ERR_INTERNAL;
}

enum err rand_id(char id_r[RAND_ID_SIZE])
{
	unsigned char bytes[(RAND_ID_SIZE - 1) / 2];
	enum err err = rand_bytes(bytes, sizeof(bytes));

	if (err == ERR_OK)
		str_hex(bytes, sizeof(bytes), id_r);
	return err;
}
