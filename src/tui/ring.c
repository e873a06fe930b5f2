/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen of one ring: a title, tabs, and the lines of the tab that is chosen. */
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "tui.h"

const struct tab *const tabs[TABS] = {
	&tab_queues, &tab_inflight, &tab_threads, &tab_registered, &tab_restrictions, &tab_people};

void item_add(struct items *i, struct item item)
{
	i->v = arena_grow(i->a, i->v, i->n, &i->cap, sizeof(*i->v));
	i->v[i->n++] = item;
}

/* As much of s as fits into width columns, cut before a word; *color is the one in force at its end. All of s if it fits. */
static size_t fitting(const char *s, int width, enum color *color)
{
	size_t at = 0, word = 0;
	enum color at_word = *color, c = *color;
	int used = 0;

	while (s[at]) {
		size_t n = render_color_at(s + at, &c), len;
		char one[5] = {0};
		uint32_t ch;

		if (n) {
			at += n;
			continue;
		}
		len = utf8_decode(s + at, strnlen(s + at, 4), &ch);
		len = len ? len : 1;
		memcpy(one, s + at, len);
		used += grid_width(one);
		if (used > width) {
			*color = word ? at_word : c;
			return word ? word : at;
		}
		at += len;
		if (one[0] == ' ') {
			word = at;
			at_word = c;
		}
	}
	*color = c;
	return at;
}

/* The words of one line, which goes on below under its own. */
static void wrapped(struct items *i, uint64_t key, const char *s, int width)
{
	enum { INDENT = 12 };
	struct style color = {.color = true};
	enum color c = C_NONE;

	for (uint64_t part = 0; part == 0 || *s; part++) {
		int room = part && width > 2 * INDENT ? width - INDENT : width;
		struct buf b = {0};
		size_t n;

		buf_pad(&b, part && width > 2 * INDENT ? INDENT : 0);
		if (part && c != C_NONE)
			render_color(&b, &color, c);
		n = fitting(s, room, &c);
		if (!n && *s)
			n = 1; /* not even one character fits */
		buf_put(&b, s, n);
		s += n;
		item_add(i, (struct item){
				    .key = part ? list_key(key, part) : key, .text = arena_copy(i->a, b.data, b.len)});
		buf_free(&b);
	}
}

void items_of_text(struct items *i, const struct buf *b, int width)
{
	char *s = arena_copy(i->a, b->len ? b->data : "", b->len);

	while (*s) {
		size_t n = strcspn(s, "\n");
		uint64_t key = 1;
		bool more = s[n];

		s[n] = '\0';
		/* the same words are the same line, wherever they stand */
		for (size_t k = 0; s[k] && k < 40; k++)
			key = list_key(key, (uint64_t)(unsigned char)s[k]);
		wrapped(i, key, s, width);
		s += n + more;
	}
}

/* What has to be known of the moment that is shown; *plain: it is only the time of day. */
static void moment(const struct top *t, const struct track *k, struct buf *b, bool *plain)
{
	const struct frame *f = shown_frame(t);
	const char *clock = f && f->doc.head.time ? strchr(f->doc.head.time, 'T') : NULL;

	*plain = false;
	if (k->ended) {
		buf_puts(b, " ENDED ");
	} else if (t->frozen) {
		buf_puts(b, " FROZEN ");
	} else if (t->n_files) {
		buf_printf(b, " file %zu/%zu ", t->at_file + 1, t->n_files);
	} else if (clock) {
		render_text(b, &t->style, clock + 1, strnlen(clock + 1, 8));
		*plain = true;
	}
}

static int draw_title(struct top *t, struct grid *g, const struct track *k)
{
	const struct snap_ring *r = k->ring;
	const struct snap_holder *h = snap_main_holder(r);
	struct buf b = {0}, when = {0};
	int x, room = g->cols;
	bool plain;

	/* the state stands there whatever else has to make way; the time only where there is room for it */
	moment(t, k, &when, &plain);
	if (when.len && !plain)
		room -= grid_width(when.data) + 1;
	buf_printf(&b, "ring %" PRIu64, k->id);
	if (h) {
		buf_puts(&b, "  ");
		render_comm(&b, &t->style, h->comm);
		buf_printf(&b, " (%" PRIu32 ")", h->pid);
		if (h->n_fds)
			buf_printf(&b, " fd %d", h->fds[0]);
	}
	x = grid_put_cut(g, 0, 0, room > 0 ? room : 0, LOOK_BOLD, b.data, cut_mark(t));
	b.len = 0;
	buf_puts(&b, "  ");
	for (size_t i = 0; i < r->setup_names.n; i++) {
		buf_puts(&b, i ? "|" : "");
		render_text(&b, &t->style, r->setup_names.v[i], strlen(r->setup_names.v[i]));
	}
	if (k->rates_known) {
		buf_puts(&b, "  submitted ");
		short_number(&b, k->submitted);
		buf_puts(&b, "/s, completed ");
		short_number(&b, k->completed);
		buf_puts(&b, "/s");
	}
	x += grid_put_cut(g, 0, x, room > x ? room - x : 0, 0, b.data, cut_mark(t));
	if (when.len && (!plain || grid_width(when.data) + 1 <= g->cols - x))
		grid_put_right(g, 0, 0, g->cols, t->frozen || k->ended ? LOOK_REVERSE : 0, when.data);
	buf_free(&b);
	buf_free(&when);
	return 1;
}

