/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a target chooses for a name: where it stands it ends where it ends, and it can be read back byte by byte. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proc.h"
#include "render.h"
#include "unit.h"

static const struct style plain = {.utf8 = true}, ascii = {.utf8 = false};

static unsigned hex(char c)
{
	return c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(c - '0');
}

/* Takes the escapes back. Returns the length. */
static size_t undo(const char *s, size_t n, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\') {
			out[len++] = s[i];
		} else if (s[++i] == 'x') {
			out[len++] = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
			i += 2;
		} else {
			out[len++] = s[i] == 'n' ? '\n' : s[i] == 't' ? '\t' : s[i] == 'r' ? '\r' : s[i];
		}
	}
	return len;
}

/* Bytes that have a meaning somewhere come often, others too. */
static size_t any_name(char *out, size_t cap, bool slash)
{
	static const char often[] = "<>\"\\ ()[]{}:,=-|!?@\n\t\033\x9b'x0123/";
	static const char *const letters[] = {"\xc3\xa9", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\xae", "\xcc\x81"};
	size_t n = (size_t)rand() % (cap - 4), len = 0;

	if (slash)
		out[len++] = '/';
	while (len < n) {
		if (rand() % 8 == 0) {
			const char *l = letters[rand() % 5];

			memcpy(out + len, l, strlen(l));
			len += strlen(l);
		} else {
			int c = rand() % 3 ? often[(size_t)rand() % (sizeof(often) - 1)] : rand() % 255 + 1;

			out[len++] = (char)c;
		}
	}
	return len;
}

/* No blank of any script is left. */
static bool one_word(const char *s)
{
	return !strchr(s, ' ') && !strstr(s, "\xc2\xa0") && !strstr(s, "\xe3\x80\x80");
}

static void places(void **state)
{
	char name[64], back[256];

	(void)state;
	srand(14);
	for (int i = 0; i < 200000; i++) {
		enum text_place place = (enum text_place)(i % (TEXT_NAME + 1));
		const struct style *st = i & 64 ? &plain : &ascii;
		size_t n = any_name(name, sizeof(name), false);
		struct buf b = {0};

		render_text_in(&b, st, place, name, n);
		buf_puts(&b, "");
		if (place == TEXT_ANGLE)
			assert_null(strchr(b.data, '>'));
		if (place == TEXT_WORD || place == TEXT_NAME) {
			assert_true(b.len && one_word(b.data));
			assert_string_not_equal(b.data, "?");
		}
		if (place == TEXT_NAME)
			assert_null(strpbrk(b.data, "():"));
		for (size_t k = 0; k < b.len; k++) {
			assert_true((unsigned char)b.data[k] >= 0x20 && b.data[k] != 0x7f);
			if (b.data[k] == '\\')
				k++;
			else if (place == TEXT_QUOTED)
				assert_true(b.data[k] != '"');
		}
		if (n || (place != TEXT_WORD && place != TEXT_NAME)) {
			assert_int_equal(undo(b.data, b.len, back), n);
			assert_memory_equal(back, name, n);
		} else {
			assert_string_equal(b.data, "\"\"");
		}
		buf_free(&b);
	}
}

static const char *file(struct buf *b, enum text_place place, const char *name)
{
	b->len = 0;
	render_file(b, &plain, place, name);
	buf_puts(b, "");
	return b->data;
}

static void files(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal(file(&b, TEXT_ANGLE, "/a>b c"), "/a\\x3eb c");
	assert_string_equal(file(&b, TEXT_WORD, "/a>b c"), "/a>b\\x20c");
	assert_string_equal(file(&b, TEXT_ALONE, "/a>b c"), "/a>b c");
	assert_string_equal(file(&b, TEXT_ANGLE, "TCP:[1.2.3.4:5->6.7.8.9:10]"), "TCP:[1.2.3.4:5->6.7.8.9:10]");
	assert_string_equal(file(&b, TEXT_ANGLE, "TCPv6:[[::1]:5->[fe80::2]:6]"), "TCPv6:[[::1]:5->[fe80::2]:6]");
	assert_string_equal(file(&b, TEXT_WORD, "UNIX-STREAM:[7,\"/a b\"]"), "UNIX-STREAM:[7,\"/a\\x20b\"]");
	assert_string_equal(file(&b, TEXT_ANGLE, "UNIX:[7,@\"a\\\"\\\\\\x00>\"]"), "UNIX:[7,@\"a\\\"\\\\\\x00\\x3e\"]");
	assert_string_equal(file(&b, TEXT_ANGLE, "anon_inode:[eventfd]"), "anon_inode:[eventfd]");
	/* what only looks like these is escaped as any other */
	assert_string_equal(file(&b, TEXT_ANGLE, "/TCP:[1.2.3.4:5->6.7.8.9:10]"), "/TCP:[1.2.3.4:5-\\x3e6.7.8.9:10]");
	assert_string_equal(file(&b, TEXT_ANGLE, "TCP:[1->2] >"), "TCP:[1-\\x3e2] \\x3e");
	assert_string_equal(file(&b, TEXT_ANGLE, "TCP:[1->2->3]"), "TCP:[1-\\x3e2-\\x3e3]");
	assert_string_equal(file(&b, TEXT_ANGLE, "UNIX:[7,\"]"), "UNIX:[7,\"]");
	assert_string_equal(file(&b, TEXT_ANGLE, "UNIX:[7,\"a\\\"]"), "UNIX:[7,\"a\\\\\"]");
	assert_string_equal(file(&b, TEXT_ANGLE, "UNIX:[7,\"a\"b\"]"), "UNIX:[7,\"a\\\"b\"]");
	buf_free(&b);
}

/* A UNIX socket's path, whatever is in it, stands in quotes and angles that it does not end. */
static void paths_of_sockets(void **state)
{
	char path[64], once[512], back[512];
	struct arena a = {0};
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct sockdiag s = {.ino = 7, .family = AF_UNIX, .type = SOCK_STREAM, .path = path};
		const char *shown, *start;
		bool abstract = i & 1;
		size_t n, len;

		s.path_len = any_name(path, sizeof(path), !abstract);
		if (abstract && s.path_len) {
			path[0] = '\0';
			path[s.path_len / 2] = '\0';
		}
		if (!s.path_len)
			continue;
		arena_reset(&a);
		shown = file(&b, i & 2 ? TEXT_ANGLE : TEXT_WORD, sockets_unix_name(&a, &s));
		start = abstract ? "UNIX-STREAM:[7,@\"" : "UNIX-STREAM:[7,\"";
		len = strlen(start);
		assert_memory_equal(shown, start, len);
		assert_string_equal(shown + b.len - 2, "\"]");
		if (i & 2)
			assert_null(strchr(shown, '>'));
		else
			assert_true(one_word(shown));
		n = b.len - 2 - len;
		for (size_t k = 0; k < n; k++) {
			assert_true(shown[len + k] != '"');
			k += shown[len + k] == '\\';
		}
		/* a quote in it is escaped once, whoever saw it first */
		memcpy(once, shown + len, n);
		n = undo(once, n, back);
		assert_int_equal(n, s.path_len - abstract);
		assert_memory_equal(back, path + abstract, n);
	}
	buf_free(&b);
	arena_free(&a);
}

