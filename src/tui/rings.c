/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen: what the machine has, a row a ring. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tui.h"
#include "version.h"

/* Pieces of a line, set apart from each other; one that does not fit ends the line. */
struct pieces {
	struct grid *g;
	int y, x;
	const char *mark;
};

static void piece(struct pieces *p, unsigned look, const char *s)
{
	int room = p->g->cols - p->x - (p->x ? 2 : 0);

	if (room <= 0)
		return;
	p->x += p->x ? 2 : 0;
	p->x += grid_put_cut(p->g, p->y, p->x, room, look, s, p->mark);
}

static void title(struct top *t, struct grid *g, int y)
{
	const struct frame *f = shown_frame(t);
	const struct snap_head *h = f ? &f->doc.head : NULL;
	struct pieces p = {g, y, 0, cut_mark(t)};
	struct buf b = {0};

	piece(&p, LOOK_BOLD, "uringtop " VERSION);
	if (h && h->time) {
		/* the time of day alone, which is what changes */
		const char *clock = strchr(h->time, 'T');
		size_t n = f->name || !clock ? strlen(h->time) : strlen(clock + 1);

		render_text(&b, &t->style, f->name || !clock ? h->time : clock + 1, n < 8 || f->name ? n : 8);
		if (!f->name && clock)
			buf_puts(&b, "Z");
		piece(&p, 0, b.data);
	}
	b.len = 0;
	if (t->n_files) {
		buf_printf(&b, "file %zu/%zu ", t->at_file + 1, t->n_files);
		if (f->name)
			render_text(&b, &t->style, f->name, strlen(f->name));
		piece(&p, C_WARN, b.data);
	} else if (t->frozen) {
		piece(&p, LOOK_REVERSE, " FROZEN ");
	} else {
		buf_printf(&b, "every %gs", t->config.interval);
		if (f && f->took * 2 > t->config.interval)
			buf_printf(&b, " (a look takes %.1fs)", f->took);
		piece(&p, 0, b.data);
	}
	b.len = 0;
	if (h && h->release) {
		buf_puts(&b, "Linux ");
		render_text(&b, &t->style, h->release, strlen(h->release));
		piece(&p, LOOK_DIM, b.data);
	}
	buf_free(&b);
}

/* What the tool may see, and what it lacks. */
static void sees(struct top *t, struct grid *g, int y)
{
	const struct frame *f = shown_frame(t);
	const struct snap_head *h = f ? &f->doc.head : NULL;
	struct pieces p = {g, y, 0, cut_mark(t)};
	struct buf b = {0};

	if (!h)
		return;
	buf_printf(&b, "sees%s%s%s", h->proc ? " proc" : "", h->memory ? " memory" : "", h->kernel ? " kernel" : "");
	piece(&p, LOOK_DIM, b.data);
	b.len = 0;
	if (!h->kernel) {
		buf_puts(&b, "lacks kernel: ");
		if (h->kernel_why)
			render_text(&b, &t->style, h->kernel_why, strlen(h->kernel_why));
		else
			buf_puts(&b, "not asked (--source)");
		piece(&p, C_WARN, b.data);
	}
	b.len = 0;
	if (f->unseen) {
		buf_printf(&b, "%zu process%s not looked into (CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH let you)",
			f->unseen, f->unseen == 1 ? "" : "es");
		piece(&p, C_WARN, b.data);
	}
	for (size_t i = 0; i < f->doc.n_skipped; i++) {
		const struct snap_skip *s = &f->doc.skipped[i];

		if (!s->pid.known || !s->reason || s->late)
			continue;
		b.len = 0;
		buf_printf(&b, "pid %" PRIu64 ": ", s->pid.v);
		render_text(&b, &t->style, s->reason, strlen(s->reason));
		piece(&p, C_WARN, b.data);
	}
	for (size_t i = 0; i < f->doc.threads.n; i++) {
		b.len = 0;
		render_thread(&b, &t->style, &f->doc.threads.v[i]);
		piece(&p, C_WARN, b.data);
	}
	if (t->filter.len) {
		b.len = 0;
		buf_puts(&b, "filter: ");
		render_text(&b, &t->style, t->filter.data, t->filter.len);
		piece(&p, C_WARN, b.data);
	}
	buf_free(&b);
}

