/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screens of uringtop, drawn from recorded snapshots and compared with tests/tui/screens; UPDATE_SCREENS=1 writes those anew, to be
 * looked at before they are kept. And the parts that a screen is made of.
 */
#include "unit.h"

#include <errno.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/tui/tui.h"
#include "cmd.h"

static struct frame *load(int n)
{
	struct frame *f = frame_new(false);
	char path[64];
	const char *why;

	snprintf(path, sizeof(path), "tests/unit/snap/%d.json", n);
	why = read_document(&f->arena, path, &f->doc);
	if (why)
		fail_msg("%s: %s", path, why);
	f->at = frame_time(f->doc.head.time);
	return f;
}

static struct top *new_top(void)
{
	struct top_options o = {.utf8 = true};

	config_default(&o.config);
	return top_new(&o);
}

/* A screen that has seen the recorded frames up to this one. */
static struct top *seen(int frames)
{
	struct top *t = new_top();

	for (int i = 1; i <= frames; i++)
		top_frame(t, load(i));
	return t;
}

static void draw(struct top *t, struct grid *g, int cols, int rows)
{
	grid_clear(g, rows, cols);
	top_draw(t, g);
}

/* --- screens -------------------------------------------------------------------------------------------------------- */

/* The looks of a row: a letter for each cell that has one. */
static void looks(const struct grid *g, int y, struct buf *b)
{
	for (int x = 0; x < g->cols; x++) {
		unsigned look = grid_at((struct grid *)(uintptr_t)g, y, x)->look;

		buf_putc(b, look & LOOK_REVERSE ? 'R' : look & LOOK_DIM ? 'd' : "-HnNgwbd"[look & 7]);
	}
	buf_putc(b, '\n');
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 18);

	if (f) {
		if (!fread(text, 1, (1 << 18) - 1, f))
			*text = '\0';
		fclose(f);
	}
	return text;
}

static void compare(const char *name, struct top *t, int cols, int rows, bool with_looks)
{
	struct grid g = {0};
	struct buf b = {0};
	char path[128], *expected;
	FILE *f;

	draw(t, &g, cols, rows);
	for (int y = 0; y < rows; y++) {
		size_t start = b.len;

		grid_row(&g, y, &b);
		buf_puts(&b, "");
		assert_true(grid_width(b.data + start) <= cols);
		buf_putc(&b, '\n');
	}
	for (int y = 0; with_looks && y < rows; y++)
		looks(&g, y, &b);
	snprintf(path, sizeof(path), "tests/tui/screens/%s-%dx%d.txt", name, cols, rows);
	if (getenv("UPDATE_SCREENS")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(b.data, f);
		fclose(f);
	}
	expected = read_text(path);
	if (strcmp(expected, b.data) != 0) {
		printf("# %s: expected\n%s# got\n%s", path, expected, b.data);
		fail_msg("%s differs", path);
	}
	free(expected);
	buf_free(&b);
	grid_free(&g);
}

static const int sizes[][2] = {{50, 12}, {80, 24}, {120, 40}, {200, 60}};

static void keys(struct top *t, const int *k)
{
	struct grid g = {0};

	draw(t, &g, 80, 24);
	for (; *k; k++) {
		top_key(t, *k);
		draw(t, &g, 80, 24);
	}
	grid_free(&g);
}
#define KEYS(t, ...) keys(t, (const int[]){__VA_ARGS__, 0})

static void type(struct top *t, const char *s)
{
	for (; *s; s++)
		top_key(t, *s);
}

static void screens_of_all_rings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct top *t = seen(3);

		compare("rings", t, sizes[i][0], sizes[i][1], sizes[i][0] == 80);
		KEYS(t, 't');
		compare("tree", t, sizes[i][0], sizes[i][1], false);
		top_free(t);
		t = seen(4);
		KEYS(t, 'g');
		compare("ended", t, sizes[i][0], sizes[i][1], sizes[i][0] == 80);
		top_free(t);
	}
}

