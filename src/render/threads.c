/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads of io_uring's own that work for no ring: a line each. */
#include <inttypes.h>
#include <string.h>

#include "page.h"

void render_thread(struct buf *b, const struct style *st, const struct snap_thread *t)
{
	const struct page p = {b, st};
	bool polls = t->kind && !strcmp(t->kind, "sqpoll");

	buf_printf(b, "thread %" PRId32 " (", t->tid);
	page_text(&p, t->name);
	buf_puts(b, ") of ");
	page_text(&p, t->comm);
	buf_printf(b, " (pid %" PRId32 ") %s: ", t->pid,
		polls ? "polls the SQ of a ring that was not found" : "works for no ring that was found");
	page_text(&p, t->state);
	if (t->opcode) {
		buf_puts(b, ", runs ");
		page_text(&p, t->opcode);
	} else if (!polls) {
		buf_puts(b, ", runs no request");
	}
	if (t->wchan) {
		buf_puts(b, ", in ");
		page_text(&p, t->wchan);
	}
	if (t->cpu_us.known)
		buf_printf(b, ", CPU time %.1f ms", (double)t->cpu_us.v / 1e3);
}
