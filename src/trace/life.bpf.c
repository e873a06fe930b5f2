// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings that come and go and are set up, and the processes that do it. */
#include "tfiles.h"
#include "trings.h"

/* --- rings ---------------------------------------------------------------------------------------------------------- */

SEC("raw_tp/io_uring_create")
int create(struct bpf_raw_tracepoint_args *c)
{
	struct task_struct *t = CURRENT(false);
	uint64_t ctx = c->args[1], who = whom(false, t), ino;
	uint32_t fd = (uint32_t)c->args[0];
	struct trace_ring *r;
	struct ev_create *e;
	struct file *f;

	if (!is_wanted(who >> 32)) {
		/* another ring may have been there */
		bpf_map_delete_elem(&rings, &ctx);
		rings_epoch++;
		return 0;
	}
	/* with REGISTERED_FD_ONLY it is an index */
	f = open_file(t, (int32_t)fd);
	ino = ring_ino(f, ctx);
	if (!ino)
		ino = ring_ino(registered_ring(t, fd), ctx);
	learn_ring(ctx, true, ino);
	e = quiet ? NULL : EVENT(ev_create, EV_CREATE, ctx, 0, who);
	if (!e)
		return 0;
	e->fd = (int32_t)fd;
	e->sq_entries = (uint32_t)c->args[2];
	e->cq_entries = (uint32_t)c->args[3];
	e->flags = (uint32_t)c->args[4];
	e->ino = ino;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, wake());
	r = bpf_map_lookup_elem(&rings, &ctx);
	if (r)
		r->told = 1;
	return 0;
}

/*
 * What closes a ring's last file leaves the rest to a work item that is part of the ring (io_ring_ctx_wait_and_kill, 5.10 to 7.3):
 * no tracepoint of io_uring tells, but workqueue's does. Requests may still be cancelled then, so the ring stays known until some
 * others have been closed.
 */
enum { CLOSED = 256 };
uint64_t closed[CLOSED];
uint32_t n_closed;

SEC("raw_tp/workqueue_queue_work")
int close_(struct bpf_raw_tracepoint_args *c)
{
	uint64_t ctx = c->args[2] - AT(io_ring_ctx, exit_work), before, *at;
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);
	struct ev_head *e;

	if (!r || !r->wanted || r->closed)
		return 0;
	look_for_dropped(ctx, r, dropped_of(r->rings));
	r->closed = 1;
	at = &closed[n_closed++ & (CLOSED - 1)];
	before = *at;
	*at = ctx;
	if (!quiet)
		tell_ring(ctx, 0, false);
	e = quiet ? NULL : bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		begin(e, EV_CLOSE, ctx, 0, whom(false, CURRENT(false)));
		bpf_ringbuf_submit(e, wake());
	} else if (!quiet) {
		missed();
	}
	r = bpf_map_lookup_elem(&rings, &before);
	if (r && r->closed)
		bpf_map_delete_elem(&rings, &before);
	return 0;
}

SEC("raw_tp/io_uring_register")
int register_(struct bpf_raw_tracepoint_args *c)
{
	uint64_t ctx = c->args[0], who = whom(false, CURRENT(false));
	struct ev_register *e;

	if (!look_up(ctx, who >> 32, true))
		return 0;
	/* what stays the same may have changed: RESIZE_RINGS */
	learn_ring(ctx, false, 0);
	if (quiet)
		return 0;
	tell_ring(ctx, 0, false);
	e = EVENT(ev_register, EV_REGISTER, ctx, 0, who);
	if (!e)
		return 0;
	e->opcode = (uint32_t)c->args[1];
	e->nr_files = (uint32_t)c->args[2];
	e->nr_bufs = (uint32_t)c->args[3];
	e->ret = (int32_t)argument(c, args.register_ret);
	bpf_ringbuf_submit(e, wake());
	return 0;
}

/* --- processes ------------------------------------------------------------------------------------------------------ */

static __always_inline int told_process(uint32_t type, uint32_t tgid)
{
	struct ev_head *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		missed();
		return 0;
	}
	begin(e, type, 0, tgid, whom(false, CURRENT(false)));
	bpf_ringbuf_submit(e, wake());
	return 0;
}

