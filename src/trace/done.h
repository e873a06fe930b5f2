/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A completion, as the tracepoint of whichever kernel hands it over. */
#ifndef URINGTOP_TRACE_DONE_H
#define URINGTOP_TRACE_DONE_H

#include "tbpf.h"

struct done {
	uint64_t ctx;
	void *req; /* NULL: it names none */
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	uint64_t extra[2];
};

/* include/trace/events/io_uring.h of 5.10, 5.17, 6.1 and 6.16; the loader has said in args which it is */
static __always_inline void what_is_done(bool fast, struct bpf_raw_tracepoint_args *c, struct done *d)
{
	*d = (struct done){.ctx = c->args[0]};
	if (args.complete_req < 0) {
		d->user_data = c->args[1];
		d->res = (int32_t)c->args[2];
		d->flags = (uint32_t)c->args[3];
		return;
	}
	d->req = (void *)argument(c, args.complete_req);
	if (args.complete_cqe >= 0) {
		struct io_uring_cqe *cqe = TYPED(fast, io_uring_cqe, argument(c, args.complete_cqe));

		d->user_data = READ(fast, cqe, user_data);
		d->res = READ(fast, cqe, res);
		d->flags = READ(fast, cqe, flags);
		return;
	}
	d->user_data = c->args[2];
	d->res = (int32_t)c->args[3];
	d->flags = (uint32_t)c->args[4];
	if (args.complete_extra >= 0) {
		d->extra[0] = c->args[5];
		d->extra[1] = c->args[6];
	}
}

#endif
