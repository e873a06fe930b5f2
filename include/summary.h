/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What trace -c has counted, as a table. */
#ifndef URINGTOP_SUMMARY_H
#define URINGTOP_SUMMARY_H

#include "tracetext.h"

struct summary_row {
	struct sum_key key;
	struct sum_counts c;
	char *name; /* while it is printed */
};

/* All zero is an empty one. */
struct summary {
	struct summary_row *rows;
	size_t n;
};

/* Takes a row of tracer_counts; ctx is the summary. */
void summary_add(void *ctx, const struct sum_key *key, const struct sum_counts *c);
/* Counts a request that was seen, where the kernel cannot count by itself. */
void summary_count(struct summary *s, const struct trace_request *r, enum summary_by by);
/* Prints its rows, those with most calls first, and forgets them. name says what a key is called; its text lasts until the next call. */
void summary_print(struct buf *b, struct summary *s, const struct style *st, const char *heading, bool hist,
	const char *(*name)(void *ctx, const struct sum_key *k), void *ctx);
void summary_free(struct summary *s);

/* The least latency of a bucket, ns; and one that so many of 1000 do not exceed. */
uint64_t summary_bucket(unsigned i);
uint64_t summary_percentile(const struct sum_counts *c, unsigned of_1000);

#endif
