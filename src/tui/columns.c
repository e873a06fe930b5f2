/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of the list of rings: a new one is a row of the table and a function. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tui.h"

void short_number(struct buf *b, double v)
{
	static const char units[] = "kMGTPE";
	int unit = -1;

	if (!(v >= 0) || v > 1e21) {
		buf_putc(b, '?');
		return;
	}
	while (v >= (unit < 0 ? 99999.5 : 999.5) && units[unit + 1]) {
		v /= 1000;
		unit++;
	}
	if (unit < 0)
		buf_printf(b, v < 9.95 && v != (double)(int)v ? "%.1f" : "%.0f", v);
	else
		buf_printf(b, v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[unit]);
}

static void text_or(struct buf *b, const struct style *st, const char *s, const char *other)
{
	if (s)
		render_text(b, st, s, strlen(s));
	else
		buf_puts(b, other);
}

static void marks(struct buf *b, const struct style *st, const struct row *r)
{
	const struct snap_ring *x;
	bool disabled;

	if (!r->track && r->attention) {
		render_color(b, st, C_BAD);
		buf_putc(b, '!');
		render_color(b, st, C_NONE);
	}
	if (!r->track)
		return;
	x = r->track->ring;
	disabled = x->restrictions.ring_disabled == SNAP_YES;
	if (r->track->ended)
		buf_putc(b, 'E');
	if (r->track->why) {
		render_color(b, st, C_BAD);
		buf_putc(b, '!');
		render_color(b, st, C_NONE);
	}
	if (x->restrictions.known && (x->restrictions.active || x->restrictions.registered))
		buf_putc(b, 'R');
	if (snap_serves_foreign(x)) {
		render_color(b, st, C_WARN);
		buf_putc(b, 'F');
		render_color(b, st, C_NONE);
	}
	if (x->hidden == SNAP_YES)
		buf_putc(b, 'H');
	if (disabled)
		buf_putc(b, 'D');
}

static void pid(struct buf *b, const struct style *st, const struct row *r)
{
	(void)st;
	if (r->pid)
		buf_dec(b, r->pid);
	else
		buf_putc(b, '?');
}

static void command(struct buf *b, const struct style *st, const struct row *r)
{
	render_color(b, st, C_NAME);
	if (r->comm)
		render_text_in(b, st, TEXT_WORD, r->comm, strlen(r->comm));
	else
		buf_putc(b, '?');
	render_color(b, st, C_NONE);
}

static void fd(struct buf *b, const struct style *st, const struct row *r)
{
	const struct snap_holder *h = r->holder;

	(void)st;
	if (!h)
		return;
	if (h->n_fds)
		buf_printf(b, "%d%s", h->fds[0], h->n_fds > 1 || h->n_thread_fds ? "+" : "");
	else if (h->n_thread_fds)
		buf_printf(b, "%d@", h->thread_fds[0].fd);
	else
		buf_puts(b, h->mapped == SNAP_YES	? "map"
			    : h->registered == SNAP_YES ? "reg"
			    : h->uses == SNAP_YES	? "use"
							: "-");
}

static void ring(struct buf *b, const struct style *st, const struct row *r)
{
	(void)st;
	if (r->track)
		buf_dec(b, r->track->id);
}

static void value(struct buf *b, const struct row *r, enum value_of v)
{
	if (!r->values[v].known) {
		buf_putc(b, r->values[v].short_of ? '?' : '-');
		return;
	}
	short_number(b, r->values[v].v);
	if (r->values[v].short_of)
		buf_putc(b, '+');
}

static void part(struct buf *b, const struct row *r, enum value_of n, enum value_of of)
{
	value(b, r, n);
	buf_putc(b, '/');
	value(b, r, of);
}

static void sq(struct buf *b, const struct style *st, const struct row *r)
{
	(void)st;
	part(b, r, OF_PENDING, OF_SQ);
}

static void cq(struct buf *b, const struct style *st, const struct row *r)
{
	(void)st;
	part(b, r, OF_UNREAPED, OF_CQ);
}

static void state(struct buf *b, const struct style *st, const struct row *r)
{
	const struct snap_sqpoll *s = r->track ? &r->track->ring->sqpoll : NULL;
	bool died;

	if (!s)
		return;
	if (r->track->ended) {
		buf_puts(b, "ended");
		return;
	}
	if (!s->known || !s->active) {
		buf_putc(b, s->known ? '-' : '?');
		return;
	}
	/* a thread that has died has left its ring saying that it sleeps */
	died = s->state && !strcmp(s->state, "died");
	if (died)
		render_color(b, st, C_BAD);
	text_or(b, st, s->tid.known && !died && s->need_wakeup == SNAP_YES ? "asleep" : s->state, "?");
	if (died)
		render_color(b, st, C_NONE);
}

static void cpu(struct buf *b, const struct style *st, const struct row *r)
{
	(void)st;
	if (r->track && r->track->ring->sqpoll.active && !r->track->ended)
		value(b, r, OF_CPU);
}

