/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel source: asks the BPF programs, step by step. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "kbtf.h"
#include "kernel.h"
#include "pool.h"
#include "programs.h"

enum {
	/* no honest list takes more steps than this */
	MOST_STEPS = 100000,
	/* how often mappings whose lock is taken are tried again, of how many processes, and how long after each other */
	LOCK_TRIES = 3,
	MOST_TRIED = 256,
	LOCK_REST_US = 1000,
};

/*
 * Programs are loaded in sets, each when something of it is needed first: to load is to have them verified, which takes longer
 * than to run them.
 */
enum set { SET_FIND, SET_WORK, SET_REGISTERED, SET_REFS, SET_MAP_AT, SETS };

static const struct program {
	const char *name;
	unsigned sets;
	unsigned since, before; /* kernel releases; 0: any. 6.18 is 618 */
} all_programs[] = {
	{"learn", 1 << SET_FIND, 0, 0},
	{"find_files", 1 << SET_FIND, 0, 0},
	{"find_tasks", 1 << SET_FIND, 0, 0},
	{"find_maps", 1 << SET_FIND, 0, 0},
	{"find_map_at", 1 << SET_MAP_AT, 0, 0},
	{"walk_ring", 1 << SET_FIND, 0, 0},
	{"walk_users", 1 << SET_FIND, 0, 0},
	{"walk_free", 1 << SET_FIND, 519, 0},
	{"walk_requests", 1 << SET_WORK, 0, 0},
	{"walk_workers", 1 << SET_WORK, 0, 0},
	{"walk_fds", 1 << SET_WORK, 0, 0},
	{"walk_names", 1 << SET_WORK | 1 << SET_REGISTERED, 0, 0},
	{"walk_files", 1 << SET_REGISTERED, 0, 0},
	{"walk_buffers", 1 << SET_REGISTERED, 0, 0},
	{"walk_groups", 1 << SET_REGISTERED, 0, 0},
	{"walk_low_groups", 1 << SET_REGISTERED, 519, 611},
	{"walk_personalities", 1 << SET_REGISTERED, 0, 0},
	{"walk_zcrx", 1 << SET_REGISTERED, 615, 0},
	{"walk_napi", 1 << SET_REGISTERED, 609, 0},
	{"walk_overflow", 1 << SET_REGISTERED, 0, 0},
	{"walk_memory", 1 << SET_REGISTERED, 0, 0},
	{"walk_refs", 1 << SET_REFS, 0, 616},
};
enum { PROGRAMS = sizeof(all_programs) / sizeof(all_programs[0]) };

/* What helper processes have in common, in shared memory. */
struct shared {
	pthread_mutex_t steps;	 /* they share the programs, and what these write to */
	_Atomic uint32_t loaded; /* the sets that one of them had to load for itself: a bit each */
};

struct kernel {
	struct {
		struct programs p;
		bool tried;
		int err;
	} set[SETS];
	uint64_t ring_fops;
	unsigned release; /* 5.10 is 510, 6.18 is 618 */
	const char *why;
	char why_text[256];
	struct seen *seen;
	size_t n_seen, cap_seen;
	struct kernel_task *busy;
	size_t n_busy, cap_busy;
	struct exchange mine;  /* what this process asks, and what was answered */
	struct shared *shared; /* NULL: there are no helper processes */
	size_t shared_size;
};

static const struct walk {
	const char *name;
	enum set set;
	size_t size; /* of a record */
} walk_table[WALKS] = {
	[WALK_FILES] = {"walk_files", SET_REGISTERED, sizeof(struct rec_file)},
	[WALK_BUFFERS] = {"walk_buffers", SET_REGISTERED, sizeof(struct rec_buffer)},
	[WALK_GROUPS] = {"walk_groups", SET_REGISTERED, sizeof(struct rec_group)},
	[WALK_LOW_GROUPS] = {"walk_low_groups", SET_REGISTERED, sizeof(struct rec_group)},
	[WALK_PERSONALITIES] = {"walk_personalities", SET_REGISTERED, sizeof(struct rec_personality)},
	[WALK_ZCRX] = {"walk_zcrx", SET_REGISTERED, sizeof(struct rec_zcrx)},
	[WALK_NAPI] = {"walk_napi", SET_REGISTERED, sizeof(struct rec_napi)},
	[WALK_OVERFLOW] = {"walk_overflow", SET_REGISTERED, sizeof(struct rec_overflow)},
	[WALK_USERS] = {"walk_users", SET_FIND, sizeof(struct rec_user)},
	[WALK_WORKERS] = {"walk_workers", SET_WORK, sizeof(struct rec_worker)},
	[WALK_REQUESTS] = {"walk_requests", SET_WORK, sizeof(struct rec_request)},
	[WALK_FDS] = {"walk_fds", SET_WORK, sizeof(struct rec_file)},
};