static void screens_over_the_list(void **state)
{
	struct top *t = seen(2);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		KEYS(t, '?');
		compare("help", t, sizes[i][0], sizes[i][1], false);
		KEYS(t, K_ESC, K_F0 + 2);
		compare("setup", t, sizes[i][0], sizes[i][1], false);
		KEYS(t, K_ESC, K_F0 + 6);
		compare("sort", t, sizes[i][0], sizes[i][1], false);
		KEYS(t, K_ESC, ' ');
	}
	type(t, "\\node");
	compare("filter", t, 80, 24, false);
	KEYS(t, K_ENTER, 'd');
	compare("delay", t, 80, 24, false);
	top_free(t);
	/* a name with blanks is found by them, however it is shown */
	t = seen(2);
	type(t, "\\) R 1");
	KEYS(t, K_ENTER);
	assert_int_equal(t->rows.n, 1);
	top_free(t);
}

/* Opens the ring whose row has a word. */
static void open_ring(struct top *t, const char *word)
{
	struct grid g = {0};

	draw(t, &g, 200, 60);
	top_key(t, '/');
	type(t, word);
	top_key(t, K_ENTER);
	draw(t, &g, 200, 60);
	top_key(t, K_ENTER);
	draw(t, &g, 200, 60);
	grid_free(&g);
}

static void screens_of_one_ring(void **state)
{
	static const struct {
		const char *word, *name;
	} rings[] = {{"wait for a worker", "iowq"}, {"2 entries not", "plain"}, {"the CQ is full", "overflow"}};

	(void)state;
	for (size_t r = 0; r < sizeof(rings) / sizeof(rings[0]); r++) {
		struct top *t = seen(3);

		open_ring(t, rings[r].word);
		assert_int_equal(t->place, IN_RING);
		for (int tab = 1; tab <= TABS; tab++) {
			char name[64];

			top_key(t, '0' + tab);
			snprintf(name, sizeof(name), "%s-%d", rings[r].name, tab);
			compare(name, t, 80, 24, tab == 1);
			if (r == 0 || tab == 1)
				compare(name, t, 50, 12, false);
			if (r == 0)
				compare(name, t, 200, 60, false);
		}
		top_free(t);
	}
}

static void screen_without_utf8(void **state)
{
	struct top *t = seen(3);

	(void)state;
	t->o.utf8 = false;
	compare("rings-ascii", t, 80, 24, false);
	open_ring(t, "2 entries not");
	compare("plain-ascii", t, 80, 24, false);
	top_free(t);
}

