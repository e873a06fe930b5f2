/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single questions, which a helper of their own answers: it stays, and keeps what it has learnt. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "futex.h"
#include "shared.h"

static void answer(struct helpers_board *board, pid_t parent, const struct helpers_hook *first)
	__attribute__((noreturn));
static void answer(struct helpers_board *board, pid_t parent, const struct helpers_hook *first)
{
	struct question *q = &board->question;

	if (!helper_begin(board, &board->asked, parent, first))
		_exit(1);
	for (;;) {
		uint32_t answered = atomic_load(&q->answered);

		while (atomic_load(&q->asked) == answered)
			futex_wait(&q->asked, answered, 3600);
		q->fn(q->ctx);
		atomic_store(&q->answered, answered + 1);
		futex_wake(&q->answered);
	}
}

static bool start(struct helpers *h)
{
	pid_t self = getpid(), pid;

	h->board->asked = (struct helper_post){0};
	/* whatever the one before left unanswered stays so */
	atomic_store(&h->board->question.answered, atomic_load(&h->board->question.asked));
	pid = fork();
	if (!pid)
		answer(h->board, self, &h->first);
	h->asked = (struct helper){.pid = pid > 0 ? pid : 0, .since = clock_now()};
	return pid > 0;
}

int helpers_ask(struct helpers *h, void (*fn)(void *ctx), void *ctx)
{
	enum { SPINS = 2000 };
	struct question *q = &h->board->question;
	double began = clock_now();
	uint32_t number;
	bool stop;

	if (h->stop && h->stop()) {
		errno = EINTR;
		return -1;
	}
	if (!h->asked.pid && !start(h))
		return -1;
	q->fn = fn;
	q->ctx = ctx;
	number = atomic_load(&q->asked);
	atomic_store(&q->asked, number + 1);
	futex_wake(&q->asked);
	h->asked.since = clock_now();
	/* most answers come sooner than this process would fall asleep */
	for (int i = 0; i < SPINS && atomic_load(&q->answered) == number; i++)
		;
	while (atomic_load(&q->answered) == number) {
		double wait = helper_watch(h, &h->asked, &h->board->asked);

		if (!h->asked.pid) {
			errno = ETIMEDOUT;
			return -1;
		}
		stop = h->stop && h->stop();
		/* who asks one question does not wait for a processor to be free either, and blames nobody for that */
		if (stop || clock_now() - began > 3 * h->deadline) {
			/* its answer would be taken for that to the next question */
			kill(h->asked.pid, SIGKILL);
			helper_leaves(h, h->asked.pid);
			h->asked.pid = 0;
			errno = stop ? EINTR : ETIMEDOUT;
			return -1;
		}
		futex_wait(&q->answered, number, wait < 0.01 ? wait : 0.01);
	}
	return 0;
}
