// SPDX-License-Identifier: GPL-2.0-or-later
/* The tasks that use a ring, and their io-wq workers: from the node at cursor[1] on, of list cursor[0]. */
#include "request.h"

enum { TASKS_AT_ONCE = 4, WORKERS_AT_ONCE = 8, MOST_NODES = 8 };

static __always_inline void add_acct(struct rec_user *r, uint32_t i, uint32_t workers, int running, uint32_t max)
{
	r->acct[i].workers += workers;
	r->acct[i].running += (uint32_t)running;
	r->acct[i].max += max;
}

static __always_inline void io_wq(struct rec_user *r, struct io_wq *wq)
{
	r->has_wq = 1;
	if (!HAS(io_wq, wqes)) {
		for (uint32_t i = 0; i < 2; i++) {
			struct io_wq_acct *a = ADDR(wq, io_wq, acct) + i * bpf_core_type_size(struct io_wq_acct);

			add_acct(r, i, GET(a, nr_workers), GET(a, nr_running.counter), GET(a, max_workers));
		}
		return;
	}
	for (uint32_t n = 0; n < MOST_NODES; n++) {
		struct io_wqe *e = (void *)load(ADDR(wq, io_wq, wqes) + n * 8);

		/* the table has as many as the machine has nodes, and nothing says how many that is */
		if (!e || GET(e, wq) != wq)
			break;
		r->nodes++;
		for (uint32_t i = 0; i < 2; i++) {
			struct io_wqe_acct *a = ADDR(e, io_wqe, acct) + i * bpf_core_type_size(struct io_wqe_acct);

			add_acct(r, i, GET(a, nr_workers), GET(a, nr_running.counter), GET(a, max_workers));
		}
	}
}

static __always_inline void one_user(struct task_struct *t, const struct pid *mine)
{
	struct rec_user *r = room(sizeof(*r));
	struct io_uring_task *u;

	if (!r)
		return;
	__builtin_memset(r, 0, sizeof(*r));
	u = GET(t, io_uring);
	r->tctx = (uint64_t)u;
	r->mm = (uint64_t)GET(t, mm);
	task_ids(&r->task, t, mine);
	if (u && GET(u, io_wq))
		io_wq(r, GET(u, io_wq));
}

/* Those that have entered the kernel for the ring; and its SQPOLL thread, which submits for all of them and is not in the list. */
SEC("iter/task")
int walk_users(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	const struct pid *mine = my_pid();
	struct io_sq_data *sqd;
	uint64_t head;

	(void)it;
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	head = (uint64_t)ADDR(ctx, io_ring_ctx, tctx_list);
	sqd = GET(ctx, sq_data);
	if (!x.cursor[1] && sqd && GET(sqd, thread))
		one_user(GET(sqd, thread), mine);
#pragma clang loop unroll(disable)
	for (int i = 0; i < TASKS_AT_ONCE; i++) {
		uint64_t at = x.cursor[1] ? x.cursor[1] : load((void *)head);
		struct io_tctx_node *n = (void *)(at - AT(io_tctx_node, ctx_node));

		if (!at || at == head)
			return answer(WALK_DONE);
		x.cursor[1] = load((void *)at);
		one_user(GET(n, task), mine);
		if (!x.cursor[1] || x.cursor[1] == head)
			return answer(WALK_DONE);
	}
	return answer(WALK_MORE);
}

/* Where the lists of workers begin; in memory and found out before the loop, because kernels differ. */
struct {
	uint64_t heads[MOST_NODES];
	uint64_t by_list; /* the first list is of bound workers, the second of unbound ones */
} worker_lists;

static __always_inline void find_lists(struct io_wq *wq)
{
	__builtin_memset(&worker_lists, 0, sizeof(worker_lists));
	if (HAS(io_wq_acct, all_list)) {
		worker_lists.heads[0] = (uint64_t)ADDR(wq, io_wq, acct) + AT(io_wq_acct, all_list);
		worker_lists.heads[1] = worker_lists.heads[0] + bpf_core_type_size(struct io_wq_acct);
		worker_lists.by_list = 1;
	} else if (HAS(io_wq, all_list)) {
		worker_lists.heads[0] = (uint64_t)ADDR(wq, io_wq, all_list);
	} else {
		for (int n = 0; n < MOST_NODES; n++) {
			struct io_wqe *e = (void *)load(ADDR(wq, io_wq, wqes) + n * 8);

			if (!e || GET(e, wq) != wq)
				break;
			worker_lists.heads[n] = (uint64_t)ADDR(e, io_wqe, all_list);
		}
	}
}

static __always_inline void one_worker(struct io_worker *w, const struct pid *mine)
{
	struct rec_worker *r = room(sizeof(*r));
	struct io_wq_work *work;

	if (!r)
		return;
	__builtin_memset(r, 0, sizeof(*r));
	r->key = (uint64_t)w;
	task_ids(&r->task, GET(w, task), mine);
	r->flags = (uint32_t)NUM(w, flags);
	/* a flag up to 6.14, since then by the list it stands in */
	r->bound = worker_lists.by_list ? x.cursor[0] == 0 : !!(r->flags & 8);
	work = GET(w, cur_work);
	if (work)
		request(&r->run, (void *)((uint64_t)work - AT(io_kiocb, work)));
}

SEC("iter/task")
int walk_workers(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	const struct io_uring_task *u = (void *)x.key[0];
	const struct pid *mine = my_pid();
	struct io_wq *wq;

	(void)it;
	x.len = x.n = 0;
	if (!ctx)
		return answer(WALK_GONE);
	wq = u ? GET(u, io_wq) : NULL;
	if (!wq)
		return answer(WALK_DONE);
	find_lists(wq);
#pragma clang loop unroll(disable)
	for (int i = 0; i < WORKERS_AT_ONCE; i++) {
		uint64_t head = worker_lists.heads[x.cursor[0] & (MOST_NODES - 1)], at;

		if (!head || x.cursor[0] >= MOST_NODES)
			return answer(WALK_DONE);
		at = x.cursor[1] ? x.cursor[1] : load((void *)head);
		x.cursor[1] = at && at != head ? load((void *)at) : 0;
		if (at && at != head)
			one_worker((void *)(at - AT(io_worker, all_list)), mine);
		if (!x.cursor[1] || x.cursor[1] == head) {
			x.cursor[1] = 0;
			x.cursor[0]++;
		}
	}
	return answer(WALK_MORE);
}
