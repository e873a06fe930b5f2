/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings that are in no table of descriptors, in no mapping and registered with no task. What leads to them: the tasks that have made them
 * or submitted to them, and requests of other rings whose file they are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sighting.h"

void uses_take(struct uses *u, const struct seen *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i].how != SEEN_THREAD && s[i].how != SEEN_BUSY && s[i].how != SEEN_MM && s[i].sq_thread) {
			u->pollers =
				arena_grow(&u->arena, u->pollers, u->n_pollers, &u->cap_pollers, sizeof(*u->pollers));
			u->pollers[u->n_pollers++] = s[i].sq_thread;
		}
		if (s[i].how == SEEN_USED && s[i].tgid) {
			u->used = arena_grow(&u->arena, u->used, u->n_used, &u->cap_used, sizeof(*u->used));
			u->used[u->n_used++] = s[i];
		} else if (s[i].how == SEEN_THREAD && s[i].tgid) {
			u->threads =
				arena_grow(&u->arena, u->threads, u->n_threads, &u->cap_threads, sizeof(*u->threads));
			u->threads[u->n_threads++] = s[i];
		}
	}
}

void uses_free(struct uses *u)
{
	arena_free(&u->arena);
	*u = (struct uses){.arena = u->arena};
}

/* --- sets of keys --------------------------------------------------------------------------------------------------- */

struct keys {
	uint64_t *v;
	size_t n;
};

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool has(const struct keys *k, uint64_t key)
{
	return k->n && bsearch(&key, k->v, k->n, sizeof(key), by_value);
}

static void sort(struct keys *k)
{
	if (k->n)
		qsort(k->v, k->n, sizeof(*k->v), by_value);
}

static struct keys rings_of(const struct discovery *d)
{
	struct keys k = {xrealloc(NULL, (d->n_rings + 1) * sizeof(uint64_t)), 0};

	for (size_t i = 0; i < d->n_rings; i++)
		if (d->rings[i].ctx)
			k.v[k.n++] = d->rings[i].ctx;
	sort(&k);
	return k;
}

/* Who has a ring: workers of such tasks work for it. */
static struct keys users_of(const struct uses *u)
{
	struct keys k = {xrealloc(NULL, (u->n_used + u->n_pollers + 1) * sizeof(uint64_t)), 0};

	for (size_t i = 0; i < u->n_used; i++)
		k.v[k.n++] = u->used[i].task;
	for (size_t i = 0; i < u->n_pollers; i++)
		k.v[k.n++] = u->pollers[i];
	sort(&k);
	return k;
}

static struct keys used_by(const struct uses *u)
{
	struct keys k = {xrealloc(NULL, (u->n_used + 1) * sizeof(uint64_t)), 0};

	for (size_t i = 0; i < u->n_used; i++)
		k.v[k.n++] = u->used[i].ctx;
	sort(&k);
	return k;
}

/* Does a thread work for one of the rings? A worker may still run a request of a ring that its task has done with. */
static bool works(const struct seen *t, const struct keys *users, const struct keys *rings)
{
	return has(users, t->task) && (!t->ctx || has(rings, t->ctx));
}

static bool tracked(const struct uses *u)
{
	for (size_t i = 0; i < u->n_used; i++)
		if (u->used[i].flags & SEEN_TRACKED)
			return true;
	for (size_t i = 0; i < u->n_threads; i++)
		if (u->threads[i].flags & SEEN_TRACKED)
			return true;
	return false;
}

bool hidden_any(const struct discovery *d, const struct uses *u)
{
	struct keys rings = rings_of(d), users = users_of(u);
	bool any = tracked(u);

	for (size_t i = 0; i < u->n_used && !any; i++)
		any = !has(&rings, u->used[i].ctx);
	for (size_t i = 0; i < u->n_threads && !any; i++)
		any = !works(&u->threads[i], &users, &rings);
	free(rings.v);
	free(users.v);
	return any;
}

/* --- rings ---------------------------------------------------------------------------------------------------------- */

struct hidden_search {
	struct discovery *d;
	struct kernel *k;
	const struct uses *u;
	size_t cap;
	bool *followed;
	size_t n_followed;
	size_t of; /* the ring whose requests are followed */
};

static struct found_ring *ring_with(struct discovery *d, uint64_t ctx)
{
	for (size_t i = 0; i < d->n_rings; i++)
		if (d->rings[i].ctx == ctx)
			return &d->rings[i];
	return NULL;
}

static struct found_ring *new_ring(struct hidden_search *s, uint64_t ctx)
{
	struct discovery *d = s->d;

	d->rings = arena_grow(&d->arena, d->rings, d->n_rings, &s->cap, sizeof(*d->rings));
	d->rings[d->n_rings] = (struct found_ring){.ctx = ctx};
	return &d->rings[d->n_rings++];
}

