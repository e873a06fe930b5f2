/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events become requests: each submission waits here for its completion. */
#include <stdlib.h>
#include <string.h>

#include "passes.h"
#include "trace.h"
#include "uapi.h"

enum { BUCKETS = 1 << 16, RINGS = 1 << 10, SETUP_IOPOLL = 1 };

/* A request that has not completed. It stands in two lists: by its address, and by its user_data. */
struct pending {
	struct pending *next, **back;		/* by address */
	struct pending *next_data, **back_data; /* by user_data, the oldest first */
	struct trace_request r;
	uint8_t *pieces;
	uint32_t place;
	bool async, polled;
};

struct bucket {
	struct pending *first, **last;
};

struct known_ring {
	struct known_ring *next;
	uint64_t ctx, id;
	uint32_t unknown; /* what stands for an id that is not known, 0: nothing had to yet */
	uint32_t flags;
	uint64_t chain; /* that is being submitted, 0: none */
};

struct pairing {
	bool exact, works;
	item_fn fn;
	void *ctx;
	struct pending *by_req[BUCKETS];
	struct bucket by_data[BUCKETS];
	struct pending *spare;
	struct known_ring *rings[RINGS], *last_ring;
	uint64_t chains, numbered;
	uint32_t unknown;
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

	r->id = id ? id : r->id;
	r->flags = flags;
	/* where rings have no numbers of their own, those that are made get the next ones */
	if (!p->exact && id > p->numbered)
		p->numbered = id;
}

/* The ring of an event, which is about to be shown. */
static const struct known_ring *named_ring(struct pairing *p, uint64_t ctx)
{
	struct known_ring *r = ring_of(p, ctx);

	if (r->id)
		return r;
	if (!p->exact)
		r->id = ++p->numbered;
	else if (!r->unknown)
		r->unknown = ++p->unknown;
	return r;
}

uint64_t pairing_ring_id(struct pairing *p, uint64_t ctx, uint32_t *unknown)
{
	const struct known_ring *r = named_ring(p, ctx);

	*unknown = r->id ? 0 : r->unknown;
	return r->id;
}

/* --- items out -------------------------------------------------------------------------------------------------------- */

static struct trace_item item_of(struct pairing *p, enum trace_kind kind, const struct ev_head *e)
{
	struct trace_item i = {.kind = kind, .time = e->time, .tgid = e->tgid, .tid = e->tid};

	if (e->ctx)
		i.ring = pairing_ring_id(p, e->ctx, &i.ring_unknown);
	return i;
}

/* --- requests ------------------------------------------------------------------------------------------------------- */

/* The request that has completed, NULL: its submission was not seen. */
static struct pending *find(struct pairing *p, const struct ev_complete *e)
{
	struct pending *q = e->h.req ? p->by_req[hash(e->h.req, 0, BUCKETS)] : NULL;

	for (; q; q = q->next)
		if (q->r.req_key == e->h.req && q->r.ctx == e->h.ctx)
			return q;
	/* a notification has an address of its own; else one that is named is no other whose address is known */
	for (q = p->by_data[hash(e->user_data, e->h.ctx, BUCKETS)].first; q; q = q->next_data)
		if (q->r.ctx == e->h.ctx && q->r.user_data == e->user_data &&
			(!e->h.req || !q->r.req_key || e->cflags & UAPI_CQE_NOTIF))
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
	q->async = q->polled = false;
	return q;
}

/* Out with a request, as far as it is known. last: nothing more will come of it. */
static void give(struct pairing *p, struct pending *q, bool last)
{
	const struct trace_item i = {.kind = TRACE_REQUEST,
		.time = q->r.completed ? q->r.completed : p->time,
		.ring = q->r.ring,
		.ring_unknown = q->r.ring_unknown,
		.tgid = q->r.tgid,
		.tid = q->r.tid,
		.r = q->r};

	p->fn(p->ctx, &i);
	if (!last)
		return;
	free(q->pieces);
	forget(p, q);
}

