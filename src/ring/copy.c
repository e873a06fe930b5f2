/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies the entries between head and tail. The target can write all of this memory at any time: sizes come from the
 * geometry, every index is masked with it, each word is copied once and only the copy is looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"
#include "uapi.h"

int ring_read_words(struct ring_access *acc, const struct ring_header *h, struct ring_words *w)
{
	uint8_t page[512];
	const uint32_t at[] = {h->sq_head, h->sq_tail, h->cq_head, h->cq_tail, h->sq_mask, h->cq_mask, h->sq_entries,
		h->cq_entries, h->sq_dropped, h->sq_flags, h->cq_flags, h->cq_overflow};
	uint32_t *to[] = {&w->sq_head, &w->sq_tail, &w->cq_head, &w->cq_tail, &w->sq_mask, &w->cq_mask, &w->sq_entries,
		&w->cq_entries, &w->sq_dropped, &w->sq_flags, &w->cq_flags, &w->cq_overflow};
	struct ring_piece all = {0, page, h->cqes};
	int err;

	if (h->cqes > sizeof(page))
		return -EBADMSG;
	err = acc->read(acc, AREA_RINGS, &all, 1);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (at[i] > h->cqes - sizeof(uint32_t))
			return -EBADMSG;
		memcpy(to[i], page + at[i], sizeof(uint32_t));
	}
	return 0;
}

/* The distance from head to tail, no more than the ring holds. */
static uint32_t fill(uint32_t head, uint32_t tail, uint32_t entries)
{
	return tail - head < entries ? tail - head : entries;
}

/* A window of a circular array as one or two pieces of dst. */
static size_t window(
	struct ring_piece p[2], uint64_t base, uint32_t head, uint32_t n, uint32_t entries, size_t size, uint8_t *dst)
{
	uint32_t first = head & (entries - 1), run = entries - first < n ? entries - first : n;

	p[0] = (struct ring_piece){base + (uint64_t)first * size, dst, run * size};
	p[1] = (struct ring_piece){base, dst + run * size, (n - run) * size};
	return n == run ? 1 : 2;
}

static int read_sq(struct arena *a, struct ring_access *acc, const struct ring_header *h, const struct ring_geometry *g,
	const struct ring_layout *l, const struct ring_words *w, struct ring_copy *out)
{
	uint32_t n = fill(w->sq_head, w->sq_tail, g->sq_entries), mask = g->sq_entries - 1, *array;
	size_t size = l->sqe128 ? 128 : 64, wanted = 0;
	struct ring_piece two[2], *pieces;
	int err;

	if (!n)
		return 0;
	array = arena_alloc(a, n * sizeof(*array));
	if (l->no_sqarray) {
		for (uint32_t i = 0; i < n; i++)
			array[i] = (w->sq_head + i) & mask;
	} else {
		size_t k = window(two, ring_sq_array_offset(h, g, l), w->sq_head, n, g->sq_entries, sizeof(*array),
			(uint8_t *)array);

		err = acc->read(acc, AREA_RINGS, two, k);
		if (err)
			return err;
	}
	out->sq = arena_alloc(a, n * sizeof(*out->sq));
	pieces = arena_alloc(a, n * sizeof(*pieces));
	for (uint32_t i = 0; i < n; i++) {
		struct ring_sq_entry *e = &out->sq[i];

		e->index = w->sq_head + i;
		e->slot = array[i];
		e->in_range = e->slot <= mask;
		e->sqe.known = ~0ull;
		e->sqe.big = l->sqe128;
		if (e->in_range) {
			/* with mixed sizes the next slot is read too, but for the last, which cannot be a big entry's start */
			size_t len = l->sqe_mixed && e->slot < mask ? 128 : size;

			pieces[wanted++] = (struct ring_piece){(uint64_t)e->slot * size, e->sqe.b, len};
		}
	}
	err = wanted ? acc->read(acc, AREA_SQES, pieces, wanted) : 0;
	if (err)
		return err;
	if (!l->sqe_mixed) {
		out->n_sq = n;
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct uapi_op *op = uapi_op(out->sq[i].sqe.b[SQE_OPCODE]);

		out->sq[out->n_sq] = out->sq[i];
		if (out->sq[i].in_range && op && op->big && i + 1 < n) {
			out->sq[out->n_sq].sqe.big = true;
			i++;
		}
		out->n_sq++;
	}
	return 0;
}

