/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings by the descriptors and the mappings of all processes, out of /proc. Processes are looked through by as many threads as
 * there are processors; each collects for itself.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sighting.h"

enum { MOST_THREADS = 8, PIDS_A_THREAD = 32 };

/* What one thread found. */
struct collector {
	struct sightings found;
	struct scan *scan;
	pid_t pid, mm_tid; /* the process being looked through, and which of its threads' maps */
};

struct scan {
	int procfd;
	dev_t anon_dev;
	bool fds;
	pid_t *pids;
	size_t n_pids;
	atomic_size_t next;
};

static struct sighting *sight(struct collector *c, enum sighting_kind kind, uint64_t ino)
{
	struct sighting *s = sighting_add(&c->found);

	*s = (struct sighting){.kind = kind, .ino = ino, .inode = ino, .ref = {c->pid, c->pid, -1}};
	return s;
}

static void skip(struct collector *c, pid_t pid, const char *reason)
{
	struct sightings *f = &c->found;

	if (f->n_skipped == f->cap_skipped) {
		f->cap_skipped = f->cap_skipped ? f->cap_skipped * 2 : 16;
		f->skipped = xrealloc(f->skipped, f->cap_skipped * sizeof(*f->skipped));
	}
	f->skipped[f->n_skipped++] = (struct skipped){pid, reason, false};
}

static const char *denied(int err)
{
	return err == EACCES || err == EPERM ? "EACCES: you may not look into this process (CAP_SYS_PTRACE lets you)"
					     : NULL;
}

