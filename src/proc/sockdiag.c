/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NETLINK_SOCK_DIAG: each answer names its socket by fields of fixed size and by attributes with a length, so no name of a target can
 * pass for an entry, as it can in the lines of /proc/net/unix.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sockdiag.h"

enum { SEQUENCE = 0x7572 };

struct opening {
	int ns, fd;
};

static void *open_there(void *arg)
{
	struct opening *o = arg;

	o->fd = o->ns >= 0 && setns(o->ns, CLONE_NEWNET) ? -errno : 0;
	if (!o->fd)
		o->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (o->fd == -1)
		o->fd = -errno;
	return NULL;
}

/*
 * A namespace is entered by a thread that ends there: the way back may be barred (it takes CAP_SYS_ADMIN over our own namespace), and so
 * no thread that goes on is ever in another.
 */
int sockdiag_open(int ns)
{
	struct opening o = {.ns = ns};
	sigset_t all, before;
	pthread_t t;
	int err;

	if (ns < 0) {
		open_there(&o);
		return o.fd;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t, NULL, open_there, &o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	pthread_join(t, NULL);
	return o.fd;
}

static int ask(int nl, int family, int protocol)
{
	struct {
		struct nlmsghdr h;
		union {
			struct unix_diag_req local;
			struct inet_diag_req_v2 inet;
		} r;
	} m;
	size_t len = sizeof(m.h) + (family == AF_UNIX ? sizeof(m.r.local) : sizeof(m.r.inet));
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	memset(&m, 0, sizeof(m));
	m.h.nlmsg_len = (uint32_t)len;
	m.h.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.h.nlmsg_seq = SEQUENCE;
	if (family == AF_UNIX) {
		m.r.local.sdiag_family = AF_UNIX;
		m.r.local.udiag_states = ~0u;
		m.r.local.udiag_show = UDIAG_SHOW_NAME;
	} else {
		m.r.inet.sdiag_family = (uint8_t)family;
		m.r.inet.sdiag_protocol = (uint8_t)protocol;
		m.r.inet.idiag_states = ~0u;
	}
	return sendto(nl, &m, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

static bool unix_entry(const struct nlmsghdr *h, struct sockdiag *s)
{
	size_t left = h->nlmsg_len - NLMSG_LENGTH(0);
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	const struct rtattr *a;

	if (left < sizeof(*m) || m->udiag_family != AF_UNIX)
		return false;
	s->family = AF_UNIX;
	s->type = m->udiag_type;
	s->ino = m->udiag_ino;
	left -= sizeof(*m);
	a = (const struct rtattr *)(const void *)(m + 1);
	for (; left >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= left;
		a = (const struct rtattr *)(const void *)((const char *)a + RTA_ALIGN(a->rta_len))) {
		if (a->rta_type == UNIX_DIAG_NAME) {
			s->path = RTA_DATA(a);
			s->path_len = a->rta_len - RTA_LENGTH(0);
		}
		left -= RTA_ALIGN(a->rta_len) < left ? RTA_ALIGN(a->rta_len) : left;
	}
	return s->ino;
}

static bool inet_entry(const struct nlmsghdr *h, struct sockdiag *s)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) || (m->idiag_family != AF_INET && m->idiag_family != AF_INET6))
		return false;
	s->family = m->idiag_family;
	s->ino = m->idiag_inode;
	memcpy(s->local, m->id.idiag_src, sizeof(s->local));
	memcpy(s->remote, m->id.idiag_dst, sizeof(s->remote));
	s->local_port = (uint16_t)(m->id.idiag_sport >> 8 | m->id.idiag_sport << 8);
	s->remote_port = (uint16_t)(m->id.idiag_dport >> 8 | m->id.idiag_dport << 8);
	return s->ino;
}

int sockdiag_parse(const void *data, size_t n, int family, sockdiag_fn fn, void *ctx)
{
	const struct nlmsghdr *h = data;
	int err;

	for (; n >= sizeof(*h) && h->nlmsg_len >= sizeof(*h) && h->nlmsg_len <= n;
		h = (const struct nlmsghdr *)(const void *)((const char *)h + NLMSG_ALIGN(h->nlmsg_len))) {
		struct sockdiag s = {0};

		if (h->nlmsg_seq != SEQUENCE)
			return -EPROTO;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			err = -EPROTO;
			if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
				memcpy(&err, NLMSG_DATA(h), sizeof(err));
			return err < 0 && err > -4096 ? err : -EPROTO;
		}
		if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
			(family == AF_UNIX ? unix_entry(h, &s) : inet_entry(h, &s)) && s.family == family)
			fn(ctx, &s);
		n -= NLMSG_ALIGN(h->nlmsg_len) < n ? NLMSG_ALIGN(h->nlmsg_len) : n;
	}
	return n ? -EPROTO : 0;
}

int sockdiag_read(int nl, int family, int protocol, sockdiag_fn fn, void *ctx)
{
	/* the kernel fills at most so much for a reader that asks for it (netlink_dump, net/netlink/af_netlink.c) */
	enum { ROOM = 32768, STRAY = 1000 };
	_Alignas(8) char data[ROOM];
	const struct timeval patience = {.tv_sec = 1};
	int err = ask(nl, family, protocol);

	setsockopt(nl, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (unsigned stray = 0; !err;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {data, sizeof(data)};
		struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n = recvmsg(nl, &m, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPROTO;
		/* who has CAP_NET_ADMIN in that namespace may write to us as well */
		if (from.nl_family != AF_NETLINK || from.nl_pid) {
			if (++stray == STRAY)
				return -EPROTO;
			continue;
		}
		if (m.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		err = sockdiag_parse(data, (size_t)n, family, fn, ctx);
	}
	return err > 0 ? 0 : err;
}
