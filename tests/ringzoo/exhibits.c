/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every shape of ring, each in a process of its own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <pthread.h>
#include <stdarg.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "zoo.h"

static struct zring ring, second;

static void set_inferred_sizes(cJSON *o, int sqe, int cqe)
{
	z_set(o, "sq", "sqe_size", z_json("%d", sqe));
	z_set(o, "cq", "cqe_size", z_json("%d", cqe));
}

/* n NOPs pending, user_data from first on, with the truth about them. */
static cJSON *pending_nops(struct zring *r, unsigned n, uint64_t first)
{
	cJSON *list = cJSON_CreateArray();
	uint32_t tail = *z_word(r, r->p.sq_off.tail), mask = r->p.sq_entries - 1;

	for (unsigned i = 0; i < n; i++) {
		z_put(z_sqe(r, (tail + i) & mask), 32, 8, first + i);
		cJSON_AddItemToArray(list, z_json("{\"index\": %u, \"slot\": %u, "
						  "\"opcode\": \"NOP\", \"opcode_value\": 0, "
						  "\"user_data\": \"0x%llx\", \"flags\": []}",
						   tail + i, (tail + i) & mask, (unsigned long long)(first + i)));
	}
	z_publish(r, n);
	return list;
}

static cJSON *unreaped_nops(uint32_t first_index, unsigned n, uint64_t first)
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; i < n; i++)
		cJSON_AddItemToArray(list,
			z_json("{\"index\": %u, \"user_data\": \"0x%llx\", \"res\": 0, \"error\": null, \"flags\": [], "
			       "\"buffer_id\": null}",
				first_index + i, (unsigned long long)(first + i)));
	return list;
}

/* A ring that wraps: some done, some unreaped, some pending, all across the end of both arrays. */
static cJSON *shape(unsigned entries, unsigned cq_entries, unsigned flags, const char *name)
{
	unsigned n = 2, done = entries - 1;
	cJSON *o, *cqes, *sqes;
	uint32_t *head;

	if (!z_ring(&ring, entries, cq_entries, flags))
		return z_unsupported(name);
	z_nops(&ring, done, 0x100);
	head = z_word(&ring, ring.p.cq_off.head);
	*head = *z_word(&ring, ring.p.cq_off.tail);
	z_nops(&ring, entries, 0x200);
	*head += 1; /* reap one */
	cqes = unreaped_nops(*head, entries - 1, 0x201);
	sqes = pending_nops(&ring, n, 0x300);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	z_set(o, "cq", "unreaped", cqes);
	set_inferred_sizes(o, flags & Z_SQE128 ? 128 : 64, flags & Z_CQE32 ? 32 : 16);
	return z_rings(o);
}

static cJSON *plain(void)
{
	return shape(8, 0, 0, "a plain ring");
}
static cJSON *one_entry(void)
{
	return shape(2, 0, 0, "two entries");
}
static cJSON *large(void)
{
	return shape(4096, 0, 0, "4096 entries");
}
static cJSON *sqe128(void)
{
	return shape(8, 0, Z_SQE128, "SQE128");
}
static cJSON *cqe32(void)
{
	return shape(8, 0, Z_CQE32, "CQE32");
}
static cJSON *both_big(void)
{
	return shape(8, 0, Z_SQE128 | Z_CQE32, "SQE128|CQE32");
}
static cJSON *large_big(void)
{
	return shape(256, 0, Z_SQE128 | Z_CQE32, "256 of SQE128|CQE32");
}
static cJSON *no_sqarray(void)
{
	return shape(8, 0, Z_NO_SQARRAY, "NO_SQARRAY");
}
static cJSON *no_sqarray_big(void)
{
	return shape(8, 0, Z_NO_SQARRAY | Z_SQE128 | Z_CQE32, "NO_SQARRAY|SQE128|CQE32");
}
static cJSON *cqsize(void)
{
	return shape(8, 64, Z_CQSIZE, "CQSIZE");
}
static cJSON *submit_all(void)
{
	return shape(8, 0, Z_SUBMIT_ALL, "SUBMIT_ALL");
}
static cJSON *coop(void)
{
	return shape(8, 0, Z_COOP_TASKRUN, "COOP_TASKRUN");
}
static cJSON *defer(void)
{
	return shape(8, 0, Z_SINGLE_ISSUER | Z_DEFER_TASKRUN, "DEFER_TASKRUN");
}

/* Pending entries alone: nothing is done on a ring that polls for completions of files it does not have. */
static cJSON *not_running(unsigned flags, const char *name)
{
	cJSON *o, *sqes;

	if (!z_ring(&ring, 8, 0, flags))
		return z_unsupported(name);
	sqes = pending_nops(&ring, 3, 0x40);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	z_set(o, "cq", "unreaped", cJSON_CreateArray());
	return z_rings(o);
}

static cJSON *disabled(void)
{
	return not_running(Z_R_DISABLED, "R_DISABLED");
}
static cJSON *iopoll(void)
{
	return not_running(Z_IOPOLL, "IOPOLL");
}

static cJSON *idle(void)
{
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	o = z_truth(&ring);
	z_set(o, "sq", "pending", cJSON_CreateArray());
	z_set(o, "cq", "unreaped", cJSON_CreateArray());
	z_set(o, "cq", "overflowed", cJSON_CreateArray());
	z_set(o, NULL, "sqpoll", z_json("{\"active\": false}"));
	z_set(o, NULL, "owner",
		z_json("{\"pid\": %d, \"uid\": %d, \"submitter_tid\": null}", (int)getpid(), (int)getuid()));
	z_set(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"fds\": [%d], \"mapped\": true, \"same_mm\": true}]", (int)getpid(), ring.fd));
	return z_rings(o);
}

