/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values and SQEs in the style of strace. */
#include <string.h>

#include "render.h"
#include "uapi.h"

/* the 16 colours of the terminal's own theme, so that they can be read on light and on dark */
static const char *const sgr[] = {"0", "1", "36", "33", "32", "35", "31", "2"};

void render_color(struct buf *b, const struct style *st, enum color c)
{
	if (st->color)
		buf_printf(b, "\033[%sm", sgr[c]);
}

size_t render_color_at(const char *s, enum color *c)
{
	for (size_t i = 0; s[0] == '\033' && s[1] == '[' && i < sizeof(sgr) / sizeof(sgr[0]); i++) {
		size_t len = strlen(sgr[i]);

		if (!strncmp(s + 2, sgr[i], len) && s[2 + len] == 'm') {
			*c = (enum color)i;
			return len + 3;
		}
	}
	return 0;
}

static void quoted(struct buf *b, const struct style *st, const char *s, size_t n, bool cut)
{
	buf_putc(b, '"');
	render_text_in(b, st, TEXT_QUOTED, s, n);
	buf_puts(b, cut ? "\"..." : "\"");
}

static void file(struct buf *b, const struct style *st, const char *name)
{
	if (!name)
		return;
	buf_putc(b, '<');
	render_color(b, st, C_NAME);
	render_file(b, st, TEXT_ANGLE, name);
	render_color(b, st, C_NONE);
	buf_putc(b, '>');
}

static void fd(struct buf *b, const struct style *st, int64_t n, bool slot, const char *name)
{
	if (slot)
		buf_puts(b, "fixed:");
	if (!slot && n == -100)
		buf_puts(b, "AT_FDCWD");
	else
		buf_printf(b, "%lld", (long long)n);
	file(b, st, name);
}

void render_value(struct buf *b, const struct style *st, const struct value *v)
{
	const char *between = "", *first = "", *last = "";

	switch (v->kind) {
	case V_UINT:
		buf_dec(b, v->u);
		return;
	case V_INT:
		buf_printf(b, "%lld", (long long)v->i);
		return;
	case V_HEX:
		buf_hex(b, v->u);
		return;
	case V_NAME:
		render_text(b, st, v->s, strlen(v->s));
		return;
	case V_STR:
		quoted(b, st, v->s, v->n, v->cut);
		return;
	case V_FD:
	case V_SLOT:
		fd(b, st, v->i, v->kind == V_SLOT, v->s);
		return;
	case V_FLAGS:
		between = "|";
		if (!v->child)
			buf_putc(b, '0');
		break;
	case V_LIST:
		between = ", ";
		first = "[";
		last = "]";
		break;
	case V_STRUCT:
		between = ", ";
		first = "{";
		last = "}";
		break;
	}
	buf_puts(b, first);
	for (const struct value *c = v->child; c; c = c->next) {
		if (c->key) {
			render_text(b, st, c->key, strlen(c->key));
			buf_putc(b, '=');
		}
		render_value(b, st, c);
		if (c->next)
			buf_puts(b, between);
	}
	if (v->cut)
		buf_puts(b, v->child ? ", ..." : "...");
	buf_puts(b, last);
}

static void raw(struct buf *b, const struct sqe_arg *a)
{
	size_t n = a->n_bytes;

	switch (a->raw) {
	case RAW_UNKNOWN:
		buf_putc(b, '?');
		break;
	case RAW_DEC:
	case RAW_OFFSET:
		buf_dec(b, a->word);
		break;
	case RAW_INT:
		buf_printf(b, "%lld", (long long)a->word);
		break;
	case RAW_HEX:
		buf_hex(b, a->word);
		break;
	case RAW_BYTES:
		while (n && !a->bytes[n - 1])
			n--;
		buf_puts(b, "0x");
		for (size_t i = 0; i < n; i++)
			buf_printf(b, "%02x", a->bytes[i]);
		if (!n)
			buf_putc(b, '0');
		else if (n < a->n_bytes)
			buf_puts(b, "..00");
		break;
	}
}

void render_sqe(struct buf *b, const struct style *st, const struct sqe_fields *f)
{
	render_color(b, st, C_HEAD);
	render_text(b, st, f->name, strlen(f->name));
	render_color(b, st, C_NONE);
	buf_putc(b, '(');
	if (f->has_fd) {
		fd(b, st, f->fd, f->fixed, f->file);
		if (f->n_args)
			buf_puts(b, ", ");
	}
	for (size_t i = 0; i < f->n_args; i++) {
		const struct sqe_arg *a = &f->args[i];

		render_text(b, st, a->name, strlen(a->name));
		buf_putc(b, '=');
		if (a->decoded)
			render_value(b, st, a->decoded);
		else
			raw(b, a);
		if (i + 1 < f->n_args)
			buf_puts(b, ", ");
	}
	buf_putc(b, ')');
}