/* It is over, and nothing was said: its address is another's now. */
static void over(struct pairing *p, struct pending *q)
{
	q->r.skipped = q->r.sqe.b[SQE_FLAGS] & UAPI_SQE_CQE_SKIP;
	q->r.has_res = false;
	give(p, q, true);
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

/* What was copied beside the first 64 bytes of the SQE. */
static void take_pieces(struct pending *q, const struct ev_submit *e)
{
	struct trace_request *r = &q->r;
	struct piece first;

	r->n_pieces = e->pieces;
	r->pieces = q->pieces = xrealloc(NULL, e->pieces);
	memcpy(q->pieces, e + 1, e->pieces);
	if (!(e->flags & SUBMIT_BIG) || e->pieces < sizeof(first) + 64)
		return;
	memcpy(&first, q->pieces, sizeof(first));
	if (first.len != 64)
		return;
	memcpy(r->sqe.b + 64, q->pieces + sizeof(first), 64);
	r->sqe.big = true;
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
	q = remember(p, e->h.req, e->h.ctx, user_data);
	r = &q->r;
	memset(r, 0, offsetof(struct trace_request, sqe));
	memset((char *)r + offsetof(struct trace_request, pieces), 0,
		sizeof(*r) - offsetof(struct trace_request, pieces));
	r->ctx = e->h.ctx;
	r->req_key = e->h.req;
	r->ring = pairing_ring_id(p, e->h.ctx, &r->ring_unknown);
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
	r->pieces = NULL;
	if (e->pieces && sizeof(*e) + e->pieces <= size)
		take_pieces(q, e);
	q->place = e->place;
	chain_of(p, ring, r);
}

/* A completion whose submission was not seen. */
static struct pending *stranger(struct pairing *p, const struct ev_complete *e)
{
	struct pending *q = remember(p, e->h.req, e->h.ctx, e->user_data);

	memset(&q->r, 0, sizeof(q->r));
	q->r.ctx = e->h.ctx;
	q->r.req_key = e->h.req;
	q->r.ring = pairing_ring_id(p, e->h.ctx, &q->r.ring_unknown);
	q->r.tgid = e->h.tgid;
	q->r.tid = e->h.tid;
	q->r.before = e->has_opcode;
	q->r.posted = !e->has_opcode && p->exact;
	q->r.opcode = e->opcode;
	q->r.user_data = e->user_data;
	q->r.path = PATH_UNKNOWN;
	return q;
}

/* How it came to its end, as far as it shows by now. */
static enum summary_path path_of(struct pairing *p, const struct pending *q, const struct ev_complete *e)
{
	const struct trace_request *r = &q->r;

	if (e->path && e->path <= PATHS)
		return (enum summary_path)(e->path - 1);
	if (q->async)
		return PATH_IOWQ;
	if (q->polled)
		return PATH_POLL;
	if (ring_of(p, e->h.ctx)->flags & SETUP_IOPOLL)
		return PATH_IOPOLL;
	if (r->failed || in_one_call(q->place, e->taking))
		return PATH_INLINE;
	return uapi_op_polls(r->opcode) ? PATH_POLL : p->works ? PATH_TASK_WORK : PATH_UNKNOWN;
}

static void complete(struct pairing *p, const struct ev_complete *e)
{
	struct pending *q = find(p, e);
	struct trace_request *r;
	bool more = e->cflags & UAPI_CQE_MORE;

	if (!q)
		q = stranger(p, e);
	r = &q->r;
	r->completed = e->h.time;
	r->has_res = true;
	r->res = e->res;
	r->cflags = e->cflags;
	memcpy(r->extra, e->extra, sizeof(r->extra));
	r->file = e->file ? e->file : r->file;
	r->cq_fill = e->cq_fill;
	q->async |= e->flags & COMPLETE_ASYNC || (e->flags & COMPLETE_MAYBE && !r->sqe.b[SQE_PERSONALITY]);
	q->polled |= (e->flags & COMPLETE_POLL) != 0;
	r->worker = e->flags & COMPLETE_WORKER ? e->h.tid : 0;
	r->shot = more || r->shot ? r->shot + 1 : 0;
	if (r->has_sqe)
		r->path = path_of(p, q, e);
	r->overflow = e->h.type == EV_OVERFLOW;
	p->last_ctx = e->h.ctx;
	p->last_data = e->user_data;
	give(p, q, !more);
}

/*
 * A completion that found no room. From 6.2 or so on nothing else says that the request is done; before, its completion has just
 * been said.
 */
static void overflow(struct pairing *p, const struct ev_complete *e)
{
	struct trace_item i = item_of(p, TRACE_OVERFLOW, &e->h);

	i.over = *e;
	i.told = p->last_ctx == e->h.ctx && p->last_data == e->user_data;
	p->fn(p->ctx, &i);
	if (i.told)
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
	}
}

