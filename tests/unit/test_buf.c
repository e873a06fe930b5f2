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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(columns),
		cmocka_unit_test(numbers),
		cmocka_unit_test(arenas),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
