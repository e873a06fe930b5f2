/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bump allocator: blocks are chained newest first, and only the newest has room. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

enum { BLOCK = 64 * 1024, ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size;
	_Alignas(ALIGN) unsigned char data[];
};

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q) {
		fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
		exit(1);
	}
	return q;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->blocks || a->blocks->size - a->used < n) {
		size_t size = n > BLOCK ? n : BLOCK;
		struct arena_block *b = xrealloc(NULL, sizeof(*b) + size);

		b->older = a->blocks;
		b->size = size;
		a->blocks = b;
		a->used = 0;
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
		free(b);
	}
	a->used = a->blocks == place.block ? place.used : 0;
}

void arena_reset(struct arena *a)
{
	while (a->blocks && a->blocks->older) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		free(b);
	}
	a->used = 0;
}

void arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->blocks);
	a->blocks = NULL;
}
