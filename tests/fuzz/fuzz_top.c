/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot that somebody else wrote and keys that somebody typed: a document, a zero, its keys; then what is drawn at any size. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "top.h"

/* A key of each kind; a byte that is none of these is a character. */
static const int keys[] = {K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PGUP, K_PGDN, K_HOME, K_END, K_TAB, K_BACKTAB, K_ENTER,
	K_ESC, K_F0 + 1, K_F0 + 2, K_F0 + 3, K_F0 + 4, K_F0 + 5, K_F0 + 6, K_F0 + 7, K_F0 + 9, K_BACKSPACE, K_DELETE};

static void draw(struct top *t, int rows, int cols)
{
	struct grid g = {0};
	struct buf b = {0};

	grid_clear(&g, rows, cols);
	top_draw(t, &g);
	for (int y = 0; y < rows; y++)
		grid_row(&g, y, &b);
	for (size_t i = 0; i < b.len; i++)
		if ((uint8_t)b.data[i] < 0x20 || b.data[i] == 0x7f)
			abort();
	buf_free(&b);
	grid_free(&g);
}

static struct frame *frame(const uint8_t *data, size_t size, double at)
{
	struct frame *f = frame_new(false);

	snap_json_read(&f->arena, (const char *)data, size, &f->doc);
	f->at = at;
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t json = zero ? (size_t)(zero - data) : size, typed = zero ? size - json - 1 : 0;
	struct top_options o = {.utf8 = size % 2};
	struct buf b = {0};
	struct top *t;

	config_default(&o.config);
	o.config.tree = size % 3 == 0;
	t = top_new(&o);
	top_frame(t, frame(data, json, 1));
	draw(t, 24, 80);
	for (size_t i = 0; i < typed && i < 64; i++) {
		uint8_t k = zero[1 + i];
		int key = k < sizeof(keys) / sizeof(keys[0]) ? keys[k] : k;

		/* nothing that writes files */
		if (key == 's' || key == K_F0 + 2)
			continue;
		if (k >= 200)
			top_click(t, K_CLICK + k % 4, k % 24, (k * 7) % 80);
		else
			top_key(t, key);
		draw(t, 1 + (k * 5 + (int)i) % 40, 1 + (k * 11 + (int)i) % 120);
	}
	/* the same once more, then none of it */
	top_frame(t, frame(data, json, 2));
	draw(t, 24, 80);
	top_frame(t, frame((const uint8_t *)"", 0, 3));
	draw(t, 12, 50);
	top_text(t, 100, &b);
	buf_free(&b);
	top_free(t);
	return 0;
}
