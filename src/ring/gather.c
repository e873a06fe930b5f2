/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sightings, by process and descriptor, to rings: which of them are the same one. */
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sighting.h"

static int by_key(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->ref.pid != y->ref.pid)
		return x->ref.pid < y->ref.pid ? -1 : 1;
	if (x->ref.tid != y->ref.tid)
		return x->ref.tid < y->ref.tid ? -1 : 1;
	if (x->ref.fd != y->ref.fd)
		return x->ref.fd < y->ref.fd ? -1 : 1;
	return x->map.start < y->map.start ? -1 : x->map.start > y->map.start;
}

/* The kernel's own order of open files: by what BPF saw, else by kcmp. */
static int by_file(const void *a, const void *b)
{
	const struct sighting *x = *(struct sighting *const *)a, *y = *(struct sighting *const *)b;
	long order;

	if (x->file && y->file)
		return x->file == y->file ? 0 : x->file < y->file ? -1 : 1;
	order = proc_kcmp(x->ref.tid, y->ref.tid, KCMP_FILE, (unsigned)x->ref.fd, (unsigned)y->ref.fd);

	if (order == 1 || order == 2)
		return order == 1 ? -1 : 1;
	/* the same file, or kcmp is refused and they count as different */
	return order == 0 ? 0 : by_key(x, y);
}

/*
 * A mapping names no ring there: it is the ring's of its process if that has only one, and a ring of its own if it has none.
 * Where a process has several, whose it is cannot be told, and it keeps the number 0.
 */
static uint64_t mapped_ring(const struct sighting *s, size_t n, size_t i, uint64_t *next)
{
	uint64_t only = 0, other_half = 0;
	bool several = false;

	for (size_t k = 0; k < n; k++) {
		if (s[k].ref.pid != s[i].ref.pid)
			continue;
		if (s[k].kind == SIGHTING_FD) {
			several |= only && only != s[k].ino;
			only = s[k].ino;
		} else if (s[k].ino && s[k].map.offset != s[i].map.offset) {
			other_half = s[k].ino;
		}
	}
	if (several)
		return 0;
	return only ? only : other_half ? other_half : (*next)++;
}

/* Where all rings share one inode, kcmp says which descriptors are the same ring, and each gets a number instead. */
static void number_rings(struct sighting *s, size_t n)
{
	struct sighting **files = xrealloc(NULL, (n + 1) * sizeof(struct sighting *));
	size_t n_files = 0, first;
	uint64_t next = 1;

	for (size_t i = 0; i < n; i++) {
		s[i].ino = 0;
		if (s[i].kind == SIGHTING_FD || s[i].file)
			files[n_files++] = &s[i];
	}
	qsort(files, n_files, sizeof(struct sighting *), by_file);
	/* files that are the same stand together now: each points at the first of its group */
	for (size_t i = 0; i < n_files; i = first) {
		struct sighting *least = files[i];

		for (first = i; first < n_files && by_file(&files[i], &files[first]) == 0; first++)
			least = files[first] < least ? files[first] : least;
		for (size_t k = i; k < first; k++)
			files[k]->same = least;
	}
	/* and the groups are numbered in the order of processes and descriptors, those without a descriptor last */
	for (int without = 0; without < 2; without++) {
		for (size_t i = 0; i < n; i++) {
			if (!s[i].same || (s[i].kind == SIGHTING_FD) == without)
				continue;
			if (!s[i].same->ino)
				s[i].same->ino = next++;
			s[i].ino = s[i].same->ino;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (s[i].kind == SIGHTING_MAP && !s[i].file)
			s[i].ino = mapped_ring(s, n, i, &next);
	free(files);
}

/* Marks the rings of which a process may have one of the mappings that could not be told apart. */
static void mark_unpaired(struct discovery *d, const struct sighting *s, size_t n)
{
	for (size_t i = 0; i < n && !s[i].ino; i++)
		for (size_t r = 0; r < d->n_rings; r++)
			for (size_t k = 0; k < d->rings[r].n_refs; k++)
				d->rings[r].maps_unknown |= d->rings[r].refs[k].pid == s[i].ref.pid;
}

static void add_ring(struct discovery *d, size_t *cap, const struct sighting *s, size_t n)
{
	size_t count[3] = {0};
	struct found_ring *r;

	for (size_t i = 0; i < n; i++)
		count[s[i].kind]++;
	d->rings = arena_grow(&d->arena, d->rings, d->n_rings, cap, sizeof(*d->rings));
	r = &d->rings[d->n_rings++];
	*r = (struct found_ring){.id = s->ino, .numbered = d->shared_inode};
	r->refs = arena_alloc(&d->arena, count[SIGHTING_FD] * sizeof(*r->refs));
	r->maps = arena_alloc(&d->arena, count[SIGHTING_MAP] * sizeof(*r->maps));
	r->registered = arena_alloc(&d->arena, count[SIGHTING_REGISTERED] * sizeof(*r->registered));
	for (size_t i = 0; i < n; i++) {
		r->inode = s[i].inode;
		if (s[i].fds_unknown)
			r->fds_unknown = s[i].fds_unknown;
		if (s[i].file) {
			r->file = s[i].file;
			r->ctx = s[i].ctx;
		}
		if (s[i].kind == SIGHTING_FD)
			r->refs[r->n_refs++] = s[i].ref;
		else if (s[i].kind == SIGHTING_MAP)
			r->maps[r->n_maps++] = s[i].map;
		else
			r->registered[r->n_registered++] = s[i].ref;
	}
}

void gather(struct discovery *d, struct sightings *all)
{
	struct sighting *s = all->v;
	size_t cap = 0, n = all->n;

	if (d->shared_inode) {
		if (n)
			qsort(s, n, sizeof(*s), by_key);
		number_rings(s, n);
	}
	if (n)
		qsort(s, n, sizeof(*s), by_key);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && s[end].ino == s[i].ino; end++)
			;
		if (s[i].ino)
			add_ring(d, &cap, s + i, end - i);
	}
	if (d->shared_inode)
		mark_unpaired(d, s, n);
}

struct sighting *sighting_add(struct sightings *s)
{
	s->v = arena_grow(&s->arena, s->v, s->n, &s->cap, sizeof(*s->v));
	return &s->v[s->n++];
}

void sightings_reserve(struct sightings *s, size_t more)
{
	struct sighting *v;

	if (s->cap - s->n >= more)
		return;
	s->cap = s->n + more;
	v = arena_alloc(&s->arena, s->cap * sizeof(*v));
	if (s->n)
		memcpy(v, s->v, s->n * sizeof(*v));
	s->v = v;
}

void sightings_join(struct sightings *s, const struct sightings *more)
{
	sightings_reserve(s, more->n);
	for (size_t i = 0; i < more->n; i++)
		*sighting_add(s) = more->v[i];
	for (size_t i = 0; i < more->n_skipped; i++) {
		s->skipped = arena_grow(&s->arena, s->skipped, s->n_skipped, &s->cap_skipped, sizeof(*s->skipped));
		s->skipped[s->n_skipped++] = more->skipped[i];
	}
	s->unseen += more->unseen;
}

void sightings_free(struct sightings *s)
{
	arena_free(&s->arena);
	*s = (struct sightings){.arena = s->arena};
}
