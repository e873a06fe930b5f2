/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which requests of a trace are wanted: what -e says, several of which all have to hold. */
#ifndef URINGTOP_TRACEFILTER_H
#define URINGTOP_TRACEFILTER_H

#include "trace.h"

struct trace_filter {
	bool enter; /* io_uring_enter is shown too */
	bool ops_set, ops[256];
	struct trace_values rings, fds;
	bool results_set;
	struct trace_results results;
};

/* Adds one expression. NULL, or what is wrong (in a), and *at says where in it. */
const char *trace_filter_add(struct arena *a, struct trace_filter *f, const char *text, size_t *at);
bool trace_filter_takes(const struct trace_filter *f, const struct trace_request *r);

#endif
