/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every ring of the machine and who holds it: as the kernel sees it where we may ask, else as /proc shows it. */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

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
		for (size_t i = 0; i < r->n_users; i++)
			if (r->users[i].pid == pids[p])
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

		if (!s[i].tgid || s[i].how == SEEN_THREAD)
			continue; /* not in this pid namespace; or no ring and no address space */
		note_mm(d, cap, &s[i]);
		if (s[i].how == SEEN_USED || s[i].how == SEEN_MM || s[i].how == SEEN_BUSY ||
			(s[i].how == SEEN_FD && same_table(s, i)) || (s[i].how == SEEN_MAPPED && same_mapping(s, i)))
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

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

bool discovery_unmapped(const struct discovery *d, pid_t pid)
{
	return d->n_unmapped && bsearch(&pid, d->unmapped, d->n_unmapped, sizeof(pid), by_pid);
}

/* /proc shows the inode of what is mapped, not which ring of the kernel's that is: it is asked for, unless the ring was met. */
static void ask_map(const struct sightings *all, size_t n, size_t i, struct kernel *k)
{
	struct sighting *s = &all->v[i];
	struct seen seen;

	for (size_t m = 0; m < i; m++) {
		if (all->v[m].inode == s->inode && all->v[m].file && (m < n || all->v[m].ref.pid == s->ref.pid)) {
			s->file = all->v[m].file;
			s->ctx = all->v[m].ctx;
			return;
		}
	}
	if (kernel_map_at(k, s->map.tid, s->map.start, &seen) || seen.ino != s->inode)
		return;
	s->file = seen.file;
	s->ctx = seen.ctx;
}

/* One round. 0; -1: nothing is found this way. */
static int scan_kernel(struct discovery *d, struct sightings *out, struct uses *uses, struct kernel *k, bool proc)
{
	const struct seen *seen;
	const struct kernel_task *busy;
	size_t n, n_busy, cap = 0;
	int err = kernel_find(k, &seen, &n);

	if (err)
		return -1;
	take_seen(d, out, &cap, seen, n);
	uses_take(uses, seen, n);
	err = kernel_find_maps(k, &seen, &n, &busy, &n_busy);
	if (!err) {
		take_seen(d, out, &cap, seen, n);
		uses_take(uses, seen, n);
		d->unmapped = arena_alloc(&d->arena, (n_busy + 1) * sizeof(*d->unmapped));
		d->n_unmapped = n_busy;
		for (size_t i = 0; i < n_busy; i++)
			d->unmapped[i] = busy[i].pid;
		if (n_busy)
			qsort(d->unmapped, n_busy, sizeof(*d->unmapped), by_pid);
	} else if (proc) {
		size_t before = out->n;

		scan_proc(out, d->anon_dev, false);
		for (size_t i = before; i < out->n; i++)
			ask_map(out, before, i, k);
	}
	if (d->n_mms)
		qsort(d->mms, d->n_mms, sizeof(*d->mms), by_mm_pid);
	return 0;
}

/* Rings are told apart by inode number if the first one's is not the one all anonymous inodes have. */
static void gather_all(struct discovery *d, struct sightings *all, ino_t anon_ino)
{
	d->shared_inode = all->n && all->v[0].ino == anon_ino;
	gather(d, all);
}

/*
 * All that the kernel shows, gathered. What nobody seems to hold takes a second round, in which everything is found anew: see
 * sighting.h. 0, or -1 if nothing is found this way.
 */
static int find_by_kernel(struct discovery *d, struct kernel *k, bool proc, ino_t anon_ino)
{
	struct sightings all = {0};
	struct uses first = {0}, second = {0};
	int err = scan_kernel(d, &all, &first, k, proc);

	if (!err)
		gather_all(d, &all, anon_ino);
	if (!err && hidden_any(d, &first)) {
		dev_t anon_dev = d->anon_dev;

		sightings_free(&all);
		discovery_free(d);
		d->anon_dev = anon_dev;
		err = scan_kernel(d, &all, &second, k, proc);
		if (!err) {
			gather_all(d, &all, anon_ino);
			hidden_add(d, k, &first, &second);
		}
	}
	uses_free(&first);
	uses_free(&second);
	sightings_free(&all);
	return err;
}

uint64_t discovery_mm(const struct discovery *d, pid_t pid)
{
	const struct task_mm key = {pid, 0}, *m;

	m = d->n_mms ? bsearch(&key, d->mms, d->n_mms, sizeof(*d->mms), by_mm_pid) : NULL;
	return m ? m->mm : 0;
}

static bool among(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Leaves out the threads of processes that were not asked for. */
static void want_threads(struct discovery *d, size_t n_pids, const pid_t *wanted, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n_threads; i++)
		if (!n_pids || among(d->threads[i].pid, wanted, n))
			d->threads[kept++] = d->threads[i];
	d->n_threads = kept;
}

/* A mapping may be all that shows a ring, so where they could not be read it has to be known. */
static void tell_unmapped(struct discovery *d, size_t *cap, size_t n_pids, const pid_t *wanted, size_t n)
{
	for (size_t i = 0; i < d->n_unmapped; i++)
		if (!n_pids || among(d->unmapped[i], wanted, n))
			add_skipped(d, cap,
				(struct skipped){d->unmapped[i],
					"its mappings could not be read: its mmap_lock is taken, and whoever waits for "
					"that cannot be interrupted",
					false});
}

int discover(struct discovery *d, const pid_t *pids, size_t n_pids, struct kernel *k, bool proc)
{
	struct sightings all = {0};
	size_t cap_skipped = 0, n_wanted = 0;
	ino_t anon_ino;
	pid_t *wanted;

	*d = (struct discovery){0};
	d->anon_dev = anon_device(&anon_ino);
	if (!k || kernel_why(k) || find_by_kernel(d, k, proc, anon_ino)) {
		/* without permission for the rest, descriptors and mappings are still what tells that there are rings */
		if (scan_proc(&all, d->anon_dev, true))
			return -1;
		gather_all(d, &all, anon_ino);
	} else {
		d->by_kernel = true;
	}
	wanted = arena_alloc(&d->arena, (n_pids + 1) * sizeof(*wanted));
	for (size_t i = 0; i < n_pids; i++) {
		const char *why = why_not(&d->arena, pids[i], &wanted[n_wanted]);

		if (why)
			add_skipped(d, &cap_skipped, (struct skipped){pids[i], why, true});
		else
			n_wanted++;
	}
	for (size_t i = 0; i < all.n_skipped && !d->by_kernel; i++) {
		struct skipped s = all.skipped[i];

		for (size_t w = 0; w < n_wanted; w++)
			s.named |= wanted[w] == s.pid;
		if (s.named || !n_pids)
			add_skipped(d, &cap_skipped, s);
	}
	d->unseen = d->by_kernel ? 0 : all.unseen;
	for (size_t i = 0; i < d->n_rings; i++)
		d->rings[i].wanted = !n_pids || held_by(&d->rings[i], wanted, n_wanted);
	want_threads(d, n_pids, wanted, n_wanted);
	tell_unmapped(d, &cap_skipped, n_pids, wanted, n_wanted);
	sightings_free(&all);
	return 0;
}

void discovery_free(struct discovery *d)
{
	arena_free(&d->arena);
	*d = (struct discovery){0};
}
