/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the machine: discover, build, hand over. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "collect.h"
#include "version.h"

/* A ring that has no inode of its own (before 5.19), and the number that it keeps from look to look. */
struct numbered {
	uint64_t file, ctx; /* as BPF saw it; 0: then it is known by its first holder */
	struct ring_ref ref;
	struct ring_mapping map;
	uint64_t id;
	bool met; /* in the last look */
};

struct collector {
	struct collect_options o;
	struct kernel *k;
	bool opened;
	struct numbered *numbers;
	size_t n_numbers, cap_numbers;
	uint64_t last_number;

	/* shared with the thread, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct frame *ready;
	int err;
	bool paused, now, stop;

	pthread_t thread;
	bool started;
	int fd;
};

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct collector *collector_new(const struct collect_options *o)
{
	struct collector *c = xrealloc(NULL, sizeof(*c));
	pthread_condattr_t monotonic;

	memset(c, 0, sizeof(*c));
	c->o = *o;
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
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

static bool stopping(struct collector *c)
{
	bool stop;

	pthread_mutex_lock(&c->lock);
	stop = c->stop;
	pthread_mutex_unlock(&c->lock);
	return stop;
}

struct frame *collector_look(struct collector *c)
{
	double start = clock_now();
	struct frame *f = frame_new();
	struct discovery d;
	struct builder *b;
	size_t cap = 0, wanted = 0;

	if (!c->opened && c->o.build.sources & SOURCE_KERNEL)
		c->k = kernel_open();
	c->opened = true;
	if (discover(&d, c->o.pids, c->o.n_pids, c->k, c->o.build.sources & SOURCE_PROC)) {
		int err = errno;

		frame_free(f);
		errno = err;
		return NULL;
	}
	keep_numbers(c, &d);
	b = builder_new(&d, c->k, &c->o.build);
	build_head(b, &f->arena, &f->doc.head);
	f->doc.head.tool = "uringtop " VERSION;
	build_threads(b, &f->arena, &f->doc.threads);
	f->at = clock_now();
	f->unseen = c->o.n_pids ? 0 : d.unseen;
	for (size_t i = 0; i < d.n_rings; i++)
		wanted += d.rings[i].wanted;
	f->doc.rings = arena_alloc(&f->arena, (wanted + 1) * sizeof(*f->doc.rings));
	for (size_t i = 0; i < d.n_skipped; i++)
		skip(f, &cap,
			(struct snap_skip){.pid = {true, (uint64_t)d.skipped[i].pid},
				.reason = arena_strdup(&f->arena, d.skipped[i].reason)});
	for (size_t i = 0; i < d.n_rings && !stopping(c); i++) {
		if (!d.rings[i].wanted)
			continue;
		if (!builder_ring(b, &f->arena, &d.rings[i], &f->doc.rings[f->doc.n_rings]))
			f->doc.n_rings++;
		else
			skip(f, &cap,
				(struct snap_skip){.ring_id = {true, d.rings[i].id},
					.reason = "gone while it was read: its holders ended or closed it"});
	}
	builder_free(b);
	discovery_free(&d);
	f->took = clock_now() - start;
	return f;
}

/* --- the thread ----------------------------------------------------------------------------------------------------- */

static void tell(struct collector *c)
{
	const uint64_t one = 1;

	if (write(c->fd, &one, sizeof(one)) < 0)
		return; /* it says so already */
}

/* Waits until the next look is due; with the lock held. False: it is the end. */
static bool wait_until(struct collector *c, double started, double rest_until)
{
	while (!c->stop && (c->paused || !c->now)) {
		double due = started + c->o.interval;
		struct timespec t;

		due = due > rest_until ? due : rest_until;
		if (!c->paused && due <= clock_now())
			break;
		if (c->paused) {
			pthread_cond_wait(&c->changed, &c->lock);
			continue;
		}
		t.tv_sec = (time_t)due;
		t.tv_nsec = (long)((due - (double)t.tv_sec) * 1e9);
		pthread_cond_timedwait(&c->changed, &c->lock, &t);
	}
	c->now = false;
	return !c->stop;
}

static void *run(void *arg)
{
	struct collector *c = arg;
	double started = 0, rest_until = 0;
	sigset_t all;

	/* signals are the screen's business */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_mutex_lock(&c->lock);
	while (wait_until(c, started, rest_until)) {
		struct frame *f, *old;
		double end;

		pthread_mutex_unlock(&c->lock);
		started = clock_now();
		f = collector_look(c);
		end = clock_now();
		/* a machine with very many rings is not kept busy by looking at them */
		rest_until = end + (end - started);
		pthread_mutex_lock(&c->lock);
		old = c->ready;
		c->ready = f;
		c->err = f ? 0 : errno;
		frame_free(old);
		tell(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int collector_start(struct collector *c)
{
	int err = c->fd < 0 ? EMFILE : pthread_create(&c->thread, NULL, run, c);

	c->started = !err;
	return -err;
}

int collector_fd(const struct collector *c)
{
	return c->fd;
}

struct frame *collector_take(struct collector *c, int *err)
{
	struct frame *f;
	uint64_t count;

	if (read(c->fd, &count, sizeof(count)) < 0)
		count = 0; /* nothing new, which ready says as well */
	pthread_mutex_lock(&c->lock);
	f = c->ready;
	c->ready = NULL;
	*err = c->err;
	c->err = 0;
	pthread_mutex_unlock(&c->lock);
	return f;
}

void collector_interval(struct collector *c, double seconds, bool now)
{
	pthread_mutex_lock(&c->lock);
	c->o.interval = seconds;
	c->now |= now;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void collector_pause(struct collector *c, bool paused)
{
	pthread_mutex_lock(&c->lock);
	c->paused = paused;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	if (c->started) {
		pthread_mutex_lock(&c->lock);
		c->stop = true;
		pthread_cond_signal(&c->changed);
		pthread_mutex_unlock(&c->lock);
		pthread_join(c->thread, NULL);
	}
	frame_free(c->ready);
	kernel_close(c->k);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	if (c->fd >= 0)
		close(c->fd);
	free(c->numbers);
	free(c);
}
