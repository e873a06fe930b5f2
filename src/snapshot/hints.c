/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States that speak for themselves. */
#include <string.h>

#include "snapshot.h"

struct hints {
	struct arena *a;
	struct snap_hint *v;
	size_t n, cap;
};

static void hint(struct hints *h, enum snap_hint_level level, const char *text)
{
	h->v = arena_grow(h->a, h->v, h->n, &h->cap, sizeof(*h->v));
	h->v[h->n++] = (struct snap_hint){level, text};
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "y" : "ies";
}

static void queue_hints(struct hints *h, const struct snap_ring *r)
{
	const struct snap_sq *sq = &r->sq;
	uint32_t pending = (uint32_t)sq->tail.v - (uint32_t)sq->head.v;
	bool asleep = r->sqpoll.need_wakeup == SNAP_YES;

	if (!sq->head.known || !sq->entries.known || !pending)
		return;
	if (pending > sq->entries.v)
		hint(h, HINT_TROUBLE,
			"the SQ's tail is further ahead of its head than the SQ is long: the program has overwritten "
			"them");
	else if (r->sqpoll.known && !r->sqpoll.active)
		hint(h, HINT_IF_IT_LASTS,
			arena_printf(h->a, "%u entr%s not submitted: no io_uring_enter has taken them yet", pending,
				plural(pending)));
	else if (r->sqpoll.active && asleep)
		hint(h, HINT_IF_IT_LASTS,
			arena_printf(h->a,
				"%u entr%s not submitted: SQPOLL asleep, NEED_WAKEUP set, and no "
				"io_uring_enter has woken it yet",
				pending, plural(pending)));
}

static void pool_hint(struct hints *h, const char *name, const struct snap_pool *p)
{
	if (p->known && p->queued && p->workers >= p->max)
		hint(h, HINT_IF_IT_LASTS,
			arena_printf(h->a,
				"%llu request%s for a worker: io-wq may have %llu %s ones, and all have work",
				(unsigned long long)p->queued, p->queued == 1 ? " waits" : "s wait",
				(unsigned long long)p->max, name));
}

size_t snap_hints(struct arena *a, const struct snap_ring *r, const struct snap_hint **out)
{
	uint32_t unreaped = (uint32_t)r->cq.tail.v - (uint32_t)r->cq.head.v;
	struct hints h = {.a = a};

	queue_hints(&h, r);
	if (snap_serves_foreign(r))
		hint(&h, HINT_NOTE,
			"what a holder in another address space submits, the SQPOLL thread does in the owner's, with "
			"the owner's "
			"credentials");
	pool_hint(&h, "bounded", &r->workers.bounded);
	pool_hint(&h, "unbounded", &r->workers.unbounded);
	if (r->hidden == SNAP_YES)
		hint(&h, HINT_NOTE, "no process has a descriptor of this ring: lsof and /proc/PID/fd do not show it");
	if (r->restrictions.ring_disabled == SNAP_YES)
		hint(&h, HINT_NOTE,
			"the ring is disabled: nothing can be submitted until IORING_REGISTER_ENABLE_RINGS");
	if (r->sqpoll.state && !strcmp(r->sqpoll.state, "died"))
		hint(&h, HINT_TROUBLE, "the SQPOLL thread has died: nothing will be submitted");
	if (r->cq.head.known && r->cq.entries.known && unreaped > r->cq.entries.v)
		hint(&h, HINT_TROUBLE,
			"the CQ's tail is further ahead of its head than the CQ is long: the program has overwritten "
			"them");
	else if (r->cq.entries.known && r->cq.head.known && unreaped == r->cq.entries.v)
		hint(&h, HINT_IF_IT_LASTS, "the CQ is full: until the program reaps, completions wait in the kernel");
	if (snap_has(&r->sq.flags, "CQ_OVERFLOW"))
		hint(&h, HINT_TROUBLE,
			"CQ_OVERFLOW set: completions wait in the kernel until the program makes room and calls "
			"io_uring_enter");
	if (snap_has(&r->sq.flags, "TASKRUN"))
		hint(&h, HINT_IF_IT_LASTS,
			"TASKRUN set: requests are done, and are completed when their task comes to run its task work");
	if (r->sq.dropped.known && r->sq.dropped.v)
		hint(&h, HINT_TROUBLE,
			arena_printf(a, "%llu SQEs dropped: the SQ array named slots that there are not",
				(unsigned long long)r->sq.dropped.v));
	if (r->moved)
		hint(&h, HINT_NOTE,
			"the ring is in use and moved on while it was read: not all of this is of one moment");
	*out = h.v;
	return h.n;
}
