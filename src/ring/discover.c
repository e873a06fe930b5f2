/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every ring of the machine and who holds it: as the kernel sees it where we may ask, else as /proc shows it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "helpers.h"
#include "sighting.h"

struct pids {
	const pid_t *v;
	size_t n;
};

static bool is_among(void *ctx, pid_t pid, pid_t tid)
{
	const struct pids *p = ctx;

	(void)tid;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == pid)
			return true;
	return false;
}

/* /proc has nothing of a process: it has ended, or is there and not to be seen. */
static const char *absent(pid_t pid, const char *ended)
{
	return kill(pid, 0) && errno == ESRCH
		       ? ended
		       : "/proc does not show it (mounted with hidepid, or of another pid namespace)";
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
			       ? absent(pid, "no such process (ps -e lists them)")
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
			      ? absent(pid, "no such process (it has just ended)")
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
	size_t rings = 0;

	for (size_t i = 0; i < n; i++)
		rings += s[i].ctx != 0;
	sightings_reserve(out, rings);
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
	return d->maps_unread || (d->n_unmapped && bsearch(&pid, d->unmapped, d->n_unmapped, sizeof(pid), by_pid));
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
	ino_t anon_ino;
	struct sightings seen; /* by the kernel */
	/* of the kernel's rounds; there is a second one where something seems to be hidden, see sighting.h */
	struct uses first, second;
	bool twice;
	bool gathered; /* the rings of the kernel's round are, and nothing has been seen since */
	/* what has to be looked through in /proc: everybody, or those whose mappings were not to be had from the kernel */
	struct scanned {
		pid_t pid;
		struct sightings seen;
		bool mappings; /* could be read */
	} * scan;
	size_t n_scan;
	bool scan_fds;
	int err; /* of /proc */
	bool complete;
};

/* A part of it that is begun, maybe not for the first time. */
static void discovery_again(struct search *s)
{
	struct arena a = {.shared = s->arena.shared};

	arena_free(&s->d.arena);
	s->d = (struct discovery){.arena = a, .anon_dev = s->d.anon_dev};
	s->gathered = false;
}

/* What of the sightings is gathered is changed by that, so they are copied. */
static void gather_all(struct search *s, bool scanned)
{
	struct sightings all = {0};
	size_t by_kernel;

	sightings_join(&all, &s->seen);
	by_kernel = all.n;
	for (size_t i = 0; scanned && i < s->n_scan; i++)
		sightings_join(&all, &s->scan[i].seen);
	for (size_t i = by_kernel; !s->scan_fds && i < all.n; i++)
		ask_map(&all, by_kernel, i, s->k);
	/* rings are told apart by inode number if the first one's is not the one all anonymous inodes have */
	s->d.shared_inode = all.n && all.v[0].ino == s->anon_ino;
	gather(&s->d, &all);
	sightings_free(&all);
}

/* Notes whom to look through, all of them if pids is NULL. */
static void scan_later(struct search *s, const struct kernel_task *some, size_t n)
{
	pid_t *pids = NULL;
	ssize_t all = 0;

	if (!some) {
		guard_begin(0, GUARD_OTHER);
		all = scan_list(&s->arena, &pids);
		guard_end();
		s->err = all < 0 ? errno : 0;
		n = all > 0 ? (size_t)all : 0;
	}
	s->scan = arena_alloc(&s->arena, (n + 1) * sizeof(*s->scan));
	for (s->n_scan = 0; s->n_scan < n; s->n_scan++)
		s->scan[s->n_scan].pid = some ? some[s->n_scan].pid : pids[s->n_scan];
}

/* One round. False: nothing is found this way. */
static bool round_of_kernel(struct search *s, struct uses *uses)
{
	const struct kernel_task *busy;
	const struct seen *seen;
	size_t n, n_busy, cap = 0;

	discovery_again(s);
	sightings_free(&s->seen);
	uses_free(uses);
	s->n_scan = 0;
	if (kernel_find(s->k, &seen, &n))
		return false;
	take_seen(&s->d, &s->seen, &cap, seen, n);
	uses_take(uses, seen, n);
	if (!kernel_find_maps(s->k, &seen, &n, &busy, &n_busy)) {
		take_seen(&s->d, &s->seen, &cap, seen, n);
		uses_take(uses, seen, n);
		if (n_busy && s->proc)
			scan_later(s, busy, n_busy);
		s->d.maps_unread = n_busy && !s->proc;
	} else if (s->proc) {
		scan_later(s, NULL, 0);
	} else {
		s->d.maps_unread = true;
	}
	if (s->d.n_mms)
		qsort(s->d.mms, s->d.n_mms, sizeof(*s->d.mms), by_mm_pid);
	return true;
}

