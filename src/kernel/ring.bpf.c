// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring itself: all that stands in its context, and how much there is of all that does not. */
#include "common.h"

struct ring_base base; /* too big for the stack */

/* Does a list that begins in the ring have anything? */
static __always_inline void note_list(const void *head, uint32_t which, bool circular)
{
	uint64_t first = load(head);

	if (first && !(circular && first == (uint64_t)head))
		base.lists |= 1u << which;
}

static __always_inline void lists(struct io_ring_ctx *ctx)
{
	base.lists = 1 << LIST_POLL | 1 << LIST_POLL_LOCKED; /* tables: they have to be walked */
	note_list(ADDR(ctx, io_ring_ctx, timeout_list), LIST_TIMEOUT, true);
	note_list(ADDR(ctx, io_ring_ctx, ltimeout_list), LIST_LINK_TIMEOUT, true);
	note_list(ADDR(ctx, io_ring_ctx, defer_list), LIST_DRAIN, true);
	note_list(ADDR(ctx, io_ring_ctx, iopoll_list), LIST_IOPOLL,
		!HAS(io_kiocb, comp_list) || HAS(io_kiocb, iopoll_node));
	if (HAS(io_ring_ctx, work_llist))
		note_list(ADDR(ctx, io_ring_ctx, work_llist), LIST_TASK_WORK, false);
	else if (HAS(io_ring_ctx, work_list))
		base.lists |= 1 << LIST_TASK_WORK;
	if (HAS(io_ring_ctx, retry_llist))
		note_list(ADDR(ctx, io_ring_ctx, retry_llist), LIST_TASK_RETRY, false);
	if (HAS(io_ring_ctx, futex_list))
		note_list(ADDR(ctx, io_ring_ctx, futex_list), LIST_FUTEX, false);
	if (HAS(io_ring_ctx, waitid_list))
		note_list(ADDR(ctx, io_ring_ctx, waitid_list), LIST_WAITID, false);
	if (HAS(io_ring_ctx, cancelable_uring_cmd))
		note_list(ADDR(ctx, io_ring_ctx, cancelable_uring_cmd), LIST_URING_CMD, false);
}

static __always_inline void note_some(const void *xa, uint32_t what)
{
	if (load(xa + AT(xarray, xa_head)))
		base.some |= what;
}

static __always_inline void some(struct io_ring_ctx *ctx)
{
	note_some(ADDR(ctx, io_ring_ctx, personalities), SOME_PERSONALITIES);
	if (HAS(io_ring_ctx, io_bl_xa))
		note_some(ADDR(ctx, io_ring_ctx, io_bl_xa), SOME_GROUPS);
	else if (HAS(io_ring_ctx, io_buffers))
		note_some(ADDR(ctx, io_ring_ctx, io_buffers), SOME_GROUPS);
	if (HAS(io_ring_ctx, io_bl) && GET(ctx, io_bl))
		base.some |= SOME_GROUPS;
	if (HAS(io_ring_ctx, zcrx_ctxs))
		note_some(ADDR(ctx, io_ring_ctx, zcrx_ctxs), SOME_ZCRX);
	else if (HAS(io_ring_ctx, ifq) && GET(ctx, ifq))
		base.some |= SOME_ZCRX;
	if (HAS(io_ring_ctx, napi_list) &&
		load(ADDR(ctx, io_ring_ctx, napi_list)) != (uint64_t)ADDR(ctx, io_ring_ctx, napi_list))
		base.some |= SOME_NAPI;
	if (load(ADDR(ctx, io_ring_ctx, cq_overflow_list)) != (uint64_t)ADDR(ctx, io_ring_ctx, cq_overflow_list))
		base.some |= SOME_OVERFLOW;
}

