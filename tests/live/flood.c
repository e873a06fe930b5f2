/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood data LEN: what writes and sends LEN letters, each in its way: WRITE, WRITEV of two, SEND and SENDMSG.
 * flood overflow|posted|dropped|rings|register SECONDS: as many as it can of completions that find no room, of those that another request posts,
 * of entries that are dropped, of rings that are made and closed, of registrations; and now and then a READ of /dev/zero. Prints how
 * many READs there were, and of them that found no room.
 * flood hidden SECONDS: NOPs of a ring with an SQPOLL thread, in memory of the program's own, whose descriptor is closed: a poll of another
 * ring holds it, and that one a poll of this. Prints the number of its inode. 77: the kernel has no such rings.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

enum { OP_WRITEV = 2, OP_SENDMSG = 9, OP_READ = 22, OP_WRITE = 23, OP_SEND = 26, OP_MSG_RING = 40 };
enum { BATCH = 32, DATA = 0xda7a, READS = 0x4ead, NO_ROOM = 0x4ead0f, REGISTER_PROBE = 8 };

static struct zring r;
static char buf[64];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fills the entry that stands i behind the tail. */
static uint8_t *put(unsigned i, unsigned op, int fd, const void *addr, size_t len, uint64_t user_data)
{
	uint8_t *sqe = z_sqe(&r, (*z_word(&r, r.p.sq_off.tail) + i) & (r.p.sq_entries - 1));

	z_put(sqe, 0, 1, op);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_put(sqe, 16, 8, (uintptr_t)addr);
	z_put(sqe, 24, 4, len);
	z_put(sqe, 32, 8, user_data);
	return sqe;
}

static void reap(void)
{
	__atomic_store_n(z_word(&r, r.p.cq_off.head), *z_word(&r, r.p.cq_off.tail), __ATOMIC_RELEASE);
}