/* At every size, of every screen: nothing beyond its cells (the sanitizers watch), no byte that moves a cursor. */
static void any_size(void **state)
{
	struct top *t = seen(4);
	struct grid g = {0};
	struct buf b = {0};

	(void)state;
	for (int screen = 0; screen < 10; screen++) {
		if (screen == 1)
			open_ring(t, "wait for a worker");
		else if (screen > 1 && screen <= TABS)
			top_key(t, '0' + screen);
		else if (screen > TABS)
			top_key(t, screen == 7 ? '?' : screen == 8 ? K_ESC : K_F0 + 2);
		for (int cols = 1; cols < 90; cols += 1 + cols / 7) {
			for (int rows = 1; rows < 30; rows++) {
				draw(t, &g, cols, rows);
				for (int y = 0; y < rows; y++)
					grid_row(&g, y, &b);
			}
		}
	}
	for (size_t i = 0; i < b.len; i++)
		assert_true((uint8_t)b.data[i] >= 0x20 && b.data[i] != 0x7f);
	buf_free(&b);
	grid_free(&g);
	top_free(t);
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

static void cells(void **state)
{
	struct grid g = {0};
	struct buf b = {0};

	(void)state;
	grid_clear(&g, 1, 6);
	/* a wide character takes two cells, one that combines none */
	assert_int_equal(grid_put(&g, 0, 0, 6, 0, "a\u754ce\u0301b"), 5);
	grid_row(&g, 0, &b);
	assert_string_equal(b.data, "a\u754ce\u0301b");
	/* half of it is no character: the other half goes too */
	grid_char(&g, 0, 2, 0, 'x');
	b.len = 0;
	grid_row(&g, 0, &b);
	assert_string_equal(b.data, "a xe\u0301b");
	/* where half of it would be beyond the edge it is left out */
	grid_clear(&g, 1, 4);
	assert_int_equal(grid_put(&g, 0, 0, 4, 0, "abc\u754c"), 3);
	grid_clear(&g, 1, 4);
	assert_int_equal(grid_put_cut(&g, 0, 0, 4, 0, "abcdef", "…"), 4);
	b.len = 0;
	grid_row(&g, 0, &b);
	assert_string_equal(b.data, "abc…");
	/* colours are looks, anything else that begins like one is text */
	grid_clear(&g, 1, 6);
	assert_int_equal(grid_put(&g, 0, 0, 6, 0, "\033[31mr\033[0m\033[5mx"), 6);
	assert_int_equal(grid_at(&g, 0, 0)->look, C_BAD);
	assert_int_equal(grid_at(&g, 0, 1)->ch[0], '?');
	grid_put(&g, 5, 5, 5, 0, "outside");
	grid_put(&g, 0, -3, 9, 0, "outside");
	buf_free(&b);
	grid_free(&g);
}

static void numbers(void **state)
{
	static const struct {
		double v;
		const char *text;
	} all[] = {{0, "0"}, {0.25, "0.2"}, {9.96, "10"}, {99999, "99999"}, {100000, "100k"}, {999499, "999k"},
		{999500, "1.0M"}, {1234567890, "1.2G"}, {1.8e19, "18E"}, {-1, "?"}, {0.0 / 0.0, "?"}};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		b.len = 0;
		short_number(&b, all[i].v);
		assert_string_equal(b.data, all[i].text);
		assert_true(b.len <= 5);
	}
	buf_free(&b);
}

static void words(void **state)
{
	(void)state;
	assert_true(has_word("abc NODE x", "node"));
	assert_true(has_word("", ""));
	assert_true(has_word("aab", "ab"));
	assert_false(has_word("", "a"));
	assert_false(has_word("no", "node"));
}

/* --- places --------------------------------------------------------------------------------------------------------- */

static void lists(void **state)
{
	const uint64_t before[] = {10, 11, 12, 13, 14, 15}, after[] = {1, 2, 3, 10, 11, 12, 13, 14, 15},
		       fewer[] = {10, 15};
	struct list l = {0};

	(void)state;
	/* nothing is chosen: the first line, whatever it is */
	list_fit(&l, before, 6, 3);
	list_fit(&l, after, 9, 3);
	assert_int_equal(l.at, 0);
	list_fit(&l, before, 6, 3);
	list_move(&l, before, 6, 3);
	list_fit(&l, before, 6, 3);
	assert_int_equal(l.at, 3);
	assert_int_equal(l.first, 1);
	/* three lines come above: the chosen one stays chosen, and where it was on the screen */
	list_fit(&l, after, 9, 3);
	assert_int_equal(l.at, 6);
	assert_int_equal(l.first, 4);
	list_fit(&l, before, 6, 3);
	assert_int_equal(l.at, 3);
	assert_int_equal(l.first, 1);
	/* it goes: the next best place */
	list_fit(&l, fewer, 2, 3);
	assert_int_equal(l.at, 1);
	assert_int_equal(l.first, 0);
	list_fit(&l, NULL, 0, 3);
	assert_int_equal(l.at, 0);
	list_fit(&l, fewer, 2, 3);
	assert_int_equal(l.at, 1); /* it came back */
	list_move(&l, fewer, 2, -100);
	assert_int_equal(l.at, 0);
	list_move(&l, fewer, 2, 100);
	assert_int_equal(l.at, 1);
}

