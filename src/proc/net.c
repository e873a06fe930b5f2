/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets by inode number, out of /proc/PID/net of the process that has them: it shows the right network namespace without
 * entering it, needs no privilege, and holds nothing of the target. Read only when a socket has to be named.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "proc.h"

struct sock_name {
	uint64_t ino;
	const char *name;
};

struct netns {
	dev_t dev;
	ino_t ino;
	struct sock_name *socks;
	size_t n, cap;
	struct netns *next;
};

struct sockets {
	struct arena arena;
	struct netns *spaces;
};

struct sockets *sockets_new(void)
{
	struct sockets *s = xrealloc(NULL, sizeof(*s));

	*s = (struct sockets){0};
	return s;
}

void sockets_free(struct sockets *s)
{
	if (s)
		arena_free(&s->arena);
	free(s);
}

/* An address as /proc/net prints it: 32-bit words in host order. */
static bool address(const char *hex, bool v6, unsigned port, char *out, size_t cap)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t words[4];
	unsigned n = v6 ? 4 : 1;

	for (unsigned i = 0; i < n; i++)
		if (sscanf(hex + (size_t)8 * i, "%8x", &words[i]) != 1)
			return false;
	if (!inet_ntop(v6 ? AF_INET6 : AF_INET, words, text, sizeof(text)))
		return false;
	snprintf(out, cap, v6 ? "[%s]:%u" : "%s:%u", text, port);
	return true;
}

int sockets_parse_inet(const char *line, const char *proto, bool v6, uint64_t *ino, char *name, size_t cap)
{
	char local[40], remote[40], from[80], to[80];
	unsigned lport, rport, state;
	unsigned long long inode;
	size_t want = v6 ? 32 : 8;

	if (sscanf(line, " %*d: %39[0-9A-Fa-f]:%4x %39[0-9A-Fa-f]:%4x %2x %*x:%*x %*x:%*x %*x %*u %*u %llu", local,
		    &lport, remote, &rport, &state, &inode) != 6 ||
		strlen(local) != want || strlen(remote) != want)
		return -1;
	if (!address(local, v6, lport, from, sizeof(from)) || !address(remote, v6, rport, to, sizeof(to)))
		return -1;
	*ino = inode;
	/* a socket that listens, or is connected to nobody, has no other end */
	if (!rport && strspn(remote, "0") == want)
		snprintf(name, cap, "%s:[%s]", proto, from);
	else
		snprintf(name, cap, "%s:[%s->%s]", proto, from, to);
	return 0;
}

int sockets_parse_unix(const char *line, uint64_t *ino, char *name, size_t cap)
{
	static const char *const types[] = {"UNIX", "UNIX-STREAM", "UNIX-DGRAM", "UNIX", "UNIX", "UNIX-SEQPACKET"};
	unsigned long long inode;
	unsigned type;
	int at = 0;

	if (sscanf(line, "%*[0-9a-fA-F]: %*x %*x %*x %4x %*x %llu%n", &type, &inode, &at) != 2 || !at)
		return -1;
	line += at;
	*ino = inode;
	if (*line == ' ' && line[1])
		snprintf(name, cap, "%s:[%llu,\"%s\"]", types[type < 6 ? type : 0], inode, line + 1);
	else
		snprintf(name, cap, "%s:[%llu]", types[type < 6 ? type : 0], inode);
	return 0;
}

static void load(struct sockets *s, struct netns *ns, int dirfd, const char *path, const char *proto)
{
	char *text, *save = NULL, name[256];
	struct arena a = {0};
	uint64_t ino;
	size_t len;

	text = proc_read(&a, dirfd, path, &len);
	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save)) {
		int bad = proto ? sockets_parse_inet(l, proto, path[strlen(path) - 1] == '6', &ino, name, sizeof(name))
				: sockets_parse_unix(l, &ino, name, sizeof(name));

		if (bad || !ino)
			continue;
		ns->socks = arena_grow(&s->arena, ns->socks, ns->n, &ns->cap, sizeof(*ns->socks));
		ns->socks[ns->n++] = (struct sock_name){ino, arena_strdup(&s->arena, name)};
	}
	arena_free(&a);
}

static int by_ino(const void *a, const void *b)
{
	const struct sock_name *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static struct netns *space(struct sockets *s, int dirfd)
{
	static const struct {
		const char *path, *proto;
	} files[] = {{"net/tcp", "TCP"}, {"net/tcp6", "TCPv6"}, {"net/udp", "UDP"}, {"net/udp6", "UDPv6"},
		{"net/udplite", "UDPLITE"}, {"net/raw", "RAW"}, {"net/raw6", "RAWv6"}, {"net/icmp", "ICMP"},
		{"net/unix", NULL}};
	struct netns *ns;
	struct stat st;

	if (fstatat(dirfd, "ns/net", &st, 0))
		return NULL;
	for (ns = s->spaces; ns; ns = ns->next)
		if (ns->dev == st.st_dev && ns->ino == st.st_ino)
			return ns;
	ns = arena_alloc(&s->arena, sizeof(*ns));
	ns->dev = st.st_dev;
	ns->ino = st.st_ino;
	ns->next = s->spaces;
	s->spaces = ns;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		load(s, ns, dirfd, files[i].path, files[i].proto);
	if (ns->n)
		qsort(ns->socks, ns->n, sizeof(*ns->socks), by_ino);
	return ns;
}

const char *sockets_name(struct sockets *s, struct arena *a, int dirfd, uint64_t ino)
{
	struct netns *ns = space(s, dirfd);
	struct sock_name key = {ino, NULL}, *found;

	if (!ns || !ns->n)
		return NULL;
	found = bsearch(&key, ns->socks, ns->n, sizeof(key), by_ino);
	return found ? arena_strdup(a, found->name) : NULL;
}
