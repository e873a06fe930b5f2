/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel source finds mappings beside processes whose mmap_lock is taken: by one that maps all the time, and by one whose lock is held
 * for writing and never let go (silent mmlock).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "tap.h"
#include "zoo_client.h"

/* A process that holds its lock, and the one that sees to it that this ends: it lives as long as its standard input. */
struct silent {
	pid_t server, held;
	int in;
};

static bool silent_start(struct silent *s)
{
	char line[512] = "";
	int in[2], out[2];
	cJSON *o;

	*s = (struct silent){.in = -1};
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return false;
	s->server = fork();
	if (!s->server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl(built("silent"), "silent", "--ring", "mmlock", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	for (size_t n = 0; n + 1 < sizeof(line) && read(out[0], line + n, 1) == 1 && line[n] != '\n'; n++)
		;
	close(out[0]);
	o = cJSON_Parse(line);
	s->held = (pid_t)cJSON_GetNumberValue(cJSON_GetObjectItem(o, "pid"));
	if (!cJSON_IsNumber(cJSON_GetObjectItem(o, "pid")))
		s->held = 0;
	cJSON_Delete(o);
	return s->held > 0;
}

static void silent_end(struct silent *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->server > 0)
		waitpid(s->server, NULL, 0);
}

/* --- the test --------------------------------------------------------------------------------------------------------- */

static bool mapped_by(const struct seen *s, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].how == SEEN_MAPPED && s[i].tgid == pid)
			return true;
	return false;
}

static bool is_busy(const struct kernel_task *busy, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (busy[i].pid == pid)
			return true;
	return false;
}

/* In a process of its own, with a deadline: 0 all is well, 1 to 3 what is not, -1 it has not come back. */
static int look(pid_t held, pid_t other)
{
	pid_t child = fork();
	double until = now_ms() + 5000;
	int status;

	if (!child) {
		struct kernel *k = kernel_open();
		const struct kernel_task *busy;
		const struct seen *seen;
		size_t n, n_busy;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (kernel_find_maps(k, &seen, &n, &busy, &n_busy))
			_exit(kernel_why(k) ? 4 : 1);
		_exit(!mapped_by(seen, n, other)					    ? 2
			: held && !is_busy(busy, n_busy, held) && !mapped_by(seen, n, held) ? 3
											    : 0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() > until) {
			kill(child, SIGKILL);
			return -1;
		}
		usleep(1000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Does nothing but map and unmap. */
static void restless(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		void *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(p, 1 << 16);
	}
}

int main(void)
{
	struct zoo z = zoo_open("plain");
	struct silent s;
	int got = -1;
	pid_t busy;

	busy = fork();
	if (!busy)
		restless();
	for (int i = 0; i < 20 && (!i || !got); i++)
		got = look(0, zoo_pid(&z));
	if (got == 4) {
		tap_skip("the kernel cannot be asked", "mappings");
		return 0;
	}
	tap(got == 0, "mappings are found beside a process that maps all the time");
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	if (!silent_start(&s)) {
		tap_skip("no FUSE", "a mmap_lock that is held for ever");
	} else {
		got = look(s.held, zoo_pid(&z));
		if (!tap(got == 0, "a mmap_lock that is held for ever: its mappings are found or it is named, and all "
				   "others' are found"))
			tap_note("%s", got < 0	  ? "it has not come back"
				       : got == 2 ? "the others' are missing"
				       : got == 3 ? "it is neither found nor named"
						  : "it has failed");
	}
	silent_end(&s);
	zoo_close(&z);
	return tap_end();
}
