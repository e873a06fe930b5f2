/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/fd/N: what a file descriptor is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "guard.h"
#include "proc.h"

/* The number behind key in the fd's fdinfo, -1 if there is none. */
static int64_t fdinfo_number(struct arena *a, int dirfd, int fd, const char *key)
{
	char path[32], *text, *at;
	size_t len;

	snprintf(path, sizeof(path), "fdinfo/%d", fd);
	text = proc_read(a, dirfd, path, &len);
	at = text ? strstr(text, key) : NULL;
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* A socket that is neither bound nor connected is in no table; its protocol is an attribute of its file. */
static const char *socket_protocol(
	struct arena *a, int dirfd, const char *path, unsigned long long ino, const char *link)
{
	char full[64], proto[64];
	ssize_t n;

	snprintf(full, sizeof(full), "/proc/self/fd/%d/%s", dirfd, path);
	if (guard_begin(proc_dir_pid(dirfd), GUARD_XATTR))
		return link;
	n = getxattr(full, "system.sockprotoname", proto, sizeof(proto) - 1);
	guard_end();
	return n > 1 ? arena_printf(a, "%.*s:[%llu]", (int)n - 1, proto, ino) : link;
}

const char *proc_fd_name(struct arena *a, int dirfd, int fd, struct sockets *socks)
{
	char path[32];
	const char *link, *name;
	unsigned long long ino;

	if (fd == -100) /* AT_FDCWD */
		return proc_link(a, dirfd, "cwd");
	snprintf(path, sizeof(path), "fd/%d", fd);
	link = fd >= 0 ? proc_link(a, dirfd, path) : NULL;
	if (!link)
		return NULL;
	if (socks && sscanf(link, "socket:[%llu]", &ino) == 1) {
		name = sockets_name(socks, a, dirfd, ino);
		return name ? name : socket_protocol(a, dirfd, path, ino, link);
	}
	/* a pidfd's link became pidfd:[ino] in 6.9 */
	if (!strcmp(link, "anon_inode:[pidfd]") || !strncmp(link, "pidfd:[", 7)) {
		int64_t pid = fdinfo_number(a, dirfd, fd, "\nPid:\t");

		return pid >= 0 ? arena_printf(a, "pidfd:%lld", (long long)pid) : "pidfd:(ended)";
	}
	return link;
}
