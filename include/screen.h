/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal: shows a grid, brings keys, and is left as it was found, however the program ends. The one user of ncurses. */
#ifndef URINGTOP_SCREEN_H
#define URINGTOP_SCREEN_H

#include "top.h"

/*
 * Takes the terminal at standard input and output. NULL, or why it cannot (in a). From then on screen_restore is also called when
 * the program dies of an assertion or a fault.
 */
const char *screen_open(struct arena *a);
/* Gives the terminal back. May be called twice, and from a signal handler. */
void screen_restore(void);
void screen_close(void);

/* Stops like any program when the terminal says so, and comes back. */
void screen_suspend(void);
/* Everything is to be drawn again: somebody else has written on the terminal, or was in the foreground. */
void screen_again(void);
/* Asks how large the terminal is now. */
void screen_resize(void);
void screen_size(int *rows, int *cols);

/* How many colours it has. */
int screen_colors(void);
void screen_show(const struct grid *g, enum palette p, bool cursor, int y, int x);

/* The next key; 0: there is none now; -1: the terminal is gone. A click has a place. */
int screen_key(int *y, int *x);

#endif
