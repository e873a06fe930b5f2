/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots to JSON and back, documents that somebody else wrote, and what is drawn from a snapshot. */
#include "unit.h"

#include <locale.h>

#include "budget.h"
#include "render.h"
#include "snapjson.h"
#include "uapi.h"

static struct snap_num num(uint64_t v)
{
	return (struct snap_num){true, v};
}

/* A ring with something in every place. */
/* One of everything. */
static void registered(struct arena *a, struct snap_registered *g)
{
	g->known = g->files_known = g->buffers_known = g->groups_known = g->personalities_known = g->zcrx_known = true;
	g->nr_files = num(4);
	g->files_cut = num(1);
	g->files = arena_alloc(a, sizeof(*g->files));
	g->files[g->n_files++] = (struct snap_file){3, "/a\nb"};
	g->nr_buffers = num(1);
	g->buffers = arena_alloc(a, sizeof(*g->buffers));
	g->buffers[g->n_buffers++] = (struct snap_buffer){0, UINT64_MAX, 1ull << 40, SNAP_YES, SNAP_NO};
	g->groups = arena_alloc(a, 2 * sizeof(*g->groups));
	g->groups[g->n_groups++] = (struct snap_group){65535, true, num(64), num(0), false, SNAP_YES, SNAP_NO};
	g->groups[g->n_groups++] = (struct snap_group){.group = 1, .available = num(32), .at_least = true};
	g->personalities = arena_alloc(a, sizeof(*g->personalities));
	g->personalities[g->n_personalities++] = (struct snap_personality){1, 2, 3, 1ull << 63};
	g->eventfd = (struct snap_eventfd){true, true, SNAP_UNKNOWN, SNAP_YES};
	g->napi = "enabled (static)";
	g->napi_settings = (struct snap_napi){.known = true, .busy_poll_us = num(50), .prefer_busy_poll = SNAP_NO};
	g->napi_settings.ids = arena_alloc(a, sizeof(uint32_t));
	g->napi_settings.ids[g->napi_settings.n_ids++] = UINT32_MAX;
	g->zcrx = arena_alloc(a, sizeof(*g->zcrx));
	g->zcrx[g->n_zcrx++] = (struct snap_zcrx){1, 2, 4096, "eth0"};
	g->iowq_limits = (struct snap_iowq_limits){.known = true, .bounded = num(0), .unbounded = num(7)};
	g->memlock = (struct snap_memlock){.known = true, .limited = SNAP_NO, .mm_bytes = num(4096)};
}

static void in_flight(struct arena *a, struct snap_ring *r)
{
	struct snap_request *q = arena_alloc(a, 3 * sizeof(*q));
	struct snap_worker *w = arena_alloc(a, sizeof(*w));

	r->inflight = (struct snap_inflight){.known = true, .count = num(9), .unknown = num(7), .cut = num(2)};
	r->inflight.requests = q;
	r->inflight.n_requests = 3;
	q[2] = (struct snap_request){.opcode = 27, .name = "RECV", .where = "poll", .force_async = true, .n_fds = 2};
	q[2].fds = arena_alloc(a, 2 * sizeof(*q[2].fds));
	q[2].fds[1] = UINT32_MAX;
	q[2].fixed_slot = num(7);
	q[2].fd_inferred = true;
	q[0] = (struct snap_request){.opcode = 6, .name = "POLL_ADD", .where = "poll"};
	q[1] = (struct snap_request){.opcode = 11,
		.name = "TIMEOUT",
		.where = "timeout",
		.user_data = num(UINT64_MAX),
		.tid = num(4022),
		.flags_known = true,
		.chain = num(1),
		.position = num(0),
		.age_ns = num(1),
		.due_ns = num((uint64_t)-5)};
	snap_add_name(a, &q[1].flags, "IO_LINK");
	*w = (struct snap_worker){.tid = 4031, .bounded = SNAP_NO, .state = "blocked", .wchan = "pipe_read"};
	w->request = (struct snap_running){true, true, 22, "READ", 0x77};
	snap_add_name(a, &w->stack, "pipe_read+0x1/0x2");
	r->workers = (struct snap_workers){.known = true, .threads_known = true, .threads = w, .n_threads = 1};
	r->workers.bounded = (struct snap_pool){true, 1, 0, 8, 3};
}

