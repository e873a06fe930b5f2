/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel source says of a ring, laid over what /proc and the ring's memory have said: the kernel's word stands, and
 * where both had one that should be the same they are compared.
 */
#include <inttypes.h>
#include <string.h>

#include "parts.h"
#include "uapi.h"

static const char *number_text(struct arena *a, uint64_t v)
{
	return arena_printf(a, "%" PRIu64, v);
}

static void compare(struct arena *a, struct snap_ring *out, const char *what, struct snap_num proc, uint64_t kernel)
{
	if (proc.known && proc.v != kernel)
		disagree(a, out, what, number_text(a, proc.v), number_text(a, kernel));
}

static void setup(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct snap_names shown = out->setup_names;

	out->setup_known = true;
	out->setup_value = snap(b->base.flags);
	out->setup_names = snap_flag_names(a, &uapi_setup_flags, b->base.flags);
	snap_drop_name(&out->inferred, "setup_flags");
	snap_drop_reason(out, "setup_flags");
	/* what showed without the kernel's help has to be there; two rings of one thread do not tell which has joined the other */
	for (size_t i = 0; i < shown.n; i++)
		if (strcmp(shown.v[i], "ATTACH_WQ") != 0 && strcmp(shown.v[i], "CQSIZE") != 0 &&
			!snap_has(&out->setup_names, shown.v[i]))
			disagree(a, out, "setup_flags", shown.v[i], "not set");
}

/* The numbers that stand in the ring's memory were read from there; the kernel adds its own, and stands in. */
static void queues(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const struct ring_base *base = &b->base;

	snap_drop_reason(out, "sq.entries");
	snap_drop_reason(out, "cq.entries");
	snap_drop_name(&out->inferred, "sq.entries");
	snap_drop_name(&out->inferred, "cq.entries");
	out->sq.entries = snap(base->sq_entries);
	out->cq.entries = snap(base->cq_entries);
	if (!out->sq.kernel_head.known) {
		out->sq.kernel_head = snap(base->cached_sq_head);
		snap_drop_reason(out, "sq.kernel_head");
	}
	if (!out->cq.kernel_tail.known) {
		out->cq.kernel_tail = snap(base->cached_cq_tail);
		snap_drop_reason(out, "cq.kernel_tail");
	}
	if (out->sq.flags_known)
		return;
	out->sq.head = snap(base->sq_head);
	out->sq.tail = snap(base->sq_tail);
	out->cq.head = snap(base->cq_head);
	out->cq.tail = snap(base->cq_tail);
	out->sq.dropped = snap(base->sq_dropped);
	out->cq.overflow = snap(base->cq_overflow);
	out->sq.flags_known = out->cq.flags_known = true;
	out->sq.flags = snap_flag_names(a, &uapi_sq_ring_flags, base->sq_flags);
	out->cq.flags = snap_flag_names(a, &uapi_cq_ring_flags, base->cq_flags);
	snap_drop_reason(out, "sq.dropped");
	snap_drop_reason(out, "cq.overflow");
	snap_drop_reason(out, "sq.flags");
	snap_drop_reason(out, "cq.flags");
}

/* --- SQPOLL --- */

/*
 * Jiffies a second: nothing says it outright, but both clocks began when the machine started, jiffies at five minutes before they
 * would pass 32 bits.
 */
static unsigned hertz(const struct ring_base *base)
{
	static const unsigned all[] = {1000, 300, 250, 100};
	double best = 1e18, seconds = (double)base->now / 1e9;
	unsigned hz = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		double expected = 4294967296.0 + (seconds - 300) * all[i], off = expected - (double)base->jiffies;

		off = off < 0 ? -off : off;
		if (off < best) {
			best = off;
			hz = all[i];
		}
	}
	/* within five seconds; at the moment when all agree, and on machines whose clock began elsewhere, it is not known */
	return best < 5.0 * hz && !(seconds > 290 && seconds < 310) ? hz : 0;
}

