/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings that no process holds: each is the file of a request that is in flight on the other. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "held.h"

enum { OP_POLL_ADD = 6, OP_WRITE = 23, ENTRIES = 8, IDLE_MS = 10000, SQ_WAKEUP = 2 };

static struct zring a, b;
static uint8_t *memory; /* of b, where it is the program's own: the rings, and the SQEs in the next page */
static int file = -1;

/* A request that waits for what no ring ever has. */
static void poll_for(uint8_t *sqe, int fd, uint64_t user_data)
{
	memset(sqe, 0, 64);
	z_put(sqe, 0, 1, OP_POLL_ADD);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_put(sqe, 28, 4, POLLPRI);
	z_put(sqe, 32, 8, user_data);
}

static cJSON *truth_of(struct zring *r)
{
	cJSON *o = z_truth(r);

	cJSON_DeleteItemFromObject(o, "fd");
	z_set(o, NULL, "hidden", cJSON_CreateTrue());
	z_set(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"fds\": [], \"mapped\": false, \"registered\": false, \"same_mm\": true, "
		       "\"uses\": true}]",
			(int)getpid()));
	return o;
}

static void held(cJSON *o, const cJSON *by, uint64_t user_data)
{
	cJSON *h = z_json("{\"opcode\": \"POLL_ADD\", \"user_data\": \"0x%llx\"}", (unsigned long long)user_data),
	      *list = cJSON_CreateArray();

	if (cJSON_GetObjectItem(by, "ring_id"))
		cJSON_AddItemToObject(h, "ring_id", cJSON_Duplicate(cJSON_GetObjectItem(by, "ring_id"), 1));
	cJSON_AddItemToArray(list, h);
	z_set(o, NULL, "held_by", list);
}

static cJSON *both(cJSON *of_a, cJSON *of_b)
{
	cJSON *o = z_rings(of_a);

	held(of_a, of_b, 0x71);
	held(of_b, of_a, 0x71);
	cJSON_AddItemToArray(cJSON_GetObjectItem(o, "rings"), of_b);
	return o;
}

static void let_go(struct zring *r)
{
	close(r->fd);
	if (r->rings) {
		munmap(r->rings, r->rings_len);
		munmap(r->sqes, r->sqes_len);
	}
}

cJSON *held_pair(void)
{
	cJSON *of_a, *of_b;

	if (!z_ring(&a, ENTRIES, 0, 0) || !z_ring(&b, ENTRIES, 0, 0))
		return z_unsupported("a plain ring");
	poll_for(z_sqe(&a, 0), b.fd, 0x71);
	z_publish(&a, 1);
	poll_for(z_sqe(&b, 0), a.fd, 0x71);
	z_publish(&b, 1);
	if (z_enter(&a, 1, 0, 0) != 1 || z_enter(&b, 1, 0, 0) != 1)
		z_die("io_uring_enter");
	of_a = truth_of(&a);
	of_b = truth_of(&b);
	let_go(&a);
	let_go(&b);
	return both(of_a, of_b);
}

/* --- one that a single request holds, among many that hold another --- */

static pthread_barrier_t made, go;

/* Who makes a ring uses it, until it ends. */
static void *maker(void *arg)
{
	(void)arg;
	if (!z_ring(&b, ENTRIES, 0, 0))
		z_die("io_uring_setup");
	pthread_barrier_wait(&made);
	pthread_barrier_wait(&go);
	return NULL;
}

