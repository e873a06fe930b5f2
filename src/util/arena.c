/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bump allocator: blocks are chained newest first, and only the newest has room. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "pool.h"

enum { BLOCK = 64 * 1024, ALIGN = 16, SHARED_FIRST = 8 * 1024, SHARED_MOST = 256 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	_Alignas(ALIGN) unsigned char data[];
};

static void __attribute__((noreturn)) out_of_memory(void)
{
	fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
	exit(1);
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		out_of_memory();
	return q;
}

struct arena arena_shared(void)
{
	return (struct arena){.shared = pool_is_open()};
}

/* A block with room for n bytes at least. */
static struct arena_block *block_new(const struct arena *a, size_t n)
{
	size_t size = sizeof(struct arena_block) + (n > BLOCK ? n : BLOCK);
	struct arena_block *b;

	if (a->shared) {
		/* many are small: they begin small, and grow */
		size = a->blocks ? 2 * (sizeof(*b) + a->blocks->size) : SHARED_FIRST;
		size = size < SHARED_MOST ? size : SHARED_MOST;
		size = n + sizeof(*b) > size ? n + sizeof(*b) : size;
		b = pool_take(&size);
		if (!b)
			out_of_memory();
	} else {
		b = xrealloc(NULL, size);
	}
	b->size = size - sizeof(*b);
	return b;
}

static void block_free(const struct arena *a, struct arena_block *b)
{
	if (a->shared)
		pool_give(b, sizeof(*b) + b->size);
	else
		free(b);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->blocks || a->blocks->size - a->used < n) {
		struct arena_block *b = block_new(a, n);

		b->older = a->blocks;
		a->used = 0;
		a->blocks = b;
	}
	p = a->blocks->data + a->used;
	a->used += n;
	return memset(p, 0, n);
}

char *arena_copy(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	if (n > 0)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	bigger = arena_alloc(a, *cap * size);
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}

struct arena_place arena_place(const struct arena *a)
{
	return (struct arena_place){a->blocks, a->used};
}

void arena_back(struct arena *a, struct arena_place place)
{
	while (a->blocks && a->blocks != place.block && a->blocks->older) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		block_free(a, b);
	}
	a->used = a->blocks == place.block ? place.used : 0;
}

void arena_reset(struct arena *a)
{
	while (a->blocks && a->blocks->older) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		block_free(a, b);
	}
	a->used = 0;
}

void arena_join(struct arena *a, struct arena *from)
{
	struct arena_block *last = from->blocks;

	if (!last)
		return;
	while (last->older)
		last = last->older;
	if (a->blocks) {
		last->older = a->blocks->older;
		a->blocks->older = from->blocks;
	} else {
		a->blocks = from->blocks;
		a->used = from->used;
	}
	from->blocks = NULL;
	from->used = 0;
}

void arena_free(struct arena *a)
{
	struct arena_block *last;

	arena_reset(a);
	/* a helper may be killed at any instruction: a block that is given back is in no arena any more */
	last = a->blocks;
	a->blocks = NULL;
	if (last)
		block_free(a, last);
}
