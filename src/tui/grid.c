/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "grid.h"

void grid_clear(struct grid *g, int rows, int cols)
{
	size_t n = (size_t)rows * (size_t)cols;

	if (rows != g->rows || cols != g->cols || !g->v) {
		g->v = xrealloc(g->v, n * sizeof(*g->v));
		g->rows = rows;
		g->cols = cols;
	}
	memset(g->v, 0, n * sizeof(*g->v));
	for (size_t i = 0; i < n; i++)
		g->v[i].columns = 1;
}

void grid_free(struct grid *g)
{
	free(g->v);
	*g = (struct grid){0};
}

struct cell *grid_at(struct grid *g, int y, int x)
{
	return y < 0 || x < 0 || y >= g->rows || x >= g->cols ? NULL : &g->v[(size_t)y * (size_t)g->cols + (size_t)x];
}

/* No half of a wide character is left where something else is put. */
static void free_cell(struct grid *g, int y, int x)
{
	struct cell *c = grid_at(g, y, x), *other;

	other = c->columns == 0 ? grid_at(g, y, x - 1) : c->columns == 2 ? grid_at(g, y, x + 1) : NULL;
	if (other)
		*other = (struct cell){.look = other->look, .columns = 1};
	*c = (struct cell){.look = c->look, .columns = 1};
}

static void put_char(struct grid *g, int y, int x, unsigned look, uint32_t ch, int columns)
{
	struct cell *c = grid_at(g, y, x);

	if (!c)
		return;
	free_cell(g, y, x);
	if (columns == 2 && grid_at(g, y, x + 1)) {
		free_cell(g, y, x + 1);
		grid_at(g, y, x + 1)->columns = 0;
		grid_at(g, y, x + 1)->look = (uint16_t)look;
	} else if (columns == 2) {
		ch = ' ';
		columns = 1;
	}
	c->ch[0] = ch;
	c->look = (uint16_t)look;
	c->columns = (uint8_t)columns;
}

void grid_char(struct grid *g, int y, int x, unsigned look, uint32_t c)
{
	put_char(g, y, x, look, c, 1);
}

/* A character that has no column of its own joins the one before it. */
static void combine(struct grid *g, int y, int x, uint32_t ch)
{
	struct cell *c = grid_at(g, y, x);

	if (c && !c->columns)
		c = grid_at(g, y, x - 1);
	for (size_t i = 1; c && c->ch[0] && i < CELL_CHARS; i++) {
		if (!c->ch[i]) {
			c->ch[i] = ch;
			return;
		}
	}
}

/* The next character and its columns; *c is set where a colour stands instead, and columns is -1. */
static size_t next(const char *s, uint32_t *ch, int *columns, enum color *c)
{
	size_t len = render_color_at(s, c);

	*columns = -1;
	if (len)
		return len;
	len = utf8_decode(s, strnlen(s, 4), ch);
	*columns = len ? wcwidth((wchar_t)*ch) : -1;
	if (*columns < 0) {
		*ch = '?';
		*columns = 1;
	}
	return len ? len : 1;
}

/* The columns of s, as far as they are not more than most. */
static int width_to(const char *s, int most)
{
	int width = 0, columns;
	enum color c;
	uint32_t ch;

	while (*s && width <= most) {
		s += next(s, &ch, &columns, &c);
		width += columns > 0 ? columns : 0;
	}
	return width;
}

int grid_width(const char *s)
{
	return width_to(s, INT_MAX);
}

int grid_put_cut(struct grid *g, int y, int x, int w, unsigned look, const char *s, const char *mark)
{
	int used = 0, columns, limit = w;
	unsigned now = look;
	enum color c;
	uint32_t ch;

	if (mark && w > 0 && width_to(s, w) > w)
		limit = w - grid_width(mark);
	else
		mark = NULL;
	while (*s) {
		s += next(s, &ch, &columns, &c);
		if (columns < 0) {
			/* a colour of the text gives way to one that the caller wants */
			now = c == C_NONE   ? look
			      : c == C_HEAD ? look | LOOK_BOLD
			      : c == C_DIM  ? look | LOOK_DIM
					    : (look & LOOK_COLOR ? look : look | (unsigned)c);
			continue;
		}
		if (!columns) {
			if (used)
				combine(g, y, x + used - 1, ch);
			continue;
		}
		if (used + columns > limit)
			break;
		put_char(g, y, x + used, now, ch, columns);
		used += columns;
	}
	if (mark && limit >= 0)
		used += grid_put_cut(g, y, x + used, w - used, look, mark, NULL);
	return used;
}

int grid_put(struct grid *g, int y, int x, int w, unsigned look, const char *s)
{
	return grid_put_cut(g, y, x, w, look, s, NULL);
}

void grid_put_right(struct grid *g, int y, int x, int w, unsigned look, const char *s)
{
	int width = grid_width(s);

	grid_put(g, y, x + (width < w ? w - width : 0), width < w ? width : w, look, s);
}

void grid_look(struct grid *g, int y, int x, int w, unsigned look)
{
	for (int i = 0; i < w; i++) {
		struct cell *c = grid_at(g, y, x + i);

		if (c)
			c->look |= (uint16_t)look;
	}
}

static void encode(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
	} else if (c < 0x800) {
		buf_putc(b, (char)(0xc0 | c >> 6));
		buf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		if (c < 0x10000) {
			buf_putc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_putc(b, (char)(0xf0 | c >> 18));
			buf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

void grid_row(const struct grid *g, int y, struct buf *b)
{
	const struct cell *row = g->v + (size_t)y * (size_t)g->cols;
	int end = g->cols;

	while (end > 0 && row[end - 1].columns == 1 && (!row[end - 1].ch[0] || row[end - 1].ch[0] == ' '))
		end--;
	for (int x = 0; x < end; x++) {
		if (!row[x].columns)
			continue;
		if (!row[x].ch[0])
			buf_putc(b, ' ');
		for (size_t i = 0; i < CELL_CHARS && row[x].ch[i]; i++)
			encode(b, row[x].ch[i]);
	}
}
