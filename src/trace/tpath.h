/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests came to their end. */
#ifndef URINGTOP_TRACE_TPATH_H
#define URINGTOP_TRACE_TPATH_H

#include "done.h"
#include "worker.h"

extern const volatile uint8_t op_polls[256]; /* they do nothing but wait for a file */

/* What is being submitted to a ring. The kernel's own count runs ahead of the one that the program sees until the call ends. */
static __always_inline struct taking taking_of(bool fast, struct io_ring_ctx *ctx)
{
	struct io_rings *rings_ = READ(fast, ctx, rings);
	uint32_t first = READ(fast, rings_, sq.head);

	return (struct taking){first, READ(fast, ctx, cached_sq_head) - first};
}

/* Notes a submission, and where it stood. When, is for the caller to add. */
static __always_inline struct trace_note *note_submission(bool fast, uint64_t request, uint32_t place)
{
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct trace_note *n = note_for(request);

	n->req = request;
	n->what = NOTE_SUBMITTED | (READ(fast, req, flags) & bits.creds ? NOTE_CREDS : 0);
	n->place = place;
	return n;
}

/* How a request that has completed came to its end. n: its note, NULL: it has none. */
static __always_inline enum summary_path path_of(
	bool fast, const struct done *d, uint32_t opcode, const struct trace_note *n)
{
	struct io_ring_ctx *ctx = TYPED(fast, io_ring_ctx, d->ctx);
	enum by_worker w = by_worker(fast, TYPED(fast, io_kiocb, d->req), opcode);
	uint32_t what = n ? n->what : 0;

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
	if (what & NOTE_SUBMITTED && in_one_call(n->place, taking_of(fast, ctx)))
		return PATH_INLINE;
	return op_polls[opcode & 255] ? PATH_POLL : PATH_TASK_WORK;
}

#endif
