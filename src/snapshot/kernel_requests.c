/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight: every list of the kernel that one can stand in is followed, those of the ring first, then those of the
 * tasks that use it. What is in flight and stands in none of them is counted as unknown.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "uapi.h"

static const char *const where_names[LISTS] = {[LIST_POLL] = "poll",
	[LIST_POLL_LOCKED] = "poll",
	[LIST_TIMEOUT] = "timeout",
	[LIST_LINK_TIMEOUT] = "timeout",
	[LIST_DRAIN] = "drain",
	[LIST_IOPOLL] = "iopoll",
	[LIST_TASK_WORK] = "task_work",
	[LIST_TASK_RETRY] = "task_work",
	[LIST_FUTEX] = "futex",
	[LIST_WAITID] = "waitid",
	[LIST_URING_CMD] = "uring_cmd",
	[LIST_TASK] = "task_work",
	[LIST_IOWQ_BOUND] = "iowq_queued",
	[LIST_IOWQ_UNBOUND] = "iowq_queued",
	[LIST_IOWQ_CHAIN] = "iowq_queued"};

struct found_request {
	struct rec_request r;
	const char *where;
	int32_t worker;
	size_t chain;
};

struct request_search {
	struct builder *b;
	struct arena *a;
	struct found_request *v;
	size_t n, cap;
	size_t *seen; /* a hash of keys to places in v, from 1: a request that stands in two lists is one request */
	size_t seen_size;
	size_t chains;
	const char *where;
	int32_t worker;
	uint64_t *queued; /* counts what is queued, of whichever ring */
	struct busy_worker {
		uint64_t key;
		bool bound;
	} * busy; /* that run something */
	size_t n_busy, cap_busy;
	bool cut;
};

static size_t place(const struct request_search *s, uint64_t key)
{
	size_t at = (key >> 6) * 0x9e3779b97f4a7c15u % s->seen_size;

	while (s->seen[at] && s->v[s->seen[at] - 1].r.key != key)
		at = (at + 1) % s->seen_size;
	return at;
}

/* The request, if it was met before; else makes room in the hash for one more. */
static struct found_request *met(struct request_search *s, uint64_t key)
{
	if ((s->n + 1) * 2 > s->seen_size) {
		s->seen_size = s->seen_size ? s->seen_size * 2 : 1024;
		s->seen = arena_alloc(s->a, s->seen_size * sizeof(*s->seen));
		for (size_t i = 0; i < s->n; i++)
			s->seen[place(s, s->v[i].r.key)] = i + 1;
	}
	return s->seen[place(s, key)] ? &s->v[s->seen[place(s, key)] - 1] : NULL;
}

static bool take(void *ctx, const void *record)
{
	struct request_search *s = ctx;
	struct found_request *f;
	struct rec_request r;

	memcpy(&r, record, sizeof(r));
	if (s->queued)
		++*s->queued;
	if (r.ctx != s->b->base.ctx || !r.key)
		return true; /* tasks have requests of all their rings */
	f = met(s, r.key);
	if (f) {
		/*
		 * It stands in two lists: what it waits in comes before what it has come to, or it was met as part of a chain and
		 * is armed all the same.
		 */
		if (!r.linked) {
			uint32_t position = f->r.linked;

			f->r = r;
			f->r.linked = position;
			f->where = s->where;
			f->worker = s->worker;
		}
		return true;
	}
	if (s->n == s->b->o.max_requests) {
		s->cut = true;
		return false;
	}
	s->v = arena_grow(s->a, s->v, s->n, &s->cap, sizeof(*s->v));
	f = &s->v[s->n];
	*f = (struct found_request){r, r.linked ? "linked" : s->where, s->worker, 0};
	s->seen[place(s, r.key)] = ++s->n;
	if (r.linked && s->n > 1) {
		struct found_request *before = &s->v[s->n - 2];

		if (!before->chain)
			before->chain = ++s->chains;
		f->chain = before->chain;
	}
	return true;
}

/* Returns 0 or a negative errno; a list that this kernel does not have is empty. */
static int follow(struct request_search *s, enum request_list list, uint64_t tctx, uint64_t node)
{
	struct walk_request w = {.what = list, .key = {tctx, node}};
	int err;

	s->where = where_names[list];
	err = kernel_walk(s->b->k, WALK_REQUESTS, &s->b->key, &w, take, s);
	return err == -EOPNOTSUPP ? 0 : err;
}