/* SQ array: a shuffled order, and entries that name slots which do not exist. */
static cJSON *sq_array(void)
{
	static const uint32_t order[] = {5, 0, 8, 3, 0xffffffff, 7};
	cJSON *o, *sqes = cJSON_CreateArray();
	uint32_t *tail;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	for (unsigned i = 0; i < 8; i++)
		z_put(z_sqe(&ring, i), 32, 8, 0x500 + i);
	for (unsigned i = 0; i < 6; i++) {
		z_word(&ring, ring.p.sq_off.array)[i] = order[i];
		cJSON_AddItemToArray(sqes,
			order[i] < 8
				? z_json("{\"index\": %u, \"slot\": %u, \"opcode\": \"NOP\", \"user_data\": \"0x%x\"}",
					  i, order[i], 0x500 + order[i])
				: z_json("{\"index\": %u, \"slot\": %u, \"in_range\": false}", i, order[i]));
	}
	tail = z_word(&ring, ring.p.sq_off.tail);
	__atomic_store_n(tail, 6, __ATOMIC_RELEASE);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	return z_rings(o);
}

static cJSON *every_op(unsigned flags, unsigned n, const char *name)
{
	cJSON *o, *sqes = cJSON_CreateArray();

	if (!z_ring(&ring, 128, 0, flags))
		return z_unsupported(name);
	for (unsigned op = 0; op < n; op++) {
		uint8_t sqe[128] = {0};

		cJSON_AddItemToArray(sqes, z_sample(op, sqe));
		memcpy(z_sqe(&ring, op), sqe, flags & Z_SQE128 ? 128 : 64);
	}
	z_publish(&ring, n);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	return z_rings(o);
}

static cJSON *ops(void)
{
	return every_op(0, 63, "a plain ring");
}
static cJSON *ops128(void)
{
	return every_op(Z_SQE128, Z_OPS, "SQE128");
}

/* An opcode that no kernel has, and bits that no flag has. */
static cJSON *unknown(void)
{
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	z_put(z_sqe(&ring, 0), 0, 1, 200);
	z_put(z_sqe(&ring, 1), 1, 1, 0x84);
	z_put(ring.sqes + 64, 32, 8, 0xffffffffffffffffull);
	z_publish(&ring, 2);
	o = z_truth(&ring);
	z_set(o, "sq", "pending",
		z_json("[{\"opcode\": \"OP_200\", \"opcode_value\": 200}, {\"opcode\": \"NOP\", \"flags\": "
		       "[\"IO_LINK\", \"0x80\"], "
		       "\"user_data\": \"0xffffffffffffffff\"}]"));
	return z_rings(o);
}

/* Every flag of a CQE. The kernel leaves entries alone between head and tail, so the program may write what it likes there. */
static cJSON *cqes(void)
{
	static const struct {
		uint64_t user_data;
		int32_t res;
		uint32_t flags;
		const char *truth;
	} rows[] = {
		{1, -11, 2, "\"error\": \"EAGAIN\", \"flags\": [\"MORE\"], \"buffer_id\": null"},
		{2, 100, 1 | 7u << 16, "\"error\": null, \"flags\": [\"BUFFER\"], \"buffer_id\": 7"},
		{3, 0, 1 | 4 | 16 | 65535u << 16,
			"\"flags\": [\"BUFFER\", \"SOCK_NONEMPTY\", \"BUF_MORE\"], \"buffer_id\": 65535"},
		{4, INT32_MIN, 8, "\"error\": null, \"flags\": [\"NOTIF\"]"},
		{5, -125, 0, "\"error\": \"ECANCELED\", \"flags\": []"},
		{6, -4095, 0, "\"error\": null"},
		{7, 0, 32, "\"flags\": [\"SKIP\"]"},
		{8, 0, 0x4040, "\"flags\": [\"0x4040\"]"},
		{0xffffffffffffffff, INT32_MAX, 0, "\"error\": null"},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 16, 0, 0))
		return z_unsupported("a plain ring");
	z_nops(&ring, ROWS, 0);
	for (unsigned i = 0; i < ROWS; i++) {
		uint8_t *p = ring.rings + ring.p.cq_off.cqes + i * 16;

		memcpy(p, &rows[i].user_data, 8);
		memcpy(p + 8, &rows[i].res, 4);
		memcpy(p + 12, &rows[i].flags, 4);
		cJSON_AddItemToArray(list, z_json("{\"index\": %u, \"user_data\": \"0x%llx\", \"res\": %d, %s}", i,
						   (unsigned long long)rows[i].user_data, rows[i].res, rows[i].truth));
	}
	o = z_truth(&ring);
	z_set(o, "cq", "unreaped", list);
	return z_rings(o);
}

