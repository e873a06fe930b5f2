/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work on foreign processes, done by helper processes: whatever may wait for a target waits there, and whoever asked goes on. One helper
 * does all items in their order. While it waits for a target, another goes on with the rest; when the target has had its time, the
 * helper is given up and the item is done again without asking that target for anything (guard.h). Results stand in shared memory
 * (arena_shared), so they are used where the helper has built them.
 *
 * A helper holds no standard descriptor, no descriptor that its program was started with, no terminal and no working directory, so that
 * one which cannot be killed yet keeps nothing from ending. It dies with its parent.
 */
#ifndef URINGTOP_HELPERS_H
#define URINGTOP_HELPERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "guard.h"

struct helpers;

/* Supervises helpers; deadline: seconds that a target has in a round at first, with all that is asked of it. NULL with errno if shared memory is not to be had. */
struct helpers *helpers_new(double deadline);
/* Another deadline from now on. */
void helpers_deadline(struct helpers *h, double seconds);
/* fn is the first that each helper does: to let go of what this program holds and a helper does not need. */
void helpers_begin_with(struct helpers *h, void (*fn)(void *ctx), void *ctx);
/* Jobs and questions end early, with EINTR, once stop says true: it is asked again and again. */
void helpers_stop_if(struct helpers *h, bool (*stop)(void));
/* Ends all helpers. Returns how many cannot end yet because the kernel lets them wait on; *one is the pid of one of these. */
size_t helpers_free(struct helpers *h, pid_t *one);

/*
 * Takes note of the descriptors that are open now, up to the soft limit of their number: those that the program was started with, which no
 * helper keeps.
 */
void helpers_note_descriptors(void);
/* One more that no helper keeps. */
void helpers_keep_not(int fd);
/* Lets this process go of all that, and of its terminal and working directory: what a helper begins with. */
void helpers_detach(void);

enum helpers_end {
	HELPERS_DONE,
	HELPERS_LOST, /* a helper died of it, or waited without end, each time it was tried: ctx has nothing of it */
};

struct helpers_job {
	size_t n;
	unsigned parallel; /* helpers that work at once, 0: one */
	size_t ahead;	   /* items that may be done and not yet taken, 0: any number */
	void *ctx;
	/* In each helper, first of all. NULL: nothing. */
	void (*begin)(void *ctx);
	/* In a helper. May be called again for an item that it did not come to the end of, in another helper. */
	void (*item)(void *ctx, size_t i);
	/* In the caller, for each item in order, as soon as it is there. false ends the job. NULL: nothing. */
	bool (*taken)(void *ctx, size_t i, enum helpers_end end);
};

/* Does a job. 0; -1 with errno if no helper can be started; 1 if taken has ended it. */
int helpers_run(struct helpers *h, const struct helpers_job *job);

/*
 * Has a helper call fn and waits for it, as long as a target has time. ctx, where the answer goes, is in shared memory; what else fn
 * changes stays in that helper, which is there for the next call, too. 0; -1 with errno: ETIMEDOUT, EINTR, or no helper can be started.
 */
int helpers_ask(struct helpers *h, void (*fn)(void *ctx), void *ctx);

/* A target that did not answer. */
struct helpers_late {
	pid_t pid;
	enum guard_call call;
	double seconds; /* that the target has let helpers wait when it was given up */
	char where[64]; /* the function of the kernel in which the helper waited, "": not known */
	pid_t helper;	/* which still waits, 0: it has ended */
	bool repeated;	/* another entry is of the same target */
};

/* Those of this round, in the order in which they were given up; valid until the next call of anything here. */
const struct helpers_late *helpers_late(struct helpers *h, size_t *n);
/* Why a target is not shown, or not whole; a sentence without its pid. In buf, which is returned. */
const char *helpers_late_text(const struct helpers_late *l, char *buf, size_t size);

/*
 * Begins a new round: those that did not answer are asked again, but for a shorter time, and not while the helper that asked them last
 * still waits.
 */
void helpers_round(struct helpers *h);

#endif