/* What the kernel shows. What nobody seems to hold takes a second round, in which everything is found anew. */
static bool by_kernel(struct search *s)
{
	s->twice = false;
	if (!s->k || kernel_why(s->k) || !round_of_kernel(s, &s->first))
		return false;
	gather_all(s, false);
	s->gathered = true;
	s->twice = hidden_any(&s->d, &s->first);
	if (s->twice)
		return round_of_kernel(s, &s->second);
	return true;
}

/* Mappings that nobody could read, by pid. */
static void note_unmapped(struct search *s)
{
	struct discovery *d = &s->d;

	d->unmapped = arena_alloc(&d->arena, (s->n_scan + 1) * sizeof(*d->unmapped));
	for (size_t i = 0; i < s->n_scan; i++)
		if (!s->scan[i].mappings)
			d->unmapped[d->n_unmapped++] = s->scan[i].pid;
	if (d->n_unmapped)
		qsort(d->unmapped, d->n_unmapped, sizeof(*d->unmapped), by_pid);
}

/* What a request of a ring that is wanted holds is wanted, too, and so on. */
static void want_held(struct discovery *d)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < d->n_rings; i++)
			for (size_t k = 0; k < d->rings[i].n_held_by && !d->rings[i].wanted; k++)
				for (size_t j = 0; j < d->n_rings && !d->rings[i].wanted; j++)
					if (d->rings[j].wanted && d->rings[j].id == d->rings[i].held_by[k].ring)
						more = d->rings[i].wanted = true;
	}
}

/* Which were asked for, and of whom there is nothing. */
static void choose(struct search *s)
{
	struct discovery *d = &s->d;
	pid_t *wanted = arena_alloc(&d->arena, (s->n_pids + 1) * sizeof(*wanted));
	size_t cap = 0, n = 0;

	d->asked = arena_alloc(&d->arena, (s->n_pids + 1) * sizeof(*d->asked));
	for (size_t i = 0; i < s->n_pids; i++) {
		const char *why = why_not(&d->arena, s->pids[i], &wanted[n]);

		d->asked[i] = why ? 0 : wanted[n];
		if (why)
			add_skipped(d, &cap, (struct skipped){s->pids[i], why, true});
		else
			n++;
	}
	for (size_t i = 0; i < s->n_scan && !d->by_kernel; i++) {
		for (size_t k = 0; k < s->scan[i].seen.n_skipped; k++) {
			struct skipped one = s->scan[i].seen.skipped[k];

			one.named = among(one.pid, wanted, n);
			if (one.named || !s->n_pids)
				add_skipped(d, &cap, one);
		}
		d->unseen += s->scan[i].seen.unseen;
	}
	for (size_t i = 0; i < d->n_rings; i++)
		d->rings[i].wanted = !s->n_pids || ring_any_process(&d->rings[i], is_among, &(struct pids){wanted, n});
	want_held(d);
	want_threads(d, s->n_pids, wanted, n);
}

/* From all that was found to rings. */
static void conclude(struct search *s)
{
	struct discovery *d = &s->d;

	/* the address spaces are the only part that is not made anew, and the rings where nothing came after them */
	d->skipped = NULL;
	d->threads = NULL;
	d->unmapped = NULL;
	d->n_skipped = d->n_threads = d->n_unmapped = d->unseen = 0;
	if (!s->gathered || s->n_scan) {
		d->rings = NULL;
		d->n_rings = 0;
		gather_all(s, true);
	}
	if (s->twice)
		hidden_add(d, s->k, &s->first, &s->second);
	note_unmapped(s);
	choose(s);
	d->numbers =
		arena_alloc(&d->arena, sizeof(*d->numbers) + (d->n_mms + d->n_rings + 1) * sizeof(d->numbers->mm[0]));
	d->numbers->room = d->n_mms + d->n_rings + 1;
	s->complete = true;
}

