/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h: looks at the bytes of a FastCGI request before a worker is given to it.
 *
 * libfcgi reads a request with blocking reads, and trusts the lengths in it (CVE-2025-23016 is only
 * half closed in some distributions). It also forgets the padding of a stream's last record, which
 * it would then take for the next record. So a request is handed to it when its head has arrived
 * whole and adds up, and what is known of its end decides whether the connection can be kept.
 * https://fastcgi-archives.github.io/FastCGI_Specification.html
 */
#ifndef HTTP_FRAME_H
#define HTTP_FRAME_H

#include <stddef.h>

#define FRAME_HEAD_MAX 65536 /* bytes that BEGIN_REQUEST and PARAMS may take in all */

/* A body need not have arrived whole once so much has: its sender may wait for us to read. */
#define FRAME_ENOUGH 16384

enum frame {
	FRAME_PARTIAL, /* well-formed so far; more must come */
	FRAME_READY,   /* may be handed to libfcgi; where it ends was not seen */
	FRAME_WHOLE,   /* likewise; it has arrived whole, and libfcgi will find its very end */
	FRAME_BAD,     /* is no request to a responder: close the connection */
};

/*
 * frame_scan(bytes, size): what the first `size` bytes of a request are. `bytes` has at most
 * FRAME_HEAD_MAX and is scratch space afterwards. Pure; any thread may call.
 */
enum frame frame_scan(unsigned char *bytes, size_t size);

#endif
