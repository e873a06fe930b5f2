/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completions a second as a line: dots of Braille, two to a column and four to a row; without UTF-8 one of three heights a column. */
#include <math.h>
#include <string.h>

#include "tui.h"

/* The least round number that is not below v: 1, 2 or 5 and zeros. */
static double round_up(double v)
{
	double unit = pow(10, floor(log10(v)));

	return v <= unit ? unit : v <= 2 * unit ? 2 * unit : v <= 5 * unit ? 5 * unit : 10 * unit;
}

/* Sets the dot x from the left and y from the bottom. */
static void dot(struct grid *g, int top, int left, int rows, int x, int y)
{
	static const uint8_t bits[4][2] = {{0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}};
	struct cell *c = grid_at(g, top + rows - 1 - y / 4, left + x / 2);

	if (!c)
		return;
	if (c->ch[0] < 0x2800)
		c->ch[0] = 0x2800;
	c->ch[0] |= bits[y % 4][x % 2];
	c->look = C_GOOD;
}

static void braille(struct grid *g, int top, int left, int rows, int w, const double *v, size_t n, double most)
{
	int height = rows * 4, before = -1;

	for (int x = 0; x < w * 2; x++) {
		long i = (long)n - w * 2 + x;
		int y, from;

		if (i < 0)
			continue;
		y = (int)(v[i] / most * (height - 1) + 0.5);
		/* a line goes all the way from one height to the next */
		from = before < 0 ? y : before + (before < y) - (before > y);
		for (int k = from;; k += k < y ? 1 : -1) {
			dot(g, top, left, rows, x, k);
			if (k == y)
				break;
		}
		before = y;
	}
}

static void plain(struct grid *g, int top, int left, int rows, int w, const double *v, size_t n, double most)
{
	int height = rows * 3;

	for (int x = 0; x < w; x++) {
		long i = (long)n - w + x;
		int y = i < 0 ? 0 : (int)(v[i] / most * (height - 1) + 0.5);

		if (i >= 0)
			grid_char(g, top + rows - 1 - y / 3, left + x, C_GOOD, (uint32_t) "_-\""[y % 3]);
	}
}

void draw_graph(struct top *t, struct grid *g, int y, int x, int rows, int w)
{
	const struct history *h = &t->history;
	int left = 8;
	size_t shown = (size_t)(w - left) * (fine(t) ? 2 : 1), from;
	struct buf b = {0};
	double most = 0;

	if (w < left + 4)
		return;
	from = h->n_samples > shown ? h->n_samples - shown : 0;
	for (size_t i = from; i < h->n_samples; i++)
		most = h->samples[i] > most ? h->samples[i] : most;
	most = most > 0 ? round_up(most) : 1;
	short_number(&b, most);
	grid_put_right(g, y, x, left - 2, LOOK_DIM, b.data);
	grid_put_right(g, y + rows - 1, x, left - 2, LOOK_DIM, rows > 1 ? "0" : b.data);
	if (rows > 2)
		grid_put_right(g, y + 1, x, left - 2, LOOK_DIM, "CMP/s");
	for (int i = 0; i < rows; i++)
		grid_char(g, y + i, x + left - 1, LOOK_DIM, fine(t) ? 0x2502 : '|');
	if (fine(t))
		braille(g, y, x + left, rows, w - left, h->samples, h->n_samples, most);
	else
		plain(g, y, x + left, rows, w - left, h->samples, h->n_samples, most);
	buf_free(&b);
}
