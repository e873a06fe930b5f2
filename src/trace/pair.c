/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events become requests: each submission waits here for its completion. */
#include <stdlib.h>
#include <string.h>

#include "trace.h"
#include "uapi.h"

enum { BUCKETS = 1 << 16, RINGS = 1 << 10, MOST_HELD = 1 << 14, SETUP_IOPOLL = 1 };

/* A request that has not completed. It stands in two lists: by its address, and by its user_data. */
struct pending {
	struct pending *next, **back;		/* by address */
	struct pending *next_data, **back_data; /* by user_data, the oldest first */
	struct trace_request r;
	uint8_t *pieces;
	bool async, polled, worked;
};

struct bucket {
	struct pending *first, **last;
};

struct known_ring {
	struct known_ring *next;
	uint64_t ctx, id;
	uint32_t flags;
	uint64_t chain; /* that is being submitted, 0: none */
};

/* An item that may yet turn out to have come by task work. */
struct held {
	struct trace_item i;
	uint8_t *pieces;
	uint32_t tid;
	bool open;
};

struct pairing {
	bool exact, works;
	item_fn fn;
	void *ctx;
	struct pending *by_req[BUCKETS];
	struct bucket by_data[BUCKETS];
	struct pending *spare;
	struct known_ring *rings[RINGS], *last_ring;
	struct held *held; /* a circle */
	size_t first, n_held, n_open;
	uint64_t chains, numbered;
	uint64_t time;
	uint64_t last_ctx, last_data; /* of the completion before */
};

static size_t hash(uint64_t a, uint64_t b, size_t n)
{
	uint64_t h = (a ^ b << 17 ^ b >> 7) * 0x9e3779b97f4a7c15;

	return (size_t)(h >> 32 ^ h >> 50) & (n - 1);
}

struct pairing *pairing_new(bool exact, bool works, item_fn fn, void *ctx)
{
	struct pairing *p = xrealloc(NULL, sizeof(*p));

	memset(p, 0, sizeof(*p));
	p->exact = exact;
	p->works = works;
	p->fn = fn;
	p->ctx = ctx;
	p->held = xrealloc(NULL, MOST_HELD * sizeof(*p->held));
	for (size_t i = 0; i < BUCKETS; i++)
		p->by_data[i].last = &p->by_data[i].first;
	return p;
}

/* --- rings ---------------------------------------------------------------------------------------------------------- */

static struct known_ring *ring_of(struct pairing *p, uint64_t ctx)
{
	struct known_ring **at, *r = p->last_ring;

	if (r && r->ctx == ctx)
		return r;
	at = &p->rings[hash(ctx, 0, RINGS)];
	for (r = *at; r && r->ctx != ctx; r = r->next)
		;
	if (!r) {
		r = xrealloc(NULL, sizeof(*r));
		*r = (struct known_ring){.next = *at, .ctx = ctx};
		*at = r;
	}
	return p->last_ring = r;
}

void pairing_ring(struct pairing *p, uint64_t ctx, uint64_t id, uint32_t flags)
{
	struct known_ring *r = ring_of(p, ctx);

	r->id = id ? id : r->id ? r->id : ++p->numbered;
	r->flags = flags;
}

uint64_t pairing_ring_id(struct pairing *p, uint64_t ctx)
{
	if (!ring_of(p, ctx)->id)
		pairing_ring(p, ctx, 0, 0);
	return ring_of(p, ctx)->id;
}

/* --- what waits to be understood --------------------------------------------------------------------------------------- */

static struct held *held_at(struct pairing *p, size_t i)
{
	return &p->held[(p->first + i) & (MOST_HELD - 1)];
}

static void release(struct pairing *p)
{
	while (p->n_held) {
		struct held *h = held_at(p, 0);

		if (h->open)
			return;
		p->fn(p->ctx, &h->i);
		free(h->pieces);
		p->first++;
		p->n_held--;
	}
}

static void close_held(struct pairing *p, struct held *h)
{
	p->n_open -= h->open;
	h->open = false;
}

static struct held *hold(struct pairing *p, bool open)
{
	struct held *h;

	if (p->n_held == MOST_HELD) {
		close_held(p, held_at(p, 0));
		release(p);
	}
	h = held_at(p, p->n_held++);
	memset(&h->i, 0, offsetof(struct trace_item, r));
	h->pieces = NULL;
	h->tid = 0;
	h->open = open;
	p->n_open += open;
	return h;
}

