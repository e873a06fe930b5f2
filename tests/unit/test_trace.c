/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of trace that need no kernel: filters, pairing, the table's arithmetic. */
#include "unit.h"

#include <locale.h>

#include "../../include/summary.h"
#include "tracefilter.h"
#include "tracetext.h"
#include "uapi.h"

/* --- filters ------------------------------------------------------------------------------------------------------------ */

static struct trace_filter filter(const char *a, const char *b)
{
	struct trace_filter f = {0};
	struct arena arena = {0};
	size_t at;

	assert_null(trace_filter_add(&arena, &f, a, &at));
	if (b)
		assert_null(trace_filter_add(&arena, &f, b, &at));
	arena_free(&arena);
	return f;
}

static void filters(void **state)
{
	const struct trace_request r = {.has_sqe = true,
		.has_res = true,
		.opcode = 22,
		.res = -2,
		.ring = 7,
		.path = PATH_IOWQ,
		.submitted = 1000,
		.completed = 6000,
		.sqe.b = {[SQE_FD] = 5}};
	static const struct {
		const char *a, *b;
		bool takes;
	} all[] = {{"op=READ", NULL, true}, {"op=WRITE,NOP", NULL, false}, {"op!=READ", NULL, false},
		{"!op=NOP", NULL, true}, {"!op!=READ", NULL, true}, {"op=OP_22", NULL, true},
		{"op!=NOP", "op!=READ", false}, {"ring=7", NULL, true}, {"ring!=7", NULL, false},
		{"ring=1,7", NULL, true}, {"fd=5", NULL, true}, {"fd=-1", NULL, false}, {"res=error", NULL, true},
		{"res=ok", NULL, false}, {"res!=error", NULL, false}, {"res=ENOENT", NULL, true},
		{"res=-2", NULL, true}, {"res=EAGAIN,ENOENT", NULL, true}, {"res!=ENOENT", NULL, false},
		{"lat>4us", NULL, true}, {"lat>5us", NULL, false}, {"lat<5us", NULL, true},
		{"lat<0.004ms", NULL, false}, {"lat>1us", "lat<1ms", true}, {"path=iowq", NULL, true},
		{"path=inline,poll", NULL, false}, {"path!=iowq", NULL, false}, {"enter", NULL, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct trace_filter f = filter(all[i].a, all[i].b);

		if (trace_filter_takes(&f, &r) != all[i].takes)
			fail_msg("%s %s", all[i].a, all[i].b ? all[i].b : "");
	}
}

static void mistakes(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} all[] = {{"", 0}, {"op", 2}, {"op=", 3}, {"op=READ,RAED", 8}, {"opp=READ", 0}, {"lat=5ms", 3}, {"lat>x", 4},
		{"lat>5", 5}, {"lat>5m", 5}, {"fd=1,x", 5}, {"res=EWHAT", 4}, {"path=iowq,no", 10}, {"op>READ", 2}};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct trace_filter f = {0};
		size_t at = 99;

		if (!trace_filter_add(&a, &f, all[i].text, &at) || at != all[i].at)
			fail_msg("'%s': %zu", all[i].text, at);
	}
	arena_free(&a);
}

/* --- pairing ------------------------------------------------------------------------------------------------------------ */

static struct trace_item got[64];
static size_t n_got;

static void take(void *ctx, const struct trace_item *i)
{
	(void)ctx;
	if (n_got < 64)
		got[n_got++] = *i;
}

/* Entries that the call has taken that is submitting, and how many there were before it. */
static uint32_t taken, before;

static void submit(struct pairing *p, uint64_t time, uint64_t req, uint64_t user_data, uint8_t opcode, uint8_t flags)
{
	struct ev_submit e = {.h = {.type = EV_SUBMIT, .time = time, .ctx = 100, .req = req, .tgid = 1, .tid = 2}};

	e.place = taken++;
	e.sqe[SQE_OPCODE] = opcode;
	e.sqe[SQE_FLAGS] = flags;
	memcpy(e.sqe + SQE_USER_DATA, &user_data, 8);
	pairing_event(p, &e.h, sizeof(e));
}

