/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor's side: it starts helpers, sees which of them wait for a target, gives up those that wait too long. Nothing here waits for a target. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "futex.h"
#include "pool.h"
#include "shared.h"

/*
 * Seconds. A helper that waits for patience has another one started beside it; each that does makes the next come sooner, so that very
 * many late targets cost little more than one.
 */
static const double patience_first = 0.05, patience_least = 0.002;
/* what a target has that was late before */
static const double deadline_again = 0.1;
/* a helper that works has ten times its deadline; one that neither works nor waits for a target (it is stopped, say) has this */
static const double stalled = 2;

enum { TRIES = 3 };

struct helpers *helpers_new(double deadline)
{
	struct helpers *h;

	if (pool_open())
		return NULL;
	h = xrealloc(NULL, sizeof(*h));
	memset(h, 0, sizeof(*h));
	h->board_size = sizeof(*h->board);
	h->board = pool_take(&h->board_size);
	if (!h->board) {
		free(h);
		errno = ENOMEM;
		return NULL;
	}
	memset(h->board, 0, sizeof(*h->board));
	h->deadline = deadline;
	return h;
}

void helpers_deadline(struct helpers *h, double seconds)
{
	h->deadline = seconds;
}

void helpers_begin_with(struct helpers *h, void (*fn)(void *ctx), void *ctx)
{
	h->first = (struct helpers_hook){fn, ctx};
}

void helpers_stop_if(struct helpers *h, bool (*stop)(void))
{
	h->stop = stop;
}

/* --- what a helper does --------------------------------------------------------------------------------------------- */

/* Seconds of processor time that it has had, without a look into /proc, where a lookup may wait. Below 0: not to be had. */
static double cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return -1;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool helper_reap(pid_t pid, double patience)
{
	double end = clock_now() + patience;

	for (;;) {
		pid_t got = waitpid(pid, NULL, WNOHANG);

		if (got == pid || (got < 0 && errno == ECHILD))
			return true;
		if (clock_now() >= end)
			return false;
		nanosleep(&(struct timespec){0, 200000}, NULL);
	}
}

void helper_leaves(struct helpers *h, pid_t pid)
{
	if (h->n_leaving == MOST_LEAVING)
		waitpid(h->leaving[--h->n_leaving], NULL, WNOHANG);
	h->leaving[h->n_leaving++] = pid;
}

static void reap_leaving(struct helpers *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_leaving; i++)
		if (!helper_reap(h->leaving[i], 0))
			h->leaving[n++] = h->leaving[i];
	h->n_leaving = n;
}

/* In the process that looks: the state of a process, and the function of the kernel in which it waits. */
static void read_where(struct helpers_board *board, pid_t pid)
{
	char path[32], stat[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	if (n > 0) {
		const char *at;

		stat[n] = '\0';
		at = strrchr(stat, ')');
		board->state = at && at[1] == ' ' ? at[2] : '\0';
	}
	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, board->where, sizeof(board->where) - 1) < 0)
		board->where[0] = '\0';
}

/*
 * The function of the kernel in which a helper waits, "" if that is not to be had. False: it does not wait, or this machine has no time
 * to find out. A process of its own looks, because the directory of /proc itself can be made to wait (chmod of a directory that somebody
 * reads into memory that does not come).
 */
static bool where_it_waits(struct helpers *h, pid_t pid, char out[64])
{
	struct helpers_board *board = h->board;
	pid_t child;

	memset(board->where, 0, sizeof(board->where));
	board->state = '\0';
	atomic_store(&board->at_the_door, 0);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		helpers_detach();
		if (h->first.fn)
			h->first.fn(h->first.ctx);
		atomic_store(&board->at_the_door, 1);
		read_where(board, pid);
		_exit(0);
	}
	if (child > 0 && !helper_reap(child, 0.02)) {
		kill(child, SIGKILL);
		helper_leaves(h, child);
		if (!atomic_load(&board->at_the_door))
			return false;
	}
	/* the name of the function is not everybody's to read, the state is */
	memcpy(out, board->where, sizeof(board->where));
	out[63] = '\0';
	if (!strcmp(out, "0"))
		out[0] = '\0';
	return board->state != 'R';
}

/* --- the end of a helper -------------------------------------------------------------------------------------------- */