/* A click does what it is made on: a title sorts, a row is chosen, twice opens it, a tab shows. */
static void clicks(void **state)
{
	struct top *t = seen(3);
	struct grid g = {0};
	size_t sq = (size_t)column_number("sq");

	(void)state;
	draw(t, &g, 80, 24);
	for (size_t i = 0; i < t->n_spots; i++) {
		if (t->spots[i].action == A_SORT_BY && t->spots[i].number == sq) {
			top_click(t, K_CLICK, t->spots[i].y, t->spots[i].x);
			break;
		}
	}
	assert_int_equal(t->config.sort, sq);
	assert_false(t->config.ascending);
	draw(t, &g, 80, 24);
	top_click(t, K_CLICK, 11, 10);
	assert_int_equal(t->rings.at, 4);
	draw(t, &g, 80, 24);
	top_click(t, K_WHEEL_DOWN, 11, 10);
	assert_int_equal(t->rings.at, 7);
	top_click(t, K_CLICK, 11, 10);
	top_click(t, K_DOUBLE_CLICK, 11, 10);
	assert_int_equal(t->place, IN_RING);
	draw(t, &g, 80, 24);
	top_click(t, K_CLICK, 1, 25);
	assert_int_equal(t->tab, 2);
	draw(t, &g, 80, 24);
	top_click(t, K_CLICK, 23, 1);
	assert_int_equal(t->overlay, OVER_HELP);
	/* and nowhere, nothing */
	draw(t, &g, 80, 24);
	top_click(t, K_CLICK, 500, -7);
	grid_free(&g);
	top_free(t);
}

/* Sorted by any column, either way, the rows are in order. */
static void sorting(void **state)
{
	struct top *t = seen(3);
	struct grid g = {0};

	(void)state;
	for (size_t c = 0; columns[c].name; c++) {
		for (int way = 0; way < 2; way++) {
			enum value_of v = columns[c].value;

			t->config.sort = c;
			t->config.ascending = way;
			draw(t, &g, 80, 24);
			assert_int_equal(t->rows.n, t->history.n_tracks);
			for (size_t i = 1; i < t->rows.n && v != OF_NOTHING; i++) {
				const struct row *x = &t->rows.v[i - 1], *y = &t->rows.v[i];

				/* what is not known stands last */
				assert_true(x->values[v].known || !y->values[v].known);
				if (x->values[v].known && y->values[v].known)
					assert_true(way ? x->values[v].v <= y->values[v].v
							: x->values[v].v >= y->values[v].v);
			}
		}
	}
	grid_free(&g);
	top_free(t);
}

/* --- through time --------------------------------------------------------------------------------------------------- */

static struct snap_num num(uint64_t v)
{
	return (struct snap_num){true, v};
}

static struct frame *frame_of(double at, const struct snap_ring *rings, size_t n)
{
	struct frame *f = frame_new(false);

	f->at = at;
	f->doc.rings = arena_alloc(&f->arena, n * sizeof(*rings));
	if (n)
		memcpy(f->doc.rings, rings, n * sizeof(*rings));
	f->doc.n_rings = n;
	f->doc.head.time = "2026-11-24T00:00:00.5Z";
	return f;
}

static struct snap_ring ring_at(uint64_t id, uint32_t head, uint32_t tail)
{
	struct snap_ring r = {.id = id};

	r.sq = (struct snap_sq){.entries = num(8), .head = num(head), .tail = num(head), .kernel_head = num(head)};
	r.cq = (struct snap_cq){.entries = num(16), .head = num(tail), .tail = num(tail), .kernel_tail = num(tail)};
	r.sqpoll.known = true;
	return r;
}

static void rates(void **state)
{
	struct snap_ring r[] = {ring_at(7, UINT32_MAX - 9, 0), ring_at(9, 5, 5)};
	struct history h = {0};
	struct frame *a = frame_of(10, r, 2), *b;

	(void)state;
	history_add(&h, a);
	assert_false(h.tracks[0].rates_known);
	assert_int_equal(h.n_samples, 0);
	/* the counters go round at 32 bits */
	r[0] = ring_at(7, 10, 40);
	b = frame_of(12, r, 2);
	history_add(&h, b);
	frame_free(a);
	assert_true(h.tracks[0].rates_known);
	assert_true(h.tracks[0].submitted == 10 && h.tracks[0].completed == 20);
	assert_true(h.tracks[1].still && !h.tracks[0].still);
	assert_true(h.totals.completed == 20 && h.samples[0] == 20);
	/* the kernel's count is believed, not the word that a program can write */
	r[0].sq.head = num(99999);
	a = frame_of(13, r, 2);
	history_add(&h, a);
	frame_free(b);
	assert_true(h.tracks[0].submitted == 0);
	/* two looks at one moment give no rate, and no division by nothing */
	b = frame_of(13, r, 2);
	history_add(&h, b);
	frame_free(a);
	assert_false(h.tracks[0].rates_known);
	history_free(&h);
	frame_free(b);
}