/* --- events --------------------------------------------------------------------------------------------------------- */

/* A ring has been made where another may have been. */
static void forget_ring(struct pairing *p, uint64_t ctx)
{
	struct known_ring *r = ring_of(p, ctx);

	r->chain = r->id = 0;
	r->unknown = 0;
}

static void create(struct pairing *p, const struct ev_create *e)
{
	struct trace_item i;

	forget_ring(p, e->h.ctx);
	pairing_ring(p, e->h.ctx, e->ino, e->flags);
	i = item_of(p, TRACE_CREATE, &e->h);
	i.create = *e;
	p->fn(p->ctx, &i);
}

/* What is passed on as it is. */
static void other(struct pairing *p, const struct ev_head *e)
{
	struct trace_item i = item_of(p, TRACE_EXIT, e);

	switch (e->type) {
	case EV_REGISTER:
		i.kind = TRACE_REGISTER;
		i.reg = *(const struct ev_register *)e;
		break;
	case EV_ENTER:
		i.kind = TRACE_ENTER;
		i.enter = *(const struct ev_enter *)e;
		break;
	case EV_CLOSE:
		i.kind = TRACE_CLOSE;
		break;
	case EV_DROPPED:
		i.kind = TRACE_DROPPED;
		i.dropped = (uint32_t)((const struct ev_mark *)e)->value;
		i.dropped_in_all = (uint32_t)(((const struct ev_mark *)e)->value >> 32);
		break;
	case EV_EXIT:
		break;
	default:
		return;
	}
	p->fn(p->ctx, &i);
}

void pairing_event(struct pairing *p, const struct ev_head *e, size_t size)
{
	p->time = e->time;
	if (e->lost) {
		struct trace_item i = {.kind = TRACE_LOST, .time = e->time, .tgid = e->tgid, .tid = e->tid};

		i.lost = e->lost;
		p->fn(p->ctx, &i);
	}
	switch (e->type) {
	case EV_SUBMIT:
		submit(p, (const struct ev_submit *)e, size);
		break;
	case EV_COMPLETE:
		complete(p, (const struct ev_complete *)e);
		break;
	case EV_ASYNC:
	case EV_POLL:
	case EV_WORK:
		mark(p, (const struct ev_mark *)e);
		break;
	case EV_RING:
		if (((const struct ev_ring *)e)->fresh)
			forget_ring(p, e->ctx);
		pairing_ring(p, e->ctx, ((const struct ev_ring *)e)->ino, ((const struct ev_ring *)e)->flags);
		break;
	case EV_CREATE:
		create(p, (const struct ev_create *)e);
		break;
	case EV_OVERFLOW:
		overflow(p, (const struct ev_complete *)e);
		break;
	default:
		other(p, e);
	}
}

void pairing_end(struct pairing *p)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (p->by_data[i].first) {
			struct pending *q = p->by_data[i].first;

			/* what a multishot request has posted is not what it comes to in the end */
			q->r.has_res = false;
			q->r.completed = 0;
			give(p, q, true);
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
	free(p);
}
