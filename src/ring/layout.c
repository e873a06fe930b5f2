/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a ring's memory is laid out when the setup flags are not known: list what is possible, strike out what the lengths of
 * the mappings and the kernel's own words in fdinfo rule out.
 */
#include <errno.h>

#include "ring.h"
#include "uapi.h"

const struct ring_header ring_header_known[2] = {
	/* 6.7 and later */
	{0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 64},
	/* up to 6.6 */
	{0, 64, 128, 192, 256, 260, 264, 268, 272, 276, 280, 284, 320},
};

enum { PAGE = 4096 };

static uint64_t align(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

uint64_t ring_sq_array_offset(const struct ring_header *h, const struct ring_geometry *g, const struct ring_layout *l)
{
	/* with 32-byte CQEs the kernel doubles all that stands before the array, the header included (rings_size) */
	return align((h->cqes + (uint64_t)g->cq_entries * 16) << l->cqe32, 64);
}

uint64_t ring_rings_size(const struct ring_header *h, const struct ring_geometry *g, const struct ring_layout *l)
{
	uint64_t size = ring_sq_array_offset(h, g, l);

	return l->no_sqarray ? size : size + (uint64_t)g->sq_entries * 4;
}

uint64_t ring_sqes_size(const struct ring_geometry *g, const struct ring_layout *l)
{
	return (uint64_t)g->sq_entries * 64 << l->sqe128;
}

static bool is_big_op(int opcode)
{
	const struct uapi_op *op = opcode >= 0 ? uapi_op((unsigned)opcode) : NULL;

	return op && op->big;
}

/* fdinfo prints the second half of every SQE and CQE that has one. */
static bool lines_allow(const struct fdinfo *f, const struct ring_layout *l)
{
	for (size_t i = 0; i < f->n_sqes; i++) {
		bool big = l->sqe128 || (l->sqe_mixed && is_big_op(f->sqes[i].opcode));

		if (f->sqes[i].big != big)
			return false;
	}
	for (size_t i = 0; i < f->n_cqes; i++) {
		bool big = l->cqe32 || (l->cqe_mixed && f->cqes[i].flags & UAPI_CQE_32);

		if (f->cqes[i].big != big)
			return false;
	}
	return true;
}

/* A program maps as much as it was told to, in whole pages; less than that would be of no use to it. */
static bool lengths_allow(const struct ring_header *h, const struct ring_geometry *g, const struct ring_layout *l)
{
	uint64_t rings = align(ring_rings_size(h, g, l), PAGE), sqes = align(ring_sqes_size(g, l), PAGE);

	return (!g->rings_len || g->rings_len == rings) && (!g->sqes_len || g->sqes_len == sqes);
}

/* Would anything in fdinfo look different if entries could be of both sizes? Only then is it worth claiming. */
static bool mixed_shows(const struct fdinfo *f, const struct ring_layout *l)
{
	bool sq = !l->sqe_mixed, cq = !l->cqe_mixed;

	for (size_t i = 0; f && i < f->n_sqes; i++)
		sq |= f->sqes[i].big;
	for (size_t i = 0; f && i < f->n_cqes; i++)
		cq |= f->cqes[i].big;
	return sq && cq;
}

size_t ring_layouts(const struct ring_header *h, const struct ring_geometry *g, const struct fdinfo *f,
	struct ring_layout out[RING_LAYOUTS])
{
	/* Entry sizes, plain first; a ring cannot be both all big and mixed. */
	static const struct ring_layout sizes[] = {
		{0, 0, 0, 0, 0},
		{1, 0, 0, 0, 0},
		{0, 0, 1, 0, 0},
		{1, 0, 1, 0, 0},
		{0, 1, 0, 0, 0},
		{0, 0, 0, 1, 0},
		{0, 1, 0, 1, 0},
		{0, 1, 1, 0, 0},
		{1, 0, 0, 1, 0},
	};
	size_t n = 0;
	bool lengths = true;

	/* A program that maps other lengths than liburing gets all layouts back rather than none. */
	for (;;) {
		for (unsigned array = 0; array < 2; array++) {
			for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
				struct ring_layout l = sizes[i];

				l.no_sqarray = array;
				if ((!f || lines_allow(f, &l)) && mixed_shows(f, &l) &&
					(!lengths || lengths_allow(h, g, &l)))
					out[n++] = l;
			}
		}
		if (n || !lengths)
			return n;
		lengths = false;
	}
}

int ring_geometry_from_words(const struct ring_header *h, const struct ring_words *w, struct ring_geometry *g)
{
	struct ring_layout least = {.no_sqarray = true};

	if (!w->sq_entries || w->sq_entries > UAPI_MAX_SQ_ENTRIES || w->sq_entries & (w->sq_entries - 1) ||
		!w->cq_entries || w->cq_entries > UAPI_MAX_CQ_ENTRIES || w->cq_entries & (w->cq_entries - 1) ||
		w->sq_mask != w->sq_entries - 1 || w->cq_mask != w->cq_entries - 1)
		return -EBADMSG;
	g->sq_entries = w->sq_entries;
	g->cq_entries = w->cq_entries;
	if ((g->rings_len && ring_rings_size(h, g, &least) > g->rings_len) ||
		(g->sqes_len && ring_sqes_size(g, &least) > g->sqes_len))
		return -EBADMSG;
	return 0;
}
