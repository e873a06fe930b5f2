/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything about one ring: a word on the left, what it is on the right, entries below. */
#include <inttypes.h>
#include <string.h>

#include "render.h"
#include "uapi.h"

/* The output and its style travel together. */
struct page {
	struct buf *b;
	const struct style *st;
};

static void word(const struct page *p, const char *name)
{
	buf_puts(p->b, "  ");
	render_color(p->b, p->st, C_NAME);
	buf_printf(p->b, "%-9s", name);
	render_color(p->b, p->st, C_NONE);
	buf_putc(p->b, ' ');
}

static void text(const struct page *p, const char *s)
{
	if (s)
		render_text(p->b, p->st, s, strlen(s));
	else
		buf_putc(p->b, '?');
}

static void num(const struct page *p, const char *before, struct snap_num n, const char *after)
{
	buf_puts(p->b, before);
	if (n.known)
		buf_dec(p->b, n.v);
	else
		buf_putc(p->b, '?');
	buf_puts(p->b, after);
}

static void list(const struct page *p, const struct snap_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		buf_puts(p->b, i ? "|" : "");
		text(p, names->v[i]);
	}
}

static void flag_word(const struct page *p, const struct uapi_flags *set, uint64_t word_of_flags)
{
	struct arena a = {0};
	struct snap_names n = snap_flag_names(&a, set, word_of_flags);

	list(p, &n);
	arena_free(&a);
}

/* How many entries lie between head and tail; what a target's numbers say may be more than there is room for. */
static void fill(const struct page *p, struct snap_num head, struct snap_num tail, const char *what)
{
	if (head.known && tail.known)
		buf_printf(p->b, ": %u %s", (uint32_t)tail.v - (uint32_t)head.v, what);
}

static void setup(const struct page *p, const struct snap_ring *r)
{
	word(p, "setup");
	if (r->setup_names.n)
		list(p, &r->setup_names);
	else
		buf_puts(p->b, "no flag shows");
	if (snap_has(&r->inferred, "setup_flags"))
		buf_puts(p->b, " (inferred)");
	buf_putc(p->b, '\n');
}

static void pending(const struct page *p, const struct snap_sq *sq)
{
	for (size_t i = 0; i < sq->n_pending; i++) {
		const struct snap_sqe *e = &sq->pending[i];

		if (e->index.known)
			buf_printf(p->b, "    %5u  ", (uint32_t)e->index.v);
		else
			buf_puts(p->b, "        ?  ");
		if (!e->in_range) {
			render_color(p->b, p->st, C_BAD);
			num(p, "the SQ array names slot ", e->slot, ", which there is not: the kernel will drop it");
			render_color(p->b, p->st, C_NONE);
			buf_putc(p->b, '\n');
			continue;
		}
		render_sqe(p->b, p->st, &e->f);
		if (e->f.flags) {
			buf_puts(p->b, " flags=");
			flag_word(p, &uapi_sqe_flags, e->f.flags);
		}
		if (e->f.personality)
			buf_printf(p->b, " personality=%u", e->f.personality);
		buf_puts(p->b, " user_data=");
		buf_hex(p->b, e->f.user_data);
		buf_putc(p->b, '\n');
	}
}

static void cqe(const struct page *p, const struct snap_cqe *e, const char *where)
{
	const char *error = cqe_error(e->res, e->flags);
	uint32_t flags = e->flags;

	if (e->index.known)
		buf_printf(p->b, "    %5u  user_data=", (uint32_t)e->index.v);
	else
		buf_printf(p->b, "    %5s  user_data=", where);
	buf_hex(p->b, e->user_data);
	if (error) {
		render_color(p->b, p->st, C_BAD);
		buf_printf(p->b, " res=%d %s", e->res, error);
		render_color(p->b, p->st, C_NONE);
	} else if (flags & UAPI_CQE_NOTIF && e->res == INT32_MIN) {
		buf_puts(p->b, " res=ZC_COPIED");
	} else {
		buf_printf(p->b, " res=%d", e->res);
	}
	if (flags & UAPI_CQE_BUFFER)
		flags &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	if (flags) {
		buf_puts(p->b, " flags=");
		flag_word(p, &uapi_cqe_flags, flags);
	}
	if (e->flags & UAPI_CQE_BUFFER)
		buf_printf(p->b, " buffer=%u", e->flags >> UAPI_CQE_BUFFER_SHIFT);
	if (e->big) {
		buf_puts(p->b, " extra=[");
		buf_hex(p->b, e->extra[0]);
		buf_puts(p->b, ", ");
		buf_hex(p->b, e->extra[1]);
		buf_putc(p->b, ']');
	}
	buf_putc(p->b, '\n');
}

