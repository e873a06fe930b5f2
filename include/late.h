/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that did not answer, for whoever shows rings. */
#ifndef URINGTOP_LATE_H
#define URINGTOP_LATE_H

#include "helpers.h"
#include "snapshot.h"

/* Those of this round, each with its name and what did not come; the list lives in a. Returns how many. */
size_t late_processes(struct helpers *h, struct arena *a, struct snap_skip **out);

#endif
