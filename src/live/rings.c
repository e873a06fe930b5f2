/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rings that are wanted, built by helpers. */
#include "build.h"

/* In shared memory. */
struct built {
	size_t ring; /* of the discovery */
	int err;
	struct arena arena;
	struct snap_ring *r; /* in it */
};

struct building {
	const struct discovery *d;
	struct kernel *k;
	const struct build_options *o;
	struct builder *b; /* a helper's own */
	struct built *v;
	build_fn fn;
	void *ctx;
};

static void begin(void *ctx)
{
	struct building *x = ctx;

	x->b = builder_new(x->d, x->k, x->o);
}

static void one(void *ctx, size_t i)
{
	struct building *x = ctx;
	struct built *b = &x->v[i];

	/* of a helper that did not come to the end of it */
	arena_free(&b->arena);
	b->arena = arena_shared();
	b->r = arena_alloc(&b->arena, sizeof(*b->r));
	b->err = builder_ring(x->b, &b->arena, &x->d->rings[b->ring], b->r);
}

static bool taken(void *ctx, size_t i, enum helpers_end end)
{
	struct building *x = ctx;
	struct built *b = &x->v[i];
	bool ok = end == HELPERS_DONE && !b->err;

	if (!ok)
		arena_free(&b->arena);
	return x->fn(x->ctx, &x->d->rings[b->ring], &b->arena, ok ? b->r : NULL,
		end == HELPERS_DONE ? "gone while it was read: its holders ended or closed it"
				    : "each helper process that read it ended midway, or stood still",
		end == HELPERS_LOST);
}

int build_rings(struct helpers *h, const struct discovery *d, struct kernel *k, const struct build_options *o,
	size_t ahead, build_fn fn, void *ctx)
{
	struct building x = {.d = d, .k = k, .o = o, .fn = fn, .ctx = ctx};
	struct arena a = arena_shared();
	size_t n = 0;
	int err;

	x.v = arena_alloc(&a, (d->n_rings + 1) * sizeof(*x.v));
	for (size_t i = 0; i < d->n_rings; i++)
		if (d->rings[i].wanted)
			x.v[n++].ring = i;
	builder_prepare(d, k, o);
	err = helpers_run(h,
		&(struct helpers_job){.n = n, .ahead = ahead, .ctx = &x, .begin = begin, .item = one, .taken = taken});
	for (size_t i = 0; err && i < n; i++)
		arena_free(&x.v[i].arena);
	arena_free(&a);
	return err;
}

/* --- threads that work for no ring ---------------------------------------------------------------------------------- */

struct threads {
	const struct discovery *d;
	struct kernel *k;
	const struct build_options *o;
	struct arena arena;
	struct snap_threads out;
};

static void all_threads(void *ctx, size_t i)
{
	struct threads *x = ctx;
	struct builder *b = builder_new(x->d, x->k, x->o);
	struct snap_threads out;

	(void)i;
	builder_threads(b, &x->arena, &out);
	x->out = out;
	builder_free(b);
}

void build_threads(struct helpers *h, const struct discovery *d, struct kernel *k, const struct build_options *o,
	struct arena *a, struct snap_threads *out)
{
	struct arena shared = arena_shared();
	struct threads *x = arena_alloc(&shared, sizeof(*x));

	*x = (struct threads){.d = d, .k = k, .o = o, .arena = arena_shared()};
	/* not known until a helper has come to the end of them */
	x->out.known = d->by_kernel && !d->n_threads;
	if (d->n_threads)
		helpers_run(h, &(struct helpers_job){.n = 1, .ctx = x, .item = all_threads});
	if (!x->out.known)
		x->out = (struct snap_threads){0};
	*out = x->out;
	arena_join(a, &x->arena);
	arena_free(&shared);
}