static unsigned release(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (!uname(&u))
		sscanf(u.release, "%u.%u", &major, &minor);
	return major * 100 + (minor > 99 ? 99 : minor);
}

/* --- why not -------------------------------------------------------------------------------------------------------- */

static bool have_cap(const struct __user_cap_data_struct *caps, unsigned cap)
{
	return caps[cap / 32].effective & 1u << cap % 32;
}

/* Which of the capabilities that it takes are missing? */
static const char *missing_caps(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};
	bool bpf, perfmon;

	if (syscall(SYS_capget, &h, d) || have_cap(d, CAP_SYS_ADMIN))
		return NULL;
	bpf = have_cap(d, CAP_BPF);
	perfmon = have_cap(d, CAP_PERFMON);
	return !bpf && !perfmon ? "CAP_BPF and CAP_PERFMON" : !bpf ? "CAP_BPF" : !perfmon ? "CAP_PERFMON" : NULL;
}

/* A file's first line, without the line's end. */
static bool first_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(out, (int)size, f);

	if (f)
		fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

static const char *why_not(struct kernel *k, int err)
{
	const char *caps = missing_caps();
	char text[128];

	if (!kbtf_present())
		return "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), by which BPF programs find their way";
	if ((err == -EPERM || err == -EACCES) && caps) {
		snprintf(k->why_text, sizeof(k->why_text), "EPERM: reading the kernel by BPF takes %s", caps);
		return k->why_text;
	}
	if (first_line("/sys/kernel/security/lockdown", text, sizeof(text)) && strstr(text, "[confidentiality]"))
		return "the kernel is locked down ([confidentiality]): nobody may read it by BPF";
	if (first_line("/proc/self/uid_map", text, sizeof(text)) && (err == -EPERM || err == -EACCES) &&
		!strstr(text, "4294967295"))
		return "EPERM: in this user namespace capabilities do not reach the kernel's BPF (CAP_BPF and "
		       "CAP_PERFMON "
		       "of the machine itself do)";
	if (err == -ENOSYS)
		return "this kernel has no BPF (CONFIG_BPF_SYSCALL)";
	snprintf(k->why_text, sizeof(k->why_text), "%s: the kernel would not load the BPF programs",
		strerrorname_np(-err) ? strerrorname_np(-err) : "?");
	return k->why_text;
}

const char *kernel_why_not(struct arena *a)
{
	const char *caps = missing_caps();
	struct kernel k = {0};
	const char *why;

	if (kbtf_present() && !caps)
		return NULL;
	why = why_not(&k, -EPERM);
	return why == k.why_text ? arena_strdup(a, why) : why;
}

/* --- sharing with helper processes ---------------------------------------------------------------------------------- */

static void share(struct kernel *k)
{
	pthread_mutexattr_t a;

	k->shared_size = sizeof(*k->shared);
	k->shared = pool_is_open() ? pool_take(&k->shared_size) : NULL;
	if (!k->shared)
		return;
	memset(k->shared, 0, sizeof(*k->shared));
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&k->shared->steps, &a);
	pthread_mutexattr_destroy(&a);
}

/* Nothing that waits is done under it, so whoever has it for long is stopped. False: it is not to be had. */
static bool lock(struct kernel *k)
{
	enum { PATIENCE = 1 };
	struct timespec until;
	int err;

	if (!k->shared)
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	err = pthread_mutex_timedlock(&k->shared->steps, &until);
	/* a helper was killed during a step, of which nothing is left */
	if (err == EOWNERDEAD)
		err = pthread_mutex_consistent(&k->shared->steps);
	return !err;
}

