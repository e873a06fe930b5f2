/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helper processes whose targets answer, do not answer, or answer late: an item that "reads" one reads a pipe instead. Helpers that
 * are killed and stopped. What is there comes in order, and nothing is waited for longer than it has time.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "helpers.h"
#include "pool.h"
#include "unit.h"

enum { ITEMS = 400 };

/* In shared memory. */
struct work {
	struct {
		int done, refused;
		pid_t by;
		char text[32];
	} item[ITEMS];
	_Atomic int killed;
	_Atomic int stopped;
	/* the caller's */
	size_t next;
	int lost;
};

static int never[2];
static struct arena shared;

static struct work *work_new(void)
{
	struct work *w;

	shared = arena_shared();
	w = arena_alloc(&shared, sizeof(*w));
	return w;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As a read of a process that does not answer. The pid of an item is its number. */
static void silent(struct work *w, size_t i)
{
	char byte;

	if (guard_begin((pid_t)i + 1, GUARD_MAPS)) {
		assert_int_equal(errno, ETIMEDOUT);
		w->item[i].refused++;
		return;
	}
	if (read(never[0], &byte, 1) < 0)
		w->item[i].refused = -1;
	guard_end();
}

static void answers(struct work *w, size_t i)
{
	snprintf(w->item[i].text, sizeof(w->item[i].text), "item %zu", i);
	w->item[i].by = getpid();
	w->item[i].done++;
}

static void all_answer(void *ctx, size_t i)
{
	answers(ctx, i);
}

static void each_third_silent(void *ctx, size_t i)
{
	if (i % 3 == 1)
		silent(ctx, i);
	answers(ctx, i);
}

static void all_silent(void *ctx, size_t i)
{
	silent(ctx, i);
	answers(ctx, i);
}

/* One item that needs several targets, none of which answers: it is done without them all the same. */
static void ten_are_silent(void *ctx, size_t i)
{
	struct work *w = ctx;

	w->item[i].refused = 0;
	for (size_t k = 0; k < 10; k++) {
		char byte;

		if (guard_begin((pid_t)(100 + k), GUARD_MAPS)) {
			w->item[i].refused++;
			continue;
		}
		if (read(never[0], &byte, 1) < 0)
			w->item[i].refused = -1;
		guard_end();
	}
	answers(w, i);
}

static void fourth_dies(void *ctx, size_t i)
{
	struct work *w = ctx;

	if (i == 4 && !w->killed++)
		raise(SIGKILL);
	answers(w, i);
}

static void fourth_always_dies(void *ctx, size_t i)
{
	if (i == 4)
		raise(SIGKILL);
	answers(ctx, i);
}

static void fourth_is_stopped(void *ctx, size_t i)
{
	struct work *w = ctx;

	if (i == 4 && !w->stopped++)
		raise(SIGSTOP);
	answers(w, i);
}

static bool in_order(void *ctx, size_t i, enum helpers_end end)
{
	struct work *w = ctx;

	assert_int_equal(i, w->next);
	w->next++;
	w->lost += end == HELPERS_LOST;
	if (end == HELPERS_DONE) {
		char text[32];

		snprintf(text, sizeof(text), "item %zu", i);
		assert_string_equal(w->item[i].text, text);
	}
	return true;
}

static struct work *run(struct helpers *h, size_t n, void (*item)(void *ctx, size_t i), unsigned parallel, size_t ahead)
{
	struct work *w = work_new();

