/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A FUSE server over raw /dev/fuse. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "silent.h"

enum { NOBODY = 65534, ROOT = FUSE_ROOT_ID, PAGE, FLUSH, POLL, XATTR, STAT, N_NODES };

static const struct {
	const char *name;
	unsigned unanswered;
} nodes[N_NODES] = {
	[PAGE] = {"page", FUSE_READ},
	[FLUSH] = {"flush", FUSE_FLUSH},
	[POLL] = {"poll", FUSE_POLL},
	[XATTR] = {"xattr", FUSE_GETXATTR},
	[STAT] = {"stat", FUSE_GETATTR},
};

/* --- mounting ------------------------------------------------------------------------------------------------------- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static int own_mounts(void)
{
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -1 : 0;
}

/* A device that others may open; some machines have it for root alone. */
static const char *open_device(void)
{
	const char *path = SILENT_DIR "/fuse";

	umask(0);
	if (own_mounts() || mount("none", SILENT_DIR, "tmpfs", 0, NULL) ||
		mknod(path, S_IFCHR | 0666, makedev(10, 229)))
		return NULL;
	return path;
}

static int become_nobody(void)
{
	return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
			       prctl(PR_SET_DUMPABLE, 1)
		       ? -1
		       : 0;
}

static int own_users(void)
{
	char map[32];
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || write_file("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", map))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_file("/proc/self/gid_map", map);
}

int silent_mount(bool user, const char **why)
{
	const char *device = "/dev/fuse";
	char options[64];
	int fd;

	*why = "becoming another user";
	if (user && !geteuid() && (!(device = open_device()) || become_nobody()))
		return -1;
	*why = user ? "a user namespace" : "a mount namespace";
	if (user ? own_users() : own_mounts())
		return -1;
	/* the one who mounts has to have opened it in the same user namespace */
	fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	*why = "/dev/fuse";
	if (fd < 0)
		return -1;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	*why = "mount";
	return mount("silent", SILENT_DIR, "fuse", MS_NOSUID | MS_NODEV, options) ? -1 : fd;
}

/* --- answering ------------------------------------------------------------------------------------------------------ */

static void answer(int fuse, const struct fuse_in_header *in, int error, const void *data, size_t len)
{
	struct {
		struct fuse_out_header head;
		char data[256];
	} out = {.head = {.unique = in->unique, .error = error, .len = (uint32_t)(sizeof(out.head) + len)}};
	ssize_t n;

	if (len)
		memcpy(out.data, data, len);
	n = write(fuse, &out, out.head.len);
	(void)n; /* the request may be gone */
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr a = {.ino = node, .nlink = 1, .blksize = 4096};

	a.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0666;
	a.size = node == ROOT ? 0 : 1 << 20;
	return a;
}

static void init(int fuse, const struct fuse_in_header *in, const struct fuse_init_in *want)
{
	/* without readahead the first who touches a page waits for the answer itself, beyond any signal */
	struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
		.minor = want->minor < FUSE_KERNEL_MINOR_VERSION ? want->minor : FUSE_KERNEL_MINOR_VERSION,
		.max_background = 65535,
		.congestion_threshold = 65535,
		.max_write = 4096};

	answer(fuse, in, 0, &out, sizeof(out));
}

static void lookup(int fuse, const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = {.entry_valid = 1000};

	for (uint64_t i = PAGE; i < N_NODES; i++)
		if (!strcmp(nodes[i].name, name))
			out.nodeid = i;
	/* what is valid for long is not asked for again; of "stat" it is */
	out.attr_valid = out.nodeid == STAT ? 0 : 1000;
	out.attr = attributes(out.nodeid);
	answer(fuse, in, out.nodeid ? 0 : -ENOENT, &out, out.nodeid ? sizeof(out) : 0);
}

/* Whether it was answered. */
static bool request(int fuse, const struct fuse_in_header *in)
{
	const void *arg = in + 1;
	struct fuse_attr_out attr = {.attr_valid = 1000, .attr = attributes(in->nodeid)};
	struct fuse_open_out opened = {0};
	struct fuse_poll_out ready = {.revents = POLLIN};
	const struct fuse_open_in *how = arg;

	if (in->nodeid < N_NODES && nodes[in->nodeid].unanswered == in->opcode)
		return false;
	switch (in->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_INIT:
		init(fuse, in, arg);
		break;
	case FUSE_LOOKUP:
		lookup(fuse, in, arg);
		break;
	case FUSE_GETATTR:
		answer(fuse, in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		opened.open_flags = in->nodeid == PAGE && (how->flags & O_ACCMODE) == O_RDWR
					    ? FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE
					    : FOPEN_KEEP_CACHE;
		answer(fuse, in, 0, &opened, sizeof(opened));
		break;
	case FUSE_POLL:
		answer(fuse, in, 0, &ready, sizeof(ready));
		break;
	case FUSE_RELEASE:
		answer(fuse, in, 0, NULL, 0);
		break;
	case FUSE_GETXATTR:
		answer(fuse, in, -ENODATA, NULL, 0);
		break;
	default: /* FLUSH too, which makes closing fast */
		answer(fuse, in, -ENOSYS, NULL, 0);
	}
	return true;
}

unsigned silent_serve(int fuse)
{
	unsigned unanswered = 0;
	static _Alignas(8) char buf[1 << 16];
	ssize_t n;

	/* a request that was taken back meanwhile is ENOENT */
	while ((n = read(fuse, buf, sizeof(buf) - 1)) > 0 || (n < 0 && (errno == ENOENT || errno == EINTR)))
		if (n >= (ssize_t)sizeof(struct fuse_in_header)) {
			buf[n] = 0;
			unanswered += !request(fuse, (const void *)buf);
		}
	return unanswered;
}
