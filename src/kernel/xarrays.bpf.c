// SPDX-License-Identifier: GPL-2.0-or-later
/* What a ring keeps in xarrays, from index cursor[0] on: groups of provided buffers, personalities, zero-copy receive queues. */
#include "common.h"

enum { STEPS = 24, MOST_COUNTED = 32 };

/*
 * A step looks at one slot of one node (lib/xarray.c). After an entry, or an empty slot, the way to the next index begins at
 * the head again.
 */
static __always_inline int walk_xa(struct io_ring_ctx *ctx, void *xa, int (*one)(void *entry, uint32_t index))
{
	const uint32_t bits = bpf_core_field_size(((struct xa_node *)0)->slots) == 128 ? 4 : 6;
	uint64_t head, at, index = x.cursor[0];

	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	at = head = load(xa + AT(xarray, xa_head));
	if (!head || ((head & 3) != 2 && index))
		return answer(WALK_DONE);
	if ((head & 3) != 2) {
		/* a single entry, of index 0 */
		one((void *)head, 0);
		return answer(WALK_DONE);
	}
#pragma clang loop unroll(disable)
	for (int i = 0; i < STEPS; i++) {
		struct xa_node *n = (void *)(at & ~3ull);
		uint32_t shift = GET(n, shift) & 63;
		uint64_t entry;

		if (at == head && index >> shift >> bits)
			return answer(WALK_DONE);
		entry = load((void *)n + AT(xa_node, slots) + ((index >> shift) & ((1u << bits) - 1)) * 8);
		/* a node; small numbers with this mark are no pointers */
		if ((entry & 3) == 2 && entry > 4096 && shift) {
			at = entry;
			continue;
		}
		if (entry && (entry & 3) != 2 && one((void *)entry, (uint32_t)index)) {
			x.cursor[0] = index;
			return answer(WALK_MORE);
		}
		index = ((index >> shift) + 1) << shift;
		at = head;
	}
	x.cursor[0] = index;
	return answer(WALK_MORE);
}

/* --- provided buffers --- */

/* Members of a circular list without its head, or -1 when there are too many. */
static __always_inline int count(struct list_head *head)
{
	struct list_head *l = GET(head, next);
	int n = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < MOST_COUNTED; i++) {
		if (!l || l == head)
			return n;
		n++;
		l = GET(l, next);
	}
	return -1;
}

static __always_inline void classic(struct rec_group *r, struct io_buffer_list *bl)
{
	int n = HAS(io_buffer_list, nbufs) ? GET(bl, nbufs) : count(ADDR(bl, io_buffer_list, buf_list));

	r->available = n < 0 ? MOST_COUNTED : (uint32_t)n;
	r->flags |= n < 0 ? GROUP_CUT : 0;
}

static __always_inline bool is_ring(struct io_buffer_list *bl, uint32_t *flags)
{
	if (HAS(io_buffer_list, flags)) {
		uint16_t f = GET(bl, flags);
		bool regions = HAS(io_buffer_list, region);

		if (f & (regions ? 2 : 4))
			*flags |= GROUP_INCREMENTAL;
		if (regions ? !(GET(bl, region.flags) & 2) : f & 2)
			*flags |= GROUP_KERNEL_MAPPED;
		return f & 1;
	}
	if (HAS(io_buffer_list, is_buf_ring)) {
		*flags |= GET(bl, is_mmap) ? GROUP_KERNEL_MAPPED : 0;
		return GET(bl, is_buf_ring);
	}
	if (HAS(io_buffer_list, is_mapped)) {
		*flags |= GET(bl, is_mmap) ? GROUP_KERNEL_MAPPED : 0;
		return GET(bl, is_mapped);
	}
	return GET(bl, buf_nr_pages) != 0;
}

