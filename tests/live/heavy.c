/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heavy KIND: a ring of 32,768 entries that costs whoever shows it as much as it can. Prints its pid when it stands, and sleeps.
 * paths: OPENATs with paths of 4 KiB of escapes. vectors: WRITEVs of 1,024 iovecs with 64 KiB each. wild: the same with pointers into
 * nothing. flags: SENDMSGs with every flag, and no pointer that leads anywhere. fds: READs of a file whose name is as long as a name
 * can be. sockets: SENDs to sockets that nothing names. slots: READs of 16,384 registered
 * files. names: the same with the longest of names. cqes: 65,536 completions, and as
 * many that found no room. honest: all queues full, and requests in flight, as a program that is merely busy would have them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

enum {
	OP_POLL_ADD = 6,
	OP_SENDMSG = 9,
	OP_OPENAT = 18,
	OP_WRITEV = 2,
	OP_READ = 22,
	OP_SEND = 26,
	FIXED_FILE = 1,
	REGISTER_FILES = 2,
	ENTRIES = 32768,
	CQES = 65536,
	IOVECS = 1024,
	DATA = 65536,
	REQUESTS = 100000,
	SLOTS = 16384,
};

static struct zring r;

/* The i-th of those to be published next. */
static uint8_t *entry(unsigned i, unsigned op, int fd, uint64_t addr, unsigned len)
{
	uint8_t *sqe = z_sqe(&r, (*z_word(&r, r.p.sq_off.tail) + i) & (ENTRIES - 1));

	z_put(sqe, 0, 1, op);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_put(sqe, 16, 8, addr);
	z_put(sqe, 24, 4, len);
	z_put(sqe, 32, 8, ~0ull - i);
	return sqe;
}

static void paths(void)
{
	static char path[PATH_MAX];

	memset(path, '\033', sizeof(path) - 1);
	for (unsigned i = 0; i < ENTRIES; i++)
		entry(i, OP_OPENAT, AT_FDCWD, (uintptr_t)path, 0);
}

static void vectors(bool wild)
{
	static struct iovec iov[IOVECS];
	static char data[DATA];

	memset(data, '\033', sizeof(data));
	for (size_t i = 0; i < IOVECS; i++)
		iov[i] = (struct iovec){wild ? (void *)(uintptr_t)(4096 + i) : data, sizeof(data)};
	for (unsigned i = 0; i < ENTRIES; i++)
		entry(i, OP_WRITEV, 1, (uintptr_t)iov, IOVECS);
}

static void flags(void)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint8_t *sqe = entry(i, OP_SENDMSG, 1, ~0ull, 1);

		z_put(sqe, 1, 1, 0xfe);
		z_put(sqe, 2, 2, 0xffff);
		z_put(sqe, 28, 4, ~0u);
	}
}

/* A file whose name is nearly as long as one can be, and of which nothing stays. */
static int long_name(int c)
{
	enum { PARTS = 15 };
	char part[256], top[] = "/tmp/heavy.XXXXXX";
	int dirs[PARTS + 1], fd;

	memset(part, c, 255);
	part[255] = '\0';
	if (!mkdtemp(top))
		z_die("mkdtemp");
	dirs[0] = open(top, O_PATH | O_DIRECTORY);
	for (int i = 0; i < PARTS; i++) {
		mkdirat(dirs[i], part, 0700);
		dirs[i + 1] = openat(dirs[i], part, O_PATH | O_DIRECTORY);
		if (dirs[i + 1] < 0)
			z_die("mkdir");
	}
	fd = openat(dirs[PARTS], "file", O_RDONLY | O_CREAT, 0600);
	if (fd < 0)
		z_die("open");
	unlinkat(dirs[PARTS], "file", 0);
	for (int i = PARTS; i >= 0; i--) {
		if (i)
			unlinkat(dirs[i - 1], part, AT_REMOVEDIR);
		close(dirs[i]);
	}
	rmdir(top);
	return fd;
}

static void fds(void)
{
	int fd = long_name('\033');

	for (unsigned i = 0; i < ENTRIES; i++)
		entry(i, OP_READ, fd, (uintptr_t)&r, 1);
}

static void sockets(void)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		entry(i, OP_SEND, socket(AF_INET, SOCK_STREAM, 0), (uintptr_t)&r, 1);
}

static void slots(int file)
{
	static int fd[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++)
		fd[i] = file;
	if (z_register(r.fd, REGISTER_FILES, fd, SLOTS))
		z_die("IORING_REGISTER_FILES");
	for (unsigned i = 0; i < ENTRIES; i++)
		z_put(entry(i, OP_READ, (int)(SLOTS - 1 - i % SLOTS), (uintptr_t)&r, 1), 1, 1, FIXED_FILE);
}

static void plain_slots(void)
{
	slots(open("/dev/null", O_RDONLY));
}

/* Spaces, of which the kernel makes four characters each. */
static void named_slots(void)
{
	slots(long_name(' '));
}

/* Completions that nobody reaps. */
static void nops(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		entry(i, 0, -1, 0, 0);
	z_publish(&r, n);
	if (z_enter(&r, n, 0, 0) != (int)n)
		z_die("io_uring_enter");
}

static void cqes(void)
{
	for (unsigned i = 0; i < 2 * CQES / ENTRIES; i++)
		nops(ENTRIES);
}

static void honest(void)
{
	static const char data[] = "some data";
	int two[2];

	if (pipe(two))
		z_die("pipe");
	for (unsigned i = 0; i < REQUESTS; i += REQUESTS / 4) {
		for (unsigned k = 0; k < REQUESTS / 4; k++)
			z_put(entry(k, OP_POLL_ADD, two[0], 0, 0), 28, 4, 1);
		z_publish(&r, REQUESTS / 4);
		if (z_enter(&r, REQUESTS / 4, 0, 0) != REQUESTS / 4)
			z_die("io_uring_enter");
	}
	cqes();
	for (unsigned i = 0; i < ENTRIES; i++)
		entry(i, OP_READ, two[0], (uintptr_t)data, sizeof(data));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(void);
		bool publish;
	} kinds[] = {{"paths", paths, true}, {"flags", flags, true}, {"fds", fds, true}, {"sockets", sockets, true},
		{"slots", plain_slots, true}, {"names", named_slots, true}, {"cqes", cqes, false},
		{"honest", honest, true}};
	const char *kind = argc > 1 ? argv[1] : "";
	struct rlimit files;
	bool published = true;
	size_t i = 0;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!z_ring(&r, ENTRIES, CQES, Z_CQSIZE))
		z_die("io_uring_setup");
	while (i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kind, kinds[i].name) != 0)
		i++;
	if (i < sizeof(kinds) / sizeof(kinds[0])) {
		kinds[i].make();
		published = kinds[i].publish;
	} else {
		vectors(!strcmp(kind, "wild"));
	}
	if (published)
		z_publish(&r, ENTRIES);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	for (;;)
		pause();
}
