/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a ring's page share; nobody outside this directory includes this. */
#ifndef URINGTOP_RENDER_PAGE_H
#define URINGTOP_RENDER_PAGE_H

#include "render.h"

/* The output and its style travel together. */
struct page {
	struct buf *b;
	const struct style *st;
};

/* The word on the left of a line; "" for one that goes on. */
void page_word(const struct page *p, const char *name);
/* Text from a target, ? where there is none. */
void page_text(const struct page *p, const char *s);
void page_num(const struct page *p, const char *before, struct snap_num n, const char *after);
/* A|B */
void page_list(const struct page *p, const struct snap_names *names);
struct uapi_flags;
void page_flag_word(const struct page *p, const struct uapi_flags *set, uint64_t word);
/* A list has ended: says in its place what of its n entries is not there. */
void page_rest(const struct page *p, const struct snap_ring *r, const char *section, size_t shown, size_t n);
/* A remark in colour. */
void page_mark(const struct page *p, enum color c, const char *s);

void page_restrictions(const struct page *p, const struct snap_ring *r);
void page_registered(const struct page *p, const struct snap_ring *r);
void page_inflight(const struct page *p, const struct snap_ring *r);
void page_workers(const struct page *p, const struct snap_ring *r);

#endif
