/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that a target has chosen, as text: each place that shows one states what has a meaning there. */
#include <string.h>

#include "render.h"

size_t render_text_in(struct buf *b, const struct style *st, enum text_place place, const char *s, size_t n)
{
	static const unsigned how[] = {[TEXT_ALONE] = 0,
		[TEXT_QUOTED] = ESC_QUOTE,
		[TEXT_ANGLE] = ESC_ANGLE,
		[TEXT_WORD] = ESC_WORD,
		[TEXT_NAME] = ESC_WORD | ESC_PARENS};
	bool word = place == TEXT_WORD || place == TEXT_NAME;
	size_t columns = 0, first = 0;

	/* nothing, and "?", which stands for what is not known, are names too */
	if (word && !n) {
		buf_puts(b, "\"\"");
		return 2;
	}
	if (word && (s[0] == '"' || (n == 1 && s[0] == '?'))) {
		buf_printf(b, "\\x%02x", (unsigned char)s[0]);
		columns = 4;
		first = 1;
	}
	return columns + buf_text(b, s + first, n - first, how[place] | (st->utf8 ? 0 : ESC_ASCII));
}

size_t render_text(struct buf *b, const struct style *st, const char *s, size_t n)
{
	return render_text_in(b, st, TEXT_ALONE, s, n);
}

void render_comm(struct buf *b, const struct style *st, const char *comm)
{
	if (comm)
		render_text_in(b, st, TEXT_NAME, comm, strlen(comm));
	else
		buf_putc(b, '?');
}

/* The length of "PROTOCOL:[" at the start of a socket's name, 0: it is no socket. A path starts with a slash or with dots. */
static size_t protocol(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/");

	return n && s[0] != '/' && s[n] == ':' && s[n + 1] == '[' ? n + 2 : 0;
}

/* Is it "PROTOCOL:[ADDRESS]" or "PROTOCOL:[ADDRESS->ADDRESS]", which nothing of a target's can be in? */
static bool addresses(const char *s)
{
	static const char address[] = "0123456789abcdef.:[]";
	size_t n = protocol(s);

	if (!n)
		return false;
	n += strspn(s + n, address);
	if (s[n] == '-' && s[n + 1] == '>')
		n += 2 + strspn(s + n + 2, address);
	return !s[n] && s[n - 1] == ']';
}

/* The length of what stands before the path in "UNIX-STREAM:[12,"path"]", 0: it is no such name. */
static size_t before_path(const char *s, size_t len)
{
	size_t n = protocol(s);

	n = n ? n + strspn(s + n, "0123456789") : 0;
	if (!n || s[n++] != ',')
		return 0;
	n += s[n] == '@';
	return s[n] == '"' && len >= n + 3 && !memcmp(s + len - 2, "\"]", 2) ? n + 1 : 0;
}

void render_file(struct buf *b, const struct style *st, enum text_place place, const char *name)
{
	size_t len = strlen(name), n = before_path(name, len);
	unsigned how = (place == TEXT_ANGLE	    ? ESC_ANGLE
			       : place == TEXT_WORD ? ESC_WORD
						    : 0) |
		       (st->utf8 ? 0 : ESC_ASCII);

	if (addresses(name)) {
		buf_puts(b, name);
	} else if (n) {
		buf_put(b, name, n);
		buf_text(b, name + n, len - n - 2, how | ESC_QUOTE | ESC_ONCE);
		buf_puts(b, "\"]");
	} else {
		render_text_in(b, st, place, name, len);
	}
}
