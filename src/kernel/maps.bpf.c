// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings of rings. Whoever holds a process's mmap_lock for writing may do so for ever, and whoever waits for it waits beyond
 * SIGKILL; so nothing here waits for it.
 */
#include "seen.h"

enum { MAPS_AT_ONCE = 256, PF_EXITING = 4, PF_KTHREAD = 0x200000 };

struct {
	uint64_t task, vma;
	uint32_t left;
} maps;

/*
 * Has the task an address space that can be looked at? A kernel thread only borrows one. One that ends is about to give it back,
 * and bpf_iter_task_vma_new takes no reference to it before 7.1 or so.
 */
#define HAS_NO_MM (PF_EXITING | PF_KTHREAD)

/* One task of a process is enough: its main thread, unless that has ended. */
static __always_inline bool stands_for_mm(struct task_struct *t)
{
	struct task_struct *leader;

	if (!GET(t, mm) || GET(t, flags) & HAS_NO_MM)
		return false;
	if (GET(t, pid) == GET(t, tgid))
		return true;
	leader = GET(t, group_leader);
	return !GET(leader, mm) || GET(leader, flags) & HAS_NO_MM;
}

/* Two functions that the verifier goes through once. */
int add_map(void);
int add_busy(void);

/* The mapping maps.vma is a ring's. 0: there is no room. */
__noinline int add_map(void)
{
	struct vm_area_struct *v = (void *)maps.vma;
	struct file *f = GET(v, vm_file);
	struct io_ring_ctx *ctx = ring_of(f);
	struct seen *r = ctx ? room(sizeof(*r)) : NULL;

	if (!r)
		return !ctx;
	__builtin_memset(r, 0, sizeof(*r));
	r->how = SEEN_MAPPED;
	of_file(r, f, ctx);
	r->start = GET(v, vm_start);
	r->end = GET(v, vm_end);
	r->offset = GET(v, vm_pgoff);
	of_task(r, (void *)maps.task, my_pid());
	return 1;
}

__noinline int add_busy(void)
{
	struct seen *r = room(sizeof(*r));

	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->how = SEEN_BUSY;
	of_task(r, (void *)maps.task, my_pid());
	return 1;
}

/* More than there are were met: they move ahead of whoever follows them. */
static __always_inline bool too_many(struct task_struct *t)
{
	return x.cursor[2] > 4 * (uint64_t)(uint32_t)GET(t, mm, map_count) + 4096;
}

struct bpf_iter_task_vma {
	uint64_t opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, uint64_t addr) __ksym __weak;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym __weak;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym __weak;
extern void *bpf_rdonly_cast(const void *obj, uint32_t type) __ksym __weak;

/*
 * 6.7 and later: new only tries the lock, and destroy gives it back at the end of each step. From 7.1 on, and in 6.18 from some release on,
 * next tries a lock of each mapping instead: that succeeds beside a lock that is held for ever, and passes over the mappings whose own is
 * taken. Then fewer were met than there are.
 */
static __always_inline int try_lock(struct bpf_iter__task *it, struct task_struct *t, bool first)
{
	struct bpf_iter_task_vma vmas;
	struct vm_area_struct *v;
	int err;

	maps.left = MAPS_AT_ONCE;
	err = bpf_iter_task_vma_new(&vmas, t, x.cursor[1]);
	while ((v = bpf_iter_task_vma_next(&vmas))) {
		/* the verifier compares names for each pointer that it is to trust, which takes it longer than all else */
		struct vm_area_struct *one =
			bpf_rdonly_cast(v, (uint32_t)bpf_core_type_id_kernel(struct vm_area_struct));
		struct file *f = one->vm_file;

		if (f && (uint64_t)f->f_op == ring_fops) {
			maps.vma = (uint64_t)v;
			if (!add_map())
				break; /* no room: it comes first in the next step */
		}
		x.cursor[1] = one->vm_end;
		x.cursor[2]++;
		if (!--maps.left)
			break;
	}
	bpf_iter_task_vma_destroy(&vmas);
	if (v && !too_many(t))
		return end_step(it, first, true);
	/* -ENOENT: it has given its address space back meanwhile */
	if (v || (err && err != -2) || (!err && x.cursor[2] < (uint32_t)GET(t, mm, map_count)))
		add_busy();
	return end_step(it, first, false);
}

