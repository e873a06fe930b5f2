/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process whose mmap_lock is held for writing for as long as its FUSE server likes: one thread reads a page that never comes, another maps
 * the file once more, opened with FOPEN_DIRECT_IO, which waits for that page with the lock held. Mappings of all others are found, and this
 * one is named, or its mappings are found all the same (6.18 and later), within a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring.h"
#include "tap.h"
#include "zoo_client.h"

static char dir[64] = "/tmp/uringtop-maplock-XXXXXX";

/* --- the server: one file, of which no page is ever delivered -------------------------------------------------------- */

static void reply(int fd, uint64_t unique, int error, const void *data, size_t len)
{
	char out[512];
	struct fuse_out_header h = {.len = (uint32_t)(sizeof(h) + len), .error = error, .unique = unique};

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), data, len);
	if (write(fd, out, sizeof(h) + len) < 0 && errno == ENODEV)
		_exit(0);
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr){.ino = node,
		.size = node == 1 ? 0 : 65536,
		.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1};
}

static void serve(int fd)
{
	static char buf[1 << 17];
	int opened = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		ssize_t got = read(fd, buf, sizeof(buf));
		struct fuse_in_header h;
		struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 65536};
		struct fuse_entry_out entry = {.nodeid = 2, .entry_valid = 60, .attr_valid = 60, .attr = attr_of(2)};
		struct fuse_attr_out attr = {.attr_valid = 60};
		struct fuse_open_out open_out = {0};

		if (got < (ssize_t)sizeof(h)) {
			if (got < 0 && errno == EINTR)
				continue;
			_exit(0);
		}
		memcpy(&h, buf, sizeof(h));
		attr.attr = attr_of(h.nodeid);
		switch (h.opcode) {
		case FUSE_INIT:
			reply(fd, h.unique, 0, &init, sizeof(init));
			break;
		case FUSE_LOOKUP:
			reply(fd, h.unique, 0, &entry, sizeof(entry));
			break;
		case FUSE_GETATTR:
			reply(fd, h.unique, 0, &attr, sizeof(attr));
			break;
		case FUSE_OPEN:
			open_out.open_flags = opened++ ? FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE : FOPEN_KEEP_CACHE;
			reply(fd, h.unique, 0, &open_out, sizeof(open_out));
			break;
		case FUSE_READ:
		case FUSE_FORGET:
		case FUSE_INTERRUPT:
		case FUSE_BATCH_FORGET:
			break;
		default:
			reply(fd, h.unique, h.opcode == FUSE_FLUSH || h.opcode == FUSE_RELEASE ? 0 : -ENOSYS, NULL, 0);
		}
	}
}

/* --- the process that is stuck ---------------------------------------------------------------------------------------- */

static char path[96];

static void *reads(void *arg)
{
	char byte;

	if (read(*(int *)arg, &byte, 1) != 1)
		return NULL;
	return NULL;
}

static void *maps(void *arg)
{
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, *(int *)arg, 0);
	return NULL;
}

/* Says on ready when the two threads are on their way, or why there is no such thing here. */
static void stuck(int ready)
{
	char options[96];
	struct io_uring_params p = {0};
	int fuse, first, second, ring;
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ring = (int)syscall(SYS_io_uring_setup, 8, &p);
	if (ring < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, ring, 0) == MAP_FAILED)
		_exit(1);
	fuse = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 || unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("maplock", dir, "fuse", MS_NOSUID | MS_NODEV, options))
		_exit(1);
	if (!fork())
		serve(fuse);
	close(fuse);
	snprintf(path, sizeof(path), "%s/file", dir);
	first = open(path, O_RDONLY);
	second = open(path, O_RDONLY);
	if (first < 0 || second < 0 || pthread_create(&t, NULL, reads, &first))
		_exit(1);
	usleep(200000);
	if (pthread_create(&t, NULL, maps, &second) || write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Is the lock taken? Then reading smaps does not come back (maps does from 6.17 or so on); a child of its own finds out. */
static bool is_stuck(pid_t pid)
{
	pid_t child = fork();
	bool stuck_there;

	if (!child) {
		char name[32], byte;
		int fd;

		snprintf(name, sizeof(name), "/proc/%d/smaps", (int)pid);
		fd = open(name, O_RDONLY);
		_exit(fd < 0 || read(fd, &byte, 1) != 1);
	}
	usleep(300000);
	stuck_there = waitpid(child, NULL, WNOHANG) == 0;
	kill(child, SIGKILL);
	return stuck_there;
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
	int ready[2], got = -1;
	bool there, locked = false;
	pid_t held, busy;
	char byte;

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
	if (!mkdtemp(dir) || pipe2(ready, O_CLOEXEC))
		return 1;
	held = fork();
	if (!held) {
		close(ready[0]);
		stuck(ready[1]);
	}
	close(ready[1]);
	there = read(ready[0], &byte, 1) == 1;
	for (int i = 0; there && i < 10 && !locked; i++)
		locked = is_stuck(held);
	if (!locked) {
		tap_skip(there ? "the lock is not held" : "no FUSE", "a mmap_lock that is held for ever");
	} else {
		got = look(held, zoo_pid(&z));
		if (!tap(got == 0, "a mmap_lock that is held for ever: its mappings are found or it is named, and all "
				   "others' are found"))
			tap_note("%s", got < 0	  ? "it has not come back"
				       : got == 2 ? "the others' are missing"
				       : got == 3 ? "it is neither found nor named"
						  : "it has failed");
	}
	kill(held, SIGKILL);
	waitpid(held, NULL, 0);
	rmdir(dir);
	zoo_close(&z);
	return tap_failed() != 0;
}
