/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several frames in a row say that one alone does not: how fast a ring works, whether it moves at all, since when a request
 * has been there, which entries are new, which rings have ended. Works on frames alone, live ones and those of files.
 */
#ifndef URINGTOP_HISTORY_H
#define URINGTOP_HISTORY_H

#include "frame.h"

struct seen_request {
	uint64_t user_data;
	uint32_t opcode, nth; /* of those that are alike */
	uint32_t index;	      /* in the ring's list of requests */
	bool sure;	      /* it is the same one since then; else another may have taken its place in between */
	double since;
};

enum { MARKS = 16 };

/* A ring through time. */
struct track {
	uint64_t id;
	const struct snap_ring *ring; /* as it is, or was last */
	bool ended;
	const char *ended_time; /* of the frame that did not have it any more */

	bool rates_known;
	double submitted, completed; /* a second */
	bool still;		     /* nothing was submitted, completed or reaped since the last frame */
	double sqpoll_busy; /* share of the SQPOLL thread's time that was work since the last frame, below 0: not known */

	const struct snap_hint *hints;
	size_t n_hints;
	const char *why; /* it needs attention, NULL: it does not */

	/* of ring.inflight.requests[i] */
	const struct seen_request **seen;
	struct seen_request *requests;
	size_t n_requests;
	/* entries from these on are new */
	bool new_known;
	uint32_t new_sq, new_cq;

	struct {
		double at;
		uint32_t sq, cq; /* tails */
	} marks[MARKS];		 /* the newest first */
	size_t n_marks;

	struct arena *kept; /* of a ring that has ended: its copy lives here */
};

struct totals {
	size_t rings, ended, processes, sqpoll, attention;
	bool rates_known;
	double submitted, completed;
	uint64_t inflight;
	bool inflight_short; /* of some rings no more is known than those that are shown */
};

enum { SAMPLES = 512 };

struct history {
	const struct frame *frame; /* the newest; NULL at first */
	struct track *tracks;	   /* by id */
	size_t n_tracks;
	struct totals totals;
	/* completions a second of all rings, a sample a frame; the newest last */
	double samples[SAMPLES];
	size_t n_samples;
	size_t forgotten; /* ended rings beyond MOST_ENDED, the oldest */

	struct arena arena[2]; /* what belongs to the newest frame, and to the one before */
	int which;
};

/* Ended rings that are kept until they are dismissed. */
enum { MOST_ENDED = 1000 };

/* Takes in the next frame, which has to live until the next call has come back. All zero is an empty history. */
void history_add(struct history *h, const struct frame *f);
/* Forgets everything: what comes next is the first frame. */
void history_reset(struct history *h);
/* Lets go of an ended ring, of all of them if id is 0. */
void history_dismiss(struct history *h, uint64_t id);
void history_free(struct history *h);

const struct track *history_find(const struct history *h, uint64_t id);

/* A ring's own copy, which lives in a: through JSON and back, which leaves nothing out. */
const struct snap_ring *snap_copy(struct arena *a, const struct snap_ring *r);

#endif
