/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pointers in an SQE point at, as strace shows it. The target may change any of it while it is read, so each
 * thing is copied once and only the copy is looked at; every length is bounded before it is used.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "decode.h"
#include "uapi.h"

enum { MOST_ITEMS = 16, MOST_DATA = 1 << 16 };

static bool get(const struct peek *p, uint64_t addr, void *dst, size_t n)
{
	return p->mem && addr && p->mem(p->ctx, addr, dst, n) == (ssize_t)n;
}

/* A string is read piece by piece: the page behind its end may not be there. */
static struct value *string(struct arena *a, const struct peek *p, const char *key, uint64_t addr)
{
	char s[PATH_MAX];
	size_t n = 0;

	if (!p->mem || !addr)
		return NULL;
	while (n < sizeof(s)) {
		size_t piece = 256 - (addr + n) % 256;
		ssize_t got;
		char *end;

		if (piece > sizeof(s) - n)
			piece = sizeof(s) - n;
		got = p->mem(p->ctx, addr + n, s + n, piece);
		if (got <= 0)
			return NULL;
		end = memchr(s + n, '\0', (size_t)got);
		if (end)
			return value_str(a, key, arena_copy(a, s, (size_t)(end - s)), (size_t)(end - s), false);
		n += (size_t)got;
		if ((size_t)got < piece)
			return NULL;
	}
	return value_str(a, key, arena_copy(a, s, n), n, true);
}

static struct value *data(struct arena *a, const struct peek *p, const char *key, uint64_t addr, uint64_t len)
{
	size_t n = p->data < MOST_DATA ? p->data : MOST_DATA;
	char s[MOST_DATA]; /* what cannot be read takes no room in the arena */

	if (len < n)
		n = (size_t)len;
	return n && get(p, addr, s, n) ? value_str(a, key, arena_copy(a, s, n), n, n < len) : NULL;
}

static struct value *pointer(struct arena *a, const char *key, uint64_t addr)
{
	struct value *v = value_new(a, V_HEX, key);

	v->u = addr;
	return v;
}

static struct value *iovecs(
	struct arena *a, const struct peek *p, const char *key, uint64_t addr, uint64_t count, bool written)
{
	struct iovec iov[MOST_ITEMS];
	size_t n = count < MOST_ITEMS ? (size_t)count : MOST_ITEMS;
	struct value *list;

	if (!n || !get(p, addr, iov, n * sizeof(*iov)))
		return NULL;
	list = value_new(a, V_LIST, key);
	list->cut = n < count;
	for (size_t i = 0; i < n; i++) {
		struct value *v = value_new(a, V_STRUCT, NULL);
		struct value *d = written ? data(a, p, "data", (uintptr_t)iov[i].iov_base, iov[i].iov_len) : NULL;

		value_add(v, pointer(a, "iov_base", (uintptr_t)iov[i].iov_base));
		value_add(v, value_uint(a, "iov_len", iov[i].iov_len));
		value_add(v, d);
		value_add(list, v);
	}
	return list;
}

static struct value *sockaddr(struct arena *a, const struct peek *p, const char *key, uint64_t addr, uint64_t len)
{
	union {
		struct sockaddr_storage ss;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		char bytes[sizeof(struct sockaddr_storage)];
	} u;
	char text[INET6_ADDRSTRLEN];
	struct value *v;
	const char *family;

	memset(&u, 0, sizeof(u));
	if (len < sizeof(u.ss.ss_family) || len > sizeof(u) || !get(p, addr, &u, (size_t)len))
		return NULL;
	v = value_new(a, V_STRUCT, key);
	family = uapi_name(uapi_families, u.ss.ss_family);
	value_add(v, family ? value_name(a, "family", family) : value_uint(a, "family", u.ss.ss_family));
	if (u.ss.ss_family == AF_INET && len >= sizeof(u.in)) {
		inet_ntop(AF_INET, &u.in.sin_addr, text, sizeof(text));
		value_add(v, value_str(a, "address", arena_strdup(a, text), strlen(text), false));
		value_add(v, value_uint(a, "port", ntohs(u.in.sin_port)));
	} else if (u.ss.ss_family == AF_INET6 && len >= sizeof(u.in6) - sizeof(u.in6.sin6_scope_id)) {
		inet_ntop(AF_INET6, &u.in6.sin6_addr, text, sizeof(text));
		value_add(v, value_str(a, "address", arena_strdup(a, text), strlen(text), false));
		value_add(v, value_uint(a, "port", ntohs(u.in6.sin6_port)));
		if (u.in6.sin6_scope_id)
			value_add(v, value_uint(a, "scope_id", u.in6.sin6_scope_id));
	} else if (u.ss.ss_family == AF_UNIX) {
		const char *path = u.bytes + offsetof(struct sockaddr_un, sun_path);
		size_t n = (size_t)len - offsetof(struct sockaddr_un, sun_path);
		bool abstract = n > 1 && !path[0];

		if (abstract)
			value_add(v, value_str(a, "abstract", arena_copy(a, path + 1, n - 1), n - 1, false));
		else
			value_add(v, value_str(a, "path", arena_copy(a, path, n), strnlen(path, n), false));
	}
	return v;
}

static struct value *msghdr(struct arena *a, const struct peek *p, uint64_t addr, bool written)
{
	struct msghdr m;
	struct value *v, *name, *iov;

