/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints how long it takes to load BPF programs, and how much of that is the kernel's verification, in milliseconds: for those named. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "krecords.h"
#include "uring.skel.h"

enum { MOST = 32, LOG = 65536, STATISTICS = 4 };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	double start = now_ms(), verified = 0;
	struct uring *s = uring__open();
	struct bpf_program *p;
	char *logs[MOST];
	int n = 0;

	if (!s)
		return 1;
	bpf_object__for_each_program(p, s->obj)
	{
		bool wanted = false;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], bpf_program__name(p));
		bpf_program__set_autoload(p, wanted);
		if (wanted && n < MOST) {
			logs[n] = calloc(LOG, 1);
			bpf_program__set_log_buf(p, logs[n++], LOG);
			bpf_program__set_log_level(p, STATISTICS);
		}
	}
	if (uring__load(s))
		return 1;
	start = now_ms() - start;
	for (int i = 0; i < n; i++) {
		const char *time = strstr(logs[i], "verification time ");

		verified += time ? atof(time + strlen("verification time ")) / 1e3 : 0;
	}
	printf("%.1f %.1f\n", start, verified);
	uring__destroy(s);
	return 0;
}