static int read_cq(struct arena *a, struct ring_access *acc, const struct ring_header *h, const struct ring_geometry *g,
	const struct ring_layout *l, const struct ring_words *w, struct ring_copy *out)
{
	uint32_t n = fill(w->cq_head, w->cq_tail, g->cq_entries);
	size_t size = l->cqe32 ? 32 : 16;
	struct ring_piece two[2];
	uint8_t *raw;
	int err;

	if (!n)
		return 0;
	raw = arena_alloc(a, n * size);
	err = acc->read(acc, AREA_RINGS, two, window(two, h->cqes, w->cq_head, n, g->cq_entries, size, raw));
	if (err)
		return err;
	out->cq = arena_alloc(a, n * sizeof(*out->cq));
	for (uint32_t i = 0; i < n; i++) {
		struct ring_cq_entry *e = &out->cq[out->n_cq++];
		const uint8_t *p = raw + i * size;

		e->index = w->cq_head + i;
		memcpy(&e->user_data, p, 8);
		memcpy(&e->res, p + 8, 4);
		memcpy(&e->flags, p + 12, 4);
		/* a big CQE never wraps: the kernel fills the gap with a SKIP entry */
		e->big = l->cqe32 || (l->cqe_mixed && e->flags & UAPI_CQE_32 && i + 1 < n);
		if (e->big)
			memcpy(e->extra, p + 16, 16);
		if (e->big && !l->cqe32)
			i++;
	}
	return 0;
}

/* What was taken from the ring while it was copied may have been overwritten: only what still stands there counts. */
static void drop_stale(struct ring_copy *out, const struct ring_words *before, const struct ring_words *after)
{
	uint32_t sq_gone = after->sq_head - before->sq_head, cq_gone = after->cq_head - before->cq_head;
	size_t n = 0;

	for (size_t i = 0; i < out->n_sq; i++)
		if (out->sq[i].index - before->sq_head >= sq_gone)
			out->sq[n++] = out->sq[i];
	out->moved = n != out->n_sq;
	out->n_sq = n;
	n = 0;
	for (size_t i = 0; i < out->n_cq; i++)
		if (out->cq[i].index - before->cq_head >= cq_gone)
			out->cq[n++] = out->cq[i];
	out->moved |= n != out->n_cq;
	out->n_cq = n;
}

int ring_read_entries(struct arena *a, struct ring_access *acc, const struct ring_header *h,
	const struct ring_geometry *g, const struct ring_layout *l, const struct ring_words *w, struct ring_copy *out)
{
	struct ring_words after;
	int err;

	*out = (struct ring_copy){.words = *w};
	err = read_sq(a, acc, h, g, l, w, out);
	if (!err)
		err = read_cq(a, acc, h, g, l, w, out);
	if (err || !(out->n_sq || out->n_cq))
		return err;
	err = ring_read_words(acc, h, &after);
	if (!err)
		drop_stale(out, w, &after);
	return err;
}

bool ring_agrees(const struct ring_copy *copy, const struct fdinfo *f)
{
	size_t line = 0;

	if (!f->n_sqes)
		return true;
	for (size_t i = 0; i < copy->n_sq; i++) {
		const struct ring_sq_entry *e = &copy->sq[i];
		const struct fdinfo_sqe *s = &f->sqes[line];

		if (!e->in_range)
			continue;
		if (line == f->n_sqes)
			return false;
		/* 7.x leaves out lines of opcodes that it does not have */
		if (s->slot != e->slot && !uapi_op(e->sqe.b[SQE_OPCODE]))
			continue;
		if (s->slot != e->slot || s->user_data != uapi_word(e->sqe.b, SQE_USER_DATA, 8) ||
			s->off != uapi_word(e->sqe.b, SQE_OFF, 8) || s->addr != uapi_word(e->sqe.b, SQE_ADDR, 8))
			return false;
		line++;
	}
	return line == f->n_sqes;
}
