/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rings are traced, and what of them stays the same. */
#ifndef URINGTOP_TRACE_TRINGS_H
#define URINGTOP_TRACE_TRINGS_H

#include "tfiles.h"

extern const volatile uint8_t op_big[256]; /* their SQEs have 128 bytes on any ring */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, uint64_t);
	__type(value, struct trace_ring);
} rings SEC(".maps");

extern uint32_t rings_epoch; /* counts what changes in rings and targets */

/* The ring that a program on a processor was asked for last. */
struct last_ring {
	uint64_t ctx;
	uint32_t epoch, tgid;
	struct trace_ring r; /* not wanted: not by this tgid */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROGRAMS);
	__type(key, uint32_t);
	__type(value, struct last_ring);
} last_rings SEC(".maps");

static __always_inline uint32_t dropped_of(uint64_t rings_)
{
	struct io_rings *words = (void *)rings_;

	return GET(words, sq_dropped);
}

/* What stays the same of a ring. fresh: it has just been made, and another may have been there; ino: its number, 0: not known. */
static __noinline int learn_ring(uint64_t key, uint64_t fresh, uint64_t ino)
{
	struct io_ring_ctx *ctx = (void *)key;
	struct trace_ring r = {.ctx = key, .wanted = 1, .ino = ino, .fresh = fresh != 0};
	struct trace_ring *was = fresh ? NULL : bpf_map_lookup_elem(&rings, &key);

	if (was) {
		r.ino = was->ino;
		r.told = was->told;
		r.fresh = was->fresh;
	}

	r.flags = GET(ctx, flags);
	r.sqes = (uint64_t)GET(ctx, sq_sqes);
	r.array = r.flags & SETUP_NO_SQARRAY ? 0 : (uint64_t)GET(ctx, sq_array);
	r.rings = (uint64_t)GET(ctx, rings);
	r.mm = (uint64_t)GET(ctx, mm_account);
	r.mask = GET(ctx, sq_entries) - 1;
	r.dropped = dropped_of(r.rings);
	r.sqe_shift = r.flags & SETUP_SQE128 ? 7 : 6;
	/* what happens on a ring that finds no place is not seen */
	if (bpf_map_update_elem(&rings, &key, &r, BPF_ANY))
		missed();
	rings_epoch++;
	return 0;
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

enum { LOOKED_FDS = 1024, REGISTERED_RINGS = 16 };

/* The number of the inode of a ring's file; 0: it is not the ring's, or has no inode of its own. */
static __always_inline uint64_t ring_ino(struct file *f, uint64_t ctx)
{
	uint64_t ino;

	/* not even a file whose program chose what is in there has this address */
	if (load((void *)f + AT(file, private_data)) != ctx)
		return 0;
	ino = GET(f, f_inode, i_ino);
	return ino == anon_ino ? 0 : ino;
}

static __always_inline struct file *registered_ring(struct task_struct *t, uint32_t i)
{
	if (!HAS(io_uring_task, registered_rings) || !GET(t, io_uring) || i >= REGISTERED_RINGS)
		return NULL;
	return (void *)load((void *)GET(t, io_uring) + AT(io_uring_task, registered_rings) + i * sizeof(struct file *));
}

struct ino_search {
	struct task_struct *t;
	struct file **table;
	uint64_t ctx, ino;
};

static int ino_step(uint32_t i, struct ino_search *s)
{
	struct file *f = i < REGISTERED_RINGS ? registered_ring(s->t, i)
					      : (void *)load(s->table + (i - REGISTERED_RINGS));

	s->ino = f ? ring_ino(f, s->ctx) : 0;
	return s->ino != 0;
}

/* The number of a ring that the current task has registered or has a descriptor of, 0: it is not found. It takes bpf_loop (5.17). */
static __noinline uint64_t find_ino(uint64_t ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	uint32_t n = GET(t, files, fdt, max_fds);
	struct ino_search s = {.t = t, .table = GET(t, files, fdt, fd), .ctx = ctx};

	bpf_loop(REGISTERED_RINGS + (n < LOOKED_FDS ? n : LOOKED_FDS), ino_step, &s, 0);
	return s.ino;
}

/*
 * Tells of a ring, before anything that happens on it. ino: its number, 0: not known; last: nobody will know it later. Need it not be told
 * of again? What finds no room is told the next time.
 */
int tell_ring(uint64_t ctx, uint64_t ino, int last);
__noinline int tell_ring(uint64_t ctx, uint64_t ino, int last)
{
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);
	struct ev_ring *e;

	if (!r || r->told)
		return r != NULL;
	if (!r->ino)
		r->ino = ino;
	if (!r->ino && !r->fresh) {
		r->told = last != 0;
		return last;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 0;
	begin(&e->h, EV_RING, ctx, 0, 0);
	e->ino = r->ino;
	e->flags = r->flags;
	e->fresh = r->fresh;
	bpf_ringbuf_submit(e, wake());
	r->told = 1;
	return 1;
}

/* Its address comes out of the map: to one that has a type the verifier does not let functions be called that it checks by themselves. */
static __always_inline void announce(bool fast, struct trace_ring *r)
{
	if (unlikely(!r->told))
		r->told = (uint8_t)tell_ring(r->ctx, fast && !r->ino ? find_ino(r->ctx) : 0, fast);
}

/* A ring that is to be traced, NULL if it is not. by_task: what the current task does decides, too. */
static __always_inline struct trace_ring *look_up(uint64_t ctx, uint32_t tgid, bool by_task)
{
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);
	bool mine;

	if (r && r->wanted && r->sqes)
		return r;
	if (r && r->never)
		return NULL;
	mine = all ? tgid != self : (r && r->wanted) || (by_task && is_target(tgid));
	if (!mine)
		return NULL;
	learn_ring(ctx, false, 0);
	return bpf_map_lookup_elem(&rings, &ctx);
}

