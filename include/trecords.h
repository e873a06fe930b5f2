/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the BPF programs of trace and the program that loaded them hand to each other. Plain words of fixed size. */
#ifndef URINGTOP_TRECORDS_H
#define URINGTOP_TRECORDS_H

#ifndef __bpf__
#include <stdint.h>
#endif

enum trace_event {
	EV_SUBMIT = 1, /* struct ev_submit, and pieces of the submitter's memory behind it */
	EV_COMPLETE,   /* struct ev_complete */
	EV_ASYNC,      /* struct ev_mark: handed to io-wq */
	EV_POLL,       /* its file is polled */
	EV_WORK,       /* the poll has fired */
	EV_CREATE,     /* struct ev_create */
	EV_REGISTER,   /* struct ev_register */
	EV_OVERFLOW,   /* struct ev_complete: a completion found no room */
	EV_FILE,       /* struct ev_file: a name for a number */
	EV_FORK,       /* struct ev_head: req is the child */
	EV_EXIT,       /* struct ev_head: req is the process */
	EV_ENTER,      /* struct ev_enter */
	EV_CLOSE,      /* struct ev_head: a ring's last file is gone */
	EV_DROPPED, /* struct ev_mark: entries of the SQ that no request came of; value: all in all << 32, since the last time */
	EV_RING, /* struct ev_ring: before the first event of a ring that no EV_CREATE has announced */
};

struct ev_head {
	uint32_t type, lost; /* lost: events of this processor before it that found no room */
	uint64_t time;	     /* CLOCK_MONOTONIC, ns */
	uint64_t ctx;	     /* keys, never to be printed */
	uint64_t req;
	uint32_t tgid, tid;
};

/* SUBMIT_BIG: the first piece is the second half of the SQE */
enum { SUBMIT_FOREIGN = 1, SUBMIT_FAILED = 2, SUBMIT_BIG = 4 };

/*
 * What a call is submitting: entries that have been taken, which are given back together at its end (io_submit_sqes, io_uring/io_uring.c,
 * 5.10 to 7.3). A request that completes while its own place is among them does so in the call that submitted it.
 */
struct taking {
	uint32_t first, n; /* n 0: nothing is being submitted */
};

struct ev_submit {
	struct ev_head h;
	uint32_t flags;
	int32_t error;	  /* of SUBMIT_FAILED */
	uint32_t pieces;  /* bytes of struct piece and what follows it */
	uint32_t sq_fill; /* entries that the SQ held when it was taken */
	uint32_t
		file; /* what the descriptor is, for opcodes that have no file when they complete; a number as in ev_complete */
	uint32_t place; /* where it stood: how many entries had been taken from the SQ before it */
	uint8_t sqe[64];
};

/* len bytes from an address; room bytes until the next */
struct piece {
	uint64_t addr;
	uint32_t len, room;
};

/*
 * COMPLETE_NOTES: from this bit on what happened to the request on its way: 1 async, 2 poll, 4 work. COMPLETE_MAYBE: io-wq may have
 * had it; it did, if it had no credentials of its own.
 */
enum {
	COMPLETE_WORKER = 1,
	COMPLETE_NOTES = 1,
	COMPLETE_ASYNC = 2,
	COMPLETE_POLL = 4,
	COMPLETE_WORK = 8,
	COMPLETE_MAYBE = 16
};

struct ev_complete {
	struct ev_head h;
	uint64_t user_data;
	int32_t res;
	uint32_t cflags;
	uint64_t extra[2];
	uint32_t file; /* a number that EV_FILE has named, 0: none */
	uint8_t opcode, has_opcode, flags;
	uint8_t path;	  /* enum summary_path and 1, 0: the reader has to find it */
	uint32_t cq_fill; /* entries that the CQ held then, ~0: not known */
	uint32_t pad;
	struct taking taking;
};

struct ev_mark {
	struct ev_head h;
	uint64_t value;
};

struct ev_create {
	struct ev_head h;
	uint64_t ino;
	int32_t fd;
	uint32_t sq_entries, cq_entries, flags;
	char comm[16];
};

struct ev_ring {
	struct ev_head h;
	uint64_t ino; /* 0: it could not be found */
	uint32_t flags;
	uint32_t fresh; /* it was made during the trace: what was known of its address is of another */
};

struct ev_register {
	struct ev_head h;
	uint32_t opcode, nr_files, nr_bufs;
	int32_t ret;
};

struct ev_enter {
	struct ev_head h;
	int32_t fd;
	uint32_t to_submit, min_complete, flags;
	int32_t ret;
	uint32_t pad;
	uint64_t took; /* ns */
};

