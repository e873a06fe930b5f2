/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which descriptor or slot a request was submitted with, where the request no longer says: in the tables in which its file can stand.
 * Each table is read once a ring.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

struct places {
	struct arena *a;
	struct file_place **v; /* of one table, by file */
	size_t n;
	bool nodes;   /* known by their node, and not by the file */
	size_t *left; /* how many more are looked through in this look */
};

static int by_table(const void *a, const void *b)
{
	const struct file_place *const *x = a, *const *y = b;

	if ((*x)->table != (*y)->table)
		return (*x)->table < (*y)->table ? -1 : 1;
	return (*x)->file < (*y)->file ? -1 : (*x)->file > (*y)->file;
}

static void note(struct places *p, struct file_place *f, uint32_t at)
{
	f->n++;
	if (f->n > FILE_PLACES)
		return;
	f->at = arena_grow(p->a, f->at, f->n - 1, &f->cap, sizeof(*f->at));
	f->at[f->n - 1] = at;
}

/* Several requests may have the same file: the first of them takes the places. */
static bool take(void *ctx, const void *record)
{
	struct places *p = ctx;
	struct rec_file r;
	size_t low = 0, high = p->n;
	uint64_t key;

	if (!*p->left)
		return false;
	--*p->left;
	memcpy(&r, record, sizeof(r));
	key = p->nodes ? r.node : r.file;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->v[mid]->file < key)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < p->n && p->v[low]->file == key)
		note(p, p->v[low], r.slot);
	return true;
}

void file_places(struct builder *b, struct arena *a, struct file_place *v, size_t n)
{
	struct file_place **sorted = arena_alloc(a, (n + 1) * sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, n, sizeof(*sorted), by_table);
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t table = sorted[i]->table;
		struct places p = {a, sorted + i, 0, table == TABLE_NODES, &b->places_left};
		bool slots = table == TABLE_NODES || table == TABLE_SLOTS;
		const struct walk_request w = {.limit = b->base.nr_files, .key = {table, 0}};
		int err;

		for (end = i; end < n && sorted[end]->table == table; end++)
			;
		p.n = end - i;
		err = !table ? -ESRCH
		      : slots && !b->base.nr_files
			      ? 0
			      : kernel_walk(b->k, slots ? WALK_FILES : WALK_FDS, &b->key, &w, take, &p);
		if (!err && !b->places_left)
			err = -E2BIG;
		for (size_t k = i; k < end; k++) {
			if (k > i && sorted[k]->file == sorted[k - 1]->file) {
				sorted[k]->n = sorted[k - 1]->n;
				sorted[k]->at = sorted[k - 1]->at;
			}
			sorted[k]->err = err;
		}
	}
}
