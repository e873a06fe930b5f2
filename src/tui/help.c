/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies over the list: help, and the choice of the column to sort by. */
#include <string.h>

#include "tui.h"
#include "version.h"

/* Draws lines with a title over the whole screen, and keeps the place in them. */
static void page(struct top *t, struct grid *g, const char *title, struct items *lines, bool choose)
{
	int rows = g->rows - 2;

	grid_look(g, 0, 0, g->cols, LOOK_REVERSE);
	grid_put_cut(g, 0, 1, g->cols - 1, LOOK_REVERSE | LOOK_BOLD, title, cut_mark(t));
	t->items = *lines;
	t->items.keys = arena_alloc(&t->scene, lines->n * sizeof(uint64_t));
	for (size_t i = 0; i < lines->n; i++)
		t->items.keys[i] = lines->v[i].key;
	t->height = rows > 0 ? (size_t)rows : 0;
	/* a text is moved, not chosen from */
	if (!choose && t->over.at < t->height && t->over.first == 0 && lines->n)
		t->over = (struct list){0};
	list_fit(&t->over, t->items.keys, lines->n, t->height);
	if (!choose)
		t->over.first = t->over.at + t->height > lines->n ? (lines->n > t->height ? lines->n - t->height : 0)
								  : t->over.at;
	for (int i = 0; i < rows && t->over.first + (size_t)i < lines->n; i++) {
		size_t at = t->over.first + (size_t)i;

		grid_put_cut(g, 1 + i, 1, g->cols - 1, lines->v[at].look, lines->v[at].text, cut_mark(t));
		if (choose && at == t->over.at)
			grid_look(g, 1 + i, 0, g->cols, LOOK_REVERSE);
		spot(t, 1 + i, 0, g->cols, A_SELECT, at);
	}
}

static void line(struct items *out, unsigned look, const char *text)
{
	item_add(out, (struct item){.key = list_key(7, out->n), .look = look, .text = text});
}

void draw_help(struct top *t, struct grid *g)
{
	struct items out = {.a = &t->scene};

	line(&out, LOOK_BOLD, "Keys");
	for (const struct key_row *r = key_rows; r->label; r++)
		line(&out, 0, arena_printf(out.a, "  %-12s %s", r->label, r->help));
	line(&out, 0, "  mouse        choose a row, a tab, a column to sort by, a key below; twice: open; wheel: move");
	line(&out, 0, "");
	line(&out, LOOK_BOLD, "Columns");
	for (const struct column *c = columns; c->name; c++)
		line(&out, 0, arena_printf(out.a, "  %-12s %s", c->title, c->help));
	line(&out, 0, "");
	line(&out, LOOK_BOLD, "A ring");
	line(&out, 0, "  Queues       SQ and CQ slot by slot, each entry decoded; what has just come is highlighted");
	line(&out, 0,
		"  In flight    age: > seen for so long at least; ~ one with this user_data was there at each look "
		"since,");
	line(&out, 0, "               which may have been another");
	page(t, g, "uringtop " VERSION " - help (arrows move, any other key closes)", &out, false);
	grid_put_cut(g, g->rows - 1, 1, g->cols - 1, LOOK_DIM, "uringtop(1) says more", cut_mark(t));
}

void draw_sort_menu(struct top *t, struct grid *g)
{
	struct items out = {.a = &t->scene};

	for (size_t i = 0; columns[i].name; i++)
		line(&out, 0,
			arena_printf(out.a, "%s %-12s %s",
				i != t->config.sort   ? " "
				: t->config.ascending ? (fine(t) ? "▲" : "^")
						      : (fine(t) ? "▼" : "v"),
				columns[i].title, columns[i].help));
	page(t, g, "Sort by (Enter chooses, once more turns it around; Esc closes)", &out, true);
}
