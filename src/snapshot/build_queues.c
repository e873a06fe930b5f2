/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SQ and CQ: sizes from the kernel, heads and tails and entries from the ring's memory, and the kernel's own lines about
 * the same entries to check them by, or to stand in for them where the memory is out of reach.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kbtf.h"
#include "parts.h"
#include "uapi.h"

/* Everything about one ring's memory while it is being read. */
struct reading {
	struct builder *b;
	struct arena *a;
	const struct found_ring *r;
	struct fdinfo *f; /* NULL: none */
	const struct ring_ref *ref;
	struct snap_ring *out;
	struct ring_access_vm vm;
	struct ring_access_fd fd;
	struct ring_access *acc; /* NULL: the memory cannot be read */
	int err;		 /* why */
	bool no_mmap;
	pid_t pid; /* whose pointers and descriptors the entries name, 0: not known */
	struct ring_header header;
	struct ring_words words;
	struct ring_geometry g;
	bool g_inferred;
	struct ring_layout layout;
	struct ring_layout_known sure;
};

/* Do the words stand where this header has them? Then they say what the kernel says. */
static bool header_fits(const struct ring_words *w, const struct fdinfo *f)
{
	return w->sq_mask == f->sq_mask && w->cq_mask == f->cq_mask && w->sq_entries == f->sq_mask + 1 &&
	       w->cq_entries == f->cq_mask + 1;
}

/* The header's layout is the same for all rings of a kernel: found out once. 0 or a negative errno. */
static int find_header(struct reading *x)
{
	struct ring_words w;
	int err = 0;

	if (x->b->have_header) {
		x->header = x->b->header;
		return ring_read_words(x->acc, &x->header, &x->words);
	}
	/* a known layout that shows the kernel's own numbers is proved, and spares loading BTF */
	for (size_t i = 0; i < 2; i++) {
		err = ring_read_words(x->acc, &ring_header_known[i], &w);
		if (err)
			return err;
		if (x->f && x->f->has_queues && header_fits(&w, x->f)) {
			x->header = ring_header_known[i];
			x->words = w;
			x->b->header = x->header;
			x->b->have_header = true;
			return 0;
		}
	}
	if (!kbtf_io_rings(&x->header)) {
		x->b->header = x->header;
		x->b->have_header = true;
		return ring_read_words(x->acc, &x->header, &x->words);
	}
	for (size_t i = 0; i < 2; i++) {
		struct ring_geometry g = {0};

		x->header = ring_header_known[i];
		err = ring_read_words(x->acc, &x->header, &x->words);
		if (err || !ring_geometry_from_words(&x->header, &x->words, &g))
			return err;
	}
	return -EBADMSG;
}

/*
 * Tries the ways to the memory in the order of how little they disturb: the target's own mapping leaves no trace at all, a
 * duplicate of the descriptor keeps the ring alive for the microseconds of one copy.
 */
static void find_access(struct reading *x)
{
	const struct found_ring *r = x->r;
	bool refused = false;

	x->err = ENXIO;
	for (size_t i = 0; i < r->n_maps; i++) {
		if (i && r->maps[i].pid == r->maps[i - 1].pid)
			continue;
		ring_access_vm_init(&x->vm, r->maps[i].pid, r->maps, r->n_maps);
		x->acc = &x->vm.base;
		x->err = -find_header(x);
		if (!x->err)
			return;
	}
	for (size_t i = 0; i < r->n_refs; i++) {
		struct person *p = person_of(x->b, r->refs[i].pid);
		int pidfd;

		/* pidfd_getfd looks into the process's table, not into one of a thread's own */
		if (!p || r->refs[i].tid != r->refs[i].pid)
			continue;
		pidfd = person_pidfd(p);
		if (pidfd < 0) {
			x->err = errno;
			continue;
		}
		ring_access_fd_init(&x->fd, pidfd, r->refs[i].fd);
		x->acc = &x->fd.base;
		x->err = -find_header(x);
		if (!x->err)
			return;
		refused |= x->err == ENOMEM || x->err == EINVAL;
	}
	x->acc = NULL;
	/* only a ring whose memory is the program's own cannot be mapped through its descriptor */
	x->no_mmap = refused && !r->n_maps;
}

