/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request's arguments point at in the submitter's memory, copied while it is true. */
#ifndef URINGTOP_TRACE_TCAPTURE_H
#define URINGTOP_TRACE_TCAPTURE_H

#include "tbpf.h"

struct scratch {
	struct ev_submit e;
	uint8_t pieces[PIECES_ROOM + CAPTURE_MOST];
};

/* Copies len bytes of the submitter's memory, as they are now; a string to its end. Returns where the next piece goes. */
static __noinline uint32_t piece(struct scratch *s, uint32_t at, uint64_t addr, uint64_t len)
{
	struct piece *p;
	uint32_t n;

	if (!s || !addr || at > PIECES_ROOM - sizeof(*p))
		return at;
	p = (void *)s->pieces + at;
	if (!len) {
		long got = bpf_probe_read_user_str(p + 1, CAPTURE_MOST, (void *)addr);

		if (got <= 0)
			return at;
		n = (uint32_t)got;
	} else {
		n = len > CAPTURE_MOST ? CAPTURE_MOST : (uint32_t)len;
		if (bpf_probe_read_user(p + 1, n, (void *)addr))
			return at;
	}
	p->addr = addr;
	p->len = n;
	p->room = (n + 7) & ~7u;
	return at + sizeof(*p) + p->room;
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

static __noinline uint32_t vectors(struct scratch *s, uint32_t at, uint64_t addr, uint64_t count, uint64_t with_data)
{
	at = piece(s, at, addr, (count > 16 ? 16 : count) * sizeof(struct user_iovec) + !count);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < 4; i++) {
		struct user_iovec v = {0};

		if (!with_data || i >= count || bpf_probe_read_user(&v, sizeof(v), (void *)(addr + i * sizeof(v))))
			break;
		if (v.len)
			at = piece(s, at, v.base, v.len < data_len ? v.len : data_len);
	}
	return at;
}

static __noinline uint32_t message(struct scratch *s, uint32_t at, uint64_t addr, uint64_t written)
{
	struct user_msghdr m = {0};

	if (bpf_probe_read_user(&m, sizeof(m), (void *)addr))
		return at;
	at = piece(s, at, addr, sizeof(m));
	if (m.name && m.namelen && written)
		at = piece(s, at, m.name, m.namelen > 128 ? 128 : m.namelen);
	return m.iovlen ? vectors(s, at, m.iov, m.iovlen, written && data_len) : at;
}

static __noinline uint32_t captured(struct scratch *s, uint32_t at, uint32_t opcode, uint32_t which)
{
	struct capture c;
	uint64_t addr = 0, len = 0;
	uint32_t n;

	if (!s || opcode > 255 || which >= CAPTURES)
		return at;
	c = *(const struct capture *)&captures[opcode][which];
	if (c.at > 56 || c.len_at > 56)
		return at;
	__builtin_memcpy(&addr, s->e.sqe + c.at, 8);
	__builtin_memcpy(&len, s->e.sqe + c.len_at, 8);
	n = c.len_size;
	len = n == 8 ? len : n == 4 ? (uint32_t)len : n == 2 ? (uint16_t)len : 1;
	switch (c.kind) {
	case CAPTURE_STRING:
		return piece(s, at, addr, 0);
	case CAPTURE_BYTES:
		return len && len < 65536 ? piece(s, at, addr, len * c.unit) : at;
	case CAPTURE_IOVEC:
		return len && len < 65536 ? vectors(s, at, addr, len, c.written && data_len) : at;
	case CAPTURE_MSGHDR:
		return message(s, at, addr, c.written);
	case CAPTURE_DATA:
		/* a vectorized send has iovecs there */
		if (c.unit && s->e.sqe[2] & c.unit)
			return len && len < 65536 ? vectors(s, at, addr, len, data_len) : at;
		return len && data_len ? piece(s, at, addr, len < data_len ? len : data_len) : at;
	}
	return at;
}

#endif