static int draw_tabs(struct top *t, struct grid *g, int y)
{
	int x = 0, level = 0, wide;

	/* the longest names for which there is room */
	for (;; level++) {
		wide = 0;
		for (size_t i = 0; i < TABS; i++)
			wide += grid_width(tabs[i]->names[level]) + 4;
		if (wide <= g->cols || level == 2)
			break;
	}
	for (size_t i = 0; i < TABS; i++) {
		char text[64];
		int w;

		snprintf(text, sizeof(text), "%s%zu %s ", wide <= g->cols ? " " : "", i + 1, tabs[i]->names[level]);
		w = grid_put(g, y, x, g->cols - x, i == t->tab ? LOOK_REVERSE | LOOK_BOLD : 0, text);
		spot(t, y, x, w, A_TAB, i);
		x += w;
	}
	return 1;
}

/* A line of which the first columns are passed over. */
static void put_line(const struct top *t, struct grid *g, int y, unsigned look, const char *s)
{
	struct grid line = {0};

	if (!t->sideways) {
		grid_put_cut(g, y, 0, g->cols, look, s, cut_mark(t));
		return;
	}
	grid_clear(&line, 1, g->cols + t->sideways);
	grid_put_cut(&line, 0, 0, line.cols, look, s, cut_mark(t));
	for (int x = 0; x < g->cols; x++) {
		struct cell c = *grid_at(&line, 0, x + t->sideways);

		/* half a character cannot be shown */
		if (!x && !c.columns)
			c = (struct cell){.columns = 1};
		*grid_at(g, y, x) = c;
	}
	grid_free(&line);
}

static void build(struct top *t, const struct track *k, int width)
{
	t->items = (struct items){.a = &t->scene};
	tabs[t->tab]->items(t, k, width, &t->items);
	t->items.keys = arena_alloc(&t->scene, t->items.n * sizeof(uint64_t));
	for (size_t i = 0; i < t->items.n; i++)
		t->items.keys[i] = t->items.v[i].key;
}

static const char *text_of(const struct top *t, const struct track *k, const struct item *i, struct buf *b)
{
	b->len = 0;
	if (i->text)
		return i->text;
	tabs[t->tab]->text(t, k, i, b);
	return b->len ? b->data : "";
}

/* The chosen line once more, whole, where it is too long for the list. Returns its rows; draws them above row end if that is not 0. */
static int draw_whole(const struct top *t, struct grid *g, const struct track *k, int end)
{
	enum { MOST = 5 };
	const struct list *l = &t->lines[t->tab];
	struct items lines = {.a = (struct arena[1]){{0}}};
	struct buf b = {0};
	int n = 0;

	if (tabs[t->tab]->text && l->at < t->items.n) {
		text_of(t, k, &t->items.v[l->at], &b);
		if (b.len && grid_width(b.data) > g->cols)
			items_of_text(&lines, &b, g->cols);
		n = lines.n < MOST ? (int)lines.n : MOST;
	}
	for (int i = 0; end && i < n; i++)
		grid_put(g, end - n + i, 0, g->cols, LOOK_BOLD, lines.v[i].text);
	arena_free(lines.a);
	buf_free(&b);
	return n;
}

void draw_ring(struct top *t, struct grid *g)
{
	const struct track *k = history_find(&t->history, t->ring);
	struct list *l = &t->lines[t->tab];
	struct buf b = {0};
	int y, rows, whole;

	y = draw_title(t, g, k);
	y += draw_tabs(t, g, y);
	build(t, k, g->cols);
	if (tabs[t->tab]->head)
		y += tabs[t->tab]->head(t, g, y, g->rows - 2 - y, k);
	rows = g->rows - 2 - y;
	list_fit(l, t->items.keys, t->items.n, rows > 0 ? (size_t)rows : 0);
	whole = rows >= 8 ? draw_whole(t, g, k, 0) : 0;
	rows -= whole ? whole + 1 : 0;
	t->height = rows > 0 ? (size_t)rows : 0;
	list_fit(l, t->items.keys, t->items.n, t->height);
	for (int i = 0; i < rows && l->first + (size_t)i < t->items.n; i++) {
		size_t at = l->first + (size_t)i;

		put_line(t, g, y + i, t->items.v[at].look, text_of(t, k, &t->items.v[at], &b));
		if (at == l->at)
			for (int x = 0; x < g->cols; x++)
				grid_at(g, y + i, x)->look = LOOK_REVERSE;
		spot(t, y + i, 0, g->cols, A_SELECT, at);
	}
	if (whole)
		draw_whole(t, g, k, g->rows - 2);
	draw_foot(t, g, k);
	buf_free(&b);
}
