/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States that speak for themselves. */
#include <string.h>

#include "render.h"

static void hint(struct buf *b, const struct style *st, const char *text)
{
	buf_puts(b, "  hint      ");
	render_color(b, st, C_WARN);
	buf_puts(b, text);
	render_color(b, st, C_NONE);
	buf_putc(b, '\n');
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "y" : "ies";
}

static void queue_hints(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	const struct snap_sq *sq = &r->sq;
	uint32_t pending = (uint32_t)sq->tail.v - (uint32_t)sq->head.v;
	bool asleep = r->sqpoll.need_wakeup == SNAP_YES;
	struct buf t = {0};

	if (!sq->head.known || !sq->entries.known || !pending)
		return;
	if (pending > sq->entries.v) {
		hint(b, st,
			"the SQ's tail is further ahead of its head than the SQ is long: the program has overwritten "
			"them");
		return;
	}
	if (r->sqpoll.known && !r->sqpoll.active)
		buf_printf(&t, "%u entr%s not submitted: the program has not called io_uring_enter", pending,
			plural(pending));
	else if (r->sqpoll.active && asleep)
		buf_printf(&t,
			"%u entr%s not submitted: SQPOLL asleep, NEED_WAKEUP set, and the program has not called "
			"io_uring_enter to wake it",
			pending, plural(pending));
	if (t.len)
		hint(b, st, t.data);
	buf_free(&t);
}

static void pool_hint(struct buf *b, const struct style *st, const char *name, const struct snap_pool *p)
{
	struct buf t = {0};

	if (!p->known || !p->queued || p->workers < p->max)
		return;
	buf_printf(&t, "%llu request%s for a worker: io-wq may have %llu %s ones, and all have work",
		(unsigned long long)p->queued, p->queued == 1 ? " waits" : "s wait", (unsigned long long)p->max, name);
	hint(b, st, t.data);
	buf_free(&t);
}

void render_hints(struct buf *b, const struct style *st, const struct snap_ring *r)
{
	uint32_t unreaped = (uint32_t)r->cq.tail.v - (uint32_t)r->cq.head.v;
	struct buf t = {0};
	bool foreign = false;

	queue_hints(b, st, r);
	for (size_t i = 0; i < r->n_holders; i++)
		foreign |= r->holders[i].same_mm == SNAP_NO;
	if (foreign && r->owner.mm)
		hint(b, st, "a holder in another address space can submit on the owner's behalf");
	pool_hint(b, st, "bounded", &r->workers.bounded);
	pool_hint(b, st, "unbounded", &r->workers.unbounded);
	if (r->hidden == SNAP_YES)
		hint(b, st, "no process has a descriptor of this ring: lsof and /proc/PID/fd do not show it");
	if (r->restrictions.ring_disabled == SNAP_YES)
		hint(b, st, "the ring is disabled: nothing can be submitted until IORING_REGISTER_ENABLE_RINGS");
	if (r->sqpoll.state && !strcmp(r->sqpoll.state, "died"))
		hint(b, st, "the SQPOLL thread has died: nothing will be submitted");
	if (r->sqpoll.need_wakeup == SNAP_YES && r->sqpoll.tid.known &&
		(uint32_t)r->sq.tail.v == (uint32_t)r->sq.head.v)
		hint(b, st, "SQPOLL asleep, NEED_WAKEUP set");
	if (r->cq.head.known && r->cq.entries.known && unreaped > r->cq.entries.v)
		hint(b, st,
			"the CQ's tail is further ahead of its head than the CQ is long: the program has overwritten "
			"them");
	else if (r->cq.entries.known && r->cq.head.known && unreaped == r->cq.entries.v)
		hint(b, st, "the CQ is full: until the program reaps, completions wait in the kernel");
	if (snap_has(&r->sq.flags, "CQ_OVERFLOW"))
		hint(b, st,
			"CQ_OVERFLOW set: completions wait in the kernel until the program makes room and calls "
			"io_uring_enter");
	if (snap_has(&r->sq.flags, "TASKRUN"))
		hint(b, st, "TASKRUN set: completions wait for the program to enter the kernel");
	if (r->sq.dropped.known && r->sq.dropped.v) {
		buf_printf(&t, "%llu SQEs dropped: the SQ array named slots that there are not",
			(unsigned long long)r->sq.dropped.v);
		hint(b, st, t.data);
	}
	if (r->moved)
		hint(b, st, "the ring is in use and moved on while it was read: not all of this is of one moment");
	buf_free(&t);
}
