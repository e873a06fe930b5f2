/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames in a row, compared ring by ring. */
#include <stdlib.h>
#include <string.h>

#include "history.h"

/* For so long, seconds, an entry counts as new. */
static const double new_for = 0.7;

const struct snap_ring *snap_copy(struct arena *a, const struct snap_ring *r)
{
	const struct snap_head head = {0};
	struct snap_doc doc;
	struct buf b = {0};
	const char *why;

	snap_json_begin(&b, &head);
	snap_json_ring(&b, r, true);
	snap_json_end(&b, NULL, 0, NULL);
	why = snap_json_read(a, b.data, b.len, &doc);
	buf_free(&b);
	return why || !doc.n_rings ? arena_alloc(a, sizeof(*r)) : &doc.rings[0];
}

/* --- one ring in two frames ------------------------------------------------------------------------------------------ */

/*
 * How far a queue has got. The kernel's own count where it is known: the word in the ring's memory can be written by its program.
 */
static bool moved_by(
	struct snap_num own_was, struct snap_num own, struct snap_num was, struct snap_num is, uint32_t *by)
{
	if (own_was.known && own.known)
		*by = (uint32_t)own.v - (uint32_t)own_was.v;
	else if (was.known && is.known)
		*by = (uint32_t)is.v - (uint32_t)was.v;
	else
		return false;
	return true;
}

static void compare(struct track *t, const struct snap_ring *was, double seconds)
{
	const struct snap_ring *is = t->ring;
	uint32_t submitted, completed;
	uint64_t total, work;

	if (!moved_by(was->sq.kernel_head, is->sq.kernel_head, was->sq.head, is->sq.head, &submitted) ||
		!moved_by(was->cq.kernel_tail, is->cq.kernel_tail, was->cq.tail, is->cq.tail, &completed))
		return;
	t->still = !submitted && !completed && (uint32_t)was->sq.tail.v == (uint32_t)is->sq.tail.v &&
		   (uint32_t)was->cq.head.v == (uint32_t)is->cq.head.v;
	if (!(seconds > 0))
		return;
	t->rates_known = true;
	t->submitted = submitted / seconds;
	t->completed = completed / seconds;
	total = is->sqpoll.total_us.v - was->sqpoll.total_us.v;
	work = is->sqpoll.work_us.v - was->sqpoll.work_us.v;
	if (is->sqpoll.total_us.known && was->sqpoll.total_us.known && is->sqpoll.work_us.known &&
		was->sqpoll.work_us.known && total && total < UINT64_MAX / 2 && work <= total)
		t->sqpoll_busy = (double)work / (double)total;
}

/* What has to be looked at by somebody: trouble at once, what might pass only once the ring has stood still. */
static void judge(struct track *t, struct arena *a, bool first)
{
	t->n_hints = snap_hints(a, t->ring, &t->hints);
	for (size_t i = 0; i < t->n_hints && !t->why; i++)
		if (t->hints[i].level == HINT_TROUBLE || (t->hints[i].level == HINT_IF_IT_LASTS && (first || t->still)))
			t->why = t->hints[i].text;
}

