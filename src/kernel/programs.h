/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded BPF programs and their iterators; nobody outside this directory includes this. */
#ifndef URINGTOP_KERNEL_PROGRAMS_H
#define URINGTOP_KERNEL_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "krecords.h"

struct uring;

enum { MOST_PROGRAMS = 32 };

/* Some of the programs, loaded together: they share one exchange. */
struct programs {
	struct uring *skel;
	struct {
		const char *name;
		struct bpf_link *link;
		int fd; /* of the iterator, -1: not started */
	} iter[MOST_PROGRAMS];
	unsigned n;
};

/*
 * Loads the named programs (a list that ends with NULL). One that this kernel will not take is left out. 0 or a negative errno if none can be
 * loaded.
 */
int programs_load(struct programs *p, const char *const *names);
void programs_free(struct programs *p);

/* The descriptor of a program's iterator, started at the first call; a negative errno, -ENOEXEC if the program is not loaded. */
int programs_iter(struct programs *p, const char *name, bool anew);

/* The same for one task alone, which is not kept: the caller closes it. Kernels that can do that have it since 6.1. */
int programs_iter_of(struct programs *p, const char *name, int32_t tid);

struct exchange *programs_exchange(struct programs *p);
/* What makes a file a ring; it is learnt once, by whichever programs can. */
void programs_fops(struct programs *p, uint64_t fops);

/*
 * Lets a program take one step, after *x was filled in. Returns its enum walk_status, or a negative errno.
 */
int programs_step(struct programs *p, const char *name);

#endif
