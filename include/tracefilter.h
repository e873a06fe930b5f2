/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which requests of a trace are wanted: what -e says, several of which all have to hold. */
#ifndef URINGTOP_TRACEFILTER_H
#define URINGTOP_TRACEFILTER_H

#include "trace.h"

struct trace_filter {
	bool enter;  /* io_uring_enter is shown too */
	bool events; /* so is what is no request, whatever is asked for of requests */
	bool ops_set, ops[256];
	struct trace_values rings, fds;
	bool results_set;
	struct trace_results results;
};

/* Adds one expression. NULL, or what is wrong (in a), and *at says where in it. */
const char *trace_filter_add(struct arena *a, struct trace_filter *f, const char *text, size_t *at);
/* Is something asked for that only a request can have? Then what is no request is not shown, unless that is asked for, too. */
bool trace_filter_quiet(const struct trace_filter *f);
bool trace_filter_takes(const struct trace_filter *f, const struct trace_request *r);

#endif
