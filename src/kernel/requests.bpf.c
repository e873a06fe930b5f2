// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests, list by list. cursor[0] is the bucket of a table (a list is a table of one), cursor[1] the next node in it,
 * cursor[2] the next request of a link chain, cursor[3] how deep that stands. A list may change while it is followed: each
 * step ends, and the caller counts.
 */
#include "request.h"

enum { REQUESTS_AT_ONCE = 4 };

/*
 * Where the list that is asked for begins, and where in a request its nodes stand. In memory, where the verifier does not follow
 * it: else it would follow each kind of list through all of the loop.
 */
struct {
	uint64_t head; /* address of the first pointer; of a table, of bucket 0 */
	uint64_t buckets, stride;
	uint64_t offset;   /* of the node in its request */
	uint64_t circular; /* it ends at its head, not at NULL */
	uint64_t entry;	   /* nodes are io_defer_entries, which point at their requests */
	uint64_t skip;	   /* a node that is no request */
} follow;

static __always_inline bool begins(void *head, uint64_t offset)
{
	follow.head = (uint64_t)head;
	follow.offset = offset;
	follow.buckets = 1;
	follow.stride = follow.circular = follow.entry = follow.skip = 0;
	return true;
}

static __always_inline bool hash_table(struct io_hash_table *t)
{
	uint32_t bits = GET(t, hash_bits);
	struct io_hash_bucket *b = GET(t, hbs);

	begins(ADDR(b, io_hash_bucket, list), AT(io_kiocb, hash_node));
	follow.buckets = b && bits < 20 ? 1u << bits : 0;
	follow.stride = bpf_core_type_size(struct io_hash_bucket);
	return true;
}

static __always_inline bool polls(struct io_ring_ctx *ctx)
{
	uint32_t bits;

	if (!HAS(io_ring_ctx, cancel_hash))
		return hash_table(ADDR(ctx, io_ring_ctx, cancel_table));
	bits = GET(ctx, cancel_hash_bits);
	begins(GET(ctx, cancel_hash), AT(io_kiocb, hash_node));
	follow.buckets = bits < 20 ? 1u << bits : 0;
	follow.stride = sizeof(void *);
	return true;
}

/* A timeout's node stands in the part of a request that each opcode uses as it likes, its very start. */
static __always_inline bool timeouts(void *head)
{
	begins(head, AT(io_timeout, list));
	return follow.circular = true;
}

static __always_inline bool iopoll(struct io_ring_ctx *ctx)
{
	void *head = ADDR(ctx, io_ring_ctx, iopoll_list);

	if (HAS(io_kiocb, iopoll_node)) {
		begins(head, AT(io_kiocb, iopoll_node));
		follow.circular = true;
	} else if (HAS(io_kiocb, inflight_entry)) {
		begins(head, AT(io_kiocb, inflight_entry));
		follow.circular = true;
	} else {
		begins(head, AT(io_kiocb, comp_list));
	}
	return true;
}

static __always_inline bool drained(struct io_ring_ctx *ctx)
{
	begins(ADDR(ctx, io_ring_ctx, defer_list), AT(io_defer_entry, list));
	follow.circular = follow.entry = true;
	return true;
}

static __always_inline bool task_work(struct io_ring_ctx *ctx)
{
	const uint64_t offset = AT(io_kiocb, io_task_work) + AT(io_task_work, node);

	if (HAS(io_ring_ctx, work_llist))
		return begins(ADDR(ctx, io_ring_ctx, work_llist), offset);
	if (!HAS(io_ring_ctx, work_list))
		return false;
	begins(ADDR(ctx, io_ring_ctx, work_head), offset);
	follow.skip = (uint64_t)ADDR(ctx, io_ring_ctx, work_list) + AT(mpscq, stub);
	return true;
}

/* key[0]: a task's io_uring */
static __always_inline bool task_list(void)
{
	const uint64_t offset = AT(io_kiocb, io_task_work) + AT(io_task_work, node);
	void *u = (void *)x.key[0];

	if (!HAS(io_uring_task, task_head))
		return begins(ADDR(u, io_uring_task, task_list), offset);
	begins(ADDR(u, io_uring_task, task_head), offset);
	follow.skip = (uint64_t)ADDR(u, io_uring_task, task_list) + AT(mpscq, stub);
	return true;
}

/* key[0] as above; key[1]: which NUMA node, up to 6.2 */
static __always_inline bool queued(uint32_t acct)
{
	const uint64_t offset = AT(io_kiocb, work) + AT(io_wq_work, list);
	const struct io_uring_task *u = (void *)x.key[0];
	struct io_wq *wq = GET(u, io_wq);

	if (!HAS(io_wq, wqes)) {
		begins(ADDR(wq, io_wq, acct) + acct * bpf_core_type_size(struct io_wq_acct) + AT(io_wq_acct, work_list),
			offset);
	} else {
		struct io_wqe *e = (void *)load(ADDR(wq, io_wq, wqes) + (x.key[1] & 63) * 8);

		begins(ADDR(e, io_wqe, acct) + acct * bpf_core_type_size(struct io_wqe_acct) +
				AT(io_wqe_acct, work_list),
			offset);
		follow.buckets = GET(e, wq) == wq;
	}
	if (!wq)
		follow.buckets = 0;
	return true;
}

