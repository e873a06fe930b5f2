/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that did not answer, for whoever shows rings. */
#include <string.h>
#include <unistd.h>

#include "late.h"
#include "proc.h"

/* Their names, which one may have of a process that does not answer; in shared memory. */
struct names {
	size_t n;
	struct {
		pid_t pid;
		/* each has its own: a helper that comes through late must not meet another in it */
		struct arena arena;
		const char *comm;
	} of[];
};

static void read_name(void *ctx, size_t i)
{
	struct names *x = ctx;
	int dir = proc_open(x->of[i].pid);

	arena_free(&x->of[i].arena);
	x->of[i].arena = arena_shared();
	x->of[i].comm = dir >= 0 ? proc_comm(&x->of[i].arena, dir) : NULL;
	if (dir >= 0)
		close(dir);
}

size_t late_processes(struct helpers *h, struct arena *a, struct snap_skip **out)
{
	size_t n, k = 0;
	const struct helpers_late *l = helpers_late(h, &n);
	struct arena shared = arena_shared();
	struct names *x = arena_alloc(&shared, sizeof(*x) + n * sizeof(x->of[0]));
	struct snap_skip *v = arena_alloc(a, n * sizeof(*v));
	char text[512];

	for (size_t i = 0; i < n; i++)
		if (l[i].pid && !l[i].repeated)
			x->of[x->n++].pid = l[i].pid;
	/* a copy of the list: what comes now may add to it */
	for (size_t i = 0; i < n; i++)
		if (l[i].pid && !l[i].repeated)
			v[k++] = (struct snap_skip){.pid = {true, (uint64_t)l[i].pid},
				.reason = arena_strdup(a, helpers_late_text(&l[i], text, sizeof(text))),
				.late = true};
	if (x->n)
		helpers_run(h, &(struct helpers_job){.n = x->n, .ctx = x, .item = read_name});
	for (size_t i = 0; i < k; i++) {
		if (x->of[i].pid == GUARD_KERNEL) {
			v[i].pid.known = false;
			v[i].reason = arena_printf(a, "the kernel %s (so /proc was looked through)", v[i].reason);
		}
		if (x->of[i].comm)
			v[i].reason = arena_printf(a, "%s %s", x->of[i].comm, v[i].reason);
	}
	for (size_t i = 0; i < x->n; i++)
		arena_free(&x->of[i].arena);
	arena_free(&shared);
	*out = v;
	return k;
}