/* What a worker runs, it runs for one of its task's rings. */
static bool take_running(void *ctx, const void *record)
{
	struct request_search *s = ctx;
	struct rec_worker w;

	memcpy(&w, record, sizeof(w));
	s->where = "iowq_running";
	s->worker = w.task.tid;
	if (!w.run.key)
		return true;
	s->busy = arena_grow(s->a, s->busy, s->n_busy, &s->cap_busy, sizeof(*s->busy));
	s->busy[s->n_busy++] = (struct busy_worker){w.key, w.bound};
	return take(s, &w.run);
}

static int of_tasks(struct request_search *s, const struct rec_user *users, size_t n, struct snap_workers *pools)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		const struct walk_request w = {.key = {users[i].tctx, 0}};

		if (!users[i].tctx)
			continue;
		err = follow(s, LIST_TASK, users[i].tctx, 0);
		if (users[i].has_wq && !err) {
			err = kernel_walk(s->b->k, WALK_WORKERS, &s->b->key, &w, take_running, s);
			s->worker = 0;
		}
		for (size_t k = 0; k < s->n_busy && !err; k++) {
			s->queued = s->busy[k].bound ? &pools->bounded.queued : &pools->unbounded.queued;
			err = follow(s, LIST_IOWQ_CHAIN, s->busy[k].key, 0);
			s->queued = NULL;
		}
		s->n_busy = 0;
		for (uint64_t node = 0; users[i].has_wq && !err && node < (users[i].nodes ? users[i].nodes : 1);
			node++) {
			s->queued = &pools->bounded.queued;
			err = follow(s, LIST_IOWQ_BOUND, users[i].tctx, node);
			s->queued = &pools->unbounded.queued;
			if (!err)
				err = follow(s, LIST_IOWQ_UNBOUND, users[i].tctx, node);
			s->queued = NULL;
		}
	}
	return err == -EOPNOTSUPP ? 0 : err;
}

enum { TIMEOUT_ABS = 1, TIMEOUT_OTHER_CLOCK = 4 | 8 };

static void timing(const struct builder *b, const struct rec_request *r, struct snap_request *q)
{
	if (!(r->has & REQUEST_TIMEOUT) || r->timeout_flags & TIMEOUT_OTHER_CLOCK || r->expires <= 0)
		return;
	q->due_ns = snap((uint64_t)(r->expires - (int64_t)b->base.now));
	if (!(r->timeout_flags & TIMEOUT_ABS) && r->period > 0 && r->expires - r->period <= (int64_t)b->base.now &&
		r->expires > r->period)
		q->age_ns = snap(b->base.now - (uint64_t)(r->expires - r->period));
}

static const char *why_not(int err)
{
	return err == -ENOEXEC ? "this kernel would not take the BPF program that reads it"
	       : err == -ESRCH ? "the ring went away while it was read"
	       : err == -ELOOP ? "a list has no end: it changed while it was followed"
			       : "the BPF programs could not be loaded or run";
}

/* --- the descriptor ------------------------------------------------------------------------------------------------- */

static bool takes_file(const struct found_request *f)
{
	const struct uapi_op *op = uapi_op(f->r.opcode);

	return op && op->fd == FD_FILE;
}

/* The pointer is only set for requests that have a file. */
static bool has_file(const struct found_request *f)
{
	return f->r.file && takes_file(f);
}

/*
 * The SQE's number stands where the flags of the completion will (struct io_cqe, 5.19). Over it goes 0 when a request is woken to be
 * tried again (io_poll_execute), flags when it is done, which a worker and iopoll write a moment before it leaves their lists, and
 * by receives that gather several buffers (io_recv_finish, 6.12). What newer opcodes write there is not known.
 */
static bool fd_stands(const struct found_request *f)
{
	enum { RECVMSG = 10, ACCEPT = 13, CLOSE = 19, RECV = 27, EPOLL_CTL = 29, URING_CMD = 46 };
	unsigned op = f->r.opcode;

	if (!(f->r.has & REQUEST_FD) || !strcmp(f->where, "task_work"))
		return false;
	/* its turn has not come: the file is looked up then (io_assign_file), and for these two by themselves */
	if (!f->r.file)
		return f->r.fd >= 0 && op != CLOSE && op != EPOLL_CTL && strcmp(f->where, "iowq_running") != 0;
	return f->r.fd > 0 && op < URING_CMD && op != RECV && op != RECVMSG && !(f->r.flags & UAPI_SQE_BUFFER_SELECT) &&
	       (op != ACCEPT || strcmp(f->where, "iowq_running") != 0);
}

