/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a ring may do: every opcode, allowed or refused. */
#include <string.h>

#include "tui.h"
#include "uapi.h"

/* Names in as many columns as there is room for. */
struct table_of {
	struct items *out;
	struct buf line;
	int width, n;
	uint64_t key;
};

enum { CELL_WIDTH = 26 };

static void flush(struct table_of *x)
{
	if (x->line.len)
		item_add(
			x->out, (struct item){.key = x->key, .text = arena_copy(x->out->a, x->line.data, x->line.len)});
	x->line.len = 0;
	x->n = 0;
}

static void put(struct table_of *x, const struct top *t, const char *name, bool allowed, const char *more)
{
	size_t start;

	if (x->n && (x->n + 1) * CELL_WIDTH > x->width - 2)
		flush(x);
	if (!x->n) {
		x->key = list_key(5, 0);
		for (const char *s = name; *s; s++)
			x->key = list_key(x->key, (uint64_t)*s);
		buf_puts(&x->line, "  ");
	}
	start = x->line.len;
	render_color(&x->line, &t->style, allowed ? C_GOOD : C_BAD);
	buf_puts(&x->line, allowed ? "+ " : "- ");
	render_text(&x->line, &t->style, name, strlen(name));
	buf_puts(&x->line, more);
	render_color(&x->line, &t->style, C_NONE);
	start = (size_t)grid_width(x->line.data + start);
	buf_pad(&x->line, start < CELL_WIDTH ? CELL_WIDTH - start : 1);
	x->n++;
}

static void heading(struct table_of *x, const char *text)
{
	flush(x);
	item_add(x->out,
		(struct item){.key = list_key(6, (uint64_t)(unsigned char)text[0] << 8 | (unsigned char)text[1]),
			.look = LOOK_BOLD,
			.text = text});
}

static void opcodes(struct table_of *x, const struct top *t, const struct snap_restrictions *r)
{
	heading(x, r->sqe_limited ? "Opcodes: + allowed, - refused" : "Opcodes: any is allowed");
	for (unsigned i = 0; i < UAPI_OPS; i++) {
		const char *name = uapi_op(i)->name;

		put(x, t, name, !r->sqe_limited || snap_has(&r->sqe_ops, name),
			snap_has(&r->filter_ops, name) ? " (BPF filter)" : "");
	}
	/* those that are newer than the table */
	for (size_t i = 0; r->sqe_limited && i < r->sqe_ops.n; i++)
		if (uapi_op_number(r->sqe_ops.v[i], strlen(r->sqe_ops.v[i])) < 0)
			put(x, t, r->sqe_ops.v[i], true, "");
}

static void register_ops(struct table_of *x, const struct top *t, const struct snap_restrictions *r)
{
	heading(x, r->register_limited ? "Operations of io_uring_register: + allowed, - refused"
				       : "Operations of io_uring_register: any is allowed");
	for (const struct uapi_name *n = uapi_register_ops; r->register_limited && n->name; n++) {
		const char *name = !strncmp(n->name, "REGISTER_", 9) ? n->name + 9 : n->name;

		put(x, t, name, snap_has(&r->register_ops, name), "");
	}
}

static void sqe_flags(struct table_of *x, const struct top *t, const struct snap_restrictions *r)
{
	heading(x, r->sqe_limited ? "SQE flags" : "SQE flags: any is allowed, none is required");
	for (const struct uapi_name *n = uapi_sqe_flags.bits; r->sqe_limited && n->name; n++) {
		bool required = snap_has(&r->sqe_flags_required, n->name);

		/* what is required is allowed too (io_check_restriction, io_uring/io_uring.c) */
		put(x, t, n->name, required || snap_has(&r->sqe_flags_allowed, n->name), required ? " (required)" : "");
	}
}

static void items(struct top *t, const struct track *k, int width, struct items *out)
{
	const struct snap_restrictions *r = &k->ring->restrictions;
	struct table_of x = {.out = out, .width = width};
	const char *why = snap_reason_of(k->ring, "restrictions");

	if (!r->known) {
		item_add(out, (struct item){.key = 1,
				      .look = LOOK_DIM,
				      .text = arena_printf(out->a, "  restrictions could not be read%s%s",
					      why ? ": " : "", why ? why : "")});
		return;
	}
	heading(&x, r->active	    ? "Restricted"
		    : r->registered ? "Not yet restricted: what is registered will bind when the ring is enabled"
				    : "No restrictions");
	if (r->ring_disabled == SNAP_YES)
		heading(&x, "The ring is disabled: nothing can be submitted until IORING_REGISTER_ENABLE_RINGS");
	if (r->inherited == SNAP_YES)
		heading(&x, "Inherited from the task");
	opcodes(&x, t, r);
	register_ops(&x, t, r);
	sqe_flags(&x, t, r);
	flush(&x);
	buf_free(&x.line);
}

const struct tab tab_restrictions = {{"Restrictions", "Restrictions", "Restr"}, NULL, items, NULL};