/* Both sizes in one CQ: a NOP with IORING_NOP_CQE32 completes with a big one. */
static cJSON *cqe_mixed(void)
{
	cJSON *o;

	if (!z_ring(&ring, 8, 0, Z_CQE_MIXED))
		return z_unsupported("CQE_MIXED");
	z_nops(&ring, 1, 0x10);
	z_put(z_sqe(&ring, 1), 32, 8, 0x11);
	z_put(ring.sqes + 64, 28, 4, 1u << 5);
	z_put(ring.sqes + 64, 8, 8, 0x1111);
	z_put(ring.sqes + 64, 16, 8, 0x2222);
	z_publish(&ring, 1);
	if (z_enter(&ring, 1, 2, 0) != 1)
		z_die("io_uring_enter");
	z_nops(&ring, 1, 0x12);
	o = z_truth(&ring);
	z_set(o, "cq", "unreaped",
		z_json("[{\"index\": 0, \"user_data\": \"0x10\", \"flags\": []}, {\"index\": 1, \"user_data\": "
		       "\"0x11\", \"flags\": "
		       "[\"F_32\"], \"extra\": [\"0x1111\", \"0x2222\"]}, {\"index\": 3, \"user_data\": \"0x12\"}]"));
	return z_rings(o);
}

static cJSON *cqe32_extra(void)
{
	cJSON *o;
	uint64_t extra[2] = {0xabc, 0xdef};

	if (!z_ring(&ring, 8, 0, Z_CQE32))
		return z_unsupported("CQE32");
	z_nops(&ring, 3, 0x60);
	for (int i = 0; i < 3; i++)
		memcpy(ring.rings + ring.p.cq_off.cqes + i * 32 + 16, extra, 16);
	o = z_truth(&ring);
	z_set(o, "cq", "unreaped",
		z_json("[{\"user_data\": \"0x60\", \"extra\": [\"0xabc\", \"0xdef\"]}, {\"user_data\": \"0x61\", "
		       "\"extra\": [\"0xabc\", "
		       "\"0xdef\"]}, {\"user_data\": \"0x62\"}]"));
	return z_rings(o);
}

static cJSON *sqe_mixed(void)
{
	cJSON *o;
	uint8_t *sqe;

	if (!z_ring(&ring, 8, 0, Z_SQE_MIXED))
		return z_unsupported("SQE_MIXED");
	z_put(z_sqe(&ring, 0), 32, 8, 0x20);
	z_sqe(&ring, 2);
	sqe = z_sqe(&ring, 1);
	z_put(sqe, 0, 1, 64);
	z_put(sqe, 4, 4, 0);
	z_put(sqe, 32, 8, 0x21);
	z_put(sqe, 64, 8, 0x1122334455667788);
	z_put(z_sqe(&ring, 3), 32, 8, 0x22);
	z_publish(&ring, 4);
	o = z_truth(&ring);
	z_set(o, "sq", "pending",
		z_json("[{\"index\": 0, \"opcode\": \"NOP\", \"user_data\": \"0x20\"}, {\"index\": 1, \"opcode\": "
		       "\"URING_CMD128\", "
		       "\"user_data\": \"0x21\", \"args\": {\"cmd\": \"%032d8877665544332211%0112d\"}}, {\"index\": 3, "
		       "\"user_data\": \"0x22\"}]",
			0, 0));
	return z_rings(o);
}

/* --- SQPOLL --- */

static cJSON *sqpoll_truth(struct zring *r, const char *state, bool need_wakeup)
{
	cJSON *o = z_truth(r);

	z_set(o, NULL, "sqpoll",
		z_json("{\"active\": true, \"need_wakeup\": %s%s}", need_wakeup ? "true" : "false", state));
	z_set(o, NULL, "owner", z_json("{\"pid\": %d}", (int)getpid()));
	z_set(o, "setup_flags", "names", z_json("[\"SQPOLL\"]"));
	return o;
}

static cJSON *sqpoll_asleep(void)
{
	struct io_uring_params p = {.flags = Z_SQPOLL, .sq_thread_idle = 1};
	cJSON *o;

	if (!z_ring_params(&ring, 8, &p))
		return z_unsupported("SQPOLL");
	while (!(__atomic_load_n(z_word(&ring, ring.p.sq_off.flags), __ATOMIC_ACQUIRE) & 1))
		usleep(1000);
	usleep(20000);
	z_put(z_sqe(&ring, 0), 32, 8, 0x71);
	z_publish(&ring, 1);
	o = sqpoll_truth(&ring, ", \"state\": \"sleeping\"", true);
	z_set(o, "sq", "flags", z_json("[\"NEED_WAKEUP\"]"));
	z_set(o, "sq", "pending", z_json("[{\"opcode\": \"NOP\", \"user_data\": \"0x71\"}]"));
	return z_rings(o);
}

static cJSON *sqpoll_awake(void)
{
	struct io_uring_params p = {.flags = Z_SQPOLL, .sq_thread_idle = 600000};

	if (!z_ring_params(&ring, 8, &p))
		return z_unsupported("SQPOLL");
	/* it sleeps until it is woken for the first time */
	pending_nops(&ring, 1, 0);
	z_enter(&ring, 1, 1, 2);
	/* the completion may be there before the thread has published that it took the entry */
	while (!__atomic_load_n(z_word(&ring, ring.p.sq_off.head), __ATOMIC_ACQUIRE))
		usleep(1000);
	return z_rings(sqpoll_truth(&ring, "", false));
}

