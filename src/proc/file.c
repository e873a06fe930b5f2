/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of /proc as one piece of text, and links. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "proc.h"

/* Whose directories are open, by descriptor. */
enum { MOST_DIRS = 4096 };
static pid_t owners[MOST_DIRS];

void proc_dir_is(int dirfd, pid_t pid)
{
	if (dirfd >= 0 && dirfd < MOST_DIRS)
		owners[dirfd] = pid;
}

pid_t proc_dir_pid(int dirfd)
{
	return dirfd >= 0 && dirfd < MOST_DIRS ? owners[dirfd] : 0;
}

int proc_open(pid_t pid)
{
	char path[32];
	int fd, err;

	if (guard_begin(pid, GUARD_DIR))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = errno;
	guard_end();
	proc_dir_is(fd, pid);
	errno = err;
	return fd;
}

static enum guard_call call_of(const char *path)
{
	static const struct {
		const char *begins;
		enum guard_call call;
	} files[] = {{"fdinfo/", GUARD_FDINFO}, {"status", GUARD_STATUS}, {"stat", GUARD_STAT}, {"maps", GUARD_MAPS},
		{"net/", GUARD_NET}, {"stack", GUARD_STACK}, {"wchan", GUARD_STACK}, {"comm", GUARD_COMM}};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strncmp(path, files[i].begins, strlen(files[i].begins)))
			return files[i].call;
	return GUARD_OTHER;
}

long proc_kcmp(pid_t a, pid_t b, int type, unsigned long x, unsigned long y)
{
	const pid_t each[] = {a, b};
	long got;

	/* which of two processes keeps the call waiting does not show, so each is asked about itself first */
	for (int i = 0; i < 2 && a != b; i++) {
		if (guard_begin(each[i], GUARD_KCMP))
			return -1;
		syscall(SYS_kcmp, each[i], each[i], type, x, x);
		guard_end();
	}
	if (guard_begin(a == b ? a : 0, GUARD_KCMP))
		return -1;
	got = syscall(SYS_kcmp, a, b, type, x, y);
	guard_end();
	return got;
}

static char *read_all(struct arena *a, int dirfd, const char *path, size_t most, size_t *len)
{
	char small[16 * 1024], *big = NULL, *p = small, *out = NULL;
	size_t cap = sizeof(small), n = 0;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return NULL;
	while ((got = read(fd, p + n, cap - n)) > 0) {
		n += (size_t)got;
		if (n > most)
			break;
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
	if (n > most)
		errno = EFBIG;
	return out;
}

char *proc_read_most(struct arena *a, int dirfd, const char *path, size_t most, size_t *len)
{
	enum guard_call call = call_of(path);
	char *text;
	int err;

	if (guard_begin(proc_dir_pid(dirfd), call))
		return NULL;
	text = read_all(a, dirfd, path, most, len);
	err = errno;
	guard_end();
	errno = err;
	return text;
}

char *proc_read(struct arena *a, int dirfd, const char *path, size_t *len)
{
	return proc_read_most(a, dirfd, path, SIZE_MAX, len);
}

const char *proc_link(struct arena *a, int dirfd, const char *path)
{
	char s[PATH_MAX];
	ssize_t n;
	int err;

	if (guard_begin(proc_dir_pid(dirfd), GUARD_LINK))
		return NULL;
	n = readlinkat(dirfd, path, s, sizeof(s));
	err = errno;
	guard_end();
	errno = err;
	/* there is a file, but its path does not fit into the page that the kernel has for it (do_proc_readlink, fs/proc/base.c) */
	if (n < 0)
		return errno == ENAMETOOLONG ? PROC_PATH_TOO_LONG : NULL;
	return arena_copy(a, s, (size_t)n);
}
