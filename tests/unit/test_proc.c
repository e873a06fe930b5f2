/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsers of /proc, on what five kernels printed (tests/unit/fdinfo) and on what a hostile program could make them print. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#include "../../src/proc/sockdiag.h"
#include "proc.h"

/* The part of a recorded file that stands behind "@@ name". */
static char *recorded(const char *kernel, const char *name, size_t *len)
{
	char path[128], marker[64], *text, *start, *end;
	FILE *f;
	long size;

	snprintf(path, sizeof(path), "tests/unit/fdinfo/%s.txt", kernel);
	f = fopen(path, "re");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	fclose(f);
	snprintf(marker, sizeof(marker), "@@ %s\n", name);
	start = strstr(text, marker);
	if (!start) {
		free(text);
		return NULL;
	}
	start += strlen(marker);
	end = strstr(start, "@@ ");
	*len = (size_t)(end - start);
	memmove(text, start, *len);
	text[*len] = '\0';
	return text;
}

static const char *const kernels[] = {"5.10", "6.1", "6.12", "6.18", "7.3"};

static void each(const char *name, void (*check)(const struct fdinfo *f, const char *kernel))
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct arena a = {0};
		struct fdinfo f;
		size_t len;
		char *text = recorded(kernels[i], name, &len);

		if (!text)
			continue; /* this kernel has no such ring */
		fdinfo_parse(&a, text, len, &f);
		check(&f, kernels[i]);
		arena_free(&a);
		free(text);
	}
}

static bool has_queues(const char *kernel)
{
	return strcmp(kernel, "5.10") != 0;
}

static bool full_names(const char *kernel)
{
	return !strcmp(kernel, "6.18") || !strcmp(kernel, "7.3");
}

static void check_registered(const struct fdinfo *f, const char *kernel)
{
	assert_int_equal(f->has_queues, has_queues(kernel));
	assert_int_equal(f->has_ino, has_queues(kernel));
	assert_int_equal(f->nr_files, 4);
	assert_int_equal(f->n_files, 3);
	assert_int_equal(f->files[0].slot, 0);
	assert_int_equal(f->files[1].slot, 2);
	assert_int_equal(f->files[2].slot, 3);
	assert_int_equal(f->names_short, !full_names(kernel));
	assert_string_equal(f->files[0].name, full_names(kernel) ? "/etc/passwd" : "passwd");
	assert_string_equal(f->files[1].name, full_names(kernel) ? "anon_inode:[eventfd]" : "[eventfd]");
	assert_int_equal(f->nr_bufs, 2);
	assert_int_equal(f->n_bufs, 2);
	assert_int_equal(f->bufs[1].len, 512);
	assert_int_equal(f->bufs[1].addr, f->bufs[0].addr + 4096);
	assert_int_equal(f->n_personalities, full_names(kernel) ? 0 : 1);
	if (f->n_personalities) {
		assert_true(f->personalities[0].complete);
		assert_int_equal(f->personalities[0].id, 1);
		assert_int_equal(f->personalities[0].cap_effective, 0x1ffffffffff);
	}
	assert_false(f->files_partial);
	assert_int_equal(f->sq_thread, -1);
	assert_int_equal(f->n_sqes, has_queues(kernel) ? 1 : 0);
	if (f->n_sqes) {
		assert_int_equal(f->sqes[0].opcode, 22);
		assert_int_equal(f->sqes[0].fd, 3);
		assert_int_equal(f->sqes[0].flags, 1);
	}
}

static void check_polls(const struct fdinfo *f, const char *kernel)
{
	(void)kernel;
	assert_int_equal(f->n_polls, 10);
	assert_int_equal(f->polls[9].opcode, 6);
	assert_false(f->polls[9].task_work);
}

static void check_big(const struct fdinfo *f, const char *kernel)
{
	assert_int_equal(f->n_sqes, 2);
	assert_true(f->sqes[0].big && f->sqes[1].big);
	assert_int_equal(f->sqes[0].slot, 7);
	assert_int_equal(f->sqes[1].user_data, 0x301);
	assert_true(f->n_cqes > 0 && f->cqes[0].big);
	/* 6.18 leaves out half of them and shows the wrong ones */
	if (strcmp(kernel, "6.18")) {
		assert_int_equal(f->n_cqes, 7);
		assert_int_equal(f->cqes[6].user_data, 0x207);
	}
	assert_int_equal(f->sq_head, 15);
	assert_int_equal(f->cq_mask, 15);
}