/* Two rings, one thread. */
static cJSON *attach_wq(void)
{
	struct io_uring_params p = {.flags = Z_SQPOLL, .sq_thread_idle = 1}, q = {.flags = Z_SQPOLL | Z_ATTACH_WQ};
	cJSON *all, *o;

	if (!z_ring_params(&ring, 8, &p))
		return z_unsupported("SQPOLL");
	q.wq_fd = (uint32_t)ring.fd;
	if (!z_ring_params(&second, 8, &q))
		return z_unsupported("ATTACH_WQ");
	/* up to 6.8 the kernel names the thread only while it sleeps */
	while (!(__atomic_load_n(z_word(&second, second.p.sq_off.flags), __ATOMIC_ACQUIRE) & 1))
		usleep(1000);
	usleep(20000);
	all = z_rings(z_truth(&ring));
	o = z_truth(&second);
	cJSON_AddItemToArray(cJSON_GetObjectItem(all, "rings"), o);
	for (int i = 0; i < 2; i++) {
		cJSON *me = cJSON_GetArrayItem(cJSON_GetObjectItem(all, "rings"), i);
		cJSON *other =
			cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(all, "rings"), !i), "ring_id");

		z_set(me, NULL, "sqpoll", z_json("{\"active\": true}"));
		if (other)
			z_set(me, "sqpoll", "shared_with", z_json("[%.0f]", other->valuedouble));
	}
	return all;
}

/* --- memory and descriptors in unusual places --- */

static cJSON *no_mmap(void)
{
	struct io_uring_params p = {.flags = Z_NO_MMAP | Z_NO_SQARRAY};
	uint8_t *memory = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *sqe;
	uint32_t *word;
	uint64_t address;
	cJSON *o;

	if (memory == MAP_FAILED)
		z_die("mmap");
	/* user_addr, the last word of both; Debian 12's header calls it reserved */
	address = (uintptr_t)memory;
	memcpy((char *)(&p.cq_off + 1) - 8, &address, 8);
	address += 4096;
	memcpy((char *)(&p.sq_off + 1) - 8, &address, 8);
	memset(memory, 0, 8192);
	if (!z_ring_params(&ring, 8, &p))
		return z_unsupported("NO_MMAP");
	word = (uint32_t *)(void *)memory;
	sqe = memory + 4096;
	z_put(sqe, 0, 1, 22);
	z_put(sqe, 4, 4, 0);
	z_put(sqe, 24, 4, 100);
	z_put(sqe, 32, 8, 0x31);
	word[ring.p.sq_off.tail / 4] = 1;
	o = z_truth(&ring);
	z_set(o, "sq", "tail", z_json("1"));
	z_set(o, NULL, "no_mmap", cJSON_CreateTrue());
	return z_rings(o);
}

/* No descriptor left: the ring is registered with itself, or just mapped. */
static cJSON *closed(void)
{
	struct {
		uint32_t offset, resv;
		uint64_t data;
	} reg = {.offset = ~0u};
	cJSON *o, *sqes;

	if (!z_ring(&ring, 64, 0, 0))
		return z_unsupported("a plain ring");
	reg.data = (uint64_t)ring.fd;
	if (z_register(ring.fd, 20, &reg, 1) != 1)
		return z_unsupported("REGISTER_RING_FDS");
	sqes = pending_nops(&ring, 2, 0x90);
	o = z_truth(&ring);
	close(ring.fd);
	z_set(o, NULL, "fd", z_json("-1"));
	z_set(o, "sq", "pending", sqes);
	z_set(o, NULL, "holders", z_json("[{\"pid\": %d, \"fds\": [], \"mapped\": true}]", (int)getpid()));
	return z_rings(o);
}

static cJSON *unmapped_ring(unsigned entries)
{
	cJSON *o, *sqes;

	if (!z_ring(&ring, entries, 0, 0))
		return z_unsupported("a plain ring");
	sqes = pending_nops(&ring, 2, 0x95);
	cJSON_AddNumberToObject(cJSON_GetArrayItem(sqes, 0), "personality", 0);
	o = z_truth(&ring);
	munmap(ring.rings, ring.rings_len);
	munmap(ring.sqes, ring.sqes_len);
	z_set(o, "sq", "pending", sqes);
	z_set(o, NULL, "holders", z_json("[{\"pid\": %d, \"fds\": [%d], \"mapped\": false}]", (int)getpid(), ring.fd));
	return z_rings(o);
}

static cJSON *unmapped(void)
{
	return unmapped_ring(8);
}

static cJSON *unmapped_large(void)
{
	return unmapped_ring(2048);
}

/* Only the first page of the queues is still mapped, and none of the SQEs. */
static cJSON *partial(void)
{
	cJSON *o, *sqes;

	if (!z_ring(&ring, 1024, 0, 0))
		return z_unsupported("a plain ring");
	sqes = pending_nops(&ring, 2, 0xe0);
	/* a word that fdinfo does not show */
	cJSON_AddNumberToObject(cJSON_GetArrayItem(sqes, 0), "personality", 0);
	o = z_truth(&ring);
	munmap(ring.rings + 4096, ring.rings_len - 4096);
	munmap(ring.sqes, ring.sqes_len);
	z_set(o, "sq", "pending", sqes);
	return z_rings(o);
}

/* A child has the ring too, by fork; it dies with its parent. */
static cJSON *shared(void)
{
	cJSON *o, *sqes;
	pid_t child;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	sqes = pending_nops(&ring, 1, 0xa0);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	z_set(o, NULL, "without_kernel", z_json("{\"owner\": null}"));
	z_set(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"fds\": [%d], \"mapped\": true}, {\"pid\": %d, \"fds\": [%d], \"mapped\": "
		       "true}]",
			(int)getpid(), ring.fd, (int)child, ring.fd));
	return z_rings(o);
}

