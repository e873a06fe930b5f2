/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a ring's memory: layouts, and heads, tails and indices that are anything. */
#include "unit.h"

#include <errno.h>

#include "ring.h"
#include "uapi.h"

enum { ENTRIES = 8, CQ = 16 };

struct memory {
	struct ring_access_buf acc;
	uint8_t *rings, *sqes;
	struct ring_geometry g;
	const struct ring_header *h;
};

static void put32(struct memory *m, uint64_t at, uint32_t v)
{
	memcpy(m->rings + at, &v, 4);
}

/* Memory of exactly the size that the layout needs: reading one byte beyond it is an error of the test's reader. */
static struct memory make(const struct ring_header *h, const struct ring_layout *l)
{
	struct memory m = {.h = h, .g = {.sq_entries = ENTRIES, .cq_entries = CQ}};
	size_t rings = ring_rings_size(h, &m.g, l), sqes = ring_sqes_size(&m.g, l);

	m.rings = calloc(1, rings);
	m.sqes = calloc(1, sqes);
	ring_access_buf_init(&m.acc);
	m.acc.area[AREA_RINGS] = m.rings;
	m.acc.area[AREA_SQES] = m.sqes;
	m.acc.len[AREA_RINGS] = rings;
	m.acc.len[AREA_SQES] = sqes;
	put32(&m, h->sq_mask, ENTRIES - 1);
	put32(&m, h->cq_mask, CQ - 1);
	put32(&m, h->sq_entries, ENTRIES);
	put32(&m, h->cq_entries, CQ);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint64_t id = 0x100 + i;

		memcpy(m.sqes + (i * 64 << l->sqe128) + SQE_USER_DATA, &id, 8);
		if (!l->no_sqarray)
			put32(&m, ring_sq_array_offset(h, &m.g, l) + 4 * i, i);
	}
	for (uint64_t i = 0; i < CQ; i++)
		memcpy(m.rings + h->cqes + (i * 16 << l->cqe32), &i, 8);
	return m;
}

static void drop(struct memory *m)
{
	free(m->rings);
	free(m->sqes);
}

static int copy(struct arena *a, struct memory *m, const struct ring_layout *l, struct ring_copy *out)
{
	struct ring_words w;
	int err = ring_read_words(&m->acc.base, m->h, &w);

	return err ? err : ring_read_entries(a, &m->acc.base, m->h, &m->g, l, &w, out);
}

static void all_layouts(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		struct ring_layout l = {.sqe128 = bits & 1, .cqe32 = bits & 2, .no_sqarray = bits & 4};
		const struct ring_header *h = &ring_header_known[bits >> 3];
		struct memory m = make(h, &l);
		struct arena a = {0};
		struct ring_copy c;

		/* across the ends of both arrays, and of 32 bits */
		put32(&m, h->sq_head, 0xfffffffe);
		put32(&m, h->sq_tail, 3);
		put32(&m, h->cq_head, 14);
		put32(&m, h->cq_tail, 19);
		assert_int_equal(copy(&a, &m, &l, &c), 0);
		assert_int_equal(c.n_sq, 5);
		assert_int_equal(c.n_cq, 5);
		assert_int_equal(c.sq[0].index, 0xfffffffe);
		assert_int_equal(uapi_word(c.sq[0].sqe.b, SQE_USER_DATA, 8), 0x106);
		assert_int_equal(uapi_word(c.sq[4].sqe.b, SQE_USER_DATA, 8), 0x102);
		assert_int_equal(c.cq[0].user_data, 14);
		assert_int_equal(c.cq[4].user_data, 2);
		assert_int_equal(c.cq[0].big, l.cqe32);
		assert_false(c.moved);
		arena_free(&a);
		drop(&m);
	}
}

static void any_heads_and_tails(void **state)
{
	static const uint32_t values[] = {0, 1, 7, 8, 9, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
	struct ring_layout l = {0};
	struct memory m = make(&ring_header_known[0], &l);
	size_t n = sizeof(values) / sizeof(values[0]);

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		struct arena a = {0};
		struct ring_copy c;

		put32(&m, m.h->sq_head, values[i / n]);
		put32(&m, m.h->sq_tail, values[i % n]);
		put32(&m, m.h->cq_head, values[i % n]);
		put32(&m, m.h->cq_tail, values[i / n]);
		assert_int_equal(copy(&a, &m, &l, &c), 0);
		assert_true(c.n_sq <= ENTRIES && c.n_cq <= CQ);
		arena_free(&a);
	}
	drop(&m);
}

static void slots_out_of_range(void **state)
{
	struct ring_layout l = {0};
	struct memory m = make(&ring_header_known[0], &l);
	struct arena a = {0};
	struct ring_copy c;

	(void)state;
	put32(&m, m.h->sq_tail, 3);
	put32(&m, ring_sq_array_offset(m.h, &m.g, &l), 8);
	put32(&m, ring_sq_array_offset(m.h, &m.g, &l) + 4, 0xffffffff);
	assert_int_equal(copy(&a, &m, &l, &c), 0);
	assert_int_equal(c.n_sq, 3);
	assert_false(c.sq[0].in_range || c.sq[1].in_range);
	assert_int_equal(c.sq[1].slot, 0xffffffff);
	assert_true(c.sq[2].in_range);
	arena_free(&a);
	drop(&m);
}

