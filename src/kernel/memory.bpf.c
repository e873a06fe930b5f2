// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory of a ring's queues, as the kernel has it mapped: key[0] is where in it, key[1] how much. The caller knows the sizes. */
#include "common.h"

SEC("iter/task")
int walk_memory(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	uint64_t len = x.key[1] & (2 * OUT_SIZE - 1), from;

	(void)it;
	if (!ctx)
		return answer(WALK_GONE);
	from = x.what == MEMORY_RINGS ? (uint64_t)GET(ctx, rings) : (uint64_t)GET(ctx, sq_sqes);
	if (!from || len > OUT_SIZE || bpf_probe_read_kernel(x.out, (uint32_t)len, (void *)(from + x.key[0])))
		return answer(WALK_NONE);
	x.len = (uint32_t)len;
	return answer(WALK_DONE);
}
