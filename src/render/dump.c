/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything about one ring: a word on the left, what it is on the right, entries below. */
#include <inttypes.h>
#include <string.h>

#include "page.h"
#include "uapi.h"

static void fill(const struct page *p, struct snap_num head, struct snap_num tail, const char *what)
{
	if (head.known && tail.known)
		buf_printf(p->b, ": %u %s", (uint32_t)tail.v - (uint32_t)head.v, what);
}

static void setup(const struct page *p, const struct snap_ring *r)
{
	page_word(p, "setup");
	if (r->setup_names.n)
		page_list(p, &r->setup_names);
	else
		buf_puts(p->b, r->setup_value.known ? "no flags" : "no flag shows");
	if (snap_has(&r->inferred, "setup_flags"))
		buf_puts(p->b, " (inferred)");
	buf_putc(p->b, '\n');
}

void render_sq_entry(struct buf *b, const struct style *st, const struct snap_sqe *e)
{
	const struct page p = {b, st};

	if (!e->in_range) {
		render_color(b, st, C_BAD);
		page_num(&p, "the SQ array names slot ", e->slot, ", which there is not: the kernel will drop it");
		render_color(b, st, C_NONE);
		return;
	}
	render_sqe(b, st, &e->f);
	if (e->f.flags) {
		buf_puts(b, " flags=");
		page_flag_word(&p, &uapi_sqe_flags, e->f.flags);
	}
	if (e->f.personality)
		buf_printf(b, " personality=%u", e->f.personality);
	buf_puts(b, " user_data=");
	buf_hex(b, e->f.user_data);
}

/* What an entry shows as a number from here on is one because it was not followed. */
static void not_followed(const struct page *p, const struct snap_ring *r)
{
	const char *why = snap_reason_of(r, "sq.pending.followed");

	render_color(p->b, p->st, C_BAD);
	buf_puts(p->b, "    ... ");
	if (why)
		page_text(p, why);
	else
		buf_puts(p->b, "pointers and descriptors are not followed from here on");
	render_color(p->b, p->st, C_NONE);
	buf_putc(p->b, '\n');
}

static void pending(const struct page *p, const struct snap_ring *r)
{
	const struct snap_sq *sq = &r->sq;
	size_t end = buf_list(p->b), i;

	for (i = 0; i < sq->n_pending && buf_wants(p->b, end); i++) {
		const struct snap_sqe *e = &sq->pending[i];

		if (sq->followed.known && sq->followed.v == i)
			not_followed(p, r);
		if (e->index.known)
			buf_printf(p->b, "    %5u  ", (uint32_t)e->index.v);
		else
			buf_puts(p->b, "        ?  ");
		render_sq_entry(p->b, p->st, e);
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "sq.pending", i, sq->n_pending);
}

void render_cq_entry(struct buf *b, const struct style *st, const struct snap_cqe *e)
{
	const char *error = cqe_error(e->res, e->flags);
	const struct page p = {b, st};
	uint32_t flags = e->flags;

	buf_puts(b, "user_data=");
	buf_hex(b, e->user_data);
	if (error) {
		render_color(b, st, C_BAD);
		buf_printf(b, " res=%d %s", e->res, error);
		render_color(b, st, C_NONE);
	} else if (flags & UAPI_CQE_NOTIF && e->res == INT32_MIN) {
		buf_puts(b, " res=ZC_COPIED");
	} else {
		buf_printf(b, " res=%d", e->res);
	}
	if (flags & UAPI_CQE_BUFFER)
		flags &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	if (flags) {
		buf_puts(b, " flags=");
		page_flag_word(&p, &uapi_cqe_flags, flags);
	}
	if (e->flags & UAPI_CQE_BUFFER)
		buf_printf(b, " buffer=%u", e->flags >> UAPI_CQE_BUFFER_SHIFT);
	if (e->big) {
		buf_puts(b, " extra=[");
		buf_hex(b, e->extra[0]);
		buf_puts(b, ", ");
		buf_hex(b, e->extra[1]);
		buf_putc(b, ']');
	}
}

static void cqe(const struct page *p, const struct snap_cqe *e, const char *where)
{
	if (e->index.known)
		buf_printf(p->b, "    %5u  ", (uint32_t)e->index.v);
	else
		buf_printf(p->b, "    %5s  ", where);
	render_cq_entry(p->b, p->st, e);
	buf_putc(p->b, '\n');
}

static void cqes(const struct page *p, const struct snap_ring *r, const char *section, const struct snap_cqe *e,
	size_t n, const char *where)
{
	size_t end = buf_list(p->b), i;

	for (i = 0; i < n && buf_wants(p->b, end); i++)
		cqe(p, &e[i], where);
	page_rest(p, r, section, i, n);
}

