/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request's arguments point at in the submitter's memory, copied while it is true. */
#ifndef URINGTOP_TRACE_TCAPTURE_H
#define URINGTOP_TRACE_TCAPTURE_H

#include "tbpf.h"

struct scratch {
	struct ev_submit e;
	uint8_t pieces[PIECES_ROOM + CAPTURE_MOST];
};

/*
 * Copies len bytes of the submitter's memory, as they are now, behind what has been copied; a string to its end. How much that is
 * stands in the event alone: in a register the verifier would follow each sum that it may have, through each of the loops below.
 */
static __noinline int piece(struct scratch *s, uint64_t addr, uint64_t len)
{
	struct piece *p;
	uint32_t n, at;

	if (!s || !addr)
		return 0;
	at = s->e.pieces;
	if (at > PIECES_ROOM - sizeof(*p))
		return 0;
	p = (void *)s->pieces + at;
	if (!len) {
		long got = bpf_probe_read_user_str(p + 1, CAPTURE_MOST, (void *)addr);

		if (got <= 0)
			return 0;
		n = (uint32_t)got;
	} else {
		n = len > CAPTURE_MOST ? CAPTURE_MOST : (uint32_t)len;
		if (bpf_probe_read_user(p + 1, n, (void *)addr))
			return 0;
	}
	p->addr = addr;
	p->len = n;
	p->room = (n + 7) & ~7u;
	s->e.pieces = at + sizeof(*p) + p->room;
	return 0;
}

/* The same for data that would be written or sent, as much of it as is asked for. */
static __always_inline void data(struct scratch *s, uint64_t addr, uint64_t len)
{
	if (len && data_len)
		piece(s, addr, len < data_len ? len : data_len);
}

struct user_iovec {
	uint64_t base, len;
};
struct user_msghdr {
	uint64_t name;
	uint32_t namelen, pad;
	uint64_t iov, iovlen, control, controllen;
	uint32_t flags, pad2;
};

static __noinline int vectors(struct scratch *s, uint64_t addr, uint64_t count, uint64_t with_data)
{
	piece(s, addr, (count > 16 ? 16 : count) * sizeof(struct user_iovec) + !count);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < 4; i++) {
		struct user_iovec v = {0};

		if (!with_data || i >= count || bpf_probe_read_user(&v, sizeof(v), (void *)(addr + i * sizeof(v))))
			break;
		data(s, v.base, v.len);
	}
	return 0;
}

static __noinline int message(struct scratch *s, uint64_t addr, uint64_t written)
{
	struct user_msghdr m = {0};

	if (bpf_probe_read_user(&m, sizeof(m), (void *)addr))
		return 0;
	piece(s, addr, sizeof(m));
	if (m.name && m.namelen && written)
		piece(s, m.name, m.namelen > 128 ? 128 : m.namelen);
	return m.iovlen ? vectors(s, m.iov, m.iovlen, written && data_len) : 0;
}

static __noinline int captured(struct scratch *s, uint32_t opcode, uint32_t which)
{
	struct capture c;
	uint64_t addr = 0, len = 0;
	uint32_t n;

	if (!s || opcode > 255 || which >= CAPTURES)
		return 0;
	c = *(const struct capture *)&captures[opcode][which];
	if (c.at > 56 || c.len_at > 56)
		return 0;
	__builtin_memcpy(&addr, s->e.sqe + c.at, 8);
	__builtin_memcpy(&len, s->e.sqe + c.len_at, 8);
	n = c.len_size;
	len = n == 8 ? len : n == 4 ? (uint32_t)len : n == 2 ? (uint16_t)len : 1;
	if (c.kind == CAPTURE_STRING)
		return piece(s, addr, 0);
	if (c.kind == CAPTURE_MSGHDR)
		return message(s, addr, c.written);
	if (!len)
		return 0;
	/* a vectorized send has iovecs where another has its data */
	if (c.kind == CAPTURE_IOVEC || (c.kind == CAPTURE_DATA && c.unit && s->e.sqe[2] & c.unit))
		return len < 65536 ? vectors(s, addr, len, c.written && data_len) : 0;
	if (c.kind == CAPTURE_BYTES)
		return len < 65536 ? piece(s, addr, len * c.unit) : 0;
	if (c.kind == CAPTURE_DATA)
		data(s, addr, len);
	return 0;
}

#endif
