/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to a ring's memory. Each takes what it needs for one read and lets go of it before it returns. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guard.h"
#include "ring.h"

enum { OFF_CQ_RING = 0x8000000, OFF_SQES = 0x10000000 };

static int vm_read(struct ring_access *self, enum ring_area area, const struct ring_piece *pieces, size_t n)
{
	struct ring_access_vm *v = (struct ring_access_vm *)self;
	uint64_t base = area == AREA_RINGS ? v->rings : v->sqes, len = area == AREA_RINGS ? v->rings_len : v->sqes_len;
	struct iovec local[256], remote[256];

	if (!base)
		return -ENXIO;
	while (n) {
		size_t k = 0, total = 0;
		ssize_t got;

		for (; k < n && k < 256; k++) {
			if (pieces[k].offset > len || pieces[k].len > len - pieces[k].offset)
				return -ERANGE;
			local[k] = (struct iovec){pieces[k].dst, pieces[k].len};
			remote[k] = (struct iovec){(void *)(uintptr_t)(base + pieces[k].offset), pieces[k].len};
			total += pieces[k].len;
		}
		got = proc_memory(v->pid, v->tid, remote, k, local, k);
		if (got < 0)
			return -errno;
		if ((size_t)got != total)
			return -EFAULT;
		pieces += k;
		n -= k;
	}
	return 0;
}

void ring_access_vm_init(struct ring_access_vm *v, pid_t pid, const struct ring_mapping *maps, size_t n)
{
	*v = (struct ring_access_vm){.base = {vm_read}, .pid = pid, .tid = pid};
	for (size_t i = 0; i < n; i++) {
		uint64_t len = maps[i].end - maps[i].start;

		if (maps[i].pid != pid)
			continue;
		v->tid = maps[i].tid;
		/* programs of before 5.4 map the CQ apart; it is the same memory, and the longer one holds all that is needed */
		if ((maps[i].offset == 0 || maps[i].offset == OFF_CQ_RING) && len > v->rings_len) {
			v->rings = maps[i].start;
			v->rings_len = len;
		} else if (maps[i].offset == OFF_SQES && len > v->sqes_len) {
			v->sqes = maps[i].start;
			v->sqes_len = len;
		}
	}
}

/* 6.10 to 6.18 map all SQEs or none (EFAULT): the mapping grows until they fit, to the most that a ring can have. */
static void *map_area(int fd, enum ring_area area, uint64_t *len)
{
	enum { MOST_SQES = 32768 * 128, PAGE = 4096 };
	off_t at = area == AREA_RINGS ? 0 : OFF_SQES;
	void *map = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, at);

	*len = (*len + PAGE - 1) / PAGE * PAGE;
	while (map == MAP_FAILED && errno == EFAULT && area == AREA_SQES && *len < MOST_SQES) {
		*len *= 2;
		map = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, at);
	}
	return map;
}

/*
 * Some kernels map more of a ring than there is, and touching what is not there is a SIGBUS; a system call that is handed such
 * an address fails instead. So the pieces go through a file in memory, and are taken out of it once the ring is let go.
 */
static int fd_read(struct ring_access *self, enum ring_area area, const struct ring_piece *pieces, size_t n)
{
	struct ring_access_fd *f = (struct ring_access_fd *)self;
	off_t at = 0;
	uint64_t len = 0;
	int store = memfd_create("copy", MFD_CLOEXEC), dup, err = 0;
	void *map;

	if (store < 0)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (pieces[i].offset + pieces[i].len > len)
			len = pieces[i].offset + pieces[i].len;
	if (guard_begin(f->pid, GUARD_GETFD)) {
		err = -errno;
		close(store);
		return err;
	}
	dup = (int)syscall(SYS_pidfd_getfd, f->pidfd, f->fd, 0);
	if (dup < 0) {
		err = -errno;
		guard_end();
		close(store);
		return err;
	}
	guard_end();
	/* no lock is taken for these areas up to 6.12, and after that one that is held for a resize alone: the duplicate is let go of at once */
	if (guard_begin(f->pid, GUARD_RING_MAP)) {
		err = -errno;
		close(dup);
		close(store);
		return err;
	}
	map = map_area(dup, area, &len);
	if (map == MAP_FAILED)
		err = -errno;
	close(dup);
	guard_end();
	for (size_t i = 0; i < n && !err; i++) {
		if (pwrite(store, (const char *)map + pieces[i].offset, pieces[i].len, at) != (ssize_t)pieces[i].len)
			err = -ERANGE;
		at += (off_t)pieces[i].len;
	}
	if (map != MAP_FAILED)
		munmap(map, len);
	at = 0;
	for (size_t i = 0; i < n && !err; i++) {
		if (pread(store, pieces[i].dst, pieces[i].len, at) != (ssize_t)pieces[i].len)
			err = -EIO;
		at += (off_t)pieces[i].len;
	}
	close(store);
	return err;
}

void ring_access_fd_init(struct ring_access_fd *f, pid_t pid, int pidfd, int fd)
{
	*f = (struct ring_access_fd){{fd_read}, pid, pidfd, fd};
}

static int buf_read(struct ring_access *self, enum ring_area area, const struct ring_piece *pieces, size_t n)
{
	struct ring_access_buf *b = (struct ring_access_buf *)self;

	for (size_t i = 0; i < n; i++) {
		if (pieces[i].offset > b->len[area] || pieces[i].len > b->len[area] - pieces[i].offset)
			return -ERANGE;
		if (pieces[i].len)
			memcpy(pieces[i].dst, b->area[area] + pieces[i].offset, pieces[i].len);
	}
	return 0;
}

void ring_access_buf_init(struct ring_access_buf *b)
{
	*b = (struct ring_access_buf){.base = {buf_read}};
}

static int read_kernel(struct ring_access *self, enum ring_area area, const struct ring_piece *pieces, size_t n)
{
	struct ring_access_kernel *a = (struct ring_access_kernel *)self;

	for (size_t i = 0; i < n; i++) {
		int err;

		if (pieces[i].offset > a->len[area] || pieces[i].len > a->len[area] - pieces[i].offset)
			return -ERANGE;
		err = kernel_memory(a->k, &a->key, area == AREA_RINGS ? MEMORY_RINGS : MEMORY_SQES, pieces[i].offset,
			pieces[i].dst, pieces[i].len);
		if (err)
			return err;
	}
	return 0;
}

void ring_access_kernel_init(struct ring_access_kernel *a, struct kernel *k, const struct ring_key *key,
	uint64_t rings_len, uint64_t sqes_len)
{
	*a = (struct ring_access_kernel){{read_kernel}, k, *key, {rings_len, sqes_len}};
}
