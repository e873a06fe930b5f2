/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peak COMMAND ARG...: the peak memory of a command in KiB, on standard error. A small parent, because a child starts with its parent's peak. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage u = {0};
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid < 0)
		return 2;
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	wait4(pid, NULL, 0, &u);
	fprintf(stderr, "\n%ld\n", u.ru_maxrss);
	return 0;
}