enum { LISTED_AT_ONCE = 16 };

/* Where the rings are among those of a step: in memory, where the verifier does not follow which they may be. */
struct {
	uint64_t hit[LISTED_AT_ONCE];
} listed;

/*
 * Up to 6.0 mappings stand in a list, by address, which is followed without any lock: what is read may be gone, and be another's by
 * now. It is believed only if it is of the same address space and further up than the one before; so the walk ends, and where it
 * does not lead to the end of the list it is said. cursor[1] is the next.
 */
static __always_inline int follow_list(struct bpf_iter__task *it, struct task_struct *t, bool first)
{
	uint64_t v, last = 0, any = 0;
	struct mm_struct *mm = GET(t, mm);
	bool lost = false;

	v = first ? (uint64_t)GET(mm, mmap) : x.cursor[1];
	last = first ? 0 : x.key[0];
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < LISTED_AT_ONCE; i++) {
		struct vm_area_struct *one = (void *)v;
		struct file *f = GET(one, vm_file);
		uint64_t end = GET(one, vm_end);

		/* what lies behind NULL reads as nothing */
		listed.hit[i] = 0;
		if (!v)
			continue;
		if (GET(one, vm_mm) != mm || end <= last) {
			lost = true;
			v = 0;
			continue;
		}
		listed.hit[i] = (uint64_t)GET(f, f_op) == ring_fops ? v : 0;
		any |= listed.hit[i];
		last = end;
		x.cursor[2]++;
		v = (uint64_t)GET(one, vm_next);
	}
	x.key[0] = last;
	x.cursor[1] = v;
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < LISTED_AT_ONCE && any; i++) {
		maps.vma = listed.hit[i];
		if (maps.vma)
			add_map();
	}
	if (v && !too_many(t))
		return end_step(it, first, true);
	if (v || lost || x.cursor[2] < (uint32_t)GET(t, mm, map_count))
		add_busy();
	return end_step(it, first, false);
}

/* 6.7 (4ac454682158) has the walk that only tries the lock; the iterator over mappings of the kernels before it waits for it. */
SEC("iter/task")
int find_maps(struct bpf_iter__task *it)
{
	struct task_struct *t = it->task;
	bool first;

	x.len = x.n = 0;
	if (!bpf_iter_task_vma_new && !HAS(vm_area_struct, vm_next)) {
		x.status = WALK_NONE;
		return 0;
	}
	if (!t || !stands_for_mm(t))
		return 0;
	first = begin_task(t);
	x.status = WALK_DONE;
	if (x.cursor[1] == AT_END) {
		x.cursor[1] = AT_START;
		x.cursor[0] = 0;
		return 0;
	}
	maps.task = (uint64_t)t;
	if (bpf_iter_task_vma_new)
		return try_lock(it, t, first);
	return follow_list(it, t, first);
}

static long at_map(struct task_struct *t, struct vm_area_struct *v, void *ctx)
{
	(void)ctx;
	maps.task = (uint64_t)t;
	maps.vma = (uint64_t)v;
	add_map();
	return 0;
}

/* 5.17 and later: what is mapped at address key[0], which something else has read. It only tries the lock, too. */
SEC("iter/task")
int find_map_at(struct bpf_iter__task *it)
{
	struct task_struct *t = it->task;

	if (!t)
		return 0;
	x.len = x.n = 0;
	bpf_find_vma(t, x.key[0], at_map, NULL, 0);
	if (x.len)
		bpf_seq_write(it->meta->seq, x.out, sizeof(struct seen));
	x.len = 0;
	x.status = WALK_DONE;
	return 0;
}