	if (!get(p, addr, &m, sizeof(m)))
		return NULL;
	v = value_new(a, V_STRUCT, NULL);
	if (m.msg_name) {
		name = written ? sockaddr(a, p, "name", (uintptr_t)m.msg_name, m.msg_namelen) : NULL;
		value_add(v, name ? name : pointer(a, "name", (uintptr_t)m.msg_name));
		value_add(v, value_uint(a, "namelen", m.msg_namelen));
	}
	iov = iovecs(a, p, "iov", (uintptr_t)m.msg_iov, m.msg_iovlen, written);
	value_add(v, iov ? iov : pointer(a, "iov", (uintptr_t)m.msg_iov));
	value_add(v, value_uint(a, "iovlen", m.msg_iovlen));
	if (m.msg_control || m.msg_controllen) {
		value_add(v, pointer(a, "control", (uintptr_t)m.msg_control));
		value_add(v, value_uint(a, "controllen", m.msg_controllen));
	}
	if (m.msg_flags)
		value_add(v, value_flags(a, "flags", &uapi_msg_flags, (unsigned)m.msg_flags));
	return v;
}

static struct value *open_how(struct arena *a, const struct peek *p, uint64_t addr, uint64_t size)
{
	uint64_t how[3] = {0, 0, 0}; /* struct open_how, include/uapi/linux/openat2.h */
	struct value *v;

	if (size < sizeof(how) || !get(p, addr, how, sizeof(how)))
		return NULL;
	v = value_new(a, V_STRUCT, NULL);
	value_add(v, value_flags(a, "flags", &uapi_open_flags, how[0]));
	value_add(v, value_name(a, "mode", arena_printf(a, "%#o", (unsigned)how[1])));
	value_add(v, value_flags(a, "resolve", &uapi_resolve_flags, how[2]));
	return v;
}

static struct value *timespec(struct arena *a, const struct peek *p, uint64_t addr)
{
	int64_t ts[2];
	struct value *v, *sec, *nsec;

	if (!get(p, addr, ts, sizeof(ts)))
		return NULL;
	v = value_new(a, V_STRUCT, NULL);
	sec = value_new(a, V_INT, "tv_sec");
	nsec = value_new(a, V_INT, "tv_nsec");
	sec->i = ts[0];
	nsec->i = ts[1];
	value_add(v, sec);
	value_add(v, nsec);
	return v;
}

static struct value *fds(struct arena *a, const struct peek *p, uint64_t addr, uint64_t count)
{
	int32_t fd[MOST_ITEMS];
	size_t n = count < MOST_ITEMS ? (size_t)count : MOST_ITEMS;
	struct value *list;

	if (!n || !get(p, addr, fd, n * sizeof(*fd)))
		return NULL;
	list = value_new(a, V_LIST, NULL);
	list->cut = n < count;
	for (size_t i = 0; i < n; i++) {
		struct value *v = value_new(a, V_FD, NULL);

		v->i = fd[i];
		v->s = p->file && fd[i] >= 0 ? p->file(p->ctx, fd[i]) : NULL;
		value_add(list, v);
	}
	return list;
}

static struct value *epoll_event(struct arena *a, const struct peek *p, uint64_t addr)
{
	struct epoll_event ev;
	struct value *v;

	if (!get(p, addr, &ev, sizeof(ev)))
		return NULL;
	v = value_new(a, V_STRUCT, NULL);
	value_add(v, value_flags(a, "events", &uapi_poll_events, ev.events));
	value_add(v, pointer(a, "data", ev.data.u64));
	return v;
}

static struct value *futexv(struct arena *a, const struct peek *p, uint64_t addr, uint64_t count)
{
	struct {
		uint64_t val, uaddr;
		uint32_t flags, reserved;
	} w[MOST_ITEMS]; /* struct futex_waitv, include/uapi/linux/futex.h */
	size_t n = count < MOST_ITEMS ? (size_t)count : MOST_ITEMS;
	struct value *list;

	if (!n || !get(p, addr, w, n * sizeof(*w)))
		return NULL;
	list = value_new(a, V_LIST, NULL);
	list->cut = n < count;
	for (size_t i = 0; i < n; i++) {
		struct value *v = value_new(a, V_STRUCT, NULL);

		value_add(v, value_uint(a, "val", w[i].val));
		value_add(v, pointer(a, "uaddr", w[i].uaddr));
		value_add(v, value_flags(a, "flags", &uapi_futex2_flags, w[i].flags));
		value_add(list, v);
	}
	return list;
}

struct value *sqe_follow(struct arena *a, const struct sqe *sqe, const struct peek *p, unsigned kind, uint64_t addr,
	uint64_t count, uint64_t aux)
{
	enum { VECTORIZED = 1 << 5 }; /* IORING_SEND_VECTORIZED */

	if (p->compat && (kind == K_IOVEC || kind == K_MSGHDR ||
				 (kind == K_SENDBUF && uapi_word(sqe->b, SQE_IOPRIO, 2) & VECTORIZED)))
		return NULL;
	switch (kind) {
	case K_PATH:
	case K_XNAME:
		return string(a, p, NULL, addr);
	case K_IOVEC:
		return iovecs(a, p, NULL, addr, count, aux);
	case K_MSGHDR:
		return msghdr(a, p, addr, aux);
	case K_SOCKADDR:
		return sockaddr(a, p, NULL, addr, aux);
	case K_TIMESPEC:
		return timespec(a, p, addr);
	case K_OPEN_HOW:
		return open_how(a, p, addr, count);
	case K_SENDBUF:
		if (uapi_word(sqe->b, SQE_IOPRIO, 2) & VECTORIZED)
			return iovecs(a, p, NULL, addr, count, true);
		return data(a, p, NULL, addr, count);
	case K_DATA_OUT:
		return data(a, p, NULL, addr, count);
	case K_FDS:
		return fds(a, p, addr, count);
	case K_EPOLL_EVENT:
		return epoll_event(a, p, addr);
	case K_FUTEXV:
		return futexv(a, p, addr, count);
	default:
		return NULL;
	}
}
