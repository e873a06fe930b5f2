/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late N [spin]: NOPs as many as it can, and among them, one after the other, N that wait 30 ms for a timeout. spin: only these, and
 * meanwhile it makes no system call.
 * late foreign: 3 NOPs that a child submits to its parent's ring, and 2 of the parent's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

enum { OP_TIMEOUT = 11, HARDLINK = 1 << 3, BATCH = 32, LATE = 0x1a7e };

static struct zring r;

/* Takes what has completed. Returns how many of it were late. */
static unsigned reap(void)
{
	uint32_t *head = z_word(&r, r.p.cq_off.head),
		 tail = __atomic_load_n(z_word(&r, r.p.cq_off.tail), __ATOMIC_ACQUIRE);
	const struct io_uring_cqe *cqes = (const void *)(r.rings + r.p.cq_off.cqes);
	unsigned late = 0;

	for (uint32_t i = *head; i != tail; i++)
		late += cqes[i & (r.p.cq_entries - 1)].user_data == LATE;
	__atomic_store_n(head, tail, __ATOMIC_RELEASE);
	return late;
}

static void submit_late(void)
{
	static const struct {
		int64_t sec, nsec;
	} ts = {0, 30000000};
	uint32_t tail = *z_word(&r, r.p.sq_off.tail), mask = r.p.sq_entries - 1;
	uint8_t *timeout = z_sqe(&r, tail & mask);

	z_put(timeout, 0, 1, OP_TIMEOUT);
	z_put(timeout, 1, 1, HARDLINK);
	z_put(timeout, 16, 8, (uintptr_t)&ts);
	z_put(timeout, 24, 4, 1);
	z_put(z_sqe(&r, (tail + 1) & mask), 32, 8, LATE);
	z_publish(&r, 2);
	if (z_enter(&r, 2, 0, 0) != 2)
		z_die("io_uring_enter");
}

int main(int argc, char **argv)
{
	if (!z_ring(&r, BATCH, 0, 0))
		z_die("io_uring_setup");
	if (argc > 1 && !strcmp(argv[1], "foreign")) {
		pid_t child = fork();

		if (!child) {
			z_nops(&r, 3, 0xf0);
			return 0;
		}
		waitpid(child, NULL, 0);
		z_nops(&r, 2, 0x10);
		return 0;
	}
	for (int n = argc > 1 ? atoi(argv[1]) : 1; n; n--) {
		for (unsigned i = 0; argc < 3 && i < 1000; i++) {
			z_nops(&r, BATCH, 0);
			reap();
		}
		submit_late();
		do
			if (argc < 3)
				z_nops(&r, BATCH, 0);
		while (!reap());
	}
	return 0;
}