static cJSON *shared_sqpoll(void)
{
	cJSON *o;
	pid_t child;

	if (!z_ring(&ring, 8, 0, Z_SQPOLL))
		return z_unsupported("SQPOLL");
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	o = z_truth(&ring);
	z_set(o, NULL, "owner", z_json("{\"pid\": %d}", (int)getpid()));
	z_set(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"same_mm\": true}, {\"pid\": %d, \"same_mm\": false}]", (int)getpid(),
			(int)child));
	return z_rings(o);
}

/* A thread with descriptors of its own. */
static volatile int thread_tid;
static cJSON *volatile thread_truth;

static void *own_table(void *unmap)
{
	int fd;

	if (unshare(CLONE_FILES))
		z_die("unshare");
	if (!z_ring(&ring, 8, 0, 0))
		z_die("io_uring_setup");
	/* a descriptor that only this thread has, or that is another file in the others' table */
	fd = eventfd(0, 0);
	z_put(z_sqe(&ring, 0), 0, 1, 22);
	z_put(ring.sqes, 4, 4, (uint32_t)fd);
	z_publish(&ring, 1);
	thread_truth = z_truth(&ring);
	z_set(thread_truth, "sq", "pending",
		z_json("[{\"opcode\": \"READ\", \"fd\": %d, \"file\": \"anon_inode:[eventfd]\"}]", fd));
	if (unmap) {
		munmap(ring.rings, ring.rings_len);
		munmap(ring.sqes, ring.sqes_len);
	}
	__atomic_store_n(&thread_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static cJSON *in_thread(bool unmap)
{
	pthread_t t;
	cJSON *o;

	if (pthread_create(&t, NULL, own_table, unmap ? &ring : NULL))
		z_die("pthread_create");
	while (!__atomic_load_n(&thread_tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	o = thread_truth;
	z_set(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"fds\": [], \"thread_fds\": [{\"tid\": %d, \"fd\": %d}], \"mapped\": %s}]",
			(int)getpid(), thread_tid, ring.fd, unmap ? "false" : "true"));
	z_set(o, NULL, "fd", z_json("-1"));
	return z_rings(o);
}

static cJSON *thread(void)
{
	return in_thread(false);
}

static cJSON *thread_unmapped(void)
{
	return in_thread(true);
}

/* A process whose main thread has exited while another goes on. */
static void *goes_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static cJSON *leaderless(void)
{
	cJSON *o, *sqes;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	sqes = pending_nops(&ring, 2, 0xb0);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", sqes);
	z_set(o, NULL, "owner", z_json("{\"pid\": %d}", (int)getpid()));
	z_set(o, NULL, "holders", z_json("[{\"pid\": %d, \"mapped\": true}]", (int)getpid()));
	return z_rings(o);
}

static void leaderless_live(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, goes_on, NULL))
		z_die("pthread_create");
	syscall(SYS_exit, 0); /* this thread alone; pthread_exit wants libgcc_s to be there */
}

/* --- registered --- */

static cJSON *registered(void)
{
	char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec bufs[2] = {{memory, 4096}, {memory + 4096, 512}};
	int files[4], id;
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	files[0] = open("/etc/passwd", O_RDONLY);
	files[1] = -1;
	files[2] = eventfd(0, 0);
	files[3] = open("/dev/null", O_RDWR);
	if (z_register(ring.fd, 2, files, 4) || z_register(ring.fd, 0, bufs, 2))
		z_die("io_uring_register");
	id = z_register(ring.fd, 9, NULL, 0);
	z_put(z_sqe(&ring, 0), 0, 1, 22);
	z_put(ring.sqes, 1, 1, 1);
	z_put(ring.sqes, 4, 4, 3);
	z_publish(&ring, 1);
	o = z_truth(&ring);
	z_set(o, "sq", "pending",
		z_json("[{\"opcode\": \"READ\", \"fd\": null, \"fixed_slot\": 3, \"flags\": [\"FIXED_FILE\"]}]"));
	z_set(o, "registered", "nr_files", z_json("4"));
	z_set(o, "registered", "buffers",
		z_json("[{\"slot\": 0, \"addr\": \"0x%llx\", \"len\": 4096}, {\"slot\": 1, \"addr\": \"0x%llx\", "
		       "\"len\": 512}]",
			(unsigned long long)(uintptr_t)memory, (unsigned long long)(uintptr_t)memory + 4096));
	z_set(o, NULL, "file_names", z_json("[\"/etc/passwd\", null, \"anon_inode:[eventfd]\", \"/dev/null\"]"));
	z_set(o, NULL, "personality", z_json("%d", id));
	return z_rings(o);
}

static cJSON *polls(void)
{
	int fd = eventfd(0, 0);
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 16, 0, 0))
		return z_unsupported("a plain ring");
	for (unsigned i = 0; i < 10; i++) {
		uint8_t *sqe = z_sqe(&ring, i);

		z_put(sqe, 0, 1, 6);
		z_put(sqe, 4, 4, (uint32_t)fd);
		z_put(sqe, 28, 4, 1);
		cJSON_AddItemToArray(
			list, z_json("{\"opcode\": \"POLL_ADD\", \"opcode_value\": 6, \"where\": \"poll\"}"));
	}
	z_publish(&ring, 10);
	if (z_enter(&ring, 10, 0, 0) != 10)
		z_die("io_uring_enter");
	o = z_truth(&ring);
	z_set(o, "inflight", "requests", list);
	return z_rings(o);
}