static const char *why_no_memory(const struct reading *x)
{
	switch (x->err) {
	case EPERM:
	case EACCES:
		return "EPERM: the memory of another user's process (CAP_SYS_PTRACE)";
	case EFAULT:
		return "this kernel lets nobody read the mapping of a ring, and there is no descriptor of it that "
		       "could be duplicated";
	case EBADMSG:
		return "the sizes in the ring's memory make no sense: its program has overwritten them";
	case ESRCH:
	case EBADF:
		return "the process ended or closed the ring while it was read";
	case ENOSYS:
		return "this kernel has no pidfd_getfd (5.6 has)";
	case ENXIO:
		return "no process has mapped the ring's memory, and no descriptor of it is within reach";
	case EAGAIN:
		return "ambiguous: nothing tells whether the entries are single or double in size, and they read "
		       "differently";
	default:
		if (x->no_mmap)
			return "a NO_MMAP ring: its memory is the program's own, and the kernel alone knows where (it "
			       "would take BPF: "
			       "CAP_BPF, CAP_PERFMON)";
		return strerrorname_np(x->err) ? strerrorname_np(x->err) : "it could not be read";
	}
}

static void map_lengths(struct reading *x)
{
	struct ring_access_vm v;

	for (size_t i = 0; i < x->r->n_maps; i++) {
		ring_access_vm_init(&v, x->r->maps[i].pid, x->r->maps, x->r->n_maps);
		if (v.rings_len > x->g.rings_len)
			x->g.rings_len = v.rings_len;
		if (v.sqes_len > x->g.sqes_len)
			x->g.sqes_len = v.sqes_len;
	}
}

/* Sizes, from the kernel if it says them. 0 or -EBADMSG. */
static int geometry(struct reading *x)
{
	map_lengths(x);
	if (x->f && x->f->has_queues && x->f->sq_mask < UAPI_MAX_SQ_ENTRIES && x->f->cq_mask < UAPI_MAX_CQ_ENTRIES) {
		x->g.sq_entries = x->f->sq_mask + 1;
		x->g.cq_entries = x->f->cq_mask + 1;
		return 0;
	}
	x->g_inferred = true;
	return x->acc ? ring_geometry_from_words(&x->header, &x->words, &x->g) : -EBADMSG;
}

static bool same_place(const struct reading *x)
{
	return !x->f || !x->f->has_queues ||
	       (x->words.sq_head == x->f->sq_head && x->words.sq_tail == x->f->sq_tail &&
		       x->words.cq_head == x->f->cq_head && x->words.cq_tail == x->f->cq_tail);
}

/* Before 5.15 fdinfo does not speak of the queues; big entries came with 5.19, rings without SQ array with 6.6. */
static bool before_big_entries(const struct reading *x)
{
	return x->f && !x->f->has_queues;
}

static void decide(struct reading *x, const struct ring_layout *l, size_t n)
{
	x->layout = l[0];
	x->sure = (struct ring_layout_known){true, true, true, true, true};
	if (before_big_entries(x)) {
		x->layout = (struct ring_layout){0};
		return;
	}
	for (size_t i = 1; i < n; i++) {
		x->sure.sqe_size &= l[i].sqe128 == l[0].sqe128;
		x->sure.sqe_mixed &= l[i].sqe_mixed == l[0].sqe_mixed;
		x->sure.cqe_size &= l[i].cqe32 == l[0].cqe32;
		x->sure.cqe_mixed &= l[i].cqe_mixed == l[0].cqe_mixed;
		x->sure.sqarray &= l[i].no_sqarray == l[0].no_sqarray;
	}
}

