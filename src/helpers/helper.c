/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper's side: to let go of everything, then to do items until there are no more. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "futex.h"
#include "shared.h"

static int *inherited;
static size_t n_inherited, cap_inherited;

void helpers_keep_not(int fd)
{
	if (n_inherited == cap_inherited) {
		cap_inherited = cap_inherited * 2 + 16;
		inherited = xrealloc(inherited, cap_inherited * sizeof(*inherited));
	}
	inherited[n_inherited++] = fd;
}

void helpers_note_descriptors(void)
{
	enum { MOST = 1 << 16 };
	struct rlimit limit;
	int end = MOST;

	/* not by /proc/self/fd: a directory of /proc can be made to wait */
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < MOST)
		end = (int)limit.rlim_cur;
	for (int fd = STDERR_FILENO + 1; fd < end; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			helpers_keep_not(fd);
}

/* A sanitizer's report is worth keeping the error output for. */
#if defined(__SANITIZE_ADDRESS__)
enum { LAST_STANDARD = STDOUT_FILENO };
#else
enum { LAST_STANDARD = STDERR_FILENO };
#endif

void helpers_detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= LAST_STANDARD; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	if (null > STDERR_FILENO)
		close(null);
	for (size_t i = 0; i < n_inherited; i++)
		close(inherited[i]);
	setsid();
	if (chdir("/"))
		return; /* it stays where it is */
}

/* Makes an item this helper's. False: another has it, or it is done. */
static bool take(struct job_board *j, struct helper_post *post, unsigned number, size_t i)
{
	uint16_t was = atomic_load(&j->state[i]);

	if (was != ITEM_WAITING && was != ITEM_AGAIN)
		return false;
	/* the supervisor has to know whose it was, whenever this process is killed */
	atomic_store(&post->item, i + 1);
	if (atomic_compare_exchange_strong(&j->state[i], &was, (uint16_t)(ITEM_TAKEN + number)))
		return true;
	atomic_store(&post->item, 0);
	return false;
}

/* The next item; false: there is none. Items that have to be done again come first. */
static bool next_item(struct job_board *j, struct helper_post *post, unsigned number, size_t n, size_t *i)
{
	size_t begun = atomic_load(&j->next);

	if (atomic_exchange(&j->again, 0))
		for (*i = 0; *i < begun && *i < n; ++*i)
			if (atomic_load(&j->state[*i]) == ITEM_AGAIN && take(j, post, number, *i)) {
				atomic_store(&j->again, 1); /* there may be more */
				return true;
			}
	while ((*i = atomic_fetch_add(&j->next, 1)) < n)
		if (take(j, post, number, *i))
			return true;
	/* what a helper was killed at before it could say that it had begun, or that there is more to be done again */
	for (*i = 0; *i < n; ++*i)
		if (take(j, post, number, *i))
			return true;
	return false;
}

static void tell(struct job_board *j)
{
	atomic_fetch_add(&j->events, 1);
	if (atomic_load(&j->sleeping))
		futex_wake(&j->events);
}

/*
 * Waits while there is no room ahead. Half of it is used up before anybody is woken, as is the case for the supervisor: to wake each
 * other for each item takes longer than the items do.
 */
static void keep_step(struct job_board *j, size_t ahead)
{
	uint32_t taken = atomic_load(&j->taken);

	if (!ahead || atomic_load(&j->done) - taken < ahead || atomic_load(&j->stop))
		return;
	tell(j);
	atomic_fetch_add(&j->resting, 1);
	/* what has to be done again may be what all wait for */
	while (atomic_load(&j->done) - (taken = atomic_load(&j->taken)) > ahead / 2 && !atomic_load(&j->stop) &&
		!atomic_load(&j->again))
		futex_wait(&j->taken, taken, 1);
	atomic_fetch_sub(&j->resting, 1);
}

bool helper_begin(struct helpers_board *board, struct helper_post *post, pid_t parent, const struct helpers_hook *first)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return false;
	prctl(PR_SET_NAME, "uring-helper");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	helpers_detach();
	if (first->fn)
		first->fn(first->ctx);
	guard_report_to(&post->guard, &board->late);
	return true;
}

void helper_main(struct helpers_board *board, struct job_board *j, const struct helpers_job *job, unsigned number,
	pid_t parent, const struct helpers_hook *first)
{
	const double tell_each = 0.001;
	struct helper_post *post = &board->posts[number];
	double told = 0;
	size_t i;

	if (!helper_begin(board, post, parent, first))
		_exit(1);
	if (job->begin)
		job->begin(job->ctx);
	while (!atomic_load(&j->stop) && next_item(j, post, number, job->n, &i)) {
		job->item(job->ctx, i);
		atomic_fetch_add(&j->done, 1);
		atomic_store(&j->state[i], ITEM_DONE);
		atomic_store(&post->item, 0);
		/* the supervisor looks by itself now and then, should the next item take long */
		if (clock_now() - told > tell_each) {
			told = clock_now();
			tell(j);
		}
		keep_step(j, job->ahead);
	}
	tell(j);
	_exit(0);
}