enum { SHOULD_STOP = 1, SHOULD_PARK = 2 }; /* bits of io_sq_data.state, io_uring/sqpoll.c */

static const char *sq_state(const struct ring_base *base)
{
	uint32_t s = base->sq_thread.state;

	return !base->sq_thread.tid || base->sq_thread.exit_state	   ? "died"
	       : base->sq_state & SHOULD_STOP				   ? "stopping"
	       : base->sq_state & SHOULD_PARK || base->sq_park_pending > 0 ? "parked"
	       : s == 0							   ? "running"
	       : s & 1							   ? "sleeping"
	       : s & 2							   ? "blocked"
									   : "stopped";
}

static void shared_with(struct builder *b, struct arena *a, struct snap_ring *out)
{
	size_t cap = 0;

	if (!b->sqds) {
		b->sqds = xrealloc(NULL, (b->d->n_rings + 1) * sizeof(*b->sqds));
		for (size_t i = 0; i < b->d->n_rings; i++) {
			const struct found_ring *r = &b->d->rings[i];
			struct ring_base other;

			b->sqds[i] = r->ctx && !kernel_ring(b->k, &(struct ring_key){r->file, r->ctx, r->inode}, &other)
					     ? other.sqd
					     : 0;
		}
	}
	out->sqpoll.n_shared_with = 0;
	out->sqpoll.shared_with = NULL;
	for (size_t i = 0; i < b->d->n_rings; i++) {
		if (b->sqds[i] != b->base.sqd || b->d->rings[i].id == out->id)
			continue;
		out->sqpoll.shared_with =
			arena_grow(a, out->sqpoll.shared_with, out->sqpoll.n_shared_with, &cap, sizeof(uint64_t));
		out->sqpoll.shared_with[out->sqpoll.n_shared_with++] = b->d->rings[i].id;
	}
}

static void sqpoll(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const struct ring_base *base = &b->base;
	struct snap_sqpoll *s = &out->sqpoll, said = *s;
	unsigned hz = hertz(base);

	if (!s->active)
		snap_drop_reason(out, "sqpoll");
	snap_drop_name(&out->inferred, "sqpoll");
	if (!base->sqd) {
		if (said.known && said.active)
			disagree(a, out, "sqpoll", "a thread", "none");
		*s = (struct snap_sqpoll){.known = true};
		return;
	}
	s->known = s->active = true;
	if (said.known && said.active && base->sq_thread.tid)
		compare(a, out, "sqpoll.tid", said.tid, (uint64_t)base->sq_thread.tid);
	s->tid = base->sq_thread.tid ? snap((uint64_t)base->sq_thread.tid) : (struct snap_num){0};
	if (!s->comm && base->sq_thread.comm[0])
		s->comm = arena_copy(a, base->sq_thread.comm, strnlen(base->sq_thread.comm, 16));
	s->state = sq_state(base);
	snap_drop_reason(out, "sqpoll.state");
	snap_drop_reason(out, "sqpoll.pinned_cpu");
	snap_drop_reason(out, "sqpoll.idle_ms");
	/* -1: pinned to none, which is known too: then no number is there, and no reason */
	s->pinned_cpu = base->sq_cpu >= 0 && base->flags & UAPI_SETUP_SQ_AFF ? snap((uint64_t)base->sq_cpu)
									     : (struct snap_num){0};
	if (hz)
		s->idle_ms = snap((uint64_t)base->sqd_idle_ms * 1000 / hz);
	else
		snap_add_reason(a, out, "sqpoll.idle_ms", "the kernel's unit of it (CONFIG_HZ) is not known");
	if (!s->total_us.known && base->has & HAS_WORK_TIME && base->sq_thread.tid) {
		s->total_us = snap(base->sq_thread.cpu_ns / 1000);
		s->work_us = snap(base->sq_work_us);
		snap_drop_reason(out, "sqpoll.total_us");
	}
	if (s->need_wakeup == SNAP_UNKNOWN) {
		s->need_wakeup = base->sq_flags & UAPI_SQ_NEED_WAKEUP ? SNAP_YES : SNAP_NO;
		snap_drop_reason(out, "sqpoll.need_wakeup");
	}
	if (!b->o.brief)
		shared_with(b, a, out);
}

