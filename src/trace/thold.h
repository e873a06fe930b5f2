/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Submissions that are held back until it is known whether what they came to is asked for. A slow request among a million costs the
 * reader one, and not a million. What finds no place here goes out at once, and the reader applies the filter.
 */
#ifndef URINGTOP_TRACE_THOLD_H
#define URINGTOP_TRACE_THOLD_H

#include "tcapture.h"
#include "trings.h"

extern const volatile uint8_t op_once[256]; /* they complete once, and name the request */

/* IOSQE_IO_LINK, IOSQE_IO_HARDLINK; IOSQE_CQE_SKIP_SUCCESS */
enum { HELD = 4096, SQE_LINKS = 1 << 2 | 1 << 3, SQE_SKIPS = 1 << 6 };

struct held {
	uint64_t req; /* 0: free */
	uint64_t ctx, user_data;
	uint32_t size, pad;
	struct scratch s;
};

/* One place, unless something is held. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HELD);
	__type(key, uint32_t);
	__type(value, struct held);
} held SEC(".maps");

/*
 * By what a completion names that found no room, too. The ring's address comes out of a map: of those that are read from the kernel
 * the verifier lets nothing be computed.
 */
static __always_inline struct held *held_at(const struct trace_ring *r, uint64_t user_data, uint32_t which)
{
	uint32_t i = (uint32_t)((r->ctx ^ user_data) * 0x9e3779b97f4a7c15 >> 52 ^ which) & (HELD - 1);

	return bpf_map_lookup_elem(&held, &i);
}

static __always_inline bool is_held(const struct held *h, const struct trace_ring *r, uint64_t req, uint64_t user_data)
{
	return h && h->req && (!req || h->req == req) && h->ctx == r->ctx && h->user_data == user_data;
}

/* The request that is held, NULL: it is not. req 0: any of that user_data. */
static __always_inline struct held *held_of(const struct trace_ring *r, uint64_t req, uint64_t user_data)
{
	struct held *h = held_at(r, user_data, 0);

	if (is_held(h, r, req, user_data))
		return h;
	h = held_at(r, user_data, 1);
	return is_held(h, r, req, user_data) ? h : NULL;
}

/* A place for it, NULL: there is none. Other processors look for one at the same time. */
static __always_inline struct held *hold(const struct trace_ring *r, uint64_t req, uint64_t user_data)
{
	struct held *h = held_at(r, user_data, 0);

	if (!h)
		return NULL;
	if (h->req != req && __sync_val_compare_and_swap(&h->req, 0, req)) {
		h = held_at(r, user_data, 1);
		if (!h || (h->req != req && __sync_val_compare_and_swap(&h->req, 0, req)))
			return NULL;
	}
	h->ctx = r->ctx;
	h->user_data = user_data;
	return h;
}

/* Tells of it, and makes room for another. */
static __always_inline void let_go(struct held *h)
{
	uint32_t size = h->size;

	if (size > sizeof(h->s))
		size = sizeof(h->s);
	if (bpf_ringbuf_output(&events, &h->s, size, wake()))
		missed();
	h->req = 0;
}

#endif