enum { TRACE_NAME_ROOM = 1024 };

struct ev_file {
	struct ev_head h;
	uint64_t ino, magic;
	uint32_t number, flags; /* NAME_ */
	uint32_t mode,
		len; /* components from the last upwards, each ended by a zero; of a socket its protocol's name */
	uint16_t family, sock_type, pad[2];
	char text[TRACE_NAME_ROOM];
};

/* What of the submitter's memory is copied for an opcode. */
enum capture_kind { CAPTURE_NONE, CAPTURE_STRING, CAPTURE_BYTES, CAPTURE_IOVEC, CAPTURE_MSGHDR, CAPTURE_DATA };
enum { CAPTURES = 3, CAPTURE_MOST = 1024, PIECES_ROOM = 4096 };

/* What the descriptor of an opcode is that has no file of its own. */
enum fd_kind { FD_LATER, FD_OPEN, FD_DIRECTORY };

struct capture {
	uint8_t kind, at;	  /* where in the SQE the address stands */
	uint8_t len_at, len_size; /* where the length or the count does; len_size 0: it is fixed */
	uint16_t unit;		  /* bytes of one */
	uint16_t written;	  /* the kernel reads what it points at: it is shown with -s */
};

/* A ring, as far as it stays the same. */
struct trace_ring {
	uint64_t ctx, sqes, array, rings, mm;
	uint64_t ino; /* 0: not known */
	uint32_t mask, flags;
	uint8_t wanted, never; /* never: it is asked for all but this one */
	uint8_t told, fresh;   /* told: by EV_CREATE or EV_RING; fresh: as there */
	uint32_t sqe_shift;
	uint32_t dropped, closed; /* dropped: that has been told */
};

/* Which argument of a tracepoint is which, -1: it has none of that kind. */
struct trace_args {
	int32_t submit_req;
	int32_t complete_req, complete_cqe,
		complete_extra; /* cqe: a pointer to it; else user_data follows req or ctx */
	int32_t async_req, poll_req, work_req;
	int32_t register_ret;
};

/* Flags of a request: both are set once io-wq has it; other: something else may have set one of them. No bits: the kernel has not all. */
struct trace_bits {
	uint64_t both, other, creds; /* creds: one of both */
};

/*
 * A latency costs two looks at the clock, more than all the rest of counting. Of what an opcode does more often than MEASURED_ALL times
 * a second on a processor (that is so often in a tick of the kernel's clock), one in MEASURED_PART is measured, by chance; of the others,
 * what takes SHOWN_TICKS or more shows all the same.
 */
enum { MEASURED_ALL = 50000, MEASURED_PART = 8, SHOWN_TICKS = 2 };

/* What happened to a request on its way; where its path is asked for in the kernel, also when it was submitted, and where it stood. */
struct trace_note {
	uint64_t req, time; /* ns; ticks, if weight is 0 */
	uint32_t what, place;
	uint32_t weight, pad; /* weight: so many requests its latency stands for */
};

enum summary_path { PATH_INLINE, PATH_POLL, PATH_IOWQ, PATH_IOPOLL, PATH_TASK_WORK, PATH_UNKNOWN, PATHS };

/* --- filters ---------------------------------------------------------------------------------------------------------- */

/* Numbers, one of which it has to be, or (negated) none. Not set: it may be any. */
enum { MOST_VALUES = 64 };
struct trace_values {
	uint32_t set, negated, n, pad;
	uint64_t v[MOST_VALUES];
};

/* What a request came to, as it is asked for. */
struct trace_results {
	struct trace_values res;
	uint64_t lat_least, lat_most; /* ns; 0: no bound */
	uint8_t errors_only, good_only, pad[6];
	uint64_t paths; /* a bit each, 0: any */
};

/* --- the summary, counted in the kernel ------------------------------------------------------------------------------ */

/* Buckets of latency: eight to each power of two. */
enum { LAT_BUCKETS = 512, SUM_ERRORS = 256 };

/* Rows by opcode, and one of completions that name no request. */
enum { COUNTED_OVERFLOW = 256, COUNTED_OPS };

/* What it is counted by: an opcode, a ring, a file's number or a process. */
struct sum_key {
	uint64_t by;
	uint32_t opcode, pad;
};

struct sum_counts {
	uint64_t calls, errors, bytes, latencies, max_ns;
	uint64_t unmeasured; /* whose latency is not known but to be less than two ticks; others stand for them */
	uint64_t paths[PATHS];
	uint64_t error[SUM_ERRORS]; /* by errno; the last: any other */
	uint32_t lat[LAT_BUCKETS];
};

#endif
