/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that both programs read, and the descriptors they start with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmd.h"
#include "snapjson.h"

void fill_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= 2)
		;
	if (fd > 2)
		close(fd);
}

void no_look(int err)
{
	if (err == ECHILD)
		complain("the process that looks at the machine was ended");
	else if (err == ENOMEM)
		complain("there is not enough memory to look at the machine (ulimit -v, or a limit of the cgroup)");
	else if (err == EAGAIN || err == ETIMEDOUT)
		complain("no process can be started to look at the machine: %s%s", strerror(err),
			err == EAGAIN ? " (ulimit -u, or a limit of the cgroup)" : "");
	else
		complain("/proc: %s%s", strerror(err), err == ENOENT ? " (is it mounted?)" : "");
}

void tell_stuck(size_t n, pid_t one)
{
	if (n)
		complain("%zu helper process%s (pid %d%s) cannot end yet: the kernel lets %s wait for a process that "
			 "does not "
			 "answer; %s as soon as it lets %s",
			n, n == 1 ? "" : "es", (int)one, n == 1 ? "" : " is one", n == 1 ? "it" : "them",
			n == 1 ? "it ends" : "they end", n == 1 ? "it" : "them");
}

void end_helpers(struct helpers *h)
{
	pid_t one = 0;
	size_t n = helpers_free(h, &one);

	tell_stuck(n, one);
}

/* Seconds that the other end of a FIFO has to come. */
static const double other_end = 2;

static void rest(void)
{
	nanosleep(&(struct timespec){0, 10000000}, NULL);
}

int open_output(const char *path)
{
	double last = clock_now() + other_end;
	int fd;

	while ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666)) < 0 &&
		errno == ENXIO && clock_now() < last)
		rest();
	if (fd < 0)
		complain(
			"%s: %s%s", path, strerror(errno), errno == ENXIO ? " (if it is a FIFO, nobody reads it)" : "");
	else
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* A FIFO that nobody has opened for writing yet seems to be at its end. */
static int open_input(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* A whole file; NULL, and why not. */
static char *slurp(struct arena *a, const char *path, size_t *len, const char **why)
{
	bool standard = !strcmp(path, "-"), fifo;
	int fd = standard ? STDIN_FILENO : open_input(path);
	double last = clock_now() + other_end;
	char *text = NULL;
	struct stat st;
	size_t cap = 0;
	ssize_t got = -1;

	*len = 0;
	*why = NULL;
	fifo = !standard && fd >= 0 && !fstat(fd, &st) && S_ISFIFO(st.st_mode);
	while (fd >= 0 && *len <= MOST_FILE) {
		if (cap - *len < 65536)
			text = xrealloc(text, cap = cap ? cap * 2 : 1 << 17);
		got = read(fd, text + *len, cap - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (!got && fifo && !*len && clock_now() < last) {
			rest();
			continue;
		}
		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	if (got < 0)
		*why = arena_printf(a, "%s (--from wants a file that 'uringctl dump --json' wrote)", strerror(errno));
	else if (*len > MOST_FILE)
		*why = arena_printf(
			a, "larger than %d MiB (no dump is; a part of the rings is saved by -p)", MOST_FILE >> 20);
	else if (fifo && !*len)
		*why = "a FIFO that nobody writes to";
	if (fd >= 0 && !standard)
		close(fd);
	if (!*why)
		return text;
	free(text);
	return NULL;
}

const char *read_document(struct arena *a, const char *path, struct snap_doc *doc)
{
	const char *why;
	size_t len;
	char *text = slurp(a, path, &len, &why);

	if (text)
		why = snap_json_read(a, text, len, doc);
	free(text);
	return why;
}