/* The sum has at least what the rows have. */
static void sum_of_what_is_shown(void **state)
{
	struct snap_request shown[4] = {0};
	struct snap_ring r[] = {ring_at(7, 1, 1), ring_at(9, 5, 5)};
	struct history h = {0};
	struct frame *f;

	(void)state;
	r[0].inflight = (struct snap_inflight){.known = true, .count = num(3)};
	r[1].inflight = (struct snap_inflight){.known = true, .requests = shown, .n_requests = 4};
	f = frame_of(1, r, 2);
	history_add(&h, f);
	assert_int_equal(h.totals.inflight, 7);
	assert_true(h.totals.inflight_short);
	history_free(&h);
	frame_free(f);
}

static void endings(void **state)
{
	struct snap_ring r[] = {ring_at(7, 1, 1), ring_at(9, 5, 5)};
	struct history h = {0};
	struct frame *a = frame_of(1, r, 2), *b = frame_of(2, r + 1, 1), *c = frame_of(3, r, 2);

	(void)state;
	history_add(&h, a);
	history_add(&h, b);
	frame_free(a);
	/* what is shown of it is a copy: its frame is gone */
	assert_int_equal(h.n_tracks, 2);
	assert_true(h.tracks[0].ended && !h.tracks[1].ended);
	assert_int_equal(h.tracks[0].ring->sq.entries.v, 8);
	assert_int_equal(h.totals.rings, 1);
	assert_int_equal(h.totals.ended, 1);
	history_dismiss(&h, 9);
	assert_int_equal(h.n_tracks, 2); /* it has not ended */
	/* the same id again: the ring is there */
	history_add(&h, c);
	assert_false(h.tracks[0].ended);
	assert_int_equal(h.totals.ended, 0);
	frame_free(b);
	b = frame_of(4, NULL, 0);
	history_add(&h, b);
	frame_free(c);
	assert_int_equal(h.totals.ended, 2);
	history_dismiss(&h, 0);
	assert_int_equal(h.n_tracks, 0);
	history_free(&h);
	frame_free(b);
}

/* A program that makes and closes rings without end leaves a bounded trace. */
static void many_endings(void **state)
{
	struct history h = {0};
	struct frame *before = NULL;

	(void)state;
	for (uint64_t i = 0; i < 3 * MOST_ENDED; i++) {
		struct snap_ring r = ring_at(i + 1, 0, 0);
		struct frame *f = frame_of((double)i, &r, 1);

		history_add(&h, f);
		frame_free(before);
		before = f;
	}
	assert_int_equal(h.n_tracks, MOST_ENDED + 1);
	assert_int_equal(h.forgotten, 2 * MOST_ENDED - 1);
	history_free(&h);
	frame_free(before);
}

