/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets by inode number. The protocol of a socket comes from the kernel, and only the table of that protocol, in the network namespace
 * of the process that has the socket, answers for its number: from sock_diag, or, where that is not to be had, for the protocols of the
 * Internet from /proc/PID/net, whose lines have nothing of a target's in them. Those of /proc/net/unix do: a path with a newline in it
 * makes any line. So nothing is ever read there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "guard.h"
#include "sockdiag.h"

/* The kernel's name of a protocol (struct proto), the one that is shown, and where its sockets are listed. */
static const struct protocol {
	const char *kernel, *name;
	int family, number; /* number 0: sock_diag does not have it */
	const char *path;   /* below /proc/PID, NULL: it is not to be trusted */
} protocols[] = {
	{"TCP", "TCP", AF_INET, IPPROTO_TCP, "net/tcp"},
	{"TCPv6", "TCPv6", AF_INET6, IPPROTO_TCP, "net/tcp6"},
	{"UDP", "UDP", AF_INET, IPPROTO_UDP, "net/udp"},
	{"UDPv6", "UDPv6", AF_INET6, IPPROTO_UDP, "net/udp6"},
	{"UDP-Lite", "UDPLITE", AF_INET, IPPROTO_UDPLITE, "net/udplite"},
	{"UDPLITEv6", "UDPLITEv6", AF_INET6, IPPROTO_UDPLITE, "net/udplite6"},
	{"RAW", "RAW", AF_INET, IPPROTO_RAW, "net/raw"},
	{"RAWv6", "RAWv6", AF_INET6, IPPROTO_RAW, "net/raw6"},
	{"PING", "ICMP", AF_INET, 0, "net/icmp"},
	{"PINGv6", "ICMPv6", AF_INET6, 0, "net/icmp6"},
	{"UNIX", "UNIX", AF_UNIX, 1, NULL},
};
enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

struct sock_name {
	uint64_t ino;
	const char *name;
};

struct table {
	struct arena arena;
	struct sock_name *socks;
	size_t n, cap;
	bool loaded;
	double at, cost; /* when, and how long that took */
};

struct netns {
	dev_t dev;
	ino_t ino;
	struct table tables[PROTOCOLS];
	struct netns *next;
};

struct sockets {
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
	for (struct netns *ns = s ? s->spaces : NULL, *next; ns; ns = next) {
		next = ns->next;
		for (size_t i = 0; i < PROTOCOLS; i++)
			arena_free(&ns->tables[i].arena);
		free(ns);
	}
	free(s);
}

/* --- names -------------------------------------------------------------------------------------------------------------- */

static bool address(const uint32_t *words, bool v6, unsigned port, char *out, size_t cap)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(v6 ? AF_INET6 : AF_INET, words, text, sizeof(text)))
		return false;
	snprintf(out, cap, v6 ? "[%s]:%u" : "%s:%u", text, port);
	return true;
}

static bool inet_name(const char *proto, const struct sockdiag *s, char *name, size_t cap)
{
	static const uint32_t none[4];
	bool v6 = s->family == AF_INET6;
	char from[80], to[80];

	if (!address(s->local, v6, s->local_port, from, sizeof(from)) ||
		!address(s->remote, v6, s->remote_port, to, sizeof(to)))
		return false;
	/* a socket that listens, or is connected to nobody, has no other end */
	if (!s->remote_port && !memcmp(s->remote, none, v6 ? 16 : 4))
		snprintf(name, cap, "%s:[%s]", proto, from);
	else
		snprintf(name, cap, "%s:[%s->%s]", proto, from, to);
	return true;
}

