/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mix SEED REQUESTS LOG [CQ-ENTRIES]: requests of every path and shape, drawn by lot from a seed, over four threads with a ring each; what the program
 * itself saw of each completion goes to LOG, a line each: ring, user_data, opcode, res, flags, in the order of the CQ. A request that
 * posts nothing is "skip" instead. At its end each thread submits an entry that is dropped. The trace has to say the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

enum { THREADS = 4, ENTRIES = 64, BATCH = 24, MOST_SHAPES = 16 };
enum {
	OP_NOP = 0,
	OP_POLL_ADD = 6,
	OP_TIMEOUT = 11,
	OP_CANCEL = 14,
	OP_LINK_TIMEOUT = 15,
	OP_OPENAT = 18,
	OP_CLOSE = 19,
	OP_READ = 22,
	OP_WRITE = 23,
	OP_UNKNOWN = 250,
};
enum { F_DRAIN = 2, F_LINK = 4, F_HARDLINK = 8, F_ASYNC = 16, F_SKIP = 64 };
enum { MORE = 2 };

struct thread {
	int n;
	unsigned flags;
	uint64_t rng;
	unsigned wanted;
	FILE *log;
	struct zring r;
	uint64_t next; /* user_data */
	uint8_t ops[1 << 20];
	unsigned queued, expected, done;
	int zero, file, pipe[2], empty[2], event, bad;
	char buf[4096];
	struct {
		int64_t s, ns;
	} soon, late;
};

static unsigned draw(struct thread *t, unsigned n)
{
	t->rng ^= t->rng << 13;
	t->rng ^= t->rng >> 7;
	t->rng ^= t->rng << 17;
	return (unsigned)(t->rng % n);
}

static uint64_t put(struct thread *t, unsigned op, int fd, unsigned flags, uint64_t addr, unsigned len, uint64_t off)
{
	uint32_t tail = *z_word(&t->r, t->r.p.sq_off.tail) + t->queued;
	uint8_t *sqe = z_sqe(&t->r, tail & (t->r.p.sq_entries - 1));
	uint64_t id = (uint64_t)t->n << 32 | ++t->next;

	z_put(sqe, 0, 1, op);
	z_put(sqe, 1, 1, flags);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_put(sqe, 8, 8, off);
	z_put(sqe, 16, 8, addr);
	z_put(sqe, 24, 4, len);
	z_put(sqe, 32, 8, id);
	t->ops[t->next & 0xfffff] = (uint8_t)op;
	t->queued++;
	if (flags & F_SKIP)
		fprintf(t->log, "%d %llu %u skip 0\n", t->n, (unsigned long long)id, op);
	else
		t->expected++;
	return id;
}

static void reap(struct thread *t)
{
	uint32_t *head = z_word(&t->r, t->r.p.cq_off.head), *tail = z_word(&t->r, t->r.p.cq_off.tail);
	uint32_t mask = *z_word(&t->r, t->r.p.cq_off.ring_mask);

	while (*head != __atomic_load_n(tail, __ATOMIC_ACQUIRE)) {
		const struct io_uring_cqe *c = (const void *)(t->r.rings + t->r.p.cq_off.cqes + (*head & mask) * 16ul);

		fprintf(t->log, "%d %llu %u %d %u\n", t->n, (unsigned long long)c->user_data,
			t->ops[c->user_data & 0xfffff], c->res, c->flags);
		t->done += !(c->flags & MORE);
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	}
}

static void submit(struct thread *t, unsigned wait)
{
	unsigned n = t->queued;
	int got = 0;

	z_publish(&t->r, n);
	t->queued = 0;
	do {
		wait = wait && t->done < t->expected; /* else nothing will come */
		if (t->flags & Z_SQPOLL) {
			uint32_t *flags = z_word(&t->r, t->r.p.sq_off.flags);

			got = z_enter(&t->r, n, wait,
				(__atomic_load_n(flags, __ATOMIC_ACQUIRE) & 1 ? 2u : 0) | (wait ? 1u : 0));
			while (*z_word(&t->r, t->r.p.sq_off.head) != *z_word(&t->r, t->r.p.sq_off.tail))
				usleep(10);
			n = 0;
		} else {
			got = z_enter(&t->r, n, wait, 1);
			n -= got > 0 ? (unsigned)got : 0;
		}
		reap(t);
	} while (n && (got > 0 || errno == EINTR || errno == EAGAIN || errno == EBUSY));
}