static void unlock(struct kernel *k)
{
	if (k->shared)
		pthread_mutex_unlock(&k->shared->steps);
}

/* A step of a walk: what stands in k->mine is asked, and the answer stands there, with bytes of it at least. */
static int step(struct kernel *k, struct programs *p, const char *name, size_t bytes)
{
	struct exchange *x = programs_exchange(p);
	int status;

	if (!lock(k))
		return -EAGAIN;
	memcpy(x, &k->mine, offsetof(struct exchange, out));
	status = programs_step(p, name);
	bytes = x->len > bytes ? x->len : bytes;
	memcpy(&k->mine, x, offsetof(struct exchange, out) + (bytes < OUT_SIZE ? bytes : OUT_SIZE));
	unlock(k);
	return status;
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

static bool possible(const struct kernel *k, const char *name)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		if (!strcmp(all_programs[i].name, name))
			return k->release >= all_programs[i].since &&
			       (!all_programs[i].before || k->release < all_programs[i].before);
	return false;
}

/* The programs of a set, loaded if they are not yet; NULL: they cannot be. */
static struct programs *set_of(struct kernel *k, enum set set)
{
	const char *names[PROGRAMS + 1];
	size_t n = 0;

	if (k->set[set].tried)
		return k->set[set].err ? NULL : &k->set[set].p;
	k->set[set].tried = true;
	/* what a kernel cannot have need not be loaded */
	for (size_t i = 0; i < PROGRAMS; i++)
		if (all_programs[i].sets & 1u << set && possible(k, all_programs[i].name))
			names[n++] = all_programs[i].name;
	names[n] = NULL;
	if (k->shared)
		atomic_fetch_or(&k->shared->loaded, 1u << set);
	k->set[set].err = n ? programs_load(&k->set[set].p, names) : -EOPNOTSUPP;
	if (!k->set[set].err)
		programs_fops(&k->set[set].p, k->ring_fops);
	return k->set[set].err ? NULL : &k->set[set].p;
}

/*
 * Learns what makes a file a ring, from a ring of our own that lives for this call. Its name would not do, which any other
 * anonymous inode may have; nor the address of a function, which takes another capability to read.
 */
static int learn(struct kernel *k)
{
	struct programs *p = &k->set[SET_FIND].p;
	struct io_uring_params params = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params), err;

	if (fd < 0)
		return -errno;
	programs_exchange(p)->key[0] = (uint64_t)fd;
	err = programs_step(p, "learn");
	k->ring_fops = programs_exchange(p)->key[1];
	close(fd);
	return err < 0 ? err : k->ring_fops ? 0 : -ENOENT;
}

uint32_t kernel_features(void)
{
	struct io_uring_params params = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? 0 : params.features;
}

struct kernel *kernel_open(void)
{
	struct kernel *k = xrealloc(NULL, sizeof(*k));
	int err, learnt = 0;

	memset(k, 0, sizeof(*k));
	k->release = release();
	share(k);
	if (!kbtf_present())
		err = -ENOENT;
	else if (missing_caps())
		err = -EPERM; /* the kernel would say so too, after all has been made ready */
	else if (set_of(k, SET_FIND))
		err = learnt = learn(k);
	else
		err = k->set[SET_FIND].err;
	if (learnt == -EPERM || learnt == -ENOSYS)
		k->why = "EPERM: io_uring is forbidden here (kernel.io_uring_disabled, or seccomp), and what makes a "
			 "file a "
			 "ring is learnt from a ring of our own";
	else if (err)
		k->why = why_not(k, err);
	return k;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	for (int i = 0; i < SETS; i++)
		if (k->set[i].tried && !k->set[i].err)
			programs_free(&k->set[i].p);
	if (k->shared)
		pool_give(k->shared, k->shared_size);
	free(k->seen);
	free(k->busy);
	free(k);
}

const char *kernel_why(const struct kernel *k)
{
	return k->why;
}

/* --- finding -------------------------------------------------------------------------------------------------------- */

static struct exchange *ask(struct programs *p, const struct ring_key *key)
{
	struct exchange *x = programs_exchange(p);

