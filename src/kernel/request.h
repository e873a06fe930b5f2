/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request, into its record. */
#ifndef URINGTOP_KERNEL_REQUEST_H
#define URINGTOP_KERNEL_REQUEST_H

#include "common.h"

static __always_inline void timer(struct rec_request *r, struct io_kiocb *req)
{
	const struct io_timeout_data *d = GET(req, async_data);

	if (!d)
		return;
	r->has |= REQUEST_TIMEOUT;
	r->expires = GET(d, timer.node.expires);
	r->timeout_flags = GET(d, flags);
	if (HAS(io_timeout_data, time))
		r->period = GET(d, time);
	else
		r->period = GET(d, ts.tv_sec) * 1000000000 + GET(d, ts.tv_nsec);
}

/* The task that a request runs for. */
static __always_inline struct task_struct *task_of(struct io_kiocb *req)
{
	const struct io_uring_task *u;

	if (HAS(io_kiocb, task))
		return GET(req, task);
	u = (void *)GET(req, tctx);
	return u ? GET(u, task) : NULL;
}

static __always_inline void request(struct rec_request *r, struct io_kiocb *req)
{
	struct task_struct *t;

	r->key = (uint64_t)req;
	r->ctx = (uint64_t)GET(req, ctx);
	r->file = (uint64_t)GET(req, file);
	if (x.limit && r->file) {
		struct file *file = (void *)r->file;
		struct io_ring_ctx *ring = ring_of(file);

		r->ring = (uint64_t)ring;
		r->ring_ino = ring ? GET(file, f_inode, i_ino) : 0;
	}
	r->flags = NUM(req, flags);
	r->opcode = GET(req, opcode);
	if (HAS(io_kiocb, cqe)) {
		r->user_data = GET(req, cqe.user_data);
		r->fd = GET(req, cqe.fd);
		r->has |= REQUEST_FD;
	} else {
		r->user_data = GET(req, user_data);
	}
	if (HAS(io_kiocb, file_node))
		r->node = (uint64_t)GET(req, file_node);
	t = task_of(req);
	r->tid = t ? tid_of(t, my_pid()) : 0;
	r->files = t ? (uint64_t)GET(t, files) : 0;
}

#endif