static struct snap_ring sample(struct arena *a)
{
	struct snap_ring r = {.id = 7651, .setup_known = true, .moved = true};
	struct sqe sqe = {.known = ~0ull};
	struct peek none = {0};
	struct snap_holder *h = arena_alloc(a, 2 * sizeof(*h));

	r.setup_names = snap_flag_names(a, &uapi_setup_flags, 2 | 1u << 30);
	sqe.b[SQE_OPCODE] = 22;
	sqe.b[SQE_FLAGS] = 4;
	memset(sqe.b + SQE_USER_DATA, 0xff, 8);
	r.sq = (struct snap_sq){.entries = num(64),
		.head = num(0xffffffff),
		.tail = num(1),
		.kernel_head = num(3),
		.sqe_size = num(64),
		.pending_known = true,
		.flags_known = true};
	r.sq.flags = snap_flag_names(a, &uapi_sq_ring_flags, 1);
	r.sq.pending = arena_alloc(a, 2 * sizeof(*r.sq.pending));
	r.sq.n_pending = 2;
	r.sq.pending[0] = (struct snap_sqe){num(0xffffffff), num(63), true, {0}};
	sqe_decode(a, &sqe, &none, &r.sq.pending[0].f);
	r.sq.pending[0].f.file = "/etc/\xff\\pass\nwd";
	r.sq.pending[1] = (struct snap_sqe){num(0), num(99), false, {0}};
	r.cq = (struct snap_cq){
		.entries = num(128), .head = num(0), .tail = num(1), .kernel_tail = num(1), .unreaped_known = true};
	r.cq.unreaped = arena_alloc(a, sizeof(*r.cq.unreaped));
	r.cq.unreaped[0] = (struct snap_cqe){num(0), UINT64_MAX, INT32_MIN, 1 | 65535u << 16, true, {1, UINT64_MAX}};
	r.cq.n_unreaped = 1;
	r.owner = (struct snap_owner){.known = true,
		.mm = "mm1",
		.pid = num(4022),
		.uid = num(1000),
		.comm = "no\033de",
		.exe = "/usr/bin/node",
		.sq_creds = {true, 1000, 1001, UINT64_MAX}};
	h[0] = (struct snap_holder){
		.pid = 4022, .comm = "node", .uid = num(1000), .mapped = SNAP_YES, .same_mm = SNAP_YES};
	h[0].fds = arena_alloc(a, sizeof(int32_t));
	h[0].fds[0] = 13;
	h[0].n_fds = 1;
	h[1] = (struct snap_holder){
		.pid = 4030, .comm = "a \"b\"", .mapped = SNAP_NO, .registered = SNAP_NO, .same_mm = SNAP_NO};
	r.holders = h;
	r.n_holders = 2;
	r.sqpoll = (struct snap_sqpoll){.known = true,
		.active = true,
		.tid = num(4026),
		.cpu = num(1),
		.total_us = num(1ull << 52),
		.work_us = num(1),
		.comm = "iou-sqp-4022",
		.state = "sleeping",
		.need_wakeup = SNAP_YES};
	registered(a, &r.registered);
	in_flight(a, &r);
	r.restrictions = (struct snap_restrictions){.known = true,
		.registered = true,
		.sqe_limited = true,
		.register_limited = true,
		.ring_disabled = SNAP_YES};
	snap_add_name(a, &r.restrictions.sqe_ops, "READ");
	snap_add_name(a, &r.restrictions.register_ops, "ENABLE_RINGS");
	r.hidden = SNAP_YES;
	r.disagreements = arena_alloc(a, sizeof(*r.disagreements));
	r.disagreements[r.n_disagreements++] = (struct snap_disagreement){"sqpoll.tid", "1", "2"};
	snap_add_name(a, &r.inferred, "owner");
	snap_add_reason(a, &r, "restrictions", "because");
	snap_add_reason(a, &r, "cq.overflowed", "because");
	return r;
}

static char *document(const struct snap_ring *r, struct buf *b)
{
	struct snap_head h = {
		"uringctl 0.1.0", "2026-11-23T20:01:02.123456Z", "6.18.44", true, true, true, false, "EPERM: no"};
	struct snap_skip skip = {num(1), {0}, "EPERM", false};
	struct snap_thread thread = {7, 8, "p\x1b", "iou-wrk-7", "worker", "blocked", NULL, num(5), "READ"};
	struct snap_threads threads = {true, &thread, 1};

	b->len = 0;
	snap_json_begin(b, &h);
	snap_json_ring(b, r, true);
	snap_json_end(b, &skip, 1, &threads);
	return b->data;
}

