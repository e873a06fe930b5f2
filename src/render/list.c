/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a ring. A column is a row of the table below and a function. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "arena.h"
#include "render.h"

/* The columns of text that is already fit for a terminal. */
static size_t width_of(const char *s)
{
	size_t columns_of_s = 0, n;
	uint32_t c;

	for (size_t left = strlen(s); left; s += n, left -= n) {
		int w;

		n = utf8_decode(s, left, &c);
		w = n ? wcwidth((wchar_t)c) : 1;
		columns_of_s += w > 0 ? (size_t)w : 0;
		n = n ? n : 1;
	}
	return columns_of_s;
}

/* As much of s as fits into width columns, with a mark where it was cut. Returns the columns used. */
static size_t put_cut(struct buf *b, const struct style *st, const char *s, size_t columns_of_s, size_t width)
{
	size_t used = 0;

	if (columns_of_s <= width) {
		buf_puts(b, s);
		return columns_of_s;
	}
	if (!width)
		return 0;
	while (*s) {
		size_t n = 1, w;
		char one[5] = {0};

		while ((s[n] & 0xc0) == 0x80 && n < 4)
			n++;
		memcpy(one, s, n);
		w = width_of(one);
		if (used + w > width - 1)
			break;
		buf_puts(b, one);
		used += w;
		s += n;
	}
	buf_puts(b, st->utf8 ? "…" : "+");
	return used + 1;
}

typedef void (*cell_fn)(struct buf *b, const struct style *st, const struct snap_ring *r);

static void cell_id(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	(void)st;
	buf_dec(b, r->id);
}

/* On a terminal a name takes no more columns than one without escapes: else one process could push away what is shown of all. */
static void owner_name(struct buf *b, const struct style *st, const char *comm)
{
	enum { COMM = 15 };
	struct buf name = {0};

	render_comm(&name, st, comm);
	put_cut(b, st, name.data, width_of(name.data), st->width ? COMM : SIZE_MAX);
	buf_free(&name);
}

static void cell_owner(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	if (!r->owner.known || !r->owner.pid.known) {
		buf_puts(b, r->owner.known ? "(ended)" : "?");
		return;
	}
	owner_name(b, st, r->owner.comm);
	buf_printf(b, "(%" PRIu64 ")", r->owner.pid.v);
}

static void fill(struct buf *b, struct snap_num head, struct snap_num tail, struct snap_num entries)
{
	if (head.known && tail.known)
		buf_dec(b, (uint32_t)tail.v - (uint32_t)head.v);
	else
		buf_putc(b, '?');
	buf_putc(b, '/');
	if (entries.known)
		buf_dec(b, entries.v);
	else
		buf_putc(b, '?');
}

static void cell_sq(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	(void)st;
	fill(b, r->sq.head, r->sq.tail, r->sq.entries);
}

static void cell_cq(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	(void)st;
	fill(b, r->cq.head, r->cq.tail, r->cq.entries);
}

static void cell_sqpoll(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	const struct snap_sqpoll *s = &r->sqpoll;
	const char *state;

	if (!s->known || !s->active) {
		buf_putc(b, s->known ? '-' : '?');
		return;
	}
	if (s->tid.known) {
		buf_dec(b, s->tid.v);
		buf_putc(b, ' ');
	}
	/* a thread that has died has left its ring saying that it sleeps */
	state = s->tid.known && s->need_wakeup == SNAP_YES ? "asleep" : s->state ? s->state : "?";
	render_text(b, st, state, strlen(state));
}

