/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c: BEGIN_REQUEST, PARAMS up to their end, STDIN up to its end; nothing else in between. */
#include "http/frame.h"

#include <stdbool.h>
#include <string.h>

#define HEADER_SIZE 8
#define RESPONDER 1

enum type { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };

/* What is left to look at, and the record in front. */
struct scan {
	const unsigned char *at;
	size_t left;
	unsigned id;
	const unsigned char *content;
	size_t content_size;
	size_t padding;
};

/* Takes the next record, which must be whole, of this type and of the request under way. */
static enum frame take_record(struct scan *scan, enum type type)
{
	const unsigned char *header = scan->at;
	unsigned id;
	size_t size;

	if (scan->left < HEADER_SIZE)
		return FRAME_PARTIAL;
	id = (unsigned)header[2] << 8 | header[3];
	if (header[0] != 1 || header[1] != type || id == 0 || (scan->id != 0 && scan->id != id))
		return FRAME_BAD;
	scan->content = header + HEADER_SIZE;
	scan->content_size = (size_t)header[4] << 8 | header[5];
	scan->padding = header[6];
	size = HEADER_SIZE + scan->content_size + scan->padding;
	if (scan->left < size)
		return FRAME_PARTIAL;
	scan->id = id;
	scan->at += size;
	scan->left -= size;
	return FRAME_READY;
}

static enum frame take_begin(struct scan *scan)
{
	enum frame frame = take_record(scan, BEGIN_REQUEST);

	if (frame != FRAME_READY)
		return frame;
	if (scan->content_size != 8 || scan->padding > 0)
		return FRAME_BAD;
	return scan->content[0] == 0 && scan->content[1] == RESPONDER ? FRAME_READY : FRAME_BAD;
}

/* Takes a length of one or four bytes (section 3.4). */
static bool take_length(const unsigned char **at, size_t *left, size_t *length_r)
{
	const unsigned char *p = *at;
	size_t size = *left > 0 && (p[0] & 0x80) != 0 ? 4 : 1;

	if (*left < size)
		return false;
	*length_r = size == 1 ? p[0]
			      : (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*at += size;
	*left -= size;
	return true;
}

/* Whether name-value pairs add up exactly. */
static bool pairs_fit(const unsigned char *pairs, size_t size)
{
	while (size > 0) {
		size_t name, value;
		if (!take_length(&pairs, &size, &name) || !take_length(&pairs, &size, &value))
			return false;
		if (name > size || value > size - name)
			return false;
		pairs += name + value;
		size -= name + value;
	}
	return true;
}

/* Joins the contents of the PARAMS records at the front of the scratch space, and checks them. */
static enum frame take_params(struct scan *scan, unsigned char *scratch)
{
	size_t size = 0;

	for (;;) {
		enum frame frame = take_record(scan, PARAMS);
		if (frame != FRAME_READY)
			return frame;
		if (scan->content_size == 0)
			return scan->padding == 0 && pairs_fit(scratch, size) ? FRAME_READY : FRAME_BAD;
		memmove(scratch + size, scan->content, scan->content_size);
		size += scan->content_size;
	}
}

static enum frame take_stdin(struct scan *scan)
{
	enum frame frame;

	do
		frame = take_record(scan, STDIN);
	while (frame == FRAME_READY && scan->content_size > 0);
	return frame == FRAME_READY && scan->padding == 0 ? FRAME_WHOLE : frame;
}

enum frame frame_scan(unsigned char *bytes, size_t size)
{
	struct scan scan = {.at = bytes, .left = size};
	enum frame frame = take_begin(&scan);

	if (frame == FRAME_READY)
		frame = take_params(&scan, bytes);
	if (frame == FRAME_READY) {
		frame = take_stdin(&scan);
		return frame == FRAME_PARTIAL && size >= FRAME_ENOUGH ? FRAME_READY : frame;
	}
	return frame == FRAME_PARTIAL && size >= FRAME_HEAD_MAX ? FRAME_BAD : frame;
}