static void ages(void **state)
{
	struct snap_request q[] = {{.opcode = 22, .name = "READ", .user_data = num(1)},
		{.opcode = 22, .name = "READ", .user_data = num(1)},
		{.opcode = 6, .name = "POLL_ADD", .user_data = num(2)}};
	struct snap_ring r = ring_at(7, 3, 0);
	struct history h = {0};
	struct frame *a, *b;

	(void)state;
	r.inflight = (struct snap_inflight){.known = true, .requests = q, .n_requests = 3};
	a = frame_of(10, &r, 1);
	history_add(&h, a);
	b = frame_of(15, &r, 1);
	history_add(&h, b);
	frame_free(a);
	assert_true(h.tracks[0].seen[0]->since == 10 && h.tracks[0].seen[0]->sure);
	assert_true(h.tracks[0].seen[2]->since == 10 && h.tracks[0].seen[2]->sure);
	/* something was submitted: they look the same, but need not be; and one that was not there is new */
	r.sq.kernel_head = num(4);
	r.inflight.requests = q + 1;
	r.inflight.n_requests = 2;
	a = frame_of(16, &r, 1);
	history_add(&h, a);
	frame_free(b);
	assert_true(h.tracks[0].seen[1]->since == 10 && !h.tracks[0].seen[1]->sure);
	r.inflight.requests = q;
	r.inflight.n_requests = 3;
	b = frame_of(17, &r, 1);
	history_add(&h, b);
	frame_free(a);
	assert_true(h.tracks[0].seen[0]->since == 10);
	assert_true(h.tracks[0].seen[1]->since == 17 && h.tracks[0].seen[1]->sure);
	history_free(&h);
	frame_free(b);
}

/* What stands in a row of the screen. */
static size_t row_with(struct grid *g, const char *word)
{
	for (int y = 0; y < g->rows; y++) {
		struct buf b = {0};
		bool found;

		grid_row(g, y, &b);
		found = b.data && strstr(b.data, word);
		buf_free(&b);
		if (found)
			return (size_t)y;
	}
	return SIZE_MAX;
}

/* What was not followed, and what a file lacks, stands where it would have been. */
static void cut_entries(void **state)
{
	enum { LONG = 1 << 20 };
	struct snap_ring r = ring_at(7, 3, 0);
	struct snap_cut cut = {"sq.pending", 1234};
	struct snap_sqe e[4];
	struct top *t = new_top();
	struct arena a = {0};
	struct grid g = {0};
	char *name = malloc(LONG + 1);

	(void)state;
	memset(e, 0, sizeof(e));
	for (uint32_t i = 0; i < 4; i++)
		e[i] = (struct snap_sqe){num(i), num(i), true, {.opcode = 22, .name = i < 2 ? "READ" : "WRITE"}};
	/* a line as long as that takes no longer than it is */
	memset(name, '\033', LONG);
	name[LONG] = '\0';
	e[0].f.has_fd = true;
	e[0].f.file = name;
	r.sq.pending_known = true;
	r.sq.pending = e;
	r.sq.n_pending = 4;
	r.sq.followed = num(2);
	r.cuts = &cut;
	r.n_cuts = 1;
	snap_add_reason(&a, &r, "sq.pending.followed", "it was too much");
	top_frame(t, frame_of(1, &r, 1));
	draw(t, &g, 80, 40);
	top_key(t, K_ENTER);
	draw(t, &g, 80, 40);
	assert_true(row_with(&g, "it was too much") != SIZE_MAX);
	assert_true(row_with(&g, "READ") < row_with(&g, "it was too much"));
	assert_true(row_with(&g, "it was too much") < row_with(&g, "WRITE"));
	assert_true(row_with(&g, "1234 more") != SIZE_MAX);
	assert_true(row_with(&g, "1234 more") > row_with(&g, "WRITE"));
	grid_free(&g);
	top_free(t);
	arena_free(&a);
	free(name);
}

/* What may be a moment's is trouble only if the ring stands still; of a file that is all there is, it is said at once. */
static void attention(void **state)
{
	struct snap_ring r = ring_at(7, 3, 3);
	struct history h = {0};
	struct frame *f[4];

	(void)state;
	r.sq.tail = num(5);
	f[0] = frame_of(1, &r, 1);
	history_add(&h, f[0]);
	assert_null(h.tracks[0].why);
	f[1] = frame_of(2, &r, 1);
	history_add(&h, f[1]);
	assert_non_null(strstr(h.tracks[0].why, "2 entries not submitted"));
	assert_int_equal(h.totals.attention, 1);
	r.sq.head = r.sq.kernel_head = num(4);
	r.sq.tail = num(6);
	f[2] = frame_of(3, &r, 1);
	history_add(&h, f[2]);
	assert_null(h.tracks[0].why);
	history_reset(&h);
	f[3] = frame_of(3, &r, 1);
	f[3]->name = "x.json";
	history_add(&h, f[3]);
	assert_non_null(h.tracks[0].why);
	history_free(&h);
	for (int i = 0; i < 4; i++)
		frame_free(f[i]);
}