static void there_and_back(void **state)
{
	struct arena a = {0};
	struct snap_ring r = sample(&a);
	struct snap_doc doc;
	struct buf b = {0}, again = {0};

	(void)state;
	document(&r, &b);
	assert_null(snap_json_read(&a, b.data, b.len, &doc));
	assert_int_equal(doc.n_rings, 1);
	assert_int_equal(doc.n_skipped, 1);
	assert_int_equal(doc.skipped[0].pid.v, 1);
	assert_true(doc.threads.known);
	assert_int_equal(doc.threads.n, 1);
	assert_int_equal(doc.threads.v[0].tid, 8);
	assert_string_equal(doc.threads.v[0].comm, "p\x1b");
	assert_string_equal(doc.threads.v[0].opcode, "READ");
	assert_null(doc.threads.v[0].wchan);
	assert_string_equal(doc.head.release, "6.18.44");
	assert_true(doc.head.btf && doc.head.proc && !doc.head.kernel);
	document(&doc.rings[0], &again);
	assert_string_equal(b.data, again.data);
	/* no bit and no byte was lost */
	assert_true(doc.rings[0].sq.pending[0].f.user_data == UINT64_MAX);
	assert_string_equal(doc.rings[0].sq.pending[0].f.file, "/etc/\xff\\pass\nwd");
	assert_string_equal(doc.rings[0].owner.comm, "no\033de");
	assert_int_equal(doc.rings[0].cq.unreaped[0].res, INT32_MIN);
	assert_int_equal(doc.rings[0].cq.unreaped[0].flags, 1 | 65535u << 16);
	assert_false(doc.rings[0].sq.dropped.known);
	assert_false(doc.rings[0].sq.pending[1].in_range);
	assert_int_equal(doc.rings[0].holders[1].same_mm, SNAP_NO);
	assert_int_equal(doc.rings[0].holders[0].registered, SNAP_UNKNOWN);
	buf_free(&b);
	buf_free(&again);
	arena_free(&a);
}

/* Every prefix is refused; no change of a byte does harm. */
static void cut_and_broken(void **state)
{
	struct arena a = {0};
	struct snap_ring r = sample(&a);
	struct buf b = {0};

	(void)state;
	document(&r, &b);
	for (size_t n = 0; n + 2 < b.len; n++) {
		struct arena tmp = {0};
		struct snap_doc doc;

		assert_non_null(snap_json_read(&tmp, b.data, n, &doc));
		arena_free(&tmp);
	}
	for (size_t i = 0; i < b.len; i++) {
		struct arena tmp = {0};
		struct snap_doc doc;
		char was = b.data[i];

		for (const char *p = "\"0{}[],n-x"; *p; p++) {
			b.data[i] = *p;
			snap_json_read(&tmp, b.data, b.len, &doc);
		}
		b.data[i] = was;
		arena_free(&tmp);
	}
	buf_free(&b);
	arena_free(&a);
}

static void foreign_documents(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"", "no JSON"},
		{"null", "no dump"},
		{"[]", "no dump"},
		{"{\"format\": \"other\"}", "no dump"},
		{"{\"format\": \"uringctl-dump\"}", "without a version"},
		{"{\"format\": \"uringctl-dump\", \"version\": 2}", "version 2"},
		{"{\"format\": \"uringctl-dump\", \"version\": 1}", "without a list"},
		{"{\"format\": \"uringctl-dump\", \"version\": 1, \"rings\": [3, null, {}, {\"sq\": [], \"holders\": "
		 "[[1]], \"owner\": {}}]}",
			NULL},
		{"{\"format\": \"uringctl-dump\", \"version\": 1, \"rings\": [{\"sq\": {\"entries\": 1e300, "
		 "\"pending\": [1, {\"args\": "
		 "{\"a\": -1e300}, \"decoded\": {\"a\": [[[]]]}}]}, \"unavailable\": {\"x\": 1}}]}",
			NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = {0};
		struct snap_doc doc;
		struct buf b = {0};
		struct style plain = {0};
		const char *why = snap_json_read(&a, rows[i].text, strlen(rows[i].text), &doc);

		if (rows[i].why) {
			assert_non_null(why);
			assert_non_null(strstr(why, rows[i].why));
		} else {
			assert_null(why);
			for (size_t k = 0; k < doc.n_rings; k++) {
				render_ring(&b, &plain, &doc.rings[k]);
				snap_json_ring(&b, &doc.rings[k], true);
			}
		}
		buf_free(&b);
		arena_free(&a);
	}
}

