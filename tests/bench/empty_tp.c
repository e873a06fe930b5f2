/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaches an empty program to the submission and one to the completion of requests, the least that a tracer can do, until it is killed. */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <unistd.h>

static int attach(const char *tracepoint)
{
	const struct bpf_insn empty[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0}, {.code = BPF_JMP | BPF_EXIT}};
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "empty", "GPL", empty, 2, NULL);

	return prog < 0 ? prog : bpf_raw_tracepoint_open(tracepoint, prog);
}

int main(void)
{
	if (attach("io_uring_submit_req") < 0 || attach("io_uring_complete") < 0) {
		perror("bpf");
		return 1;
	}
	for (;;)
		pause();
}