static struct trace_item *item(struct pairing *p, enum trace_kind kind, const struct ev_head *e)
{
	struct held *h = hold(p, false);

	h->i = (struct trace_item){.kind = kind, .time = e->time, .tgid = e->tgid, .tid = e->tid};
	if (e->ctx)
		h->i.ring = ring_of(p, e->ctx)->id;
	return &h->i;
}

/* What a task completed before it did something else: the last n of it came by task work. */
static void settle_task(struct pairing *p, uint32_t tid, uint64_t n)
{
	for (size_t i = p->n_held; p->n_open && i-- > 0;) {
		struct held *h = held_at(p, i);

		if (!h->open || h->tid != tid)
			continue;
		if (n) {
			n--;
			h->i.r.path = uapi_op_polls(h->i.r.opcode) ? PATH_POLL : PATH_TASK_WORK;
		}
		close_held(p, h);
	}
	release(p);
}

void pairing_settle(struct pairing *p)
{
	for (size_t i = 0; p->n_open && i < p->n_held; i++)
		close_held(p, held_at(p, i));
	release(p);
}

/* --- requests ------------------------------------------------------------------------------------------------------- */

static struct pending *find(struct pairing *p, uint64_t ctx, uint64_t req, uint64_t user_data)
{
	struct pending *q;

	if (req) {
		for (q = p->by_req[hash(req, 0, BUCKETS)]; q; q = q->next)
			if (q->r.req_key == req && q->r.ctx == ctx)
				return q;
		/* a notification has an address of its own */
	}
	for (q = p->by_data[hash(user_data, ctx, BUCKETS)].first; q; q = q->next_data)
		if (q->r.ctx == ctx && q->r.user_data == user_data)
			return q;
	return NULL;
}

static void forget(struct pairing *p, struct pending *q)
{
	struct bucket *b = &p->by_data[hash(q->r.user_data, q->r.ctx, BUCKETS)];

	if (q->next)
		q->next->back = q->back;
	*q->back = q->next;
	if (q->next_data)
		q->next_data->back_data = q->back_data;
	else
		b->last = q->back_data;
	*q->back_data = q->next_data;
	q->next = p->spare;
	p->spare = q;
}

static struct pending *remember(struct pairing *p, uint64_t req, uint64_t ctx, uint64_t user_data)
{
	struct pending *q = p->spare, **at = &p->by_req[hash(req, 0, BUCKETS)];
	struct bucket *b = &p->by_data[hash(user_data, ctx, BUCKETS)];

	if (q)
		p->spare = q->next;
	else
		q = xrealloc(NULL, sizeof(*q));
	q->next = *at;
	q->back = at;
	if (*at)
		(*at)->back = &q->next;
	*at = q;
	q->next_data = NULL;
	q->back_data = b->last;
	*b->last = q;
	b->last = &q->next_data;
	q->pieces = NULL;
	q->async = q->polled = q->worked = false;
	return q;
}

/* Out with a request, as far as it is known. last: nothing more will come of it. */
static void give(struct pairing *p, struct pending *q, bool open, uint32_t tid, bool last)
{
	struct held *h = hold(p, open);

	h->i.kind = TRACE_REQUEST;
	h->i.time = q->r.completed ? q->r.completed : p->time;
	h->i.ring = q->r.ring;
	h->i.tgid = q->r.tgid;
	h->i.tid = q->r.tid;
	h->i.r = q->r;
	h->tid = tid;
	if (q->r.n_pieces && last) {
		h->pieces = q->pieces;
	} else if (q->r.n_pieces) {
		h->pieces = xrealloc(NULL, q->r.n_pieces);
		memcpy(h->pieces, q->pieces, q->r.n_pieces);
	}
	h->i.r.pieces = h->pieces;
	if (last)
		forget(p, q);
	release(p);
}

/* It is over, and nothing was said: its address is another's now. */
static void over(struct pairing *p, struct pending *q)
{
	q->r.skipped = q->r.sqe.b[SQE_FLAGS] & UAPI_SQE_CQE_SKIP;
	q->r.has_res = false;
	give(p, q, false, 0, true);
}

static void chain_of(struct pairing *p, struct known_ring *ring, struct trace_request *r)
{
	bool links = r->sqe.b[SQE_FLAGS] & (UAPI_SQE_IO_LINK | UAPI_SQE_IO_HARDLINK);

	if (links && !ring->chain)
		ring->chain = ++p->chains;
	r->chain = ring->chain;
	if (!links)
		ring->chain = 0;
}

