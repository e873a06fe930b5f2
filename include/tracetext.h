/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Items of a trace as text, as JSON lines, as a trace for Perfetto. */
#ifndef URINGTOP_TRACETEXT_H
#define URINGTOP_TRACETEXT_H

#include "render.h"
#include "trace.h"

enum trace_clock { CLOCK_NONE, CLOCK_SECONDS, CLOCK_MICROSECONDS, CLOCK_RELATIVE };

struct trace_view {
	struct style style;
	enum trace_clock clock;
	int64_t offset;	   /* ns from CLOCK_MONOTONIC to CLOCK_REALTIME */
	uint64_t last;	   /* time of the line before, for CLOCK_RELATIVE */
	uint32_t data;	   /* bytes of data that are shown */
	uint32_t features; /* of this kernel's rings, 0: not known */
	struct trace_names *names;
	struct arena scratch; /* the caller frees it */
};

/* What the request was asked to do, decoded; in view->scratch until the next call. Only with has_sqe. */
void trace_decode(struct trace_view *v, const struct trace_request *r, struct sqe_fields *f);
const char *trace_path_name(enum summary_path p);
/* "READ", also of what was not seen to be submitted. In view->scratch, or static. */
const char *trace_op_name(struct trace_view *v, const struct trace_request *r);

/* One line, with its end. */
void trace_line(struct buf *b, struct trace_view *v, const struct trace_item *i);

/* One object, with the line's end. */
void trace_json(struct buf *b, struct trace_view *v, const struct trace_item *i);

/* The Trace Event Format: pieces of one document, begun by the first item, ended by trace_chrome_end. All zero at first. */
struct trace_chrome {
	bool any;
	uint64_t ids;
	uint64_t chains[4096];	 /* begun, each at its number's remainder */
	uint64_t known[8192][2]; /* tracks that have been named */
};
void trace_chrome(struct buf *b, struct trace_chrome *c, struct trace_view *v, const struct trace_item *i);
void trace_chrome_end(struct buf *b, struct trace_chrome *c);

#endif