/* What becomes of the item that the helper of a post had when it ended. counts: the next try may end in the same way. */
static void item_back(struct helpers *h, const struct helper_post *post, bool counts)
{
	size_t item = atomic_load(&post->item), i = item - 1;

	/* it may have been about to take what another has taken */
	if (post == &h->board->asked || !item || i >= h->job->n ||
		atomic_load(&h->j->state[i]) != ITEM_TAKEN + (post - h->board->posts))
		return;
	if (!counts || ++h->tries[i] < TRIES) {
		atomic_store(&h->j->state[i], ITEM_AGAIN);
		atomic_store(&h->j->again, 1);
		futex_wake(&h->j->taken);
	} else {
		atomic_store(&h->j->state[i], ITEM_LOST);
	}
}

/* From now on a target is not asked, and, if it did not answer to a call that waits for next to nothing, not for such either. True: that is new. */
static bool refuse(struct helpers *h, pid_t pid, bool wholly)
{
	struct guard_late *late = &h->board->late;
	uint32_t n = atomic_load(&late->n);

	for (uint32_t i = 0; i < n; i++) {
		if (atomic_load(&late->pid[i]) != pid)
			continue;
		return wholly && !atomic_exchange(&late->wholly[i], true);
	}
	if (n == GUARD_MOST_LATE)
		return false;
	atomic_store(&late->pid[n], pid);
	atomic_store(&late->wholly[n], wholly);
	atomic_store(&late->n, n + 1);
	return true;
}

static bool is_known(const struct helpers *h, pid_t pid)
{
	for (size_t i = 0; i < h->n_known && i < MOST_KNOWN; i++)
		if (h->known[i] == pid)
			return true;
	return false;
}

/* Seconds that a target has let helpers wait in this round. */
static double waited_for(const struct helpers *h, pid_t pid)
{
	for (size_t i = 0; i < h->n_waited; i++)
		if (h->waited[i].pid == pid)
			return h->waited[i].seconds;
	return 0;
}

/* It has let one wait since then. What is short is not added up, nor what several have waited at once. */
static void add_waited(struct helpers *h, pid_t pid, double since)
{
	double now = clock_now();
	size_t i = 0;

	if (!pid || now - since < patience_first)
		return;
	while (i < h->n_waited && h->waited[i].pid != pid)
		i++;
	if (i == MOST_WAITED)
		return;
	if (i == h->n_waited) {
		h->waited[i].pid = pid;
		h->waited[i].seconds = h->waited[i].until = 0;
		h->n_waited++;
	}
	h->waited[i].seconds += now - (since > h->waited[i].until ? since : h->waited[i].until);
	h->waited[i].until = now;
}

static bool is_late(const struct helpers *h, pid_t pid)
{
	for (size_t i = 0; i < h->n_late; i++)
		if (h->late[i].pid == pid)
			return true;
	return false;
}

/* A target has had its time. False: its helper does not wait. */
static bool give_up(struct helpers *h, struct helper *one, struct helper_post *post)
{
	pid_t pid = atomic_load(&post->guard.pid);
	enum guard_call call = (enum guard_call)atomic_load(&post->guard.call);
	struct helpers_late l = {
		.pid = pid, .call = call, .seconds = clock_now() - one->since + waited_for(h, pid), .helper = one->pid};
	bool refused = false;

	/* where nothing is waited in, it waits for a processor; a machine that has none free must not make targets late */
	if (!where_it_waits(h, one->pid, l.where) && call != GUARD_NONE && clock_now() - one->since < 10 * h->deadline)
		return false;
	/* it may just have come through */
	if (atomic_load(&post->guard.changes) != one->changes)
		return false;
	kill(one->pid, SIGKILL);
	/* no instruction of its own is executed from here on: it has ended, or is in the kernel for good */
	if (helper_reap(one->pid, 0.005))
		l.helper = 0;
	if (call != GUARD_NONE && pid) {
		refused = refuse(h, pid, guard_is_light(call));
		/* it is told of once */
		l.repeated = is_late(h, pid);
		if (!is_known(h, pid))
			h->known[h->n_known++ % MOST_KNOWN] = pid;
	}
	/* whoever still waits has its end waited for */
	if ((call != GUARD_NONE && pid && !l.repeated) || l.helper) {
		if (h->n_late < GUARD_MOST_LATE)
			h->late[h->n_late++] = l;
		else if (l.helper)
			helper_leaves(h, l.helper);
	}
	/* each target that is refused from now on is one less to wait for, so that comes to an end by itself */
	item_back(h, post, !refused);
	one->pid = 0;
	return true;
}

/* --- watching ------------------------------------------------------------------------------------------------------- */

