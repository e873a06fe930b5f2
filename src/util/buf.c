/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing text, and the escaping of everything that came from a target. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "arena.h"
#include "buf.h"

static char *room(struct buf *b, size_t n)
{
	if (b->cap - b->len <= n) {
		while (b->cap - b->len <= n)
			b->cap = b->cap ? b->cap * 2 : 256;
		b->data = xrealloc(b->data, b->cap);
	}
	return b->data + b->len;
}

void buf_put(struct buf *b, const char *s, size_t n)
{
	char *p = room(b, n);

	if (n)
		memcpy(p, s, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room(b, 80), 81, fmt, ap);
	va_end(ap);
	if (n > 80)
		vsnprintf(room(b, (size_t)n), (size_t)n + 1, fmt, again);
	va_end(again);
	if (n > 0)
		b->len += (size_t)n;
}

void buf_pad(struct buf *b, size_t spaces)
{
	memset(room(b, spaces), ' ', spaces);
	b->len += spaces;
	b->data[b->len] = '\0';
}

void buf_dec(struct buf *b, uint64_t v)
{
	char s[24], *p = s + sizeof(s);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	buf_put(b, p, (size_t)(s + sizeof(s) - p));
}

void buf_hex(struct buf *b, uint64_t v)
{
	char s[24], *p = s + sizeof(s);

	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	*--p = 'x';
	*--p = '0';
	buf_put(b, p, (size_t)(s + sizeof(s) - p));
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

static size_t total(const struct buf *b)
{
	return b->out->gone + b->len;
}

void buf_part(struct buf *b)
{
	if (b->out)
		b->out->start = total(b);
}

size_t buf_list(const struct buf *b)
{
	size_t used;

	if (!b->out || !b->out->max)
		return SIZE_MAX;
	used = total(b) - b->out->start;
	return total(b) + (used < b->out->max ? (b->out->max - used) / 2 : 0);
}

bool buf_wants(struct buf *b, size_t end)
{
	enum { MUCH = 64 * 1024 };

	if (!b->out)
		return true;
	if (!b->out->failed && b->len >= MUCH) {
		size_t n = b->len;

		b->out->failed = b->out->put(b) < 0;
		b->out->gone += n;
		b->len = 0;
	}
	/* text that nobody takes does not pile up */
	if (b->out->failed)
		b->len = 0;
	return !b->out->failed && total(b) < end;
}

size_t utf8_decode(const char *str, size_t n, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)str;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = !n ? 0 : s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t c;

	if (!len || len > n)
		return 0;
	c = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return len;
}

/* Characters beyond ASCII that move the cursor or turn the text around instead of showing something. */
static bool treacherous(uint32_t c)
{
	return c < 0xa0 || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
	       (c >= 0xe0000 && c < 0xe1000);
}

/* White space of any script, and letters that show as nothing. */
static bool blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x115f || c == 0x1160 || c == 0x1680 || c == 0x180e ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x2800 || c == 0x3000 ||
	       c == 0x3164 || c == 0xffa0;
}

/* Does a character of ASCII have a meaning where the text stands? */
static bool meaningful(char c, unsigned how)
{
	return (c == '>' && how & ESC_ANGLE) || (c == ' ' && how & ESC_WORD) ||
	       ((c == '(' || c == ')' || c == ':') && how & ESC_PARENS);
}

/* The length of an escape as buf_text writes them, 0: there is none at s. */
static size_t escape_at(const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	if (n >= 2 && s[0] == '\\' && (s[1] == '\\' || s[1] == '"'))
		return 2;
	return n >= 4 && s[0] == '\\' && s[1] == 'x' && s[2] && strchr(hex, s[2]) && s[3] && strchr(hex, s[3]) ? 4 : 0;
}

static void hex_byte(struct buf *b, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	const char s[] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

	buf_put(b, s, sizeof(s));
}

size_t buf_text(struct buf *b, const char *str, size_t n, unsigned how)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t columns = 0;

	for (size_t i = 0; i < n;) {
		size_t before = b->len, len;
		uint32_t c = 0;
		int w = 0;

		len = utf8_decode(str + i, n - i, &c);
		w = len > 1 ? wcwidth((wchar_t)c) : 0;
		/* what joins the character before it must not join one that is not of this text */
		if (len > 1 && !treacherous(c) && !(how & ESC_ASCII) && !(how & ESC_WORD && blank(c)) &&
			(i || w || how & ESC_JSON)) {
			buf_put(b, str + i, len);
			columns += w > 0 ? (size_t)w : 0;
			i += len;
			continue;
		}
		len = how & ESC_ONCE ? escape_at(str + i, n - i) : 0;
		if (len)
			buf_put(b, str + i, len);
		else if (s[i] == '\\' || (s[i] == '"' && how & ESC_QUOTE))
			buf_printf(b, "\\%c", s[i]);
		else if (s[i] >= 0x20 && s[i] < 0x7f && !meaningful(str[i], how))
			buf_putc(b, (char)s[i]);
		else if (s[i] && s[i] < 0x20 && how & ESC_JSON)
			buf_putc(b, (char)s[i]);
		else if (s[i] == '\n' || s[i] == '\t' || s[i] == '\r')
			buf_puts(b, s[i] == '\n' ? "\\n" : s[i] == '\t' ? "\\t" : "\\r");
		else
			hex_byte(b, s[i]);
		columns += b->len - before;
		i += len ? len : 1;
	}
	return columns;
}