/* Mixed sizes: a big entry takes two places; one that would start at the last place has no second half. */
static void mixed(void **state)
{
	struct ring_layout l = {.sqe_mixed = true, .cqe_mixed = true};
	struct memory m = make(&ring_header_known[0], &l);
	struct arena a = {0};
	struct ring_copy c;
	uint32_t flag = UAPI_CQE_32;

	(void)state;
	m.sqes[64] = 64; /* URING_CMD128 */
	m.sqes[7 * 64] = 64;
	memcpy(m.rings + m.h->cqes + 16 + 12, &flag, 4);
	put32(&m, m.h->sq_tail, 8);
	put32(&m, m.h->cq_tail, 4);
	assert_int_equal(copy(&a, &m, &l, &c), 0);
	assert_int_equal(c.n_sq, 7);
	assert_true(c.sq[1].sqe.big && !c.sq[2].sqe.big);
	assert_int_equal(c.sq[2].index, 3);
	assert_false(c.sq[6].sqe.big);
	assert_int_equal(c.n_cq, 3);
	assert_true(c.cq[1].big);
	assert_int_equal(c.cq[2].index, 3);
	arena_free(&a);
	drop(&m);
}

/* A reader whose ring moves on between two reads. */
struct moving {
	struct ring_access base;
	struct memory *m;
	int reads;
};

static int moving_read(struct ring_access *self, enum ring_area area, const struct ring_piece *p, size_t n)
{
	struct moving *v = (struct moving *)self;

	if (v->reads++ == 3) {
		put32(v->m, v->m->h->sq_head, 2);
		put32(v->m, v->m->h->cq_head, 3);
	}
	return v->m->acc.base.read(&v->m->acc.base, area, p, n);
}

static void what_moved_is_left_out(void **state)
{
	struct ring_layout l = {0};
	struct memory m = make(&ring_header_known[0], &l);
	struct moving v = {{moving_read}, &m, 0};
	struct arena a = {0};
	struct ring_words w;
	struct ring_copy c;

	(void)state;
	put32(&m, m.h->sq_tail, 5);
	put32(&m, m.h->cq_tail, 5);
	assert_int_equal(ring_read_words(&v.base, m.h, &w), 0);
	assert_int_equal(ring_read_entries(&a, &v.base, m.h, &m.g, &l, &w, &c), 0);
	assert_true(c.moved);
	assert_int_equal(c.n_sq, 3);
	assert_int_equal(c.sq[0].index, 2);
	assert_int_equal(c.n_cq, 2);
	assert_int_equal(c.cq[0].index, 3);
	arena_free(&a);
	drop(&m);
}

static void geometry_from_words(void **state)
{
	static const struct {
		uint32_t sq, cq, sq_mask, cq_mask;
		uint64_t rings, sqes;
		int err;
	} rows[] = {
		{8, 16, 7, 15, 4096, 4096, 0}, {8, 16, 7, 15, 0, 0, 0}, {0, 16, 0xffffffff, 15, 4096, 4096, -EBADMSG},
		{8, 17, 7, 16, 4096, 4096, -EBADMSG}, {8, 16, 6, 15, 4096, 4096, -EBADMSG},
		{65536, 65536, 65535, 65535, 0, 0, -EBADMSG}, {32768, 131072, 32767, 131071, 0, 0, -EBADMSG},
		{4096, 8192, 4095, 8191, 4096, 4096, -EBADMSG}, /* larger than what is mapped */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ring_words w = {.sq_entries = rows[i].sq,
			.cq_entries = rows[i].cq,
			.sq_mask = rows[i].sq_mask,
			.cq_mask = rows[i].cq_mask};
		struct ring_geometry g = {.rings_len = rows[i].rings, .sqes_len = rows[i].sqes};

		assert_int_equal(ring_geometry_from_words(&ring_header_known[0], &w, &g), rows[i].err);
	}
}

static void layouts_by_length(void **state)
{
	struct ring_geometry g = {.sq_entries = 256, .cq_entries = 512};
	struct ring_layout l[RING_LAYOUTS];
	size_t n;

	(void)state;
	g.sqes_len = 256 * 128;
	n = ring_layouts(&ring_header_known[0], &g, NULL, l);
	for (size_t i = 0; i < n; i++)
		assert_true(l[i].sqe128);
	assert_true(n > 0);
	g.sqes_len = 256 * 64;
	g.rings_len = 4096 * 3; /* 64 + 512 * 16 + 256 * 4, in pages */
	n = ring_layouts(&ring_header_known[0], &g, NULL, l);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		assert_true(!l[i].sqe128 && !l[i].cqe32);
	/* lengths that fit nothing rule nothing out */
	g.rings_len = g.sqes_len = 4096;
	assert_true(ring_layouts(&ring_header_known[0], &g, NULL, l) > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_layouts),
		cmocka_unit_test(any_heads_and_tails),
		cmocka_unit_test(slots_out_of_range),
		cmocka_unit_test(mixed),
		cmocka_unit_test(what_moved_is_left_out),
		cmocka_unit_test(geometry_from_words),
		cmocka_unit_test(layouts_by_length),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
