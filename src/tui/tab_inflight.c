/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests that the kernel has: how long, where, who works on them, on which file. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tui.h"

static const char *const orders[REQUEST_ORDERS] = {"age", "where", "opcode", "the kernel's lists"};

/* Nanoseconds that a request has been there at least; *at_least: it may be longer; *like: it may be another of the same user_data. */
static uint64_t age(const struct top *t, const struct track *k, size_t i, bool *at_least, bool *like)
{
	const struct snap_request *q = &k->ring->inflight.requests[i];
	double seen = k->n_requests > i && shown_frame(t) ? shown_frame(t)->at - k->seen[i]->since : 0;

	*at_least = !q->age_ns.known;
	*like = !q->age_ns.known && k->n_requests > i && !k->seen[i]->sure;
	return q->age_ns.known ? q->age_ns.v : seen > 0 ? (uint64_t)(seen * 1e9) : 0;
}

static int head(struct top *t, struct grid *g, int y, int rows, const struct track *k)
{
	const struct snap_inflight *in = &k->ring->inflight;
	struct buf b = {0};

	if (in->count.known)
		buf_printf(&b, "%" PRIu64 " in flight", in->count.v);
	else if (in->known)
		buf_printf(&b, "%zu found, there may be more", in->n_requests);
	else
		buf_puts(&b, "not known");
	if (in->unknown.known && in->unknown.v)
		buf_printf(&b, ", %" PRIu64 " of them in none of the kernel's lists", in->unknown.v);
	if (in->cut.known)
		buf_printf(&b, ", cut at %" PRIu64, in->cut.v);
	buf_printf(&b, "; sorted by %s", orders[t->order]);
	grid_put_cut(g, y, 0, g->cols, LOOK_BOLD, b.data, cut_mark(t));
	if (rows < 5) {
		buf_free(&b);
		return 1;
	}
	b.len = 0;
	buf_printf(&b, "   AGE   %-13s%-15s%-*s%-*sFILE, FLAGS, WHAT THE WORKER DOES", "WHERE", "OPCODE",
		t->worker_width, t->worker_width ? "WORKER" : "", t->data_width, "USER_DATA");
	grid_put_cut(g, y + 1, 0, g->cols, LOOK_UNDERLINE, b.data, NULL);
	buf_free(&b);
	return 2;
}

/* --- order ---------------------------------------------------------------------------------------------------------- */

struct place_of {
	const struct snap_request *q;
	uint64_t age;
	uint32_t index;
	enum request_order order;
};

static int by_order(const void *a, const void *b)
{
	const struct place_of *x = a, *y = b;
	int o = 0;

	if (x->order == BY_AGE)
		o = x->age > y->age ? -1 : x->age < y->age;
	else if (x->order == BY_WHERE)
		o = strcmp(x->q->where ? x->q->where : "", y->q->where ? y->q->where : "");
	else if (x->order == BY_OPCODE)
		o = strcmp(x->q->name ? x->q->name : "", y->q->name ? y->q->name : "");
	return o ? o : x->index < y->index ? -1 : x->index > y->index;
}

static void items(struct top *t, const struct track *k, int width, struct items *out)
{
	const struct snap_inflight *in = &k->ring->inflight;
	struct place_of *p = arena_alloc(out->a, in->n_requests * sizeof(*p));
	const char *why = snap_reason_of(k->ring, "inflight");
	bool at_least, like;

	(void)width;
	t->worker_width = 0;
	t->data_width = 10;
	for (size_t i = 0; i < in->n_requests; i++) {
		int digits = 0;

		for (uint64_t v = in->requests[i].user_data.v; v; v >>= 4)
			digits++;
		t->data_width = digits + 3 > t->data_width ? digits + 3 : t->data_width;
		t->worker_width = in->requests[i].worker_tid.known ? 8 : t->worker_width;
	}
	for (size_t i = 0; i < in->n_requests; i++)
		p[i] = (struct place_of){&in->requests[i], age(t, k, i, &at_least, &like), (uint32_t)i, t->order};
	if (in->n_requests)
		qsort(p, in->n_requests, sizeof(*p), by_order);
	for (size_t i = 0; i < in->n_requests; i++) {
		uint32_t nth = k->n_requests > p[i].index ? k->seen[p[i].index]->nth : p[i].index;

		item_add(out, (struct item){.key = list_key(p[i].q->user_data.v, (uint64_t)p[i].q->opcode << 32 | nth),
				      .index = p[i].index});
	}
	if (!in->known)
		item_add(out, (struct item){.key = 1,
				      .look = LOOK_DIM,
				      .text = arena_printf(out->a, "  requests in flight could not be read%s%s",
					      why ? ": " : "", why ? why : "")});
	else if (!in->n_requests)
		item_add(out, (struct item){.key = 1, .look = LOOK_DIM, .text = "  nothing is in flight"});
}