static void check_overflow(const struct fdinfo *f, const char *kernel)
{
	assert_int_equal(f->has_overflow, has_queues(kernel));
	assert_int_equal(f->n_overflow, has_queues(kernel) ? 4 : 0);
	if (f->n_overflow)
		assert_int_equal(f->overflow[3].user_data, 11);
}

static void check_sqpoll(const struct fdinfo *f, const char *kernel)
{
	(void)kernel;
	assert_true(f->sq_thread > 0);
	assert_true(f->sq_cpu >= 0 || !strcmp(kernel, "7.3") || !strcmp(kernel, "6.18"));
}

static void check_spoof(const struct fdinfo *f, const char *kernel)
{
	(void)kernel;
	assert_int_equal(f->sq_thread, -1);
	assert_int_equal(f->nr_bufs, 0);
	assert_int_equal(f->nr_files, 1);
	assert_int_equal(f->n_files, 1);
	assert_non_null(strstr(f->files[0].name, "\nUserBufs:\t9\nSqThread:\t1"));
}

static void registered(void **state)
{
	(void)state;
	each("registered", check_registered);
}
static void polls(void **state)
{
	(void)state;
	each("polls", check_polls);
}
static void big(void **state)
{
	(void)state;
	each("big", check_big);
}
static void overflow(void **state)
{
	(void)state;
	each("overflow", check_overflow);
}
static void sqpoll(void **state)
{
	(void)state;
	each("sqpoll-asleep", check_sqpoll);
}
static void spoof(void **state)
{
	(void)state;
	each("spoof", check_spoof);
}

static struct fdinfo parse(struct arena *a, const char *text)
{
	struct fdinfo f;

	fdinfo_parse(a, text, strlen(text), &f);
	return f;
}

/* The kernel only tries the ring's lock: what it leaves out without it. */
static void without_lock(void **state)
{
	struct arena a = {0};
	struct fdinfo f = parse(&a, "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t77\n");

	(void)state;
	assert_false(f.has_files || f.has_queues);
	f = parse(&a, "SqThread:\t-1\nSqThreadCpu:\t-1\nUserFiles:\t3\nUserBufs:\t0\nPollList:\n");
	assert_true(f.has_files);
	assert_int_equal(f.n_files, 0);
	arena_free(&a);
}

/* A name that looks like another slot's line: which line is the kernel's is not to be known. */
static void forged_slots(void **state)
{
	static const char *const texts[] = {
		"UserFiles:\t2\n    0: x\n    1: passwd\n    1: real\nUserBufs:\t0\n",
		"UserFiles:\t3\n    0: x\n    2: passwd\n    1: <none>\n    2: real\nUserBufs:\t0\n",
		"UserFiles:\t2\n    0: a\n    1: x\n    0: passwd\nUserBufs:\t0\n",
	};
	struct arena a = {0};
	struct fdinfo f;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		f = parse(&a, texts[i]);
		assert_true(f.files_forged && !f.files_partial);
		assert_int_equal(f.n_files, 0);
		assert_true(f.has_bufs);
	}
	/* a newline alone is part of a name */
	f = parse(&a, "UserFiles:\t2\n    0: x\n    7: y\n    1: <none>\nUserBufs:\t0\n");
	assert_false(f.files_forged || f.files_partial);
	assert_int_equal(f.n_files, 1);
	assert_string_equal(f.files[0].name, "x\n    7: y");
	arena_free(&a);
}

/* Every prefix of a real text, and the text with any byte changed, gives a well-formed result. */
static void cut_and_broken(void **state)
{
	size_t len;
	char *text = recorded("6.1", "big", &len);

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		struct arena a = {0};
		struct fdinfo f;

		fdinfo_parse(&a, text, n, &f);
		assert_true(f.n_sqes <= 2 && f.n_cqes <= 7);
		arena_free(&a);
	}
	free(text);
}

struct maps {
	struct proc_map m[8];
	size_t n;
};

