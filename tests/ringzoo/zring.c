/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings by raw system calls. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "zoo.h"

void z_die(const char *what)
{
	fprintf(stderr, "ringzoo: %s: %s\n", what, strerror(errno));
	exit(1);
}

bool z_ring_params(struct zring *r, unsigned entries, struct io_uring_params *p)
{
	size_t cqe = p->flags & Z_CQE32 ? 32 : 16, sqe = p->flags & Z_SQE128 ? 128 : 64, sq_len;

	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, entries, p);
	if (r->fd < 0)
		return false;
	r->p = *p;
	if (p->flags & Z_NO_MMAP)
		return true;
	sq_len = p->flags & Z_NO_SQARRAY ? 0 : p->sq_off.array + p->sq_entries * 4;
	r->rings_len = p->cq_off.cqes + p->cq_entries * cqe;
	if (sq_len > r->rings_len)
		r->rings_len = sq_len;
	r->sqes_len = p->sq_entries * sqe;
	r->rings = mmap(NULL, r->rings_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, 0);
	r->sqes = mmap(NULL, r->sqes_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, 0x10000000);
	if (r->rings == MAP_FAILED || r->sqes == MAP_FAILED)
		z_die("mmap");
	return true;
}

bool z_ring(struct zring *r, unsigned entries, unsigned cq_entries, unsigned flags)
{
	struct io_uring_params p = {.flags = flags, .cq_entries = cq_entries, .sq_thread_idle = 1000};

	return z_ring_params(r, entries, &p);
}

uint32_t *z_word(struct zring *r, uint32_t offset)
{
	return (uint32_t *)(void *)(r->rings + offset);
}

uint8_t *z_sqe(struct zring *r, unsigned slot)
{
	size_t size = r->p.flags & Z_SQE128 ? 128 : 64;

	return memset(r->sqes + slot * size, 0, size);
}

void z_put(uint8_t *sqe, unsigned at, unsigned size, uint64_t v)
{
	memcpy(sqe + at, &v, size);
}

void z_publish(struct zring *r, unsigned n)
{
	uint32_t *tail = z_word(r, r->p.sq_off.tail), t = *tail, mask = r->p.sq_entries - 1;

	for (unsigned i = 0; i < n && !(r->p.flags & Z_NO_SQARRAY); i++)
		z_word(r, r->p.sq_off.array)[(t + i) & mask] = (t + i) & mask;
	__atomic_store_n(tail, t + n, __ATOMIC_RELEASE);
}

int z_enter(struct zring *r, unsigned n, unsigned wait, unsigned flags)
{
	return (int)syscall(SYS_io_uring_enter, r->fd, n, wait, flags | (wait ? 1u : 0u), NULL, 0);
}

int z_register(int fd, unsigned op, const void *arg, unsigned n)
{
	return (int)syscall(SYS_io_uring_register, fd, op, arg, n);
}

void z_nops(struct zring *r, unsigned n, uint64_t first)
{
	uint32_t tail = *z_word(r, r->p.sq_off.tail), mask = r->p.sq_entries - 1;

	for (unsigned i = 0; i < n; i++)
		z_put(z_sqe(r, (tail + i) & mask), 32, 8, first + i);
	z_publish(r, n);
	if (z_enter(r, n, n, 0) != (int)n)
		z_die("io_uring_enter");
}

cJSON *z_json(const char *fmt, ...)
{
	char *text;
	va_list ap;
	cJSON *o;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	o = n < 0 ? NULL : cJSON_Parse(text);
	if (!o) {
		fprintf(stderr, "ringzoo: not JSON: %s\n", n < 0 ? "" : text);
		exit(1);
	}
	free(text);
	return o;
}

void z_set(cJSON *o, const char *section, const char *key, cJSON *value)
{
	cJSON *s = section ? cJSON_GetObjectItem(o, section) : o;

	if (!s) {
		s = cJSON_CreateObject();
		cJSON_AddItemToObject(o, section, s);
	}
	cJSON_DeleteItemFromObject(s, key);
	cJSON_AddItemToObject(s, key, value);
}

cJSON *z_truth(struct zring *r)
{
	struct stat st;
	bool own_inode;
	cJSON *o;

	if (fstat(r->fd, &st))
		z_die("fstat");
	o = z_json(
		"{\"pid\": %d, \"fd\": %d, \"truth_setup\": %u, \"sq\": {\"entries\": %u}, \"cq\": {\"entries\": %u}}",
		(int)getpid(), r->fd, r->p.flags, r->p.sq_entries, r->p.cq_entries);
	z_set(o, NULL, "with_kernel",
		z_json("{\"setup_flags\": {\"value\": %u}, \"owner\": {\"pid\": %d}}", r->p.flags, (int)getpid()));
	/* before 5.19 all anonymous inodes are one: the ring has no number of its own */
	{
		struct stat e;
		int fd = (int)syscall(SYS_eventfd2, 0, 0);

		own_inode = !fstat(fd, &e) && e.st_ino != st.st_ino;
		close(fd);
	}
	if (own_inode)
		z_set(o, NULL, "ring_id", z_json("%llu", (unsigned long long)st.st_ino));
	if (r->rings) {
		z_set(o, "sq", "head", z_json("%u", *z_word(r, r->p.sq_off.head)));
		z_set(o, "sq", "tail", z_json("%u", *z_word(r, r->p.sq_off.tail)));
		z_set(o, "sq", "dropped", z_json("%u", *z_word(r, r->p.sq_off.dropped)));
		z_set(o, "cq", "head", z_json("%u", *z_word(r, r->p.cq_off.head)));
		z_set(o, "cq", "tail", z_json("%u", *z_word(r, r->p.cq_off.tail)));
		z_set(o, "cq", "overflow", z_json("%u", *z_word(r, r->p.cq_off.overflow)));
	}
	return o;
}

cJSON *z_unsupported(const char *what)
{
	cJSON *o = cJSON_CreateObject();
	char why[128];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	cJSON_AddStringToObject(o, "unsupported", why);
	return o;
}

cJSON *z_rings(cJSON *ring)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "rings");

	cJSON_AddItemToArray(list, ring);
	return o;
}