static void complete(
	struct pairing *p, uint64_t time, uint64_t req, uint64_t user_data, int32_t res, uint32_t cflags, uint8_t flags)
{
	const struct ev_complete e = {
		.h = {.type = EV_COMPLETE, .time = time, .ctx = 100, .req = req, .tgid = 1, .tid = 2},
		.user_data = user_data,
		.res = res,
		.cflags = cflags,
		.has_opcode = req != 0,
		.flags = flags,
		.taking = {before, taken - before}};

	pairing_event(p, &e.h, sizeof(e));
}

static void mark(struct pairing *p, uint32_t type, uint64_t req, uint64_t value)
{
	const struct ev_mark e = {
		.h = {.type = type, .time = 50, .ctx = 100, .req = req, .tgid = 1, .tid = 2}, .value = value};

	pairing_event(p, &e.h, sizeof(e));
}

/* The call is over, that is, nothing is being submitted. */
static void end_call(void)
{
	before = taken;
}

static struct pairing *pairing(bool exact)
{
	n_got = 0;
	taken = before = ~1u; /* counts wrap */
	return pairing_new(exact, true, take, NULL);
}

static void pairs(void **state)
{
	struct pairing *p = pairing(true);

	(void)state;
	/* two requests of one user_data, out of order: each gets its own */
	submit(p, 1000, 1, 0, 22, 0);
	submit(p, 2000, 2, 0, 23, 0);
	complete(p, 5000, 2, 0, 7, 0, 0);
	end_call(); /* what completes after that did not do so in the call that submitted it */
	complete(p, 6000, 1, 0, 8, 0, 0);
	assert_int_equal(n_got, 2);
	assert_int_equal(got[0].r.opcode, 23);
	assert_int_equal(got[0].r.res, 7);
	assert_int_equal(got[0].r.completed - got[0].r.submitted, 3000);
	assert_int_equal(got[0].r.path, PATH_INLINE);
	assert_int_equal(got[1].r.path, PATH_TASK_WORK);
	/* nor does one of an earlier call */
	submit(p, 1, 1, 0, 22, 0);
	submit(p, 2, 2, 0, 22, 0);
	complete(p, 3, 1, 0, 7, 0, 0);
	end_call();
	submit(p, 4, 1, 0, 22, 0);
	complete(p, 5, 2, 0, 7, 0, 0);
	complete(p, 6, 1, 0, 7, 0, 0);
	assert_true(got[2].r.path == PATH_INLINE && got[3].r.path == PATH_TASK_WORK && got[4].r.path == PATH_INLINE);
	n_got = 2;
	/* a worker, a poll */
	submit(p, 1, 3, 1, 22, 0);
	complete(p, 2, 3, 1, 0, 0, COMPLETE_ASYNC | COMPLETE_WORKER);
	submit(p, 1, 3, 2, 22, 0);
	mark(p, EV_POLL, 3, 0);
	complete(p, 2, 3, 2, 0, 0, 0);
	assert_int_equal(n_got, 4);
	assert_int_equal(got[2].r.path, PATH_IOWQ);
	assert_int_equal(got[2].r.worker, 2);
	assert_int_equal(got[3].r.path, PATH_POLL);
	/* multishot: its completions name no request */
	submit(p, 1, 4, 3, 6, 0);
	complete(p, 2, 0, 3, 1, UAPI_CQE_MORE, 0);
	complete(p, 3, 0, 3, 1, UAPI_CQE_MORE, 0);
	complete(p, 4, 4, 3, -125, 0, 0);
	assert_int_equal(n_got, 7);
	assert_true(got[4].r.shot == 1 && got[5].r.shot == 2 && got[6].r.shot == 3);
	/* what posts nothing shows when its place is used again */
	submit(p, 1, 5, 4, 0, UAPI_SQE_CQE_SKIP);
	submit(p, 2, 5, 5, 0, 0);
	assert_int_equal(n_got, 8);
	assert_true(got[7].r.skipped && !got[7].r.has_res);
	/* strangers: submitted before, and of no request at all */
	complete(p, 3, 77, 6, 0, 0, 0);
	complete(p, 3, 0, 7, 0, 0, 0);
	assert_true(n_got == 10 && got[8].r.before && got[9].r.posted);
	/* a chain has one number */
	submit(p, 4, 8, 8, 0, UAPI_SQE_IO_LINK);
	submit(p, 4, 9, 9, 0, 0);
	submit(p, 4, 10, 10, 0, 0);
	pairing_end(p);
	assert_int_equal(n_got, 14);
	for (size_t i = 10; i < 14; i++)
		assert_false(got[i].r.has_res);
	pairing_free(p);
}

