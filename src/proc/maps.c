/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mappings of rings, by ioctl or out of the text. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guard.h"
#include "proc.h"

/* struct procmap_query, include/uapi/linux/fs.h of 6.11; Debian 12's headers do not have it. */
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY_IOCTL _IOWR('f', 17, struct procmap_query)
enum { COVERING_OR_NEXT = 0x10, FILE_BACKED = 0x20 };

static const char ring_name[] = PROC_RING_NAME;

void proc_maps_parse(const char *text, size_t len, proc_map_fn fn, void *ctx)
{
	const char *end = text + len;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *stop = eol ? eol : end, *name;
		char head[128], *p;
		size_t n = (size_t)(stop - text);
		struct proc_map m;

		/* 'start-end perms offset dev inode', blanks, the name: the name is what follows the fifth field's blanks */
		name = text;
		for (int field = 0; field < 5 && name < stop; field++) {
			while (name < stop && *name != ' ')
				name++;
			while (name < stop && *name == ' ')
				name++;
		}
		if ((size_t)(stop - name) == sizeof(ring_name) - 1 && !memcmp(name, ring_name, sizeof(ring_name) - 1) &&
			n < sizeof(head)) {
			memcpy(head, text, n);
			head[n] = '\0';
			m.start = strtoull(head, &p, 16);
			if (*p == '-') {
				m.end = strtoull(p + 1, &p, 16);
				p = *p == ' ' ? strchr(p + 1, ' ') : NULL;
				if (p) {
					m.offset = strtoull(p + 1, &p, 16);
					p = *p == ' ' ? strchr(p + 1, ' ') : NULL;
				}
				if (p) {
					m.ino = strtoull(p + 1, NULL, 10);
					if (m.end > m.start)
						fn(ctx, &m);
				}
			}
		}
		text = eol ? eol + 1 : end;
	}
}

/* All, or the one at an address or next to it. Returns 0, -1 with errno; ENOTTY says that the kernel has no such ioctl. */
static int query(int fd, dev_t anon_dev, uint64_t at, proc_map_fn fn, void *ctx)
{
	char name[64];
	struct procmap_query q = {.size = sizeof(q), .query_flags = COVERING_OR_NEXT | FILE_BACKED, .query_addr = at};

	for (;;) {
		if (ioctl(fd, PROCMAP_QUERY_IOCTL, &q))
			return errno == ENOENT ? 0 : -1;
		if (makedev(q.dev_major, q.dev_minor) == anon_dev) {
			struct procmap_query named = q;

			named.query_addr = q.vma_start;
			named.vma_name_size = sizeof(name);
			named.vma_name_addr = (uintptr_t)name;
			/* a name too long for the buffer (ENAMETOOLONG) is not a ring's */
			if (!ioctl(fd, PROCMAP_QUERY_IOCTL, &named) && named.vma_name_size == sizeof(ring_name) &&
				!memcmp(name, ring_name, sizeof(ring_name)))
				fn(ctx, &(struct proc_map){
						named.vma_start, named.vma_end, named.vma_offset, named.inode});
		}
		if (at || q.vma_end <= q.query_addr)
			return 0;
		q.query_addr = q.vma_end;
		q.vma_name_size = 0;
		q.build_id_size = 0;
	}
}

int proc_maps_rings(int dirfd, dev_t anon_dev, proc_map_fn fn, void *ctx)
{
	return proc_maps_ring_at(dirfd, anon_dev, 0, fn, ctx);
}

int proc_maps_ring_at(int dirfd, dev_t anon_dev, uint64_t at, proc_map_fn fn, void *ctx)
{
	struct arena a = {0};
	size_t len = 0;
	int fd, err;
	char *text;

	if (guard_begin(proc_dir_pid(dirfd), GUARD_MAPS))
		return -1;
	fd = openat(dirfd, "maps", O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? errno : query(fd, anon_dev, at, fn, ctx) ? errno : 0;
	if (fd >= 0)
		close(fd);
	guard_end();
	if (fd < 0) {
		errno = err;
		return -1;
	}
	if (err == ESRCH)
		return 1;
	if (err == ENOTTY || err == EINVAL) {
		text = proc_read(&a, dirfd, "maps", &len);
		err = text ? 0 : errno;
		if (text)
			proc_maps_parse(text, len, fn, ctx);
		arena_free(&a);
		if (!err && !len)
			return 1;
	}
	errno = err;
	return err ? -1 : 0;
}
