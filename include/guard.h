/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls on a foreign process that may wait for it. Each is announced before it is made, so that whoever supervises a helper process
 * sees what it waits for and since when; and it is not made at all for a process that did not answer before. src/util/guard.c has
 * the table of what each call can wait for.
 */
#ifndef URINGTOP_GUARD_H
#define URINGTOP_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whom a call is made on that concerns no certain process, and for which there is another way. */
enum { GUARD_KERNEL = -1 };

enum guard_call {
	GUARD_NONE,
	GUARD_FIND,
	GUARD_STAT,
	GUARD_STATUS,
	GUARD_LINK,
	GUARD_FD_STAT,
	GUARD_FDINFO,
	GUARD_XATTR,
	GUARD_MAPS,
	GUARD_MEMORY,
	GUARD_GETFD,
	GUARD_RING_MAP,
	GUARD_KCMP,
	GUARD_STACK,
	GUARD_NET,
	GUARD_DIR,
	GUARD_COMM,
	GUARD_OTHER,
	GUARD_CALLS,
};

/* What a helper does: in shared memory, written by the helper alone. */
struct guard_post {
	_Atomic uint32_t changes; /* with each begin and end */
	_Atomic uint32_t call;	  /* enum guard_call, 0: none is under way */
	_Atomic int32_t pid;	  /* on which process, 0: not on a certain one; GUARD_KERNEL */
};

enum { GUARD_MOST_LATE = 1024 };

/* Processes that did not answer: in shared memory, written by the supervisor alone. */
struct guard_late {
	_Atomic uint32_t n;
	_Atomic int32_t pid[GUARD_MOST_LATE];
	_Atomic bool wholly[GUARD_MOST_LATE]; /* not even what waits for next to nothing is to be had */
};

/* From now on this process announces its calls on post, and refuses those on whom late names. NULL: it is not supervised. */
void guard_report_to(struct guard_post *post, const struct guard_late *late);

/* Is this one of the calls that wait for next to nothing, and are made on a process that did not answer to others? */
bool guard_is_light(enum guard_call call);

/*
 * Announces a call. 0: make it, and then call guard_end, which leaves errno alone. -1 with errno ETIMEDOUT: the process did not answer
 * before, and the call is not to be made.
 */
int guard_begin(pid_t pid, enum guard_call call);
void guard_end(void);

/* What is read by a call, for a sentence: "its memory map (/proc/PID/maps)"; and what that can wait for. Static. */
const char *guard_what(enum guard_call call);
const char *guard_waits_for(enum guard_call call);

#endif
