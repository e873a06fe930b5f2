/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static int failed;

bool tap(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok - ", good ? "" : "not ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failed += !good;
	return good;
}

void tap_skip(const char *reason, const char *fmt, ...)
{
	va_list ap;

	printf("ok - ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" # SKIP %s\n", reason);
	fflush(stdout);
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

int tap_failed(void)
{
	return failed;
}

int tap_end(void)
{
	printf("# end\n");
	return failed != 0;
}

double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct output run_as(uid_t uid, const char *const *argv)
{
	struct output o = {0};
	int pipes[2][2], status;
	size_t cap[2] = {0, 0};
	char **text[2] = {&o.out, &o.err};
	size_t *len[2] = {&o.out_len, &o.err_len};
	pid_t pid;

	if (pipe2(pipes[0], O_CLOEXEC) || pipe2(pipes[1], O_CLOEXEC))
		abort();
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(pipes[0][1], 1);
		dup2(pipes[1][1], 2);
		if (uid && (setgid(uid) || setuid(uid)))
			_exit(126);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(pipes[0][1]);
	close(pipes[1][1]);
	for (int open_ends = 2; open_ends;) {
		struct pollfd p[2] = {{pipes[0][0], POLLIN, 0}, {pipes[1][0], POLLIN, 0}};

		poll(p, 2, -1);
		for (int i = 0; i < 2; i++) {
			ssize_t got;

			if (pipes[i][0] < 0 || !p[i].revents)
				continue;
			if (cap[i] - *len[i] < 65536) {
				cap[i] = cap[i] ? cap[i] * 2 : 1 << 17;
				*text[i] = realloc(*text[i], cap[i]);
				if (!*text[i])
					abort();
			}
			got = read(pipes[i][0], *text[i] + *len[i], cap[i] - *len[i] - 1);
			if (got > 0) {
				*len[i] += (size_t)got;
				continue;
			}
			close(pipes[i][0]);
			pipes[i][0] = -1;
			open_ends--;
		}
	}
	for (int i = 0; i < 2; i++) {
		if (!*text[i])
			*text[i] = calloc(1, 1);
		else
			(*text[i])[*len[i]] = '\0';
	}
	waitpid(pid, &status, 0);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	return o;
}

void output_free(struct output *o)
{
	free(o->out);
	free(o->err);
}
