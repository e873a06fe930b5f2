// SPDX-License-Identifier: GPL-2.0-or-later
/* Sightings of rings: by descriptor, by what a task has registered or used last, and by mapping. */
#include "common.h"

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

static __always_inline void of_task(struct seen *s, struct task_struct *t, const struct pid *mine)
{
	s->tgid = tgid_of(t, mine);
	s->tid = tid_of(t, mine);
	s->mm = (uint64_t)GET(t, mm);
	s->files = (uint64_t)GET(t, files);
}

static __always_inline void of_file(struct seen *s, struct file *f, struct io_ring_ctx *ctx)
{
	s->file = (uint64_t)f;
	s->ctx = (uint64_t)ctx;
	s->ino = GET(f, f_inode, i_ino);
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

SEC("iter/task")
int find_tasks(struct bpf_iter__task *it)
{
	struct task_struct *t = it->task;
	struct io_uring_task *u;
	struct seen s = {.how = SEEN_USED};

	if (!t)
		return 0;
	u = GET(t, io_uring);
	if (!u)
		return 0;
	of_task(&s, t, my_pid());
	s.ctx = (uint64_t)GET(u, last);
	bpf_seq_write(it->meta->seq, &s, sizeof(s));
	if (!HAS(io_uring_task, registered_rings))
		return 0;
	s.how = SEEN_REGISTERED;
	for (uint32_t i = 0; i < 16; i++) {
		struct file *f = (void *)load(ADDR(u, io_uring_task, registered_rings) + i * sizeof(f));
		struct io_ring_ctx *ctx = f ? ring_of(f) : NULL;

		if (!ctx)
			continue;
		of_file(&s, f, ctx);
		s.at = (int32_t)i;
		bpf_seq_write(it->meta->seq, &s, sizeof(s));
	}
	return 0;
}

static __always_inline bool of_map(struct seen *s, struct vm_area_struct *v)
{
	struct file *f = GET(v, vm_file);
	struct io_ring_ctx *ctx = f ? ring_of(f) : NULL;

	if (!ctx)
		return false;
	of_file(s, f, ctx);
	s->start = GET(v, vm_start);
	s->end = GET(v, vm_end);
	s->offset = GET(v, vm_pgoff);
	return true;
}

/* 5.12 and later */
SEC("iter/task_vma")
int find_maps(struct bpf_iter__task_vma *it)
{
	struct task_struct *t = it->task;
	struct vm_area_struct *v = it->vma;
	struct seen s = {.how = SEEN_MAPPED};

	if (!t || !v || !of_map(&s, v))
		return 0;
	of_task(&s, t, my_pid());
	bpf_seq_write(it->meta->seq, &s, sizeof(s));
	return 0;
}

enum { MAPS_AT_ONCE = 16 };

/* Where the rings are among those of a step: in memory, where the verifier does not follow which they may be. */
struct {
	uint64_t hit[MAPS_AT_ONCE];
} maps;

/*
 * Before that there is no such iterator, but mappings stand in a list. It is followed step by step: cursor[1] is the next, of task
 * cursor[0]. What a step finds goes through the exchange, because an iterator forgets what a program wrote that wants to go on.
 */
SEC("iter/task")
int find_maps_listed(struct bpf_iter__task *it)
{
	struct task_struct *t = it->task;
	uint64_t v, any = 0;
	struct mm_struct *mm;

	x.len = x.n = 0;
	/* one of a process is enough: its main thread, unless that has ended */
	if (!t || (GET(t, pid) != GET(t, tgid) && GET(t, group_leader, mm)))
		return 0;
	mm = GET(t, mm);
	if (!mm)
		return 0;
	v = x.cursor[0] == (uint64_t)t ? x.cursor[1] : (uint64_t)GET(mm, mmap);
	x.cursor[0] = (uint64_t)t;
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < MAPS_AT_ONCE; i++) {
		struct vm_area_struct *one = (void *)v;
		struct file *f = GET(one, vm_file);

		/* what lies behind NULL reads as nothing */
		maps.hit[i] = (uint64_t)GET(f, f_op) == ring_fops ? v : 0;
		any |= maps.hit[i];
		v = (uint64_t)GET(one, vm_next);
	}
	x.cursor[1] = v;
	if (!v && !any)
		return 0;
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < MAPS_AT_ONCE && any; i++) {
		struct vm_area_struct *one = (void *)maps.hit[i];
		struct seen *r = one ? room(sizeof(*r)) : NULL;

		if (!r)
			continue;
		__builtin_memset(r, 0, sizeof(*r));
		r->how = SEEN_MAPPED;
		of_map(r, one);
		of_task(r, t, my_pid());
	}
	x.status = WALK_MORE;
	return 1;
}
