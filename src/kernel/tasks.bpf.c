// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks that use io_uring: the rings that each has made or submitted to, held by a descriptor or not; those that it has registered with
 * itself; and io_uring's own threads, with what they do.
 */
#include "seen.h"

enum { WAY_STEPS = 192, LEVELS = 16, IO_WORKER = 0x10 /* PF_IO_WORKER */ };

/*
 * The way down a task's xarray of rings (lib/xarray.c), whose indices are addresses: up to eleven nodes. Slots are those of the node at
 * level; the verifier follows none of it.
 */
struct {
	uint64_t path[LEVELS];
	uint64_t slots[64];
	uint64_t index; /* of the slot; bits below the level are 0 */
	uint64_t from;	/* where the step begins */
	uint64_t task;
	uint64_t registered[16];
	uint32_t level, top, slot;
} way;

/* What all records of a task have. */
struct seen of_user;

/* A slot of 16 is a node's with CONFIG_BASE_SMALL. */
#define XA_BITS (bpf_core_field_size(((struct xa_node *)0)->slots) == 128 ? 4u : 6u)

/* The compiler leaves out bounds that it can prove; the verifier does not know its proof. */
static __always_inline uint32_t within(uint32_t i, uint32_t n)
{
	asm volatile("" : "+r"(i));
	return i & (n - 1);
}

static __always_inline void read_slots(void)
{
	void *n = (void *)way.path[within(way.level, LEVELS)];

	if (bpf_probe_read_kernel(way.slots, bpf_core_field_size(((struct xa_node *)0)->slots), n + AT(xa_node, slots)))
		__builtin_memset(way.slots, 0, sizeof(way.slots));
}

/* To the slot of the level that the step begins in, if the way there is the same; else to the first. */
static __always_inline uint32_t first_slot(uint32_t level)
{
	uint32_t shift = (XA_BITS * (level + 1)) & 127;
	uint64_t above = shift < 64 ? (way.from ^ way.index) >> shift : 0;

	return above ? 0 : (uint32_t)(way.from >> (XA_BITS * level & 63)) & ((1u << XA_BITS) - 1);
}

static __always_inline void enter(uint64_t node, uint32_t level)
{
	way.level = level;
	way.path[within(level, LEVELS)] = node;
	way.slot = first_slot(level);
	read_slots();
}

/* A ring that the task has a node for. False: no room. */
static __always_inline bool one_use(uint64_t entry, uint64_t index)
{
	struct io_tctx_node *n = (void *)entry;
	struct io_ring_ctx *ctx;
	struct file *f = NULL;
	struct seen *r;

	if (HAS(io_tctx_node, ctx)) {
		/* what has been freed meanwhile is no node of this task and this ring */
		ctx = GET(n, ctx);
		if ((uint64_t)ctx != index || (uint64_t)GET(n, task) != way.task || ring_closed(ctx))
			return true;
	} else {
		f = (void *)entry;
		ctx = ring_of(f);
		if (!ctx)
			return true;
	}
	r = room(sizeof(*r));
	if (!r)
		return false;
	__builtin_memcpy(r, &of_user, sizeof(*r));
	r->how = SEEN_USED;
	if (f)
		of_file(r, f, ctx);
	else
		of_ring(r, ctx);
	return true;
}

/* One slot, or one level up or down. False: this was the last, or there is no room. */
static __always_inline bool take_slot(void)
{
	uint32_t slot = way.slot, level = way.level, shift = (XA_BITS * level) & 63;
	uint64_t entry;

	if (slot >= 1u << XA_BITS) {
		if (level >= way.top)
			return false;
		way.level = level + 1;
		shift = (XA_BITS * (level + 1)) & 63;
		way.slot = ((uint32_t)(way.index >> shift) & ((1u << XA_BITS) - 1)) + 1;
		read_slots();
		return true;
	}
	if (!(slot & 7)) {
		uint64_t any = 0;

		for (uint32_t i = 0; i < 8; i++)
			any |= way.slots[within(slot + i, 64)];
		if (!any) {
			way.slot = slot + 8;
			return true;
		}
	}
	way.slot = slot + 1;
	entry = way.slots[within(slot, 64)];
	if (!entry)
		return true;
	way.index = (way.index >> shift >> XA_BITS << XA_BITS | slot) << shift;
	if ((entry & 3) == 2) {
		/* small numbers with this mark are no nodes */
		if (level && entry > 4096)
			enter(entry & ~3ull, level - 1);
		return true;
	}
	if (level || one_use(entry, way.index))
		return true;
	way.slot = slot;
	return false;
}

/* A function that the verifier goes through once, not once for each slot. */
int one_slot(void);
__noinline int one_slot(void)
{
	return take_slot();
}