static void text_of_a_ring(void **state)
{
	struct arena a = {0};
	struct snap_ring r = sample(&a);
	struct style plain = {.utf8 = true};
	struct buf b = {0};

	(void)state;
	render_ring(&b, &plain, &r);
	assert_non_null(strstr(b.data, "ring 7651  no\\x1bde (pid 4022)\n"));
	assert_non_null(strstr(b.data, "entries 64, head 4294967295, tail 1: 2 pending, kernel head 3, dropped ?"));
	assert_non_null(
		strstr(b.data, "READ(0</etc/\\xff\\\\pass\\nwd>, addr=0x0, len=0, offset=0, rw_flags=0) flags=IO_LINK "
			       "user_data=0xffffffffffffffff\n"));
	assert_non_null(strstr(b.data, "the SQ array names slot 99, which there is not"));
	assert_non_null(strstr(b.data, "flags=BUFFER buffer=65535 extra=[0x1, 0xffffffffffffffff]"));
	assert_non_null(strstr(b.data, "another address space than the owner's"));
	assert_non_null(strstr(
		b.data, "hint      2 entries not submitted: SQPOLL asleep, NEED_WAKEUP set, and no io_uring_enter"));
	assert_non_null(strstr(b.data, "not read  restrictions, cq (overflowed): because\n"));
	assert_null(strchr(b.data, '\033'));
	buf_free(&b);
	arena_free(&a);
}

static size_t longest_line(const char *s)
{
	size_t most = 0;

	for (const char *nl; (nl = strchr(s, '\n')); s = nl + 1)
		if ((size_t)(nl - s) > most)
			most = (size_t)(nl - s);
	return most;
}

static void list_fits(void **state)
{
	struct arena a = {0};
	struct snap_ring r = sample(&a);

	(void)state;
	for (size_t width = 0; width < 200; width++) {
		struct style st = {.width = width}; /* ASCII: a byte is a column */
		struct table *t = table_new();
		struct buf b = {0};

		table_ring(t, &st, &r);
		table_print(t, &b, &st);
		assert_true(!width || longest_line(b.data) <= width);
		if (!width || width >= 120) {
			assert_non_null(strstr(b.data, "4022:13 a\\x20\"b\"(4030):mapped!mm"));
			assert_non_null(strstr(b.data, "SQPOLL|0x40000000"));
		}
		if (width == 80) {
			assert_non_null(strstr(b.data, "7651"));
			assert_non_null(strstr(b.data, "2/64"));
			assert_non_null(strstr(b.data, "1/128"));
			assert_non_null(strstr(b.data, "4026 asleep"));
		}
		table_free(t);
		buf_free(&b);
	}
	arena_free(&a);
}

static void colours(void **state)
{
	struct arena a = {0};
	struct snap_ring r = sample(&a);
	struct style st = {.color = true, .utf8 = true};
	struct buf b = {0};

	(void)state;
	render_ring(&b, &st, &r);
	/* every escape is one of ours, and each is undone */
	for (const char *p = b.data; (p = strchr(p, '\033')); p++)
		assert_true(p[1] == '[' && strchr(p, 'm') - p <= 4);
	assert_string_equal(b.data + b.len - 5, "\033[0m\n");
	buf_free(&b);
	arena_free(&a);
}

/* A ring of which no list is short. */
enum { MANY = 5000 };
static struct snap_ring long_ring(struct arena *a)
{
	struct snap_ring r = sample(a);
	struct snap_sqe e = r.sq.pending[0];
	struct snap_cqe c = r.cq.unreaped[0];
	struct snap_request q = r.inflight.requests[0];

