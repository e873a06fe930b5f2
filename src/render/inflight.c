/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a ring's page about requests in flight and the workers that run them. */
#include <inttypes.h>
#include <string.h>

#include "page.h"

/* How many there are of each opcode in each place; what goes beyond the room is counted as more. */
static void kinds(const struct page *p, const struct snap_inflight *in)
{
	struct {
		const char *name, *where;
		size_t n;
	} kind[64];
	size_t n = 0, more = 0, k;

	for (size_t i = 0; i < in->n_requests; i++) {
		const char *name = in->requests[i].name ? in->requests[i].name : "?";
		const char *where = in->requests[i].where ? in->requests[i].where : "?";

		for (k = 0; k < n && (strcmp(kind[k].name, name) || strcmp(kind[k].where, where)); k++)
			;
		if (k == n && n == sizeof(kind) / sizeof(kind[0])) {
			more++;
			continue;
		}
		if (k == n) {
			kind[k].name = name;
			kind[k].where = where;
			kind[k].n = 0;
			n++;
		}
		kind[k].n++;
	}
	for (k = 0; k < n; k++) {
		buf_printf(p->b, "%s%zu ", k ? ", " : ": ", kind[k].n);
		page_text(p, kind[k].name);
		buf_putc(p->b, ' ');
		page_text(p, kind[k].where);
	}
	if (more)
		buf_printf(p->b, ", %zu others", more);
}

void render_request_file(struct buf *b, const struct style *st, const struct snap_request *q)
{
	bool fixed = q->fixed_slot.known || q->n_fixed_slots;
	struct snap_num one = fixed ? q->fixed_slot : q->fd;
	const uint32_t *several = fixed ? q->fixed_slots : q->fds;
	size_t n = fixed ? q->n_fixed_slots : q->n_fds;

	if (one.known || n)
		buf_printf(b, "%s%s", fixed ? "fixed:" : "", q->fd_inferred || n ? "~" : "");
	if (one.known)
		buf_printf(b, "%" PRId64, (int64_t)one.v);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%u", i ? "|" : "", several[i]);
	if (!q->file)
		return;
	buf_putc(b, '<');
	render_file(b, st, TEXT_ANGLE, q->file);
	buf_putc(b, '>');
}

static void request(const struct page *p, const struct snap_request *q)
{
	const char *where = q->where ? q->where : "?";
	int64_t due = (int64_t)q->due_ns.v;
	size_t used;

	buf_puts(p->b, "    ");
	used = render_text_in(p->b, p->st, TEXT_WORD, where, strlen(where));
	buf_pad(p->b, used < 12 ? 13 - used : 1);
	if (q->position.known && q->position.v)
		buf_puts(p->b, "+ ");
	render_color(p->b, p->st, C_NAME);
	page_text(p, q->name);
	render_color(p->b, p->st, C_NONE);
	buf_putc(p->b, '(');
	render_request_file(p->b, p->st, q);
	buf_putc(p->b, ')');
	if (q->flags.n) {
		buf_puts(p->b, " flags=");
		page_list(p, &q->flags);
	}
	if (q->force_async)
		buf_puts(p->b, " async");
	buf_puts(p->b, " user_data=");
	buf_hex(p->b, q->user_data.v);
	if (q->chain.known)
		page_num(p, " chain ", q->chain, "");
	if (q->worker_tid.known)
		page_num(p, " worker ", q->worker_tid, "");
	if (q->age_ns.known) {
		buf_puts(p->b, " for ");
		render_time(p->b, q->age_ns.v);
	}
	if (q->due_ns.known) {
		buf_puts(p->b, due < 0 ? " overdue by " : " due in ");
		render_time(p->b, due < 0 ? 0 - q->due_ns.v : q->due_ns.v);
	}
	buf_putc(p->b, '\n');
}

void page_inflight(const struct page *p, const struct snap_ring *r)
{
	const struct snap_inflight *in = &r->inflight;
	size_t end = buf_list(p->b), i;
	int32_t outstanding = 0;

	/* a request that completes more than once, or not at all, is counted wrongly here: it is no count of those in flight */
	if (!in->count.known && r->sq.head.known && r->cq.tail.known)
		outstanding = (int32_t)((uint32_t)r->sq.head.v - (uint32_t)r->cq.tail.v - (uint32_t)r->cq.n_overflowed);
	if (!in->n_requests && !(in->count.known && in->count.v) && outstanding <= 0)
		return;
	page_word(p, "in flight");
	if (in->count.known)
		buf_printf(p->b, "%" PRIu64, in->count.v);
	else if (in->known)
		buf_printf(p->b, "%zu found, there may be more", in->n_requests);
	else
		buf_puts(p->b, "none could be looked for");
	kinds(p, in);
	if (in->unknown.known && in->unknown.v)
		page_num(p, "; ", in->unknown, " unknown: found in none of the kernel's lists");
	if (in->cut.known)
		page_num(p, "; cut at ", in->cut, "");
	if (outstanding > 0)
		buf_printf(p->b, "; %d more submitted than completed", outstanding);
	buf_putc(p->b, '\n');
	for (i = 0; i < in->n_requests && buf_wants(p->b, end); i++)
		if (in->requests[i].user_data.known)
			request(p, &in->requests[i]);
	page_rest(p, r, "inflight.requests", i, in->n_requests);
}

static void pool(const struct page *p, const char *name, const struct snap_pool *x)
{
	buf_printf(p->b, "%s %" PRIu64 " of at most %" PRIu64 ", %" PRIu64 " running, %" PRIu64 " queued", name,
		x->workers, x->max, x->running, x->queued);
}

static void worker(const struct page *p, const struct snap_worker *w)
{
	buf_printf(p->b, "    worker %d: %s", w->tid, w->bounded == SNAP_YES ? "bounded" : "unbounded");
	if (w->idle == SNAP_YES)
		buf_puts(p->b, ", idle");
	if (w->state) {
		buf_puts(p->b, ", ");
		page_text(p, w->state);
	}
	if (w->wchan) {
		buf_puts(p->b, " in ");
		page_text(p, w->wchan);
	}
	if (w->request.known) {
		buf_puts(p->b, ", runs ");
		page_text(p, w->request.name);
		buf_puts(p->b, " user_data=");
		buf_hex(p->b, w->request.user_data);
		if (!w->request.of_this_ring)
			buf_puts(p->b, " of another ring");
	}
	buf_putc(p->b, '\n');
	for (size_t i = 0; i < w->stack.n; i++) {
		buf_puts(p->b, "             ");
		page_text(p, w->stack.v[i]);
		buf_putc(p->b, '\n');
	}
}

void page_workers(const struct page *p, const struct snap_ring *r)
{
	const struct snap_workers *w = &r->workers;
	size_t end = buf_list(p->b), i;

	if (!w->n_tids && !w->bounded.queued && !w->unbounded.queued)
		return;
	page_word(p, "io-wq");
	if (w->bounded.known) {
		pool(p, "bounded", &w->bounded);
		pool(p, "; unbounded", &w->unbounded);
		buf_putc(p->b, '\n');
	} else {
		buf_printf(p->b, "%zu worker%s of the owner: tid", w->n_tids, w->n_tids == 1 ? "" : "s");
		for (i = 0; i < w->n_tids; i++)
			buf_printf(p->b, " %d", w->tids[i]);
		buf_putc(p->b, '\n');
	}
	for (i = 0; i < w->n_threads && buf_wants(p->b, end); i++)
		worker(p, &w->threads[i]);
	page_rest(p, r, "workers.threads", i, w->n_threads);
}