/* An entry is new for a moment, whatever the interval. */
static void new_entries(void **state)
{
	struct snap_ring r = ring_at(7, 0, 0);
	struct history h = {0};
	struct frame *last = NULL;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct frame *f;

		r.sq.tail = num((uint64_t)i);
		f = frame_of(i * 0.1, &r, 1);
		history_add(&h, f);
		frame_free(last);
		last = f;
	}
	/* of the last 0.7 seconds, at ten a second */
	assert_true(h.tracks[0].new_known);
	assert_in_range(19 - h.tracks[0].new_sq, 7, 8);
	history_free(&h);
	frame_free(last);
}

/* Files are walked in their order in time, whatever order they were named in. */
static void files(void **state)
{
	struct top *t = new_top();
	struct frame *f[] = {load(4), load(1), load(3)};
	struct grid g = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		f[i]->name = "rings.json";
	top_files(t, f, 3);
	draw(t, &g, 80, 24);
	assert_ptr_equal(shown_frame(t), f[1]);
	KEYS(t, ']');
	assert_ptr_equal(shown_frame(t), f[2]);
	assert_true(t->history.totals.rates_known);
	KEYS(t, ']', ']', ']');
	assert_ptr_equal(shown_frame(t), f[0]);
	assert_true(t->history.totals.ended > 0);
	compare("files", t, 80, 24, false);
	KEYS(t, '[', '[', '[');
	assert_ptr_equal(shown_frame(t), f[1]);
	assert_int_equal(t->history.totals.ended, 0);
	grid_free(&g);
	top_free(t);
}

/* Frozen, the display is of one moment. */
static void freezing(void **state)
{
	struct top *t = seen(1);
	const struct frame *was = shown_frame(t);

	(void)state;
	KEYS(t, ' ');
	top_frame(t, load(2));
	assert_ptr_equal(shown_frame(t), was);
	compare("frozen", t, 80, 24, false);
	KEYS(t, 'p');
	top_frame(t, load(3));
	assert_ptr_not_equal(shown_frame(t), was);
	top_free(t);
}

/* That it is frozen, or has ended, is to be seen inside a ring too, however much else there is to say of it. */
static void states_of_a_ring(void **state)
{
	struct top *t = seen(3);
	struct grid g = {0};
	struct buf b = {0};

	(void)state;
	open_ring(t, "running");
	assert_int_equal(t->place, IN_RING);
	top_key(t, ' ');
	for (int cols = 50; cols <= 120; cols += 10) {
		draw(t, &g, cols, 24);
		b.len = 0;
		grid_row(&g, 0, &b);
		assert_non_null(strstr(b.data, "FROZEN"));
	}
	top_key(t, ' ');
	top_frame(t, load(4));
	draw(t, &g, 50, 12);
	b.len = 0;
	grid_row(&g, 0, &b);
	assert_non_null(strstr(b.data, "ENDED"));
	buf_free(&b);
	grid_free(&g);
	top_free(t);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static void configuration(void **state)
{
	static const char *const wrong[] = {"", "{", "[]", "null", "{\"interval\": 0}", "{\"interval\": \"1\"}",
		"{\"interval\": 1e99}", "{\"sort\": \"no\"}", "{\"sort\": 1}", "{\"graph\": 1}",
		"{\"colours\": \"blue\"}", "{\"columns\": []}", "{\"columns\": {\"pid\": \"maybe\"}}",
		"{\"characters\": null}"};
	struct arena a = {0};
	struct config c, d;
	struct buf b = {0};

	(void)state;
	config_default(&c);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		d = c;
		assert_non_null(config_parse(&a, wrong[i], strlen(wrong[i]), &d));
		assert_memory_equal(&c, &d, sizeof(c));
	}
	c.interval = 0.5;
	c.palette = PALETTE_8;
	c.charset = CHARSET_ASCII;
	c.graph = false;
	c.tree = c.ascending = true;
	c.sort = 3;
	c.columns[2] = COLUMN_HIDDEN;
	c.columns[4] = COLUMN_SHOWN;
	config_print(&c, &b);
	config_default(&d);
	assert_null(config_parse(&a, b.data, b.len, &d));
	assert_memory_equal(&c, &d, sizeof(c));
	/* what a later version has more is passed over */
	assert_null(config_parse(&a, "{\"new\": 1, \"columns\": {\"later\": 7}}", 36, &d));
	buf_free(&b);
	arena_free(&a);
}