static void all_done(struct thread *t)
{
	while (t->done < t->expected)
		submit(t, 1);
}

/*
 * A drain counts submissions and completions: it does not go together with requests that complete more than once, or not at all, nor,
 * up to 6.1, with refused ones. So it is used on every second ring, and those on the others.
 */
static bool drains(const struct thread *t)
{
	return t->n % 2;
}

/* One shape, with all that it takes to come to its end. Returns how many requests it was. */
static unsigned shape(struct thread *t, bool skips)
{
	uint64_t one = 1, id;
	unsigned n;

	/* those that take time are drawn less often */
	switch (draw(t, draw(t, 6) ? MOST_SHAPES - 4 : MOST_SHAPES)) {
	default:
		put(t, OP_NOP, -1, 0, 0, 0, 0);
		return 1;
	case 1:
		put(t, OP_READ, t->zero, 0, (uintptr_t)t->buf, 64, 0);
		return 1;
	case 2:
		put(t, OP_READ, t->file, 0, (uintptr_t)t->buf, 512, draw(t, 8) * 512);
		return 1;
	case 3: /* by io-wq */
		put(t, draw(t, 2) ? OP_NOP : OP_READ, t->zero, F_ASYNC, (uintptr_t)t->buf, 32, 0);
		return 1;
	case 4: /* a chain */
		for (n = 1 + draw(t, 4); n--;)
			put(t, OP_NOP, -1, draw(t, 2) ? F_LINK : F_HARDLINK, 0, 0, 0);
		put(t, OP_READ, t->zero, 0, (uintptr_t)t->buf, 16, 0);
		return 3;
	case 5: /* one that breaks: the rest is cancelled */
		put(t, OP_READ, t->bad, F_LINK, (uintptr_t)t->buf, 16, 0);
		put(t, OP_NOP, -1, F_LINK, 0, 0, 0);
		put(t, OP_NOP, -1, 0, 0, 0, 0);
		return 3;
	case 6:
		put(t, OP_NOP, -1, drains(t) ? F_DRAIN : 0, 0, 0, 0);
		return 1;
	case 7: /* refused */
		put(t, drains(t) ? OP_NOP : OP_UNKNOWN, -1, 0, 0, 0, 0);
		return 1;
	case 8:
		put(t, OP_TIMEOUT, -1, 0, (uintptr_t)&t->soon, 1, 0);
		return 1;
	case 9: /* polled: the pipe is written to later in the same batch, which a drain would hold back */
		if (drains(t))
			return 0;
		put(t, OP_READ, t->pipe[0], 0, (uintptr_t)t->buf, 8, UINT64_MAX);
		put(t, OP_WRITE, t->pipe[1], 0, (uintptr_t)t->buf, 8, UINT64_MAX);
		return 2;
	case 10: /* cancelled; a drain before it would wait for what it is to cancel */
		if (drains(t))
			return 0;
		id = put(t, OP_TIMEOUT, -1, 0, (uintptr_t)&t->late, 1, 0);
		put(t, OP_CANCEL, -1, 0, id, 0, 0);
		return 2;
	case 14: /* a link that times out; one that a drain has held back may not be there yet when it does, and stay */
		if (drains(t))
			return 0;
		put(t, OP_READ, t->empty[0], F_LINK, (uintptr_t)t->buf, 8, UINT64_MAX);
		put(t, OP_LINK_TIMEOUT, -1, 0, (uintptr_t)&t->soon, 1, 0);
		submit(t, 0);
		all_done(t);
		return 2;
	case 15: /* multishot, three times and then cancelled */
		if (drains(t))
			return 0;
		id = put(t, OP_POLL_ADD, t->event, 0, 0, 1, 0);
		z_put(t->r.sqes +
				((*z_word(&t->r, t->r.p.sq_off.tail) + t->queued - 1) & (t->r.p.sq_entries - 1)) * 64ul,
			28, 4, POLLIN);
		submit(t, 0);
		for (int i = 0; i < 3; i++) {
			if (write(t->event, &one, 8) != 8)
				abort();
			submit(t, 1);
		}
		put(t, OP_CANCEL, -1, 0, id, 0, 0);
		submit(t, 1);
		all_done(t);
		if (read(t->event, &one, 8) != 8)
			abort();
		return 2;
	case 11: /* posts nothing if it succeeds */
		if (!skips || drains(t))
			return 0;
		put(t, OP_NOP, -1, F_SKIP, 0, 0, 0);
		return 1;
	case 12:
		put(t, OP_OPENAT, -100, 0, (uintptr_t) "/no/such/path", 0, 0);
		return 1;
	case 13:
		put(t, OP_CLOSE, t->bad, 0, 0, 0, 0);
		return 1;
	}
}

