/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_rings PID: what anybody has to do at least who reads the rings of a process by their descriptors: fdinfo, a duplicate, both
 * mappings, the header.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buf[1 << 16];
	char path[64];
	int pid = argc > 1 ? atoi(argv[1]) : 0, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct dirent *e;
	long rings = 0;
	unsigned sum = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	while (fds && (e = readdir(fds))) {
		int fd, dup;
		unsigned *a, *b;

		if (!isdigit((unsigned char)e->d_name[0]) ||
			readlinkat(dirfd(fds), e->d_name, buf, sizeof(buf)) != 21 ||
			memcmp(buf, "anon_inode:[io_uring]", 21))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", pid, e->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0 || read(fd, buf, sizeof(buf)) < 0)
			return 1;
		close(fd);
		dup = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(e->d_name), 0);
		a = mmap(NULL, 4096, PROT_READ, MAP_SHARED, dup, 0);
		b = mmap(NULL, 4096, PROT_READ, MAP_SHARED, dup, 0x10000000);
		if (a == MAP_FAILED || b == MAP_FAILED)
			return 1;
		sum += a[0] + a[1] + b[0];
		munmap(a, 4096);
		munmap(b, 4096);
		close(dup);
		rings++;
	}
	printf("%ld rings %u\n", rings, sum);
	return 0;
}
