/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From rings to the rows that are shown: values, filter, order, tree. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tui.h"

static void set(struct row *r, enum value_of v, bool known, double n)
{
	r->values[v].known = known;
	r->values[v].v = known ? n : 0;
}

static void num(struct row *r, enum value_of v, struct snap_num n)
{
	set(r, v, n.known, (double)n.v);
}

static void fill(struct row *r, enum value_of v, enum value_of part, enum value_of all)
{
	bool known = r->values[part].known && r->values[all].known && r->values[all].v > 0;

	set(r, v, known, known ? r->values[part].v / r->values[all].v : 0);
}

static void values(struct row *r)
{
	const struct snap_ring *x = r->track->ring;
	bool running = !r->track->ended;

	num(r, OF_SQ, x->sq.entries);
	num(r, OF_CQ, x->cq.entries);
	set(r, OF_PENDING, x->sq.head.known && x->sq.tail.known, (uint32_t)x->sq.tail.v - (uint32_t)x->sq.head.v);
	set(r, OF_UNREAPED, x->cq.head.known && x->cq.tail.known, (uint32_t)x->cq.tail.v - (uint32_t)x->cq.head.v);
	fill(r, OF_SQ_FILL, OF_PENDING, OF_SQ);
	fill(r, OF_CQ_FILL, OF_UNREAPED, OF_CQ);
	set(r, OF_SUBMITTED, r->track->rates_known, r->track->submitted);
	set(r, OF_COMPLETED, r->track->rates_known, r->track->completed);
	num(r, OF_OVERFLOW, x->cq.overflow);
	num(r, OF_DROPPED, x->sq.dropped);
	if (running && x->inflight.count.known) {
		num(r, OF_INFLIGHT, x->inflight.count);
	} else if (running) {
		set(r, OF_INFLIGHT, x->inflight.known, (double)x->inflight.n_requests);
		r->values[OF_INFLIGHT].short_of = true;
	}
	set(r, OF_RING, true, (double)x->id);
	set(r, OF_PID, r->pid, r->pid);
	set(r, OF_FD, r->holder && r->holder->n_fds, r->holder && r->holder->n_fds ? r->holder->fds[0] : 0);
	num(r, OF_CPU, x->sqpoll.cpu);
	set(r, OF_HOLDERS, true, (double)x->n_holders);
	set(r, OF_WORKERS, x->workers.known,
		(double)(x->workers.threads_known ? x->workers.n_threads : x->workers.n_tids));
}

static struct row *add(struct arena *a, struct rows *out)
{
	out->v = arena_grow(a, out->v, out->n, &out->cap, sizeof(*out->v));
	memset(&out->v[out->n], 0, sizeof(*out->v));
	return &out->v[out->n++];
}

/* A ring as one of its holders has it; NULL: nobody does. */
static struct row ring_row(const struct track *k, const struct snap_holder *h)
{
	struct row r = {.track = k, .holder = h};

	if (h) {
		r.pid = h->pid;
		r.comm = h->comm;
		r.repeated = h != snap_main_holder(k->ring);
	}
	r.key = list_key(k->id, r.repeated ? r.pid : 0);
	values(&r);
	return r;
}

bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; n; text++) {
		size_t i = 0;

		while (i < n && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
			i++;
		if (i == n)
			return true;
		if (!*text)
			return false;
	}
	return true;
}

static bool passes(const struct top *t, const struct row *r, struct buf *b)
{
	if (!t->filter.len)
		return true;
	row_text(t, r, b);
	return has_word(b->data, t->filter.data);
}

/* --- order ---------------------------------------------------------------------------------------------------------- */

struct sort_key {
	struct row row;
	const char *text; /* NULL: by value */
	const struct config *c;
};

static int by_place(const struct row *x, const struct row *y)
{
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (!x->track || !y->track)
		return x->track ? 1 : y->track ? -1 : 0;
	return x->track->id < y->track->id ? -1 : x->track->id > y->track->id;
}

static int by_column(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	enum value_of v = columns[x->c->sort].value;
	int order = 0;

	if (x->text && y->text) {
		/* what has nothing there stands last, whichever way */
		if (!*x->text != !*y->text)
			return *x->text ? -1 : 1;
		order = strcasecmp(x->text, y->text);
	} else if (x->row.values[v].known != y->row.values[v].known) {
		return x->row.values[v].known ? -1 : 1;
	} else {
		order = x->row.values[v].v < y->row.values[v].v ? -1 : x->row.values[v].v > y->row.values[v].v;
	}
	if (!x->c->ascending)
		order = -order;
	return order ? order : by_place(&x->row, &y->row);
}

