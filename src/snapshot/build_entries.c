/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the words of the entries mean: out of a copy of the ring's memory, or as far as the kernel's lines in fdinfo go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "kbtf.h"
#include "reading.h"
#include "uapi.h"

static ssize_t look_mem(void *ctx, uint64_t addr, void *dst, size_t n)
{
	struct reading *x = ctx;
	struct iovec local = {dst, n}, remote = {(void *)(uintptr_t)addr, n};

	if (!budget_take(&x->budget, n))
		return -1;
	return proc_memory(x->pid, x->pid, &remote, 1, &local, 1);
}

/* Where fd is in the table, or has its place. */
static struct fd_name *fd_place(const struct fd_names *t, int fd)
{
	size_t at = (size_t)fd * 0x9e3779b97f4a7c15u >> 20 & (t->size - 1);

	while (t->v[at].taken && t->v[at].fd != fd)
		at = (at + 1) & (t->size - 1);
	return &t->v[at];
}

static struct fd_name *fd_known(struct reading *x, int fd)
{
	struct fd_names *t = &x->names, bigger;

	if (t->n * 2 >= t->size) {
		bigger = (struct fd_names){.n = t->n, .size = t->size ? t->size * 2 : 64};
		bigger.v = arena_alloc(x->a, bigger.size * sizeof(*bigger.v));
		for (size_t i = 0; i < t->size; i++)
			if (t->v[i].taken)
				*fd_place(&bigger, t->v[i].fd) = t->v[i];
		*t = bigger;
	}
	return fd_place(t, fd);
}

/* A name counts each time, since it is printed each time. */
static const char *named(struct reading *x, const char *name)
{
	return name && budget_again(&x->budget, strlen(name)) ? name : NULL;
}

static const char *look_file(void *ctx, int fd)
{
	struct reading *x = ctx;
	struct fd_name *known = fd_known(x, fd);
	struct person *p;

	if (!known->taken) {
		if (!budget_take(&x->budget, 0))
			return NULL;
		p = person_of(x->b, x->table);
		*known = (struct fd_name){fd, true, p ? proc_fd_name(x->a, p->dir, fd, x->b->sockets) : NULL};
		x->names.n++;
	}
	return named(x, known->name);
}

static int by_slot(const void *key, const void *file)
{
	unsigned a = *(const unsigned *)key, b = ((const struct fdinfo_file *)file)->slot;

	return a < b ? -1 : a > b;
}

static const char *look_slot(void *ctx, unsigned slot)
{
	struct reading *x = ctx;
	const struct fdinfo_file *file =
		x->f && x->f->n_files ? bsearch(&slot, x->f->files, x->f->n_files, sizeof(*x->f->files), by_slot)
				      : NULL;

	if (!file)
		return NULL;
	/* of a socket fdinfo has the number alone, and not the protocol whose table could answer for it */
	return named(x, fdinfo_file_name(x->a, x->f, (size_t)(file - x->f->files)));
}

static const char *look_op(void *ctx, unsigned opcode)
{
	(void)ctx;
	return kbtf_op_name(opcode);
}

static struct peek eyes_of(struct reading *x)
{
	struct peek p = {.ctx = x, .newer_op = look_op, .slot = look_slot, .data = x->b->o.data};

	budget_start(&x->budget, x->b->o.max_memory);
	if (x->pid && uses(x->b, SOURCE_MEMORY))
		p.mem = look_mem;
	if (x->pid && uses(x->b, SOURCE_PROC))
		p.file = look_file;
	if (x->pid) {
		/* a ring that is mapped below 4 GiB is a 32-bit program's, but for one that asks for such an address */
		p.compat = x->r->n_maps && x->r->maps[0].end <= UINT32_MAX;
	}
	return p;
}

/* An entry's words into names, as long as there is something left to follow them for. */
static void decode(struct reading *x, const struct sqe *sqe, const struct peek *peek, size_t i, struct sqe_fields *out)
{
	struct snap_sq *sq = &x->out->sq;

	sqe_decode(x->a, sqe, peek, out);
	if (x->budget.spent && !sq->followed.known)
		sq->followed = snap(i);
}

static void note_followed(struct reading *x)
{
	struct snap_sq *sq = &x->out->sq;
	const struct snap_sqe *first = &sq->pending[sq->followed.v];

	if (!sq->followed.known)
		return;
	snap_add_reason(x->a, x->out, "sq.pending.followed",
		arena_printf(x->a, "pointers and descriptors are not followed from entry %llu on: %s",
			(unsigned long long)(first->index.known ? first->index.v : sq->followed.v),
			budget_why(&x->budget, x->a)));
}

void pending_from_memory(struct reading *x, const struct ring_copy *c)
{
	struct peek peek = eyes_of(x);
	struct snap_sq *sq = &x->out->sq;

	sq->pending = arena_alloc(x->a, c->n_sq * sizeof(*sq->pending));
	sq->n_pending = c->n_sq;
	for (size_t i = 0; i < c->n_sq; i++) {
		struct snap_sqe *e = &sq->pending[i];

		e->index = snap(c->sq[i].index);
		e->slot = snap(c->sq[i].slot);
		e->in_range = c->sq[i].in_range;
		if (e->in_range)
			decode(x, &c->sq[i].sqe, &peek, i, &e->f);
	}
	note_followed(x);
}