const char *sockets_unix_name(struct arena *a, const struct sockdiag *s)
{
	static const char *const types[] = {
		[SOCK_STREAM] = "-STREAM", [SOCK_DGRAM] = "-DGRAM", [SOCK_SEQPACKET] = "-SEQPACKET"};
	const char *type = s->type < sizeof(types) / sizeof(types[0]) ? types[s->type] : NULL, *path = s->path;
	size_t n = s->path_len;
	struct buf b = {0};

	buf_printf(&b, "UNIX%s:[%llu", type ? type : "", (unsigned long long)s->ino);
	/* an abstract name is whatever its length covers; a path may or may not have its NUL counted */
	if (n && !path[0]) {
		buf_puts(&b, ",@\"");
		path++;
		n--;
	} else if (n) {
		n = strnlen(path, n);
		buf_puts(&b, ",\"");
	}
	for (size_t i = 0; i < n; i++) {
		if (!path[i])
			buf_puts(&b, "\\x00");
		else if (path[i] == '"' || path[i] == '\\')
			buf_printf(&b, "\\%c", path[i]);
		else
			buf_putc(&b, path[i]);
	}
	buf_puts(&b, s->path_len ? "\"]" : "]");
	path = arena_copy(a, b.data, b.len);
	buf_free(&b);
	return path;
}

/* A line of /proc/net/tcp and its likes: an address is printed as 32-bit words in host order. */
static bool words(const char *hex, bool v6, uint32_t *out)
{
	for (unsigned i = 0; i < (v6 ? 4 : 1); i++)
		if (sscanf(hex + (size_t)8 * i, "%8x", &out[i]) != 1)
			return false;
	return true;
}

int sockets_parse_inet(const char *line, const char *proto, bool v6, uint64_t *ino, char *name, size_t cap)
{
	struct sockdiag s = {.family = v6 ? AF_INET6 : AF_INET};
	char local[40], remote[40];
	unsigned lport, rport, state;
	unsigned long long inode;
	size_t want = v6 ? 32 : 8;

	if (sscanf(line, " %*d: %39[0-9A-Fa-f]:%4x %39[0-9A-Fa-f]:%4x %2x %*x:%*x %*x:%*x %*x %*u %*u %llu", local,
		    &lport, remote, &rport, &state, &inode) != 6 ||
		strlen(local) != want || strlen(remote) != want)
		return -1;
	if (!words(local, v6, s.local) || !words(remote, v6, s.remote))
		return -1;
	s.local_port = (uint16_t)lport;
	s.remote_port = (uint16_t)rport;
	*ino = inode;
	return inet_name(proto, &s, name, cap) ? 0 : -1;
}

/* --- tables ------------------------------------------------------------------------------------------------------------- */

struct loading {
	struct table *t;
	const struct protocol *p;
};

static void add(struct table *t, uint64_t ino, const char *name)
{
	t->socks = arena_grow(&t->arena, t->socks, t->n, &t->cap, sizeof(*t->socks));
	t->socks[t->n++] = (struct sock_name){ino, name};
}

static void from_diag(void *ctx, const struct sockdiag *s)
{
	struct loading *l = ctx;
	char name[256];

	if (s->family == AF_UNIX)
		add(l->t, s->ino, sockets_unix_name(&l->t->arena, s));
	else if (inet_name(l->p->name, s, name, sizeof(name)))
		add(l->t, s->ino, arena_strdup(&l->t->arena, name));
}

static void from_proc(struct loading *l, int dirfd)
{
	char *text, *save = NULL, name[256];
	struct arena a = {0};
	uint64_t ino;
	size_t len;

	text = proc_read(&a, dirfd, l->p->path, &len);
	for (char *s = text ? strtok_r(text, "\n", &save) : NULL; s; s = strtok_r(NULL, "\n", &save))
		if (!sockets_parse_inet(s, l->p->name, l->p->family == AF_INET6, &ino, name, sizeof(name)) && ino)
			add(l->t, ino, arena_strdup(&l->t->arena, name));
	arena_free(&a);
}

static void empty(struct table *t)
{
	arena_free(&t->arena);
	*t = (struct table){0};
}

/* Is that the namespace of dirfd's process, which may have gone to another? */
static bool still_there(const struct netns *ns, int dirfd)
{
	struct stat st;

	return !fstatat(dirfd, "ns/net", &st, 0) && ns->dev == st.st_dev && ns->ino == st.st_ino;
}