static void rows(void **state)
{
	struct snap_holder h = {
		.pid = 5, .comm = "1 1(2):3 !mm", .fds_known = true, .mapped = SNAP_YES, .same_mm = SNAP_NO};
	struct snap_ring r = {.id = 1, .holders = &h, .n_holders = 1};
	struct table *t = table_new();
	struct buf b = {0};
	char *line;

	(void)state;
	r.owner = (struct snap_owner){.known = true, .pid = {true, 6}, .comm = "x 1/2 3/4", .exe = "/x, uid 0"};
	table_ring(t, &plain, &r);
	table_print(t, &b, &plain);
	line = strchr(b.data, '\n') + 1;
	assert_string_equal(
		line, "   1 x\\x201/2\\x203/4(6) ?/? ?/? ?      -     1\\x201\\x282\\x29\\x3a3\\x20!mm(5):mapped!mm\n");
	b.len = 0;
	render_people(&b, &plain, &r);
	assert_non_null(strstr(b.data, "  owner     x\\x201/2\\x203/4 (pid 6), uid ?, /x,\\x20uid\\x200\n"));
	assert_non_null(
		strstr(b.data, "  holders   1\\x201\\x282\\x29\\x3a3\\x20!mm (pid 5), uid ?: no fd, mapped, another"));
	table_free(t);
	/* on a terminal a name of escapes pushes no column away */
	t = table_new();
	b.len = 0;
	r.owner.comm = "\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033";
	table_ring(t, &(const struct style){.width = 50}, &r);
	table_print(t, &b, &(const struct style){.width = 50});
	assert_non_null(strstr(b.data, "   1 \\x1b\\x1b\\x1b\\x+(6) ?/? ?/? ?"));
	table_free(t);
	buf_free(&b);
}

/* A dump of another machine: words that this program writes itself may be anything there. */
static void words_of_a_file(void **state)
{
	struct snap_request q = {
		.where = "\033[2J\n", .name = "\033[2J\n", .file = "\033[2J\n", .user_data = {true, 1}};
	struct snap_ring r = {.id = 1, .setup_names = {(const char *[]){"\033[2J\n"}, 1}};
	struct style st[] = {plain, ascii};

	(void)state;
	r.sqpoll = (struct snap_sqpoll){.known = true, .active = true, .state = "\033[2J\n", .comm = "\033[2J\n"};
	r.inflight = (struct snap_inflight){.known = true, .requests = &q, .n_requests = 1};
	r.registered.napi = "\033[2J\n";
	for (int i = 0; i < 2; i++) {
		struct table *t = table_new();
		struct buf b = {0};
		size_t lines = 0;

		render_ring(&b, &st[i], &r);
		table_ring(t, &st[i], &r);
		table_print(t, &b, &st[i]);
		assert_null(strchr(b.data, '\033'));
		for (const char *c = b.data; *c; c++)
			lines += *c == '\n' && c[1] != ' ';
		/* no line of its own: what does not start with a blank is the table's title, and the end */
		assert_int_equal(lines, 2);
		table_free(t);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(files),
		cmocka_unit_test(paths_of_sockets),
		cmocka_unit_test(rows),
		cmocka_unit_test(words_of_a_file),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
