/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target must not notice that it is looked at. A process with a recv in flight on a registered socket is killed while dump
 * loops over it, and while uringtop watches it: its peer, this program, has to see the hang-up within 100 ms, as it does when
 * nobody looks.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "zoo_client.h"

static pid_t dump_loop(int pid)
{
	char text[16];
	pid_t loop = fork();

	if (loop)
		return loop;
	snprintf(text, sizeof(text), "%d", pid);
	for (;;) {
		struct output o = RUN(built("uringctl"), "dump", "--json", "-p", text);

		output_free(&o);
	}
}

/* uringtop on a terminal of its own, whose other end somebody has to read. */
static pid_t top(int pid, const char *tab)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	pid_t outer = fork(), inner;
	char text[16], buf[4096];
	int fd;

	if (outer)
		return outer;
	snprintf(text, sizeof(text), "%d", pid);
	inner = forkpty(&fd, NULL, NULL, &size);
	if (!inner) {
		setenv("TERM", "xterm", 1);
		execl(built("uringtop"), "uringtop", "-d", "0.1", "-p", text, (char *)NULL);
		_exit(127);
	}
	if (write(fd, tab, strlen(tab)) < 0)
		_exit(1);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	_exit(0);
}

enum watcher { NOBODY, DUMP, TOP, TOP_RING, WATCHERS };

static pid_t watch(enum watcher w, int pid)
{
	return w == NOBODY ? 0 : w == DUMP ? dump_loop(pid) : top(pid, w == TOP_RING ? "\r2" : "");
}

/* Milliseconds from the kill to the hang-up, -1 if none came within five seconds. */
static double hang_up(enum watcher w)
{
	struct zoo z = zoo_open("recv");
	int pid = zoo_pid(&z), pidfd, peer;
	double start, took;
	const cJSON *fd = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(z.truth, "rings"), 0), "peer");
	struct pollfd p;
	pid_t loop = 0;

	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	peer = (int)syscall(SYS_pidfd_getfd, pidfd, (int)cJSON_GetNumberValue(fd), 0);
	loop = watch(w, pid);
	/* long enough for all of its programs to be loaded, and not always at the same moment of its look */
	usleep(w == NOBODY ? 10000 : w == DUMP ? 100000 : 400000 + (useconds_t)(rand() % 100000));
	p = (struct pollfd){peer, POLLIN | POLLHUP, 0};
	if (peer < 0 || poll(&p, 1, 0))
		return -1; /* there must be no hang-up before the kill */
	/* and somebody must be looking */
	if (loop && waitpid(loop, NULL, WNOHANG) != 0)
		return -1;
	start = now_ms();
	kill(pid, SIGKILL);
	took = poll(&p, 1, 5000) == 1 ? now_ms() - start : -1;
	if (loop) {
		kill(loop, SIGKILL);
		waitpid(loop, NULL, 0);
	}
	close(peer);
	close(pidfd);
	zoo_close(&z);
	return took;
}

/* The test itself must be able to fail: while somebody does hold a duplicate, no hang-up comes. */
static void held(void)
{
	struct zoo z = zoo_open("recv");
	int pid = zoo_pid(&z), pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	const cJSON *ring = cJSON_GetArrayItem(cJSON_GetObjectItem(z.truth, "rings"), 0);
	int peer =
		(int)syscall(SYS_pidfd_getfd, pidfd, (int)cJSON_GetNumberValue(cJSON_GetObjectItem(ring, "peer")), 0);
	int dup = (int)syscall(SYS_pidfd_getfd, pidfd, (int)cJSON_GetNumberValue(cJSON_GetObjectItem(ring, "fd")), 0);
	struct pollfd p = {peer, POLLIN | POLLHUP, 0};

	kill(pid, SIGKILL);
	tap(peer >= 0 && dup >= 0 && poll(&p, 1, 300) == 0, "a duplicate that is held does delay the hang-up");
	close(dup);
	tap(poll(&p, 1, 2000) == 1, "and letting go of it brings the hang-up");
	close(peer);
	close(pidfd);
	zoo_close(&z);
}

int main(void)
{
	static const char *const names[WATCHERS] = {[DUMP] = "dump loops over it",
		[TOP] = "uringtop -d 0.1 watches it",
		[TOP_RING] = "uringtop has its ring open"};
	double alone;
	int rounds = 15;

	held();
	alone = hang_up(NOBODY);
	for (enum watcher w = DUMP; w < WATCHERS; w++) {
		double worst = 0;
		int late = 0;

		for (int i = 0; i < rounds; i++) {
			double took = hang_up(w);

			/* the machine may have been busy with something else: a reference that is held is held the next time too */
			if (took < 0 || took > 100)
				took = hang_up(w);
			late += took < 0 || took > 100;
			worst = took > worst ? took : worst;
		}
		tap_note("hang-up after %.1f ms alone, at worst %.1f ms while %s", alone, worst, names[w]);
		tap(late == 0, "a killed target's peer sees the hang-up within 100 ms while %s (%d rounds)", names[w],
			rounds);
	}
	return tap_end();
}