/* The numbers among a directory's names, each handed to fn. -1 with errno if it cannot be read. */
static int each_number(int dirfd, void (*fn)(void *ctx, int dirfd, const char *name, int number), void *ctx)
{
	struct entry {
		uint64_t ino, off;
		unsigned short len;
		unsigned char type;
		char name[];
	};
	_Alignas(struct entry) char buf[16384];
	long got;

	while ((got = syscall(SYS_getdents64, dirfd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < got;) {
			struct entry *e = (struct entry *)(void *)(buf + at);

			at += e->len;
			if (isdigit((unsigned char)e->name[0]))
				fn(ctx, dirfd, e->name, atoi(e->name));
		}
	}
	return got < 0 ? -1 : 0;
}

struct table {
	struct collector *c;
	pid_t tid;
};

static void look_at_fd(void *ctx, int dirfd, const char *name, int number)
{
	static const char ring[] = PROC_RING_NAME;
	struct table *t = ctx;
	char link[sizeof(ring) + 1];
	struct sighting *s;
	struct stat st;

	if (readlinkat(dirfd, name, link, sizeof(link)) != sizeof(ring) - 1 || memcmp(link, ring, sizeof(ring) - 1))
		return;
	if (fstatat(dirfd, name, &st, 0))
		return; /* closed meanwhile */
	s = sight(t->c, SIGHTING_FD, st.st_ino);
	s->ref.tid = t->tid;
	s->ref.fd = number;
}

/* The descriptors of one table. -1 with errno. */
static int look_at_table(struct collector *c, int taskfd, const char *path, pid_t tid)
{
	struct table t = {c, tid};
	int fd = openat(taskfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -1;
	err = each_number(fd, look_at_fd, &t) ? errno : 0;
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

static void look_at_map(void *ctx, const struct proc_map *m)
{
	struct collector *c = ctx;
	struct sighting *s = sight(c, SIGHTING_MAP, m->ino);

	s->map = (struct ring_mapping){c->pid, c->mm_tid, m->start, m->end, m->offset};
}

enum { MOST_TABLES = 64 };

struct tables {
	struct collector *c;
	int taskdir;
	pid_t distinct[MOST_TABLES];
	size_t n;
};

/* A thread that unshared its descriptors has a table of its own; kcmp tells, where it cannot, the table is read anyway. */
static void look_at_thread(void *ctx, int dirfd, const char *name, int number)
{
	struct tables *t = ctx;
	char path[32];

	(void)dirfd;
	if (number == t->c->pid)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (syscall(SYS_kcmp, t->distinct[i], number, KCMP_FILES, 0, 0) == 0)
			return;
	snprintf(path, sizeof(path), "%.11s/fd", name);
	if (!look_at_table(t->c, t->taskdir, path, number) && t->n < MOST_TABLES)
		t->distinct[t->n++] = number;
}

static void look_at_threads(struct collector *c, int taskdir)
{
	struct tables t = {.c = c, .taskdir = taskdir, .distinct = {c->pid}, .n = 1};

	each_number(taskdir, look_at_thread, &t);
}

/*
 * A main thread that has exited while others go on leaves a process without address space in its own entry; any other
 * thread's shows it.
 */
struct first_map {
	struct collector *c;
	dev_t dev;
	bool done;
};

static void maps_of_thread(void *ctx, int dirfd, const char *name, int number)
{
	struct first_map *f = ctx;
	size_t before = f->c->found.n;
	int fd;

	if (f->done || number == f->c->pid)
		return;
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	f->c->mm_tid = number;
	f->done = !proc_maps_rings(fd, f->dev, look_at_map, f->c) && f->c->found.n > before;
	close(fd);
}

static void look_at_process(struct collector *c, pid_t pid)
{
	struct first_map first = {c, c->scan->anon_dev, false};
	const char *why = NULL;
	struct stat st;
	char name[16];
	int dir, task, maps;

	snprintf(name, sizeof(name), "%d", (int)pid);
	dir = openat(c->scan->procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return; /* ended meanwhile */
	c->pid = c->mm_tid = pid;
	if (c->scan->fds && look_at_table(c, dir, "fd", pid))
		why = denied(errno);
	maps = proc_maps_rings(dir, c->scan->anon_dev, look_at_map, c);
	if (maps < 0 && !why)
		why = denied(errno);
	if (why) {
		c->found.unseen++;
		skip(c, pid, why);
	} else if (!fstatat(dir, "task", &st, 0) && st.st_nlink > 3) {
		/* more than one thread: the directory has a link for each besides its own two */
		task = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (task >= 0) {
			if (c->scan->fds)
				look_at_threads(c, task);
			if (maps > 0 && lseek(task, 0, SEEK_SET) == 0)
				each_number(task, maps_of_thread, &first);
			close(task);
		}
	}
	close(dir);
}

static void *work(void *ctx)
{
	struct collector *c = ctx;
	size_t i;

	while ((i = atomic_fetch_add(&c->scan->next, 1)) < c->scan->n_pids)
		look_at_process(c, c->scan->pids[i]);
	return NULL;
}

struct pid_list {
	pid_t *pids;
	size_t n, cap;
};

static void add_pid(void *ctx, int dirfd, const char *name, int number)
{
	struct pid_list *l = ctx;

	(void)dirfd;
	(void)name;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->pids = xrealloc(l->pids, l->cap * sizeof(*l->pids));
	}
	l->pids[l->n++] = number;
}

int scan_proc(struct sightings *out, dev_t anon_dev, bool fds)
{
	struct scan scan = {.anon_dev = anon_dev, .fds = fds};
	struct collector c[MOST_THREADS] = {0};
	pthread_t threads[MOST_THREADS];
	struct pid_list all = {0};
	size_t n_threads, started = 1;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	scan.procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scan.procfd < 0)
		return -1;
	each_number(scan.procfd, add_pid, &all);
	scan.pids = all.pids;
	scan.n_pids = all.n;
	n_threads = all.n / PIDS_A_THREAD + 1;
	if (cpus > 0 && n_threads > (size_t)cpus)
		n_threads = (size_t)cpus;
	if (n_threads > MOST_THREADS)
		n_threads = MOST_THREADS;
	for (size_t i = 0; i < MOST_THREADS; i++)
		c[i].scan = &scan;
	while (started < n_threads && !pthread_create(&threads[started], NULL, work, &c[started]))
		started++;
	work(&c[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < started; i++) {
		sightings_join(out, &c[i].found);
		sightings_free(&c[i].found);
	}
	free(all.pids);
	close(scan.procfd);
	return 0;
}