static const char *many(size_t n)
{
	return n == 1 ? "" : "s";
}

static void sums(struct top *t, struct grid *g, int y)
{
	const struct totals *s = &t->history.totals;
	struct pieces p = {g, y, 0, cut_mark(t)};
	struct buf b = {0};

	/* nothing is known before the first look, not even that there is none */
	if (!shown_frame(t))
		return;
	buf_printf(
		&b, "%zu ring%s, %zu process%s", s->rings, many(s->rings), s->processes, s->processes == 1 ? "" : "es");
	piece(&p, 0, b.data);
	b.len = 0;
	if (s->attention) {
		buf_printf(&b, "%zu need%s attention", s->attention, s->attention == 1 ? "s" : "");
		piece(&p, C_BAD | LOOK_BOLD, b.data);
	}
	b.len = 0;
	if (s->rates_known) {
		buf_puts(&b, "completed ");
		short_number(&b, s->completed);
		buf_puts(&b, "/s, submitted ");
		short_number(&b, s->submitted);
		buf_puts(&b, "/s");
		piece(&p, C_GOOD, b.data);
	}
	b.len = 0;
	buf_puts(&b, "in flight ");
	buf_dec(&b, s->inflight);
	buf_puts(&b, s->inflight_short ? "+" : "");
	piece(&p, 0, b.data);
	b.len = 0;
	if (s->sqpoll) {
		buf_printf(&b, "SQPOLL %zu", s->sqpoll);
		piece(&p, 0, b.data);
	}
	b.len = 0;
	if (s->ended) {
		buf_printf(&b, "%zu ended", s->ended);
		if (t->history.forgotten)
			buf_printf(&b, " (and %zu more)", t->history.forgotten);
		piece(&p, LOOK_DIM, b.data);
	}
	buf_free(&b);
}

static int graph_rows(const struct top *t, int rows)
{
	return !t->config.graph || rows < 16 ? 0 : rows < 20 ? 2 : rows < 36 ? 3 : 5;
}

size_t late_lines(const struct top *t)
{
	const struct frame *f = shown_frame(t);
	size_t n = 0;

	for (size_t i = 0; f && i < f->doc.n_skipped; i++)
		n += f->doc.skipped[i].late;
	return n;
}

/* A line for each process that does not answer, of a few where there is a screen to fill. Returns how many. */
static int late(struct top *t, struct grid *g, int y, int rows)
{
	const struct frame *f = shown_frame(t);
	int most = t->to_text ? INT_MAX : rows < 20 ? 1 : 3, n = 0;
	size_t more = 0;
	struct buf b = {0};

	for (size_t i = 0; f && i < f->doc.n_skipped; i++) {
		const struct snap_skip *s = &f->doc.skipped[i];

		if (!s->late || n == most) {
			more += s->late;
			continue;
		}
		b.len = 0;
		if (s->pid.known)
			buf_printf(&b, "! pid %" PRIu64 " ", s->pid.v);
		else if (s->ring_id.known)
			buf_printf(&b, "! ring %" PRIu64 ": ", s->ring_id.v);
		else
			buf_puts(&b, "! ");
		render_text(&b, &t->style, s->reason, strlen(s->reason));
		grid_put_cut(g, y + n++, 0, g->cols, C_BAD, b.data, cut_mark(t));
	}
	if (more) {
		b.len = 0;
		buf_printf(&b, "! and %zu more that do not answer", more);
		grid_put_cut(g, y + n++, 0, g->cols, C_BAD, b.data, cut_mark(t));
	}
	buf_free(&b);
	return n;
}

