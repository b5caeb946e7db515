/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h: memory of one request, given back and wiped as a whole.
 *
 * A `struct arena *` parameter means that results live in that arena: until arena_reset(). An arena
 * belongs to one thread at a time. Memory comes zeroed. When the cap is reached or the heap is
 * empty, an allocation gives NULL; callers answer ERR_INTERNAL.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first; the oldest is kept over a reset */
	size_t total;               /* bytes in all blocks */
	size_t cap;                 /* most bytes that all blocks together may have */
};

/* arena_init(arena, cap): an empty arena of at most `cap` bytes; takes no memory yet. */
void arena_init(struct arena *arena, size_t cap);

/* arena_reset(arena): wipes what was handed out and makes it free again, keeping one block. */
void arena_reset(struct arena *arena);

/* arena_fini(arena): wipes and frees everything. */
void arena_fini(struct arena *arena);

/* arena_alloc(arena, size): `size` zeroed bytes, aligned for any type; NULL when there are none. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;

/*
 * arena_grow(arena, items, size, count): an array that begins with the `count` items of `size` bytes in `items`, and
 * has room for one more, zeroed; `items` is what the last call gave, or NULL. NULL when there is no memory.
 */
void *arena_grow(struct arena *arena, void *items, size_t size, size_t count) MUST_CHECK;

/* arena_strdup(arena, text), arena_strndup(arena, text, size): a copy that ends with NUL, or NULL. */
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
char *arena_strndup(struct arena *arena, const char *text, size_t size) MUST_CHECK;

/* arena_printf(arena, format, ...): the formatted text, or NULL. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0) MUST_CHECK;

#endif
