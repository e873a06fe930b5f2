/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A moment's rings, and its time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "frame.h"

struct frame *frame_new(void)
{
	struct frame *f = xrealloc(NULL, sizeof(*f));

	memset(f, 0, sizeof(*f));
	return f;
}

void frame_free(struct frame *f)
{
	if (!f)
		return;
	arena_free(&f->arena);
	free(f);
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
