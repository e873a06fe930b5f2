/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes of a target reach a terminal or a JSON string. */
#include "unit.h"

#include <locale.h>

#include "arena.h"
#include "buf.h"

static void escapes(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		unsigned how;
		const char *out;
	} rows[] = {
		{"plain", 5, 0, "plain"},
		{"a\nb\tc\rd", 7, 0, "a\\nb\\tc\\rd"},
		{"\033[31m", 5, 0, "\\x1b[31m"},
		{"\x7f\x01\x00z", 4, 0, "\\x7f\\x01\\x00z"},
		{"a\\b", 3, 0, "a\\\\b"},
		{"\"", 1, 0, "\""},
		{"\"", 1, ESC_QUOTE, "\\\""},
		{"\xc3\xa9", 2, 0, "\xc3\xa9"},
		{"\xc3\xa9", 2, ESC_ASCII, "\\xc3\\xa9"},
		{"\xc3", 1, 0, "\\xc3"},
		{"\xff\xfe", 2, 0, "\\xff\\xfe"},
		{"\xc0\xaf", 2, 0, "\\xc0\\xaf"},		    /* overlong */
		{"\xed\xa0\x80", 3, 0, "\\xed\\xa0\\x80"},	    /* surrogate */
		{"\xf4\x90\x80\x80", 4, 0, "\\xf4\\x90\\x80\\x80"}, /* beyond Unicode */
		{"\xc2\x9b", 2, 0, "\\xc2\\x9b"},		    /* CSI as a C1 control */
		{"\xe2\x80\xae", 3, 0, "\\xe2\\x80\\xae"},	    /* right-to-left override */
		{"\xe2\x81\xa6", 3, 0, "\\xe2\\x81\\xa6"},	    /* isolate */
		{"\xe2\x80\x8b", 3, 0, "\\xe2\\x80\\x8b"},	    /* zero width */
		{"\xef\xbb\xbf", 3, 0, "\\xef\\xbb\\xbf"},	    /* byte order mark */
		{"\xf0\x9f\x98\x80", 4, 0, "\xf0\x9f\x98\x80"},
		{"\n\033", 2, ESC_JSON, "\n\033"},
		{"\x00\x7f", 2, ESC_JSON, "\\x00\\x7f"},
		{"<a> b(c)", 8, 0, "<a> b(c)"},
		{"<a> b(c)", 8, ESC_ANGLE, "<a\\x3e b(c)"},
		{"<a> b(c)", 8, ESC_WORD, "<a>\\x20b(c)"},
		{"<a> b(c)", 8, ESC_WORD | ESC_PARENS, "<a>\\x20b\\x28c\\x29"},
		{"a\xc2\xa0\xe3\x80\x80", 6, 0, "a\xc2\xa0\xe3\x80\x80"},
		{"a\xc2\xa0\xe3\x80\x80", 6, ESC_WORD, "a\\xc2\\xa0\\xe3\\x80\\x80"}, /* blanks too */
		{"\xcc\x81"
		 "a",
			3, 0,
			"\\xcc\\x81"
			"a"}, /* it would join what stands before it */
		{"\xcc\x81"
		 "a",
			3, ESC_JSON,
			"\xcc\x81"
			"a"},
		{"\\x3e\\\\\\\"", 8, ESC_ONCE, "\\x3e\\\\\\\""},
		{"\\x3\\y\\", 6, ESC_ONCE, "\\\\x3\\\\y\\\\"}, /* no escapes */
		{"(a):3", 5, ESC_PARENS,
			"\\x28"
			"a\\x29\\x3a3"},
		{"", 0, 0, ""},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = {0};

		buf_text(&b, rows[i].in, rows[i].n, rows[i].how);
		assert_string_equal(b.data ? b.data : "", rows[i].out);
		buf_free(&b);
	}
}

static void columns(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(buf_text(&b, "ab", 2, 0), 2);
	assert_int_equal(buf_text(&b, "\033", 1, 0), 4);
	assert_int_equal(buf_text(&b, "\xe4\xb8\xad", 3, 0), 2); /* a wide character */
	assert_int_equal(buf_text(&b, "e\xcc\x81", 3, 0), 1);	 /* a combining one */
	buf_free(&b);
}

