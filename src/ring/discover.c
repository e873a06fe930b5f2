/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every ring of the machine and who holds it: as the kernel sees it where we may ask, else as /proc shows it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "helpers.h"
#include "sighting.h"

static bool held_by(const struct found_ring *r, const pid_t *pids, size_t n)
{
	for (size_t p = 0; p < n; p++) {
		for (size_t i = 0; i < r->n_refs; i++)
			if (r->refs[i].pid == pids[p])
				return true;
		for (size_t i = 0; i < r->n_maps; i++)
			if (r->maps[i].pid == pids[p])
				return true;
		for (size_t i = 0; i < r->n_registered; i++)
			if (r->registered[i].pid == pids[p])
				return true;
	}
	return false;
}

/* Why a process that was named has nothing to show, NULL if it has; *process gets its id, which a thread's may not be. */
static const char *why_not(struct arena *a, pid_t pid, pid_t *process)
{
	struct proc_status st;
	struct proc_task t;
	int dir = proc_open(pid);
	const char *why = NULL;

	*process = pid;
	if (dir < 0)
		return errno == ENOENT || errno == ESRCH
			       ? "no such process (ps -e lists them)"
			       : arena_printf(a, "%s: /proc/%d could not be opened", strerrorname_np(errno), (int)pid);
	if (!proc_status(a, dir, &st)) {
		if (st.tgid > 0)
			*process = st.tgid;
		if (st.state == 'Z' && st.threads <= 1)
			why = "a zombie: its rings are gone (its parent has yet to wait for it)";
		else if (!st.has_mm && !proc_task_read(a, dir, &t) && t.kthread)
			why = "a kernel thread: it has no rings of its own (name the process that the ring belongs to)";
	} else if (errno != ETIMEDOUT) { /* of those whoever supervises says so */
		why = errno == ENOENT || errno == ESRCH
			      ? "no such process (it has just ended)"
			      : arena_printf(a, "%s: its state could not be read", strerrorname_np(errno));
	}
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

/* --- through the kernel --------------------------------------------------------------------------------------------- */

static int by_mm_pid(const void *a, const void *b)
{
	const struct task_mm *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void note_mm(struct discovery *d, size_t *cap, const struct seen *s)
{
	if (!s->tgid || !s->mm || (d->n_mms && d->mms[d->n_mms - 1].pid == s->tgid))
		return;
	d->mms = arena_grow(&d->arena, d->mms, d->n_mms, cap, sizeof(*d->mms));
	d->mms[d->n_mms++] = (struct task_mm){s->tgid, s->mm};
}

/*
 * Threads share their table of descriptors with their process, and are passed over then; but where the main thread has exited,
 * each of the others shows the same table.
 */
static bool same_table(const struct seen *s, size_t i)
{
	for (size_t k = i; s[i].tid != s[i].tgid && k-- > 0 && s[k].tgid == s[i].tgid && s[k].how == SEEN_FD;)
		if (s[k].files == s[i].files && s[k].at == s[i].at)
			return true;
	return false;
}

/* The same goes for their mappings. */
static bool same_mapping(const struct seen *s, size_t i)
{
	for (size_t k = i; s[i].tid != s[i].tgid && k-- > 0 && s[k].tgid == s[i].tgid && s[k].how == SEEN_MAPPED;)
		if (s[k].start == s[i].start)
			return true;
	return false;
}

static void take_seen(struct discovery *d, struct sightings *out, size_t *cap, const struct seen *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sighting *to;

		if (!s[i].tgid)
			continue; /* not in this pid namespace */
		note_mm(d, cap, &s[i]);
		if (s[i].how == SEEN_USED || (s[i].how == SEEN_FD && same_table(s, i)) ||
			(s[i].how == SEEN_MAPPED && same_mapping(s, i)))
			continue;
		to = sighting_add(out);
		*to = (struct sighting){.ino = s[i].ino, .inode = s[i].ino, .file = s[i].file, .ctx = s[i].ctx};
		to->ref = (struct ring_ref){s[i].tgid, s[i].tid, s[i].at};
		if (s[i].how == SEEN_MAPPED) {
			to->kind = SIGHTING_MAP;
			to->ref = (struct ring_ref){s[i].tgid, s[i].tgid, -1};
			to->map = (struct ring_mapping){s[i].tgid, s[i].tid, s[i].start, s[i].end,
				s[i].offset * (uint64_t)sysconf(_SC_PAGESIZE)};
		} else if (s[i].how == SEEN_REGISTERED) {
			to->kind = SIGHTING_REGISTERED;
		}
	}
}

uint64_t discovery_mm(const struct discovery *d, pid_t pid)
{
	const struct task_mm key = {pid, 0}, *m;

	m = d->n_mms ? bsearch(&key, d->mms, d->n_mms, sizeof(*d->mms), by_mm_pid) : NULL;
	return m ? m->mm : 0;
}

size_t mm_number(struct mm_numbers *m, uint64_t mm)
{
	for (size_t i = 0; i < m->room; i++) {
		uint64_t is = atomic_load(&m->mm[i]);

		if (is == mm || (!is && (atomic_compare_exchange_strong(&m->mm[i], &is, mm) || is == mm)))
			return i + 1;
	}
	return 0;
}

/* --- step by step --------------------------------------------------------------------------------------------------- */

/* All of it is in shared memory: what one helper has found, the next goes on with. */
struct search {
	struct arena arena;
	struct discovery d;
	struct kernel *k;
	bool proc;
	const pid_t *pids; /* that were named */
	size_t n_pids;
	struct sightings seen; /* by the kernel */
	pid_t *scan;	       /* that have to be looked through in /proc */
	size_t n_scan;
	bool scan_fds;
	int err; /* of /proc */
	struct sightings *scanned;
	bool complete;
};

/* What the kernel shows. False: nothing is found this way, and what was is taken back. */
static bool by_kernel(struct search *s)
{
	const struct seen *seen;
	size_t n, cap = 0;

	if (!s->k || kernel_why(s->k) || kernel_find(s->k, &seen, &n))
		return false;
	take_seen(&s->d, &s->seen, &cap, seen, n);
	if (!kernel_find_maps(s->k, &seen, &n))
		take_seen(&s->d, &s->seen, &cap, seen, n);
	else
		s->n_scan = s->proc;
	if (s->d.n_mms)
		qsort(s->d.mms, s->d.n_mms, sizeof(*s->d.mms), by_mm_pid);
	return true;
}

/* From all that was found to rings. */
static void conclude(struct search *s)
{
	struct discovery *d = &s->d;
	struct sightings all = {0};
	size_t cap_skipped = 0, n_wanted = 0;
	pid_t *wanted;
	ino_t anon_ino;

	d->anon_dev = anon_device(&anon_ino);
	sightings_join(&all, &s->seen);
	for (size_t i = 0; i < s->n_scan; i++)
		sightings_join(&all, &s->scanned[i]);
	wanted = arena_alloc(&d->arena, (s->n_pids + 1) * sizeof(*wanted));
	for (size_t i = 0; i < s->n_pids; i++) {
		const char *why = why_not(&d->arena, s->pids[i], &wanted[n_wanted]);

		if (why)
			add_skipped(d, &cap_skipped, (struct skipped){s->pids[i], why, true});
		else
			n_wanted++;
	}
	for (size_t i = 0; i < all.n_skipped && !d->by_kernel; i++) {
		struct skipped one = all.skipped[i];

		for (size_t w = 0; w < n_wanted; w++)
			one.named |= wanted[w] == one.pid;
		if (one.named || !s->n_pids)
			add_skipped(d, &cap_skipped, one);
	}
	d->unseen = d->by_kernel ? 0 : all.unseen;
	/* rings are told apart by inode number if the first one's is not the one all anonymous inodes have */
	d->shared_inode = all.n && all.v[0].ino == anon_ino;
	gather(d, &all);
	for (size_t i = 0; i < d->n_rings; i++)
		d->rings[i].wanted = !s->n_pids || held_by(&d->rings[i], wanted, n_wanted);
	d->numbers =
		arena_alloc(&d->arena, sizeof(*d->numbers) + (d->n_mms + d->n_rings + 1) * sizeof(d->numbers->mm[0]));
	d->numbers->room = d->n_mms + d->n_rings + 1;
	sightings_free(&all);
	s->complete = true;
}

/* Begins a step that was begun before, maybe. */
static void again(struct search *s)
{
	arena_free(&s->d.arena);
	s->d = (struct discovery){.arena = arena_shared()};
}

static void ask_kernel(void *ctx, size_t i)
{
	struct search *s = ctx;
	ino_t ino;

	(void)i;
	again(s);
	sightings_free(&s->seen);
	s->n_scan = 0;
	s->err = 0;
	s->d.anon_dev = anon_device(&ino);
	guard_begin(0, GUARD_FIND);
	s->d.by_kernel = by_kernel(s);
	guard_end();
	/* without permission for that, descriptors and mappings are still what tells that there are rings */
	s->scan_fds = !s->d.by_kernel;
	if (s->scan_fds || s->n_scan) {
		ssize_t n;

		guard_begin(0, GUARD_OTHER);
		n = scan_list(&s->arena, &s->scan);
		guard_end();
		s->n_scan = n > 0 ? (size_t)n : 0;
		s->err = n < 0 ? errno : 0;
	} else {
		conclude(s);
	}
}

static void look_through(void *ctx, size_t i)
{
	struct search *s = ctx;

	arena_free(&s->scanned[i].arena);
	s->scanned[i] = (struct sightings){.arena = arena_shared()};
	scan_process(&s->scanned[i], s->scan[i], s->d.anon_dev, s->scan_fds);
}

static void put_together(void *ctx, size_t i)
{
	struct search *s = ctx;

	(void)i;
	conclude(s);
}

/* One step, in a helper if there are any. 0 or -1 with errno. */
static int step(struct helpers *h, const struct helpers_job *job)
{
	for (size_t i = 0; !h && i < job->n; i++)
		job->item(job->ctx, i);
	return h ? helpers_run(h, job) : 0;
}

static int all_steps(struct search *s, struct helpers *h)
{
	enum { PIDS_A_HELPER = 32 };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (step(h, &(struct helpers_job){.n = 1, .ctx = s, .item = ask_kernel}))
		return -1;
	if (s->err || s->complete) {
		errno = s->err;
		return s->complete ? 0 : -1;
	}
	s->scanned = arena_alloc(&s->arena, s->n_scan * sizeof(*s->scanned));
	if (step(h, &(struct helpers_job){.n = s->n_scan,
			    .parallel = s->n_scan / PIDS_A_HELPER < (size_t)cpus ? (unsigned)(s->n_scan / PIDS_A_HELPER)
										 : (unsigned)cpus,
			    .ctx = s,
			    .item = look_through}) ||
		step(h, &(struct helpers_job){.n = 1, .ctx = s, .item = put_together}))
		return -1;
	errno = ETIMEDOUT;
	return s->complete ? 0 : -1;
}

int discover(struct discovery *d, struct helpers *h, const pid_t *pids, size_t n_pids, struct kernel *k, bool proc)
{
	struct arena a = h ? arena_shared() : (struct arena){0};
	struct search *s = arena_alloc(&a, sizeof(*s));
	int err;

	*s = (struct search){.arena = a, .k = k, .proc = proc, .pids = pids, .n_pids = n_pids};
	s->d.arena.shared = s->seen.arena.shared = a.shared;
	err = all_steps(s, h);
	*d = s->d;
	if (err)
		*d = (struct discovery){0};
	a = s->arena;
	sightings_free(&s->seen);
	for (size_t i = 0; s->scanned && i < s->n_scan; i++)
		arena_free(&s->scanned[i].arena);
	if (err) {
		int keep = errno;

		arena_free(&s->d.arena);
		errno = keep;
	}
	arena_free(&a);
	return err;
}

void discovery_free(struct discovery *d)
{
	arena_free(&d->arena);
	*d = (struct discovery){0};
}