void unreaped_from_memory(struct reading *x, const struct ring_copy *c)
{
	struct snap_cq *cq = &x->out->cq;

	cq->unreaped = arena_alloc(x->a, c->n_cq * sizeof(*cq->unreaped));
	cq->n_unreaped = c->n_cq;
	for (size_t i = 0; i < c->n_cq; i++)
		cq->unreaped[i] = (struct snap_cqe){snap(c->cq[i].index), c->cq[i].user_data, c->cq[i].res,
			c->cq[i].flags, c->cq[i].big, {c->cq[i].extra[0], c->cq[i].extra[1]}};
}

/* A line of fdinfo as far as it goes: len, ioprio, personality and the last 20 bytes are not in it. */
static void sqe_from_line(const struct fdinfo_sqe *s, struct sqe *sqe)
{
	*sqe = (struct sqe){.big = s->big};
	sqe->b[SQE_OPCODE] = s->opcode < 0 ? 0xff : (uint8_t)s->opcode;
	sqe->b[SQE_FLAGS] = (uint8_t)s->flags;
	memcpy(sqe->b + SQE_FD, &s->fd, 4);
	memcpy(sqe->b + SQE_OFF, &s->off, 8);
	memcpy(sqe->b + SQE_ADDR, &s->addr, 8);
	memcpy(sqe->b + SQE_OP_FLAGS, &s->rw_flags, 4);
	memcpy(sqe->b + SQE_USER_DATA, &s->user_data, 8);
	memcpy(sqe->b + SQE_BUF_INDEX, &s->buf_index, 2);
	memcpy(sqe->b + 64, s->extra, 64);
	sqe->known = 0x3fff0fffff3ull; /* a bit for each byte set above */
}

void pending_from_lines(struct reading *x)
{
	struct peek peek = eyes_of(x);
	struct snap_sq *sq = &x->out->sq;
	const struct fdinfo *f = x->f;

	sq->pending = arena_alloc(x->a, f->n_sqes * sizeof(*sq->pending));
	sq->n_pending = f->n_sqes;
	for (size_t i = 0; i < f->n_sqes; i++) {
		struct sqe sqe;

		sqe_from_line(&f->sqes[i], &sqe);
		/* entries that name no slot have no line: if there are any, it is not known where */
		sq->pending[i] = (struct snap_sqe){{f->n_sqes == f->sq_tail - f->sq_head, f->sq_head + (uint32_t)i},
			snap(f->sqes[i].slot), true, {0}};
		decode(x, &sqe, &peek, i, &sq->pending[i].f);
		if (f->sqes[i].opcode < 0)
			sq->pending[i].f.name = "INVALID";
	}
	note_followed(x);
}

/*
 * 6.18 prints the CQEs of a ring with 32-byte ones from the wrong places (io_uring/fdinfo.c counts them in halves), so these
 * lines are only believed where they cannot be.
 */
bool lines_are_wrong(const struct fdinfo *f)
{
	uint32_t n = f->cq_tail - f->cq_head;

	return f->n_cqes && f->cqes[0].big && !(f->cqes[0].flags & UAPI_CQE_32) &&
	       (f->cq_head & f->cq_mask || f->n_cqes != n);
}

void unreaped_from_lines(struct reading *x)
{
	struct snap_cq *cq = &x->out->cq;
	const struct fdinfo *f = x->f;

	cq->unreaped = arena_alloc(x->a, f->n_cqes * sizeof(*cq->unreaped));
	cq->n_unreaped = f->n_cqes;
	for (size_t i = 0; i < f->n_cqes; i++) {
		const struct fdinfo_cqe *q = &f->cqes[i];
		uint32_t index = f->cq_head + ((q->slot - f->cq_head) & f->cq_mask);

		cq->unreaped[i] = (struct snap_cqe){
			snap(index), q->user_data, q->res, q->flags, q->big, {q->extra[0], q->extra[1]}};
	}
}

void overflowed(struct reading *x)
{
	struct snap_cq *cq = &x->out->cq;
	const struct fdinfo *f = x->f;

	if (!f || !f->has_overflow) {
		snap_add_reason(x->a, x->out, "cq.overflowed", f ? x->b->kernel_why : x->b->fdinfo_why);
		return;
	}
	cq->overflowed_known = true;
	cq->n_overflowed = f->n_overflow;
	cq->overflowed = arena_alloc(x->a, f->n_overflow * sizeof(*cq->overflowed));
	for (size_t i = 0; i < f->n_overflow; i++)
		cq->overflowed[i] = (struct snap_cqe){.user_data = f->overflow[i].user_data,
			.res = f->overflow[i].res,
			.flags = f->overflow[i].flags};
}
