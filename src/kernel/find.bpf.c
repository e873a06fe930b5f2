// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sightings of rings by descriptor; those by task are in tasks.bpf.c, those by mapping in maps.bpf.c. What finding rings can wait for, by
 * kernel/bpf/task_iter.c, bpf_iter.c and fs/file.c:
 *
 * what              takes, for a moment                                    can wait for
 * iter/task         RCU; a reference to the task (5.10 to 7.x)             nothing of the task's; dropping the last reference to a task
 *                                                                          frees memory alone
 * iter/task_file    RCU, and a reference to the file (5.12 and later)      the file's release, if it was closed meanwhile and this was the
 *                                                                          last reference: that runs before read() returns to us
 *                   besides, before 5.12: task_lock, a spinlock, and a     besides: if the task ended meanwhile, closing all its files,
 *                   reference to the table of descriptors                  their flush included
 * bpf_iter_task_vma 6.7 and later: mmap_lock, or a lock of each mapping,   nothing; from 7.1 on, and in some releases of 6.18, a file's
 * _new, _next       tried only; later a reference to the file of each      release as above
 * bpf_find_vma      5.17 and later: mmap_lock, tried only                  nothing
 * a list of maps    up to 6.0: nothing                                     nothing; it ends since addresses only grow
 * iter/task_vma     5.12 and later: mmap_lock                              whoever holds it, beyond SIGKILL: it is not used
 * probe reads       nothing                                                nothing: what is not there reads as zero
 *
 * So whoever calls is a process that may be given up.
 */
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