/* An entry with an index that the SQ has not: the kernel drops it, and counts. */
static void drop(struct thread *t)
{
	uint32_t *array = z_word(&t->r, t->r.p.sq_off.array), *tail = z_word(&t->r, t->r.p.sq_off.tail);
	uint32_t end = *tail + 1;

	array[*tail & (t->r.p.sq_entries - 1)] = 1u << 20;
	__atomic_store_n(tail, end, __ATOMIC_RELEASE);
	z_enter(&t->r, 1, 0, t->flags & Z_SQPOLL ? 2 : 0);
	while (__atomic_load_n(z_word(&t->r, t->r.p.sq_off.head), __ATOMIC_ACQUIRE) != end)
		usleep(10);
}

static bool skips;
static unsigned cq; /* 0: as many as there are by themselves, which may overflow */

static void *run(void *arg)
{
	struct thread *t = arg;
	unsigned made = 0;

	if (!z_ring(&t->r, ENTRIES, cq, t->flags) && !z_ring(&t->r, ENTRIES, cq, cq ? Z_CQSIZE : 0))
		z_die("ring");
	while (made < t->wanted) {
		unsigned batch = 1 + draw(t, BATCH);

		for (unsigned i = 0; i < batch && t->queued < ENTRIES - 8; i++)
			made += shape(t, skips);
		submit(t, draw(t, 2));
		if (draw(t, 4) == 0)
			all_done(t);
	}
	all_done(t);
	drop(t);
	return NULL;
}

int main(int argc, char **argv)
{
	static const unsigned flags[THREADS] = {0, Z_SINGLE_ISSUER | Z_DEFER_TASKRUN, Z_SQPOLL, Z_COOP_TASKRUN};
	static struct thread threads[THREADS];
	pthread_t ids[THREADS];
	struct zring probe;

	if (argc < 4)
		return 2;
	cq = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
	/* CQE_SKIP came with 5.17 */
	skips = z_ring(&probe, 4, 0, 0) && probe.p.features & 1u << 11;
	close(probe.fd);
	for (int i = 0; i < THREADS; i++) {
		struct thread *t = &threads[i];
		char name[256];

		snprintf(name, sizeof(name), "%s.%d", argv[3], i);
		*t = (struct thread){.n = i,
			.flags = flags[i] | (cq ? Z_CQSIZE : 0),
			.rng = strtoull(argv[1], NULL, 0) * 7919 + (unsigned)i + 1};
		t->wanted = (unsigned)atoi(argv[2]) / THREADS;
		t->log = fopen(name, "w");
		if (t->log)
			setvbuf(t->log, NULL, _IOLBF, 0);
		t->zero = open("/dev/zero", O_RDWR);
		t->file = open("/proc/self/exe", O_RDONLY);
		t->event = eventfd(0, EFD_NONBLOCK);
		t->bad = 9999;
		t->soon.ns = 20000;
		t->late.s = 3600;
		if (!t->log || pipe(t->pipe) || pipe(t->empty))
			z_die("log");
		if (pthread_create(&ids[i], NULL, run, t))
			z_die("thread");
		/* rings are made in this order, by which their logs are known again */
		while (!__atomic_load_n(&t->r.rings, __ATOMIC_ACQUIRE))
			usleep(100);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], NULL);
		fclose(threads[i].log);
	}
	return 0;
}