static void queues(const struct page *p, const struct snap_ring *r)
{
	const struct snap_sq *sq = &r->sq;
	const struct snap_cq *cq = &r->cq;

	word(p, "sq");
	num(p, "entries ", sq->entries, ", ");
	num(p, "head ", sq->head, ", ");
	num(p, "tail ", sq->tail, "");
	fill(p, sq->head, sq->tail, "pending");
	if (sq->kernel_head.known && sq->head.known && sq->kernel_head.v != sq->head.v)
		num(p, ", kernel head ", sq->kernel_head, "");
	num(p, ", dropped ", sq->dropped, "");
	if (sq->flags.n) {
		buf_puts(p->b, ", flags ");
		list(p, &sq->flags);
	}
	if (sq->sqe_size.known)
		num(p, ", SQEs of ", sq->sqe_size, " bytes");
	else if (!r->brief)
		buf_puts(p->b, ", SQE size ambiguous");
	buf_putc(p->b, '\n');
	pending(p, sq);
	word(p, "cq");
	num(p, "entries ", cq->entries, ", ");
	num(p, "head ", cq->head, ", ");
	num(p, "tail ", cq->tail, "");
	fill(p, cq->head, cq->tail, "unreaped");
	if (cq->kernel_tail.known && cq->tail.known && cq->kernel_tail.v != cq->tail.v)
		num(p, ", kernel tail ", cq->kernel_tail, "");
	num(p, ", overflow ", cq->overflow, "");
	if (cq->flags.n) {
		buf_puts(p->b, ", flags ");
		list(p, &cq->flags);
	}
	if (cq->cqe_size.known)
		num(p, ", CQEs of ", cq->cqe_size, " bytes");
	else if (!r->brief)
		buf_puts(p->b, ", CQE size ambiguous");
	buf_putc(p->b, '\n');
	for (size_t i = 0; i < cq->n_unreaped; i++)
		cqe(p, &cq->unreaped[i], "");
	for (size_t i = 0; i < cq->n_overflowed; i++)
		cqe(p, &cq->overflowed[i], "over");
}

static void process(const struct page *p, const char *comm, uint64_t pid)
{
	text(p, comm);
	buf_printf(p->b, " (pid %" PRIu64 ")", pid);
}

static void people(const struct page *p, const struct snap_ring *r)
{
	const struct snap_owner *w = &r->owner;

	word(p, "owner");
	if (w->known) {
		process(p, w->comm, w->pid.v);
		num(p, ", uid ", w->uid, "");
		if (w->exe) {
			buf_puts(p->b, ", ");
			text(p, w->exe);
		}
		if (snap_has(&r->inferred, "owner"))
			buf_puts(p->b, " (inferred)");
	} else {
		buf_puts(p->b, "not known");
	}
	buf_putc(p->b, '\n');
	for (size_t i = 0; i < r->n_holders; i++) {
		const struct snap_holder *h = &r->holders[i];
		const char *sep = ": fd ";

		word(p, i ? "" : "holders");
		process(p, h->comm, h->pid);
		num(p, ", uid ", h->uid, "");
		for (size_t k = 0; k < h->n_fds; k++, sep = ", ")
			buf_printf(p->b, "%s%d", sep, h->fds[k]);
		for (size_t k = 0; k < h->n_thread_fds; k++, sep = ", ")
			buf_printf(p->b, "%s%d of thread %d", sep, h->thread_fds[k].fd, h->thread_fds[k].tid);
		if (!h->n_fds && !h->n_thread_fds)
			buf_puts(p->b, ": no fd");
		if (h->mapped != SNAP_UNKNOWN)
			buf_puts(p->b, h->mapped == SNAP_YES ? ", mapped" : ", not mapped");
		if (h->same_mm == SNAP_NO) {
			render_color(p->b, p->st, C_BAD);
			buf_puts(p->b, ", another address space than the owner's");
			render_color(p->b, p->st, C_NONE);
		}
		buf_putc(p->b, '\n');
	}
}

static void sqpoll(const struct page *p, const struct snap_ring *r)
{
	const struct snap_sqpoll *s = &r->sqpoll;

	if (!s->active)
		return;
	word(p, "sqpoll");
	num(p, "thread ", s->tid, "");
	if (s->comm) {
		buf_puts(p->b, " (");
		text(p, s->comm);
		buf_putc(p->b, ')');
	}
	num(p, ", cpu ", s->cpu, ", ");
	text(p, s->state);
	if (s->total_us.known && s->work_us.known) {
		buf_printf(
			p->b, ", worked %.1f ms of %.1f ms", (double)s->work_us.v / 1e3, (double)s->total_us.v / 1e3);
		if (s->total_us.v)
			buf_printf(p->b, " (%.0f%%)", 100.0 * (double)s->work_us.v / (double)s->total_us.v);
	}
	for (size_t i = 0; i < s->n_shared_with; i++)
		buf_printf(p->b, "%s%" PRIu64, i ? ", " : ", shared with ring ", s->shared_with[i]);
	buf_putc(p->b, '\n');
}