static void without_kernel(void *ctx, size_t i)
{
	struct search *s = ctx;

	(void)i;
	discovery_again(s);
	sightings_free(&s->seen);
	s->twice = false;
	s->scan_fds = true;
	scan_later(s, NULL, 0);
}

static void ask_kernel(void *ctx, size_t i)
{
	struct search *s = ctx;

	(void)i;
	s->err = 0;
	s->d.anon_dev = anon_device(&s->anon_ino);
	s->d.by_kernel = false;
	/* a file that is being released there may keep whoever looks */
	if (!guard_begin(GUARD_KERNEL, GUARD_FIND)) {
		s->d.by_kernel = by_kernel(s);
		guard_end();
	}
	s->scan_fds = !s->d.by_kernel;
	/* without permission for that, descriptors and mappings are still what tells that there are rings */
	if (s->scan_fds)
		without_kernel(s, 0);
	if (!s->n_scan && !s->err)
		conclude(s);
}

static void look_through(void *ctx, size_t i)
{
	struct search *s = ctx;
	struct scanned *one = &s->scan[i];

	one->seen.arena.shared = s->arena.shared;
	sightings_free(&one->seen);
	one->mappings = scan_process(&one->seen, one->pid, s->d.anon_dev, s->scan_fds);
}

static bool looked_through(void *ctx, size_t i, enum helpers_end end)
{
	struct search *s = ctx;
	struct sightings *seen = &s->scan[i].seen;

	if (end == HELPERS_DONE)
		return true;
	sightings_free(seen);
	seen->skipped = arena_grow(&seen->arena, NULL, 0, &seen->cap_skipped, sizeof(*seen->skipped));
	seen->skipped[seen->n_skipped++] = (struct skipped){
		s->scan[i].pid, "each helper process that looked into it ended midway, or stood still", false};
	seen->unseen++;
	s->scan[i].mappings = false;
	return true;
}

static void put_together(void *ctx, size_t i)
{
	(void)i;
	conclude(ctx);
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
	size_t parallel;

	if (step(h, &(struct helpers_job){.n = 1, .ctx = s, .item = ask_kernel}))
		return -1;
	/* what the kernel shows did not come to an end: a file was released there that keeps whoever does it */
	if (!s->err && !s->complete && !s->n_scan &&
		step(h, &(struct helpers_job){.n = 1, .ctx = s, .item = without_kernel}))
		return -1;
	if (s->err || s->complete) {
		errno = s->err;
		return s->complete ? 0 : -1;
	}
	parallel = s->n_scan / PIDS_A_HELPER;
	if (cpus > 0 && parallel > (size_t)cpus)
		parallel = (size_t)cpus;
	if (step(h, &(struct helpers_job){.n = s->n_scan,
			    .parallel = (unsigned)parallel,
			    .ctx = s,
			    .item = look_through,
			    .taken = looked_through}) ||
		step(h, &(struct helpers_job){.n = 1, .ctx = s, .item = put_together}))
		return -1;
	errno = ETIMEDOUT;
	return s->complete ? 0 : -1;
}

int discover(struct discovery *d, struct helpers *h, const pid_t *pids, size_t n_pids, struct kernel *k, bool proc)
{
	struct arena a = h ? arena_shared() : (struct arena){0};
	struct search *s = arena_alloc(&a, sizeof(*s));
	int err, keep;

	*s = (struct search){.arena = a, .k = k, .proc = proc, .pids = pids, .n_pids = n_pids};
	s->d.arena.shared = s->seen.arena.shared = s->first.arena.shared = s->second.arena.shared = a.shared;
	err = all_steps(s, h);
	keep = errno;
	*d = err ? (struct discovery){0} : s->d;
	if (err)
		arena_free(&s->d.arena);
	sightings_free(&s->seen);
	uses_free(&s->first);
	uses_free(&s->second);
	for (size_t i = 0; i < s->n_scan; i++)
		sightings_free(&s->scan[i].seen);
	a = s->arena; /* s itself lives in it */
	arena_free(&a);
	errno = keep;
	return err;
}

void discovery_free(struct discovery *d)
{
	arena_free(&d->arena);
	*d = (struct discovery){0};
}