	r.sq.pending = arena_alloc(a, MANY * sizeof(e));
	r.cq.unreaped = r.cq.overflowed = arena_alloc(a, MANY * sizeof(c));
	r.inflight.requests = arena_alloc(a, MANY * sizeof(q));
	r.registered.files = arena_alloc(a, MANY * sizeof(*r.registered.files));
	for (uint32_t i = 0; i < MANY; i++) {
		r.sq.pending[i] = e;
		r.cq.unreaped[i] = c;
		r.inflight.requests[i] = q;
		r.registered.files[i] = (struct snap_file){i, "/a/file"};
	}
	r.sq.n_pending = r.cq.n_unreaped = r.cq.n_overflowed = r.inflight.n_requests = r.registered.n_files = MANY;
	r.cq.overflowed_known = true;
	r.sq.followed = num(7);
	snap_add_reason(a, &r, "sq.pending.followed", "it was too much");
	return r;
}

static struct buf written;
static size_t most;
static int puts_left;

static int put(struct buf *b)
{
	if (!puts_left--)
		return -1;
	most = b->len > most ? b->len : most;
	buf_put(&written, b->data, b->len);
	b->len = 0;
	return 0;
}

/* r as it is written out with a limit for each ring: text, or a document. Stands in written. */
static void write_out(const struct snap_ring *r, bool json, size_t max)
{
	struct buf_out out = {.put = put, .max = max};
	struct buf b = {.out = &out};
	struct style st = {.utf8 = true};

	written.len = most = 0;
	puts_left = -1;
	if (json)
		document(r, &b);
	else
		render_ring(&b, &st, r);
	put(&b);
	buf_free(&b);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void pieces(void **state)
{
	struct arena a = {0};
	struct snap_ring r = long_ring(&a);
	struct style st = {.utf8 = true};
	struct buf whole = {0};

	(void)state;
	/* no list of it ever stands in memory whole, and no byte of it is another */
	document(&r, &whole);
	write_out(&r, true, 0);
	assert_int_equal(written.len, whole.len);
	assert_memory_equal(written.data, whole.data, whole.len);
	assert_in_range(most, 65536, 75000);
	whole.len = 0;
	render_ring(&whole, &st, &r);
	write_out(&r, false, 0);
	assert_int_equal(written.len, whole.len);
	assert_memory_equal(written.data, whole.data, whole.len);
	assert_in_range(most, 65536, 75000);
	/* a limit that is far away changes nothing */
	write_out(&r, false, 1 << 30);
	assert_int_equal(written.len, whole.len);
	assert_int_equal(count_of(written.data, " more"), count_of(whole.data, " more"));
	buf_free(&whole);
	buf_free(&written);
	arena_free(&a);
}

static void cut_short(void **state)
{
	static const char *const sections[] = {
		"sq.pending", "cq.unreaped", "cq.overflowed", "registered.files", "inflight.requests"};
	static const size_t limits[] = {1, 1000, 50000, 300000};
	struct arena a = {0};
	struct snap_ring r = long_ring(&a);
	struct snap_doc doc, again;

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct snap_ring *back;
		size_t n[5];

		/* what is left out is counted, and what is there is a document */
		write_out(&r, true, limits[i]);
		assert_true(written.len < limits[i] + 20000);
		assert_null(snap_json_read(&a, written.data, written.len, &doc));
		back = &doc.rings[0];
		n[0] = back->sq.n_pending;
		n[1] = back->cq.n_unreaped;
		n[2] = back->cq.n_overflowed;
		n[3] = back->registered.n_files;
		n[4] = back->inflight.n_requests;
		for (size_t k = 0; k < 5; k++) {
			assert_int_equal(n[k] + snap_cut_of(back, sections[k]), MANY);
			assert_true(limits[i] < 300000 || n[k] > 10);
		}
		assert_int_equal(back->sq.followed.v, 7);
		/* written once more, with less room or with enough, it is still known */
		write_out(back, true, limits[i] / 4 + 1);
		assert_null(snap_json_read(&a, written.data, written.len, &again));
		assert_int_equal(again.rings[0].sq.n_pending + snap_cut_of(&again.rings[0], "sq.pending"), MANY);
		write_out(back, true, 0);
		assert_null(snap_json_read(&a, written.data, written.len, &again));
		for (size_t k = 0; k < 5; k++)
			assert_int_equal(n[k] + snap_cut_of(&again.rings[0], sections[k]), MANY);
		/* and said in text: of a ring, and of a file */
		write_out(&r, false, limits[i]);
		assert_in_range(count_of(written.data, "--max-text"), limits[i] < 50000 ? 5 : 3, 20);
		assert_int_equal(count_of(written.data, "it was too much"), limits[i] < 50000 ? 1 : 2);
		write_out(back, false, 0);
		assert_in_range(count_of(written.data, "left out when it was written"), 5, 20);
	}
	/* a section that was cut, by a name that is none */
	assert_int_equal(snap_cut_of(&doc.rings[0], "sq"), 0);
	buf_free(&written);
	arena_free(&a);
}