int draw_head(struct top *t, struct grid *g, int rows)
{
	int y = 0, n = graph_rows(t, rows);

	title(t, g, y++);
	sees(t, g, y++);
	sums(t, g, y++);
	y += late(t, g, y, rows);
	if (n)
		draw_graph(t, g, y, 0, n, g->cols);
	return y + n;
}

/* Why there is nothing to show. */
static void nothing(struct top *t, struct grid *g, int y)
{
	const struct frame *f = shown_frame(t);
	struct buf b = {0};

	if (!f) {
		buf_puts(&b, "looking ...");
	} else if (t->history.n_tracks) {
		buf_puts(&b, "no ring has what the filter asks for (F4 changes it, Esc takes it away)");
	} else if (f->name) {
		buf_puts(&b, "this file has no rings");
	} else if (t->o.n_pids) {
		buf_puts(&b, t->o.n_pids == 1 ? "process" : "processes");
		for (size_t i = 0; i < t->o.n_pids; i++)
			buf_printf(&b, " %d", (int)t->o.pids[i]);
		/* one that has ended will not have any */
		buf_puts(&b, snap_missing(f->doc.skipped, f->doc.n_skipped) >= t->o.n_pids ? ": ended"
			     : t->o.n_pids == 1 ? " has no ring yet: waiting for the first"
						: " have no ring yet: waiting for the first");
	} else {
		buf_puts(&b, "no process has a ring: waiting for the first");
	}
	grid_put_cut(g, y, 2, g->cols - 2, 0, b.data, cut_mark(t));
	buf_free(&b);
}

void draw_rings(struct top *t, struct grid *g)
{
	struct column_place places[MOST_COLUMNS];
	size_t n = columns_place(&t->config, g->cols, places);
	int y = draw_head(t, g, g->rows), rows = g->rows - y - 3;

	draw_column_titles(t, g, y++, places, n);
	t->height = rows > 0 ? (size_t)rows : 0;
	list_fit(&t->rings, t->rows.keys, t->rows.n, t->height);
	if (!t->rows.n && rows > 0)
		nothing(t, g, y + (rows > 2));
	for (int i = 0; i < rows && t->rings.first + (size_t)i < t->rows.n; i++) {
		size_t at = t->rings.first + (size_t)i;

		draw_row(t, g, y + i, places, n, &t->rows.v[at]);
		if (at == t->rings.at) {
			/* one look for the whole row, whatever is in it */
			for (int x = 0; x < g->cols; x++)
				grid_at(g, y + i, x)->look = LOOK_REVERSE;
		}
		spot(t, y + i, 0, g->cols, A_SELECT, at);
	}
	draw_foot(t, g, t->rings.at < t->rows.n ? t->rows.v[t->rings.at].track : NULL);
}

/* --- the foot ------------------------------------------------------------------------------------------------------- */

static void about_ring(const struct top *t, struct buf *b, const struct track *k)
{
	const struct snap_ring *r = k->ring;
	const char *note = NULL;

	buf_printf(b, "ring %" PRIu64, k->id);
	if (k->ended) {
		const char *clock = strchr(k->ended_time, 'T');

		buf_puts(b, " ended ");
		render_text(b, &t->style, clock ? clock + 1 : k->ended_time,
			clock ? strnlen(clock + 1, 8) : strlen(k->ended_time));
		buf_puts(b, clock ? "Z (x dismisses it)" : " (x dismisses it)");
		return;
	}
	/* that a ring in use moves on, which is said last, is nothing to know here */
	for (size_t i = 0; i + r->moved < k->n_hints && !note; i++)
		note = k->hints[i].text;
	if (k->why || note) {
		buf_puts(b, ": ");
		render_text(b, &t->style, k->why ? k->why : note, strlen(k->why ? k->why : note));
		return;
	}
	for (size_t i = 0; i < r->setup_names.n; i++) {
		buf_puts(b, i ? "|" : " ");
		render_text(b, &t->style, r->setup_names.v[i], strlen(r->setup_names.v[i]));
	}
	if (r->owner.exe) {
		buf_puts(b, " of ");
		render_text_in(b, &t->style, TEXT_WORD, r->owner.exe, strlen(r->owner.exe));
	}
	buf_printf(b, ", %zu holder%s", r->n_holders, many(r->n_holders));
}