static void collect(void *ctx, const struct proc_map *m)
{
	struct maps *maps = ctx;

	if (maps->n < 8)
		maps->m[maps->n++] = *m;
}

static void maps(void **state)
{
	static const char text[] =
		"55d0c8a2a000-55d0c8a2b000 r--p 00000000 fe:00 14884901                   /usr/bin/node\n"
		"7f64a649d000-7f64a649e000 rw-s 10000000 00:10 9551                       anon_inode:[io_uring]\n"
		"7f64a649e000-7f64a64a0000 rw-s 00000000 00:10 9551                       anon_inode:[io_uring]\n"
		"7f64a64a0000-7f64a64a1000 rw-s 00000000 00:10 9552                       anon_inode:[io_uring] "
		"(deleted)\n"
		"7f64a64a1000-7f64a64a2000 rw-s 00000000 00:10 9553                       /tmp/anon_inode:[io_uring]\n"
		"7f64a64a2000-7f64a64a3000 rw-p 00000000 00:00 0 \n"
		"7f64a64a3000-7f64a64a2000 rw-s 00000000 00:10 9554                       anon_inode:[io_uring]\n"
		"zzz rw-s 0 0 0 anon_inode:[io_uring]\n"
		"anon_inode:[io_uring]\n"
		"7f64a64a5000-7f64a64a6000 rw-s 08000000 00:10 9555                       anon_inode:[io_uring]";
	struct maps got = {0};

	(void)state;
	proc_maps_parse(text, sizeof(text) - 1, collect, &got);
	assert_int_equal(got.n, 3);
	assert_int_equal(got.m[0].start, 0x7f64a649d000);
	assert_int_equal(got.m[0].offset, 0x10000000);
	assert_int_equal(got.m[0].ino, 9551);
	assert_int_equal(got.m[1].end - got.m[1].start, 0x2000);
	assert_int_equal(got.m[2].offset, 0x8000000);
}

static void stat_line(void **state)
{
	static const char text[] =
		"4022 (a) S (b) R 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 336 2633728 28 "
		"18446744073709551615 1 2 3 4 5 0 0 0 2147221247 0 0 0 17 3 0 0 0 0 0 1 2 3 4 5 6 7 0\n";
	struct arena a = {0};
	struct proc_task t;

	(void)state;
	assert_int_equal(proc_stat_parse(&a, text, sizeof(text) - 1, &t), 0);
	assert_string_equal(t.comm, "a) S (b");
	assert_int_equal(t.state, 'R');
	assert_int_equal(t.threads, 9);
	assert_int_equal(t.cpu, 3);
	assert_false(t.kthread || t.io_worker);
	assert_int_equal(proc_stat_parse(&a, "", 0, &t), -1);
	assert_int_equal(proc_stat_parse(&a, ")(", 2, &t), -1);
	assert_int_equal(proc_stat_parse(&a, "1 (x) R 1", 9, &t), -1);
	arena_free(&a);
}

static void sockets(void **state)
{
	char name[256];
	uint64_t ino;

	(void)state;
	assert_int_equal(
		sockets_parse_inet(
			"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
			"12345 1 0 100 0 0 10 0",
			"TCP", false, &ino, name, sizeof(name)),
		0);
	assert_int_equal(ino, 12345);
	assert_string_equal(name, "TCP:[127.0.0.1:8080]");
	assert_int_equal(
		sockets_parse_inet(
			"   1: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 "
			"7 1 0 20 4 30 10 -1",
			"TCP", false, &ino, name, sizeof(name)),
		0);
	assert_string_equal(name, "TCP:[127.0.0.1:8080->127.0.0.2:50000]");
	assert_int_equal(sockets_parse_inet(
				 "   0: 00000000000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A "
				 "00000000:00000000 00:00000000 00000000     0        0 99 1 0",
				 "TCPv6", true, &ino, name, sizeof(name)),
		0);
	assert_string_equal(name, "TCPv6:[[::1]:443]");
	assert_int_equal(
		sockets_parse_inet("  sl  local_address rem_address", "TCP", false, &ino, name, sizeof(name)), -1);
	/* an address of the wrong length */
	assert_int_equal(sockets_parse_inet("   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 1", "TCP", true, &ino,
				 name, sizeof(name)),
		-1);
}

