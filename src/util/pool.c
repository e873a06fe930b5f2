/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of powers of two out of one shared mapping. Free blocks of a size stand in a list without locks, because a process may be
 * killed at any instruction: what it holds then is lost to the pool, and nothing else is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pool.h"

enum { UNIT_BITS = 13, CLASSES = 24, BIG = 1 << 24 };

/* A list's head: the number of the first free block's unit, and a count that changes with each step, so that no step goes unnoticed. */
static struct pool {
	uint64_t units;
	_Atomic uint64_t used;
	_Atomic uint64_t free[CLASSES];
} * pool;

static char *unit(uint64_t n)
{
	return (char *)pool + (n << UNIT_BITS);
}

/*
 * A file of memory takes what is used of it and no more, even where memory may not be promised beyond what there is (overcommit_memory 2
 * counts all of an anonymous mapping, and others would have to do without).
 */
static int memory_file(void)
{
	enum { NOEXEC_SEAL = 8 }; /* MFD_NOEXEC_SEAL, 6.3; without it such a kernel writes to its log */
	int fd = memfd_create("uring-pool", MFD_CLOEXEC | NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create("uring-pool", MFD_CLOEXEC) : fd;
}

/* Bytes of address space that it may take: the rest of the program needs some, too. */
static uint64_t room(void)
{
	struct rlimit as;

	return !getrlimit(RLIMIT_AS, &as) && as.rlim_cur != RLIM_INFINITY ? as.rlim_cur / 4 : UINT64_MAX;
}

int pool_open(void)
{
	uint64_t most = room();
	struct rlimit file;
	int fd = pool ? -1 : memory_file();

	for (uint64_t size = 1ull << 36; !pool && size >= 1ull << 24; size >>= 1) {
		void *map = MAP_FAILED;

		if (size > most)
			continue;
		/* files may have to be small (ulimit -f) */
		if (fd < 0 || getrlimit(RLIMIT_FSIZE, &file) || file.rlim_cur < size)
			map = mmap(
				NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		else if (!ftruncate(fd, (off_t)size))
			map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
		if (map == MAP_FAILED)
			continue;
		madvise(map, size, MADV_DONTDUMP);
		pool = map;
		pool->units = size >> UNIT_BITS;
		pool->used = 1;
	}
	if (fd >= 0)
		close(fd);
	if (!pool)
		errno = ENOMEM;
	return pool ? 0 : -1;
}

bool pool_is_open(void)
{
	return pool != NULL;
}

static unsigned class_of(size_t size)
{
	unsigned c = 0;

	while (c < CLASSES && (size_t)1 << (c + UNIT_BITS) < size)
		c++;
	return c;
}

void *pool_take(size_t *size)
{
	unsigned c = class_of(*size);
	uint64_t head, at;

	if (c == CLASSES)
		return NULL;
	*size = (size_t)1 << (c + UNIT_BITS);
	head = atomic_load(&pool->free[c]);
	while ((uint32_t)head) {
		/* another process may have the block already, and this be anything: then the exchange fails */
		uint32_t next = *(volatile uint32_t *)unit((uint32_t)head);

		if (atomic_compare_exchange_weak(&pool->free[c], &head, ((head >> 32) + 1) << 32 | next))
			return unit((uint32_t)head);
	}
	at = atomic_fetch_add(&pool->used, 1ull << c);
	return at + (1ull << c) <= pool->units ? unit(at) : NULL;
}

void pool_give(void *block, size_t size)
{
	unsigned c = class_of(size);
	uint64_t head = atomic_load(&pool->free[c]), n = (uint64_t)((char *)block - (char *)pool) >> UNIT_BITS;

	/* what is large goes back to the machine, but for the page with the list's link */
	if (size >= BIG)
		madvise(block, size, MADV_REMOVE);
	do
		*(volatile uint32_t *)block = (uint32_t)head;
	while (!atomic_compare_exchange_weak(&pool->free[c], &head, ((head >> 32) + 1) << 32 | (uint32_t)n));
}
