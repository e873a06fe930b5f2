/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a request is, and whether io-wq had it, from the request alone. */
#ifndef URINGTOP_TRACE_WORKER_H
#define URINGTOP_TRACE_WORKER_H

#include "tbpf.h"

extern const volatile struct trace_bits bits;
extern const volatile uint8_t op_counts_refs[256]; /* they take references without io-wq */

/* The task that submitted it. */
static __always_inline struct task_struct *submitter(bool fast, const struct io_kiocb *req)
{
	if (HAS(io_kiocb, tctx)) {
		struct io_uring_task *tctx = TYPED(fast, io_uring_task, READ(fast, req, tctx));

		return TYPED(fast, task_struct, READ(fast, tctx, task));
	}
	return TYPED(fast, task_struct, READ(fast, req, task));
}

enum by_worker { NOT_BY_WORKER, BY_WORKER, MAYBE_BY_WORKER };

/*
 * A worker takes references (io_wq_submit_work), and before that credentials were taken for it (io_prep_async_work): 5.15 to 7.3. So
 * no tracepoint has to run for each request that goes there; and what a worker does next of a chain (io_wq_free_work) has none.
 * Where something else may have taken either of them, it may not show who it was.
 */
static __always_inline enum by_worker by_worker(bool fast, const struct io_kiocb *req, uint32_t opcode)
{
	uint64_t flags = READ(fast, req, flags);

	if (!bits.both || (flags & bits.both) != bits.both)
		return NOT_BY_WORKER;
	return flags & bits.other || op_counts_refs[opcode & 255] ? MAYBE_BY_WORKER : BY_WORKER;
}

#endif
