/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A moment's rings, and its time. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "frame.h"

struct frame *frame_new(bool shared)
{
	struct arena a = shared ? arena_shared() : (struct arena){0};
	struct frame *f = arena_alloc(&a, sizeof(*f));

	f->arena = a;
	return f;
}

void frame_free(struct frame *f)
{
	struct arena a;

	if (!f)
		return;
	a = f->arena; /* the frame itself lives in it */
	arena_free(&a);
}

double frame_time(const char *time)
{
	struct tm tm = {0};
	double seconds = 0;
	const char *rest = time ? strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!rest)
		return 0;
	if (*rest == '.')
		sscanf(rest, "%12lf", &seconds);
	return (double)timegm(&tm) + seconds;
}
