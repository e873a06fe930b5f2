/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring's memory that holds anything, under every layout and geometry. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ring_access_buf acc;
	struct arena a = {0};
	struct ring_copy copy;
	struct ring_words w;
	struct ring_geometry g = {0}, own = {0};
	struct ring_layout l[RING_LAYOUTS];
	size_t half, n;

	if (size < 4)
		return 0;
	half = (size - 4) / 2;
	ring_access_buf_init(&acc);
	acc.area[AREA_RINGS] = data + 4;
	acc.area[AREA_SQES] = data + 4 + half;
	acc.len[AREA_RINGS] = half;
	acc.len[AREA_SQES] = size - 4 - half;
	g.sq_entries = 1u << (data[0] % 8);
	g.cq_entries = 1u << (data[1] % 9);
	for (int i = 0; i < 2; i++) {
		const struct ring_header *h = &ring_header_known[i];

		if (ring_read_words(&acc.base, h, &w))
			continue;
		if (!ring_geometry_from_words(h, &w, &own) && (!own.sq_entries || !own.cq_entries))
			abort();
		g.rings_len = data[2] & 1 ? 4096 : 0;
		n = ring_layouts(h, &g, NULL, l);
		if (!n || n > RING_LAYOUTS)
			abort();
		for (size_t k = 0; k < n; k++) {
			if (ring_read_entries(&a, &acc.base, h, &g, &l[k], &w, &copy))
				continue;
			if (copy.n_sq > g.sq_entries || copy.n_cq > g.cq_entries)
				abort();
			for (size_t j = 0; j < copy.n_sq; j++)
				if (copy.sq[j].in_range != (copy.sq[j].slot < g.sq_entries))
					abort();
		}
	}
	arena_free(&a);
	return 0;
}