static __always_inline void places(struct io_ring_ctx *ctx)
{
	struct io_rings *r = GET(ctx, rings);

	base.cached_sq_head = GET(ctx, cached_sq_head);
	base.cached_cq_tail = GET(ctx, cached_cq_tail);
	base.sq_head = GET(r, sq.head);
	base.sq_tail = GET(r, sq.tail);
	base.cq_head = GET(r, cq.head);
	base.cq_tail = GET(r, cq.tail);
	if (HAS(io_ring_ctx, nr_user_files))
		base.nr_files = GET(ctx, nr_user_files);
	else
		base.nr_files = GET(ctx, file_table.data.nr);
}

static __always_inline void queues(struct io_ring_ctx *ctx)
{
	struct io_rings *r = GET(ctx, rings);

	base.sq_entries = GET(ctx, sq_entries);
	base.cq_entries = GET(ctx, cq_entries);
	base.sq_mask = GET(r, sq_ring_mask);
	base.cq_mask = GET(r, cq_ring_mask);
	base.sq_dropped = GET(r, sq_dropped);
	if (HAS(io_rings___atomic, sq_flags.counter)) {
		const struct io_rings___atomic *a = (void *)r;

		base.sq_flags = (uint32_t)GET(a, sq_flags.counter);
	} else {
		base.sq_flags = GET(r, sq_flags);
	}
	base.cq_flags = GET(r, cq_flags);
	base.cq_overflow = GET(r, cq_overflow);
	base.offsets[0] = AT(io_rings, sq.head);
	base.offsets[1] = AT(io_rings, sq.tail);
	base.offsets[2] = AT(io_rings, cq.head);
	base.offsets[3] = AT(io_rings, cq.tail);
	base.offsets[4] = AT(io_rings, sq_ring_mask);
	base.offsets[5] = AT(io_rings, cq_ring_mask);
	base.offsets[6] = AT(io_rings, sq_ring_entries);
	base.offsets[7] = AT(io_rings, cq_ring_entries);
	base.offsets[8] = AT(io_rings, sq_dropped);
	base.offsets[9] = HAS(io_rings, sq_flags) ? AT(io_rings, sq_flags) : AT(io_rings___atomic, sq_flags);
	base.offsets[10] = AT(io_rings, cq_flags);
	base.offsets[11] = AT(io_rings, cq_overflow);
	base.offsets[12] = AT(io_rings, cqes);
}

static __always_inline void owner(struct io_ring_ctx *ctx, const struct pid *mine)
{
	struct mm_struct *mm = GET(ctx, mm_account);
	struct user_struct *user = GET(ctx, user);
	struct task_struct *t;

	base.mm = (uint64_t)mm;
	base.user = (uint64_t)user;
	if (mm) {
		base.mm_users = (uint32_t)GET(mm, mm_users.counter);
		base.pinned_pages = (uint64_t)GET(mm, pinned_vm.counter);
	}
	if (mm && HAS(mm_struct, owner)) {
		base.has |= HAS_MM_OWNER;
		t = GET(mm, owner);
		if (t) {
			task_ids(&base.mm_owner, t, mine);
			base.owner_uid = GET(t, real_cred, uid.val);
			base.memlock_limit =
				load((void *)GET(t, signal) + AT(signal_struct, rlim) + 8 * sizeof(struct rlimit) * 2);
		}
	}
	if (user) {
		base.user_uid = GET(user, uid.val);
		base.locked_pages = (uint64_t)GET(user, locked_vm.counter);
	}
	if (HAS(io_ring_ctx, submitter_task)) {
		base.has |= HAS_SUBMITTER;
		t = GET(ctx, submitter_task);
		if (t)
			task_ids(&base.submitter, t, mine);
	}
}