/* The sockets of a protocol by netlink. 0 or a negative errno. */
static int by_netlink(const struct netns *ns, struct loading *l, int dirfd)
{
	struct stat own, st;
	int fd = -1, nl, err;

	if (!l->p->number)
		return -ENOENT;
	if (stat("/proc/thread-self/ns/net", &own) || own.st_dev != ns->dev || own.st_ino != ns->ino) {
		fd = openat(dirfd, "ns/net", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (fstat(fd, &st) || st.st_dev != ns->dev || st.st_ino != ns->ino) {
			close(fd);
			return -ESTALE;
		}
	}
	nl = sockdiag_open(fd);
	if (fd >= 0)
		close(fd);
	if (nl < 0)
		return nl;
	err = sockdiag_read(nl, l->p->family, l->p->number, from_diag, l);
	close(nl);
	return err;
}

static int by_ino(const void *a, const void *b)
{
	const struct sock_name *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void load(struct netns *ns, const struct protocol *p, int dirfd)
{
	struct loading l = {&ns->tables[p - protocols], p};
	double start = clock_now();

	empty(l.t);
	if (by_netlink(ns, &l, dirfd)) {
		empty(l.t);
		if (p->path)
			from_proc(&l, dirfd);
		if (!still_there(ns, dirfd))
			empty(l.t);
	}
	if (l.t->n)
		qsort(l.t->socks, l.t->n, sizeof(*l.t->socks), by_ino);
	l.t->loaded = true;
	l.t->at = clock_now();
	l.t->cost = l.t->at - start;
}

static struct netns *space(struct sockets *s, int dirfd)
{
	struct netns *ns;
	struct stat st;

	if (dirfd < 0 || fstatat(dirfd, "ns/net", &st, 0))
		return NULL;
	for (ns = s->spaces; ns; ns = ns->next)
		if (ns->dev == st.st_dev && ns->ino == st.st_ino)
			return ns;
	ns = xrealloc(NULL, sizeof(*ns));
	memset(ns, 0, sizeof(*ns));
	ns->dev = st.st_dev;
	ns->ino = st.st_ino;
	ns->next = s->spaces;
	s->spaces = ns;
	return ns;
}

static const char *find(const struct table *t, uint64_t ino)
{
	struct sock_name key = {ino, NULL}, *found;

	found = t->n ? bsearch(&key, t->socks, t->n, sizeof(key), by_ino) : NULL;
	return found ? found->name : NULL;
}

/* The name in its protocol's table. A socket that is newer than the table is looked for again, in a twentieth of the time at most. */
static const char *listed(struct netns *ns, const struct protocol *p, int dirfd, uint64_t ino)
{
	enum { REST = 20 };
	struct table *t = &ns->tables[p - protocols];
	const char *name = t->loaded ? find(t, ino) : NULL;

	if (name || (t->loaded && clock_now() - t->at < 0.1 + t->cost * REST))
		return name;
	load(ns, p, dirfd);
	return find(t, ino);
}

static const char *asked(struct sockets *s, const struct protocol *p, int dirfd, uint64_t ino)
{
	const char *name;
	struct netns *ns;

	if (guard_begin(proc_dir_pid(dirfd), GUARD_NET))
		return NULL;
	ns = space(s, dirfd);
	name = ns ? listed(ns, p, dirfd, ino) : NULL;
	guard_end();
	return name;
}

const char *sockets_name(struct sockets *s, struct arena *a, int dirfd, const struct sock_id *id)
{
	const char *kernel = id->protocol ? id->protocol : "", *name;
	const struct protocol *p = NULL;
	bool local = !strcmp(kernel, "UNIX") || !strcmp(kernel, "UNIX-STREAM");

	if (!*kernel)
		return arena_printf(a, "socket:[%llu]", (unsigned long long)id->ino);
	for (size_t i = 0; i < PROTOCOLS && !p; i++)
		if (!strcmp(protocols[i].kernel, local ? "UNIX" : kernel) &&
			(!id->family || id->family == protocols[i].family))
			p = &protocols[i];
	name = p && s ? asked(s, p, dirfd, id->ino) : NULL;
	if (name)
		return arena_strdup(a, name);
	/* before 5.15 every UNIX socket has the same protocol, so its type says more; where only that is known, it says no less */
	if (local && id->type)
		return sockets_unix_name(a, &(const struct sockdiag){.ino = id->ino, .type = (unsigned)id->type});
	return arena_printf(a, "%s:[%llu]", p && !local ? p->name : kernel, (unsigned long long)id->ino);
}