static void add_users(struct hidden_search *s, struct found_ring *r)
{
	size_t cap = r->n_users;

	for (size_t i = 0; i < s->u->n_used; i++) {
		const struct seen *u = &s->u->used[i];

		if (u->ctx != r->ctx)
			continue;
		r->users = arena_grow(&s->d->arena, r->users, r->n_users, &cap, sizeof(*r->users));
		r->users[r->n_users++] = (struct ring_ref){u->tgid, u->tid, -1};
		if (u->file && !r->file) {
			r->file = u->file;
			r->inode = u->ino;
		}
	}
}

/* --- requests whose file is a ring ---------------------------------------------------------------------------------- */

enum { MOST_HELD_BY = 64 };

static bool take_request(void *ctx, const void *record)
{
	struct hidden_search *s = ctx;
	struct found_ring *r, *by;
	struct rec_request q;
	size_t cap;

	memcpy(&q, record, sizeof(q));
	if (!q.ring || q.ctx != s->d->rings[s->of].ctx)
		return true;
	r = ring_with(s->d, q.ring);
	if (!r) {
		r = new_ring(s, q.ring);
		add_users(s, r);
	}
	by = &s->d->rings[s->of];
	if (!r->file) {
		r->file = q.file;
		r->inode = q.ring_ino;
	}
	for (size_t i = 0; i < r->n_held_by; i++)
		if (r->held_by[i].ring == by->ctx && r->held_by[i].user_data == q.user_data &&
			r->held_by[i].opcode == q.opcode)
			return true; /* it stands in two lists, or there are several alike */
	/* more of them say no more about the ring, but the list may name other rings yet */
	if (r->n_held_by == MOST_HELD_BY)
		return true;
	cap = r->n_held_by;
	r->held_by = arena_grow(&s->d->arena, r->held_by, r->n_held_by, &cap, sizeof(*r->held_by));
	r->held_by[r->n_held_by++] = (struct ring_request){by->ctx, q.opcode, q.user_data};
	return true;
}

static bool take_worker(void *ctx, const void *record)
{
	struct rec_worker w;

	memcpy(&w, record, sizeof(w));
	return !w.run.key || take_request(ctx, &w.run);
}

struct users {
	struct rec_user *v;
	size_t n, cap;
};

static bool take_user(void *ctx, const void *record)
{
	struct users *u = ctx;

	if (u->n == u->cap) {
		u->cap = u->cap * 2 + 16;
		u->v = xrealloc(u->v, u->cap * sizeof(*u->v));
	}
	memcpy(&u->v[u->n++], record, sizeof(*u->v));
	return u->n < 4096;
}

/* All requests of a ring: those of its own lists, and those of the tasks that use it. */
static void follow(struct hidden_search *s, size_t i)
{
	const struct ring_key key = {s->d->rings[i].file, s->d->rings[i].ctx, s->d->rings[i].inode};
	struct walk_request w = {.limit = 1};
	struct users users = {0};
	struct ring_base base;

	s->of = i;
	if (!key.ctx || kernel_ring(s->k, &key, &base))
		return;
	for (unsigned list = 0; list < LISTS_OF_RING; list++) {
		w.what = list;
		if (base.lists & 1u << list)
			kernel_walk(s->k, WALK_REQUESTS, &key, &w, take_request, s);
	}
	kernel_walk(s->k, WALK_USERS, &key, &(struct walk_request){0}, take_user, &users);
	for (size_t u = 0; u < users.n; u++) {
		w = (struct walk_request){.what = LIST_TASK, .limit = 1, .key = {users.v[u].tctx, 0}};
		if (!users.v[u].tctx)
			continue;
		kernel_walk(s->k, WALK_REQUESTS, &key, &w, take_request, s);
		if (!users.v[u].has_wq)
			continue;
		kernel_walk(s->k, WALK_WORKERS, &key, &w, take_worker, s);
		for (; w.key[1] < (users.v[u].nodes ? users.v[u].nodes : 1); w.key[1]++) {
			w.what = LIST_IOWQ_BOUND;
			kernel_walk(s->k, WALK_REQUESTS, &key, &w, take_request, s);
			w.what = LIST_IOWQ_UNBOUND;
			kernel_walk(s->k, WALK_REQUESTS, &key, &w, take_request, s);
		}
	}
	free(users.v);
}

/* Has a process requests whose file is a ring? The kernel counts them for each task (io_req_track_inflight). */
static struct keys processes_with(const struct uses *u)
{
	struct keys k = {xrealloc(NULL, (u->n_used + u->n_threads + 1) * sizeof(uint64_t)), 0};

	for (size_t i = 0; i < u->n_used; i++)
		if (u->used[i].flags & SEEN_TRACKED)
			k.v[k.n++] = (uint64_t)u->used[i].tgid;
	for (size_t i = 0; i < u->n_threads; i++)
		if (u->threads[i].flags & SEEN_TRACKED)
			k.v[k.n++] = (uint64_t)u->threads[i].tgid;
	sort(&k);
	return k;
}

