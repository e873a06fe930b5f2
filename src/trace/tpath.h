/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests came to their end, where the kernel has to know. */
#ifndef URINGTOP_TRACE_TPATH_H
#define URINGTOP_TRACE_TPATH_H

#include "done.h"
#include "worker.h"

extern const volatile uint8_t op_polls[256]; /* they do nothing but wait for a file */

/*
 * What a task is submitting: requests one after the other, until something completes or is waited for. A request of it that completes
 * then, without the task having slept, did so in the call that submitted it. Tasks share a place by chance; then a batch begins anew.
 */
enum { BATCHES = 4096 };
struct trace_batch batches[BATCHES];

static __always_inline struct trace_batch *batch_of(uint64_t task)
{
	return &batches[(task >> 6 ^ task >> 18) & (BATCHES - 1)];
}

/* Notes what a task submits, and in which batch. When, is for the caller to add. */
static __always_inline struct trace_note *note_submission(bool fast, uint64_t request)
{
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct task_struct *t = submitter(fast, req);
	struct trace_batch *b = batch_of((uint64_t)t);
	struct trace_note *n = note_for(request);

	if (!b->submitting || b->task != (uint64_t)t) {
		b->task = (uint64_t)t;
		b->number++;
		b->submitting = 1;
		b->waited = 0;
	}
	n->req = request;
	n->what = NOTE_SUBMITTED | (READ(fast, req, flags) & bits.creds ? NOTE_CREDS : 0);
	n->batch = b->number;
	n->switches = (uint32_t)READ(fast, t, nvcsw);
	return n;
}

/* Does it run here? Where tasks tell (x86, arm64), two loads say so, and no helper has to be called. */
static __always_inline bool runs_here(bool fast, struct task_struct *t)
{
	if (fast && HAS(thread_info, cpu) && HAS(task_struct, on_cpu))
		return t->on_cpu && t->thread_info.cpu == bpf_get_smp_processor_id();
	return (uint64_t)t == bpf_get_current_task();
}

/* How a request that has completed came to its end. n: its note, NULL: it has none. */
static __always_inline enum summary_path path_of(
	bool fast, const struct done *d, uint32_t opcode, const struct trace_note *n)
{
	struct io_ring_ctx *ctx = TYPED(fast, io_ring_ctx, d->ctx);
	struct io_kiocb *req = TYPED(fast, io_kiocb, d->req);
	enum by_worker w = by_worker(fast, req, opcode);
	struct task_struct *t = submitter(fast, req);
	struct trace_batch *b = batch_of((uint64_t)t);
	uint32_t what = n ? n->what : 0;
	bool here = runs_here(fast, t);

	/* what its task submits from now on is another batch; a worker completes beside that */
	if (here)
		b->submitting = 0;
	if (what & NOTE_REFUSED)
		return PATH_INLINE;
	if (w == BY_WORKER || (w == MAYBE_BY_WORKER && !(what & NOTE_CREDS)))
		return PATH_IOWQ;
	if (w == MAYBE_BY_WORKER)
		return PATH_UNKNOWN;
	if (what & (NOTE_POLL | NOTE_WORK))
		return PATH_POLL;
	if (READ(fast, ctx, flags) & SETUP_IOPOLL)
		return PATH_IOPOLL;
	if (what & NOTE_SUBMITTED && here && b->task == (uint64_t)t && n->batch == b->number && !b->waited &&
		n->switches == (uint32_t)READ(fast, t, nvcsw) && d->res != TIME_PASSED)
		return PATH_INLINE;
	return op_polls[opcode & 255] ? PATH_POLL : PATH_TASK_WORK;
}

/* The same for whatever a task submits and completes in one call: it counts batches and how often the task has slept. */
static __always_inline uint32_t moment(bool fast, struct task_struct *t)
{
	struct trace_batch *b = batch_of((uint64_t)t);

	return (uint32_t)READ(fast, t, nvcsw) + b->number * 65537 + (b->waited << 31);
}

/* A task has submitted, and now something completes, or it waits for that. */
static __always_inline void end_batch(uint64_t task, bool waits)
{
	struct trace_batch *b = batch_of(task);

	if (b->task != task)
		return;
	b->waited |= waits;
	b->submitting = 0;
}

#endif