static cJSON *overflow(void)
{
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 4, 0, 0))
		return z_unsupported("a plain ring");
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 4; k++)
			z_put(z_sqe(&ring, k), 32, 8, i * 4 + k);
		z_publish(&ring, 4);
		z_enter(&ring, 4, 0, 0);
	}
	for (unsigned i = 8; i < 12; i++)
		cJSON_AddItemToArray(list, z_json("{\"user_data\": \"0x%x\", \"res\": 0}", i));
	o = z_truth(&ring);
	z_set(o, "sq", "flags", z_json("[\"CQ_OVERFLOW\"]"));
	z_set(o, "cq", "overflowed", list);
	z_set(o, "cq", "unreaped", unreaped_nops(0, 8, 0));
	return z_rings(o);
}

/* An SQE on each kind of file, with the name that it has to be given. */
static void read_of(struct zring *r, unsigned *n, cJSON *list, int fd, const char *fmt, ...)
{
	char name[256];
	va_list ap;
	uint8_t *sqe = z_sqe(r, *n);

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	z_put(sqe, 0, 1, 22);
	z_put(sqe, 4, 4, (uint32_t)fd);
	cJSON_AddItemToArray(list, z_json("{\"opcode\": \"READ\", \"fd\": %d}", fd));
	cJSON_AddStringToObject(cJSON_GetArrayItem(list, (int)*n), "file", name);
	(*n)++;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a; /* the port stands at the same place for both families */
	socklen_t len = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &len) ? 0 : ntohs(a.sin6_port);
}

/* Does the kernel list UNIX sockets by netlink? It may have that in a module which is not there. */
static bool lists_unix(void)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} ask = {{sizeof(ask), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {.sdiag_family = AF_UNIX}};
	union {
		struct nlmsghdr h;
		char bytes[8192];
	} said;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	bool yes = fd >= 0 && send(fd, &ask, sizeof(ask), 0) > 0 && recv(fd, &said, sizeof(said), 0) > 0 &&
		   said.h.nlmsg_type != NLMSG_ERROR;

	close(fd);
	return yes;
}

/* A UNIX socket with a name: without the list there is its protocol, which before 5.15 is the same for all. */
static void named_unix(struct zring *r, unsigned *n, cJSON *list, int type, const char *name, const char *shown)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = name[0] ? strlen(name) + 1 : 1 + strlen(name + 1);
	int fd = socket(AF_UNIX, type, 0);
	char proto[64] = "";
	struct stat st;

	memcpy(un.sun_path, name, len);
	if (bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) ||
		fstat(fd, &st) || fgetxattr(fd, "system.sockprotoname", proto, sizeof(proto) - 1) < 0)
		z_die("a UNIX socket");
	if (lists_unix())
		read_of(r, n, list, fd, "UNIX-%s:[%llu,%s\"%s\"]", type == SOCK_STREAM ? "STREAM" : "DGRAM",
			(unsigned long long)st.st_ino, name[0] ? "" : "@", shown);
	else
		read_of(r, n, list, fd, "%s:[%llu]", proto, (unsigned long long)st.st_ino);
	if (name[0])
		unlink(name);
}

static cJSON *files(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(in);
	char name[100];
	cJSON *o, *list = cJSON_CreateArray();
	int listener = socket(AF_INET, SOCK_STREAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), far, fd, pipes[2];
	unsigned n = 0;
	struct stat st;

	if (!z_ring(&ring, 32, 0, 0))
		return z_unsupported("a plain ring");
	if (bind(listener, (struct sockaddr *)&in, len) || listen(listener, 1) ||
		getsockname(listener, (struct sockaddr *)&in, &len) || connect(tcp, (struct sockaddr *)&in, len))
		return z_unsupported("a connection on the loopback");
	far = accept(listener, NULL, NULL);
	read_of(&ring, &n, list, listener, "TCP:[127.0.0.1:%u]", port_of(listener));
	read_of(&ring, &n, list, tcp, "TCP:[127.0.0.1:%u->127.0.0.1:%u]", port_of(tcp), port_of(listener));
	read_of(&ring, &n, list, far, "TCP:[127.0.0.1:%u->127.0.0.1:%u]", port_of(listener), port_of(tcp));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (!connect(fd, (struct sockaddr *)&in, len))
		read_of(&ring, &n, list, fd, "UDP:[127.0.0.1:%u->127.0.0.1:%u]", port_of(fd), port_of(listener));
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&in6, sizeof(in6)) && !listen(fd, 1))
		read_of(&ring, &n, list, fd, "TCPv6:[[::1]:%u]", port_of(fd));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	fstat(fd, &st);
	read_of(&ring, &n, list, fd, "TCP:[%llu]", (unsigned long long)st.st_ino);
	snprintf(name, sizeof(name), "/tmp/zoo-%d", (int)getpid());
	named_unix(&ring, &n, list, SOCK_STREAM, name, name);
	/* a name that makes a line of /proc/net/unix, which says that the listener is another socket */
	fstat(listener, &st);
	snprintf(name + 1, sizeof(name) - 1, "x\n0: 2 0 1 0001 01 %llu @/run/dbus/system",
		(unsigned long long)st.st_ino);
	name[0] = '\0';
	named_unix(&ring, &n, list, SOCK_DGRAM, name, name + 1);
	fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	if (fd >= 0)
		read_of(&ring, &n, list, fd, "pidfd:%d", (int)getppid());
	if (!pipe(pipes) && !fstat(pipes[0], &st))
		read_of(&ring, &n, list, pipes[0], "pipe:[%llu]", (unsigned long long)st.st_ino);
	read_of(&ring, &n, list, eventfd(0, 0), "anon_inode:[eventfd]");
	read_of(&ring, &n, list, epoll_create1(0), "anon_inode:[eventpoll]");
	read_of(&ring, &n, list, timerfd_create(CLOCK_MONOTONIC, 0), "anon_inode:[timerfd]");
	z_publish(&ring, n);
	o = z_truth(&ring);
	z_set(o, "sq", "pending", list);
	return z_rings(o);
}