static __noinline int look_up_last(struct last_ring *l, uint64_t ctx, uint32_t tgid)
{
	struct trace_ring *r = look_up(ctx, tgid, true);

	if (!l)
		return 0;
	l->ctx = ctx;
	l->tgid = tgid;
	l->epoch = rings_epoch;
	if (r)
		l->r = *r;
	else
		l->r.wanted = 0;
	return 0;
}

/* Was it asked for just now, and is to be traced? Then nobody has to know who runs. */
static __always_inline bool traced_last(enum program program, uint64_t ctx)
{
	uint32_t i = program;
	struct last_ring *l = bpf_map_lookup_elem(&last_rings, &i);

	return l && l->ctx == ctx && l->epoch == rings_epoch && l->r.wanted;
}

/* The same for what comes often. */
static __always_inline struct trace_ring *traced(enum program program, uint64_t ctx, uint32_t tgid)
{
	uint32_t i = program;
	struct last_ring *l = bpf_map_lookup_elem(&last_rings, &i);

	if (!l)
		return NULL;
	if (unlikely(l->ctx != ctx || l->epoch != rings_epoch || (!l->r.wanted && l->tgid != tgid)))
		look_up_last(l, ctx, tgid);
	return l->r.wanted ? &l->r : NULL;
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

struct entry {
	const void *sqe;
	uint32_t head;
	bool big;
};

/* Where the entry is that was taken just now. */
static __always_inline struct entry entry_of(
	bool fast, struct io_ring_ctx *ctx, const struct trace_ring *r, uint32_t opcode)
{
	struct entry e = {.head = READ(fast, ctx, cached_sq_head) - 1, .big = r->sqe_shift == 7};
	uint32_t at;

	if (unlikely(op_big[opcode & 255]) && !e.big) {
		/* it has taken two */
		e.head--;
		e.big = true;
	}
	at = e.head & r->mask;
	if (r->array)
		bpf_probe_read_kernel(&at, sizeof(at), (void *)(r->array + at * 4ul));
	e.sqe = (void *)(r->sqes + ((uint64_t)(at & r->mask) << r->sqe_shift));
	return e;
}

static __always_inline bool fd_wanted(const void *sqe)
{
	int32_t fd = -1;

	bpf_probe_read_kernel(&fd, sizeof(fd), sqe + 4);
	return values_take(&wanted_fds, (uint64_t)(int64_t)fd);
}

/* --- entries that were dropped ---------------------------------------------------------------------------------------- */

static __noinline int told_dropped(uint64_t ctx, uint32_t now)
{
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);
	struct ev_mark *e;
	uint32_t was;

	if (!r || r->dropped == now)
		return 0;
	was = r->dropped;
	r->dropped = now;
	rings_epoch++;
	/* the program can write there, too: backwards the kernel does not count */
	if ((int32_t)(now - was) < 0)
		return 0;
	announce(false, r);
	e = EVENT(ev_mark, EV_DROPPED, ctx, 0, whom(false, CURRENT(false)));
	if (!e)
		return 0;
	e->value = (uint64_t)now << 32 | (now - was);
	bpf_ringbuf_submit(e, wake());
	return 0;
}

/* No tracepoint tells of an entry that cannot be taken since its index is none of the SQ's: the ring counts them. */
static __always_inline void look_for_dropped(uint64_t ctx, const struct trace_ring *r, uint32_t now)
{
	if (!quiet && unlikely(r->dropped != now))
		told_dropped(ctx, now);
}

#endif
