/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tabs that show a part of the page that dump prints. */
#include <stdio.h>
#include <string.h>

#include "tui.h"

static void finish(const struct track *k, int width, struct items *out, struct buf *b, const char *section,
	const char *what, const char *none)
{
	const char *why = section ? snap_reason_of(k->ring, section) : NULL;

	if (!b->len && why)
		buf_printf(b, "  %s could not be read: %s\n", what, why);
	else if (!b->len)
		buf_printf(b, "  %s\n", none);
	items_of_text(out, b, width);
	buf_free(b);
}

static void threads(struct top *t, const struct track *k, int width, struct items *out)
{
	const struct snap_sqpoll *s = &k->ring->sqpoll;
	struct buf b = {0};

	if (s->known && !s->active)
		buf_puts(&b, "  sqpoll    none: the program submits by io_uring_enter\n");
	else if (!s->known && snap_reason_of(k->ring, "sqpoll"))
		buf_printf(&b, "  sqpoll    not known: %s\n", snap_reason_of(k->ring, "sqpoll"));
	render_threads(&b, &t->style, k->ring);
	if (s->active && k->sqpoll_busy >= 0)
		buf_printf(&b, "  busy      %.0f%% of the SQPOLL thread's time since the last look was work\n",
			k->sqpoll_busy * 100);
	if (!k->ring->workers.known)
		buf_printf(&b, "  io-wq     not known: %s\n",
			snap_reason_of(k->ring, "workers") ? snap_reason_of(k->ring, "workers")
							   : "this snapshot does not have it");
	else if (!k->ring->workers.n_tids && !k->ring->workers.n_threads)
		buf_puts(&b, "  io-wq     no workers\n");
	finish(k, width, out, &b, NULL, NULL, "");
}

static void registered(struct top *t, const struct track *k, int width, struct items *out)
{
	struct buf b = {0};

	render_registered(&b, &t->style, k->ring);
	finish(k, width, out, &b, "registered", "what is registered", "nothing is registered");
}

static void people(struct top *t, const struct track *k, int width, struct items *out)
{
	struct buf b = {0};

	render_people(&b, &t->style, k->ring);
	render_hints(&b, &t->style, k->ring);
	render_doubts(&b, &t->style, k->ring);
	finish(k, width, out, &b, "owner", "the owner", "nobody holds it");
}

const struct tab tab_threads = {{"SQPOLL and io-wq", "Threads", "Thr"}, NULL, threads, NULL};
const struct tab tab_registered = {{"Registered", "Registered", "Reg"}, NULL, registered, NULL};
const struct tab tab_people = {{"Owner and holders", "Holders", "Own"}, NULL, people, NULL};
