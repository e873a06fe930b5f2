// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of a ring that are no requests: completions that overflowed, and NAPI ids; from the node at cursor[1] on. */
#include "common.h"

enum { ENTRIES_AT_ONCE = 24 };

static __always_inline int each(struct io_ring_ctx *ctx, uint64_t head, void (*one)(uint64_t node))
{
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
#pragma clang loop unroll(disable)
	for (int i = 0; i < ENTRIES_AT_ONCE; i++) {
		uint64_t at = x.cursor[1] ? x.cursor[1] : load((void *)head);

		if (!at || at == head)
			return answer(WALK_DONE);
		one(at);
		x.cursor[1] = load((void *)at);
		if (!x.cursor[1] || x.cursor[1] == head)
			return answer(WALK_DONE);
	}
	return answer(WALK_MORE);
}

static __always_inline void one_overflow(uint64_t node)
{
	void *o = (void *)(node - AT(io_overflow_cqe, list)), *cqe = ADDR(o, io_overflow_cqe, cqe);
	struct rec_overflow *r = room(sizeof(*r));

	/* a CQE and, if the ring has such, its second half: the reader knows */
	if (r)
		bpf_probe_read_kernel(r, sizeof(*r), cqe);
}

SEC("iter/task")
int walk_overflow(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	return each(ctx, (uint64_t)ADDR(ctx, io_ring_ctx, cq_overflow_list), one_overflow);
}

static __always_inline void one_napi(uint64_t node)
{
	struct io_napi_entry *e = (void *)(node - AT(io_napi_entry, list));
	struct rec_napi *r = room(sizeof(*r));

	if (r)
		r->id = GET(e, napi_id);
}

/* 6.9 and later */
SEC("iter/task")
int walk_napi(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	return each(ctx, (uint64_t)ADDR(ctx, io_ring_ctx, napi_list), one_napi);
}