/* --- hostile --- */

static cJSON *names(void)
{
	/* an escape sequence, a newline, UTF-8, a byte that is none, an RTL override */
	static const char file[] = "/tmp/zoo\033[31m\n\xc3\xa9\xff\xe2\x80\xae";
	char *copy = strdup(file);
	cJSON *o;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	prctl(PR_SET_NAME, "\033[2Jz\n\xff) R 1");
	if (fd < 0 || unlink(file) || !z_ring(&ring, 8, 0, 0))
		return z_unsupported("a file with such a name");
	if (z_register(ring.fd, 2, &fd, 1))
		z_die("io_uring_register");
	z_put(z_sqe(&ring, 0), 0, 1, 22);
	z_put(ring.sqes, 4, 4, (uint32_t)fd);
	z_put(z_sqe(&ring, 1), 0, 1, 18);
	z_put(ring.sqes + 64, 4, 4, (uint32_t)-100);
	z_put(ring.sqes + 64, 16, 8, (uintptr_t)copy);
	z_publish(&ring, 2);
	o = z_truth(&ring);
	z_set(o, "sq", "pending",
		z_json("[{\"file\": \"/tmp/zoo\\u001b[31m\\n\xc3\xa9\\\\xff\\\\xe2\\\\x80\\\\xae (deleted)\"}, "
		       "{\"decoded\": {\"path\": "
		       "{\"string\": \"/tmp/zoo\\u001b[31m\\n\xc3\xa9\\\\xff\\\\xe2\\\\x80\\\\xae\"}}}]"));
	z_set(o, NULL, "owner", z_json("{\"comm\": \"\\u001b[2Jz\\n\\\\xff) R 1\"}"));
	return z_rings(o);
}

/* Before 6.13 fdinfo prints the name of a registered file as it is: one that looks like the rest of fdinfo must change nothing. */
static cJSON *spoof(void)
{
	static const char file[] = "/tmp/x\nUserBufs:\t9\nSqThread:\t1";
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cJSON *o;

	if (fd < 0 || unlink(file) || !z_ring(&ring, 8, 0, 0))
		return z_unsupported("a file with such a name");
	if (z_register(ring.fd, 2, &fd, 1))
		z_die("io_uring_register");
	o = z_truth(&ring);
	z_set(o, NULL, "sqpoll", z_json("{\"active\": false}"));
	z_set(o, "registered", "nr_files", z_json("1"));
	z_set(o, "registered", "nr_buffers", z_json("0"));
	return z_rings(o);
}

/*
 * The words of its header are spoilt where they belong, and stand, all in order, where another kernel has them: who takes them
 * for the truth sees an empty ring.
 */
static cJSON *impostor(void)
{
	static const uint32_t recent[] = {0, 4, 8, 12, 16, 20, 24, 28}, old[] = {0, 64, 128, 192, 256, 260, 264, 268};
	static const uint32_t fake[] = {0, 0, 0, 0, 7, 15, 8, 16};
	const uint32_t *other;
	cJSON *o, *sqes;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	other = ring.p.sq_off.ring_mask == recent[4] ? old : recent;
	sqes = pending_nops(&ring, 2, 0xd0);
	o = z_truth(&ring);
	/* the kernel looks at none of these four */
	*z_word(&ring, ring.p.sq_off.ring_mask) = 0x55;
	*z_word(&ring, ring.p.cq_off.ring_mask) = 0x55;
	*z_word(&ring, ring.p.sq_off.ring_entries) = 0x55;
	*z_word(&ring, ring.p.cq_off.ring_entries) = 0x55;
	for (int i = 1; i < 8; i++)
		*z_word(&ring, other[i]) = fake[i];
	z_set(o, "sq", "pending", sqes);
	return z_rings(o);
}

static cJSON *scribble(void)
{
	cJSON *o;

	if (!z_ring(&ring, 64, 0, 0))
		return z_unsupported("a plain ring");
	o = z_json("{\"pid\": %d, \"fd\": %d, \"scribbles\": true}", (int)getpid(), ring.fd);
	return z_rings(o);
}

static void scribble_live(void)
{
	uint32_t *words = (uint32_t *)(void *)ring.rings, *sqes = (uint32_t *)(void *)ring.sqes, seed = 1;

	for (;;) {
		for (size_t i = 0; i < ring.rings_len / 4; i++) {
			seed = seed * 1664525 + 1013904223;
			words[i] = seed & 0x100 ? seed : seed >> 28;
		}
		for (size_t i = 0; i < ring.sqes_len / 4; i++) {
			seed = seed * 1664525 + 1013904223;
			sqes[i] = seed;
		}
		usleep(50);
	}
}

/* A ring that is used as fast as can be. */
static cJSON *busy(void)
{
	if (!z_ring(&ring, 32, 0, 0))
		return z_unsupported("a plain ring");
	return z_rings(z_json("{\"pid\": %d, \"fd\": %d, \"sq\": {\"entries\": 32}, \"cq\": {\"entries\": 64}}",
		(int)getpid(), ring.fd));
}