/* Whole or not at all, and never over what is there unless that was said. */
static void writing(void **state)
{
	char dir[] = "/tmp/uringtop-test-XXXXXX", path[64];
	struct stat st;
	char *text;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(write_file(path, "one", 3, false), 0);
	assert_int_equal(write_file(path, "two", 3, false), -EEXIST);
	text = read_text(path);
	assert_string_equal(text, "one");
	free(text);
	assert_int_equal(write_file(path, "two", 3, true), 0);
	text = read_text(path);
	assert_string_equal(text, "two");
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0111, 0);
	unlink(path);
	/* a disk that is full */
	assert_int_equal(write_file("/dev/full", "x", 1, true), -ENOSPC);
	assert_int_equal(write_file("/proc/none/file", "x", 1, false), -ENOENT);
	/* nothing is left behind */
	assert_int_equal(rmdir(dir), 0);
}

/* In a log each has a line, and no ring makes way for it; a screen has a few of them and says how many more there are. */
static void late_processes_have_lines(void **state)
{
	enum { LATE = 7 };
	struct top *t = new_top();
	struct frame *f = load(1);
	size_t rings = f->doc.n_rings, lines = 0, late = 0;
	struct grid g = {0};
	struct buf b = {0};

	(void)state;
	f->doc.skipped = arena_alloc(&f->arena, LATE * sizeof(*f->doc.skipped));
	f->doc.n_skipped = LATE;
	for (size_t i = 0; i < LATE; i++)
		f->doc.skipped[i] =
			(struct snap_skip){.pid = {true, 100 + i}, .reason = "x\x1b does not answer", .late = true};
	top_frame(t, f);
	top_text(t, 120, &b);
	for (char *at = b.data; (at = strchr(at, '\n')); at++) {
		lines++;
		late += !strncmp(at, "\n! pid 10", 9);
	}
	assert_int_equal(late, LATE);
	assert_int_equal(lines, 4 + LATE + rings);
	assert_null(strchr(b.data, '\x1b'));
	b.len = 0;
	draw(t, &g, 120, 40);
	for (int y = 0; y < 40; y++)
		grid_row(&g, y, &b);
	assert_non_null(strstr(b.data, "! pid 102 "));
	assert_null(strstr(b.data, "! pid 103 "));
	assert_non_null(strstr(b.data, "! and 4 more"));
	buf_free(&b);
	grid_free(&g);
	top_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_processes_have_lines),
		cmocka_unit_test(screens_of_all_rings),
		cmocka_unit_test(screens_over_the_list),
		cmocka_unit_test(screens_of_one_ring),
		cmocka_unit_test(screen_without_utf8),
		cmocka_unit_test(any_size),
		cmocka_unit_test(cells),
		cmocka_unit_test(numbers),
		cmocka_unit_test(words),
		cmocka_unit_test(lists),
		cmocka_unit_test(clicks),
		cmocka_unit_test(sorting),
		cmocka_unit_test(rates),
		cmocka_unit_test(sum_of_what_is_shown),
		cmocka_unit_test(endings),
		cmocka_unit_test(many_endings),
		cmocka_unit_test(ages),
		cmocka_unit_test(cut_entries),
		cmocka_unit_test(attention),
		cmocka_unit_test(new_entries),
		cmocka_unit_test(files),
		cmocka_unit_test(freezing),
		cmocka_unit_test(states_of_a_ring),
		cmocka_unit_test(configuration),
		cmocka_unit_test(writing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("tui", tests, NULL, NULL);
}