/* --- lines ---------------------------------------------------------------------------------------------------------- */

static const struct snap_worker *worker_of(const struct snap_ring *r, struct snap_num tid)
{
	for (size_t i = 0; tid.known && i < r->workers.n_threads; i++)
		if (r->workers.threads[i].tid == (int32_t)tid.v)
			return &r->workers.threads[i];
	return NULL;
}

/* Fills up to a column, but never less than one blank. */
static void column(struct buf *b, size_t start, size_t w)
{
	int used = b->len > start ? grid_width(b->data + start) : 0;

	buf_pad(b, (size_t)used < w ? w - (size_t)used : 1);
}

static void name(const struct top *t, struct buf *b, const char *s, size_t w)
{
	size_t start = b->len;

	render_text(b, &t->style, s ? s : "?", s ? strlen(s) : 1);
	column(b, start, w);
}

static void text(const struct top *t, const struct track *k, const struct item *it, struct buf *b)
{
	const struct snap_request *q = &k->ring->inflight.requests[it->index];
	const struct snap_worker *w = worker_of(k->ring, q->worker_tid);
	bool at_least, like;
	uint64_t ns = age(t, k, it->index, &at_least, &like);
	struct buf s = {0};
	size_t start;

	if (at_least && !ns)
		buf_puts(&s, "new");
	else if (like || at_least)
		buf_puts(&s, like ? "~" : ">");
	if (ns || !at_least)
		render_time(&s, ns);
	buf_pad(b, s.len < 8 ? 8 - s.len : 0);
	buf_puts(b, s.data);
	buf_putc(b, ' ');
	buf_free(&s);
	name(t, b, q->where, 13);
	if (q->position.known && q->position.v)
		buf_puts(b, "+ ");
	name(t, b, q->name, q->position.known && q->position.v ? 13 : 15);
	start = b->len;
	if (q->worker_tid.known)
		buf_dec(b, q->worker_tid.v);
	else if (t->worker_width)
		buf_putc(b, '-');
	if (t->worker_width)
		column(b, start, (size_t)t->worker_width);
	start = b->len;
	if (q->user_data.known)
		buf_hex(b, q->user_data.v);
	else
		buf_putc(b, '?');
	column(b, start, (size_t)t->data_width);
	render_request_file(b, &t->style, q);
	for (size_t i = 0; i < q->flags.n; i++) {
		buf_puts(b, i ? "|" : " ");
		render_text(b, &t->style, q->flags.v[i], strlen(q->flags.v[i]));
	}
	if (q->force_async)
		buf_puts(b, " async");
	if (q->chain.known)
		buf_printf(b, " chain %" PRIu64, q->chain.v);
	if (q->due_ns.known) {
		int64_t due = (int64_t)q->due_ns.v;

		buf_puts(b, due < 0 ? " overdue by " : " due in ");
		render_time(b, due < 0 ? 0 - q->due_ns.v : q->due_ns.v);
	}
	if (w && w->state) {
		buf_putc(b, ' ');
		render_text(b, &t->style, w->state, strlen(w->state));
		if (w->wchan) {
			buf_puts(b, " in ");
			render_text(b, &t->style, w->wchan, strlen(w->wchan));
		}
	}
}

const struct tab tab_inflight = {{"In flight", "In flight", "Flight"}, head, items, text};