static void submit(struct pairing *p, const struct ev_submit *e, size_t size)
{
	struct known_ring *ring = ring_of(p, e->h.ctx);
	uint64_t user_data = uapi_word(e->sqe, SQE_USER_DATA, 8);
	struct pending *q = p->exact ? p->by_req[hash(e->h.req, 0, BUCKETS)] : NULL;
	struct trace_request *r;

	for (; q; q = q->next)
		if (q->r.req_key == e->h.req)
			break;
	if (q)
		over(p, q);
	if (!ring->id)
		pairing_ring(p, e->h.ctx, 0, ring->flags);
	q = remember(p, e->h.req, e->h.ctx, user_data);
	r = &q->r;
	memset(r, 0, offsetof(struct trace_request, sqe));
	memset((char *)r + offsetof(struct trace_request, pieces), 0,
		sizeof(*r) - offsetof(struct trace_request, pieces));
	r->ctx = e->h.ctx;
	r->req_key = e->h.req;
	r->ring = ring->id;
	r->tgid = e->h.tgid;
	r->tid = e->h.tid;
	r->submitted = e->h.time;
	r->has_sqe = true;
	r->foreign = e->flags & SUBMIT_FOREIGN;
	r->failed = e->flags & SUBMIT_FAILED;
	memcpy(r->sqe.b, e->sqe, sizeof(e->sqe));
	memset(r->sqe.b + 64, 0, 64);
	r->sqe.known = ~0ull;
	r->sqe.big = false;
	r->opcode = e->sqe[SQE_OPCODE];
	r->user_data = user_data;
	r->sq_fill = e->sq_fill;
	r->cq_fill = ~0u;
	r->file = e->file;
	r->switches = e->switches;
	if (e->pieces && sizeof(*e) + e->pieces <= size) {
		r->n_pieces = e->pieces;
		q->pieces = xrealloc(NULL, e->pieces);
		memcpy(q->pieces, e + 1, e->pieces);
	}
	chain_of(p, ring, r);
}

/* A completion whose submission was not seen. */
static void stranger(struct pairing *p, const struct ev_complete *e)
{
	struct known_ring *ring = ring_of(p, e->h.ctx);
	struct pending *q = remember(p, e->h.req, e->h.ctx, e->user_data);

	if (!ring->id)
		pairing_ring(p, e->h.ctx, 0, ring->flags);
	memset(&q->r, 0, sizeof(q->r));
	q->r.ctx = e->h.ctx;
	q->r.ring = ring->id;
	q->r.tgid = e->h.tgid;
	q->r.tid = e->h.tid;
	q->r.before = e->has_opcode;
	q->r.posted = !e->has_opcode && p->exact;
	q->r.opcode = e->opcode;
	q->r.user_data = e->user_data;
	q->r.path = PATH_UNKNOWN;
}

/* How it came to its end, as far as it shows by now. */
static enum summary_path path_of(struct pairing *p, const struct pending *q, const struct ev_complete *e)
{
	const struct trace_request *r = &q->r;

	if (q->async)
		return PATH_IOWQ;
	if (q->polled)
		return PATH_POLL;
	if (ring_of(p, e->h.ctx)->flags & SETUP_IOPOLL)
		return PATH_IOPOLL;
	/* in the call that submitted it: by the same task, which has not slept in between */
	if (r->failed || (r->tid == e->h.tid && r->switches == e->switches && !r->shot))
		return PATH_INLINE;
	return uapi_op_polls(r->opcode) ? PATH_POLL : p->works ? PATH_TASK_WORK : PATH_UNKNOWN;
}

