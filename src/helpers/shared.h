/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What supervisor and helpers have in common; nobody outside this directory includes this. */
#ifndef URINGTOP_HELPERS_SHARED_H
#define URINGTOP_HELPERS_SHARED_H

#include <stdint.h>

#include "helpers.h"

enum { MOST_HELPERS = 256 };

enum item_state { ITEM_WAITING, ITEM_TAKEN, ITEM_DONE, ITEM_LOST };

/* Of one job. */
struct job_board {
	_Atomic size_t next;	   /* no item from here on has been begun */
	_Atomic uint32_t again;	   /* items that have to be done again, before it */
	_Atomic uint32_t events;   /* a futex: changes when an item was done or a helper ends */
	_Atomic uint32_t sleeping; /* the supervisor waits for it */
	_Atomic uint32_t done;	   /* items */
	_Atomic uint32_t taken;	   /* a futex: items that the supervisor has taken */
	_Atomic uint32_t stop;
	_Atomic uint8_t state[]; /* of each item */
};

struct helper_post {
	struct guard_post guard;
	_Atomic size_t item; /* that it does, from 1; 0: none */
};

/* The pages that all helpers of a program see. */
struct helpers_board {
	struct guard_late late;
	struct helper_post posts[MOST_HELPERS];
	char where[64]; /* what was last read of what a helper waits in */
};

struct helpers_hook {
	void (*fn)(void *ctx);
	void *ctx;
};

/* A helper's life. Never returns. */
void helper_main(struct helpers_board *board, struct job_board *j, const struct helpers_job *job, unsigned post,
	pid_t parent, const struct helpers_hook *first) __attribute__((noreturn));

#endif
