/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQEs and CQEs whose words, and the memory they point at, are anything; then text and JSON of them. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "render.h"
#include "snapjson.h"

struct target {
	const uint8_t *mem;
	size_t len;
};

/* Addresses are taken modulo a little more than there is: some are readable in part, some not at all. */
static ssize_t mem(void *ctx, uint64_t addr, void *dst, size_t n)
{
	struct target *t = ctx;
	size_t at = (size_t)(addr % (t->len + 64));

	if (at >= t->len)
		return -1;
	if (n > t->len - at)
		n = t->len - at;
	memcpy(dst, t->mem + at, n);
	return (ssize_t)n;
}

static const char *file(void *ctx, int fd)
{
	(void)ctx;
	return fd & 1 ? "socket:[1]" : fd & 2 ? "/a\033b" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t = {data, size};
	struct peek peek = {.ctx = &t, .mem = mem, .file = file, .data = 40};
	struct style st = {.utf8 = true};
	struct arena a = {0};
	struct buf b = {0};
	struct snap_ring r = {.id = 1};
	struct snap_sqe e = {.in_range = true};
	struct snap_cqe c = {0};
	struct sqe sqe = {.known = ~0ull};
	size_t n = size < 128 ? size : 128;

	memcpy(sqe.b, data, n);
	sqe.big = size & 1;
	if (size & 2)
		sqe.known = 0x3fff0fffff3;
	sqe_decode(&a, &sqe, &peek, &e.f);
	memcpy(&c.user_data, sqe.b, 8);
	memcpy(&c.res, sqe.b + 8, 4);
	memcpy(&c.flags, sqe.b + 12, 4);
	r.sq.pending = &e;
	r.sq.n_pending = 1;
	r.cq.unreaped = &c;
	r.cq.n_unreaped = 1;
	r.sq.pending_known = r.cq.unreaped_known = true;
	render_ring(&b, &st, &r);
	for (size_t i = 0; i < b.len; i++)
		if ((uint8_t)b.data[i] < 0x20 && b.data[i] != '\n')
			abort(); /* a control byte got through */
	b.len = 0;
	snap_json_ring(&b, &r, true);
	for (size_t i = 1; i < b.len; i++)
		if ((uint8_t)b.data[i] < 0x20)
			abort();
	buf_free(&b);
	arena_free(&a);
	return 0;
}
