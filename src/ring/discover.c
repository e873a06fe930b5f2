/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every ring of the machine, by the descriptors and the mappings of all processes. Processes are looked through by as many
 * threads as there are processors; each collects for itself, then everything is gathered by ring.
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
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring.h"

enum { MOST_THREADS = 8, PIDS_A_THREAD = 32 };

struct sighting {
	uint64_t ino;
	struct ring_ref ref; /* fd -1: a mapping */
	struct ring_mapping map;
	struct sighting *same; /* while rings are numbered */
};

/* What one thread found. */
struct collector {
	struct sighting *seen;
	size_t n, cap;
	struct skipped *skipped;
	size_t n_skipped, cap_skipped;
	size_t unseen;
	struct scan *scan;
	pid_t pid, mm_tid; /* the process being looked through, and which of its threads' maps */
};

struct scan {
	int procfd;
	dev_t anon_dev;
	pid_t *pids;
	size_t n_pids;
	atomic_size_t next;
};

static struct sighting *sight(struct collector *c, uint64_t ino)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->seen = xrealloc(c->seen, c->cap * sizeof(*c->seen));
	}
	c->seen[c->n] = (struct sighting){.ino = ino, .ref = {c->pid, c->pid, -1}};
	return &c->seen[c->n++];
}

static void skip(struct collector *c, pid_t pid, const char *reason)
{
	if (c->n_skipped == c->cap_skipped) {
		c->cap_skipped = c->cap_skipped ? c->cap_skipped * 2 : 16;
		c->skipped = xrealloc(c->skipped, c->cap_skipped * sizeof(*c->skipped));
	}
	c->skipped[c->n_skipped++] = (struct skipped){pid, reason, false};
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
	s = sight(t->c, st.st_ino);
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
	struct sighting *s = sight(c, m->ino);

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
	size_t before = f->c->n;
	int fd;

	if (f->done || number == f->c->pid)
		return;
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	f->c->mm_tid = number;
	f->done = !proc_maps_rings(fd, f->dev, look_at_map, f->c) && f->c->n > before;
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
	if (look_at_table(c, dir, "fd", pid))
		why = denied(errno);
	maps = proc_maps_rings(dir, c->scan->anon_dev, look_at_map, c);
	if (maps < 0 && !why)
		why = denied(errno);
	if (why) {
		c->unseen++;
		skip(c, pid, why);
	} else if (!fstatat(dir, "task", &st, 0) && st.st_nlink > 3) {
		/* more than one thread: the directory has a link for each besides its own two */
		task = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (task >= 0) {
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

/* --- gathering --- */

static int by_key(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->ref.pid != y->ref.pid)
		return x->ref.pid < y->ref.pid ? -1 : 1;
	if (x->ref.tid != y->ref.tid)
		return x->ref.tid < y->ref.tid ? -1 : 1;
	if (x->ref.fd != y->ref.fd)
		return x->ref.fd < y->ref.fd ? -1 : 1;
	return x->map.start < y->map.start ? -1 : x->map.start > y->map.start;
}

/* The kernel's own order of open files. */
static int by_file(const void *a, const void *b)
{
	const struct sighting *x = *(struct sighting *const *)a, *y = *(struct sighting *const *)b;
	long order = syscall(SYS_kcmp, x->ref.tid, y->ref.tid, KCMP_FILE, x->ref.fd, y->ref.fd);

	if (order == 1 || order == 2)
		return order == 1 ? -1 : 1;
	/* the same file, or kcmp is refused and they count as different */
	return order == 0 ? 0 : by_key(x, y);
}

/*
 * A mapping names no ring there: it is the ring's of its process if that has only one, and a ring of its own if it has none.
 * Where a process has several, whose it is cannot be told, and it keeps the number 0.
 */
static uint64_t mapped_ring(const struct sighting *s, size_t n, size_t i, uint64_t *next)
{
	uint64_t only = 0, other_half = 0;
	bool several = false;

	for (size_t k = 0; k < n; k++) {
		if (s[k].ref.pid != s[i].ref.pid)
			continue;
		if (s[k].ref.fd >= 0) {
			several |= only && only != s[k].ino;
			only = s[k].ino;
		} else if (s[k].ino && s[k].map.offset != s[i].map.offset) {
			other_half = s[k].ino;
		}
	}
	if (several)
		return 0;
	return only ? only : other_half ? other_half : (*next)++;
}

/* Where all rings share one inode, kcmp says which descriptors are the same ring, and each gets a number instead. */
static void number_rings(struct sighting *s, size_t n)
{
	struct sighting **files = xrealloc(NULL, (n + 1) * sizeof(struct sighting *));
	size_t n_files = 0, first;
	uint64_t next = 1;

	for (size_t i = 0; i < n; i++) {
		s[i].ino = 0;
		if (s[i].ref.fd >= 0)
			files[n_files++] = &s[i];
	}
	qsort(files, n_files, sizeof(struct sighting *), by_file);
	/* files that are the same stand together now: each points at the first of its group */
	for (size_t i = 0; i < n_files; i = first) {
		struct sighting *least = files[i];

		for (first = i; first < n_files && by_file(&files[i], &files[first]) == 0; first++)
			least = files[first] < least ? files[first] : least;
		for (size_t k = i; k < first; k++)
			files[k]->same = least;
	}
	/* and the groups are numbered in the order of processes and descriptors */
	for (size_t i = 0; i < n; i++)
		if (s[i].ref.fd >= 0)
			s[i].ino = s[i].same == &s[i] ? next++ : s[i].same->ino;
	for (size_t i = 0; i < n; i++)
		if (s[i].ref.fd < 0)
			s[i].ino = mapped_ring(s, n, i, &next);
	free(files);
}

/* Marks the rings of which a process may have one of the mappings that could not be told apart. */
static void mark_unpaired(struct discovery *d, const struct sighting *s, size_t n)
{
	for (size_t i = 0; i < n && !s[i].ino; i++)
		for (size_t r = 0; r < d->n_rings; r++)
			for (size_t k = 0; k < d->rings[r].n_refs; k++)
				d->rings[r].maps_unknown |= d->rings[r].refs[k].pid == s[i].ref.pid;
}

static void gather(struct discovery *d, struct sighting *s, size_t n)
{
	size_t cap = 0;

	if (d->shared_inode) {
		if (n)
			qsort(s, n, sizeof(*s), by_key);
		number_rings(s, n);
	}
	if (n)
		qsort(s, n, sizeof(*s), by_key);
	for (size_t i = 0, end; i < n; i = end) {
		struct found_ring *r;
		size_t n_refs = 0;

		for (end = i; end < n && s[end].ino == s[i].ino; end++)
			n_refs += s[end].ref.fd >= 0;
		if (!s[i].ino)
			continue;
		d->rings = arena_grow(&d->arena, d->rings, d->n_rings, &cap, sizeof(*d->rings));
		r = &d->rings[d->n_rings++];
		*r = (struct found_ring){.id = s[i].ino, .numbered = d->shared_inode};
		r->refs = arena_alloc(&d->arena, n_refs * sizeof(*r->refs));
		r->maps = arena_alloc(&d->arena, (end - i - n_refs) * sizeof(*r->maps));
		for (size_t k = i; k < end; k++) {
			if (s[k].ref.fd >= 0)
				r->refs[r->n_refs++] = s[k].ref;
			else
				r->maps[r->n_maps++] = s[k].map;
		}
	}
	if (d->shared_inode)
		mark_unpaired(d, s, n);
}

static bool held_by(const struct found_ring *r, const pid_t *pids, size_t n)
{
	for (size_t p = 0; p < n; p++) {
		for (size_t i = 0; i < r->n_refs; i++)
			if (r->refs[i].pid == pids[p])
				return true;
		for (size_t i = 0; i < r->n_maps; i++)
			if (r->maps[i].pid == pids[p])
				return true;
	}
	return false;
}

/* Why a process that was named has nothing to show, NULL if it has; *process gets its id, which a thread's may not be. */
static const char *why_not(struct arena *a, pid_t pid, pid_t *process)
{
	struct proc_task t;
	int dir = proc_open(pid);
	const char *why = NULL;
	int64_t tgid;

	*process = pid;
	if (dir < 0)
		return "no such process (ps -e lists them)";
	tgid = proc_status_number(a, dir, "Tgid");
	if (tgid > 0)
		*process = (pid_t)tgid;
	if (proc_task_read(a, dir, &t))
		why = "no such process (it has just ended)";
	else if (t.kthread)
		why = "a kernel thread: it has no rings of its own (name the process that the ring belongs to)";
	else if (t.state == 'Z' && t.threads <= 1)
		why = "a zombie: its rings are gone (its parent has yet to wait for it)";
	close(dir);
	return why;
}

static void add_skipped(struct discovery *d, size_t *cap, struct skipped s)
{
	d->skipped = arena_grow(&d->arena, d->skipped, d->n_skipped, cap, sizeof(s));
	d->skipped[d->n_skipped++] = s;
}

/* The device of anonymous inodes, and whether rings share one with everything else that has no inode of its own. */
static dev_t anon_device(ino_t *ino)
{
	struct stat st = {0};
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd >= 0) {
		fstat(fd, &st);
		close(fd);
	}
	*ino = st.st_ino;
	return st.st_dev;
}

int discover(struct discovery *d, const pid_t *pids, size_t n_pids)
{
	struct scan scan = {0};
	struct pid_list all = {0};
	struct collector c[MOST_THREADS] = {0};
	pthread_t threads[MOST_THREADS];
	pid_t *wanted;
	struct sighting *seen = NULL;
	size_t n_threads, started = 1, n = 0, cap_skipped = 0, n_wanted = 0;
	ino_t anon_ino;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*d = (struct discovery){0};
	scan.procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scan.procfd < 0)
		return -1;
	scan.anon_dev = anon_device(&anon_ino);
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

	wanted = arena_alloc(&d->arena, (n_pids + 1) * sizeof(*wanted));
	for (size_t i = 0; i < n_pids; i++) {
		const char *why = why_not(&d->arena, pids[i], &wanted[n_wanted]);

		if (why)
			add_skipped(d, &cap_skipped, (struct skipped){pids[i], why, true});
		else
			n_wanted++;
	}
	for (size_t i = 0; i < started; i++) {
		if (c[i].n) {
			seen = xrealloc(seen, (n + c[i].n) * sizeof(*seen));
			memcpy(seen + n, c[i].seen, c[i].n * sizeof(*seen));
			n += c[i].n;
		}
		for (size_t k = 0; k < c[i].n_skipped; k++) {
			struct skipped s = c[i].skipped[k];

			for (size_t w = 0; w < n_wanted; w++)
				s.named |= wanted[w] == s.pid;
			if (s.named || !n_pids)
				add_skipped(d, &cap_skipped, s);
		}
		d->unseen += c[i].unseen;
		free(c[i].seen);
		free(c[i].skipped);
	}
	d->anon_dev = scan.anon_dev;
	/* rings are told apart by inode number if the first one's is not the one all anonymous inodes have */
	d->shared_inode = n && seen[0].ino == anon_ino;
	gather(d, seen, n);
	for (size_t i = 0; i < d->n_rings; i++)
		d->rings[i].wanted = !n_pids || held_by(&d->rings[i], wanted, n_wanted);
	free(seen);
	free(all.pids);
	close(scan.procfd);
	return 0;
}

void discovery_free(struct discovery *d)
{
	arena_free(&d->arena);
	*d = (struct discovery){0};
}
