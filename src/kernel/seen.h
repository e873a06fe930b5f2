/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How what is found of rings goes out: records of a task's, and steps of a task's. */
#ifndef URINGTOP_KERNEL_SEEN_H
#define URINGTOP_KERNEL_SEEN_H

#include "common.h"

static __always_inline void of_task(struct seen *s, struct task_struct *t, const struct pid *mine)
{
	s->tgid = tgid_of(t, mine);
	s->tid = tid_of(t, mine);
	s->mm = (uint64_t)GET(t, mm);
	s->files = (uint64_t)GET(t, files);
}

static __always_inline void of_ring(struct seen *s, struct io_ring_ctx *ctx)
{
	struct io_sq_data *sqd = GET(ctx, sq_data);

	s->ctx = (uint64_t)ctx;
	s->sq_thread = sqd ? (uint64_t)GET(sqd, thread) : 0;
}

static __always_inline void of_file(struct seen *s, struct file *f, struct io_ring_ctx *ctx)
{
	s->file = (uint64_t)f;
	s->ino = GET(f, f_inode, i_ino);
	of_ring(s, ctx);
}

/*
 * What a task has is found in steps: cursor[0] and [3] are the task, [1] is where the next step begins, [2] how much was looked at. A
 * program that wants to go on with the same task returns 1, and the iterator forgets what such a run has written: records stand in
 * x.out until they go out.
 */
enum { AT_START = 0, ONE_WRITE = 16384 };
#define AT_END (~0ull)

/* Is it the first step for this task? */
static __always_inline bool begin_task(struct task_struct *t)
{
	uint64_t pid = (uint64_t)GET(t, pid);

	if (x.cursor[0] == (uint64_t)t && x.cursor[3] == pid && x.cursor[1] != AT_START)
		return false;
	x.cursor[0] = (uint64_t)t;
	x.cursor[1] = AT_START;
	x.cursor[2] = 0;
	x.cursor[3] = pid;
	return true;
}

/*
 * Ends a step. What little the one step of a task has found is written at once; where the iterator has no room left for it, it
 * runs the program again for the same task (kernel/bpf/bpf_iter.c, bpf_seq_read), and the step is the first again. What several
 * steps found is fetched step by step, which takes a system call each. Returns what the program has to.
 */
static __always_inline int end_step(struct bpf_iter__task *it, bool first, bool more)
{
	uint32_t len = x.len;

	if (!more && (!len || (first && len <= ONE_WRITE))) {
		x.cursor[1] = AT_START;
		if (len)
			bpf_seq_write(it->meta->seq, x.out, len);
		x.len = x.n = 0;
		return 0;
	}
	if (!more)
		x.cursor[1] = AT_END;
	x.status = WALK_MORE;
	return 1;
}

#endif