static void setup(struct buf *b, const struct style *st, const struct row *r)
{
	const struct snap_ring *x = r->track ? r->track->ring : NULL;

	if (!x) {
		buf_printf(b, "%zu ring%s", r->rings, r->rings == 1 ? "" : "s");
		return;
	}
	for (size_t i = 0; i < x->setup_names.n; i++) {
		buf_puts(b, i ? "|" : "");
		text_or(b, st, x->setup_names.v[i], "?");
	}
	if (!x->setup_names.n)
		buf_putc(b, x->setup_value.known ? '-' : '?');
}

static void why(struct buf *b, const struct style *st, const struct row *r)
{
	if (r->track && r->track->why)
		text_or(b, st, r->track->why, "");
}

#define NUMBER(name, of) \
	static void name(struct buf *b, const struct style *st, const struct row *r) \
	{ \
		(void)st; \
		value(b, r, of); \
	}
NUMBER(submitted, OF_SUBMITTED)
NUMBER(completed, OF_COMPLETED)
NUMBER(inflight, OF_INFLIGHT)
NUMBER(overflow, OF_OVERFLOW)
NUMBER(dropped, OF_DROPPED)
NUMBER(holders, OF_HOLDERS)
NUMBER(workers, OF_WORKERS)

/* clang-format off */
const struct column columns[] = {
	{"mark", "MARK", "! needs attention, R restricted, F SQPOLL serves a foreign process, H hidden, D disabled, E ended", 4, 1, false, 1, 0, OF_NOTHING, marks, false},
	{"pid", "PID", "process that the ring belongs to, or that holds it", 5, 2, true, 0, 0, OF_PID, pid, false},
	{"command", "COMMAND", "its name", 9, 12, false, 0, 0, OF_NOTHING, command, false},
	{"fd", "FD", "its descriptor of the ring; + more than one, @ of one thread, map mapped, reg registered, use none of these", 3, 1, true, 3, 0, OF_FD, fd, false},
	{"ring", "RING", "the ring's id", 7, 1, true, 13, 100, OF_RING, ring, false},
	{"sq", "SQ", "how full the submission queue is", 5, 6, false, 2, 0, OF_SQ_FILL, NULL, true},
	{"sq-entries", "SQE", "entries in it, and how many it takes", 8, 2, true, 14, 120, OF_PENDING, sq, false},
	{"cq", "CQ", "how full the completion queue is", 5, 6, false, 2, 0, OF_CQ_FILL, NULL, true},
	{"cq-entries", "CQE", "entries in it, and how many it takes", 9, 2, true, 14, 120, OF_UNREAPED, cq, false},
	{"submitted", "SUB/s", "requests that the kernel has taken, a second", 5, 1, true, 5, 0, OF_SUBMITTED, submitted, false},
	{"completed", "CMP/s", "completions, a second", 5, 1, true, 4, 0, OF_COMPLETED, completed, false},
	{"inflight", "INFL", "requests in flight; + at least so many", 4, 1, true, 4, 0, OF_INFLIGHT, inflight, false},
	{"overflow", "OVF", "completions that found no room in the CQ and were dropped, ever", 3, 2, true, 8, 0, OF_OVERFLOW, overflow, false},
	{"dropped", "DRP", "SQEs that were dropped, ever", 3, 2, true, 9, 0, OF_DROPPED, dropped, false},
	{"sqpoll", "SQPOLL", "state of the SQPOLL thread", 7, 1, false, 6, 0, OF_NOTHING, state, false},
	{"cpu", "CPU", "where that thread ran last", 3, 0, true, 10, 0, OF_CPU, cpu, false},
	{"workers", "WRK", "io-wq workers of the ring's tasks", 3, 1, true, 15, 140, OF_WORKERS, workers, false},
	{"holders", "HLD", "processes that hold the ring", 3, 1, true, 15, 140, OF_HOLDERS, holders, false},
	{"setup", "SETUP", "flags of io_uring_setup", 6, 40, false, 11, 0, OF_NOTHING, setup, false},
	{"why", "ATTENTION", "why the ring needs attention", 20, 200, false, 16, 160, OF_NOTHING, why, false},
	{0},
};
/* clang-format on */

int column_number(const char *name)
{
	for (int i = 0; columns[i].name; i++)
		if (!strcmp(columns[i].name, name))
			return i;
	return -1;
}

void column_names(struct buf *b)
{
	for (size_t i = 0; columns[i].name; i++)
		buf_printf(b, "%s\n", columns[i].name);
}

