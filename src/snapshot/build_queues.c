/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SQ and CQ: sizes from the kernel, heads and tails and entries from the ring's memory, and the kernel's own lines about
 * the same entries to check them by, or to stand in for them where the memory is out of reach.
 */
#include <errno.h>

#include "reading.h"
#include "uapi.h"

/* --- what all this says of the setup flags ---------------------------------------------------------------------------- */

static void setup_flags(struct reading *x)
{
	struct snap_ring *out = x->out;
	uint32_t v = 0;

	if (out->sqpoll.active)
		v |= UAPI_SETUP_SQPOLL;
	if (out->sqpoll.n_shared_with)
		v |= UAPI_SETUP_ATTACH_WQ;
	if (x->g.cq_entries && x->g.cq_entries != 2 * x->g.sq_entries)
		v |= UAPI_SETUP_CQSIZE;
	if (x->sure.sqe_size && x->layout.sqe128)
		v |= UAPI_SETUP_SQE128;
	if (x->sure.cqe_size && x->layout.cqe32)
		v |= UAPI_SETUP_CQE32;
	if (x->sure.sqarray && x->layout.no_sqarray)
		v |= UAPI_SETUP_NO_SQARRAY;
	if (x->sure.sqe_mixed && x->layout.sqe_mixed)
		v |= UAPI_SETUP_SQE_MIXED;
	if (x->sure.cqe_mixed && x->layout.cqe_mixed)
		v |= UAPI_SETUP_CQE_MIXED;
	if (x->no_mmap)
		v |= UAPI_SETUP_NO_MMAP;
	out->setup_known = true;
	out->setup_names = snap_flag_names(x->a, &uapi_setup_flags, v);
	snap_add_name(x->a, &out->inferred, "setup_flags");
	snap_add_reason(x->a, out, "setup_flags.value",
		arena_printf(x->a, "the flags named are those that show in other ways; the word itself: %s",
			x->b->kernel_why));
}

static void entry_sizes(struct reading *x)
{
	struct snap_ring *out = x->out;
	bool lines = x->f && x->f->n_sqes, cq_lines = x->f && x->f->n_cqes;

	if (x->sure.sqe_size) {
		out->sq.sqe_size = snap(x->layout.sqe128 ? 128 : 64);
		if (!x->b->have_base && !lines && !before_big_entries(x))
			snap_add_name(x->a, &out->inferred, "sq.sqe_size");
	} else {
		snap_add_reason(x->a, out, "sq.sqe_size",
			"ambiguous: the mappings fit 64 and 128 bytes, and nothing pending tells which");
	}
	if (x->sure.cqe_size) {
		out->cq.cqe_size = snap(x->layout.cqe32 ? 32 : 16);
		if (!x->b->have_base && !cq_lines && !before_big_entries(x))
			snap_add_name(x->a, &out->inferred, "cq.cqe_size");
	} else {
		snap_add_reason(x->a, out, "cq.cqe_size",
			"ambiguous: the mappings fit 16 and 32 bytes, and nothing unreaped tells which");
	}
}

static void numbers_from_words(struct reading *x)
{
	struct snap_sq *sq = &x->out->sq;
	struct snap_cq *cq = &x->out->cq;
	const struct ring_words *w = &x->words;

	sq->head = snap(w->sq_head);
	sq->tail = snap(w->sq_tail);
	sq->dropped = snap(w->sq_dropped);
	sq->flags_known = cq->flags_known = true;
	sq->flags = snap_flag_names(x->a, &uapi_sq_ring_flags, w->sq_flags);
	cq->flags = snap_flag_names(x->a, &uapi_cq_ring_flags, w->cq_flags);
	cq->head = snap(w->cq_head);
	cq->tail = snap(w->cq_tail);
	cq->overflow = snap(w->cq_overflow);
	if (x->out->sqpoll.active)
		x->out->sqpoll.need_wakeup = w->sq_flags & UAPI_SQ_NEED_WAKEUP ? SNAP_YES : SNAP_NO;
}

static void numbers_from_fdinfo(struct reading *x)
{
	x->out->sq.head = snap(x->f->sq_head);
	x->out->sq.tail = snap(x->f->sq_tail);
	x->out->cq.head = snap(x->f->cq_head);
	x->out->cq.tail = snap(x->f->cq_tail);
}

