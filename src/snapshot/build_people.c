/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a ring, whose it is, and the threads that work for it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "parts.h"
#include "uapi.h"

static struct snap_holder *holder(struct arena *a, struct snap_ring *out, size_t *cap, pid_t pid)
{
	if (out->n_holders && out->holders[out->n_holders - 1].pid == (uint32_t)pid)
		return &out->holders[out->n_holders - 1];
	for (size_t i = 0; i < out->n_holders; i++)
		if (out->holders[i].pid == (uint32_t)pid)
			return &out->holders[i];
	out->holders = arena_grow(a, out->holders, out->n_holders, cap, sizeof(*out->holders));
	out->holders[out->n_holders] = (struct snap_holder){.pid = (uint32_t)pid, .fds_known = true, .mapped = SNAP_NO};
	return &out->holders[out->n_holders++];
}

/* Is this what the end of a process looks like? */
static bool gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

static void holders(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < r->n_refs; i++) {
		struct snap_holder *h = holder(a, out, &cap, r->refs[i].pid);

		if (!h->fds) {
			size_t mine = 0; /* refs are sorted by process */

			while (i + mine < r->n_refs && r->refs[i + mine].pid == r->refs[i].pid)
				mine++;
			h->fds = arena_alloc(a, mine * sizeof(*h->fds));
			h->thread_fds = arena_alloc(a, mine * sizeof(*h->thread_fds));
		}
		if (r->refs[i].tid == r->refs[i].pid)
			h->fds[h->n_fds++] = r->refs[i].fd;
		else
			h->thread_fds[h->n_thread_fds++] = (struct snap_thread_fd){r->refs[i].tid, r->refs[i].fd};
	}
	for (size_t i = 0; i < r->n_maps; i++)
		holder(a, out, &cap, r->maps[i].pid)->mapped = SNAP_YES;
	for (size_t i = 0; i < r->n_registered; i++)
		holder(a, out, &cap, r->registered[i].pid)->registered = SNAP_YES;
	for (size_t i = 0; r->fds_unknown && i < out->n_holders; i++)
		out->holders[i].fds_known = out->holders[i].n_fds || out->holders[i].n_thread_fds;
	if (r->fds_unknown)
		snap_add_reason(a, out, "holders.fds", no_descriptor(r));
	for (size_t i = 0; i < r->n_users; i++)
		holder(a, out, &cap, r->users[i].pid)->uses = SNAP_YES;
	for (size_t i = 0; i < out->n_holders; i++) {
		if (out->holders[i].mapped != SNAP_NO || !discovery_unmapped(b->d, (pid_t)out->holders[i].pid))
			continue;
		out->holders[i].mapped = SNAP_UNKNOWN;
		snap_drop_reason(out, "holders.mapped");
		snap_add_reason(a, out, "holders.mapped",
			b->d->maps_unread ? "BPF cannot read mappings here without waiting for a process, and /proc "
					    "was not asked (--source)"
					  : "the process's mappings could not be read: it does not answer, or is not "
					    "to be looked into");
	}
	for (size_t i = 0; r->maps_unknown && i < out->n_holders; i++)
		if (out->holders[i].mapped == SNAP_NO)
			out->holders[i].mapped = SNAP_UNKNOWN;
	if (r->maps_unknown)
		snap_add_reason(a, out, "holders.mapped",
			"the process has several rings, and this kernel does not tell their mappings apart (5.19 "
			"does)");
	for (size_t i = 0; i < out->n_holders; i++) {
		struct person *p = person_known(b, (pid_t)out->holders[i].pid);

		if (p ? !p->comm && gone(p->err) : gone(errno))
			continue;
		if (!p || !p->comm)
			snap_add_reason(a, out, "holders.comm",
				arena_printf(a, "%s: /proc/%d could not be read", strerrorname_np(p ? p->err : errno),
					(int)out->holders[i].pid));
		out->holders[n] = out->holders[i];
		out->holders[n].comm = p && p->comm ? arena_strdup(a, p->comm) : NULL;
		out->holders[n].uid = p ? p->uid : (struct snap_num){0};
		/* mapped without a descriptor: it may have registered the ring's own fd and closed it, or just closed it */
		if (out->holders[n].registered != SNAP_YES)
			out->holders[n].registered = b->d->by_kernel ? SNAP_NO : SNAP_UNKNOWN;
		n++;
	}
	out->n_holders = n;
	if (!b->d->by_kernel)
		snap_add_reason(a, out, "holders.registered", b->kernel_why);
}