static int data(size_t len)
{
	char *letters = malloc(len + 1);
	struct iovec v[2] = {{letters, len}, {letters, len}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
	int null = open("/dev/null", O_WRONLY), s[2];

	for (size_t i = 0; i < len; i++)
		letters[i] = (char)('a' + i % 26);
	if (!z_ring(&r, 8, 0, 0) || socketpair(AF_UNIX, SOCK_DGRAM, 0, s))
		z_die("ring");
	put(0, OP_WRITE, null, letters, len, DATA);
	put(1, OP_WRITEV, null, v, 2, DATA);
	put(2, OP_SEND, s[0], letters, len, DATA);
	put(3, OP_SENDMSG, s[0], &m, 1, DATA);
	z_publish(&r, 4);
	if (z_enter(&r, 4, 4, 0) != 4)
		return 1;
	free(letters);
	return 0;
}

/* One READ at the end of what is submitted now, which finds no room if room is false. */
static void with_read(unsigned n, int zero, bool room, unsigned *reads, unsigned *none)
{
	put(n, OP_READ, zero, buf, sizeof(buf), room ? READS : NO_ROOM);
	++*reads;
	*none += !room;
	z_publish(&r, n + 1);
	if (z_enter(&r, n + 1, 0, 0) != (int)n + 1)
		z_die("io_uring_enter");
}

static void renew(unsigned cq)
{
	if (r.rings) {
		munmap(r.rings, r.rings_len);
		munmap(r.sqes, r.sqes_len);
		close(r.fd);
	}
	if (!z_ring(&r, BATCH * 2, cq, cq ? Z_CQSIZE : 0))
		z_die("io_uring_setup");
}

static int hidden(double end)
{
	uint8_t *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct io_uring_params p = {.flags = Z_SQPOLL | Z_NO_MMAP, .sq_thread_idle = 100000};
	uint64_t rings = (uintptr_t)memory, sqes = rings + 4096;
	struct zring b = {0};
	struct stat st;
	uint8_t *sqe;

	/* user_addr */
	memcpy(&p.sq_off.resv2, &sqes, 8);
	memcpy(&p.cq_off.resv2, &rings, 8);
	if (memory == MAP_FAILED || !z_ring_params(&b, 8, &p))
		return 77;
	b.rings = memory;
	b.sqes = memory + 4096;
	if (!z_ring(&r, 8, 0, 0) || fstat(b.fd, &st))
		z_die("ring");
	/* POLL_ADD, for nothing; each holds the other */
	put(0, 6, b.fd, NULL, 0, 0);
	z_publish(&r, 1);
	if (z_enter(&r, 1, 0, 0) != 1)
		z_die("io_uring_enter");
	sqe = z_sqe(&b, 0);
	z_put(sqe, 0, 1, 6);
	z_put(sqe, 4, 4, (uint32_t)r.fd);
	z_publish(&b, 1);
	z_enter(&b, 0, 0, 2); /* SQ_WAKEUP: it begins asleep */
	while (__atomic_load_n(z_word(&b, b.p.sq_off.head), __ATOMIC_ACQUIRE) != 1)
		usleep(1000);
	close(b.fd);
	munmap(r.rings, r.rings_len);
	munmap(r.sqes, r.sqes_len);
	close(r.fd);
	printf("%llu\n", (unsigned long long)st.st_ino);
	fflush(stdout);
	while (now() < end) {
		uint32_t slot = *z_word(&b, b.p.sq_off.tail) & 7;

		z_put(z_sqe(&b, slot), 32, 8, 0xb1d);
		z_publish(&b, 1);
		usleep(10000);
		__atomic_store_n(z_word(&b, b.p.cq_off.head), *z_word(&b, b.p.cq_off.tail), __ATOMIC_RELEASE);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	double end = now() + (argc > 2 ? atof(argv[2]) : 0);
	int zero = open("/dev/zero", O_RDONLY);
	unsigned reads = 0, none = 0, n;

	if (!strcmp(what, "data"))
		return data((size_t)atoi(argv[2]));
	if (!strcmp(what, "hidden"))
		return hidden(end);
	for (n = 0; now() < end; n++) {
		bool often = n % 1024 == 0;

		if (!strcmp(what, "overflow")) {
			if (often)
				renew(BATCH * 2);
			for (unsigned i = 0; i < BATCH; i++)
				put(i, 0, -1, NULL, 0, n * BATCH + i);
			z_publish(&r, BATCH);
			if (z_enter(&r, BATCH, 0, 0) != BATCH)
				z_die("io_uring_enter");
			if (n % 1024 == 1023)
				with_read(0, zero, false, &reads, &none);
		} else if (!strcmp(what, "posted")) {
			if (often)
				renew(0);
			for (unsigned i = 0; i < BATCH / 2; i++)
				z_put(put(i, OP_MSG_RING, r.fd, NULL, 1, 7), 8, 8, n + i);
			z_publish(&r, BATCH / 2);
			if (z_enter(&r, BATCH / 2, 0, 0) != BATCH / 2)
				z_die("io_uring_enter");
			reap();
			if (often)
				with_read(0, zero, true, &reads, &none);
			reap();
		} else if (!strcmp(what, "dropped")) {
			uint32_t tail;

			if (often)
				renew(0);
			tail = *z_word(&r, r.p.sq_off.tail);
			z_word(&r, r.p.sq_off.array)[tail & (r.p.sq_entries - 1)] = ~0u;
			__atomic_store_n(z_word(&r, r.p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
			z_enter(&r, 1, 0, 0);
			if (often)
				with_read(0, zero, true, &reads, &none);
			reap();
		} else if (!strcmp(what, "register")) {
			static char probe[16 + 256 * 8];

			if (!n)
				renew(0);
			z_register(r.fd, REGISTER_PROBE, memset(probe, 0, sizeof(probe)), 256);
			if (often)
				with_read(0, zero, true, &reads, &none);
			reap();
		} else {
			renew(0);
			if (often)
				with_read(0, zero, true, &reads, &none);
		}
	}
	printf("%u %u\n", reads, none);
	return 0;
}