/* Follows the rings of the task from cursor[1] on. True: there may be more. */
static __always_inline bool uses_of(struct io_uring_task *u)
{
	uint64_t head = load(ADDR(u, io_uring_task, xa) + AT(xarray, xa_head));
	uint32_t shift;

	/* a single entry would be of index 0, which no ring has */
	if ((head & 3) != 2 || head <= 4096)
		return false;
	shift = GET((struct xa_node *)(head & ~3ull), shift) & 63;
	way.from = x.cursor[1];
	way.index = 0;
	way.top = shift / XA_BITS;
	if (way.from >> shift >> XA_BITS && shift + XA_BITS < 64)
		return false;
	enter(head & ~3ull, way.top);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < WAY_STEPS; i++) {
		if (!one_slot()) {
			if (way.level >= way.top && way.slot >= 1u << XA_BITS)
				return false;
			break;
		}
	}
	/* the next step begins at this slot of this level */
	shift = (XA_BITS * way.level) & 63;
	if ((uint64_t)way.slot << shift >> shift != way.slot)
		return false;
	x.cursor[1] = way.index >> shift >> XA_BITS << XA_BITS << shift;
	x.cursor[1] += (uint64_t)way.slot << shift;
	return true;
}

int add_registered(uint32_t i);
__noinline int add_registered(uint32_t i)
{
	struct file *f = (void *)way.registered[i & 15];
	struct io_ring_ctx *ctx = ring_of(f);
	struct seen *r = ctx ? room(sizeof(*r)) : NULL;

	if (!r)
		return 0;
	__builtin_memcpy(r, &of_user, sizeof(*r));
	r->how = SEEN_REGISTERED;
	of_file(r, f, ctx);
	r->at = (int32_t)i;
	return 1;
}

static __always_inline void registered_of(struct io_uring_task *u)
{
	if (!HAS(io_uring_task, registered_rings))
		return;
	bpf_probe_read_kernel(way.registered, sizeof(way.registered), ADDR(u, io_uring_task, registered_rings));
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < 16; i++)
		if (way.registered[i])
			add_registered(i);
}

static __always_inline struct io_wq *wq_of(struct io_worker *w)
{
	return HAS(io_worker, wq) ? GET(w, wq) : GET(w, wqe, wq);
}

/* way.task is a thread of io_uring's own. */
int add_thread(void);
__noinline int add_thread(void)
{
	struct task_struct *t = (void *)way.task;
	const struct pid *mine = my_pid();
	struct io_worker *w = HAS(task_struct, worker_private) ? GET(t, worker_private) : GET(t, pf_io_worker);
	struct seen *r = room(sizeof(*r));
	struct io_wq_work *work;
	struct io_kiocb *req;

	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->how = SEEN_THREAD;
	r->at = -1;
	r->tgid = tgid_of(t, mine);
	r->tid = tid_of(t, mine);
	task_ids(&r->thread, t, mine);
	r->task = (uint64_t)t;
	r->flags = of_user.flags;
	if (!w) {
		r->flags |= SEEN_POLLS;
		return 1;
	}
	r->task = (uint64_t)GET(wq_of(w), task);
	work = GET(w, cur_work);
	if (!work)
		return 1;
	req = (void *)((uint64_t)work - AT(io_kiocb, work));
	r->ctx = (uint64_t)GET(req, ctx);
	r->at = GET(req, opcode);
	return 1;
}

SEC("iter/task")
int find_tasks(struct bpf_iter__task *it)
{
	struct task_struct *t = it->task;
	struct io_uring_task *u;
	bool first, worker;

	x.len = x.n = 0;
	if (!t)
		return 0;
	u = GET(t, io_uring);
	worker = GET(t, flags) & IO_WORKER;
	if (!u && !worker)
		return 0;
	first = begin_task(t);
	x.status = WALK_DONE;
	if (x.cursor[1] == AT_END) {
		x.cursor[1] = AT_START;
		x.cursor[0] = 0;
		return 0;
	}
	__builtin_memset(&of_user, 0, sizeof(of_user));
	of_task(&of_user, t, my_pid());
	of_user.task = way.task = (uint64_t)t;
	if (u && HAS(io_uring_task, inflight_tracked) && GET(u, inflight_tracked.counter) > 0)
		of_user.flags = SEEN_TRACKED;
	if (first && worker)
		add_thread();
	if (first && u) {
		struct seen *r = room(sizeof(*r));

		if (r) {
			__builtin_memcpy(r, &of_user, sizeof(*r));
			r->how = SEEN_MM;
		}
		registered_of(u);
	}
	return end_step(it, first, u && uses_of(u));
}