static const char *prompt_words(enum prompt p)
{
	return p == PROMPT_SEARCH   ? "search: "
	       : p == PROMPT_FILTER ? "filter: "
	       : p == PROMPT_DELAY  ? "seconds between two looks (0.1 to 3600): "
	       : p == PROMPT_SAVE   ? "save to: "
				    : "it exists: overwrite it? (y/n) ";
}

/* The end of what was typed, if all of it does not fit. */
static void prompt_line(struct top *t, struct grid *g, int y)
{
	const char *words = prompt_words(t->prompt), *s = t->input.len ? t->input.data : "";
	int x = grid_put(g, y, 0, g->cols, LOOK_BOLD, words), room = g->cols - x - 1;
	struct buf b = {0};

	render_text(&b, &t->style, s, strlen(s));
	s = b.len ? b.data : "";
	while (*s && grid_width(s) > room) {
		uint32_t c;
		size_t n = utf8_decode(s, strlen(s), &c);

		s += n ? n : 1;
	}
	t->cursor_y = y;
	t->cursor_x = x + grid_put(g, y, x, room > 0 ? room : 0, 0, s);
	t->cursor = t->cursor_x < g->cols;
	buf_free(&b);
}

static const struct {
	const char *label;
	enum action in_rings, in_ring;
} f_keys[10] = {
	{"Help", A_HELP, A_HELP},
	{"Setup", A_SETUP, A_SETUP},
	{"Search", A_SEARCH, A_SEARCH},
	{"Filter", A_FILTER, A_NONE},
	{"Tree", A_TREE, A_NONE},
	{"Sort", A_SORT, A_SORT},
	{"Freeze", A_FREEZE, A_FREEZE},
	{"Save", A_SAVE, A_SAVE},
	{"Clear", A_DISMISS_ALL, A_DISMISS_ALL},
	{"Quit", A_QUIT, A_QUIT},
};

static void f_line(struct top *t, struct grid *g, int y)
{
	int w = g->cols / 10 - 2;
	int x = 0;

	w = w > 6 ? 6 : w;
	for (int i = 0; i < 10; i++) {
		enum action a = t->place == IN_RINGS ? f_keys[i].in_rings : f_keys[i].in_ring;
		char label[8], number[16];

		/* where there is room for a few letters only, the rarer ones make way */
		if (a == A_NONE || (w < 4 && (i == 4 || i == 5 || i == 6 || i == 8)))
			continue;
		snprintf(number, sizeof(number), "F%d", i + 1);
		snprintf(label, sizeof(label), "%-6s", f_keys[i].label);
		spot(t, y, x, (int)strlen(number) + 6, a, 0);
		x += grid_put(g, y, x, g->cols - x, 0, number);
		x += grid_put(g, y, x, g->cols - x, LOOK_REVERSE, label);
	}
	for (; x < g->cols; x++)
		grid_look(g, y, x, 1, LOOK_REVERSE);
}

void draw_foot(struct top *t, struct grid *g, const struct track *k)
{
	struct buf b = {0};
	int y = g->rows - 2;

	if (t->prompt) {
		prompt_line(t, g, y);
	} else if (t->message.len) {
		render_text(&b, &t->style, t->message.data, t->message.len);
		grid_put_cut(g, y, 0, g->cols, LOOK_BOLD, b.data, cut_mark(t));
	} else if (k) {
		about_ring(t, &b, k);
		grid_put_cut(g, y, 0, g->cols, k->why ? C_BAD : 0, b.data, cut_mark(t));
	}
	f_line(t, g, y + 1);
	buf_free(&b);
}
