/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that only goes forward. */
#ifndef URINGTOP_CLOCK_H
#define URINGTOP_CLOCK_H

/* Seconds of CLOCK_MONOTONIC. */
double clock_now(void);

#endif
