// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many references to a ring there are. Before 6.16 nothing else counts its requests: each has one. They are counted by
 * processor, in per-CPU memory, which x86 alone says how to find (this_cpu_off), and only with CONFIG_KALLSYMS_ALL.
 */
#include "common.h"

extern const unsigned long this_cpu_off __ksym __weak;

SEC("iter/task")
int walk_refs(struct bpf_iter__task *it)
{
	struct io_ring_ctx *ctx = asked_ring();
	uint64_t per_cpu, refs;

	(void)it;
	if (!ctx)
		return answer(WALK_GONE);
	if (!&this_cpu_off)
		return answer(WALK_NONE);
	per_cpu = GET(ctx, refs.percpu_count_ptr);
	refs = (uint64_t)GET(ctx, refs.data, count.counter);
	if (!(per_cpu & 3)) {
		refs -= 1ull << 63; /* what the shared count has in this mode besides */
		for (uint32_t cpu = 0; cpu < 1024; cpu++) {
			const unsigned long *off = bpf_per_cpu_ptr(&this_cpu_off, cpu);

			if (!off)
				break;
			refs += load((void *)(per_cpu + *off));
		}
	}
	x.cursor[0] = refs;
	return answer(WALK_DONE);
}
