/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One ring, from all sources in turn. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"
#include "kbtf.h"
#include "version.h"

const char kernel_alone[] =
	"known to the kernel alone: it would take BPF (CAP_BPF, CAP_PERFMON), which this version does not use";

struct builder *builder_new(const struct discovery *d, const struct build_options *o)
{
	struct builder *b = xrealloc(NULL, sizeof(*b));

	*b = (struct builder){.d = d, .o = *o};
	b->sockets = sockets_new();
	b->sq_threads = xrealloc(NULL, (d->n_rings + 1) * sizeof(*b->sq_threads));
	memset(b->sq_threads, 0, (d->n_rings + 1) * sizeof(*b->sq_threads));
	return b;
}

static void forget(struct person *p)
{
	close(p->dir);
	if (p->pidfd >= 0)
		close(p->pidfd);
	arena_free(&p->arena);
}

void builder_free(struct builder *b)
{
	for (size_t i = 0; i < b->n_people; i++)
		forget(&b->people[i]);
	sockets_free(b->sockets);
	free(b->sq_threads);
	free(b);
}

struct person *person_of(struct builder *b, pid_t pid)
{
	struct person *p = NULL;
	int dir;

	for (size_t i = 0; i < b->n_people; i++) {
		if (b->people[i].pid == pid) {
			b->people[i].used = ++b->clock;
			return &b->people[i];
		}
	}
	dir = proc_open(pid);
	if (dir < 0)
		return NULL;
	if (b->n_people < PEOPLE) {
		p = &b->people[b->n_people++];
	} else {
		p = &b->people[0];
		for (size_t i = 1; i < PEOPLE; i++)
			if (b->people[i].used < p->used)
				p = &b->people[i];
		forget(p);
	}
	*p = (struct person){.pid = pid, .dir = dir, .pidfd = -1, .used = ++b->clock};
	return p;
}

struct person *person_known(struct builder *b, pid_t pid)
{
	struct person *p = person_of(b, pid);
	struct proc_task t;
	int64_t uid;

	if (!p || p->asked)
		return p;
	p->asked = true;
	if (!proc_task_read(&p->arena, p->dir, &t))
		p->comm = t.comm;
	uid = proc_status_number(&p->arena, p->dir, "Uid");
	if (uid >= 0)
		p->uid = snap((uint64_t)uid);
	p->exe = proc_link(&p->arena, p->dir, "exe");
	return p;
}

int person_pidfd(struct person *p)
{
	if (p->pidfd < 0) {
		p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
		/* one thread's own table of descriptors: PIDFD_THREAD, which is O_EXCL, came with 6.9 */
		if (p->pidfd < 0 && errno != ESRCH)
			p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, O_EXCL);
		/* the directory tells whether the pid still means the same process */
		if (p->pidfd >= 0 && faccessat(p->dir, "stat", F_OK, 0)) {
			close(p->pidfd);
			p->pidfd = -1;
			errno = ESRCH;
		}
	}
	return p->pidfd;
}

/*
 * The kernel only tries the ring's lock. Without it, 6.13 and later say nothing at all, and before that neither the registered
 * files nor the SQPOLL thread, which then looks as if there were none.
 */
static bool incomplete(const struct fdinfo *f)
{
	return !f->has_files || f->files_partial;
}

int read_fdinfo(struct builder *b, struct arena *a, const struct ring_ref *ref, struct fdinfo *f)
{
	enum { TRIES = 40 };
	struct person *p = person_of(b, ref->tid);
	char path[32], *text;
	size_t len;

	if (!p) {
		errno = ESRCH;
		return -1;
	}
	snprintf(path, sizeof(path), "fdinfo/%d", ref->fd);
	for (int i = 0; i < TRIES; i++) {
		text = proc_read(a, p->dir, path, &len);
		if (!text)
			return -1;
		fdinfo_parse(a, text, len, f);
		if (!incomplete(f))
			return 0;
		nanosleep(&(struct timespec){0, 20000 + 5000 * i}, NULL);
	}
	if (f->has_files || f->has_queues)
		return 0;
	errno = ENODATA;
	return -1;
}

static const char *why_no_fdinfo(const struct found_ring *r, int err)
{
	return !r->n_refs	? "no descriptor of the ring is open, so it has no fdinfo"
	       : err == ENODATA ? "the ring's lock was taken each time fdinfo was read"
	       : err == EACCES	? "EACCES: fdinfo of a process that you may not look into (CAP_SYS_PTRACE lets you)"
				: "fdinfo could not be read";
}

int builder_ring(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	const struct ring_ref *ref = NULL;
	struct fdinfo f;
	int err = ENOENT;

	*out = (struct snap_ring){.id = r->id, .brief = b->o.brief};
	for (size_t i = 0; i < r->n_refs && !ref; i++) {
		if (!read_fdinfo(b, a, &r->refs[i], &f))
			ref = &r->refs[i];
		else
			err = errno;
		/* the descriptor may be another file by now */
		if (ref && !r->numbered && f.has_ino && f.ino != r->id)
			ref = NULL;
	}
	if (r->numbered)
		snap_add_name(a, &out->inferred, "ring_id");
	build_people(b, a, r, ref ? &f : NULL, out);
	if (!out->n_holders)
		return -1;
	build_queues(b, a, r, ref ? &f : NULL, ref, out);
	if (!ref)
		snap_add_reason(a, out, "sqpoll", why_no_fdinfo(r, err));
	if (b->o.brief)
		return 0;
	if (ref) {
		build_registered(a, &f, out);
	} else {
		const char *why = why_no_fdinfo(r, err);

		snap_add_reason(a, out, "registered", why);
		snap_add_reason(a, out, "inflight", why);
	}
	snap_add_reason(a, out, "restrictions", kernel_alone);
	return 0;
}

void build_head(struct arena *a, struct snap_head *h)
{
	struct timespec now;
	struct utsname u;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	*h = (struct snap_head){.tool = "uringctl " VERSION, .btf = kbtf_present(), .proc = true, .memory = true};
	h->time = arena_printf(a, "%s.%06ldZ", date, now.tv_nsec / 1000);
	h->release = uname(&u) ? NULL : arena_strdup(a, u.release);
}