size_t columns_place(const struct config *c, int width, struct column_place places[MOST_COLUMNS])
{
	size_t n = 0;
	int used = -1, x = 0;

	for (size_t i = 0; columns[i].name && i < MOST_COLUMNS; i++) {
		if (c->columns[i] == COLUMN_HIDDEN || (c->columns[i] == COLUMN_AUTO && width < columns[i].wide))
			continue;
		places[n++] = (struct column_place){.column = i, .w = columns[i].width};
		used += columns[i].width + 1;
	}
	/* too many: the least important go */
	while (used > width && n > 1) {
		size_t worst = 0;

		for (size_t i = 1; i < n; i++)
			if (columns[places[i].column].rank >= columns[places[worst].column].rank)
				worst = i;
		used -= places[worst].w + 1;
		memmove(places + worst, places + worst + 1, (--n - worst) * sizeof(*places));
	}
	/* what is left over goes to those that can use it, one column each in turn */
	for (bool any = true; any && used < width;) {
		any = false;
		for (size_t i = 0; i < n && used < width; i++) {
			const struct column *k = &columns[places[i].column];

			if (places[i].w - k->width >= k->grow)
				continue;
			places[i].w++;
			used++;
			any = true;
		}
	}
	for (size_t i = 0; i < n; i++) {
		places[i].x = x;
		x += places[i].w + 1;
	}
	return n;
}

/* --- drawing -------------------------------------------------------------------------------------------------------- */

void draw_column_titles(struct top *t, struct grid *g, int y, const struct column_place *p, size_t n)
{
	grid_look(g, y, 0, g->cols, LOOK_REVERSE);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &columns[p[i].column];
		bool chosen = p[i].column == t->config.sort;
		unsigned look = LOOK_REVERSE | (chosen ? LOOK_BOLD | LOOK_UNDERLINE : 0u);
		char title[32];

		snprintf(title, sizeof(title), "%s", c->title);
		/* which way it is sorted, where there is room for it */
		if (chosen && (int)strlen(title) < p[i].w)
			strcat(title, fine(t) ? (t->config.ascending ? "▲" : "▼") : (t->config.ascending ? "^" : "v"));
		if (c->right)
			grid_put_right(g, y, p[i].x, p[i].w, look, title);
		else
			grid_put(g, y, p[i].x, p[i].w, look, title);
		spot(t, y, p[i].x, p[i].w + 1, A_SORT_BY, p[i].column);
	}
}

static void bar(const struct top *t, struct grid *g, int y, int x, int w, bool known, double fill)
{
	unsigned look = fill >= 1 ? C_BAD : fill >= 0.75 ? C_WARN : C_GOOD;
	int eighths = (int)(fill * w * 8 + 0.5);

	if (!known) {
		grid_put(g, y, x, w, 0, "?");
		return;
	}
	if (fill > 0 && !eighths)
		eighths = 1; /* a little is not nothing */
	for (int i = 0; i < w; i++, eighths -= 8) {
		if (eighths >= 8)
			grid_char(g, y, x + i, look, fine(t) ? 0x2588 : '#');
		else if (eighths > 0)
			grid_char(g, y, x + i, look, fine(t) ? 0x2590u - (uint32_t)eighths : eighths >= 4 ? '=' : '-');
		else
			grid_char(g, y, x + i, LOOK_DIM, fine(t) ? 0xb7 : '.');
	}
}

void draw_row(struct top *t, struct grid *g, int y, const struct column_place *p, size_t n, const struct row *r)
{
	unsigned look = (r->track && r->track->ended) || r->repeated ? LOOK_DIM : r->track ? 0 : LOOK_BOLD;
	struct buf b = {0};

	for (size_t i = 0; i < n; i++) {
		const struct column *c = &columns[p[i].column];

		if (c->bar) {
			double fill = r->values[c->value].v;

			if (r->track)
				bar(t, g, y, p[i].x, p[i].w, r->values[c->value].known, fill > 1 ? 1 : fill);
			continue;
		}
		b.len = 0;
		buf_puts(&b, "");
		if (t->config.tree && r->track && (c->text == command || c->text == pid)) {
			/* the process stands above: its two columns are one for the ring */
			bool both = c->text == pid && i + 1 < n && columns[p[i + 1].column].text == command;
			int w = both ? p[i + 1].x + p[i + 1].w - p[i].x : p[i].w;

			buf_printf(&b, "   %s %" PRIu64, fine(t) ? "└" : "`", r->track->id);
			grid_put_cut(g, y, p[i].x, w, look, b.data, cut_mark(t));
			i += both;
			continue;
		}
		if (t->config.tree && c->text == command)
			buf_puts(&b, r->folded ? "+ " : "- ");
		c->text(&b, &t->style, r);
		if (c->right && grid_width(b.data) <= p[i].w)
			grid_put_right(g, y, p[i].x, p[i].w, look, b.data);
		else
			grid_put_cut(g, y, p[i].x, p[i].w, look, b.data, cut_mark(t));
	}
	buf_free(&b);
}

void row_text(const struct top *t, const struct row *r, struct buf *b)
{
	struct style plain = t->style;

	plain.color = false;
	b->len = 0;
	for (size_t i = 0; columns[i].name; i++) {
		if (!columns[i].text)
			continue;
		columns[i].text(b, &plain, r);
		buf_putc(b, ' ');
	}
	/* a name with a blank is found as it is typed, and as it is shown */
	if (r->comm)
		buf_puts(b, r->comm);
}