static __always_inline void sqpoll(struct io_ring_ctx *ctx, const struct pid *mine)
{
	struct io_sq_data *sqd = GET(ctx, sq_data);
	const struct cred *creds = GET(ctx, sq_creds);
	struct task_struct *t;

	base.sqd = (uint64_t)sqd;
	if (creds) {
		base.has_sq_creds = 1;
		cred_ids(&base.sq_creds, creds);
	}
	if (!sqd)
		return;
	base.sq_idle_ms = GET(ctx, sq_thread_idle);
	base.sqd_idle_ms = GET(sqd, sq_thread_idle);
	base.sq_cpu = GET(sqd, sq_cpu);
	base.sq_park_pending = GET(sqd, park_pending.counter);
	base.sq_state = GET(sqd, state);
	if (HAS(io_sq_data, work_time)) {
		base.has |= HAS_WORK_TIME;
		base.sq_work_us = GET(sqd, work_time);
	}
	t = GET(sqd, thread);
	if (t)
		task_ids(&base.sq_thread, t, mine);
}

static __always_inline uint64_t filter_bit(struct io_bpf_filter **filters, uint32_t op)
{
	return load(filters + op) ? 1ull << (op & 63) : 0;
}

/* Is it the same set as that of the task whose ring it is? There is a flag, which 7.3 does not set for all that begin so. */
static __always_inline bool is_inherited(struct io_ring_ctx *ctx, struct io_restriction *r)
{
	struct task_struct *t = GET(ctx, mm_account, owner);
	struct io_restriction *of_task = t ? GET(t, io_uring_restrict) : NULL;

	return of_task && load(ADDR(of_task, io_restriction, sqe_op)) == load(ADDR(r, io_restriction, sqe_op)) &&
	       load(ADDR(of_task, io_restriction, register_op)) == load(ADDR(r, io_restriction, register_op));
}

static __always_inline void restrictions(struct io_ring_ctx *ctx)
{
	struct io_restriction *r = ADDR(ctx, io_ring_ctx, restrictions);

	if (HAS(io_restriction, op_registered)) {
		struct io_bpf_filter **f = GET(ctx, bpf_filters);

		base.has |= HAS_TASK_RESTRICTIONS;
		base.int_flags = GET(ctx, int_flags);
		if (HAS(task_struct, io_uring_restrict) && HAS(mm_struct, owner) && is_inherited(ctx, r))
			base.int_flags |= RESTRICT_INHERITED;
		base.registered = GET(r, op_registered);
		base.reg_registered = GET(r, reg_registered);
		base.sqe_ops[1] = load(ADDR(r, io_restriction, sqe_op) + 8);
		for (uint32_t i = 0; f && i < 64; i++)
			base.filter_ops[0] |= filter_bit(f, i);
		/* beyond the last opcode there is no table */
		for (uint32_t i = 64; f && i < 80 && i < bpf_core_enum_value(enum io_uring_op, IORING_OP_LAST); i++)
			base.filter_ops[1] |= filter_bit(f, i);
	} else {
		if (HAS(io_ring_ctx, restricted))
			base.int_flags = NUM(ctx, restricted) ? RESTRICTED_OPS | RESTRICTED_REGISTER : 0;
		base.registered = GET(r, registered);
		base.reg_registered = base.registered;
	}
	base.register_ops = load(ADDR(r, io_restriction, register_op));
	base.sqe_ops[0] = load(ADDR(r, io_restriction, sqe_op));
	base.sqe_flags_allowed = GET(r, sqe_flags_allowed);
	base.sqe_flags_required = GET(r, sqe_flags_required);
}

static __always_inline void registered(struct io_ring_ctx *ctx)
{
	if (HAS(io_ring_ctx, nr_user_bufs))
		base.nr_buffers = GET(ctx, nr_user_bufs);
	else
		base.nr_buffers = GET(ctx, buf_table.nr);
	if (HAS(io_ring_ctx, io_ev_fd)) {
		struct io_ev_fd *ev = GET(ctx, io_ev_fd);

		base.has_eventfd = ev != NULL;
		base.eventfd_async = ev ? (uint32_t)NUM(ev, eventfd_async) : 0;
		base.has |= HAS_EVENTFD_ASYNC;
	} else if (HAS(io_ring_ctx, cq_ev_fd)) {
		base.has_eventfd = GET(ctx, cq_ev_fd) != NULL;
		if (HAS(io_ring_ctx, eventfd_async)) {
			base.eventfd_async = (uint32_t)NUM(ctx, eventfd_async);
			base.has |= HAS_EVENTFD_ASYNC;
		}
	}
	if (HAS(io_ring_ctx, iowq_limits)) {
		base.has |= HAS_IOWQ_LIMITS;
		base.iowq_limits[0] = (uint32_t)load(ADDR(ctx, io_ring_ctx, iowq_limits));
		base.iowq_limits[1] = (uint32_t)(load(ADDR(ctx, io_ring_ctx, iowq_limits)) >> 32);
	}
}

