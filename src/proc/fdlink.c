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

/* The protocol of a socket is an attribute of its file. */
static const char *socket_protocol(struct arena *a, int dirfd, const char *path)
{
	char full[64], proto[64];
	ssize_t n;

	snprintf(full, sizeof(full), "/proc/self/fd/%d/%s", dirfd, path);
	if (guard_begin(proc_dir_pid(dirfd), GUARD_XATTR))
		return NULL;
	n = getxattr(full, "system.sockprotoname", proto, sizeof(proto) - 1);
	guard_end();
	return n > 1 ? arena_printf(a, "%.*s", (int)n - 1, proto) : NULL;
}

/* What more there is to know of some kinds of files, NULL: nothing. */
static const char *details(
	struct arena *a, int dirfd, int fd, const char *path, const char *link, struct sockets *socks)
{
	unsigned long long ino;

	if (socks && sscanf(link, "socket:[%llu]", &ino) == 1)
		return sockets_name(
			socks, a, dirfd, &(const struct sock_id){ino, socket_protocol(a, dirfd, path), 0, 0});
	/* a pidfd's link became pidfd:[ino] in 6.9 */
	if (!strcmp(link, "anon_inode:[pidfd]") || !strncmp(link, "pidfd:[", 7)) {
		int64_t pid = fdinfo_number(a, dirfd, fd, "\nPid:\t");

		return pid >= 0 ? arena_printf(a, "pidfd:%lld", (long long)pid) : "pidfd:(ended)";
	}
	return NULL;
}

const char *proc_fd_name(struct arena *a, int dirfd, int fd, struct sockets *socks)
{
	char path[32];
	const char *link, *name, *after;

	if (fd == -100) /* AT_FDCWD */
		snprintf(path, sizeof(path), "cwd");
	else if (fd >= 0)
		snprintf(path, sizeof(path), "fd/%d", fd);
	else
		return NULL;
	link = proc_link(a, dirfd, path);
	if (!link)
		return NULL;
	name = details(a, dirfd, fd, path, link, socks);
	if (!name)
		return link;
	/* what was read is of this file only if the number still is its own */
	after = proc_link(a, dirfd, path);
	return after && !strcmp(after, link) ? name : link;
}