static bool start(struct helpers *h)
{
	pid_t self = getpid();

	for (unsigned i = 0; i < MOST_HELPERS; i++) {
		struct helper_post *post = &h->board->posts[i];

		if (h->live[i].pid)
			continue;
		memset(post, 0, sizeof(*post));
		h->live[i] = (struct helper){.since = clock_now()};
		h->live[i].pid = fork();
		if (!h->live[i].pid)
			helper_main(h->board, h->j, h->job, i, self, &h->first);
		if (h->live[i].pid > 0)
			return true;
		h->live[i].pid = 0;
		return false;
	}
	errno = EAGAIN;
	return false;
}

double helper_watch(struct helpers *h, struct helper *one, struct helper_post *post)
{
	uint32_t changes = atomic_load(&post->guard.changes), call = atomic_load(&post->guard.call);
	size_t item = atomic_load(&post->item);
	double waited, limit;
	int32_t pid;

	if (helper_reap(one->pid, 0)) {
		item_back(h, post, true);
		one->pid = 0;
		return 0.001;
	}
	if (changes != one->changes || item != one->item) {
		add_waited(h, one->target, one->since);
		one->changes = changes;
		one->item = item;
		one->since = clock_now();
		one->cpu = cpu_of(one->pid);
		one->slow = false;
	}
	waited = clock_now() - one->since;
	pid = atomic_load(&post->guard.pid);
	one->target = call == GUARD_NONE ? 0 : pid;
	limit = call == GUARD_NONE					  ? stalled
		: pid && is_known(h, pid) && h->deadline > deadline_again ? deadline_again
									  : h->deadline;
	/* a target has its time once, and not with each call */
	limit -= waited_for(h, one->target);
	/* several may have begun to wait for one target before it was known not to answer */
	if (limit < patience_least ||
		(call != GUARD_NONE && pid && is_late(h, pid) && !guard_is_light((enum guard_call)call)))
		limit = patience_least;
	if (waited >= limit) {
		/* who has used the time does not wait */
		if ((waited < 10 * limit && cpu_of(one->pid) - one->cpu > waited / 4) || !give_up(h, one, post))
			return limit / 10 > 0.01 ? limit / 10 : 0.01;
		return 0.001;
	}
	if (call != GUARD_NONE && waited >= h->patience && !one->slow) {
		one->slow = true;
		h->patience = h->patience / 2 > patience_least ? h->patience / 2 : patience_least;
	}
	return one->slow || call == GUARD_NONE ? limit - waited
	       : h->patience - waited > 0.001  ? h->patience - waited
					       : 0.001;
}

/* Looks at all helpers, and starts another if there is work and nobody at it. Returns seconds to wait, or -1: no helper can be started. */
static double watch_all(struct helpers *h)
{
	double soonest = 0.02;
	bool left = atomic_load(&h->j->next) < h->job->n || atomic_load(&h->j->again);
	size_t live = 0, slow = 0;

	for (unsigned i = 0; i < MOST_HELPERS; i++) {
		double next;

		if (!h->live[i].pid)
			continue;
		next = helper_watch(h, &h->live[i], &h->board->posts[i]);
		soonest = next < soonest ? next : soonest;
		live += h->live[i].pid != 0;
		slow += h->live[i].pid && h->live[i].slow;
	}
	left |= atomic_load(&h->j->again) != 0;
	/* an item may have been begun by a helper that was killed in its first instructions: whoever comes finds it */
	if ((left && live == slow) || !live) {
		if (start(h))
			return 0.001;
		return live ? soonest : -1;
	}
	return soonest > 0.0005 ? soonest : 0.0005;
}

/* The job is over. Who has nothing to do ends by itself; who is still at an item has to be ended. */
static void dismiss(struct helpers *h)
{
	atomic_store(&h->j->stop, 1);
	futex_wake(&h->j->taken);
	for (unsigned i = 0; i < MOST_HELPERS; i++) {
		pid_t pid = h->live[i].pid;

		if (!pid)
			continue;
		if (atomic_load(&h->board->posts[i].item) || !helper_reap(pid, 0.05)) {
			kill(pid, SIGKILL);
			if (!helper_reap(pid, 0.005))
				helper_leaves(h, pid);
		}
		h->live[i].pid = 0;
	}
}