static __always_inline void napi(struct io_ring_ctx *ctx)
{
	if (!HAS(io_ring_ctx, napi_list))
		return;
	base.has |= HAS_NAPI;
	base.napi_prefer = (uint32_t)NUM(ctx, napi_prefer_busy_poll);
	if (HAS(io_ring_ctx, napi_busy_poll_dt))
		base.napi_busy_ns = (uint64_t)GET(ctx, napi_busy_poll_dt);
	else if (HAS(io_ring_ctx, napi_busy_poll_to))
		base.napi_busy_ns = (uint64_t)GET(ctx, napi_busy_poll_to) * 1000;
	if (HAS(io_ring_ctx, napi_track_mode)) {
		base.has |= HAS_NAPI_MODE;
		base.napi_mode = GET(ctx, napi_track_mode);
	} else if (HAS(io_ring_ctx, napi_enabled)) {
		base.napi_mode = (uint32_t)NUM(ctx, napi_enabled);
	}
}

/* How many requests are allocated, and how many of those are free ones kept for later. */
static __always_inline void requests(struct io_ring_ctx *ctx)
{

	if (HAS(io_ring_ctx, nr_req_allocated)) {
		base.has |= HAS_NR_ALLOCATED;
		base.nr_allocated = GET(ctx, nr_req_allocated);
	}
	if (!HAS(io_ring_ctx, submit_state))
		return;
	base.has |= HAS_FREE_LIST;
	base.nr_free = GET(ctx, submit_state.free_list.next) != NULL;
	if (HAS(io_ring_ctx, locked_free_nr))
		base.nr_locked_free = GET(ctx, locked_free_nr);
}

/* cursor[0]: not all of it, what moves alone. */
SEC("iter/task")
int walk_ring(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	const struct pid *mine = my_pid();
	struct ring_base *out;

	(void)it;
	x.len = x.n = 0;
	out = room(sizeof(*out));
	if (!ctx || !out)
		return answer(WALK_GONE);
	__builtin_memset(&base, 0, sizeof(base));
	base.now = bpf_ktime_get_ns();
	base.jiffies = bpf_jiffies64();
	base.ctx = (uint64_t)ctx;
	places(ctx);
	requests(ctx);
	lists(ctx);
	if (!x.cursor[0]) {
		base.flags = GET(ctx, flags);
		queues(ctx);
		owner(ctx, mine);
		sqpoll(ctx, mine);
		restrictions(ctx);
		registered(ctx);
		napi(ctx);
		some(ctx);
	}
	__builtin_memcpy(out, &base, sizeof(base));
	return answer(WALK_DONE);
}

/* Counts the free requests that are kept for later, on from cursor[1], into cursor[0]. */
SEC("iter/task")
int walk_free(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	struct io_wq_work_node *n = (void *)x.cursor[1];

	(void)it;
	if (!ctx)
		return answer(WALK_GONE);
	if (!n)
		n = GET(ctx, submit_state.free_list.next);
#pragma clang loop unroll(disable)
	for (int i = 0; i < 256 && n; i++) {
		x.cursor[0]++;
		n = GET(n, next);
	}
	x.cursor[1] = (uint64_t)n;
	return answer(n ? WALK_MORE : WALK_DONE);
}
