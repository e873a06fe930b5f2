/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What build_queues.c, build_memory.c and build_entries.c share; nobody else includes this. */
#ifndef URINGTOP_SNAPSHOT_READING_H
#define URINGTOP_SNAPSHOT_READING_H

#include "parts.h"

/* The names of descriptors that were looked up: many entries name the same one. */
struct fd_names {
	struct fd_name {
		int fd;
		bool taken;
		const char *name;
	} * v;
	size_t n, size; /* size: a power of two, 0 at first */
};

/* Everything about one ring's memory while it is being read. */
struct reading {
	struct builder *b;
	struct arena *a;
	const struct found_ring *r;
	struct fdinfo *f; /* NULL: none */
	const struct ring_ref *ref;
	struct snap_ring *out;
	struct ring_access_vm vm;
	struct ring_access_fd fd;
	struct ring_access_kernel kernel;
	struct ring_access *acc; /* NULL: the memory cannot be read */
	int err;		 /* why */
	bool no_mmap;
	pid_t pid;   /* whose pointers and descriptors the entries name, 0: not known */
	pid_t table; /* the thread whose table of descriptors that is: pid, but where only a single thread has the ring */
	struct ring_header header;
	struct ring_words words;
	struct ring_geometry g;
	bool g_inferred;
	struct ring_layout layout;
	struct ring_layout_known sure;
	struct budget budget; /* of what the entries are followed to */
	struct fd_names names;
};

/* build_memory.c: the way to the memory, sizes and layout. acc stays NULL, and err says why, if there is none. */
void find_access(struct reading *x);
/* The second way alone, for a ring of which its program has mapped too little. */
bool by_descriptor(struct reading *x);
const char *why_no_memory(const struct reading *x);
int geometry(struct reading *x);
/* Are heads and tails in the memory those that fdinfo showed? */
bool same_place(const struct reading *x);
bool before_big_entries(const struct reading *x);
/* Takes the first of n layouts, and notes what all of them agree on. */
void decide(struct reading *x, const struct ring_layout *l, size_t n);
int copy_entries(struct reading *x, struct ring_copy *copy);

/* build_entries.c. Into the snapshot: entries out of a copy of the memory, or as far as fdinfo's lines go, and the list of overflow. */
void pending_from_memory(struct reading *x, const struct ring_copy *c);
void unreaped_from_memory(struct reading *x, const struct ring_copy *c);
void pending_from_lines(struct reading *x);
void unreaped_from_lines(struct reading *x);
/* Are fdinfo's CQEs not to be believed? */
bool lines_are_wrong(const struct fdinfo *f);
void overflowed(struct reading *x);

#endif
