/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds snapshots of the rings that discover() found, from the sources that there are. */
#ifndef URINGTOP_BUILD_H
#define URINGTOP_BUILD_H

#include "helpers.h"
#include "ring.h"
#include "snapshot.h"

/* Where what is known of a ring comes from. The names of processes come from /proc whatever is chosen. */
enum { SOURCE_PROC = 1, SOURCE_MEMORY = 2, SOURCE_KERNEL = 4, SOURCE_ALL = 7 };

struct build_options {
	bool brief;  /* no entries, no decoding: what a list shows */
	size_t data; /* bytes of data to be written or sent that are read out of the target */
	unsigned sources;
	size_t max_requests, max_files; /* at which walks are cut */
	size_t max_memory;		/* as budget_start takes it, for each section */
};

struct builder;

/*
 * Loads the BPF programs that the first rings of d will take, and those that others took before, so that helper processes that are
 * forked later have them. Asks the kernel alone.
 */
void builder_prepare(const struct discovery *d, struct kernel *k, const struct build_options *o);

/* d and k (which may be NULL) must outlive the builder. Never NULL; builder_free gives it back. */
struct builder *builder_new(const struct discovery *d, struct kernel *k, const struct build_options *o);
void builder_free(struct builder *b);

/*
 * Fills *out, all of it in a. Returns 0; -1 if nobody holds the ring any more. What could not be read is absent in *out with
 * its reason, and no error.
 */
int builder_ring(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out);

/*
 * A ring on its way from the helper that has built it to whoever wants it. r is NULL where there is none, and why says why; lost: it is
 * there, and could not be read. All of r
 * lives in arena, which is the taker's: to free, or to join to another.
 */
typedef bool (*build_fn)(void *ctx, const struct found_ring *ring, struct arena *arena, const struct snap_ring *r,
	const char *why, bool lost);

/*
 * Builds the wanted rings of d in helpers, and hands each to fn in order, as soon as it and those before it are there; false from fn
 * ends it. ahead: how many may be built and not yet taken, 0: any number. 0; 1: fn has ended it; -1 with errno.
 */
int build_rings(struct helpers *h, const struct discovery *d, struct kernel *k, const struct build_options *o,
	size_t ahead, build_fn fn, void *ctx);

/* The threads that work for no ring that was found, by a helper. All of it lives in a, which is shared. */
void build_threads(struct helpers *h, const struct discovery *d, struct kernel *k, const struct build_options *o,
	struct arena *a, struct snap_threads *out);
/* The same, by the caller. */
void builder_threads(struct builder *b, struct arena *a, struct snap_threads *out);

/* The words around the rings: program, time, kernel. Lives in a. */
void build_head(const struct builder *b, struct arena *a, struct snap_head *out);

#endif