static void queues(const struct page *p, const struct snap_ring *r)
{
	const struct snap_sq *sq = &r->sq;
	const struct snap_cq *cq = &r->cq;

	page_word(p, "sq");
	page_num(p, "entries ", sq->entries, ", ");
	page_num(p, "head ", sq->head, ", ");
	page_num(p, "tail ", sq->tail, "");
	fill(p, sq->head, sq->tail, "pending");
	if (sq->kernel_head.known && sq->head.known && sq->kernel_head.v != sq->head.v)
		page_num(p, ", kernel head ", sq->kernel_head, "");
	page_num(p, ", dropped ", sq->dropped, "");
	if (sq->flags.n) {
		buf_puts(p->b, ", flags ");
		page_list(p, &sq->flags);
	}
	if (sq->sqe_size.known)
		page_num(p, ", SQEs of ", sq->sqe_size, " bytes");
	else if (!r->brief)
		buf_puts(p->b, ", SQE size ambiguous");
	buf_putc(p->b, '\n');
	pending(p, r);
	page_word(p, "cq");
	page_num(p, "entries ", cq->entries, ", ");
	page_num(p, "head ", cq->head, ", ");
	page_num(p, "tail ", cq->tail, "");
	fill(p, cq->head, cq->tail, "unreaped");
	if (cq->kernel_tail.known && cq->tail.known && cq->kernel_tail.v != cq->tail.v)
		page_num(p, ", kernel tail ", cq->kernel_tail, "");
	page_num(p, ", overflow ", cq->overflow, "");
	if (cq->flags.n) {
		buf_puts(p->b, ", flags ");
		page_list(p, &cq->flags);
	}
	if (cq->cqe_size.known)
		page_num(p, ", CQEs of ", cq->cqe_size, " bytes");
	else if (!r->brief)
		buf_puts(p->b, ", CQE size ambiguous");
	buf_putc(p->b, '\n');
	cqes(p, r, "cq.unreaped", cq->unreaped, cq->n_unreaped, "");
	cqes(p, r, "cq.overflowed", cq->overflowed, cq->n_overflowed, "over");
}

static void process(const struct page *p, const char *comm, uint64_t pid)
{
	render_comm(p->b, p->st, comm);
	buf_printf(p->b, " (pid %" PRIu64 ")", pid);
}

static void people(const struct page *p, const struct snap_ring *r)
{
	const struct snap_owner *w = &r->owner;
	size_t end = buf_list(p->b), i;

	page_word(p, "owner");
	if (w->known) {
		if (w->pid.known)
			process(p, w->comm, w->pid.v);
		else
			buf_puts(p->b, "ended, or out of sight");
		if (w->pid.known)
			page_num(p, ", uid ", w->uid, "");
		if (w->exe) {
			buf_puts(p->b, ", ");
			render_text_in(p->b, p->st, TEXT_WORD, w->exe, strlen(w->exe));
		}
		if (w->mm) {
			buf_puts(p->b, ", address space ");
			page_text(p, w->mm);
		}
		if (w->submitter_tid.known)
			page_num(p, ", submitter task ", w->submitter_tid, "");
		if (snap_has(&r->inferred, "owner"))
			buf_puts(p->b, " (inferred)");
	} else {
		buf_puts(p->b, "not known");
	}
	buf_putc(p->b, '\n');
	for (i = 0; i < r->n_holders && buf_wants(p->b, end); i++) {
		const struct snap_holder *h = &r->holders[i];
		const char *sep = ": fd ";

		page_word(p, i ? "" : "holders");
		process(p, h->comm, h->pid);
		page_num(p, ", uid ", h->uid, "");
		for (size_t k = 0; k < h->n_fds; k++, sep = ", ")
			buf_printf(p->b, "%s%d", sep, h->fds[k]);
		for (size_t k = 0; k < h->n_thread_fds; k++, sep = ", ")
			buf_printf(p->b, "%s%d of thread %d", sep, h->thread_fds[k].fd, h->thread_fds[k].tid);
		if (!h->n_fds && !h->n_thread_fds)
			buf_puts(p->b, h->fds_known ? ": no fd" : ": fd ?");
		if (h->registered == SNAP_YES)
			buf_puts(p->b, ", registered with its task");
		if (h->mapped != SNAP_UNKNOWN)
			buf_puts(p->b, h->mapped == SNAP_YES ? ", mapped" : ", not mapped");
		if (h->same_mm == SNAP_NO) {
			render_color(p->b, p->st, C_BAD);
			buf_puts(p->b, ", another address space than the owner's");
			render_color(p->b, p->st, C_NONE);
		}
		if (h->uses == SNAP_YES && !h->n_fds && !h->n_thread_fds && h->mapped == SNAP_NO &&
			h->registered == SNAP_NO)
			buf_puts(p->b, ", uses it without holding it");
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "holders", i, r->n_holders);
}

static void held_by(const struct page *p, const struct snap_ring *r)
{
	for (size_t i = 0; i < r->n_held_by; i++) {
		const struct snap_held *h = &r->held_by[i];

		page_word(p, r->n_holders || i ? "" : "holders");
		buf_puts(p->b, "held by a request of ");
		if (h->ring_id.known)
			buf_printf(p->b, "ring %" PRIu64, h->ring_id.v);
		else
			buf_puts(p->b, "a ring");
		buf_puts(p->b, " (");
		page_text(p, h->name);
		buf_puts(p->b, ", user_data=");
		buf_hex(p->b, h->user_data);
		buf_puts(p->b, ")\n");
	}
}

