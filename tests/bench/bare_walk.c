/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What anybody has to do at least who looks for rings in /proc: read every link of fd, and every maps, once. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static char buf[1 << 16];
	DIR *proc = opendir("/proc"), *fds;
	struct dirent *e, *f;
	char path[300];
	long rings = 0, links = 0;

	while (proc && (e = readdir(proc))) {
		int fd;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/fd", e->d_name);
		fds = opendir(path);
		while (fds && (f = readdir(fds))) {
			ssize_t n;

			if (f->d_name[0] == '.')
				continue;
			n = readlinkat(dirfd(fds), f->d_name, buf, sizeof(buf));
			links++;
			rings += n == 21 && !memcmp(buf, "anon_inode:[io_uring]", 21);
		}
		if (fds)
			closedir(fds);
		snprintf(path, sizeof(path), "/proc/%.20s/maps", e->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0) {
			while (read(fd, buf, sizeof(buf)) > 0)
				;
			close(fd);
		}
	}
	printf("%ld links, %ld rings\n", links, rings);
	return 0;
}