/* One that was submitted before the trace is not another of the same user_data. */
static void strangers(void **state)
{
	struct pairing *p = pairing(true);

	(void)state;
	submit(p, 1, 1, 0, 22, 0);
	complete(p, 2, 77, 0, 5, 0, 0);
	complete(p, 3, 1, 0, 7, 0, 0);
	assert_true(n_got == 2 && got[0].r.before && got[0].r.res == 5);
	assert_true(!got[1].r.before && got[1].r.opcode == 22 && got[1].r.res == 7);
	/* but a notification, which has an address of its own */
	submit(p, 4, 1, 0, 47, 0);
	complete(p, 5, 1, 0, 10, UAPI_CQE_MORE, 0);
	complete(p, 6, 78, 0, 0, UAPI_CQE_NOTIF, 0);
	assert_true(n_got == 4 && got[3].r.opcode == 47 && got[3].r.shot == 2 && !got[3].r.before);
	/* a multishot one of before, whose address only its end tells */
	complete(p, 7, 0, 9, 1, UAPI_CQE_MORE, 0);
	complete(p, 8, 79, 9, -125, 0, 0);
	assert_true(n_got == 6 && got[5].r.shot == 2);
	pairing_end(p);
	assert_int_equal(n_got, 6);
	pairing_free(p);
}

/* A path that the kernel has told stands. */
static void told_path(void **state)
{
	struct pairing *p = pairing(true);
	struct ev_complete c = {
		.h = {.type = EV_COMPLETE, .time = 2, .ctx = 100, .req = 1, .tgid = 1, .tid = 2}, .has_opcode = true};

	(void)state;
	submit(p, 1, 1, 0, 22, 0);
	c.path = PATH_POLL + 1;
	pairing_event(p, &c.h, sizeof(c));
	assert_true(n_got == 1 && got[0].r.path == PATH_POLL);
	/* one that there is none of */
	submit(p, 1, 1, 0, 22, 0);
	c.path = 200;
	pairing_event(p, &c.h, sizeof(c));
	assert_true(n_got == 2 && got[1].r.path == PATH_TASK_WORK);
	pairing_free(p);
}

static void named(struct pairing *p, uint64_t ctx, uint64_t ino, bool fresh)
{
	const struct ev_ring e = {.h = {.type = EV_RING, .time = 1, .ctx = ctx}, .ino = ino, .fresh = fresh};

	pairing_event(p, &e.h, sizeof(e));
}

static void close_ring(struct pairing *p, uint64_t ctx)
{
	const struct ev_head e = {.type = EV_CLOSE, .time = 1, .ctx = ctx, .tgid = 1, .tid = 2};

	pairing_event(p, &e, sizeof(e));
}

/* A ring whose id is not known is shown by a number that is none, the same each time; never by that of another. */
static void unknown_rings(void **state)
{
	struct pairing *p = pairing(true);
	struct trace_view v = {.style = {.utf8 = true}};
	struct buf b = {0};

	(void)state;
	submit(p, 1, 1, 0, 0, 0);
	complete(p, 2, 1, 0, 0, 0, 0);
	close_ring(p, 200);
	close_ring(p, 100);
	assert_true(n_got == 3 && !got[0].ring && !got[0].r.ring && !got[1].ring && !got[2].ring);
	assert_true(got[0].ring_unknown == 1 && got[1].ring_unknown == 2 && got[2].ring_unknown == 1);
	trace_line(&b, &v, &got[1]);
	assert_string_equal(b.data, "2 ?2 +++ ring closed +++\n");
	b.len = 0;
	trace_json(&b, &v, &got[1]);
	assert_non_null(strstr(b.data, "\"ring_id\":null,\"ring_unknown\":2"));
	/* what the kernel says is its id, unless it does not know */
	named(p, 100, 77, false);
	close_ring(p, 100);
	named(p, 100, 0, false);
	close_ring(p, 100);
	assert_true(got[3].ring == 77 && !got[3].ring_unknown && got[4].ring == 77);
	/* but another ring may stand where one was */
	named(p, 100, 0, true);
	close_ring(p, 100);
	assert_true(!got[5].ring && got[5].ring_unknown == 3);
	/* what is found at the beginning is known */
	pairing_ring(p, 300, 5, 0);
	close_ring(p, 300);
	assert_true(got[6].ring == 5 && !got[6].ring_unknown);
	buf_free(&b);
	arena_free(&v.scratch);
	pairing_free(p);
}

