/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the machine: discover, build, hand over. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "collect.h"
#include "futex.h"
#include "helpers.h"
#include "late.h"
#include "version.h"

/* A ring that has no inode of its own (before 5.19), and the number that it keeps from look to look. */
struct numbered {
	uint64_t file, ctx; /* as BPF saw it; 0: then it is known by its first holder */
	struct ring_ref ref;
	struct ring_mapping map;
	uint64_t id;
	bool met; /* in the last look */
};

enum { MOST_STUCK = 64 };

/* What the program and its collector process say to each other, in shared memory. */
struct told {
	_Atomic pid_t stuck[MOST_STUCK]; /* helpers that were given up and have not ended; 0: no more */
	_Atomic(struct frame *) ready;	 /* the newest, NULL: it was taken */
	_Atomic int err;		 /* errno of a look that failed, 0: none */
	_Atomic uint32_t changed;	 /* a futex: one of these is new */
	_Atomic double interval;
	_Atomic bool paused, now;
};

struct collector {
	struct collect_options o;
	struct helpers *h;
	struct kernel *k;
	bool opened, again; /* again: its process is not the first */
	struct numbered *numbers;
	size_t n_numbers, cap_numbers;
	uint64_t last_number;

	struct arena arena; /* of told */
	struct told *told;
	pid_t process; /* 0: none was started */
	int news[2];   /* a pipe from there: a byte for each frame, and an end when it dies */
};

struct collector *collector_new(const struct collect_options *o)
{
	struct helpers *h = helpers_new(o->deadline);
	struct collector *c;

	if (!h)
		return NULL;
	c = xrealloc(NULL, sizeof(*c));
	memset(c, 0, sizeof(*c));
	c->o = *o;
	c->h = h;
	c->arena = arena_shared();
	c->told = arena_alloc(&c->arena, sizeof(*c->told));
	c->told->interval = o->interval;
	c->news[0] = c->news[1] = -1;
	return c;
}

/* --- one look ------------------------------------------------------------------------------------------------------- */

static bool same_ring(const struct numbered *n, const struct found_ring *r)
{
	if (r->ctx && n->ctx)
		return n->file == r->file && n->ctx == r->ctx;
	if (r->n_refs)
		return n->ref.tid == r->refs[0].tid && n->ref.fd == r->refs[0].fd && n->ref.pid == r->refs[0].pid;
	return !n->ref.pid && r->n_maps && n->map.pid == r->maps[0].pid && n->map.start == r->maps[0].start;
}

/* Has a ring of this look, or one of the look before, that number? */
static bool number_taken(const struct collector *c, const struct discovery *d, uint64_t id)
{
	for (size_t i = 0; i < c->n_numbers; i++)
		if (c->numbers[i].id == id)
			return true;
	for (size_t i = 0; i < d->n_rings; i++)
		if (!d->rings[i].numbered && d->rings[i].id == id)
			return true;
	return false;
}

/* Where ids are numbers of one look, a ring keeps that of the look before. */
static void keep_numbers(struct collector *c, struct discovery *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n_numbers; i++)
		c->numbers[i].met = false;
	for (size_t i = 0; i < d->n_rings; i++) {
		struct found_ring *r = &d->rings[i];
		uint64_t id = r->id;
		size_t k = 0;

		if (!r->numbered)
			continue;
		while (k < c->n_numbers && (c->numbers[k].met || !same_ring(&c->numbers[k], r)))
			k++;
		if (k == c->n_numbers) {
			if (c->n_numbers == c->cap_numbers) {
				c->cap_numbers = c->cap_numbers * 2 + 16;
				c->numbers = xrealloc(c->numbers, c->cap_numbers * sizeof(*c->numbers));
			}
			while (!d->shared_inode && number_taken(c, d, id))
				id++;
			c->numbers[c->n_numbers++] = (struct numbered){
				.file = r->file, .ctx = r->ctx, .id = d->shared_inode ? ++c->last_number : id};
			if (r->n_refs)
				c->numbers[k].ref = r->refs[0];
			if (r->n_maps)
				c->numbers[k].map = r->maps[0];
		}
		c->numbers[k].met = true;
		for (size_t j = 0; j < d->n_rings && c->numbers[k].id != r->id; j++)
			for (size_t h = 0; h < d->rings[j].n_held_by; h++)
				if (d->rings[j].held_by[h].ring == r->id)
					d->rings[j].held_by[h].ring = c->numbers[k].id;
		r->id = c->numbers[k].id;
	}
	for (size_t i = 0; i < c->n_numbers; i++)
		if (c->numbers[i].met)
			c->numbers[kept++] = c->numbers[i];
	c->n_numbers = kept;
}

