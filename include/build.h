/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds snapshots of the rings that discover() found, from the sources that there are. */
#ifndef URINGTOP_BUILD_H
#define URINGTOP_BUILD_H

#include "ring.h"
#include "snapshot.h"

/* Where what is known of a ring comes from. The names of processes come from /proc whatever is chosen. */
enum { SOURCE_PROC = 1, SOURCE_MEMORY = 2, SOURCE_KERNEL = 4, SOURCE_ALL = 7 };

struct build_options {
	bool brief;  /* no entries, no decoding: what a list shows */
	size_t data; /* bytes of data to be written or sent that are read out of the target */
	unsigned sources;
	size_t max_requests, max_files; /* at which walks are cut */
};

struct builder;

/* d and k (which may be NULL) must outlive the builder. Never NULL; builder_free gives it back. */
struct builder *builder_new(const struct discovery *d, struct kernel *k, const struct build_options *o);
void builder_free(struct builder *b);

/*
 * Fills *out, all of it in a. Returns 0; -1 if nobody holds the ring any more. What could not be read is absent in *out with
 * its reason, and no error.
 */
int builder_ring(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out);

/* The threads that work for no ring that was found. All of it lives in a. */
void build_threads(struct builder *b, struct arena *a, struct snap_threads *out);

/* The words around the rings: program, time, kernel. Lives in a. */
void build_head(const struct builder *b, struct arena *a, struct snap_head *out);

#endif