/* Where the files of all requests are that do not say so themselves: a place for each request, NULL for those that do. */
static struct file_place **places_of(struct builder *b, struct arena *a, const struct request_search *s)
{
	struct file_place **out = arena_alloc(a, (s->n + 1) * sizeof(*out)), *v;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += has_file(&s->v[i]) && !fd_stands(&s->v[i]);
	v = arena_alloc(a, (n + 1) * sizeof(*v));
	n = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct rec_request *r = &s->v[i].r;

		if (!has_file(&s->v[i]) || fd_stands(&s->v[i]))
			continue;
		v[n].table = !(r->flags & UAPI_SQE_FIXED_FILE) ? r->files : r->node ? TABLE_NODES : TABLE_SLOTS;
		v[n].file = v[n].table == TABLE_NODES ? r->node : r->file;
		out[i] = &v[n++];
	}
	if (n)
		file_places(b, a, v, n);
	return out;
}

static void where_from(struct arena *a, const struct found_request *f, const struct file_place *p,
	struct snap_request *q, struct snap_ring *out)
{
	bool fixed = f->r.flags & UAPI_SQE_FIXED_FILE;
	const char *what = fixed ? "inflight.requests.fixed_slot" : "inflight.requests.fd", *why = NULL;
	struct snap_num *to = fixed ? &q->fixed_slot : &q->fd;

	if (!takes_file(f) || (!p && !fd_stands(f)))
		return;
	if (!p) {
		*to = snap((uint64_t)f->r.fd);
	} else if (p->err) {
		why = !p->table		 ? "and the task that submitted the request has ended"
		      : p->err == -E2BIG ? "and there are too many descriptors to look through"
					 : why_not(p->err);
	} else if (!p->n || p->n > FILE_PLACES) {
		why = p->n    ? "and its file has very many descriptors"
		      : fixed ? "and its file has left the ring's table"
			      : "and the task that submitted the request has closed the file";
	} else if (p->n == 1) {
		*to = snap(p->at[0]);
		q->fd_inferred = true;
	} else if (fixed) {
		q->fixed_slots = p->at;
		q->n_fixed_slots = p->n;
	} else {
		q->fds = p->at;
		q->n_fds = p->n;
	}
	/* many may have the same reason, and one is enough */
	if (why && !snap_reason_of(out, what))
		snap_add_reason(a, out, what,
			arena_printf(a, "%s, %s",
				f->r.has & REQUEST_FD ? "the kernel may have overwritten it"
						      : "the kernel does not keep it here (5.19 does)",
				why));
}

enum { REQ_F_SQE_FLAGS = 0x7f }; /* the low bits are those of the SQE, include/linux/io_uring_types.h */

static void fill(
	struct builder *b, struct arena *a, const struct found_request *f, const char *file, struct snap_request *q)
{
	/* the kernel itself sets one of them when it has posted a completion, and the other where it will not try a request itself */
	uint64_t kernels = UAPI_SQE_ASYNC | (strcmp(f->where, "task_work") ? 0 : UAPI_SQE_CQE_SKIP);

	*q = (struct snap_request){.opcode = f->r.opcode,
		.name = op_name(a, f->r.opcode),
		.where = f->where,
		.user_data = snap(f->r.user_data),
		.flags_known = true,
		.force_async = f->r.flags & UAPI_SQE_ASYNC,
		.file = file};
	q->flags = snap_flag_names(a, &uapi_sqe_flags, f->r.flags & REQ_F_SQE_FLAGS & ~kernels);
	if (f->worker)
		q->worker_tid = snap((uint64_t)f->worker);
	if (f->r.tid)
		q->tid = snap((uint64_t)f->r.tid);
	if (f->chain) {
		q->chain = snap(f->chain);
		q->position = snap(f->r.linked);
	}
	timing(b, &f->r, q);
}

/* How many requests the ring has. -EOPNOTSUPP: this kernel does not tell; -EAGAIN: what was read is of different moments. */
static int count(struct builder *b, uint64_t *n)
{
	const struct ring_base *base = &b->base;
	uint64_t refs, idle = 0;

	if (base->has & HAS_FREE_LIST && base->nr_free && kernel_free_requests(b->k, &b->key, &idle))
		return -EOPNOTSUPP;
	idle += base->nr_locked_free;
	if (base->has & HAS_NR_ALLOCATED) {
		*n = base->nr_allocated - idle;
		return base->nr_allocated >= idle ? 0 : -EAGAIN;
	}
	/* each has a reference to the ring, which has one of its own */
	if (kernel_refs(b->k, &b->key, &refs))
		return -EOPNOTSUPP;
	*n = refs - 1 - idle;
	return refs < 1 + idle ? -EAGAIN : *n < 1u << 24 ? 0 : -EOPNOTSUPP;
}