static void skip(struct frame *f, size_t *cap, struct snap_skip s)
{
	f->doc.skipped = arena_grow(&f->arena, f->doc.skipped, f->doc.n_skipped, cap, sizeof(s));
	f->doc.skipped[f->doc.n_skipped++] = s;
}

struct look {
	struct frame *f;
	size_t cap_skipped;
};

static bool take_ring(void *ctx, const struct found_ring *ring, struct arena *a, const struct snap_ring *r,
	const char *why, bool lost)
{
	struct look *x = ctx;

	if (r) {
		arena_join(&x->f->arena, a);
		x->f->doc.rings[x->f->doc.n_rings++] = *r;
	} else {
		skip(x->f, &x->cap_skipped,
			(struct snap_skip){.ring_id = {true, ring->id}, .reason = why, .late = lost});
	}
	return true;
}

struct frame *collector_look(struct collector *c)
{
	double start = clock_now();
	struct frame *f = frame_new(true);
	struct look x = {.f = f};
	struct snap_skip *late;
	struct discovery d;
	struct builder *b;
	size_t wanted = 0;

	if (!c->opened && c->o.build.sources & SOURCE_KERNEL)
		c->k = kernel_open();
	c->opened = true;
	helpers_round(c->h);
	if (discover(&d, c->h, c->o.pids, c->o.n_pids, c->k, c->o.build.sources & SOURCE_PROC)) {
		int err = errno;

		frame_free(f);
		errno = err;
		return NULL;
	}
	keep_numbers(c, &d);
	b = builder_new(&d, c->k, &c->o.build);
	build_head(b, &f->arena, &f->doc.head);
	builder_free(b);
	f->doc.head.tool = "uringtop " VERSION;
	f->at = clock_now();
	f->unseen = c->o.n_pids ? 0 : d.unseen;
	for (size_t i = 0; i < d.n_rings; i++)
		wanted += d.rings[i].wanted;
	f->doc.rings = arena_alloc(&f->arena, (wanted + 1) * sizeof(*f->doc.rings));
	for (size_t i = 0; i < d.n_skipped; i++)
		skip(f, &x.cap_skipped,
			(struct snap_skip){.pid = {true, (uint64_t)d.skipped[i].pid},
				.reason = arena_strdup(&f->arena, d.skipped[i].reason)});
	if (build_rings(c->h, &d, c->k, &c->o.build, 0, take_ring, &x) < 0)
		skip(f, &x.cap_skipped, (struct snap_skip){.reason = "no process can be started to read rings"});
	build_threads(c->h, &d, c->k, &c->o.build, &f->arena, &f->doc.threads);
	for (size_t n = late_processes(c->h, &f->arena, &late), i = 0; i < n; i++)
		skip(f, &x.cap_skipped, late[i]);
	discovery_free(&d);
	f->took = clock_now() - start;
	return f;
}

/* --- the process ---------------------------------------------------------------------------------------------------- */

/* Waits until the next look is due. */
static void wait_until(struct told *t, double started, double rest_until)
{
	for (;;) {
		uint32_t was = atomic_load(&t->changed);
		double due = started + t->interval, rest;

		due = due > rest_until ? due : rest_until;
		if (!t->paused && (t->now || due <= clock_now()))
			break;
		rest = t->paused ? 3600 : due - clock_now();
		futex_wait(&t->changed, was, rest > 0 ? rest : 0);
	}
	t->now = false;
}

/* Nobody else could say so if this process were killed. */
static void note_stuck(struct collector *c)
{
	size_t n, k = 0;
	const struct helpers_late *l = helpers_late(c->h, &n);

	for (size_t i = 0; i < n && k < MOST_STUCK - 1; i++)
		if (l[i].helper)
			c->told->stuck[k++] = l[i].helper;
	c->told->stuck[k] = 0;
}

