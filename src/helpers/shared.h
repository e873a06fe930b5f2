/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What supervisor and helpers have in common; nobody outside this directory includes this. */
#ifndef URINGTOP_HELPERS_SHARED_H
#define URINGTOP_HELPERS_SHARED_H

#include <stdint.h>

#include "helpers.h"

enum { MOST_HELPERS = 256, MOST_KNOWN = 256, MOST_WAITED = 256, MOST_LEAVING = 512 };

/* ITEM_TAKEN + n: the helper of post n has it. */
enum item_state { ITEM_WAITING, ITEM_AGAIN, ITEM_DONE, ITEM_LOST, ITEM_TAKEN };

/* Of one job. */
struct job_board {
	_Atomic size_t next;	   /* no item from here on has been begun */
	_Atomic uint32_t again;	   /* items before it may have to be done again */
	_Atomic uint32_t events;   /* a futex: changes when an item was done or a helper ends */
	_Atomic uint32_t sleeping; /* the supervisor waits for it */
	_Atomic uint32_t done;	   /* items */
	_Atomic uint32_t taken;	   /* a futex: items that the supervisor has taken */
	_Atomic uint32_t resting;  /* helpers that wait for more to be taken */
	_Atomic uint32_t stop;
	_Atomic uint16_t state[]; /* of each item */
};

struct helper_post {
	struct guard_post guard;
	_Atomic size_t item; /* that it does, from 1; 0: none */
};

struct helpers_hook {
	void (*fn)(void *ctx);
	void *ctx;
};

/* A question for the helper that answers single ones. */
struct question {
	_Atomic uint32_t asked, answered; /* futexes: how many there were */
	void (*fn)(void *ctx);
	void *ctx;
};

/* The pages that all helpers of a program see. */
struct helpers_board {
	struct guard_late late;
	struct helper_post posts[MOST_HELPERS];
	struct helper_post asked;
	struct question question;
	_Atomic uint32_t at_the_door; /* whoever reads where a helper waits has come to run */
	char where[64], state;	      /* what it has read; state: a letter of proc(5) */
};

struct helper {
	pid_t pid; /* 0: none */
	uint32_t changes;
	size_t item;
	double since; /* when it was first seen as it is */
	double cpu;   /* that it had had then */
	pid_t target; /* that it waits for, 0: none */
	bool slow;
};

struct helpers {
	struct helpers_board *board;
	size_t board_size;
	double deadline, patience;
	struct helpers_hook first;
	struct helper live[MOST_HELPERS];
	struct helper asked; /* that answers single questions */
	struct helpers_late late[GUARD_MOST_LATE];
	size_t n_late;
	pid_t known[MOST_KNOWN]; /* that were late in any round, the oldest gives way */
	size_t n_known;
	/* those of this round that have let a helper wait, for how many seconds in all, and up to when */
	struct {
		pid_t pid;
		double seconds, until;
	} waited[MOST_WAITED];
	size_t n_waited;
	bool (*stop)(void);	     /* NULL: nothing ends a job early */
	pid_t leaving[MOST_LEAVING]; /* their work is done, and nobody has waited for them yet */
	size_t n_leaving;
	/* of the job under way */
	const struct helpers_job *job;
	struct job_board *j;
	uint8_t *tries;
};

/* True: it has ended. It may take a moment to. */
bool helper_reap(pid_t pid, double patience);
/* A process whose end is to be waited for some time later. */
void helper_leaves(struct helpers *h, pid_t pid);
/* Looks at one, and gives it up if it has waited for too long: its pid is 0 then. Returns seconds until it has to be looked at again. */
double helper_watch(struct helpers *h, struct helper *one, struct helper_post *post);

/* What each helper does first. False: its parent has ended already. */
bool helper_begin(
	struct helpers_board *board, struct helper_post *post, pid_t parent, const struct helpers_hook *first);

/* A helper's life. Never returns. */
void helper_main(struct helpers_board *board, struct job_board *j, const struct helpers_job *job, unsigned post,
	pid_t parent, const struct helpers_hook *first) __attribute__((noreturn));

#endif
