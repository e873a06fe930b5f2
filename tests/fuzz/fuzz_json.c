/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document that somebody else wrote, read, shown and written again. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "render.h"
#include "snapjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct style st = {.utf8 = true, .width = 80};
	struct arena a = {0};
	struct snap_doc doc;
	struct buf b = {0};
	struct table *t = table_new();

	if (!snap_json_read(&a, (const char *)data, size, &doc)) {
		for (size_t i = 0; i < doc.n_rings; i++) {
			render_ring(&b, &st, &doc.rings[i]);
			table_ring(t, &st, &doc.rings[i]);
		}
		table_print(t, &b, &st);
		for (size_t i = 0; i < b.len; i++)
			if ((uint8_t)b.data[i] < 0x20 && b.data[i] != '\n')
				abort();
		b.len = 0;
		snap_json_begin(&b, &doc.head);
		for (size_t i = 0; i < doc.n_rings; i++)
			snap_json_ring(&b, &doc.rings[i], i == 0);
		snap_json_end(&b, doc.skipped, doc.n_skipped, &doc.threads);
	}
	table_free(t);
	buf_free(&b);
	arena_free(&a);
	return 0;
}
