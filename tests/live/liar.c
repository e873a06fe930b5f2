/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the tool: /proc lies to it about a ring's registered buffers, which are nine instead of two; only the first
 * LIES times, if that is set. With KEEPS in the environment the kernel's iterators keep a helper that reads them for ever, as the release of a file
 * does that is closed meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t read(int fd, void *buf, size_t n);

static void keep(int fd)
{
	char name[16] = "", path[32], link[64] = "";

	prctl(PR_GET_NAME, name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!strcmp(name, "uring-helper") && readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, "bpf_iter"))
		pause();
}

ssize_t read(int fd, void *buf, size_t n)
{
	static const char truth[] = "UserBufs:\t2";
	static int told;
	const char *lies = getenv("LIES");
	ssize_t got;
	char *at;

	/* those who find rings read much at once, the others a step */
	if (getenv("KEEPS") && n >= 4096)
		keep(fd);
	got = syscall(SYS_read, fd, buf, n);
	at = got > 0 ? memmem(buf, (size_t)got, truth, sizeof(truth) - 1) : NULL;

	if (at && (!lies || told++ < atoi(lies)))
		at[sizeof(truth) - 2] = '9';
	return got;
}