	memset(x, 0, offsetof(struct exchange, out));
	x->file = key->file;
	x->ctx = key->ctx;
	x->ino = key->ino;
	return x;
}

/* Room for as many more. */
static void room_for(struct kernel *k, size_t n)
{
	if (k->cap_seen - k->n_seen < n) {
		k->cap_seen = k->cap_seen * 2 + n;
		k->seen = xrealloc(k->seen, k->cap_seen * sizeof(*k->seen));
	}
}

/* The same for a walk, whose steps are another process's turn now and then. */
static struct exchange *begin(struct kernel *k, const struct ring_key *key)
{
	struct exchange *x = &k->mine;

	memset(x, 0, offsetof(struct exchange, out));
	x->file = key->file;
	x->ctx = key->ctx;
	x->ino = key->ino;
	return x;
}

/* What a step has found that went through the exchange. */
static void take_step(struct kernel *k)
{
	const struct exchange *x = programs_exchange(&k->set[SET_FIND].p);
	size_t n = x->len / sizeof(struct seen);

	if (x->len > OUT_SIZE)
		return;
	room_for(k, n);
	memcpy(k->seen + k->n_seen, x->out, n * sizeof(struct seen));
	k->n_seen += n;
}

/*
 * Reads an iterator to its end. How many steps that takes is not bounded here: each program ends with a task when it has met more
 * than the task can have. What does not fit into the kernel's buffer is written again at the next read (bpf_seq_read); a record that
 * would never fit is an error, -E2BIG.
 */
static int read_all(struct kernel *k, int fd)
{
	enum { CHUNK = 1 << 16 };
	ssize_t got = 0;

	for (;;) {
		room_for(k, CHUNK / sizeof(struct seen));
		programs_exchange(&k->set[SET_FIND].p)->len = 0;
		got = read(fd, k->seen + k->n_seen, CHUNK / sizeof(struct seen) * sizeof(struct seen));
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (!got)
			return 0;
		if (got > 0)
			k->n_seen += (size_t)got / sizeof(struct seen);
		/* a step's records are here, also where others' came with them */
		room_for(k, OUT_SIZE / sizeof(struct seen));
		take_step(k);
	}
}

static int collect(struct kernel *k, const char *name)
{
	struct programs *p = &k->set[SET_FIND].p;
	int fd = programs_iter(p, name, true);

	if (fd < 0)
		return fd == -ENOEXEC ? -EOPNOTSUPP : fd;
	ask(p, &(struct ring_key){0});
	fd = read_all(k, fd);
	return fd ? fd : programs_exchange(p)->status == WALK_NONE ? -EOPNOTSUPP : 0;
}

int kernel_find(struct kernel *k, const struct seen **seen, size_t *n)
{
	int err;

	if (k->why)
		return -EPERM;
	k->n_seen = 0;
	err = collect(k, "find_files");
	if (!err)
		err = collect(k, "find_tasks");
	*seen = k->seen;
	*n = k->n_seen;
	return err;
}

static bool is_busy(const struct kernel *k, pid_t tid)
{
	for (size_t i = 0; i < k->n_busy; i++)
		if (k->busy[i].tid == tid)
			return true;
	return false;
}

/* Moves the tasks whose mappings could not be read out of what was found, and what was found of them goes with it. */
static void set_apart(struct kernel *k)
{
	size_t kept = 0;

	k->n_busy = 0;
	for (size_t i = 0; i < k->n_seen; i++) {
		if (k->seen[i].how != SEEN_BUSY || !k->seen[i].tid)
			continue;
		if (k->n_busy == k->cap_busy) {
			k->cap_busy = k->cap_busy * 2 + 16;
			k->busy = xrealloc(k->busy, k->cap_busy * sizeof(*k->busy));
		}
		k->busy[k->n_busy++] = (struct kernel_task){k->seen[i].tgid, k->seen[i].tid};
	}
	for (size_t i = 0; i < k->n_seen && k->n_busy; i++)
		if (!is_busy(k, k->seen[i].tid))
			k->seen[kept++] = k->seen[i];
	k->n_seen = k->n_busy ? kept : k->n_seen;
}

