/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at the machine again and again in a process of its own, so that a screen never waits for it. Between two looks nothing of a
 * target is held: no descriptor, no mapping, no pidfd; only the BPF programs stay loaded.
 */
#ifndef URINGTOP_COLLECT_H
#define URINGTOP_COLLECT_H

#include <sys/types.h>

#include "build.h"
#include "frame.h"

struct collect_options {
	const pid_t *pids; /* as for discover(); the caller's, as long as the collector lives */
	size_t n_pids;
	struct build_options build;
	double interval; /* seconds from the start of one look to that of the next */
	double deadline; /* seconds that a process has to answer */
};

struct collector;

/* NULL with errno if memory cannot be shared. */
struct collector *collector_new(const struct collect_options *o);
/* One look, for which the caller waits. NULL with errno if /proc cannot be read. */
struct frame *collector_look(struct collector *c);

/*
 * The same in a process, which rests at least as long as a look takes. collector_fd becomes readable when there is something to be
 * taken; it is -1 while there is no process, which collector_take then tries to start. 0 or a negative errno.
 */
int collector_start(struct collector *c);
int collector_fd(const struct collector *c);
/*
 * The newest frame, the caller's from then on; NULL if there is none yet. *err: the errno of a look that failed, else 0; ECHILD: the
 * process had ended and was started anew, and collector_fd is another; it begins with a rest.
 */
struct frame *collector_take(struct collector *c, int *err);
/* now: the next look begins at once. */
void collector_interval(struct collector *c, double seconds, bool now);
void collector_pause(struct collector *c, bool paused);

/* Ends the process, for which nobody has to wait, and gives all back. Returns how many helpers cannot end yet; *one is the pid of one of these. */
size_t collector_free(struct collector *c, pid_t *one);

#endif