static bool is_one_of(void *ctx, pid_t pid, pid_t tid)
{
	(void)tid;
	return has(ctx, (uint64_t)pid);
}

/* Rings that are found on the way are followed, too: the list grows until nothing new comes. */
static void follow_all(struct hidden_search *s)
{
	struct keys pids = processes_with(s->u);

	for (size_t i = 0; pids.n && i < s->d->n_rings; i++)
		if (s->d->rings[i].n_held_by || ring_any_process(&s->d->rings[i], is_one_of, &pids))
			follow(s, i);
	free(pids.v);
}

/* --- ids ------------------------------------------------------------------------------------------------------------ */

static int by_id(const void *a, const void *b)
{
	const struct found_ring *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool taken(const struct discovery *d, uint64_t id)
{
	for (size_t i = 0; i < d->n_rings; i++)
		if (d->rings[i].id == id)
			return true;
	return false;
}

static void give_ids(struct discovery *d, size_t from)
{
	for (size_t i = from; i < d->n_rings; i++) {
		struct found_ring *r = &d->rings[i];
		uint64_t id = RING_NUMBERS;

		if (r->inode && !d->shared_inode) {
			r->id = r->inode;
			continue;
		}
		r->numbered = true;
		id += (r->n_users ? (uint64_t)r->users[0].pid : 0) * RINGS_OF_A_PROCESS + 1;
		while (taken(d, id))
			id++;
		r->id = id;
	}
	for (size_t i = 0; i < d->n_rings; i++) {
		for (size_t k = 0; k < d->rings[i].n_held_by; k++) {
			const struct found_ring *by = ring_with(d, d->rings[i].held_by[k].ring);

			d->rings[i].held_by[k].ring = by ? by->id : 0;
		}
	}
	if (d->n_rings)
		qsort(d->rings, d->n_rings, sizeof(*d->rings), by_id);
}

/* Rings that are gone by now are taken back, with the requests that they had. */
static void drop_gone(struct hidden_search *s, size_t from)
{
	struct discovery *d = s->d;
	size_t kept = from;

	for (size_t i = from; i < d->n_rings; i++) {
		const struct ring_key key = {d->rings[i].file, d->rings[i].ctx, d->rings[i].inode};
		struct ring_base base;

		if (kernel_ring(s->k, &key, &base) != -ESRCH)
			d->rings[kept++] = d->rings[i];
	}
	d->n_rings = kept;
	for (size_t i = 0; i < d->n_rings; i++) {
		struct found_ring *r = &d->rings[i];
		size_t n = 0;

		for (size_t k = 0; k < r->n_held_by; k++)
			if (ring_with(d, r->held_by[k].ring))
				r->held_by[n++] = r->held_by[k];
		r->n_held_by = n;
	}
}

/* --- threads -------------------------------------------------------------------------------------------------------- */

static int by_tid(const void *a, const void *b)
{
	const struct ring_thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static void threads(struct discovery *d, const struct uses *first, const struct uses *second)
{
	struct keys rings = rings_of(d), users = users_of(second), users_before = users_of(first);
	size_t cap = 0;

	for (size_t i = 0; i < second->n_threads; i++) {
		const struct seen *t = &second->threads[i];
		bool before = false;

		if (works(t, &users, &rings))
			continue;
		for (size_t k = 0; k < first->n_threads && !before; k++)
			before = first->threads[k].tid == t->tid && first->threads[k].task == t->task &&
				 !works(&first->threads[k], &users_before, &rings);
		if (!before)
			continue;
		d->threads = arena_grow(&d->arena, d->threads, d->n_threads, &cap, sizeof(*d->threads));
		d->threads[d->n_threads] = (struct ring_thread){.pid = t->tgid,
			.tid = t->tid,
			.polls = t->flags & SEEN_POLLS,
			.state = t->thread.state,
			.exit_state = t->thread.exit_state,
			.cpu_ns = t->thread.cpu_ns,
			.opcode = t->at};
		memcpy(d->threads[d->n_threads++].comm, t->thread.comm, sizeof(t->thread.comm));
	}
	if (d->n_threads)
		qsort(d->threads, d->n_threads, sizeof(*d->threads), by_tid);
	free(rings.v);
	free(users.v);
	free(users_before.v);
}

void hidden_add(struct discovery *d, struct kernel *k, const struct uses *first, const struct uses *second)
{
	struct hidden_search s = {.d = d, .k = k, .u = second, .cap = d->n_rings};
	struct keys rings = rings_of(d), before = used_by(first);
	size_t held = d->n_rings;

	for (size_t i = 0; i < second->n_used; i++) {
		uint64_t ctx = second->used[i].ctx;

		if (has(&rings, ctx) || !has(&before, ctx) || ring_with(d, ctx))
			continue;
		add_users(&s, new_ring(&s, ctx));
	}
	follow_all(&s);
	drop_gone(&s, held);
	give_ids(d, held);
	threads(d, first, second);
	free(rings.v);
	free(before.v);
}
