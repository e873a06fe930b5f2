/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the tool: /proc lies to it about a ring's registered buffers, which are nine instead of two; only the first
 * LIES times, if that is set.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t read(int fd, void *buf, size_t n);

ssize_t read(int fd, void *buf, size_t n)
{
	static const char truth[] = "UserBufs:\t2";
	static int told;
	const char *lies = getenv("LIES");
	ssize_t got = syscall(SYS_read, fd, buf, n);
	char *at = got > 0 ? memmem(buf, (size_t)got, truth, sizeof(truth) - 1) : NULL;

	if (at && (!lies || told++ < atoi(lies)))
		at[sizeof(truth) - 2] = '9';
	return got;
}