static void busy_live(void)
{
	for (;;) {
		z_nops(&ring, 32, 0x1000);
		*z_word(&ring, ring.p.cq_off.head) = *z_word(&ring, ring.p.cq_off.tail);
	}
}

static void exits_live(void)
{
	usleep(20000);
	_exit(0);
}

static cJSON *many(void)
{
	cJSON *all = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(all, "rings");
	struct zring *r = calloc(1000, sizeof(*r));

	if (!r)
		z_die("calloc");
	for (int i = 0; i < 1000; i++) {
		if (!z_ring(&r[i], 8, 0, 0))
			z_die("io_uring_setup");
		cJSON_AddItemToArray(list, z_truth(&r[i]));
	}
	return all;
}

/* A connection whose peer waits for its end, with a recv in flight on it through a registered file. */
static cJSON *pending_recv(void)
{
	int pair[2];
	static char buf[64];
	uint8_t *sqe;
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return z_unsupported("a plain ring");
	if (z_register(ring.fd, 2, pair, 1))
		z_die("io_uring_register");
	close(pair[0]);
	sqe = z_sqe(&ring, 0);
	z_put(sqe, 0, 1, 27);
	z_put(sqe, 1, 1, 1);
	z_put(sqe, 16, 8, (uintptr_t)buf);
	z_put(sqe, 24, 4, sizeof(buf));
	z_publish(&ring, 1);
	if (z_enter(&ring, 1, 0, 0) != 1)
		z_die("io_uring_enter");
	o = z_truth(&ring);
	/* whoever inherits this descriptor is the peer */
	z_set(o, NULL, "peer", z_json("%d", pair[1]));
	return z_rings(o);
}

const struct exhibit exhibits[] = {
	{"idle", "nothing pending, nothing unreaped", idle, NULL},
	{"plain", "pending and unreaped entries across the ends of the arrays", plain, NULL},
	{"two", "the same with two entries", one_entry, NULL},
	{"large", "the same with 4096 entries", large, NULL},
	{"sqe128", "128-byte SQEs", sqe128, NULL},
	{"cqe32", "32-byte CQEs", cqe32, NULL},
	{"cqe32-extra", "what stands in their second halves", cqe32_extra, NULL},
	{"big", "SQE128 and CQE32", both_big, NULL},
	{"large-big", "256 of them", large_big, NULL},
	{"cqe-mixed", "CQEs of both sizes", cqe_mixed, NULL},
	{"sqe-mixed", "SQEs of both sizes", sqe_mixed, NULL},
	{"no-sqarray", "no SQ array", no_sqarray, NULL},
	{"no-sqarray-big", "no SQ array, big entries", no_sqarray_big, NULL},
	{"sq-array", "an SQ array out of order and out of range", sq_array, NULL},
	{"cqsize", "a CQ of eight times the SQ", cqsize, NULL},
	{"submit-all", "SUBMIT_ALL", submit_all, NULL},
	{"coop", "COOP_TASKRUN", coop, NULL},
	{"defer", "DEFER_TASKRUN", defer, NULL},
	{"disabled", "R_DISABLED", disabled, NULL},
	{"iopoll", "IOPOLL", iopoll, NULL},
	{"ops", "an SQE of every opcode that fits 64 bytes", ops, NULL},
	{"ops128", "an SQE of every opcode", ops128, NULL},
	{"unknown", "an opcode and flags that nobody knows", unknown, NULL},
	{"cqes", "CQEs with errors and all flags", cqes, NULL},
	{"sqpoll-asleep", "an SQPOLL thread that sleeps, and an entry it does not see", sqpoll_asleep, NULL},
	{"sqpoll-awake", "an SQPOLL thread that spins", sqpoll_awake, NULL},
	{"attach-wq", "two rings with one SQPOLL thread", attach_wq, NULL},
	{"no-mmap", "memory of the program's own", no_mmap, NULL},
	{"closed", "registered with itself, its descriptor closed", closed, NULL},
	{"unmapped", "a descriptor and no mapping", unmapped, NULL},
	{"unmapped-large", "the same with 2048 entries", unmapped_large, NULL},
	{"partial", "a descriptor and a mapping of one page", partial, NULL},
	{"shared", "held by two processes", shared, NULL},
	{"shared-sqpoll", "held by two processes, with an SQPOLL thread", shared_sqpoll, NULL},
	{"thread", "held by a thread with descriptors of its own", thread, NULL},
	{"thread-unmapped", "the same without a mapping", thread_unmapped, NULL},
	{"leaderless", "held by a process whose main thread has exited", leaderless, leaderless_live},
	{"registered", "registered files, buffers and credentials", registered, NULL},
	{"files", "an SQE on every kind of file", files, NULL},
	{"polls", "ten armed polls", polls, NULL},
	{"overflow", "more completions than the CQ holds", overflow, NULL},
	{"names", "names with all bytes that must not reach a terminal", names, NULL},
	{"spoof", "a registered file whose name looks like fdinfo", spoof, NULL},
	{"impostor", "a header that looks like another kernel's", impostor, NULL},
	{"scribble", "a program that writes garbage over its own ring", scribble, scribble_live},
	{"busy", "a ring in full use", busy, busy_live},
	{"exits", "a program that ends while it is looked at", busy, exits_live},
	{"recv", "a recv on a registered socket", pending_recv, NULL},
	{"many", "a thousand rings", many, NULL},
	{0},
};