int helpers_run(struct helpers *h, const struct helpers_job *job)
{
	size_t size = sizeof(*h->j) + job->n * sizeof(h->j->state[0]), out = 0;
	unsigned parallel = job->parallel ? job->parallel : 1;
	/* items may be done far more often than helpers have to be looked at */
	const double watch_each = 0.005;
	double watch_at = 0;
	int err = 0, failed;

	if (!job->n)
		return 0;
	reap_leaving(h);
	h->j = pool_take(&size);
	if (!h->j) {
		errno = ENOMEM;
		return -1;
	}
	memset(h->j, 0, size);
	h->job = job;
	h->tries = xrealloc(NULL, job->n);
	memset(h->tries, 0, job->n);
	h->patience = patience_first;
	for (unsigned i = 0; i < parallel && i < job->n; i++)
		if (!start(h) && !i)
			err = -1;
	while (!err) {
		uint32_t seen = atomic_load(&h->j->events);
		double left;

		while (out < job->n && !err) {
			uint16_t state = atomic_load(&h->j->state[out]);

			if (state != ITEM_DONE && state != ITEM_LOST)
				break;
			if (job->taken && !job->taken(job->ctx, out, state == ITEM_DONE ? HELPERS_DONE : HELPERS_LOST))
				err = 1;
			out++;
			atomic_fetch_add(&h->j->taken, 1);
			if (atomic_load(&h->j->resting) &&
				atomic_load(&h->j->done) - atomic_load(&h->j->taken) <= job->ahead / 2)
				futex_wake(&h->j->taken);
		}
		if (err || out == job->n)
			break;
		if (h->stop && h->stop()) {
			errno = EINTR;
			err = -1;
			break;
		}
		if (clock_now() >= watch_at) {
			double wait = watch_all(h);

			if (wait < 0) {
				err = -1;
				break;
			}
			watch_at = clock_now() + (wait < watch_each ? wait : watch_each);
		}
		left = watch_at - clock_now();
		atomic_store(&h->j->sleeping, 1);
		if (atomic_load(&h->j->events) == seen && left > 0)
			futex_wait(&h->j->events, seen, left);
		atomic_store(&h->j->sleeping, 0);
	}
	failed = errno;
	dismiss(h);
	/* nobody is left who would touch it: what has not ended is in the kernel for good */
	pool_give(h->j, size);
	errno = failed;
	free(h->tries);
	h->j = NULL;
	h->tries = NULL;
	return err;
}

/* --- rounds --------------------------------------------------------------------------------------------------------- */

const struct helpers_late *helpers_late(struct helpers *h, size_t *n)
{
	*n = h->n_late;
	return h->late;
}

void helpers_round(struct helpers *h)
{
	size_t n = 0;

	reap_leaving(h);
	h->n_waited = 0;
	atomic_store(&h->board->late.n, 0);
	for (size_t i = 0; i < h->n_late; i++) {
		const struct helpers_late kept = h->late[i], *l = &kept;

		if (!l->helper || helper_reap(l->helper, 0))
			continue;
		h->late[n] = *l;
		h->late[n].repeated = false;
		for (size_t k = 0; k < n && l->pid; k++)
			h->late[n].repeated |= h->late[k].pid == l->pid;
		n++;
		if (l->pid)
			refuse(h, l->pid, guard_is_light(l->call));
	}
	h->n_late = n;
}

size_t helpers_free(struct helpers *h, pid_t *one)
{
	double end;
	size_t stuck = 0;

	if (!h)
		return 0;
	/* who is to stop does not wait for what may take a moment more */
	end = clock_now() + (h->stop && h->stop() ? 0.02 : 0.1);
	if (h->asked.pid)
		helper_leaves(h, h->asked.pid);
	for (size_t i = 0; i < h->n_leaving; i++)
		kill(h->leaving[i], SIGKILL);
	for (size_t i = 0; i < h->n_late; i++)
		if (h->late[i].helper)
			helper_leaves(h, h->late[i].helper);
	for (size_t i = 0; i < h->n_leaving; i++) {
		double left = end - clock_now();

		if (helper_reap(h->leaving[i], left > 0 ? left : 0))
			continue;
		*one = h->leaving[i];
		stuck++;
	}
	pool_give(h->board, h->board_size);
	free(h);
	return stuck;
}

const char *helpers_late_text(const struct helpers_late *l, char *buf, size_t size)
{
	const char *waits = guard_waits_for(l->call);

	snprintf(buf, size, "does not answer: %s has waited for %.1f s%s%s%s%s", guard_what(l->call), l->seconds,
		l->where[0] ? " in " : "", l->where, waits ? ", which may wait for " : "", waits ? waits : "");
	return buf;
}