/*
 * What writes to one file is done by one worker, one after the other: it takes them all out of its pool's list at once (io_get_next_work),
 * and they hang behind what it runs.
 */
static __always_inline bool chained(void)
{
	struct io_worker *w = (void *)x.key[0];
	struct task_struct *t = GET(w, task);
	struct io_wq_work *work = GET(w, cur_work);
	void *of_task;

	begins(ADDR(work, io_wq_work, list), AT(io_kiocb, work) + AT(io_wq_work, list));
	if (HAS(task_struct, worker_private))
		of_task = GET(t, worker_private);
	else
		of_task = GET(t, pf_io_worker);
	/* it may have ended, or have come to the end of them */
	if (!work || of_task != (void *)w)
		follow.buckets = 0;
	return true;
}

/* False: this kernel has no such list. */
static __always_inline bool find_list(struct io_ring_ctx *ctx)
{
	switch (x.what) {
	case LIST_POLL:
		return polls(ctx);
	case LIST_POLL_LOCKED:
		return HAS(io_ring_ctx, cancel_table_locked) && hash_table(ADDR(ctx, io_ring_ctx, cancel_table_locked));
	case LIST_TIMEOUT:
		return timeouts(ADDR(ctx, io_ring_ctx, timeout_list));
	case LIST_LINK_TIMEOUT:
		return timeouts(ADDR(ctx, io_ring_ctx, ltimeout_list));
	case LIST_DRAIN:
		return drained(ctx);
	case LIST_IOPOLL:
		return iopoll(ctx);
	case LIST_TASK_WORK:
		return task_work(ctx);
	case LIST_TASK_RETRY:
		return HAS(io_ring_ctx, retry_llist) &&
		       begins(ADDR(ctx, io_ring_ctx, retry_llist), AT(io_kiocb, io_task_work) + AT(io_task_work, node));
	case LIST_FUTEX:
		return HAS(io_ring_ctx, futex_list) &&
		       begins(ADDR(ctx, io_ring_ctx, futex_list), AT(io_kiocb, hash_node));
	case LIST_WAITID:
		return HAS(io_ring_ctx, waitid_list) &&
		       begins(ADDR(ctx, io_ring_ctx, waitid_list), AT(io_kiocb, hash_node));
	case LIST_URING_CMD:
		return HAS(io_ring_ctx, cancelable_uring_cmd) &&
		       begins(ADDR(ctx, io_ring_ctx, cancelable_uring_cmd), AT(io_kiocb, hash_node));
	case LIST_TASK:
		return task_list();
	case LIST_IOWQ_BOUND:
		return queued(0);
	case LIST_IOWQ_UNBOUND:
		return queued(1);
	case LIST_IOWQ_CHAIN:
		return chained();
	default:
		return false;
	}
}

/* Returns the request that is linked to it, NULL for none. */
static __always_inline struct io_kiocb *emit(struct io_kiocb *req, uint32_t depth)
{
	struct rec_request *r = room(sizeof(*r));

	if (!r)
		return NULL;
	__builtin_memset(r, 0, sizeof(*r));
	request(r, req);
	r->linked = depth;
	if (!depth && (x.what == LIST_TIMEOUT || x.what == LIST_LINK_TIMEOUT))
		timer(r, req);
	return GET(req, link);
}

SEC("iter/task")
int walk_requests(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	if (!find_list(ctx))
		return answer(WALK_NONE);
#pragma clang loop unroll(disable)
	for (int i = 0; i < REQUESTS_AT_ONCE; i++) {
		uint64_t req = x.cursor[2], node = x.cursor[1], head = follow.head + x.cursor[0] * follow.stride;

		if (!req) {
			if (x.cursor[0] >= follow.buckets)
				return answer(WALK_DONE);
			if (!node)
				node = load((void *)head);
			x.cursor[1] = node && node != head ? load((void *)node) : 0;
			if (!x.cursor[1] || x.cursor[1] == head) {
				x.cursor[1] = 0;
				x.cursor[0]++;
			}
			if (!node || (follow.circular && node == head) || node == follow.skip)
				continue;
			req = node - follow.offset;
			if (follow.entry)
				req = (uint64_t)GET((struct io_defer_entry *)req, req);
			x.cursor[3] = 0;
		}
		x.cursor[2] = (uint64_t)emit((void *)req, (uint32_t)x.cursor[3]++);
	}
	return answer(WALK_MORE);
}
