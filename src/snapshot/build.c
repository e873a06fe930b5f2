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

#include "guard.h"
#include "parts.h"
#include "kbtf.h"
#include "uapi.h"
#include "version.h"

const char not_asked[] = "the source that has it was not asked (--source)";

enum { MOST_PLACES = 1 << 20 };

struct builder *builder_new(const struct discovery *d, struct kernel *k, const struct build_options *o)
{
	struct builder *b = xrealloc(NULL, sizeof(*b));

	*b = (struct builder){.d = d, .o = *o};
	b->kernel_why = !(o->sources & SOURCE_KERNEL) ? not_asked : k ? kernel_why(k) : NULL;
	b->k = b->kernel_why ? NULL : k;
	if (!b->kernel_why)
		b->kernel_why = "the kernel source has not seen this ring";
	b->places_left = MOST_PLACES;
	b->sockets = sockets_new();
	b->sq_threads = xrealloc(NULL, (d->n_rings + 1) * sizeof(*b->sq_threads));
	memset(b->sq_threads, 0, (d->n_rings + 1) * sizeof(*b->sq_threads));
	return b;
}

void builder_prepare(const struct discovery *d, struct kernel *k, const struct build_options *o)
{
	/* what other rings take is loaded by whoever comes to them, and here the next time */
	enum { LOOKED_AT = 16 };
	size_t looked_at = 0;

	if (!k || kernel_why(k) || o->brief || !(o->sources & SOURCE_KERNEL))
		return;
	kernel_prepare_again(k);
	for (size_t i = 0; i < d->n_rings && looked_at < LOOKED_AT && !kernel_prepared(k); i++) {
		const struct found_ring *r = &d->rings[i];
		const struct ring_key key = {r->file, r->ctx, r->inode};
		struct ring_base base;

		if (!r->wanted || !r->ctx)
			continue;
		looked_at++;
		if (!kernel_ring(k, &key, &base))
			kernel_prepare(k, &base);
	}
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
	free(b->sqds);
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
	int64_t uid;

	if (!p || p->asked)
		return p;
	p->asked = true;
	p->comm = proc_comm(&p->arena, p->dir);
	p->err = p->comm ? 0 : errno;
	uid = proc_status_number(&p->arena, p->dir, "Uid");
	if (uid >= 0)
		p->uid = snap((uint64_t)uid);
	p->exe = proc_link(&p->arena, p->dir, "exe");
	return p;
}

static bool still_there(const struct person *p)
{
	bool there;

	if (guard_begin(proc_dir_pid(p->dir), GUARD_DIR))
		return false;
	there = !faccessat(p->dir, "stat", F_OK, 0);
	guard_end();
	return there;
}