static void owner_is(struct builder *b, struct arena *a, pid_t pid, struct snap_ring *out)
{
	struct person *p = person_known(b, pid);

	if (!p || !p->comm)
		return;
	out->owner = (struct snap_owner){.known = true, .pid = snap((uint64_t)pid), .uid = p->uid};
	out->owner.comm = arena_strdup(a, p->comm);
	out->owner.exe = p->exe ? arena_strdup(a, p->exe) : NULL;
	snap_add_name(a, &out->inferred, "owner");
	snap_add_reason(a, out, "owner.mm", b->kernel_why);
	snap_add_reason(a, out, "owner.submitter_tid", b->kernel_why);
	for (size_t i = 0; i < out->n_holders; i++) {
		struct snap_holder *h = &out->holders[i];
		long same = h->pid == (uint32_t)pid ? 0 : proc_kcmp((pid_t)h->pid, pid, KCMP_VM, 0, 0);

		h->same_mm = same < 0 ? SNAP_UNKNOWN : same == 0 ? SNAP_YES : SNAP_NO;
		if (same < 0 && !snap_reason_of(out, "holders.same_mm"))
			snap_add_reason(a, out, "holders.same_mm",
				errno == ETIMEDOUT ? "the process does not answer"
						   : "kcmp is refused or not built into this kernel (CAP_SYS_PTRACE)");
	}
}

/* The SQPOLL thread of another ring; 0 if that has none or cannot be asked. */
static int32_t sq_thread_of(struct builder *b, size_t ring)
{
	struct arena a = {0};
	struct fdinfo f;

	if (!b->sq_threads[ring]) {
		const struct found_ring *r = &b->d->rings[ring];

		b->sq_threads[ring] = -1;
		for (size_t i = 0; i < r->n_refs; i++) {
			if (!read_fdinfo(b, &a, &r->refs[i], &f)) {
				b->sq_threads[ring] = f.sq_thread;
				break;
			}
		}
		arena_free(&a);
	}
	return b->sq_threads[ring];
}

static void shared_with(struct builder *b, struct arena *a, struct snap_ring *out)
{
	size_t cap = 0;

	for (size_t i = 0; i < b->d->n_rings; i++) {
		if (b->d->rings[i].id == out->id || sq_thread_of(b, i) != (int32_t)out->sqpoll.tid.v)
			continue;
		out->sqpoll.shared_with =
			arena_grow(a, out->sqpoll.shared_with, out->sqpoll.n_shared_with, &cap, sizeof(uint64_t));
		out->sqpoll.shared_with[out->sqpoll.n_shared_with++] = b->d->rings[i].id;
	}
}

static const char *state_name(char c)
{
	return c == 'R'		      ? "running"
	       : c == 'S' || c == 'I' ? "sleeping"
	       : c == 'D'	      ? "blocked"
	       : c == 'T' || c == 't' ? "stopped"
	       : c == 'Z' || c == 'X' ? "died"
				      : NULL;
}

