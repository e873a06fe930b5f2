/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forger DIRECTORY [netns]: chooses names that look like what a kernel or a tool writes, for files, for sockets and for itself, and uses
 * them in two rings: in one entries stay pending, in the other each line of standard input is a round of requests that complete. Says
 * first what the truth is, a line "WORD VALUE..." each, then "ready", and "done" after each round. netns: in a network namespace of its
 * own.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

enum { OP_POLL_ADD = 6, OP_READ = 22, OP_RECV = 27, ENTRIES = 32, LONG = 250, DEPTH = 20 };

static struct zring waits, works;
static unsigned n_pending;
static char data[64];

static unsigned long long ino_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		z_die("fstat");
	return st.st_ino;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		z_die("getsockname");
	return ntohs(a.sin_port);
}

/* A pending entry that names the descriptor. */
static void pend(const char *what, int fd)
{
	uint8_t *sqe = z_sqe(&waits, n_pending++);

	z_put(sqe, 0, 1, OP_READ);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_publish(&waits, 1);
	printf("%s %d %llu\n", what, fd, ino_of(fd));
}

static void submit(unsigned op, int fd, unsigned len)
{
	uint32_t *head = z_word(&works, works.p.cq_off.head);
	uint8_t *sqe = z_sqe(&works, *z_word(&works, works.p.sq_off.tail) & (works.p.sq_entries - 1));

	z_put(sqe, 0, 1, op);
	z_put(sqe, 4, 4, (uint32_t)fd);
	if (op == OP_POLL_ADD) {
		z_put(sqe, 28, 4, 1);
	} else {
		z_put(sqe, 16, 8, (uintptr_t)data);
		z_put(sqe, 24, 4, len);
	}
	z_publish(&works, 1);
	if (z_enter(&works, 1, op != OP_POLL_ADD, 0) != 1)
		z_die("io_uring_enter");
	__atomic_store_n(head, *z_word(&works, works.p.cq_off.tail), __ATOMIC_RELEASE);
}

/* A socket with an abstract name. */
static int named(int type, const char *name, size_t n)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	memcpy(un.sun_path + 1, name, n);
	if (bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)))
		z_die("bind");
	return fd;
}

/* What /proc/net/unix shows of it has a line that gives the socket with this number another path, and another type. */
static int forge(unsigned long long ino)
{
	char name[100];
	int n = snprintf(name, sizeof(name), "x\n0: 2 0 1 0005 01 %llu @/run/dbus/system", ino);

	return named(SOCK_DGRAM, name, (size_t)n);
}

/* A file whose path is longer than /proc can show. */
static int deep(const char *dir)
{
	char name[LONG + 1];
	int fd;

	if (chdir(dir))
		z_die("chdir");
	memset(name, 'd', LONG);
	name[LONG] = '\0';
	for (int i = 0; i < DEPTH; i++)
		if (mkdir(name, 0700) || chdir(name))
			z_die("mkdir");
	fd = open("f", O_RDWR | O_CREAT, 0600);
	if (chdir("/"))
		z_die("chdir");
	return fd;
}

static void own_namespace(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET))
		z_die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		z_die("lo");
	close(fd);
}

int main(int argc, char **argv)
{
	static const char evil[] = "x>, addr=0x0, len=1) user_data=0x0 = 4096 <1.0us> inline";
	char odd[64] = "q\"\\]>, addr=0x1\n\xff\0 ";
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener, client, server, pair[2], file, fds[5];
	socklen_t len = sizeof(in);
	char line[64];

	if (argc > 2)
		own_namespace();
	if (!z_ring(&waits, ENTRIES, 0, 0) || !z_ring(&works, ENTRIES, 0, 0))
		z_die("io_uring_setup");
	listener = socket(AF_INET, SOCK_STREAM, 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&in, len) || listen(listener, 1) ||
		getsockname(listener, (struct sockaddr *)&in, &len) || connect(client, (struct sockaddr *)&in, len))
		z_die("a connection");
	server = accept(listener, NULL, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		z_die("socketpair");
	pend("listener", listener);
	pend("client", client);
	pend("server", server);
	pend("pair", pair[0]);
	pend("forged-listener", forge(ino_of(listener)));
	pend("forged-client", forge(ino_of(client)));
	pend("forged-pair", forge(ino_of(pair[0])));
	/* a byte of every kind, and its own pid: abstract names are the machine's */
	pend("odd", named(SOCK_SEQPACKET, odd, 19 + (size_t)sprintf(odd + 19, "%d", (int)getpid())));
	if (chdir(argv[1]))
		z_die(argv[1]);
	file = open(evil, O_RDWR | O_CREAT, 0600);
	if (file < 0 || write(file, "data", 4) != 4)
		z_die(evil);
	pend("file", file);
	pend("deep", deep(argv[1]));
	printf("ports %u %u\n", port_of(listener), port_of(client));
	printf("pid %d\n", (int)getpid());
	fds[0] = listener;
	fds[1] = file;
	fds[2] = pair[0];
	fds[3] = (int)syscall(SYS_pidfd_open, getpid(), 0);
	fds[4] = open("/proc/self/ns/uts", O_RDONLY);
	if (z_register(waits.fd, 2, fds, 5))
		z_die("io_uring_register");
	submit(OP_POLL_ADD, listener, 0);
	prctl(PR_SET_NAME, "a b(7):3 !mm");
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (write(client, "x", 1) != 1 || write(pair[1], "x", 1) != 1)
			z_die("write");
		submit(OP_READ, file, 4);
		submit(OP_RECV, server, 1);
		submit(OP_RECV, listener, 1);
		submit(OP_READ, pair[0], 1);
		printf("done\n");
		fflush(stdout);
	}
	return 0;
}