/* One task's mappings again. False: still not. */
static bool read_again(struct kernel *k, pid_t tid)
{
	struct programs *p = &k->set[SET_FIND].p;
	size_t before = k->n_seen;
	int fd = programs_iter_of(p, "find_maps", tid), err;

	if (fd < 0)
		return fd == -ESRCH;
	ask(p, &(struct ring_key){0});
	err = read_all(k, fd);
	close(fd);
	/* the program did not get to see it: it has ended, or cannot be told apart this way */
	if (programs_exchange(p)->status == WALK_UNTOUCHED)
		return kill(tid, 0) && errno == ESRCH;
	for (size_t i = before; i < k->n_seen; i++)
		err |= k->seen[i].how == SEEN_BUSY;
	if (err)
		k->n_seen = before;
	return !err;
}

/* A process that gets on holds the lock for microseconds: it is asked again, after all the others. */
static void try_again(struct kernel *k)
{
	for (int tries = 0; tries < LOCK_TRIES && k->n_busy; tries++) {
		size_t left = 0;

		usleep(LOCK_REST_US);
		for (size_t i = 0; i < k->n_busy; i++)
			if (i >= MOST_TRIED || !read_again(k, k->busy[i].tid))
				k->busy[left++] = k->busy[i];
		k->n_busy = left;
	}
}

int kernel_find_maps(
	struct kernel *k, const struct seen **seen, size_t *n, const struct kernel_task **busy, size_t *n_busy)
{
	int err = k->why ? -EPERM : 0;

	k->n_seen = k->n_busy = 0;
	if (!err)
		err = collect(k, "find_maps");
	if (!err) {
		set_apart(k);
		try_again(k);
	}
	*seen = k->seen;
	*n = k->n_seen;
	*busy = k->busy;
	*n_busy = k->n_busy;
	return err;
}

int kernel_map_at(struct kernel *k, pid_t tid, uint64_t address, struct seen *seen)
{
	struct programs *p = k->why ? NULL : set_of(k, SET_MAP_AT);
	int fd = p ? programs_iter_of(p, "find_map_at", tid) : -EOPNOTSUPP;
	ssize_t got;

	if (fd < 0)
		return fd;
	ask(p, &(struct ring_key){0})->key[0] = address;
	got = read(fd, seen, sizeof(*seen));
	close(fd);
	return got == sizeof(*seen) ? 0 : -ENOENT;
}

/* --- one ring ------------------------------------------------------------------------------------------------------- */

static int error_of(int status)
{
	return status < 0 ? status : status == WALK_GONE ? -ESRCH : status == WALK_NONE ? -EOPNOTSUPP : 0;
}

/* The ring's record, from that byte on. */
static int ring_from(struct kernel *k, const struct ring_key *key, struct ring_base *base, size_t from)
{
	struct exchange *x;
	int status;

	if (k->why)
		return -EPERM;
	x = begin(k, key);
	x->cursor[0] = from;
	status = step(k, &k->set[SET_FIND].p, "walk_ring", sizeof(*base));
	if (status == WALK_DONE)
		memcpy((char *)base + from, x->out + from, sizeof(*base) - from);
	return error_of(status);
}

int kernel_ring(struct kernel *k, const struct ring_key *key, struct ring_base *base)
{
	return ring_from(k, key, base, 0);
}

int kernel_ring_moment(struct kernel *k, const struct ring_key *key, struct ring_base *base)
{
	return ring_from(k, key, base, RING_MOMENT);
}

bool kernel_prepare(struct kernel *k, const struct ring_base *base)
{
	bool tried = k->set[SET_WORK].tried, registered = k->set[SET_REGISTERED].tried;

	if (base->nr_allocated || !(base->has & HAS_NR_ALLOCATED))
		set_of(k, SET_WORK);
	if (base->nr_files || base->nr_buffers || base->some)
		set_of(k, SET_REGISTERED);
	return tried != k->set[SET_WORK].tried || registered != k->set[SET_REGISTERED].tried;
}

void kernel_prepare_again(struct kernel *k)
{
	uint32_t loaded = k->shared ? atomic_load(&k->shared->loaded) : 0;

	for (unsigned set = 0; set < SETS && !k->why; set++)
		if (loaded & 1u << set)
			set_of(k, (enum set)set);
}

