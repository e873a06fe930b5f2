/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals and a time that end a command, whatever it waits for. */
#ifndef URINGTOP_CMD_STOP_H
#define URINGTOP_CMD_STOP_H

/* From now on SIGINT, SIGTERM and SIGHUP end nothing by themselves: whatever waits is interrupted, until it ends. */
void stop_catch(void);
/* Which of them has come last, 0: none. */
int stop_signal(void);
/* Interrupts what waits after so long, and again and again from then on. */
void stop_after(double seconds);
/* In a child that is to run another program: as it was before. */
void stop_release(void);

#endif
