/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a ring's page about what its state means. */
#include "page.h"

void render_hints(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	const struct page p = {b, st};
	const struct snap_hint *h;
	struct arena a = {0};
	size_t n = snap_hints(&a, r, &h);

	for (size_t i = 0; i < n; i++) {
		buf_puts(b, "  hint      ");
		page_mark(&p, C_WARN, h[i].text);
		buf_putc(b, '\n');
	}
	arena_free(&a);
}