static void sqpoll(const struct page *p, const struct snap_ring *r)
{
	const struct snap_sqpoll *s = &r->sqpoll;

	if (!s->active)
		return;
	page_word(p, "sqpoll");
	page_num(p, "thread ", s->tid, "");
	if (s->comm) {
		buf_puts(p->b, " (");
		render_comm(p->b, p->st, s->comm);
		buf_putc(p->b, ')');
	}
	page_num(p, ", cpu ", s->cpu, ", ");
	page_text(p, s->state);
	if (s->total_us.known && s->work_us.known) {
		buf_printf(
			p->b, ", worked %.1f ms of %.1f ms", (double)s->work_us.v / 1e3, (double)s->total_us.v / 1e3);
		if (s->total_us.v)
			buf_printf(p->b, " (%.0f%%)", 100.0 * (double)s->work_us.v / (double)s->total_us.v);
	}
	if (s->idle_ms.known)
		page_num(p, ", sleeps after ", s->idle_ms, " ms");
	if (s->pinned_cpu.known)
		page_num(p, ", pinned to cpu ", s->pinned_cpu, "");
	for (size_t i = 0; i < s->n_shared_with; i++)
		buf_printf(p->b, "%s%" PRIu64, i ? ", " : ", shared with ring ", s->shared_with[i]);
	buf_putc(p->b, '\n');
	if (r->owner.sq_creds.known) {
		page_word(p, "");
		buf_printf(
			p->b, "submits as uid %u, gid %u, capabilities ", r->owner.sq_creds.uid, r->owner.sq_creds.gid);
		buf_hex(p->b, r->owner.sq_creds.cap_effective);
		buf_putc(p->b, '\n');
	}
}

/* Two sources that do not say the same, also when they were read again. */
static void disagreements(const struct page *p, const struct snap_ring *r)
{
	for (size_t i = 0; i < r->n_disagreements; i++) {
		const struct snap_disagreement *d = &r->disagreements[i];

		page_word(p, "disagree");
		render_color(p->b, p->st, C_BAD);
		page_text(p, d->what);
		buf_puts(p->b, ": /proc says ");
		page_text(p, d->proc);
		buf_puts(p->b, ", the kernel ");
		page_text(p, d->kernel);
		render_color(p->b, p->st, C_NONE);
		buf_putc(p->b, '\n');
	}
}

/* The sections that are absent for one reason: "registered (eventfd, iowq_limits), restrictions". */
static void sections(const struct page *p, const struct snap_ring *r, size_t first)
{
	const char *open = NULL;
	size_t open_len = 0;

	for (size_t i = first; i < r->n_unavailable; i++) {
		const char *name = r->unavailable[i].section, *dot = strchr(name, '.');
		size_t len = dot ? (size_t)(dot - name) : strlen(name);

		if (strcmp(r->unavailable[i].why, r->unavailable[first].why))
			continue;
		if (dot && open && len == open_len && !strncmp(open, name, len)) {
			buf_puts(p->b, ", ");
			page_text(p, dot + 1);
			continue;
		}
		buf_puts(p->b, open ? "), " : i > first ? ", " : "");
		render_text(p->b, p->st, name, len);
		open = dot ? name : NULL;
		open_len = len;
		if (dot) {
			buf_puts(p->b, " (");
			page_text(p, dot + 1);
		}
	}
	if (open)
		buf_putc(p->b, ')');
}

/* One line for each reason, naming all that is absent for it. */
static void not_read(const struct page *p, const struct snap_ring *r)
{
	for (size_t i = 0; i < r->n_unavailable; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= !strcmp(r->unavailable[k].why, r->unavailable[i].why);
		if (seen)
			continue;
		page_word(p, "not read");
		render_color(p->b, p->st, C_DIM);
		sections(p, r, i);
		buf_puts(p->b, ": ");
		page_text(p, r->unavailable[i].why);
		render_color(p->b, p->st, C_NONE);
		buf_putc(p->b, '\n');
	}
}

void render_people(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	people(&(const struct page){b, st}, r);
	held_by(&(const struct page){b, st}, r);
}

void render_threads(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	sqpoll(&(const struct page){b, st}, r);
	page_workers(&(const struct page){b, st}, r);
}

void render_registered(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	page_registered(&(const struct page){b, st}, r);
}

void render_doubts(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	disagreements(&(const struct page){b, st}, r);
	not_read(&(const struct page){b, st}, r);
}

void render_ring(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	const struct page p = {b, st};

	buf_part(b);
	render_color(b, st, C_HEAD);
	buf_printf(b, "ring %" PRIu64, r->id);
	render_color(b, st, C_NONE);
	if (r->owner.known && r->owner.pid.known) {
		buf_puts(b, "  ");
		process(&p, r->owner.comm, r->owner.pid.v);
	}
	buf_putc(b, '\n');
	setup(&p, r);
	queues(&p, r);
	people(&p, r);
	held_by(&p, r);
	sqpoll(&p, r);
	page_restrictions(&p, r);
	page_registered(&p, r);
	page_inflight(&p, r);
	page_workers(&p, r);
	render_hints(b, st, r);
	render_doubts(b, st, r);
}