static int by_request(const void *a, const void *b)
{
	const struct seen_request *x = a, *y = b;

	if (x->user_data != y->user_data)
		return x->user_data < y->user_data ? -1 : 1;
	if (x->opcode != y->opcode)
		return x->opcode < y->opcode ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* The same request but for its place in the list. */
static int like(const struct seen_request *x, const struct seen_request *y)
{
	if (x->user_data != y->user_data)
		return x->user_data < y->user_data ? -1 : 1;
	if (x->opcode != y->opcode)
		return x->opcode < y->opcode ? -1 : 1;
	return x->nth < y->nth ? -1 : x->nth > y->nth;
}

/*
 * Since when each request is there. A request has no number of its own: one with the same opcode and user_data in the frame before
 * counts as the same, and is it for sure if nothing was submitted in between.
 */
static void requests(struct track *t, struct arena *a, const struct track *was, double at)
{
	const struct snap_inflight *in = &t->ring->inflight;
	bool same = was && was->ring->sq.kernel_head.known && t->ring->sq.kernel_head.known &&
		    was->ring->sq.kernel_head.v == t->ring->sq.kernel_head.v;
	size_t old = 0;

	t->n_requests = in->n_requests;
	t->requests = arena_alloc(a, in->n_requests * sizeof(*t->requests));
	t->seen = arena_alloc(a, in->n_requests * sizeof(*t->seen));
	for (size_t i = 0; i < in->n_requests; i++)
		t->requests[i] = (struct seen_request){.user_data = in->requests[i].user_data.v,
			.opcode = in->requests[i].opcode,
			.index = (uint32_t)i,
			.sure = true,
			.since = at};
	if (in->n_requests)
		qsort(t->requests, in->n_requests, sizeof(*t->requests), by_request);
	for (size_t i = 0; i < in->n_requests; i++) {
		struct seen_request *q = &t->requests[i];

		if (i && q[-1].user_data == q->user_data && q[-1].opcode == q->opcode)
			q->nth = q[-1].nth + 1;
		while (was && old < was->n_requests && like(&was->requests[old], q) < 0)
			old++;
		if (was && old < was->n_requests && !like(&was->requests[old], q)) {
			q->since = was->requests[old].since;
			q->sure = was->requests[old].sure && same;
		}
		t->seen[q->index] = q;
	}
}

/* Which entries are new: those beyond the tails as they were a moment ago. */
static void new_entries(struct track *t, const struct track *was, double at)
{
	t->n_marks = 1;
	t->marks[0].at = at;
	t->marks[0].sq = (uint32_t)t->ring->sq.tail.v;
	t->marks[0].cq = (uint32_t)t->ring->cq.tail.v;
	if (!was)
		return;
	for (size_t i = 0; i < was->n_marks && t->n_marks < MARKS; i++)
		t->marks[t->n_marks++] = was->marks[i];
	for (size_t i = 1; i < t->n_marks; i++) {
		t->new_known = true;
		t->new_sq = t->marks[i].sq;
		t->new_cq = t->marks[i].cq;
		if (t->marks[i].at <= at - new_for)
			break;
	}
}

/* --- all rings ------------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct track *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	/* a file may name an id twice: the order in it stands */
	return x->ring < y->ring ? -1 : x->ring > y->ring;
}

/* A ring that the new frame does not have. */
static void end(struct track *to, const struct track *was, const char *time)
{
	*to = *was;
	if (!was->ended) {
		to->kept = xrealloc(NULL, sizeof(*to->kept));
		memset(to->kept, 0, sizeof(*to->kept));
		to->ring = snap_copy(to->kept, was->ring);
		to->ended = true;
		to->ended_time = arena_strdup(to->kept, time ? time : "?");
	}
	to->rates_known = to->still = to->new_known = false;
	to->submitted = to->completed = 0;
	to->sqpoll_busy = -1;
	to->why = NULL;
	to->hints = NULL;
	to->n_hints = to->n_requests = to->n_marks = 0;
	to->requests = NULL;
	to->seen = NULL;
}

static void let_go(struct track *t)
{
	if (!t->kept)
		return;
	arena_free(t->kept);
	free(t->kept);
	t->kept = NULL;
}

