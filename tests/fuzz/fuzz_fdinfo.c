/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser of a ring's fdinfo; and what is proved about its result is used. */
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct fdinfo f;
	size_t total = 0;

	fdinfo_parse(&a, (const char *)data, size, &f);
	for (size_t i = 0; i < f.n_files; i++) {
		total += strlen(f.files[i].name);
		if (f.files[i].slot >= f.nr_files)
			abort();
	}
	for (size_t i = 0; i < f.n_sqes; i++)
		total += f.sqes[i].slot;
	if (f.napi)
		total += strlen(f.napi);
	if (f.n_files > f.nr_files)
		abort();
	arena_free(&a);
	return total == SIZE_MAX;
}