/* Distinct files of the requests, each named once. */
static const char **names_of(struct builder *b, struct arena *a, const struct request_search *s, pid_t owner)
{
	const char **out = arena_alloc(a, (s->n + 1) * sizeof(*out)), **names;
	uint64_t *keys = arena_alloc(a, (s->n + 1) * sizeof(*keys));
	size_t *which = arena_alloc(a, (s->n + 1) * sizeof(*which)), n = 0;

	for (size_t i = 0; i < s->n; i++) {
		uint64_t file = s->v[i].r.file;
		const struct uapi_op *op = uapi_op(s->v[i].r.opcode);

		which[i] = SIZE_MAX;
		if (!file || (op && op->fd != FD_FILE))
			continue;
		for (which[i] = n; which[i] > 0 && n - which[i] < 64 && keys[which[i] - 1] != file; which[i]--)
			;
		if (which[i] > 0 && keys[which[i] - 1] == file) {
			which[i]--;
		} else {
			which[i] = n;
			keys[n++] = file;
		}
	}
	names = file_names(b, a, owner, keys, n);
	for (size_t i = 0; i < s->n; i++)
		out[i] = which[i] == SIZE_MAX ? NULL : names[which[i]];
	return out;
}

/* One search through all lists. 0 or a negative errno. */
static int look(struct request_search *s, const struct rec_user *users, size_t n, struct snap_workers *pools)
{
	int err = 0;

	pools->bounded.queued = pools->unbounded.queued = 0;
	for (unsigned list = 0; list < LISTS_OF_RING && !err; list++)
		if (s->b->base.lists & 1u << list)
			err = follow(s, (enum request_list)list, 0, 0);
	return err ? err : of_tasks(s, users, n, pools);
}

void build_kernel_requests(
	struct builder *b, struct arena *a, const struct rec_user *users, size_t n, struct snap_ring *out)
{
	enum { TRIES = 3 };
	struct request_search s = {0};
	struct snap_inflight *in = &out->inflight;
	struct file_place **places;
	const char **names;
	uint64_t all = 0;
	int uncounted = -EOPNOTSUPP;
	int err = 0;

	/* a request on its way from one list to another is met in neither: then they are all looked through again */
	for (int i = 0; i < TRIES; i++) {
		s = (struct request_search){.b = b, .a = a};
		err = kernel_ring_moment(b->k, &b->key, &b->base);
		uncounted = err ? err : count(b, &all);
		if (uncounted == -EAGAIN && i < TRIES - 1)
			continue;
		/* a ring that has no requests need not be searched for them */
		if (!err && (all || uncounted))
			err = look(&s, users, n, &out->workers);
		if (err || uncounted || all <= s.n || s.cut)
			break;
	}
	if (err) {
		if (!in->known)
			snap_drop_reason(out, "inflight");
		snap_add_reason(a, out, in->known ? "inflight.count" : "inflight", why_not(err));
		return;
	}
	snap_drop_reason(out, "inflight");
	places = places_of(b, a, &s);
	names = names_of(b, a, &s, out->owner.pid.known ? (pid_t)out->owner.pid.v : 0);
	*in = (struct snap_inflight){.known = true, .n_requests = s.n};
	in->requests = arena_alloc(a, (s.n + 1) * sizeof(*in->requests));
	for (size_t i = 0; i < s.n; i++) {
		fill(b, a, &s.v[i], names[i], &in->requests[i]);
		where_from(a, &s.v[i], places[i], &in->requests[i], out);
	}
	if (s.cut)
		in->cut = snap(b->o.max_requests);
	if (uncounted) {
		snap_add_reason(a, out, "inflight.count",
			uncounted == -EAGAIN
				? "the ring is in use: what counts its requests could not be read at one moment"
				: "this kernel does not count its requests where BPF can read it (6.16 does)");
		return;
	}
	in->count = snap(all > s.n ? all : s.n);
	in->unknown = snap(all > s.n && !s.cut ? all - s.n : 0);
}
