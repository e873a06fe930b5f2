/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is given back all at once. A snapshot lives in one arena, so no reader or renderer frees anything piece
 * by piece. Running out of memory ends the program with a message: no caller could do better.
 */
#ifndef URINGTOP_ARENA_H
#define URINGTOP_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* bytes of the newest block that are taken */
	bool shared; /* with helper processes: its blocks are the pool's (pool.h), and any of them may fill or free it, one at a time */
};

/* An empty arena that is shared with helper processes; a plain one if the program has none. */
struct arena arena_shared(void);

/* n zeroed bytes, aligned for anything; freed with the arena. Never NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy of n bytes with a NUL behind them. Never NULL. */
char *arena_copy(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* printf into the arena. Never NULL. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A growable array in an arena: returns items with room for at least one more than n, moved if it had to be; *cap is the
 * room there is, in items of size bytes. The old place stays until the arena goes.
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size);

/* What was taken since can be given back: no pointer to it may be left then. */
struct arena_place {
	struct arena_block *block;
	size_t used;
};
struct arena_place arena_place(const struct arena *a);
void arena_back(struct arena *a, struct arena_place place);

/* Forget everything; the first block is kept for what comes next. */
void arena_reset(struct arena *a);

/* All that from has is a's from now on; from is empty then. Both are shared, or neither is. */
void arena_join(struct arena *a, struct arena *from);

/* Give everything back; the arena is empty and usable again. */
void arena_free(struct arena *a);

/* malloc and realloc that end the program with a message instead of returning NULL; freed with free(). */
void *xrealloc(void *p, size_t n);

#endif