static void complete(struct pairing *p, const struct ev_complete *e)
{
	struct pending *q = find(p, e->h.ctx, e->h.req, e->user_data);
	struct trace_request *r;
	bool more = e->cflags & UAPI_CQE_MORE, open;

	if (!q) {
		stranger(p, e);
		q = find(p, e->h.ctx, 0, e->user_data);
	}
	r = &q->r;
	r->completed = e->h.time;
	r->has_res = true;
	r->res = e->res;
	r->cflags = e->cflags;
	memcpy(r->extra, e->extra, sizeof(r->extra));
	r->file = e->file ? e->file : r->file;
	r->cq_fill = e->cq_fill;
	q->async |= (e->flags & COMPLETE_ASYNC) != 0;
	q->polled |= (e->flags & COMPLETE_POLL) != 0;
	q->worked |= (e->flags & COMPLETE_WORK) != 0;
	r->worker = e->flags & COMPLETE_WORKER ? e->h.tid : 0;
	r->shot = more || r->shot ? r->shot + 1 : 0;
	if (r->has_sqe)
		r->path = path_of(p, q, e);
	r->overflow = e->h.type == EV_OVERFLOW;
	open = p->works && r->path == PATH_INLINE && !r->failed;
	p->last_ctx = e->h.ctx;
	p->last_data = e->user_data;
	give(p, q, open, e->h.tid, !more);
}

/*
 * A completion that found no room. From 6.2 or so on nothing else says that the request is done; before, its completion has just
 * been said.
 */
static void overflow(struct pairing *p, const struct ev_complete *e)
{
	item(p, TRACE_OVERFLOW, &e->h)->over = *e;
	if (p->last_ctx == e->h.ctx && p->last_data == e->user_data)
		p->last_ctx = 0;
	else
		complete(p, e);
}

static void mark(struct pairing *p, const struct ev_mark *e)
{
	struct pending *q;

	for (q = p->by_req[hash(e->h.req, 0, BUCKETS)]; q; q = q->next) {
		if (q->r.req_key != e->h.req)
			continue;
		q->async |= e->h.type == EV_ASYNC;
		q->polled |= e->h.type == EV_POLL;
		q->worked |= e->h.type == EV_WORK;
	}
}

/* --- events --------------------------------------------------------------------------------------------------------- */

static void create(struct pairing *p, const struct ev_create *e)
{
	/* what is left of another ring that was there */
	ring_of(p, e->h.ctx)->chain = 0;
	ring_of(p, e->h.ctx)->id = 0;
	pairing_ring(p, e->h.ctx, p->exact ? e->ino : 0, e->flags);
	item(p, TRACE_CREATE, &e->h)->create = *e;
}

void pairing_event(struct pairing *p, const struct ev_head *e, size_t size)
{
	p->time = e->time;
	if (e->lost)
		item(p, TRACE_LOST, e)->lost = e->lost;
	switch (e->type) {
	case EV_SUBMIT:
		if (p->n_open)
			settle_task(p, e->tid, 0);
		submit(p, (const struct ev_submit *)e, size);
		return;
	case EV_COMPLETE:
		complete(p, (const struct ev_complete *)e);
		return;
	case EV_ASYNC:
	case EV_POLL:
	case EV_WORK:
		mark(p, (const struct ev_mark *)e);
		return;
	case EV_WORK_DONE:
		settle_task(p, e->tid, ((const struct ev_mark *)e)->value);
		return;
	case EV_CREATE:
		create(p, (const struct ev_create *)e);
		break;
	case EV_REGISTER:
		item(p, TRACE_REGISTER, e)->reg = *(const struct ev_register *)e;
		break;
	case EV_OVERFLOW:
		overflow(p, (const struct ev_complete *)e);
		return;
	case EV_ENTER:
		item(p, TRACE_ENTER, e)->enter = *(const struct ev_enter *)e;
		break;
	case EV_EXIT:
		item(p, TRACE_EXIT, e);
		break;
	default:
		return;
	}
	settle_task(p, e->tid, 0);
}

void pairing_end(struct pairing *p)
{
	pairing_settle(p);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (p->by_data[i].first) {
			struct pending *q = p->by_data[i].first;

			/* what a multishot request has posted is not what it comes to in the end */
			q->r.has_res = false;
			q->r.completed = 0;
			give(p, q, false, 0, true);
		}
	}
}

void pairing_free(struct pairing *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct pending *q = p->by_data[i].first, *next; q; q = next) {
			next = q->next_data;
			free(q->pieces);
			free(q);
		}
	}
	for (struct pending *q = p->spare, *next; q; q = next) {
		next = q->next;
		free(q);
	}
	for (size_t i = 0; i < RINGS; i++) {
		for (struct known_ring *r = p->rings[i], *next; r; r = next) {
			next = r->next;
			free(r);
		}
	}
	while (p->n_held) {
		free(held_at(p, 0)->pieces);
		p->first++;
		p->n_held--;
	}
	free(p->held);
	free(p);
}