/* children of a target are targets */
SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *c)
{
	struct task_struct *parent = (void *)c->args[0], *child = (void *)c->args[1];
	uint32_t from = tgid_here(parent), to = tgid_here(child), one = 1;

	if (from == to || !is_target(from))
		return 0;
	/* nothing that it does is seen */
	if (bpf_map_update_elem(&targets, &to, &one, BPF_ANY))
		missed();
	rings_epoch++;
	return told_process(EV_FORK, to);
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *c)
{
	struct task_struct *t = CURRENT(false);
	uint32_t tgid = tgid_here(t);

	(void)c;
	/* by then it is counted out (do_exit, kernel/exit.c, 5.10 to 7.3) */
	if (GET(t, signal, live.counter) || !is_target(tgid))
		return 0;
	/* whoever has its pid next is another; its rings are known by themselves */
	bpf_map_delete_elem(&targets, &tgid);
	return quiet ? 0 : told_process(EV_EXIT, tgid);
}

/* --- io_uring_enter -------------------------------------------------------------------------------------------------- */

struct entered {
	uint64_t time;
	uint32_t fd, to_submit, min_complete, flags;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, uint64_t);
	__type(value, struct entered);
} entering SEC(".maps");

enum { NR_IO_URING_ENTER = 426, ENTER_REGISTERED_RING = 16 };

/* where system calls have their arguments */
struct pt_regs {
	unsigned long di, si, dx, r10; /* x86 */
};
struct pt_regs___arm64 {
	unsigned long regs[31];
};

static __always_inline bool arguments_of(struct entered *e, const void *p)
{
	const struct pt_regs *x86 = p;
	const struct pt_regs___arm64 *arm = p;

	if (bpf_core_field_exists(x86->r10)) {
		e->fd = (uint32_t)GET(x86, di);
		e->to_submit = (uint32_t)GET(x86, si);
		e->min_complete = (uint32_t)GET(x86, dx);
		e->flags = (uint32_t)GET(x86, r10);
		return true;
	}
	if (bpf_core_field_exists(arm->regs)) {
		e->fd = (uint32_t)GET(arm, regs[0]);
		e->to_submit = (uint32_t)GET(arm, regs[1]);
		e->min_complete = (uint32_t)GET(arm, regs[2]);
		e->flags = (uint32_t)GET(arm, regs[3]);
		return true;
	}
	return false;
}

SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *c)
{
	struct entered e = {0};
	uint64_t id;

	if (c->args[1] != NR_IO_URING_ENTER || !is_wanted(tgid_here(CURRENT(false))))
		return 0;
	id = bpf_get_current_pid_tgid();
	if (arguments_of(&e, (void *)c->args[0])) {
		e.time = bpf_ktime_get_ns();
		bpf_map_update_elem(&entering, &id, &e, BPF_ANY);
	}
	return 0;
}

SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *c)
{
	uint64_t id = bpf_get_current_pid_tgid();
	struct entered *was = bpf_map_lookup_elem(&entering, &id);
	struct task_struct *t = CURRENT(false);
	struct trace_ring *r;
	struct ev_enter *e;
	struct file *f;
	uint64_t ctx;

	if (!was)
		return 0;
	/* which ring that is, unless it is registered and has no descriptor */
	f = was->flags & ENTER_REGISTERED_RING ? NULL : open_file(t, (int32_t)was->fd);
	ctx = f ? (uint64_t)GET(f, private_data) : 0;
	r = bpf_map_lookup_elem(&rings, &ctx);
	if (r)
		tell_ring(ctx, 0, false);
	e = EVENT(ev_enter, EV_ENTER, r ? ctx : 0, 0, whom(false, t));
	if (e) {
		e->fd = (int32_t)was->fd;
		e->to_submit = was->to_submit;
		e->min_complete = was->min_complete;
		e->flags = was->flags;
		e->ret = (int32_t)c->args[1];
		e->took = e->h.time - was->time;
		bpf_ringbuf_submit(e, wake());
	}
	bpf_map_delete_elem(&entering, &id);
	return 0;
}