static void cell_holders(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	for (size_t i = 0; i < r->n_holders; i++) {
		const struct snap_holder *h = &r->holders[i];

		buf_puts(b, i ? " " : "");
		if (!r->owner.known || h->pid != r->owner.pid.v) {
			render_comm(b, st, h->comm);
			buf_printf(b, "(%u):", h->pid);
		} else {
			buf_printf(b, "%u:", h->pid);
		}
		for (size_t k = 0; k < h->n_fds; k++)
			buf_printf(b, "%s%d", k ? "," : "", h->fds[k]);
		for (size_t k = 0; k < h->n_thread_fds; k++)
			buf_printf(b, "%s%d@%d", k || h->n_fds ? "," : "", h->thread_fds[k].fd, h->thread_fds[k].tid);
		if (!h->n_fds && !h->n_thread_fds)
			buf_puts(b, h->mapped == SNAP_YES	? "mapped"
				    : h->registered == SNAP_YES ? "registered"
				    : h->uses == SNAP_YES	? "uses"
								: "mapped");
		if (h->same_mm == SNAP_NO)
			buf_puts(b, "!mm");
	}
}

static void cell_flags(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	(void)st;
	for (size_t i = 0; i < r->setup_names.n; i++) {
		buf_puts(b, i ? "|" : "");
		render_text(b, st, r->setup_names.v[i], strlen(r->setup_names.v[i]));
	}
	if (!r->setup_names.n)
		buf_putc(b, '-');
}

static const struct {
	const char *title;
	bool right;
	cell_fn fn;
} columns[] = {
	/* the holders are last: they are what is cut on a narrow terminal, and may be many */
	{"RING", true, cell_id},
	{"OWNER", false, cell_owner},
	{"SQ", true, cell_sq},
	{"CQ", true, cell_cq},
	{"SQPOLL", false, cell_sqpoll},
	{"FLAGS", false, cell_flags},
	{"HOLDERS", false, cell_holders},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct cell {
	const char *text;
	size_t width;
};

struct table {
	struct arena arena;
	struct cell (*rows)[COLUMNS];
	size_t n, cap;
};

struct table *table_new(void)
{
	struct table *t = xrealloc(NULL, sizeof(*t));

	*t = (struct table){0};
	return t;
}

void table_free(struct table *t)
{
	arena_free(&t->arena);
	free(t);
}

void table_ring(struct table *t, const struct style *st, const struct snap_ring *r)
{
	struct buf b = {0};

	t->rows = arena_grow(&t->arena, t->rows, t->n, &t->cap, sizeof(*t->rows));
	for (size_t c = 0; c < COLUMNS; c++) {
		struct cell *cell = &t->rows[t->n][c];

		b.len = 0;
		columns[c].fn(&b, st, r);
		cell->text = arena_copy(&t->arena, b.data ? b.data : "", b.len);
		cell->width = width_of(cell->text);
	}
	t->n++;
	buf_free(&b);
}

static void line(struct buf *b, const struct style *st, const struct cell *cells, const size_t *widths)
{
	size_t at = 0;

	for (size_t c = 0; c < COLUMNS; c++) {
		size_t left = st->width ? (st->width > at ? st->width - at : 0) : SIZE_MAX;
		size_t pad = widths[c] - cells[c].width;

		if (columns[c].right) {
			buf_pad(b, pad < left ? pad : left);
			left -= pad < left ? pad : left;
		}
		put_cut(b, st, cells[c].text, cells[c].width, left);
		at += widths[c] + 1;
		if (c + 1 == COLUMNS || (st->width && at >= st->width))
			break;
		if (!columns[c].right)
			buf_pad(b, pad);
		buf_putc(b, ' ');
	}
	while (b->len && b->data[b->len - 1] == ' ')
		b->len--;
	buf_putc(b, '\n');
}

void table_print(struct table *t, struct buf *b, const struct style *st)
{
	size_t widths[COLUMNS];
	struct cell titles[COLUMNS];

	for (size_t c = 0; c < COLUMNS; c++) {
		titles[c] = (struct cell){columns[c].title, strlen(columns[c].title)};
		widths[c] = titles[c].width;
		for (size_t i = 0; i < t->n; i++)
			if (t->rows[i][c].width > widths[c])
				widths[c] = t->rows[i][c].width;
	}
	render_color(b, st, C_HEAD);
	line(b, st, titles, widths);
	render_color(b, st, C_NONE);
	for (size_t i = 0; i < t->n; i++)
		line(b, st, t->rows[i], widths);
}
