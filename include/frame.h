/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rings as they were at one moment: what a file of uringctl dump --json holds, or what one look at the machine has found. */
#ifndef URINGTOP_FRAME_H
#define URINGTOP_FRAME_H

#include "snapjson.h"

struct frame {
	struct arena arena; /* all of doc lives in it */
	struct snap_doc doc;
	double at;	  /* seconds, on a clock that only goes forward; of a file: since 1970 */
	double took;	  /* seconds that the look took, 0 of a file */
	const char *name; /* of the file, NULL: it was looked for */
	size_t unseen;	  /* processes that could not be looked into */
};

/* Never NULL; frame_free takes NULL too. shared: with helper processes, as arena_shared says. */
struct frame *frame_new(bool shared);
void frame_free(struct frame *f);

/* Seconds since 1970 of a time as snap_head has it, 0 if it is none. */
double frame_time(const char *time);

#endif
