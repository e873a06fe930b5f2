/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file that somebody edited: what is taken from it can be written and read again. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "top.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct config c, again;
	struct buf b = {0};

	config_default(&c);
	if (!config_parse(&a, (const char *)data, size, &c)) {
		config_default(&again);
		config_print(&c, &b);
		if (config_parse(&a, b.data, b.len, &again) || memcmp(&c.columns, &again.columns, sizeof(c.columns)) ||
			c.sort != again.sort || c.palette != again.palette)
			abort();
	}
	if (!(c.interval >= 0.1 && c.interval <= 3600))
		abort();
	buf_free(&b);
	arena_free(&a);
	return 0;
}