static void numbers(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_dec(&b, 0);
	buf_putc(&b, ' ');
	buf_dec(&b, UINT64_MAX);
	buf_putc(&b, ' ');
	buf_hex(&b, 0);
	buf_putc(&b, ' ');
	buf_hex(&b, UINT64_MAX);
	buf_printf(&b, " %0200d", 7);
	assert_memory_equal(b.data, "0 18446744073709551615 0x0 0xffffffffffffffff 000", 49);
	assert_int_equal(b.len, 45 + 1 + 200);
	buf_free(&b);
}

static void arenas(void **state)
{
	struct arena a = {0};
	int *list = NULL;
	size_t cap = 0;
	char *big;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		list = arena_grow(&a, list, (size_t)i, &cap, sizeof(*list));
		list[i] = i;
	}
	for (int i = 0; i < 10000; i++)
		assert_int_equal(list[i], i);
	big = arena_alloc(&a, 1 << 20);
	assert_int_equal(big[(1 << 20) - 1], 0);
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 5), "x-5");
	arena_reset(&a);
	for (int i = 0; i < 100; i++)
		assert_int_equal(*(char *)arena_alloc(&a, 1), 0); /* zeroed also where it was used before */
	arena_free(&a);
}

static void places(void **state)
{
	struct arena a = {0};
	struct arena_place empty = arena_place(&a), place;
	char *kept;

	(void)state;
	kept = arena_strdup(&a, "kept");
	place = arena_place(&a);
	arena_alloc(&a, 100);
	arena_alloc(&a, 1 << 20);
	arena_alloc(&a, 1 << 20);
	arena_back(&a, place);
	assert_ptr_equal(a.blocks, place.block);
	assert_int_equal(a.used, place.used);
	assert_string_equal(kept, "kept");
	arena_back(&a, empty);
	assert_int_equal(a.used, 0);
	arena_free(&a);
}

static struct buf written;
static int puts_left;

static int put(struct buf *b)
{
	if (!puts_left--)
		return -1;
	buf_put(&written, b->data, b->len);
	b->len = 0;
	return 0;
}

/* Writes a list of n lines of 100 bytes; how many of them were wanted. */
static size_t lines(struct buf *b, size_t n)
{
	size_t end = buf_list(b), i;

	for (i = 0; i < n && buf_wants(b, end); i++)
		buf_printf(b, "%099zu\n", i);
	return i;
}

static void leaves(void **state)
{
	struct buf_out out = {.put = put};
	struct buf b = {.out = &out}, alone = {0};
	size_t most = 0, end;

	(void)state;
	puts_left = -1;
	/* the same text, but never much of it at a time */
	end = buf_list(&b);
	for (size_t i = 0; i < 10000 && buf_wants(&b, end); i++) {
		buf_printf(&b, "%zu ", i);
		most = b.len > most ? b.len : most;
	}
	put(&b);
	assert_int_equal(lines(&alone, 10000), 10000);
	alone.len = 0;
	for (size_t i = 0; i < 10000; i++)
		buf_printf(&alone, "%zu ", i);
	assert_int_equal(written.len, alone.len);
	assert_memory_equal(written.data, alone.data, alone.len);
	assert_true(most < 65536 + 10);
	/* a list has half of what is left, in each part anew; one that has little takes nothing from the others */
	out.max = 1000000;
	for (int part = 0; part < 2; part++) {
		buf_part(&b);
		assert_int_equal(lines(&b, 100000), 5000);
		assert_int_equal(lines(&b, 10), 10);
		assert_in_range(lines(&b, 100000), 2490, 2500);
		assert_in_range(lines(&b, 100000), 1240, 1250);
	}
	/* nobody reads: nothing more is asked for, nor kept */
	out.max = 0;
	b.len = 0;
	puts_left = 2;
	assert_in_range(lines(&b, 100000), 3 * 655, 3 * 658);
	assert_int_equal(lines(&b, 100000), 0);
	buf_puts(&b, "a line that stands between lists");
	assert_false(buf_wants(&b, SIZE_MAX));
	assert_int_equal(b.len, 0);
	assert_int_equal(puts_left, -1);
	buf_free(&b);
	buf_free(&alone);
	buf_free(&written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(columns),
		cmocka_unit_test(numbers),
		cmocka_unit_test(arenas),
		cmocka_unit_test(places),
		cmocka_unit_test(leaves),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