static __always_inline int one_group(void *entry, uint32_t index)
{
	struct io_buffer_list *bl = entry;
	struct rec_group *r = room(sizeof(*r));

	if (!r)
		return 1;
	*r = (struct rec_group){.group = index};
	if (is_ring(bl, &r->flags)) {
		struct io_uring_buf_ring *ring = GET(bl, buf_ring);

		r->flags |= GROUP_RING;
		r->entries = (uint32_t)GET(bl, mask) + 1;
		r->head = GET(bl, head);
		r->tail = GET(ring, tail);
		r->available = (uint16_t)(r->tail - r->head);
	} else {
		r->flags &= ~(uint32_t)(GROUP_INCREMENTAL | GROUP_KERNEL_MAPPED);
		classic(r, bl);
	}
	return 0;
}

/* 5.10: the entry is the first buffer itself, and the list has no other head */
static __always_inline int one_old_group(void *entry, uint32_t index)
{
	struct rec_group *r = room(sizeof(*r));
	int n;

	if (!r)
		return 1;
	n = count(ADDR(entry, io_buffer, list));
	*r = (struct rec_group){.group = index, .available = n < 0 ? MOST_COUNTED : (uint32_t)n + 1};
	r->flags = n < 0 ? GROUP_CUT : 0;
	return 0;
}

SEC("iter/task")
int walk_groups(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	if (HAS(io_ring_ctx, io_bl_xa))
		return walk_xa(ctx, ADDR(ctx, io_ring_ctx, io_bl_xa), one_group);
	if (HAS(io_ring_ctx, io_buffers))
		return walk_xa(ctx, ADDR(ctx, io_ring_ctx, io_buffers), one_old_group);
	return answer(WALK_NONE);
}

/* 5.19 to 6.10: the groups below 64 stand in a table of their own */
SEC("iter/task")
int walk_low_groups(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	struct io_buffer_list *bl;

	(void)it;
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	if (!HAS(io_ring_ctx, io_bl))
		return answer(WALK_NONE);
	bl = GET(ctx, io_bl);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; bl && i < 64; i++) {
		void *one = (void *)bl + i * bpf_core_type_size(struct io_buffer_list);

		uint64_t list = load(ADDR(one, io_buffer_list, buf_list));
		uint32_t flags = 0;

		/* all 64 are there at once: one that is no ring and has nothing was most likely never used */
		if (is_ring(one, &flags) || (list && list != (uint64_t)ADDR(one, io_buffer_list, buf_list)))
			one_group(one, i);
	}
	return answer(WALK_DONE);
}

/* --- personalities --- */

static __always_inline int one_personality(void *entry, uint32_t index)
{
	struct rec_personality *r = room(sizeof(*r));

	if (!r)
		return 1;
	r->id = index;
	cred_ids(&r->cred, entry);
	return 0;
}

SEC("iter/task")
int walk_personalities(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	return walk_xa(ctx, ADDR(ctx, io_ring_ctx, personalities), one_personality);
}

/* --- zero-copy receive --- */

static __always_inline int one_zcrx(void *entry, uint32_t index)
{
	struct io_zcrx_ifq *q = entry;
	struct rec_zcrx *r = room(sizeof(*r));
	struct net_device *dev;

	if (!r)
		return 1;
	r->id = index;
	r->rxq = GET(q, if_rxq);
	r->entries = HAS(io_zcrx_ifq, rq_entries) ? GET(q, rq_entries) : GET(q, rq.nr_entries);
	dev = GET(q, netdev);
	r->ifname[0] = '\0';
	if (dev)
		bpf_probe_read_kernel_str(r->ifname, sizeof(r->ifname), ADDR(dev, net_device, name));
	return 0;
}

SEC("iter/task")
int walk_zcrx(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	struct io_zcrx_ifq *q;

	(void)it;
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	if (HAS(io_ring_ctx, zcrx_ctxs))
		return walk_xa(ctx, ADDR(ctx, io_ring_ctx, zcrx_ctxs), one_zcrx);
	if (!HAS(io_ring_ctx, ifq))
		return answer(WALK_NONE);
	q = GET(ctx, ifq);
	if (q)
		one_zcrx(q, 0);
	return answer(WALK_DONE);
}
