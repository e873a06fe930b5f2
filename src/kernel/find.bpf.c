// SPDX-License-Identifier: GPL-2.0-or-later
/* Sightings of rings: by descriptor, by what a task has registered or used last, and by mapping. */
#include "seen.h"

/* x.key[0] is a descriptor of a ring that the caller has made. */
SEC("iter/task")
int learn(struct bpf_iter__task *it)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct file *f = (void *)load(GET(me, files, fdt, fd) + (uint32_t)x.key[0]);

	(void)it;
	ring_fops = x.key[1] = (uint64_t)GET(f, f_op);
	x.status = WALK_DONE;
	return 1;
}

SEC("iter/task_file")
int find_files(struct bpf_iter__task_file *it)
{
	struct task_struct *t = it->task;
	struct file *f = it->file;
	struct io_ring_ctx *ctx;
	struct seen s = {.how = SEEN_FD};

	if (!t || !f)
		return 0;
	ctx = ring_of(f);
	if (!ctx)
		return 0;
	of_task(&s, t, my_pid());
	of_file(&s, f, ctx);
	s.at = (int32_t)it->fd;
	bpf_seq_write(it->meta->seq, &s, sizeof(s));
	return 0;
}
