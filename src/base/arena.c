/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c: a list of blocks, filled from the front.
 *
 * With ARENA_EMULATION (sanitizer builds) each allocation has a block of its own and of its exact
 * size, so that an overrun or a use after the reset is seen where it happens.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

#ifdef ARENA_EMULATION
static size_t block_size(size_t size)
{
	return size;
}
#else
#define BLOCK_SIZE 16384

static size_t block_size(size_t size)
{
	return size > BLOCK_SIZE ? size : BLOCK_SIZE;
}
#endif

void arena_init(struct arena *arena, size_t cap)
{
	*arena = (struct arena){.cap = cap};
}

static void wipe(struct arena_block *block)
{
	explicit_bzero(block->bytes, block->used);
	block->used = 0;
}

static void free_block(struct arena *arena, struct arena_block *block)
{
	wipe(block);
	arena->total -= block->size;
	free(block);
}

void arena_reset(struct arena *arena)
{
	while (arena->blocks != NULL && arena->blocks->next != NULL) {
		struct arena_block *next = arena->blocks->next;
		free_block(arena, arena->blocks);
		arena->blocks = next;
	}
	if (arena->blocks == NULL)
		return;
	wipe(arena->blocks);
	if (arena->blocks->size != block_size(1))
		arena_fini(arena); /* a large one is not kept */
}

void arena_fini(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *next = arena->blocks->next;
		free_block(arena, arena->blocks);
		arena->blocks = next;
	}
}

/* A block with room for `size` bytes at the head of the list; false at the cap or without memory. */
static bool add_block(struct arena *arena, size_t size)
{
	struct arena_block *block;

	size = block_size(size);
	if (size > arena->cap - arena->total)
		return false;
	block = calloc(1, sizeof(*block) + size);
	if (block == NULL)
		return false;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->total += size;
	return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	void *result;

	if (size > arena->cap)
		return NULL;
#ifndef ARENA_EMULATION
	size = (size + unit - 1) / unit * unit;
#else
	(void)unit;
	block = NULL;
#endif
	if (block == NULL || size > block->size - block->used) {
		if (!add_block(arena, size))
			return NULL;
		block = arena->blocks;
	}
	result = block->bytes + block->used;
	block->used += size;
	return result;
}

void *arena_grow(struct arena *arena, void *items, size_t size, size_t count)
{
	void *more;

	if ((count & (count - 1)) != 0) /* there is room up to the next power of two */
		return items;
	more = arena_alloc(arena, (count == 0 ? 1 : 2 * count) * size);
	if (more != NULL && count > 0)
		memcpy(more, items, count * size);
	return more;
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	int size;
	char *text;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)size + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)size + 1, format, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
