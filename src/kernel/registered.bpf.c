// SPDX-License-Identifier: GPL-2.0-or-later
/* What is registered with a ring: files and buffers, slot by slot from cursor[0] on. */
#include "common.h"

enum { SLOTS_AT_ONCE = 16 };

/*
 * Where the table is and what stands in it. Found out before the loop, and in memory: the compiler would else move what only
 * one kernel has to where all kernels come by.
 */
struct {
	uint64_t slots;				 /* the table: pointers */
	uint64_t nodes;				 /* they point at an io_rsrc_node */
	uint64_t in_node;			 /* where in that the thing itself is */
	uint64_t short_len;			 /* len has 32 bits */
	uint64_t len, end, refs, is_kbuf, flags; /* where in an io_mapped_ubuf; ABSENT: nowhere */
} table;

enum { ABSENT = 0xffff };
#define WHERE(type, field) (HAS(type, field) ? AT(type, field) : ABSENT)

static __always_inline void files_of(struct io_ring_ctx *ctx)
{
	if (HAS(io_file_table, data)) {
		table.slots = (uint64_t)GET(ctx, file_table.data.nodes);
		table.nodes = 1;
		table.in_node = AT(io_rsrc_node, file_ptr);
	} else {
		struct io_file_table *old = ADDR(ctx, io_ring_ctx, file_table);

		table.slots = (uint64_t)GET(old, files);
		table.nodes = 0;
	}
}

static __always_inline void buffers_of(struct io_ring_ctx *ctx)
{
	if (HAS(io_ring_ctx, buf_table)) {
		table.slots = (uint64_t)GET(ctx, buf_table.nodes);
		table.nodes = 1;
		table.in_node = AT(io_rsrc_node, buf);
	} else {
		table.slots = (uint64_t)GET(ctx, user_bufs);
		table.nodes = 0;
	}
	table.len = WHERE(io_mapped_ubuf, len);
	table.short_len = HAS(io_mapped_ubuf, len) && bpf_core_field_size(((struct io_mapped_ubuf *)0)->len) == 4;
	table.end = WHERE(io_mapped_ubuf, ubuf_end);
	table.refs = WHERE(io_mapped_ubuf, refs);
	table.is_kbuf = WHERE(io_mapped_ubuf, is_kbuf);
	table.flags = WHERE(io_mapped_ubuf, flags);
}

/* *node: that of 6.13 and later, 0 before. */
static __always_inline uint64_t in_slot(uint32_t slot, uint64_t *node)
{
	uint64_t p = load((void *)(table.slots + slot * 8)); /* without a table nothing is there to be read */

	*node = table.nodes ? p : 0;
	return *node ? load((void *)(p + table.in_node)) : p;
}

/* Functions that the verifier goes through once, not once for each slot. */
int one_file(uint32_t slot);
__noinline int one_file(uint32_t slot)
{
	uint64_t node, file = in_slot(slot, &node) & ~7ull; /* flags stand in the low bits */
	struct rec_file *r = file ? room(sizeof(*r)) : NULL;

	if (r)
		*r = (struct rec_file){.slot = slot, .file = file, .node = node};
	return 0;
}

int one_buffer(uint32_t slot);
__noinline int one_buffer(uint32_t slot)
{
	uint64_t node, b = in_slot(slot, &node), addr, len;
	uint32_t flags = 0;
	struct rec_buffer *r;

	if (!b)
		return 0;
	addr = load((void *)b + AT(io_mapped_ubuf, ubuf));
	if (table.end != ABSENT) {
		len = load((void *)b + table.end) - addr;
		if (!addr && !len)
			return 0; /* the dummy that stands in an empty slot */
	} else {
		len = load((void *)b + table.len);
		if (table.short_len)
			len = (uint32_t)len;
	}
	if (table.refs != ABSENT)
		flags = (int)load((void *)b + table.refs) > 1 ? BUFFER_CLONED | BUFFER_CLONED_KNOWN
							      : BUFFER_CLONED_KNOWN;
	if (table.is_kbuf != ABSENT && (uint8_t)load((void *)b + table.is_kbuf))
		flags |= BUFFER_KERNEL;
	if (table.flags != ABSENT && load((void *)b + table.flags) & 1)
		flags |= BUFFER_KERNEL;
	r = room(sizeof(*r));
	if (r)
		*r = (struct rec_buffer){.slot = slot, .flags = flags, .addr = addr, .len = len};
	return 0;
}

/* x.limit: how many slots there are */
static __always_inline int each_slot(int (*one)(uint32_t slot))
{
	uint32_t slot = (uint32_t)x.cursor[0];

	x.len = x.n = 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < SLOTS_AT_ONCE && slot < x.limit; i++, slot++)
		one(slot);
	x.cursor[0] = slot;
	return answer(slot < x.limit ? WALK_MORE : WALK_DONE);
}

SEC("iter/task")
int walk_files(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	if (!ctx)
		return answer(WALK_GONE);
	files_of(ctx);
	return each_slot(one_file);
}

SEC("iter/task")
int walk_buffers(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();

	(void)it;
	if (!ctx)
		return answer(WALK_GONE);
	buffers_of(ctx);
	return each_slot(one_buffer);
}
