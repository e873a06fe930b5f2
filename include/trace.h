/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests as they go by: the kernel's tracepoints, read through a ring buffer, put together request by request. */
#ifndef URINGTOP_TRACE_H
#define URINGTOP_TRACE_H

#include <sys/types.h>

#include "decode.h"
#include "trecords.h"

/* --- the source of events -------------------------------------------------------------------------------------------- */

struct trace_filter;
struct trace_source {
	bool all;      /* the whole machine; else targets are added by tracer_target and tracer_ring */
	size_t buffer; /* bytes, 0: 64 MiB */
	uint32_t data; /* bytes of data to be written or sent */
	const struct trace_filter *filter; /* what the kernel is to leave out, as far as it can; NULL: nothing */
	bool files, fill, enter, follow;
	bool summary; /* count in the kernel, instead of events for each request */
	enum summary_by { SUM_BY_OP, SUM_BY_RING, SUM_BY_FILE, SUM_BY_PID } by;
};

struct tracer;

/*
 * Loads and attaches. NULL, and *why (static, or in a) says what it takes. What is attached is gone with this process, however it
 * ends.
 */
struct tracer *tracer_open(struct arena *a, const struct trace_source *s, const char **why);
void tracer_close(struct tracer *t);
/* Traces what a process does. 0 or a negative errno. */
int tracer_target(struct tracer *t, pid_t pid);
/* Traces a ring that is there already, whoever uses it; or leaves it out. 0 or a negative errno. */
int tracer_ring(struct tracer *t, uint64_t ctx, bool wanted);
/* Does a completion name its request? Up to 5.16 it does not, and pairs are approximate. */
bool tracer_exact(const struct tracer *t);
/* Do requests that wait for something complete by task work? (6.1) */
bool tracer_works(const struct tracer *t);

/* Takes one event. */
typedef void (*trace_fn)(void *ctx, const struct ev_head *e, size_t size);
/* Hands over what is there, but not more than TRACER_AT_ONCE, so that others get their turn. Returns how many, or a negative errno. */
enum { TRACER_AT_ONCE = 1000 };
long tracer_drain(struct tracer *t, trace_fn fn, void *ctx);
/* Nothing more is seen from now on; what was seen can still be drained, counted and asked for. */
void tracer_stop(struct tracer *t);
/* Passes over what is there, until a time on CLOCK_MONOTONIC (ns). Returns how many; *all: was that all there was? */
uint64_t tracer_skip(struct tracer *t, uint64_t until, bool *all);
/* Waits until there is something, or until milliseconds have passed (-1: without end), or fd is readable. 0, or -1 with errno. */
int tracer_wait(struct tracer *t, int milliseconds, int fd);
/* What was counted since the last time, over all processors; a row for each opcode, ring (its ctx), file or process. */
typedef void (*counts_fn)(void *ctx, const struct sum_key *key, const struct sum_counts *c);
int tracer_counts(struct tracer *t, counts_fn fn, void *ctx);

void sum_counts_add(struct sum_counts *to, const struct sum_counts *c);

/* Events that found no room, all in all. */
uint64_t tracer_lost(struct tracer *t);
/*
 * Events that a program was not run for since it was running already on that processor and had been interrupted: preempted, which
 * tracepoints keep off up to 6.18 at least and on 7.3 do not (seen there; bpf_prog_info.recursion_misses).
 */
uint64_t tracer_missed(struct tracer *t);

/* How long a tick of the kernel's clock is, ns; 0: not known. */
uint64_t tracer_tick(void);

/* --- requests -------------------------------------------------------------------------------------------------------- */

struct trace_request {
	uint64_t ctx, req_key; /* keys, never to be printed */
	uint64_t ring;	       /* its id, 0: not known */
	uint32_t ring_unknown; /* then a number of this trace that stands for it */
	uint32_t tgid, tid;    /* that submitted it; of one that was there before the trace, that completed it */
	uint64_t submitted, completed; /* ns on CLOCK_MONOTONIC, 0: not seen */
	bool has_sqe, foreign, failed; /* failed: refused when it was submitted */
	bool has_res, overflow, posted,
		before; /* posted: a completion that belongs to no request; before: submitted before the trace */
	bool skipped;	/* CQE_SKIP: it is over, and posted nothing */
	unsigned opcode;
	struct sqe sqe;
	const uint8_t *pieces;
	uint32_t n_pieces;
	uint64_t user_data;
	int32_t res;
	uint32_t cflags, shot; /* shot: number of this completion, 0: the request has one only */
	uint64_t extra[2];
	uint32_t file, worker;
	enum summary_path path;
	uint32_t sq_fill, cq_fill;
	uint64_t chain; /* of a request of a link chain: the number of its chain, else 0 */
};

enum trace_kind {
	TRACE_REQUEST,
	TRACE_CREATE,
	TRACE_CLOSE,
	TRACE_REGISTER,
	TRACE_OVERFLOW,
	TRACE_DROPPED,
	TRACE_LOST,
	TRACE_EXIT,
	TRACE_ENTER
};

struct trace_item {
	enum trace_kind kind;
	uint64_t time, ring;
	uint32_t tgid, tid;
	uint64_t lost;
	uint32_t ring_unknown;		  /* ring 0, and it happened on one: a number of this trace for it */
	bool interrupted;		  /* they were missed, some time before */
	bool late;			  /* they were in the buffer when the trace had to end */
	bool at_least;			  /* of lost: there may have been more */
	bool told;			  /* TRACE_OVERFLOW: its request has been told of just before */
	uint32_t dropped, dropped_in_all; /* entries of the SQ, since the last time and by the ring's own count */
	union {
		struct trace_request r;
		struct ev_create create;
		struct ev_register reg;
		struct ev_complete over;
		struct ev_enter enter;
	};
};

/*
 * From events to items, in the order of completions. A completion names its request, or (exact false) only its user_data. works:
 * what completes neither in the call that submitted it, nor by a worker or a poll, does so by task work.
 */
struct pairing;
typedef void (*item_fn)(void *ctx, const struct trace_item *i);
struct pairing *pairing_new(bool exact, bool works, item_fn fn, void *ctx);
void pairing_event(struct pairing *p, const struct ev_head *e, size_t size);
/* A ring that was there before, and the flags of its setup. */
void pairing_ring(struct pairing *p, uint64_t ctx, uint64_t id, uint32_t flags);
/* The id of a ring; 0: it is not known, and *unknown is the number that stands for it in this trace. */
uint64_t pairing_ring_id(struct pairing *p, uint64_t ctx, uint32_t *unknown);
/* The trace is over: what has not completed goes out, too. */
void pairing_end(struct pairing *p);
void pairing_free(struct pairing *p);

/* --- names ----------------------------------------------------------------------------------------------------------- */

/* What file numbers and descriptors are called. */
struct trace_names;
/* h answers what a process has to be asked for, NULL: nobody else does. */
struct helpers;
struct trace_names *trace_names_new(struct helpers *h);
void trace_names_free(struct trace_names *n);
void trace_names_event(struct trace_names *n, const struct ev_file *e);
/* The name of a number, NULL if it has none; valid until the next event. pid: somebody who has such files, 0: who had it at first. */
const char *trace_file_name(struct trace_names *n, uint32_t number, pid_t pid);
/* A descriptor of a process, as it is now; valid until the next call. */
const char *trace_fd_name(struct trace_names *n, pid_t pid, int fd);

#endif