static void collect(struct collector *c) __attribute__((noreturn));
static void collect(struct collector *c)
{
	/* what has killed the one before may come again */
	enum { REST = 1 };
	struct told *t = c->told;
	bool trimmed = false;
	double started = 0, rest_until = c->again ? clock_now() + REST : 0;

	for (;;) {
		struct frame *f;
		double end;

		wait_until(t, started, rest_until);
		started = clock_now();
		f = collector_look(c);
		t->err = f ? 0 : errno;
		note_stuck(c);
		/* loading the programs has left much that each helper would begin with a copy of */
		if (!trimmed)
			malloc_trim(0);
		trimmed = true;
		end = clock_now();
		/* a machine with very many rings is not kept busy by looking at them */
		rest_until = end + (end - started);
		frame_free(atomic_exchange(&t->ready, f));
		if (write(c->news[1], "", 1) < 0 && errno != EAGAIN)
			_exit(0); /* nobody is there any more */
	}
}

/* It holds nothing that it would have to give back. */
static void stop(struct collector *c)
{
	if (c->process) {
		kill(c->process, SIGKILL);
		/* it waits for nobody, so this takes a moment; but nothing here is worth waiting for */
		for (int i = 0; i < 100 && waitpid(c->process, NULL, WNOHANG) == 0; i++)
			nanosleep(&(struct timespec){0, 200000}, NULL);
	}
	if (c->news[0] >= 0)
		close(c->news[0]);
	c->process = 0;
	c->news[0] = -1;
}

int collector_start(struct collector *c)
{
	pid_t parent = getpid();

	if (pipe2(c->news, O_CLOEXEC | O_NONBLOCK)) {
		c->news[0] = c->news[1] = -1;
		return -errno;
	}
	c->process = fork();
	if (c->process < 0) {
		int err = errno;

		close(c->news[1]);
		c->process = 0;
		stop(c);
		return -err;
	}
	if (!c->process) {
		sigset_t none;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		prctl(PR_SET_NAME, "uring-collector");
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_IGN);
		close(c->news[0]);
		helpers_detach();
		/* the end of the pipe says that this process has ended: a helper that cannot end yet must not keep it */
		helpers_keep_not(c->news[1]);
		collect(c);
	}
	close(c->news[1]);
	c->news[1] = -1;
	c->again = true;
	return 0;
}

int collector_fd(const struct collector *c)
{
	return c->news[0];
}

struct frame *collector_take(struct collector *c, int *err)
{
	char bytes[64];
	ssize_t got = 0, n = 0;

	while (c->process && (got = read(c->news[0], bytes, sizeof(bytes))) > 0)
		n += got;
	if (!c->process || !got) {
		/* it was killed; whoever waits for the pipe would be woken without end */
		stop(c);
		*err = -collector_start(c);
		if (!*err)
			*err = ECHILD;
		return NULL;
	}
	*err = atomic_exchange(&c->told->err, 0);
	return n ? atomic_exchange(&c->told->ready, NULL) : NULL;
}

static void tell(struct collector *c)
{
	atomic_fetch_add(&c->told->changed, 1);
	futex_wake(&c->told->changed);
}

void collector_interval(struct collector *c, double seconds, bool now)
{
	c->told->interval = seconds;
	c->told->now |= now;
	tell(c);
}

void collector_pause(struct collector *c, bool paused)
{
	c->told->paused = paused;
	tell(c);
}

size_t collector_free(struct collector *c, pid_t *one)
{
	size_t n = 0;

	if (!c)
		return 0;
	stop(c);
	for (size_t i = 0; i < MOST_STUCK && c->told->stuck[i]; i++) {
		if (kill(c->told->stuck[i], 0))
			continue;
		*one = c->told->stuck[i];
		n++;
	}
	frame_free(c->told->ready);
	arena_free(&c->arena);
	n += helpers_free(c->h, one);
	kernel_close(c->k);
	free(c->numbers);
	free(c);
	return n;
}