/* How many of the copied entries are nothing but zeros: a sign that they were looked for in the wrong places. */
static size_t blank(const struct ring_copy *c)
{
	static const uint8_t zeros[64];
	size_t n = 0;

	for (size_t i = 0; i < c->n_sq; i++)
		n += c->sq[i].in_range && !memcmp(c->sq[i].sqe.b, zeros, sizeof(zeros));
	for (size_t i = 0; i < c->n_cq; i++)
		n += !c->cq[i].user_data && !c->cq[i].res && !c->cq[i].flags;
	return n;
}

/*
 * 6.6 to 6.18 print no line for the entries of a ring without SQ array, so where lines are missing for entries that would have
 * one, there is no array; else the lines have to agree with the copy.
 */
static bool confirmed(const struct reading *x, const struct ring_layout *l, const struct ring_copy *c)
{
	if (!x->f || !x->f->has_queues)
		return true;
	if (!ring_agrees(c, x->f))
		return false;
	if (x->f->n_sqes || l->no_sqarray || !same_place(x))
		return true;
	for (size_t i = 0; i < c->n_sq; i++)
		if (c->sq[i].in_range && uapi_op(c->sq[i].sqe.b[SQE_OPCODE]))
			return false;
	return true;
}

static bool same_entries(const struct ring_copy *a, const struct ring_copy *b)
{
	if (a->n_sq != b->n_sq || a->n_cq != b->n_cq)
		return false;
	for (size_t i = 0; i < a->n_sq; i++)
		if (a->sq[i].slot != b->sq[i].slot || memcmp(a->sq[i].sqe.b, b->sq[i].sqe.b, 64))
			return false;
	for (size_t i = 0; i < a->n_cq; i++)
		if (memcmp(&a->cq[i], &b->cq[i], offsetof(struct ring_cq_entry, big)))
			return false;
	return true;
}

/*
 * Copies the entries under each layout that is possible and keeps those that the kernel's lines confirm; where several are
 * left, those that find the fewest blank entries. Returns 0 with the entries in *copy; -EAGAIN if layouts are left that show
 * different entries; another negative errno if none can be read.
 */
static int copy_entries(struct reading *x, struct ring_copy *copy)
{
	struct ring_layout all[RING_LAYOUTS], good[RING_LAYOUTS];
	struct ring_copy c[RING_LAYOUTS];
	size_t n = ring_layouts(&x->header, &x->g, x->f && x->f->has_queues ? x->f : NULL, all), n_good = 0,
	       least = SIZE_MAX, k = 0;
	int err = 0, first_err = -EBADMSG;

	if (before_big_entries(x) || !n) {
		all[0] = (struct ring_layout){0};
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		err = ring_read_entries(x->a, x->acc, &x->header, &x->g, &all[i], &x->words, &c[n_good]);
		if (!i) {
			first_err = err;
			*copy = c[n_good];
		}
		if (!err && confirmed(x, &all[i], &c[n_good])) {
			good[n_good] = all[i];
			least = blank(&c[n_good]) < least ? blank(&c[n_good]) : least;
			n_good++;
		}
	}
	if (!n_good) {
		/* nothing agrees: the ring is moving, or its program writes to entries that it has already published */
		decide(x, all, n);
		return first_err;
	}
	for (size_t i = 0; i < n_good; i++) {
		if (blank(&c[i]) == least) {
			good[k] = good[i];
			c[k++] = c[i];
		}
	}
	decide(x, good, k);
	*copy = c[0];
	for (size_t i = 1; i < k; i++)
		if (!same_entries(&c[0], &c[i]))
			return -EAGAIN;
	return 0;
}

/* --- what the entries' words mean ------------------------------------------------------------------------------------ */

static ssize_t look_mem(void *ctx, uint64_t addr, void *dst, size_t n)
{
	struct reading *x = ctx;
	struct iovec local = {dst, n}, remote = {(void *)(uintptr_t)addr, n};

	return process_vm_readv(x->pid, &local, 1, &remote, 1, 0);
}

static const char *look_file(void *ctx, int fd)
{
	struct reading *x = ctx;
	struct person *p = person_of(x->b, x->pid);

	return p ? proc_fd_name(x->a, p->dir, fd, x->b->sockets) : NULL;
}