static void registered(const struct page *p, const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;

	if (g->files_known && g->nr_files.v) {
		word(p, "files");
		num(p, "", g->nr_files, g->nr_files.v == 1 ? " slot, " : " slots, ");
		buf_printf(p->b, "%zu in use\n", g->n_files);
		for (size_t i = 0; i < g->n_files; i++) {
			buf_printf(p->b, "    %5u  ", g->files[i].slot);
			text(p, g->files[i].file);
			buf_putc(p->b, '\n');
		}
	}
	if (g->buffers_known && g->nr_buffers.v) {
		word(p, "buffers");
		num(p, "", g->nr_buffers, g->nr_buffers.v == 1 ? " slot, " : " slots, ");
		buf_printf(p->b, "%zu in use\n", g->n_buffers);
		for (size_t i = 0; i < g->n_buffers; i++) {
			buf_printf(p->b, "    %5u  ", g->buffers[i].slot);
			buf_hex(p->b, g->buffers[i].addr);
			buf_printf(p->b, ", %" PRIu64 " bytes\n", g->buffers[i].len);
		}
	}
	for (size_t i = 0; i < g->n_personalities; i++) {
		word(p, i ? "" : "creds");
		buf_printf(p->b, "personality %d: uid %u, gid %u, capabilities ", g->personalities[i].id,
			g->personalities[i].uid, g->personalities[i].gid);
		buf_hex(p->b, g->personalities[i].cap_effective);
		buf_putc(p->b, '\n');
	}
	if (g->napi && strcmp(g->napi, "disabled")) {
		word(p, "napi");
		text(p, g->napi);
		buf_putc(p->b, '\n');
	}
}

/* How many requests there are of each opcode in each place; what goes beyond the room is counted as more. */
static void inflight(const struct page *p, const struct snap_ring *r)
{
	const struct snap_inflight *in = &r->inflight;
	struct {
		const char *name, *where;
		size_t n;
	} kinds[64];
	size_t n = 0, more = 0, k;
	int32_t outstanding = 0;

	/* a request that completes more than once, or not at all, is counted wrongly here: it is no count of those in flight */
	if (r->sq.head.known && r->cq.tail.known)
		outstanding = (int32_t)((uint32_t)r->sq.head.v - (uint32_t)r->cq.tail.v - (uint32_t)r->cq.n_overflowed);
	if (!in->n_requests && outstanding <= 0)
		return;
	for (size_t i = 0; i < in->n_requests; i++) {
		const char *name = in->requests[i].name ? in->requests[i].name : "?";
		const char *where = in->requests[i].where ? in->requests[i].where : "?";

		for (k = 0; k < n && (strcmp(kinds[k].name, name) || strcmp(kinds[k].where, where)); k++)
			;
		if (k == n && n == sizeof(kinds) / sizeof(kinds[0])) {
			more++;
			continue;
		}
		if (k == n) {
			kinds[k].name = name;
			kinds[k].where = where;
			kinds[k].n = 0;
			n++;
		}
		kinds[k].n++;
	}
	word(p, "in flight");
	if (in->known)
		buf_printf(p->b, "%zu found%s", in->n_requests, in->count.known ? "" : ", there may be more");
	else
		buf_puts(p->b, "none could be looked for");
	for (k = 0; k < n; k++) {
		buf_printf(p->b, "%s%zu ", k ? ", " : ": ", kinds[k].n);
		text(p, kinds[k].name);
		buf_putc(p->b, ' ');
		text(p, kinds[k].where);
	}
	if (more)
		buf_printf(p->b, ", %zu others", more);
	if (outstanding > 0)
		buf_printf(p->b, "; %d more submitted than completed", outstanding);
	buf_putc(p->b, '\n');
}

static void workers(const struct page *p, const struct snap_ring *r)
{
	if (!r->workers.n_tids)
		return;
	word(p, "io-wq");
	buf_printf(p->b, "%zu worker%s of the owner: tid", r->workers.n_tids, r->workers.n_tids == 1 ? "" : "s");
	for (size_t i = 0; i < r->workers.n_tids; i++)
		buf_printf(p->b, " %d", r->workers.tids[i]);
	buf_putc(p->b, '\n');
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
			text(p, dot + 1);
			continue;
		}
		buf_puts(p->b, open ? "), " : i > first ? ", " : "");
		render_text(p->b, p->st, name, len);
		open = dot ? name : NULL;
		open_len = len;
		if (dot) {
			buf_puts(p->b, " (");
			text(p, dot + 1);
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
		word(p, "not read");
		render_color(p->b, p->st, C_DIM);
		sections(p, r, i);
		buf_puts(p->b, ": ");
		text(p, r->unavailable[i].why);
		render_color(p->b, p->st, C_NONE);
		buf_putc(p->b, '\n');
	}
}

void render_ring(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	const struct page p = {b, st};

	render_color(b, st, C_HEAD);
	buf_printf(b, "ring %" PRIu64, r->id);
	render_color(b, st, C_NONE);
	if (r->owner.known) {
		buf_puts(b, "  ");
		process(&p, r->owner.comm, r->owner.pid.v);
	}
	buf_putc(b, '\n');
	setup(&p, r);
	queues(&p, r);
	people(&p, r);
	sqpoll(&p, r);
	registered(&p, r);
	inflight(&p, r);
	workers(&p, r);
	render_hints(b, st, r);
	not_read(&p, r);
}