static void sort(const struct top *t, struct arena *a, struct row *rows, size_t n)
{
	const struct column *c = &columns[t->config.sort];
	struct sort_key *keys = arena_alloc(a, n * sizeof(*keys));
	struct style plain = t->style;
	struct buf b = {0};

	plain.color = false;
	for (size_t i = 0; i < n; i++) {
		keys[i] = (struct sort_key){.row = rows[i], .c = &t->config};
		if (c->value != OF_NOTHING)
			continue;
		b.len = 0;
		c->text(&b, &plain, &rows[i]);
		keys[i].text = arena_copy(a, b.data ? b.data : "", b.len);
	}
	if (n)
		qsort(keys, n, sizeof(*keys), by_column);
	for (size_t i = 0; i < n; i++)
		rows[i] = keys[i].row;
	buf_free(&b);
}

/* --- the tree ------------------------------------------------------------------------------------------------------- */

static int by_process(const void *a, const void *b)
{
	return by_place(a, b);
}

/* The sums of a process: of the rings that are its own. */
static void add_up(struct row *p, const struct row *rings, size_t n)
{
	static const enum value_of sums[] = {OF_PENDING, OF_SQ, OF_UNREAPED, OF_CQ, OF_SUBMITTED, OF_COMPLETED,
		OF_INFLIGHT, OF_OVERFLOW, OF_DROPPED};

	for (size_t i = 0; i < n; i++) {
		p->attention |= rings[i].track->why != NULL;
		for (size_t s = 0; s < sizeof(sums) / sizeof(sums[0]) && !rings[i].repeated; s++) {
			p->values[sums[s]].known |= rings[i].values[sums[s]].known;
			p->values[sums[s]].v += rings[i].values[sums[s]].v;
			p->values[sums[s]].short_of |= rings[i].values[sums[s]].short_of;
		}
	}
	fill(p, OF_SQ_FILL, OF_PENDING, OF_SQ);
	fill(p, OF_CQ_FILL, OF_UNREAPED, OF_CQ);
	set(p, OF_PID, true, p->pid);
}

static void tree(const struct top *t, struct arena *a, struct rows *rings, struct rows *out)
{
	struct rows processes = {0};

	if (rings->n)
		qsort(rings->v, rings->n, sizeof(*rings->v), by_process);
	for (size_t i = 0, end; i < rings->n; i = end) {
		struct row *p = add(a, &processes);

		for (end = i; end < rings->n && rings->v[end].pid == rings->v[i].pid; end++)
			;
		p->pid = rings->v[i].pid;
		p->comm = rings->v[i].comm;
		p->rings = end - i;
		p->folded = is_folded(t, p->pid);
		p->key = list_key(p->pid, UINT64_MAX);
		add_up(p, rings->v + i, end - i);
		sort(t, a, rings->v + i, end - i);
	}
	sort(t, a, processes.v, processes.n);
	for (size_t k = 0; k < processes.n; k++) {
		*add(a, out) = processes.v[k];
		for (size_t i = 0; i < rings->n && !processes.v[k].folded; i++)
			if (rings->v[i].pid == processes.v[k].pid)
				*add(a, out) = rings->v[i];
	}
}

void rows_build(const struct top *t, struct arena *a, struct rows *out)
{
	struct rows rings = {0};
	struct buf b = {0};

	*out = (struct rows){0};
	for (size_t i = 0; i < t->history.n_tracks; i++) {
		const struct track *k = &t->history.tracks[i];
		const struct snap_holder *first = snap_main_holder(k->ring);
		struct row r = ring_row(k, first);

		if (passes(t, &r, &b))
			*add(a, &rings) = r;
		for (size_t h = 0; t->config.tree && h < k->ring->n_holders; h++) {
			if (&k->ring->holders[h] == first)
				continue;
			r = ring_row(k, &k->ring->holders[h]);
			if (passes(t, &r, &b))
				*add(a, &rings) = r;
		}
	}
	buf_free(&b);
	if (t->config.tree) {
		tree(t, a, &rings, out);
	} else {
		sort(t, a, rings.v, rings.n);
		*out = rings;
	}
	out->keys = arena_alloc(a, out->n * sizeof(*out->keys));
	for (size_t i = 0; i < out->n; i++)
		out->keys[i] = out->v[i].key;
}