/* Where rings have no inode of their own they are numbered, and no two alike. */
static void numbered_rings(void **state)
{
	struct pairing *p = pairing(false);

	(void)state;
	pairing_ring(p, 300, 1, 0);
	pairing_ring(p, 400, 2, 0);
	close_ring(p, 100);
	close_ring(p, 300);
	assert_true(got[0].ring == 3 && !got[0].ring_unknown && got[1].ring == 1);
	pairing_free(p);
}

/* Only requests are shown where something is asked for that only these have, unless the rest is, too. */
static void quiet_filters(void **state)
{
	static const struct {
		const char *a, *b;
		bool quiet;
	} all[] = {{"op=READ", NULL, true}, {"fd!=3", NULL, true}, {"res=error", NULL, true}, {"lat>1ms", NULL, true},
		{"path=poll", NULL, true}, {"ring=7", NULL, false}, {"enter", NULL, false}, {"events", NULL, false},
		{"enter", "op=READ", true}, {"op=READ", "events", false}, {"ring=7", "op=READ", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct trace_filter f = filter(all[i].a, all[i].b);

		if (trace_filter_quiet(&f) != all[i].quiet)
			fail_msg("%s %s", all[i].a, all[i].b ? all[i].b : "");
	}
}

/* Where a completion does not name its request, the oldest of its user_data is meant. */
static void approximate(void **state)
{
	struct pairing *p = pairing(false);

	(void)state;
	submit(p, 1000, 1, 5, 22, 0);
	submit(p, 2000, 2, 5, 23, 0);
	complete(p, 3000, 0, 5, 1, 0, 0);
	complete(p, 4000, 0, 5, 2, 0, 0);
	assert_true(n_got == 2 && got[0].r.opcode == 22 && got[1].r.opcode == 23);
	pairing_free(p);
}

/* --- the table ---------------------------------------------------------------------------------------------------------- */

static void percentiles(void **state)
{
	struct summary s = {0};
	struct trace_request r = {.has_res = true, .opcode = 22, .res = 4096, .submitted = 1};

	(void)state;
	for (unsigned i = 1; i < LAT_BUCKETS - 16; i++)
		assert_true(summary_bucket(i) > summary_bucket(i - 1));
	for (uint64_t i = 1; i <= 1000; i++) {
		r.completed = r.submitted + i * 1000;
		summary_count(&s, &r, SUM_BY_OP);
	}
	r.res = -5;
	summary_count(&s, &r, SUM_BY_OP);
	assert_int_equal(s.n, 1);
	assert_true(s.rows[0].c.calls == 1001 && s.rows[0].c.errors == 1 && s.rows[0].c.error[5] == 1);
	assert_int_equal(s.rows[0].c.bytes, 4096000);
	assert_int_equal(s.rows[0].c.max_ns, 1000000);
	/* within an eighth */
	assert_in_range(summary_percentile(&s.rows[0].c, 500), 437500, 562500);
	assert_in_range(summary_percentile(&s.rows[0].c, 990), 866250, 1000000);
	summary_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(pairs),
		cmocka_unit_test(strangers),
		cmocka_unit_test(told_path),
		cmocka_unit_test(unknown_rings),
		cmocka_unit_test(numbered_rings),
		cmocka_unit_test(quiet_filters),
		cmocka_unit_test(approximate),
		cmocka_unit_test(percentiles),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