/* --- restrictions --- */

static struct snap_names register_ops(struct arena *a, uint64_t word)
{
	static const char prefix[] = "REGISTER_";
	struct snap_names names = {0};

	for (unsigned i = 0; i < 64; i++) {
		const char *name = word >> i & 1 ? uapi_name(uapi_register_ops, i) : NULL;

		if (!(word >> i & 1))
			continue;
		if (!name)
			name = arena_printf(a, "OP_%u", i);
		else if (!strncmp(name, prefix, sizeof(prefix) - 1))
			name += sizeof(prefix) - 1;
		snap_add_name(a, &names, name);
	}
	return names;
}

static struct snap_names sqe_ops(struct arena *a, const uint64_t words[2])
{
	struct snap_names names = {0};

	for (unsigned i = 0; i < 128; i++)
		if (words[i / 64] >> i % 64 & 1)
			snap_add_name(a, &names, op_name(a, i));
	return names;
}

static void restrictions(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const struct ring_base *base = &b->base;
	struct snap_restrictions *r = &out->restrictions;

	*r = (struct snap_restrictions){.known = true};
	r->active = base->int_flags & (RESTRICTED_OPS | RESTRICTED_REGISTER) || base->filter_ops[0] ||
		    base->filter_ops[1];
	/* 7.x notes them at once, but nothing is refused before the ring is enabled */
	r->active = r->active && !(base->flags & UAPI_SETUP_R_DISABLED);
	r->registered = base->registered || base->reg_registered;
	r->sqe_limited = base->registered || base->int_flags & RESTRICTED_OPS;
	if (r->sqe_limited) {
		r->sqe_ops = sqe_ops(a, base->sqe_ops);
		r->sqe_flags_allowed = snap_flag_names(a, &uapi_sqe_flags, base->sqe_flags_allowed);
		r->sqe_flags_required = snap_flag_names(a, &uapi_sqe_flags, base->sqe_flags_required);
	}
	r->register_limited = base->reg_registered || base->int_flags & RESTRICTED_REGISTER;
	if (r->register_limited)
		r->register_ops = register_ops(a, base->register_ops);
	r->filter_ops = sqe_ops(a, base->filter_ops);
	if (base->has & HAS_TASK_RESTRICTIONS)
		r->bpf_filters = snap(r->filter_ops.n);
	r->inherited = base->has & HAS_TASK_RESTRICTIONS && base->int_flags & RESTRICT_INHERITED ? SNAP_YES : SNAP_NO;
	r->ring_disabled = base->flags & UAPI_SETUP_R_DISABLED ? SNAP_YES : SNAP_NO;
	snap_drop_reason(out, "restrictions");
}

void build_kernel(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	const struct rec_user *users = NULL;
	size_t n_users = b->o.brief ? 0 : kernel_users(b, a, &users);

	setup(b, a, out);
	queues(b, a, out);
	sqpoll(b, a, out);
	build_kernel_people(b, a, r, users, n_users, out);
	if (b->o.brief)
		return;
	restrictions(b, a, out);
	build_kernel_registered(b, a, out);
	build_kernel_workers(b, a, users, n_users, out);
	build_kernel_requests(b, a, users, n_users, out);
	/* the queues were read before the requests, which have read the ring once more */
	out->moved |= out->sq.head.known && (uint32_t)out->sq.head.v != b->base.sq_head;
	out->moved |= out->cq.tail.known && (uint32_t)out->cq.tail.v != b->base.cq_tail;
}
