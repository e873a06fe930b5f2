/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refresh N: N looks at the machine, each drawn, as uringtop does them; prints its memory in KiB after a hundredth of them, a tenth, and all. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collect.h"
#include "top.h"

static long resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (f) {
		if (fscanf(f, "%*d %ld", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 10000;
	const struct collect_options co = {.deadline = 1,
		.build = {.sources = SOURCE_ALL, .max_requests = 1000, .max_files = 4096},
		.interval = 1};
	struct top_options o = {.utf8 = true};
	struct collector *c = collector_new(&co);
	struct grid g = {0};
	struct top *t;

	setlocale(LC_ALL, "C.UTF-8");
	config_default(&o.config);
	t = top_new(&o);
	for (long i = 1; i <= n; i++) {
		struct frame *f = collector_look(c);

		if (!f)
			return 1;
		top_frame(t, f);
		grid_clear(&g, 24, 80);
		top_draw(t, &g);
		if (i == n / 100 || i == n / 10 || i == n)
			printf("%ld\n", resident());
	}
	grid_free(&g);
	top_free(t);
	collector_free(c, &(pid_t){0});
	return 0;
}
