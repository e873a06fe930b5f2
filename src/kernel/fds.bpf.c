// SPDX-License-Identifier: GPL-2.0-or-later
/* A process's table of descriptors, from cursor[0] on; key[0]: its files_struct. */
#include "common.h"

enum { FDS_IN_CHUNK = 64 }; /* a table has a multiple of that (fs/file.c, alloc_fdtable) */

uint64_t chunk[FDS_IN_CHUNK];

/* A function that the verifier goes through once, not once for each descriptor. */
int one_fd(uint32_t first, uint32_t i);
__noinline int one_fd(uint32_t first, uint32_t i)
{
	uint64_t file = chunk[i & (FDS_IN_CHUNK - 1)];
	struct rec_file *r = file ? room(sizeof(*r)) : NULL;

	if (r)
		*r = (struct rec_file){.slot = first + i, .file = file};
	return 0;
}

/* Is any of the descriptors from fd on open, of those that stand in one word? */
int any_open(uint64_t open_fds, uint32_t fd);
__noinline int any_open(uint64_t open_fds, uint32_t fd)
{
	return load((void *)(open_fds + fd / FDS_IN_CHUNK * 8)) != 0;
}

SEC("iter/task")
int walk_fds(struct bpf_iter__task *it)
{
	const struct files_struct *files = (void *)x.key[0];
	const struct fdtable *t = GET(files, fdt);
	uint64_t open_fds = (uint64_t)GET(t, open_fds);
	uint32_t fd = (uint32_t)x.cursor[0], end = GET(t, max_fds);

	(void)it;
	x.len = x.n = 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < FDS_IN_CHUNK && fd < end && !any_open(open_fds, fd); i++)
		fd += FDS_IN_CHUNK;
	x.cursor[0] = (uint64_t)fd + FDS_IN_CHUNK;
	if (fd >= end || bpf_probe_read_kernel(chunk, sizeof(chunk), GET(t, fd) + fd))
		return answer(WALK_DONE);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < FDS_IN_CHUNK; i++)
		one_fd(fd, i);
	return answer(x.cursor[0] < end ? WALK_MORE : WALK_DONE);
}
