/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a target is followed for one section of a ring: bytes of its memory and of the names of its files, and time. A target
 * chooses how long its paths, vectors and names are, and how many entries have the same one; without an end to it, a look at a full
 * ring would not end either.
 */
#ifndef URINGTOP_BUDGET_H
#define URINGTOP_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct budget {
	size_t max, left;	 /* bytes; max 0: no limit, also none of time */
	double seconds, started; /* on a clock that only goes forward */
	bool spent, late;	 /* spent: nothing more is followed; late: by time */
};

/* Bytes for which a section is followed, where nothing else is asked for, and for each as many bytes a second. */
enum { BUDGET_BYTES = 4 << 20 };

void budget_start(struct budget *b, size_t max);
/*
 * May so many bytes more be followed? Once that was too much, nothing is: what was left out is then all behind one place. Each thing
 * that is read counts as BUDGET_LEAST bytes at least, since a small one takes as much time and as much memory here.
 */
bool budget_take(struct budget *b, size_t n);
enum { BUDGET_LEAST = 128 };
/* The same for n bytes that were read before. */
bool budget_again(struct budget *b, size_t n);
/* Why it is spent, and what to do about it: the end of a sentence. */
const char *budget_why(const struct budget *b, struct arena *a);

#endif