bool kernel_prepared(const struct kernel *k)
{
	return k->set[SET_WORK].tried && k->set[SET_REGISTERED].tried;
}

int kernel_walk(struct kernel *k, enum kernel_walk which, const struct ring_key *key, const struct walk_request *w,
	walk_fn fn, void *ctx)
{
	const struct walk *t = &walk_table[which];
	struct programs *p;
	struct exchange *x;
	int status = WALK_MORE;

	if (k->why)
		return -EPERM;
	if (!possible(k, t->name))
		return -EOPNOTSUPP;
	p = set_of(k, t->set);
	if (!p)
		return k->set[t->set].err;
	x = begin(k, key);
	x->what = w->what;
	x->limit = w->limit;
	x->key[0] = w->key[0];
	x->key[1] = w->key[1];
	for (int i = 0; status == WALK_MORE; i++) {
		if (i == MOST_STEPS)
			return -ELOOP;
		status = step(k, p, t->name, 0);
		if (status != WALK_MORE && status != WALK_DONE)
			return error_of(status);
		for (size_t at = 0; at + t->size <= x->len && x->len <= OUT_SIZE; at += t->size)
			if (!fn(ctx, x->out + at))
				return 0;
	}
	return error_of(status);
}

int kernel_free_requests(struct kernel *k, const struct ring_key *key, uint64_t *n)
{
	struct programs *p = &k->set[SET_FIND].p;
	int status = WALK_MORE;

	*n = 0;
	if (k->why)
		return -EPERM;
	begin(k, key);
	for (int i = 0; status == WALK_MORE; i++) {
		if (i == MOST_STEPS)
			return -ELOOP;
		status = step(k, p, "walk_free", 0);
	}
	*n = k->mine.cursor[0];
	return error_of(status);
}

int kernel_refs(struct kernel *k, const struct ring_key *key, uint64_t *refs)
{
	struct programs *p = k->why ? NULL : set_of(k, SET_REFS);
	int status;

	if (!p)
		return -EOPNOTSUPP;
	begin(k, key);
	status = step(k, p, "walk_refs", 0);
	*refs = k->mine.cursor[0];
	return error_of(status);
}

int kernel_memory(
	struct kernel *k, const struct ring_key *key, enum ring_memory area, uint64_t offset, void *dst, size_t len)
{
	struct programs *p = k->why ? NULL : set_of(k, SET_REGISTERED);
	uint8_t *to = dst;

	if (!p)
		return k->why ? -EPERM : k->set[SET_REGISTERED].err;
	while (len) {
		struct exchange *x = begin(k, key);
		size_t piece = len < OUT_SIZE ? len : OUT_SIZE;
		int status;

		x->what = area;
		x->key[0] = offset;
		x->key[1] = piece;
		status = step(k, p, "walk_memory", piece);
		if (status != WALK_DONE)
			return error_of(status);
		memcpy(to, x->out, piece);
		to += piece;
		offset += piece;
		len -= piece;
	}
	return 0;
}

int kernel_names(struct kernel *k, const struct ring_key *key, const uint64_t *files, size_t n,
	void (*fn)(void *ctx, size_t which, const struct rec_name *name), void *ctx)
{
	/* whichever of the two sets that have it is there */
	enum set set = k->set[SET_REGISTERED].tried && !k->set[SET_REGISTERED].err ? SET_REGISTERED : SET_WORK;
	struct programs *p = k->why || !n ? NULL : set_of(k, set);

	if (!p)
		return !n ? 0 : k->why ? -EPERM : k->set[set].err;
	for (size_t i = 0; i < n; i += NAMES_AT_ONCE) {
		struct exchange *x = begin(k, key);
		int status;

		for (size_t j = 0; j < NAMES_AT_ONCE && i + j < n; j++)
			x->names[j] = files[i + j];
		status = step(k, p, "walk_names", 0);
		if (status != WALK_DONE)
			return error_of(status);
		for (size_t j = 0; j < x->n && j < NAMES_AT_ONCE; j++) {
			struct rec_name name;

			memcpy(&name, x->out + j * sizeof(name), sizeof(name));
			fn(ctx, i + j, &name);
		}
	}
	return 0;
}