static void absent_words(struct reading *x, const char *why)
{
	static const char *const words[] = {"sq.dropped", "sq.flags", "cq.flags", "cq.overflow"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		snap_add_reason(x->a, x->out, words[i], why);
	if (x->out->sqpoll.active)
		snap_add_reason(x->a, x->out, "sqpoll.need_wakeup", why);
}

/* Entries name addresses and descriptors of whoever submits them: the owner, or all who share its address space. */
static void whose_words(struct reading *x, bool any)
{
	pid_t owner = x->out->owner.known ? (pid_t)x->out->owner.pid.v : 0;

	if (!owner && any)
		snap_add_reason(x->a, x->out, "sq.pending.decoded",
			"pointers and descriptors are not followed: the owner is not known, so neither is whose they "
			"are");
	x->pid = x->table = owner;
	for (size_t i = 0; owner && i < x->r->n_maps; i++) {
		if (x->r->maps[i].pid == owner) {
			x->pid = x->r->maps[i].tid;
			break;
		}
	}
	/* the process's own table, if the ring is in it */
	for (size_t i = 0; owner && i < x->r->n_refs; i++) {
		if (x->r->refs[i].pid == owner) {
			bool own = false;

			for (size_t k = i; k < x->r->n_refs && x->r->refs[k].pid == owner; k++)
				own |= x->r->refs[k].tid == owner;
			x->table = own ? owner : x->r->refs[i].tid;
			break;
		}
	}
}

static void entries(struct reading *x)
{
	struct ring_copy copy = {0};
	bool lines = x->f && x->f->has_queues;
	int err = x->acc ? copy_entries(x, &copy) : -x->err;

	if (err == -ERANGE && x->acc == &x->vm.base && by_descriptor(x))
		err = copy_entries(x, &copy);
	overflowed(x);
	if (!err) {
		x->out->sq.pending_known = x->out->cq.unreaped_known = true;
		whose_words(x, copy.n_sq > 0);
		pending_from_memory(x, &copy);
		unreaped_from_memory(x, &copy);
		if (x->acc && (copy.moved || !same_place(x)))
			x->out->moved = true;
		return;
	}
	x->err = -err;
	if (lines) {
		struct ring_layout all[RING_LAYOUTS];

		/* the memory is not to be had, but the kernel's own lines are; lengths say nothing about such a ring */
		decide(x, all, ring_layouts(&ring_header_known[0], &x->g, x->f, all));
		x->sure.sqarray = false;
		x->out->sq.pending_known = x->f->n_sqes || x->f->sq_tail == x->f->sq_head;
		if (x->out->sq.pending_known) {
			whose_words(x, x->f->n_sqes > 0);
			pending_from_lines(x);
		}
		if (!x->out->sq.pending_known || x->f->n_sqes)
			snap_add_reason(
				x->a, x->out, x->f->n_sqes ? "sq.pending.args" : "sq.pending", why_no_memory(x));
		x->out->cq.unreaped_known = !lines_are_wrong(x->f);
		if (x->out->cq.unreaped_known)
			unreaped_from_lines(x);
		else
			snap_add_reason(x->a, x->out, "cq.unreaped",
				"the ring's memory is out of reach, and this kernel prints 32-byte CQEs from the wrong "
				"places");
		return;
	}
	snap_add_reason(x->a, x->out, "sq.pending", why_no_memory(x));
	snap_add_reason(x->a, x->out, "cq.unreaped", why_no_memory(x));
}

void build_queues(struct builder *b, struct arena *a, const struct found_ring *r, struct fdinfo *f,
	const struct ring_ref *ref, struct snap_ring *out)
{
	struct reading x = {.b = b, .a = a, .r = r, .f = f, .ref = ref, .out = out};

	find_access(&x);
	/* fdinfo and the memory are read one after the other: if the ring has moved on between them, read both again */
	for (int i = 0; i < 3 && x.acc && f && !same_place(&x); i++)
		if (read_fdinfo(b, a, ref, f) || ring_read_words(x.acc, &x.header, &x.words))
			break;
	x.header = x.acc ? x.header : ring_header_known[0];
	if (geometry(&x)) {
		if (x.acc)
			x.err = EBADMSG;
		x.acc = NULL;
		snap_add_reason(a, out, "sq.entries", why_no_memory(&x));
		snap_add_reason(a, out, "cq.entries", why_no_memory(&x));
	} else {
		out->sq.entries = snap(x.g.sq_entries);
		out->cq.entries = snap(x.g.cq_entries);
		if (x.g_inferred) {
			snap_add_name(a, &out->inferred, "sq.entries");
			snap_add_name(a, &out->inferred, "cq.entries");
		}
	}
	if (x.acc)
		numbers_from_words(&x);
	else if (f && f->has_queues)
		numbers_from_fdinfo(&x);
	if (!x.acc)
		absent_words(&x, why_no_memory(&x));
	if (f && f->has_queues) {
		out->sq.kernel_head = snap(f->cached_sq_head);
		out->cq.kernel_tail = snap(f->cached_cq_tail);
	} else {
		const char *why = f ? "this kernel's fdinfo does not say (5.15 does)" : b->fdinfo_why;

		snap_add_reason(a, out, "sq.kernel_head", why);
		snap_add_reason(a, out, "cq.kernel_tail", why);
	}
	if (!b->o.brief) {
		entries(&x);
		entry_sizes(&x);
	} else {
		/* what a list shows of the layout it takes from lengths and lines alone */
		struct ring_layout all[RING_LAYOUTS];
		size_t n = x.g.sq_entries ? ring_layouts(&x.header, &x.g, f && f->has_queues ? f : NULL, all) : 0;

		if (n || b->have_base)
			decide(&x, all, n);
	}
	setup_flags(&x);
}
