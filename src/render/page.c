/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest parts of a ring's page. */
#include <inttypes.h>
#include <string.h>

#include "page.h"

void page_word(const struct page *p, const char *name)
{
	buf_puts(p->b, "  ");
	render_color(p->b, p->st, C_NAME);
	buf_printf(p->b, "%-9s", name);
	render_color(p->b, p->st, C_NONE);
	buf_putc(p->b, ' ');
}

void page_text(const struct page *p, const char *s)
{
	if (s)
		render_text(p->b, p->st, s, strlen(s));
	else
		buf_putc(p->b, '?');
}

void page_num(const struct page *p, const char *before, struct snap_num n, const char *after)
{
	buf_puts(p->b, before);
	if (n.known)
		buf_dec(p->b, n.v);
	else
		buf_putc(p->b, '?');
	buf_puts(p->b, after);
}

void page_list(const struct page *p, const struct snap_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		buf_puts(p->b, i ? "|" : "");
		page_text(p, names->v[i]);
	}
}

void page_flag_word(const struct page *p, const struct uapi_flags *set, uint64_t word_of_flags)
{
	struct arena a = {0};
	struct snap_names n = snap_flag_names(&a, set, word_of_flags);

	page_list(p, &n);
	arena_free(&a);
}

void page_rest(const struct page *p, const struct snap_ring *r, const char *section, size_t shown, size_t n)
{
	uint64_t before = snap_cut_of(r, section);

	if (shown < n) {
		render_color(p->b, p->st, C_BAD);
		buf_printf(p->b,
			"    ... %" PRIu64
			" more: the text of one ring is not to be longer than %zu bytes (--max-text)",
			n - shown + before, p->b->out->max);
	} else if (before) {
		render_color(p->b, p->st, C_BAD);
		buf_printf(
			p->b, "    ... %" PRIu64 " more, which were left out when it was written (--max-text)", before);
	} else {
		return;
	}
	render_color(p->b, p->st, C_NONE);
	buf_putc(p->b, '\n');
}

void page_mark(const struct page *p, enum color c, const char *s)
{
	render_color(p->b, p->st, c);
	buf_puts(p->b, s);
	render_color(p->b, p->st, C_NONE);
}

void render_time(struct buf *b, uint64_t ns)
{
	if (ns < 1000)
		buf_printf(b, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		buf_printf(b, "%.1fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		buf_printf(b, "%.1fms", (double)ns / 1e6);
	else
		buf_printf(b, "%.1fs", (double)ns / 1e9);
}
