/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ends a command that waits: signals, or a time. Whether a write to a pipe waits is known only when it does, and between a look at
 * a flag and a system call a signal may come: so from then on a timer interrupts whatever waits, again and again.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "stop.h"

enum { AGAIN_US = 10000 };
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
enum { ENDING = sizeof(ending) / sizeof(ending[0]) };

static volatile sig_atomic_t caught;
static struct sigaction were[ENDING];
static sigset_t mask_was;

static void on_signal(int sig)
{
	static const struct itimerval soon = {{0, AGAIN_US}, {0, AGAIN_US}};

	if (sig == SIGALRM)
		return;
	caught = sig;
	setitimer(ITIMER_REAL, &soon, NULL);
}

void stop_catch(void)
{
	struct sigaction a;
	sigset_t ours;

	memset(&a, 0, sizeof(a));
	a.sa_handler = on_signal; /* without SA_RESTART */
	sigemptyset(&ours);
	for (int i = 0; i < ENDING; i++) {
		sigaction(ending[i], &a, &were[i]);
		sigaddset(&ours, ending[i]);
	}
	sigprocmask(SIG_UNBLOCK, &ours, &mask_was);
}

void stop_release(void)
{
	for (int i = 0; i < ENDING; i++)
		sigaction(ending[i], &were[i], NULL);
	sigprocmask(SIG_SETMASK, &mask_was, NULL);
}

void stop_after(double seconds)
{
	struct itimerval t = {.it_interval = {0, AGAIN_US}};

	t.it_value.tv_sec = (time_t)seconds;
	t.it_value.tv_usec = (suseconds_t)((seconds - (double)t.it_value.tv_sec) * 1e6) + 1;
	if (!caught)
		setitimer(ITIMER_REAL, &t, NULL);
}

int stop_signal(void)
{
	return caught;
}
