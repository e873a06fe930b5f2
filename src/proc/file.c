/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of /proc as one piece of text, and links. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc.h"

int proc_open(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

char *proc_read(struct arena *a, int dirfd, const char *path, size_t *len)
{
	char small[16 * 1024], *big = NULL, *p = small, *out = NULL;
	size_t cap = sizeof(small), n = 0;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return NULL;
	while ((got = read(fd, p + n, cap - n)) > 0) {
		n += (size_t)got;
		if (n == cap) {
			/* a large fdinfo is made whole by every read of it: ask for much at once */
			cap *= 8;
			p = xrealloc(big, cap);
			if (!big)
				for (size_t i = 0; i < n; i++)
					p[i] = small[i];
			big = p;
		}
	}
	if (got == 0) {
		out = arena_copy(a, p, n);
		*len = n;
	}
	free(big);
	close(fd);
	return out;
}

const char *proc_link(struct arena *a, int dirfd, const char *path)
{
	char s[PATH_MAX];
	ssize_t n = readlinkat(dirfd, path, s, sizeof(s));

	/* there is a file, but its path does not fit into the page that the kernel has for it (do_proc_readlink, fs/proc/base.c) */
	if (n < 0)
		return errno == ENAMETOOLONG ? PROC_PATH_TOO_LONG : NULL;
	return arena_copy(a, s, (size_t)n);
}