int person_pidfd(struct person *p)
{
	if (p->pidfd < 0) {
		p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
		/* one thread's own table of descriptors: PIDFD_THREAD, which is O_EXCL, came with 6.9 */
		if (p->pidfd < 0 && errno != ESRCH)
			p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, O_EXCL);
		/* the directory tells whether the pid still means the same process */
		if (p->pidfd >= 0 && !still_there(p)) {
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

/* Seconds that one builder waits for locks of rings, all together. */
static const double most_rest = 0.05;

int read_fdinfo(struct builder *b, struct arena *a, const struct ring_ref *ref, struct fdinfo *f)
{
	/* a ring that is full in every way has less than 28 MB; names of registered files alone could make it gigabytes */
	enum { TRIES = 40, MOST = 32 << 20 };
	struct person *p = person_of(b, ref->tid);
	char path[32], *text;
	size_t len;

	if (!p) {
		errno = ESRCH;
		return -1;
	}
	/* a thread's own table is still the process's to answer for */
	proc_dir_is(p->dir, ref->pid);
	snprintf(path, sizeof(path), "fdinfo/%d", ref->fd);
	for (int i = 0; i < TRIES; i++) {
		struct arena_place before = arena_place(a);

		text = proc_read_most(a, p->dir, path, MOST, &len);
		if (!text) {
			/* what the last try has put there is given back */
			if (i)
				*f = (struct fdinfo){.sq_thread = -1, .sq_cpu = -1};
			return -1;
		}
		fdinfo_parse(a, text, len, f);
		if (!incomplete(f))
			return 0;
		/* a lock that is taken may be so for ever, and very many may be */
		if (i + 1 == TRIES || b->rested > most_rest)
			break;
		arena_back(a, before);
		nanosleep(&(struct timespec){0, 20000 + 5000 * i}, NULL);
		b->rested += (20000 + 5000 * i) / 1e9;
	}
	if (f->has_files || f->has_queues)
		return 0;
	errno = ENODATA;
	return -1;
}

const char *no_descriptor(const struct found_ring *r)
{
	return r->fds_unknown == ETIMEDOUT ? "a process that may have descriptors of the ring does not answer"
	       : r->fds_unknown
		       ? "EACCES: what descriptors of the ring there are is not to be seen (CAP_DAC_READ_SEARCH "
			 "lets you, "
			 "beside CAP_SYS_PTRACE)"
		       : "no descriptor of the ring is open";
}

static const char *why_no_fdinfo(const struct found_ring *r, int err)
{
	return !r->n_refs && r->fds_unknown ? no_descriptor(r)
	       : !r->n_refs		    ? "no descriptor of the ring is open, so it has no fdinfo"
	       : err == ENODATA		    ? "the ring's lock was taken each time fdinfo was read"
	       : err == ETIMEDOUT	    ? "the process does not answer"
	       : err == EFBIG		    ? "EFBIG: its fdinfo has more than 32 MiB"
	       : err == EACCES ? "EACCES: fdinfo of a process that you may not look into (CAP_SYS_PTRACE lets you)"
			       : "fdinfo could not be read";
}

/* The ring as the kernel has it now. False: the kernel says that it is gone. */
static bool read_base(struct builder *b, const struct found_ring *r)
{
	int err;

	b->key = (struct ring_key){r->file, r->ctx, r->inode};
	b->have_base = false;
	if (!b->k || !r->ctx)
		return true;
	err = kernel_ring(b->k, &b->key, &b->base);
	if (!err && !b->o.brief && kernel_prepare(b->k, &b->base))
		err = kernel_ring(b->k, &b->key, &b->base);
	b->have_base = !err;
	return err != -ESRCH;
}

static void held_by(struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	out->held_by = arena_alloc(a, r->n_held_by * sizeof(*out->held_by));
	for (size_t i = 0; i < r->n_held_by; i++)
		out->held_by[out->n_held_by++] = (struct snap_held){snap(r->held_by[i].ring), r->held_by[i].opcode,
			op_name(a, r->held_by[i].opcode), r->held_by[i].user_data};
}

/* One reading of everything. -1: the ring is gone. */
static int read_ring(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	const struct ring_ref *ref = NULL;
	struct fdinfo f;
	int err = ENOENT;

	*out = (struct snap_ring){.id = r->id, .brief = b->o.brief};
	if (!read_base(b, r))
		return -1;
	for (size_t i = 0; i < r->n_refs && !ref && uses(b, SOURCE_PROC); i++) {
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
	/* a process that could not be looked into may have a descriptor */
	out->hidden = r->n_refs ? SNAP_NO : b->d->by_kernel || !b->d->unseen ? SNAP_YES : SNAP_UNKNOWN;
	b->fdinfo_why = uses(b, SOURCE_PROC) ? why_no_fdinfo(r, err) : not_asked;
	build_people(b, a, r, ref ? &f : NULL, out);
	/* a request may be all that holds it */
	if (!out->n_holders && !r->n_held_by)
		return -1;
	build_queues(b, a, r, ref ? &f : NULL, ref, out);
	if (!ref)
		snap_add_reason(a, out, "sqpoll", b->fdinfo_why);
	if (!b->o.brief && ref) {
		build_registered(b, a, &f, out);
	} else if (!b->o.brief) {
		snap_add_reason(a, out, "registered", b->fdinfo_why);
		snap_add_reason(a, out, "inflight", b->fdinfo_why);
	}
	if (!b->o.brief)
		snap_add_reason(a, out, "restrictions", b->kernel_why);
	if (b->have_base)
		build_kernel(b, a, r, out);
	held_by(a, r, out);
	return 0;
}

int builder_ring(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out)
{
	int err = read_ring(b, a, r, out);

	/* two sources that disagree may only have looked at different moments */
	if (!err && out->n_disagreements)
		err = read_ring(b, a, r, out);
	return err;
}

void disagree(struct arena *a, struct snap_ring *r, const char *what, const char *proc, const char *kernel)
{
	struct snap_disagreement *more = arena_alloc(a, (r->n_disagreements + 1) * sizeof(*more));

	if (r->n_disagreements)
		memcpy(more, r->disagreements, r->n_disagreements * sizeof(*more));
	more[r->n_disagreements++] = (struct snap_disagreement){what, proc, kernel};
	r->disagreements = more;
}

const char *op_name(struct arena *a, unsigned opcode)
{
	const struct uapi_op *op = uapi_op(opcode);
	const char *name = op ? op->name : kbtf_op_name(opcode);

	return name ? name : arena_printf(a, "OP_%u", opcode);
}

void build_head(const struct builder *b, struct arena *a, struct snap_head *h)
{
	struct timespec now;
	struct utsname u;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	*h = (struct snap_head){.tool = "uringctl " VERSION, .btf = kbtf_present()};
	h->proc = uses(b, SOURCE_PROC);
	h->memory = uses(b, SOURCE_MEMORY);
	h->kernel = b->k != NULL;
	h->kernel_why = b->k || !uses(b, SOURCE_KERNEL) ? NULL : b->kernel_why;
	h->time = arena_printf(a, "%s.%06ldZ", date, now.tv_nsec / 1000);
	h->release = uname(&u) ? NULL : arena_strdup(a, u.release);
}