static void list_threads(struct person *p)
{
	int fd = p->asked_threads ? -1 : openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t cap_workers = 0, cap_pollers = 0;
	struct dirent *e;

	p->asked_threads = true;
	p->threads_err = dir ? 0 : errno;
	while (dir && (e = readdir(dir))) {
		struct arena tmp = {0};
		struct proc_task t;
		int task = isdigit((unsigned char)e->d_name[0])
				   ? openat(dirfd(dir), e->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC)
				   : -1;

		if (task < 0)
			continue;
		proc_dir_is(task, p->pid);
		if (proc_task_read(&tmp, task, &t)) {
			if (errno == ETIMEDOUT)
				p->threads_err = ETIMEDOUT;
		} else if (t.io_worker) {
			if (!strncmp(t.comm, "iou-wrk", 7)) {
				p->workers =
					arena_grow(&p->arena, p->workers, p->n_workers, &cap_workers, sizeof(int32_t));
				p->workers[p->n_workers++] = atoi(e->d_name);
			} else if (!strncmp(t.comm, "iou-sqp", 7)) {
				p->pollers =
					arena_grow(&p->arena, p->pollers, p->n_pollers, &cap_pollers, sizeof(int32_t));
				p->pollers[p->n_pollers++] = atoi(e->d_name);
			}
		}
		arena_free(&tmp);
		close(task);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

/* Looks for a process's own io_uring threads, once. */
static void find_threads(struct person *p)
{
	if (p->asked_threads)
		return;
	if (guard_begin(proc_dir_pid(p->dir), GUARD_DIR)) {
		p->threads_err = errno;
		return;
	}
	list_threads(p);
	guard_end();
}

/*
 * Up to 6.8 fdinfo names the SQPOLL thread only if it can take the lock that the thread holds while it is awake: -1 may be such a
 * thread. It is if the only holder has such a thread and no other ring; it is not if no holder has one. Returns the thread, -1
 * for none, 0 if that cannot be told.
 */
static int32_t hidden_thread(struct builder *b, const struct found_ring *r, const struct fdinfo *f)
{
	int32_t found = -1;
	size_t rings = 0;
	pid_t pid = 0;

	if (f->sq_thread >= 0 || f->has_times)
		return f->sq_thread;
	for (size_t i = 0; i < r->n_refs; i++) {
		struct person *p = person_of(b, r->refs[i].pid);

		if (!p)
			continue;
		find_threads(p);
		if (p->n_pollers)
			found = p->n_pollers == 1 && (!pid || pid == p->pid) ? p->pollers[0] : 0;
		pid = p->pid;
	}
	for (size_t i = 0; found > 0 && i < b->d->n_rings; i++)
		for (size_t k = 0; k < b->d->rings[i].n_refs; k++)
			rings += b->d->rings[i].refs[k].pid == pid;
	return rings > 1 ? 0 : found;
}

/* Returns the process that the SQPOLL thread belongs to, 0 if that cannot be told. */
static pid_t sqpoll(
	struct builder *b, struct arena *a, const struct found_ring *r, const struct fdinfo *f, struct snap_ring *out)
{
	struct snap_sqpoll *s = &out->sqpoll;
	int32_t tid = hidden_thread(b, r, f);
	struct proc_task t;
	int64_t tgid = 0;
	int dir, err;

	if (!tid) {
		snap_add_reason(a, out, "sqpoll",
			"this kernel does not name an SQPOLL thread that is awake (6.9 does); the process has such "
			"threads, which may be "
			"this ring's or another's");
		return 0;
	}
	s->known = true;
	s->active = tid > 0;
	if (!s->active)
		return 0;
	if (tid != f->sq_thread)
		snap_add_name(a, &out->inferred, "sqpoll");
	s->tid = snap((uint64_t)tid);
	if (f->sq_cpu >= 0)
		s->cpu = snap((uint64_t)f->sq_cpu);
	if (f->has_times) {
		s->total_us = snap(f->sq_total_us);
		s->work_us = snap(f->sq_work_us);
	} else {
		snap_add_reason(a, out, "sqpoll.total_us", "this kernel's fdinfo does not count it (6.9 does)");
	}
	snap_add_reason(a, out, "sqpoll.idle_ms", b->kernel_why);
	snap_add_reason(a, out, "sqpoll.pinned_cpu", b->kernel_why);
	/* the number may be of another pid namespace: only an io_uring thread is believed */
	dir = proc_open(tid);
	if (b->have_base && b->base.sq_thread.tgid)
		proc_dir_is(dir, b->base.sq_thread.tgid);
	err = dir < 0 || proc_task_read(a, dir, &t) ? errno : 0;
	if (!err && t.io_worker) {
		s->comm = t.comm;
		s->state = state_name(t.state);
		if (!s->cpu.known)
			s->cpu = snap((uint64_t)t.cpu);
		tgid = proc_status_number(a, dir, "Tgid");
	} else {
		snap_add_reason(a, out, "sqpoll.state",
			err == ETIMEDOUT ? "the process does not answer"
					 : "the thread is not to be seen from here (it has ended, or is in another pid "
					   "namespace)");
	}
	if (dir >= 0)
		close(dir);
	if (!b->o.brief && !b->have_base)
		shared_with(b, a, out);
	return tgid > 0 ? (pid_t)tgid : 0;
}

/* The io-wq workers of a process; they serve all rings of the thread that started them. */
static void workers(struct builder *b, struct arena *a, pid_t pid, struct snap_ring *out)
{
	struct person *p = person_of(b, pid);

	if (!p)
		return;
	find_threads(p);
	if (p->threads_err) {
		snap_add_reason(a, out, "workers",
			p->threads_err == ETIMEDOUT ? "the process does not answer" : "its threads could not be read");
		return;
	}
	out->workers.known = true;
	out->workers.n_tids = p->n_workers;
	out->workers.tids = arena_alloc(a, p->n_workers * sizeof(*p->workers));
	if (p->n_workers)
		memcpy(out->workers.tids, p->workers, p->n_workers * sizeof(*p->workers));
}

void build_people(
	struct builder *b, struct arena *a, const struct found_ring *r, const struct fdinfo *f, struct snap_ring *out)
{
	pid_t owner = 0;

	holders(b, a, r, out);
	if (!out->n_holders)
		return;
	if (f)
		owner = sqpoll(b, a, r, f, out);
	if (!owner && out->n_holders == 1)
		owner = (pid_t)out->holders[0].pid;
	if (owner)
		owner_is(b, a, owner, out);
	if (!out->owner.known) {
		snap_add_reason(a, out, "owner",
			r->n_registered || r->n_refs || r->n_maps
				? arena_printf(a,
					  "several processes hold the ring; which of them it is accounted to: %s",
					  b->kernel_why)
				: b->kernel_why);
		snap_add_reason(a, out, "holders.same_mm", "the owner is not known");
	}
	if (b->o.brief)
		return;
	if (out->owner.known && uses(b, SOURCE_PROC))
		workers(b, a, (pid_t)out->owner.pid.v, out);
	if (out->workers.known) {
		snap_add_reason(a, out, "workers.bounded", b->kernel_why);
		snap_add_reason(a, out, "workers.unbounded", b->kernel_why);
		snap_add_reason(a, out, "workers.threads", b->kernel_why);
	} else {
		snap_add_reason(a, out, "workers", uses(b, SOURCE_PROC) ? "the owner is not known" : not_asked);
	}
}
