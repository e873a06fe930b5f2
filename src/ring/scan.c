/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings by the descriptors and the mappings of a process, out of /proc. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "guard.h"
#include "sighting.h"

/* The process that is looked through. */
struct collector {
	struct sightings *found;
	dev_t anon_dev;
	bool fds;
	bool refused;	   /* a descriptor was not looked at, because the process did not answer before */
	pid_t pid, mm_tid; /* and which of its threads' maps */
};

static struct sighting *sight(struct collector *c, enum sighting_kind kind, uint64_t ino)
{
	struct sighting *s = sighting_add(c->found);

	*s = (struct sighting){.kind = kind, .ino = ino, .inode = ino, .ref = {c->pid, c->pid, -1}};
	return s;
}

static void skip(struct collector *c, pid_t pid, const char *reason)
{
	struct sightings *f = c->found;

	f->skipped = arena_grow(&f->arena, f->skipped, f->n_skipped, &f->cap_skipped, sizeof(*f->skipped));
	f->skipped[f->n_skipped++] = (struct skipped){pid, reason, false};
}

static const char *denied(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return caps_have(CAP_SYS_PTRACE)
			       ? "EACCES: what descriptors it has is not to be seen (CAP_DAC_READ_SEARCH "
				 "lets you, beside CAP_SYS_PTRACE)"
			       : "EACCES: you may not look into this process (CAP_SYS_PTRACE and "
				 "CAP_DAC_READ_SEARCH let you)";
	case EMFILE:
	case ENFILE:
		return "EMFILE: there are too few descriptors for it (ulimit -n)";
	case ENOENT: /* it has ended */
	case ESRCH:
	case ETIMEDOUT: /* whoever supervises says so */
		return NULL;
	default:
		return strerrorname_np(err) ? strerrorname_np(err) : "it could not be looked into";
	}
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
	ssize_t len;
	int err;

	if (guard_begin(t->c->pid, GUARD_LINK)) {
		t->c->refused = true;
		return;
	}
	len = readlinkat(dirfd, name, link, sizeof(link));
	guard_end();
	if (len != sizeof(ring) - 1 || memcmp(link, ring, sizeof(ring) - 1))
		return;
	if (guard_begin(t->c->pid, GUARD_FD_STAT)) {
		t->c->refused = true;
		return;
	}
	err = fstatat(dirfd, name, &st, 0);
	guard_end();
	if (err)
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

static bool threads_share(struct collector *c, pid_t a, pid_t b)
{
	long got;

	if (guard_begin(c->pid, GUARD_KCMP))
		return false;
	got = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);
	guard_end();
	return got == 0;
}

/* A thread that unshared its descriptors has a table of its own; kcmp tells, where it cannot, the table is read anyway. */
static void look_at_thread(void *ctx, int dirfd, const char *name, int number)
{
	struct tables *t = ctx;
	char path[32];

	(void)dirfd;
	if (number == t->c->pid)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (threads_share(t->c, t->distinct[i], number))
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
	size_t before = f->c->found->n;
	int fd;

	if (f->done || number == f->c->pid)
		return;
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	proc_dir_is(fd, f->c->pid);
	f->c->mm_tid = number;
	f->done = !proc_maps_rings(fd, f->dev, look_at_map, f->c) && f->c->found->n > before;
	close(fd);
}

static bool all_of_it(struct sightings *out, pid_t pid, dev_t anon_dev, bool fds)
{
	struct collector each = {out, anon_dev, fds, false, pid, pid}, *c = &each;
	struct first_map first = {c, anon_dev, false};
	const char *why = NULL;
	size_t before = out->n;
	struct stat st;
	int dir = proc_open(pid), task, maps, err;

	if (dir < 0) {
		why = denied(errno);
		if (why) {
			out->unseen++;
			skip(c, pid, why);
		}
		return true; /* ended meanwhile, as a rule */
	}
	if (fds && look_at_table(c, dir, "fd", pid))
		why = denied(errno);
	maps = proc_maps_rings(dir, anon_dev, look_at_map, c);
	err = maps < 0 ? errno : 0;
	if (maps < 0 && !why)
		why = denied(err);
	if (why) {
		out->unseen++;
		skip(c, pid, why);
	} else if (!fstatat(dir, "task", &st, 0) && st.st_nlink > 3) {
		/* more than one thread: the directory has a link for each besides its own two */
		task = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (task >= 0) {
			if (fds)
				look_at_threads(c, task);
			if (maps > 0 && lseek(task, 0, SEEK_SET) == 0)
				each_number(task, maps_of_thread, &first);
			close(task);
		}
	}
	for (size_t i = before; (why || c->refused) && i < out->n; i++)
		out->v[i].fds_unknown = why ? EACCES : ETIMEDOUT;
	/* whoever supervises says that it does not answer */
	out->unseen += !why && c->refused;
	close(dir);
	return maps >= 0 || err == ENOENT || err == ESRCH;
}

bool scan_process(struct sightings *out, pid_t pid, dev_t anon_dev, bool fds)
{
	bool mappings;

	/* what is looked up in its directories besides; each call that waits for more announces itself */
	if (guard_begin(pid, GUARD_DIR))
		return false;
	mappings = all_of_it(out, pid, anon_dev, fds);
	guard_end();
	return mappings;
}

struct pid_list {
	struct arena *a;
	pid_t *pids;
	size_t n, cap;
};

static void add_pid(void *ctx, int dirfd, const char *name, int number)
{
	struct pid_list *l = ctx;

	(void)dirfd;
	(void)name;
	l->pids = arena_grow(l->a, l->pids, l->n, &l->cap, sizeof(*l->pids));
	l->pids[l->n++] = number;
}

ssize_t scan_list(struct arena *a, pid_t **pids)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	struct pid_list all = {.a = a};

	if (fd < 0)
		return -1;
	if (each_number(fd, add_pid, &all))
		err = errno;
	close(fd);
	*pids = all.pids;
	errno = err;
	return err ? -1 : (ssize_t)all.n;
}