static int by_pid(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t processes(const struct history *h, struct arena *a)
{
	size_t n = 0, all = 0, different = 0;
	uint32_t *pids;

	for (size_t i = 0; i < h->n_tracks; i++)
		all += h->tracks[i].ended ? 0 : h->tracks[i].ring->n_holders;
	pids = arena_alloc(a, all * sizeof(*pids));
	for (size_t i = 0; i < h->n_tracks; i++)
		for (size_t k = 0; !h->tracks[i].ended && k < h->tracks[i].ring->n_holders; k++)
			pids[n++] = h->tracks[i].ring->holders[k].pid;
	if (n)
		qsort(pids, n, sizeof(*pids), by_pid);
	for (size_t i = 0; i < n; i++)
		different += !i || pids[i] != pids[i - 1];
	return different;
}

static void add_up(struct history *h, struct arena *a)
{
	struct totals *s = &h->totals;

	*s = (struct totals){.processes = processes(h, a)};
	for (size_t i = 0; i < h->n_tracks; i++) {
		const struct track *t = &h->tracks[i];

		s->ended += t->ended;
		if (t->ended)
			continue;
		s->rings++;
		s->sqpoll += t->ring->sqpoll.active;
		s->attention += t->why != NULL;
		s->rates_known |= t->rates_known;
		s->submitted += t->submitted;
		s->completed += t->completed;
		s->inflight += t->ring->inflight.count.known ? t->ring->inflight.count.v : t->ring->inflight.n_requests;
		s->inflight_short |= !t->ring->inflight.count.known;
	}
}

void history_add(struct history *h, const struct frame *f)
{
	struct arena *a = &h->arena[h->which ^= 1];
	const struct track *old = h->tracks;
	size_t n_old = h->n_tracks, o = 0, n = 0, n_ended = 0;
	double seconds = h->frame ? f->at - h->frame->at : 0;
	struct track *fresh, *tracks;

	arena_reset(a);
	fresh = arena_alloc(a, f->doc.n_rings * sizeof(*fresh));
	for (size_t i = 0; i < f->doc.n_rings; i++)
		fresh[i] = (struct track){.id = f->doc.rings[i].id, .ring = &f->doc.rings[i], .sqpoll_busy = -1};
	if (f->doc.n_rings)
		qsort(fresh, f->doc.n_rings, sizeof(*fresh), by_id);
	tracks = arena_alloc(a, (f->doc.n_rings + n_old) * sizeof(*tracks));
	for (size_t i = 0; i < f->doc.n_rings || o < n_old;) {
		const struct track *was = NULL;
		struct track *t = &tracks[n];

		if (o < n_old && (i == f->doc.n_rings || old[o].id < fresh[i].id)) {
			end(t, &old[o++], f->doc.head.time);
			n_ended++;
			n++;
			continue;
		}
		if (o < n_old && old[o].id == fresh[i].id)
			was = &old[o++];
		*t = fresh[i++];
		n++;
		if (was && was->ended) {
			let_go(&h->tracks[was - old]); /* it is there again */
			was = NULL;
		}
		if (was)
			compare(t, was->ring, seconds);
		judge(t, a, f->name && !was);
		requests(t, a, was, f->at);
		new_entries(t, was, f->at);
	}
	/* a program that makes and closes rings without end does not fill the memory with them */
	h->n_tracks = 0;
	for (size_t i = 0; i < n; i++) {
		if (tracks[i].ended && n_ended > MOST_ENDED) {
			let_go(&tracks[i]);
			h->forgotten++;
			n_ended--;
		} else {
			tracks[h->n_tracks++] = tracks[i];
		}
	}
	h->tracks = tracks;
	h->frame = f;
	add_up(h, a);
	if (!h->totals.rates_known && !(seconds > 0))
		return;
	if (h->n_samples == SAMPLES)
		memmove(h->samples, h->samples + 1, --h->n_samples * sizeof(h->samples[0]));
	h->samples[h->n_samples++] = h->totals.completed;
}

void history_dismiss(struct history *h, uint64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_tracks; i++) {
		if (h->tracks[i].ended && (!id || h->tracks[i].id == id)) {
			let_go(&h->tracks[i]);
			h->totals.ended--;
		} else {
			h->tracks[n++] = h->tracks[i];
		}
	}
	h->n_tracks = n;
	if (!id)
		h->forgotten = 0;
}

void history_reset(struct history *h)
{
	history_dismiss(h, 0);
	h->n_tracks = h->n_samples = 0;
	h->tracks = NULL;
	h->frame = NULL;
	h->totals = (struct totals){0};
}

void history_free(struct history *h)
{
	history_reset(h);
	arena_free(&h->arena[0]);
	arena_free(&h->arena[1]);
}

const struct track *history_find(const struct history *h, uint64_t id)
{
	for (size_t i = 0; i < h->n_tracks; i++)
		if (h->tracks[i].id == id)
			return &h->tracks[i];
	return NULL;
}
