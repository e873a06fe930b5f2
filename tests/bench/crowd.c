/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crowd PROCESSES FDS RINGS: that many processes with that many descriptors, and one with that many rings; lives until its input ends. */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 0, fds = argc > 2 ? atoi(argv[2]) : 8,
	    rings = argc > 3 ? atoi(argv[3]) : 0;
	struct rlimit r;
	char byte;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, 9);
			for (int k = 3; k < fds; k++)
				if (open("/dev/null", O_RDONLY) < 0)
					_exit(1);
			for (;;)
				pause();
		}
	}
	for (int i = 0; i < rings; i++) {
		struct io_uring_params p = {0};
		int fd = (int)syscall(SYS_io_uring_setup, 8, &p);

		if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ||
			mmap(NULL, 512, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0x10000000) == MAP_FAILED) {
			perror("io_uring");
			return 1;
		}
	}
	sleep(1);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
