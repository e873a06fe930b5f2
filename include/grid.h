/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A screen as cells. Views draw into it and know no terminal; curses.c shows it, tests compare it. */
#ifndef URINGTOP_GRID_H
#define URINGTOP_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "render.h"

/* How a cell looks: an enum color, and any of these. */
enum look { LOOK_COLOR = 0xff, LOOK_BOLD = 0x100, LOOK_REVERSE = 0x200, LOOK_UNDERLINE = 0x400, LOOK_DIM = 0x800 };

enum { CELL_CHARS = 4 };

struct cell {
	uint32_t ch[CELL_CHARS]; /* a character and what combines with it; all 0: a blank */
	uint16_t look;
	uint8_t columns; /* 2: the next cell is its second half; 0: this is such a half */
};

struct grid {
	int rows, cols;
	struct cell *v;
};

/* Makes it so large, all blank; freed by grid_free. All zero is a grid without cells. */
void grid_clear(struct grid *g, int rows, int cols);
void grid_free(struct grid *g);

struct cell *grid_at(struct grid *g, int y, int x); /* NULL outside */

/*
 * Puts text that is fit for a terminal into at most w columns from x on, and returns how many it took. What render_color has put
 * into it changes the look; control characters that are no such thing show as '?'. What goes beyond the grid is left out, and cut
 * text ends in a mark if cut says so.
 */
int grid_put(struct grid *g, int y, int x, int w, unsigned look, const char *s);
int grid_put_cut(struct grid *g, int y, int x, int w, unsigned look, const char *s, const char *mark);
/* The same, ending at the right of w columns. */
void grid_put_right(struct grid *g, int y, int x, int w, unsigned look, const char *s);

/* The columns that grid_put would take. */
int grid_width(const char *s);

/* One character. */
void grid_char(struct grid *g, int y, int x, unsigned look, uint32_t c);
/* Adds to the look of cells that are there. */
void grid_look(struct grid *g, int y, int x, int w, unsigned look);

/* A row as text, without the blanks at its end. */
void grid_row(const struct grid *g, int y, struct buf *b);

#endif