static const char *look_slot(void *ctx, unsigned slot)
{
	struct reading *x = ctx;

	for (size_t i = 0; x->f && i < x->f->n_files; i++) {
		unsigned long long ino;
		struct person *p;
		const char *name;

		if (x->f->files[i].slot != slot)
			continue;
		p = person_of(x->b, x->pid);
		if (p && sscanf(x->f->files[i].name, "socket:[%llu]", &ino) == 1) {
			name = sockets_name(x->b->sockets, x->a, p->dir, ino);
			if (name)
				return name;
		}
		return x->f->files[i].name;
	}
	return NULL;
}

static const char *look_op(void *ctx, unsigned opcode)
{
	(void)ctx;
	return kbtf_op_name(opcode);
}

static struct peek eyes_of(struct reading *x)
{
	struct peek p = {.ctx = x, .newer_op = look_op, .slot = look_slot, .data = x->b->o.data};

	if (x->pid) {
		p.mem = look_mem;
		p.file = look_file;
	}
	return p;
}

static void pending_from_memory(struct reading *x, const struct ring_copy *c)
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
			sqe_decode(x->a, &c->sq[i].sqe, &peek, &e->f);
	}
}

static void unreaped_from_memory(struct reading *x, const struct ring_copy *c)
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

static void pending_from_lines(struct reading *x)
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
		sqe_decode(x->a, &sqe, &peek, &sq->pending[i].f);
		if (f->sqes[i].opcode < 0)
			sq->pending[i].f.name = "INVALID";
	}
}

/*
 * 6.18 prints the CQEs of a ring with 32-byte ones from the wrong places (io_uring/fdinfo.c counts them in halves), so these
 * lines are only believed where they cannot be.
 */
static bool lines_are_wrong(const struct fdinfo *f)
{
	uint32_t n = f->cq_tail - f->cq_head;

	return f->n_cqes && f->cqes[0].big && !(f->cqes[0].flags & UAPI_CQE_32) &&
	       (f->cq_head & f->cq_mask || f->n_cqes != n);
}

static void unreaped_from_lines(struct reading *x)
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

static void overflowed(struct reading *x)
{
	struct snap_cq *cq = &x->out->cq;
	const struct fdinfo *f = x->f;

	if (!f || !f->has_overflow) {
		snap_add_reason(x->a, x->out, "cq.overflowed", f ? kernel_alone : "no descriptor of the ring is open");
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
		"the flags named are those that show in other ways; the word itself would take BPF (CAP_BPF, "
		"CAP_PERFMON), which this "
		"version does not use");
}

static void entry_sizes(struct reading *x)
{
	struct snap_ring *out = x->out;
	bool lines = x->f && x->f->n_sqes, cq_lines = x->f && x->f->n_cqes;

	if (x->sure.sqe_size) {
		out->sq.sqe_size = snap(x->layout.sqe128 ? 128 : 64);
		if (!lines && !before_big_entries(x))
			snap_add_name(x->a, &out->inferred, "sq.sqe_size");
	} else {
		snap_add_reason(x->a, out, "sq.sqe_size",
			"ambiguous: the mappings fit 64 and 128 bytes, and nothing pending tells which");
	}
	if (x->sure.cqe_size) {
		out->cq.cqe_size = snap(x->layout.cqe32 ? 32 : 16);
		if (!cq_lines && !before_big_entries(x))
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
	if (x->out->owner.known)
		x->pid = (pid_t)x->out->owner.pid.v;
	else if (any)
		snap_add_reason(x->a, x->out, "sq.pending.decoded",
			"pointers and descriptors are not followed: the owner is not known, so neither is whose they "
			"are");
}

static void entries(struct reading *x)
{
	struct ring_copy copy = {0};
	bool lines = x->f && x->f->has_queues;
	int err = x->acc ? copy_entries(x, &copy) : -x->err;

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
		const char *why = f ? "this kernel's fdinfo does not say (5.15 does)"
				    : "no descriptor of the ring is open";

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

		if (n)
			decide(&x, all, n);
	}
	setup_flags(&x);
}
