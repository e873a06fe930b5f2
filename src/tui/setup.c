/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The setup: what is kept in the configuration file, changed line by line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui.h"

static const double intervals[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};
enum { INTERVALS = sizeof(intervals) / sizeof(intervals[0]) };

enum setting { SET_INTERVAL, SET_PALETTE, SET_CHARSET, SET_GRAPH, SET_TREE, SET_COLUMNS };

double interval_step(double now, int by)
{
	for (int i = 0; by > 0 && i < INTERVALS; i++)
		if (intervals[i] > now * 1.001)
			return intervals[i];
	for (int i = INTERVALS; by < 0 && i-- > 0;)
		if (intervals[i] < now * 0.999)
			return intervals[i];
	return now;
}

void setup_change(struct top *t, size_t at, int by)
{
	struct config *c = &t->config;

	switch ((enum setting)(at < SET_COLUMNS ? at : SET_COLUMNS)) {
	case SET_INTERVAL:
		c->interval = interval_step(c->interval, by);
		break;
	case SET_PALETTE:
		c->palette = (enum palette)(((int)c->palette + by + 4) % 4);
		break;
	case SET_CHARSET:
		c->charset = c->charset == CHARSET_AUTO ? CHARSET_ASCII : CHARSET_AUTO;
		break;
	case SET_GRAPH:
		c->graph = !c->graph;
		break;
	case SET_TREE:
		c->tree = !c->tree;
		break;
	case SET_COLUMNS:
		at -= SET_COLUMNS;
		c->columns[at] = (enum column_choice)(((int)c->columns[at] + by + 3) % 3);
		break;
	}
}

static const char *const palettes[] = {"as the terminal has", "none", "8", "256"};
static const char *const charsets[] = {"as the terminal has", "ASCII"};
static const char *const choices[] = {"where there is room", "always", "never"};

void draw_setup(struct top *t, struct grid *g)
{
	const struct config *c = &t->config;
	struct items out = {.a = &t->scene};
	int rows = g->rows - 3;

	for (size_t i = 0; i < SET_COLUMNS || columns[i - SET_COLUMNS].name; i++) {
		const char *s =
			i == SET_INTERVAL  ? arena_printf(out.a, "%-22s %g s", "interval", c->interval)
			: i == SET_PALETTE ? arena_printf(out.a, "%-22s %s", "colours", palettes[c->palette])
			: i == SET_CHARSET ? arena_printf(out.a, "%-22s %s", "characters", charsets[c->charset])
			: i == SET_GRAPH   ? arena_printf(out.a, "%-22s %s", "graph", c->graph ? "shown" : "hidden")
			: i == SET_TREE	   ? arena_printf(out.a, "%-22s %s", "tree by process", c->tree ? "yes" : "no")
					: arena_printf(out.a, "column %-15s %-20s %s", columns[i - SET_COLUMNS].title,
						  choices[c->columns[i - SET_COLUMNS]], columns[i - SET_COLUMNS].help);

		item_add(&out, (struct item){.key = i + 1, .text = s});
	}
	t->items = out;
	t->items.keys = arena_alloc(&t->scene, out.n * sizeof(uint64_t));
	for (size_t i = 0; i < out.n; i++)
		t->items.keys[i] = out.v[i].key;
	t->height = rows > 0 ? (size_t)rows : 0;
	list_fit(&t->over, t->items.keys, out.n, t->height);
	grid_look(g, 0, 0, g->cols, LOOK_REVERSE);
	grid_put_cut(g, 0, 1, g->cols - 1, LOOK_REVERSE | LOOK_BOLD,
		"Setup (Left and Right change, Esc or F2 keeps it and closes)", cut_mark(t));
	for (int i = 0; i < rows && t->over.first + (size_t)i < out.n; i++) {
		size_t at = t->over.first + (size_t)i;

		grid_put_cut(g, 1 + i, 1, g->cols - 1, 0, out.v[at].text, cut_mark(t));
		if (at == t->over.at)
			grid_look(g, 1 + i, 0, g->cols, LOOK_REVERSE);
		spot(t, 1 + i, 0, g->cols, A_SELECT, at);
	}
	if (t->o.config_file) {
		struct buf b = {0};

		buf_puts(&b, t->o.config_broken ? "not kept: what is there is broken: " : "kept in ");
		render_text(&b, &t->style, t->o.config_file, strlen(t->o.config_file));
		grid_put_cut(g, g->rows - 1, 1, g->cols - 1, LOOK_DIM, b.data, cut_mark(t));
		buf_free(&b);
	}
}