cJSON *held_alone(void)
{
	enum { OTHERS = 200, NATIVE_WORKERS = 1 << 9 };
	static struct zring other;
	pthread_t thread;
	cJSON *of_b, *o;

	if (!z_ring(&a, 256, 0, 0) || !z_ring(&other, ENTRIES, 0, 0))
		return z_unsupported("a plain ring");
	/* before 5.13, and its io_uring in 5.10.y, such requests are not counted, so nobody looks for them; this feature is of 5.12 */
	if (!(a.p.features & NATIVE_WORKERS)) {
		errno = EOPNOTSUPP;
		return z_unsupported("a count of requests whose file is a ring");
	}
	pthread_barrier_init(&made, NULL, 2);
	pthread_barrier_init(&go, NULL, 2);
	if (pthread_create(&thread, NULL, maker, NULL))
		z_die("pthread_create");
	pthread_barrier_wait(&made);
	of_b = truth_of(&b);
	z_set(of_b, NULL, "holders", cJSON_CreateArray());
	/* wherever it stands among them: lists are by user_data or by the time of submission */
	for (unsigned i = 0; i <= OTHERS; i++)
		poll_for(z_sqe(&a, i), i == OTHERS / 2 ? b.fd : other.fd, i == OTHERS / 2 ? 0x71 : 0x1000 + i);
	z_publish(&a, OTHERS + 1);
	if (z_enter(&a, OTHERS + 1, 0, 0) != OTHERS + 1)
		z_die("io_uring_enter");
	o = z_rings(z_truth(&a));
	held(of_b, cJSON_GetArrayItem(cJSON_GetObjectItem(o, "rings"), 0), 0x71);
	let_go(&b);
	pthread_barrier_wait(&go);
	pthread_join(thread, NULL);
	cJSON_AddItemToArray(cJSON_GetObjectItem(o, "rings"), z_truth(&other));
	cJSON_AddItemToArray(cJSON_GetObjectItem(o, "rings"), of_b);
	return o;
}

/* --- and one that goes on working ------------------------------------------------------------------------------------- */

static volatile uint32_t *word(uint32_t offset)
{
	return (volatile uint32_t *)(void *)(memory + offset);
}

static uint8_t *next_sqe(void)
{
	return memory + 4096 + (*word(b.p.sq_off.tail) & (ENTRIES - 1)) * 64;
}

/*
 * Hands over one entry by writing to memory alone, and waits until it is done or at least taken. The thread begins asleep and has to be
 * woken once; after that it always finds something to do in time.
 */
static void hand_over(bool done)
{
	uint32_t tail = *word(b.p.sq_off.tail) + 1, end = *word(b.p.cq_off.tail) + 1;

	__atomic_store_n(word(b.p.sq_off.tail), tail, __ATOMIC_RELEASE);
	if (!done)
		z_enter(&b, 1, 0, SQ_WAKEUP);
	while (*word(b.p.sq_off.head) != tail || (done && *word(b.p.cq_off.tail) != end))
		usleep(1000);
	*word(b.p.cq_off.head) = *word(b.p.cq_off.tail);
}

static void write_once(void)
{
	static const char text[] = "written";
	uint8_t *sqe = next_sqe();

	memset(sqe, 0, 64);
	z_put(sqe, 0, 1, OP_WRITE);
	z_put(sqe, 4, 4, (uint32_t)file);
	z_put(sqe, 8, 8, UINT64_MAX);
	z_put(sqe, 16, 8, (uintptr_t)text);
	z_put(sqe, 24, 4, sizeof(text));
	z_put(sqe, 32, 8, 0x72);
	hand_over(true);
}

cJSON *held_working(void)
{
	struct io_uring_params p = {.flags = Z_NO_MMAP | Z_NO_SQARRAY | Z_SQPOLL, .sq_thread_idle = IDLE_MS};
	uint64_t address;
	cJSON *of_a, *of_b;
	struct stat st;

	memory = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		z_die("mmap");
	memset(memory, 0, 8192);
	address = (uintptr_t)memory;
	memcpy((char *)(&p.cq_off + 1) - 8, &address, 8);
	address += 4096;
	memcpy((char *)(&p.sq_off + 1) - 8, &address, 8);
	if (!z_ring_params(&b, ENTRIES, &p))
		return z_unsupported("NO_MMAP");
	if (!z_ring(&a, ENTRIES, 0, 0))
		return z_unsupported("a plain ring");
	file = (int)syscall(SYS_memfd_create, "written", 0);
	poll_for(z_sqe(&a, 0), b.fd, 0x71);
	z_publish(&a, 1);
	if (file < 0 || z_enter(&a, 1, 0, 0) != 1)
		z_die("io_uring_enter");
	poll_for(next_sqe(), a.fd, 0x71);
	hand_over(false);
	of_a = truth_of(&a);
	of_b = truth_of(&b);
	z_set(of_b, NULL, "sqpoll", z_json("{\"active\": true}"));
	let_go(&a);
	let_go(&b);
	write_once();
	if (fstat(file, &st) || !st.st_size)
		z_die("the ring that nobody holds");
	return both(of_a, of_b);
}

void keep_writing(void)
{
	for (;;) {
		write_once();
		usleep(100000);
	}
}