	assert_int_equal(helpers_run(h, &(struct helpers_job){.n = n,
						.parallel = parallel,
						.ahead = ahead,
						.ctx = w,
						.item = item,
						.taken = in_order}),
		0);
	assert_int_equal(w->next, n);
	return w;
}

static void end(struct helpers *h)
{
	pid_t one;

	arena_free(&shared);
	/* all are killed; those that this machine has not got round to ending by then are told of, and end */
	if (!helpers_free(h, &one)) {
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	for (int i = 0; i < 1000 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		usleep(10000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void one_helper_does_all(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = run(h, ITEMS, all_answer, 0, 0);
	size_t late;

	(void)state;
	for (size_t i = 0; i < ITEMS; i++) {
		assert_int_equal(w->item[i].done, 1);
		assert_int_equal(w->item[i].by, w->item[0].by);
		assert_int_not_equal(w->item[i].by, getpid());
	}
	helpers_late(h, &late);
	assert_int_equal(late, 0);
	end(h);
}

static void several_share(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = run(h, ITEMS, all_answer, 4, 8);

	(void)state;
	for (size_t i = 0; i < ITEMS; i++)
		assert_int_equal(w->item[i].done, 1);
	end(h);
}

/* The silent ones cost their deadline once, not one after the other; and each is done without being asked. */
static void silent_ones_are_passed(void **state)
{
	struct helpers *h = helpers_new(0.5);
	double start = now();
	struct work *w = run(h, 60, each_third_silent, 0, 0);
	const struct helpers_late *l;
	size_t late;
	char text[256];

	(void)state;
	print_message("# 60 items of which 20 are silent for 0.5 s: %.1f s\n", now() - start);
	assert_true(now() - start < 5);
	l = helpers_late(h, &late);
	assert_int_equal(late, 20);
	for (size_t i = 0; i < 60; i++) {
		assert_int_equal(w->item[i].done, 1);
		assert_int_equal(w->item[i].refused, i % 3 == 1);
	}
	for (size_t i = 0; i < late; i++) {
		assert_int_equal((l[i].pid - 1) % 3, 1);
		assert_int_equal(l[i].call, GUARD_MAPS);
		assert_true(l[i].seconds >= 0.5);
	}
	assert_non_null(strstr(helpers_late_text(&l[0], text, sizeof(text)), "/proc/PID/maps"));
	end(h);
}

static void an_item_with_many_silent_targets(void **state)
{
	struct helpers *h = helpers_new(0.1);
	struct work *w = run(h, 1, ten_are_silent, 0, 0);
	size_t late;

	(void)state;
	assert_int_equal(w->lost, 0);
	assert_int_equal(w->item[0].done, 1);
	assert_int_equal(w->item[0].refused, 10);
	helpers_late(h, &late);
	assert_int_equal(late, 10);
	end(h);
}

/* The next round asks them again, for a shorter time. */
static void rounds(void **state)
{
	struct helpers *h = helpers_new(1);
	const struct helpers_late *l;
	double first;
	size_t late;

	(void)state;
	run(h, 4, each_third_silent, 0, 0);
	l = helpers_late(h, &late);
	assert_int_equal(late, 1);
	first = l->seconds;
	helpers_round(h);
	helpers_late(h, &late);
	assert_int_equal(late, 0);
	run(h, 4, each_third_silent, 0, 0);
	l = helpers_late(h, &late);
	assert_int_equal(late, 1);
	assert_true(l->seconds < first);
	end(h);
}

static void two_hundred(void **state)
{
	struct helpers *h = helpers_new(1);
	double start = now();
	struct work *w = run(h, 200, all_silent, 0, 0);
	size_t late;

	(void)state;
	print_message("# 200 that are silent for 1 s: %.1f s\n", now() - start);
	assert_true(now() - start < 15);
	helpers_late(h, &late);
	assert_int_equal(late, 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(w->item[i].done, 1);
	end(h);
}

static void a_helper_dies(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = run(h, 20, fourth_dies, 0, 0);

	(void)state;
	assert_int_equal(w->lost, 0);
	assert_int_equal(w->item[4].done, 1);
	w = run(h, 20, fourth_always_dies, 0, 0);
	assert_int_equal(w->lost, 1);
	assert_int_equal(w->item[4].done, 0);
	assert_int_equal(w->item[19].done, 1);
	end(h);
}

static void a_helper_is_stopped(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = run(h, 20, fourth_is_stopped, 0, 0);

	(void)state;
	assert_int_equal(w->lost, 0);
	assert_int_equal(w->item[4].done, 1);
	assert_int_equal(w->stopped, 2);
	end(h);
}

static void first_is_silent(void *ctx, size_t i)
{
	if (!i)
		silent(ctx, i);
	answers(ctx, i);
}

/* Who has done all that there is room for does what the others wait for, once that has to be done again. */
static void a_silent_one_before_all_there_is_room_for(void **state)
{
	struct helpers *h = helpers_new(0.5);
	double start = now();

	(void)state;
	run(h, ITEMS, first_is_silent, 0, 8);
	printf("# the first of 400 is silent for 0.5 s, with room for 8: %.1f s\n", now() - start);
	assert_true(now() - start < 1.5);
	end(h);
}

static bool until_ten(void *ctx, size_t i, enum helpers_end how)
{
	(void)ctx;
	(void)how;
	return i < 10;
}

static void whoever_asks_can_end_it(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = work_new();

	(void)state;
	assert_int_equal(helpers_run(h,
				 &(struct helpers_job){
					 .n = ITEMS, .ahead = 4, .ctx = w, .item = all_answer, .taken = until_ten}),
		1);
	assert_int_equal(w->item[ITEMS - 1].done, 0);
	end(h);
}

/* Each call on this one comes back, but none of them soon. */
static void always_slow(void *ctx, size_t i)
{
	struct work *w = ctx;

	for (int k = 0; k < 40; k++) {
		if (guard_begin(7, GUARD_MAPS)) {
			w->item[i].refused++;
			break;
		}
		usleep(80000);
		guard_end();
	}
	answers(w, i);
}

static void a_target_has_its_time_once(void **state)
{
	struct helpers *h = helpers_new(0.4);
	double start = now();
	const struct helpers_late *l;
	struct work *w;
	size_t late;

	(void)state;
	w = run(h, 4, always_slow, 0, 0);
	printf("# 160 calls of 0.08 s that have 0.4 s: %.1f s\n", now() - start);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(w->item[i].refused, 1);
	assert_int_equal(w->lost, 0);
	l = helpers_late(h, &late);
	assert_int_equal(late, 1);
	assert_int_equal(l[0].pid, 7);
	assert_true(now() - start < 40 * 0.08);
	end(h);
}

/* A machine without a free processor is not the target's fault: such a helper is as one that is always about to run. */
static void starved(void *ctx, size_t i)
{
	double until = now() + 0.4;

	assert_int_equal(guard_begin(7, GUARD_MAPS), 0);
	while (now() < until)
		sched_yield();
	guard_end();
	answers(ctx, i);
}

static void who_waits_for_a_processor_is_not_late(void **state)
{
	struct helpers *h = helpers_new(0.1);
	cpu_set_t before, one;
	pid_t rival[20];
	size_t late;

	(void)state;
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &before))
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (size_t i = 0; i < 20; i++) {
		rival[i] = fork();
		if (!rival[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				;
		}
	}
	run(h, 2, starved, 0, 0);
	helpers_late(h, &late);
	assert_int_equal(late, 0);
	for (size_t i = 0; i < 20; i++) {
		kill(rival[i], SIGKILL);
		waitpid(rival[i], NULL, 0);
	}
	sched_setaffinity(0, sizeof(before), &before);
	end(h);
}

static double stop_at;

static bool time_to_stop(void)
{
	return now() >= stop_at;
}

static void ask_silent(void *ctx)
{
	silent(ctx, 0);
}

static void whoever_is_to_stop_waits_for_nobody(void **state)
{
	struct helpers *h = helpers_new(5);
	struct work *w = work_new();

	(void)state;
	helpers_stop_if(h, time_to_stop);
	stop_at = now() + 0.1;
	assert_int_equal(helpers_run(h, &(struct helpers_job){.n = ITEMS, .ctx = w, .item = all_silent}), -1);
	assert_int_equal(errno, EINTR);
	assert_true(now() - stop_at < 1);
	stop_at = now() + 0.1;
	assert_int_equal(helpers_ask(h, ask_silent, w), -1);
	assert_int_equal(errno, EINTR);
	assert_true(now() - stop_at < 1);
	/* and nothing is begun from then on */
	assert_int_equal(helpers_ask(h, ask_silent, w), -1);
	end(h);
}

/* What a helper holds: no standard descriptors of ours, none that the program was started with. */
static void look_at_itself(void *ctx, size_t i)
{
	struct work *w = ctx;
	char link[64] = "";

	(void)i;
	if (readlink("/proc/self/fd/1", link, sizeof(link) - 1) < 0)
		link[0] = '\0';
	w->item[0].done = !strcmp(link, "/dev/null");
	w->item[1].done = fcntl(never[1], F_GETFD) < 0;
	w->item[2].done = getsid(0) == getpid();
	w->item[3].done = (int)getppid();
}

static void a_helper_holds_nothing(void **state)
{
	struct helpers *h = helpers_new(1);
	struct work *w = work_new();

	(void)state;
	helpers_keep_not(never[1]);
	assert_int_equal(helpers_run(h, &(struct helpers_job){.n = 1, .ctx = w, .item = look_at_itself}), 0);
	assert_int_equal(w->item[0].done, 1);
	assert_int_equal(w->item[1].done, 1);
	assert_int_equal(w->item[2].done, 1);
	assert_int_equal(w->item[3].done, getpid());
	end(h);
}

/* Blocks that several processes take and give back at once are never two's. */
static void pool_is_shared(void **state)
{
	enum { PROCESSES = 4, ROUNDS = 20000, HELD = 16 };

	(void)state;
	assert_int_equal(pool_open(), 0);
	for (int p = 0; p < PROCESSES; p++) {
		if (fork())
			continue;
		unsigned seed = (unsigned)p;
		struct {
			uint64_t *block;
			size_t size;
		} held[HELD] = {0};

		for (int i = 0; i < ROUNDS; i++) {
			int k = rand_r(&seed) % HELD;

			if (held[k].block) {
				if (held[k].block[1] != (uint64_t)p << 32 || held[k].block[2] != (uint64_t)k)
					_exit(1);
				pool_give(held[k].block, held[k].size);
			}
			held[k].size = (size_t)1 << (12 + rand_r(&seed) % 6);
			held[k].block = pool_take(&held[k].size);
			if (!held[k].block)
				_exit(2);
			held[k].block[1] = (uint64_t)p << 32;
			held[k].block[2] = (uint64_t)k;
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status = -1;

		wait(&status);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_is_shared),
		cmocka_unit_test(one_helper_does_all),
		cmocka_unit_test(several_share),
		cmocka_unit_test(silent_ones_are_passed),
		cmocka_unit_test(an_item_with_many_silent_targets),
		cmocka_unit_test(a_silent_one_before_all_there_is_room_for),
		cmocka_unit_test(rounds),
		cmocka_unit_test(two_hundred),
		cmocka_unit_test(a_helper_dies),
		cmocka_unit_test(a_helper_is_stopped),
		cmocka_unit_test(whoever_asks_can_end_it),
		cmocka_unit_test(a_target_has_its_time_once),
		cmocka_unit_test(who_waits_for_a_processor_is_not_late),
		cmocka_unit_test(whoever_is_to_stop_waits_for_nobody),
		cmocka_unit_test(a_helper_holds_nothing),
	};

	if (pipe(never))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