/* --- answers of sock_diag ------------------------------------------------------------------------------------------------ */

struct answers {
	_Alignas(8) unsigned char data[4096];
	size_t len;
	struct arena arena;
	char said[1024];
};

static void message(struct answers *x, int type, const void *body, size_t n)
{
	struct nlmsghdr h = {.nlmsg_len = (uint32_t)(sizeof(h) + n), .nlmsg_type = (uint16_t)type, .nlmsg_seq = 0x7572};

	memcpy(x->data + x->len, &h, sizeof(h));
	if (n)
		memcpy(x->data + x->len + sizeof(h), body, n);
	x->len += NLMSG_ALIGN(h.nlmsg_len);
}

static void unix_message(struct answers *x, uint32_t ino, int type, const char *path, size_t n)
{
	unsigned char body[512] = {0};
	struct unix_diag_msg m = {.udiag_family = AF_UNIX, .udiag_type = (uint8_t)type, .udiag_ino = ino};
	struct rtattr other = {.rta_len = RTA_LENGTH(1), .rta_type = UNIX_DIAG_SHUTDOWN},
		      a = {.rta_len = (uint16_t)RTA_LENGTH(n), .rta_type = UNIX_DIAG_NAME};
	size_t len = sizeof(m);

	memcpy(body, &m, len);
	memcpy(body + len, &other, sizeof(other));
	len += RTA_SPACE(1);
	memcpy(body + len, &a, sizeof(a));
	memcpy(body + len + sizeof(a), path, n);
	message(x, SOCK_DIAG_BY_FAMILY, body, len + RTA_SPACE(n));
}

static void note(void *ctx, const struct sockdiag *s)
{
	struct answers *x = ctx;
	size_t n = strlen(x->said);

	if (n > sizeof(x->said) / 2)
		return;
	if (s->family == AF_UNIX)
		snprintf(x->said + n, sizeof(x->said) - n, "%s\n", sockets_unix_name(&x->arena, s));
	else
		snprintf(x->said + n, sizeof(x->said) - n, "%d %llu %08x:%u %08x:%u\n", s->family,
			(unsigned long long)s->ino, ntohl(s->local[0]), s->local_port, ntohl(s->remote[0]),
			s->remote_port);
}

static void answers(void **state)
{
	static const char forged[] = "\0x\n0: 2 0 1 0001 01 4242 @/run/dbus", quotes[] = "\0a\"b\\c\0d";
	struct inet_diag_msg in = {.idiag_family = AF_INET, .idiag_inode = 4242};
	struct answers x = {.len = 0};
	int err = -ENOENT;

	(void)state;
	in.id.idiag_sport = htons(80);
	in.id.idiag_src[0] = htonl(0x7f000001);
	message(&x, SOCK_DIAG_BY_FAMILY, &in, sizeof(in));
	in.idiag_family = AF_INET6; /* not asked for */
	message(&x, SOCK_DIAG_BY_FAMILY, &in, sizeof(in));
	in.idiag_family = AF_INET;
	in.idiag_inode = 0; /* of nobody any more */
	message(&x, SOCK_DIAG_BY_FAMILY, &in, sizeof(in));
	assert_int_equal(sockdiag_parse(x.data, x.len, AF_INET, note, &x), 0);
	assert_string_equal(x.said, "2 4242 7f000001:80 00000000:0\n");
	/* a cut message is no message */
	assert_int_equal(sockdiag_parse(x.data, x.len - 4, AF_INET, note, &x), -EPROTO);
	x.len = 0;
	x.said[0] = '\0';
	unix_message(&x, 1, SOCK_STREAM, "/run/x y", 9);
	unix_message(&x, 2, SOCK_DGRAM, forged, sizeof(forged) - 1);
	unix_message(&x, 3, SOCK_SEQPACKET, quotes, sizeof(quotes) - 1);
	unix_message(&x, 4, 77, "@x", 2);
	unix_message(&x, 5, SOCK_STREAM, "", 0);
	unix_message(&x, 6, SOCK_STREAM, "", 1);
	message(&x, NLMSG_DONE, &err, 4);
	assert_int_equal(sockdiag_parse(x.data, x.len, AF_UNIX, note, &x), 1);
	assert_string_equal(x.said, "UNIX-STREAM:[1,\"/run/x y\"]\n"
				    "UNIX-DGRAM:[2,@\"x\n0: 2 0 1 0001 01 4242 @/run/dbus\"]\n"
				    "UNIX-SEQPACKET:[3,@\"a\\\"b\\\\c\\x00d\"]\n"
				    "UNIX:[4,\"@x\"]\n"
				    "UNIX-STREAM:[5]\n"
				    "UNIX-STREAM:[6,@\"\"]\n");
	x.len = 0;
	message(&x, NLMSG_ERROR, &err, 4);
	assert_int_equal(sockdiag_parse(x.data, x.len, AF_UNIX, note, &x), -ENOENT);
	/* an answer to another question */
	((struct nlmsghdr *)(void *)x.data)->nlmsg_seq++;
	assert_int_equal(sockdiag_parse(x.data, x.len, AF_UNIX, note, &x), -EPROTO);
	arena_free(&x.arena);
}