/* Nothing more is made of a ring when nobody reads it. */
static void nobody_reads(void **state)
{
	struct arena a = {0};
	struct snap_ring r = long_ring(&a);
	struct style st = {0};

	(void)state;
	for (int json = 0; json < 2; json++) {
		struct buf_out out = {.put = put};
		struct buf b = {.out = &out};

		written.len = 0;
		puts_left = 1;
		if (json)
			snap_json_ring(&b, &r, true);
		else
			render_ring(&b, &st, &r);
		assert_true(out.failed);
		assert_int_equal(puts_left, -1);
		/* what is left are the lines between the lists */
		assert_true(b.cap <= 131072 && b.len < 20000);
		buf_free(&b);
	}
	buf_free(&written);
	arena_free(&a);
}

static void budgets(void **state)
{
	struct arena a = {0};
	struct budget b;

	(void)state;
	budget_start(&b, 1000);
	assert_true(budget_take(&b, 1)); /* counts as BUDGET_LEAST */
	assert_true(budget_again(&b, 1));
	assert_int_equal(b.left, 1000 - BUDGET_LEAST - 1);
	assert_false(budget_take(&b, 1000));
	/* once it was too much, nothing more is followed */
	assert_true(b.spent && !b.late);
	assert_false(budget_take(&b, 1) || budget_again(&b, 0));
	assert_non_null(strstr(budget_why(&b, &a), "1000 bytes"));
	assert_non_null(strstr(budget_why(&b, &a), "--max-memory"));
	/* by time */
	budget_start(&b, 1000);
	assert_true(b.seconds >= 1);
	b.started -= 2;
	assert_false(budget_take(&b, 1));
	assert_true(b.spent && b.late);
	assert_non_null(strstr(budget_why(&b, &a), "--max-memory"));
	/* more bytes, more time; none, no end */
	budget_start(&b, 10 * BUDGET_BYTES);
	assert_true(b.seconds > 9);
	budget_start(&b, 0);
	b.started -= 1e6;
	assert_true(budget_take(&b, SIZE_MAX) && budget_take(&b, SIZE_MAX));
	arena_free(&a);
}

/* Is there a hint with these words? */
static bool hinted(const struct snap_ring *r, const char *words)
{
	struct arena a = {0};
	const struct snap_hint *h;
	bool is = false;

	for (size_t n = snap_hints(&a, r, &h), i = 0; i < n; i++)
		is |= strstr(h[i].text, words) != NULL;
	arena_free(&a);
	return is;
}

/* Whoever holds a ring submits with its own credentials, but for SQPOLL. */
static void foreign_holders(void **state)
{
	struct snap_holder holders[] = {{.pid = 1, .same_mm = SNAP_YES}, {.pid = 2, .same_mm = SNAP_NO}};
	struct snap_ring r = {.holders = holders, .n_holders = 2, .sqpoll = {.known = true}};

	(void)state;
	assert_false(hinted(&r, "credentials"));
	r.sqpoll.active = true;
	r.sqpoll.state = "sleeping";
	assert_true(hinted(&r, "credentials"));
	r.sqpoll.state = "died";
	assert_false(hinted(&r, "credentials"));
	r.sqpoll.state = "running";
	r.n_holders = 1;
	assert_false(hinted(&r, "credentials"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(cut_and_broken),
		cmocka_unit_test(foreign_documents),
		cmocka_unit_test(text_of_a_ring),
		cmocka_unit_test(list_fits),
		cmocka_unit_test(colours),
		cmocka_unit_test(pieces),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(budgets),
		cmocka_unit_test(foreign_holders),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