/* Whoever has CAP_NET_ADMIN in a namespace may write to a netlink socket there, which is not to be taken for the kernel's answer. */
static void answers_of_strangers(void **state)
{
	struct sockaddr_nl ours = {.nl_family = AF_NETLINK}, theirs = {.nl_family = AF_NETLINK};
	struct inet_diag_msg in = {.idiag_family = AF_INET, .idiag_inode = 0xffffff01};
	int stranger = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), nl = sockdiag_open(-1), err;
	socklen_t len = sizeof(ours);
	struct answers x = {.len = 0};

	(void)state;
	assert_true(nl >= 0 && stranger >= 0);
	assert_int_equal(bind(nl, (struct sockaddr *)&ours, len), 0);
	assert_int_equal(getsockname(nl, (struct sockaddr *)&ours, &len), 0);
	assert_int_equal(bind(stranger, (struct sockaddr *)&theirs, len), 0);
	message(&x, SOCK_DIAG_BY_FAMILY, &in, sizeof(in));
	message(&x, NLMSG_DONE, "\0\0\0", 4);
	if (sendto(stranger, x.data, x.len, 0, (struct sockaddr *)&ours, sizeof(ours)) < 0)
		skip(); /* no CAP_NET_ADMIN */
	x.len = 0;
	err = sockdiag_read(nl, AF_INET, IPPROTO_TCP, note, &x);
	/* ENOENT: this kernel has no such list */
	assert_true(!err || err == -ENOENT);
	assert_null(strstr(x.said, "4294967041"));
	close(nl);
	close(stranger);
}

/* Without a process, or of a protocol that has no table, what is known is left. */
static void socket_names(void **state)
{
	static const struct {
		struct sock_id id;
		const char *name;
	} all[] = {
		{{7, NULL, 0, 0}, "socket:[7]"},
		{{7, "", AF_INET, SOCK_STREAM}, "socket:[7]"},
		{{7, "TCPv6", 0, 0}, "TCPv6:[7]"},
		{{7, "UDP-Lite", AF_INET, SOCK_DGRAM}, "UDPLITE:[7]"},
		{{7, "NETLINK", AF_NETLINK, SOCK_RAW}, "NETLINK:[7]"},
		{{7, "UNIX", AF_UNIX, 0}, "UNIX:[7]"},
		{{7, "UNIX", AF_UNIX, SOCK_SEQPACKET}, "UNIX-SEQPACKET:[7]"},
		{{7, "UNIX-STREAM", 0, 0}, "UNIX-STREAM:[7]"},
	};
	struct sockets *s = sockets_new();
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_string_equal(sockets_name(s, &a, -1, &all[i].id), all[i].name);
	arena_free(&a);
	sockets_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registered),
		cmocka_unit_test(polls),
		cmocka_unit_test(big),
		cmocka_unit_test(overflow),
		cmocka_unit_test(sqpoll),
		cmocka_unit_test(spoof),
		cmocka_unit_test(without_lock),
		cmocka_unit_test(forged_slots),
		cmocka_unit_test(cut_and_broken),
		cmocka_unit_test(maps),
		cmocka_unit_test(stat_line),
		cmocka_unit_test(sockets),
		cmocka_unit_test(answers),
		cmocka_unit_test(answers_of_strangers),
		cmocka_unit_test(socket_names),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
