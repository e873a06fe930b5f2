/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the user asked for to rings. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "late.h"

/* What -p PID --fd N names instead of a ring; in shared memory. */
struct named_fd {
	const struct choices *c;
	struct {
		struct arena arena; /* each has its own: a helper that comes through late must not meet another in it */
		bool there;	    /* the process is */
		int err;	    /* of its descriptor */
		const char *name;
	} of[];
};

static void ask_fd(void *ctx, size_t i)
{
	struct named_fd *x = ctx;
	int dir = proc_open(x->c->pids[i]);

	x->of[i].there = dir >= 0;
	if (dir < 0)
		return;
	arena_free(&x->of[i].arena);
	x->of[i].arena = arena_shared();
	x->of[i].name = proc_fd_name(&x->of[i].arena, dir, x->c->fd, NULL);
	x->of[i].err = x->of[i].name ? 0 : errno;
	close(dir);
}

static void explain_fd(const struct choices *c, struct helpers *h)
{
	struct arena a = arena_shared();
	struct named_fd *x = arena_alloc(&a, sizeof(*x) + c->n_pids * sizeof(x->of[0]));
	struct buf b = {0};

	*x = (struct named_fd){.c = c};
	helpers_run(h, &(struct helpers_job){.n = c->n_pids, .ctx = x, .item = ask_fd});
	for (size_t i = 0; i < c->n_pids; i++) {
		int pid = (int)c->pids[i];

		if (x->of[i].name) {
			b.len = 0;
			render_file(&b, &c->style, TEXT_WORD, x->of[i].name);
			complain("pid %d: fd %d is no ring but %s ('uringctl list -p %d' shows its rings)", pid, c->fd,
				b.data ? b.data : "", pid);
		} else if (x->of[i].there) {
			complain("pid %d: fd %d: %s ('uringctl list -p %d' shows its rings)", pid, c->fd,
				x->of[i].err == ENOENT ? "is not open" : strerror(x->of[i].err), pid);
		}
	}
	if (!c->n_pids)
		complain("no process has a ring at fd %d ('uringctl list' shows all rings)", c->fd);
	buf_free(&b);
	for (size_t i = 0; i < c->n_pids; i++)
		arena_free(&x->of[i].arena);
	arena_free(&a);
}

static bool has_fd(const struct found_ring *r, const struct choices *c)
{
	for (size_t i = 0; i < r->n_refs; i++) {
		bool named = !c->n_pids;

		for (size_t p = 0; p < c->n_pids; p++)
			named |= c->pids[p] == r->refs[i].pid || c->pids[p] == r->refs[i].tid;
		if (named && r->refs[i].fd == c->fd)
			return true;
	}
	return false;
}

static bool is_it(void *ctx, pid_t pid, pid_t tid)
{
	const pid_t *it = ctx;

	return pid == *it || tid == *it;
}

bool ring_holder(const struct found_ring *r, pid_t pid)
{
	return ring_any_process(r, is_it, &pid);
}

static bool holds(const struct discovery *d, pid_t pid)
{
	for (size_t i = 0; i < d->n_rings; i++)
		if (ring_holder(&d->rings[i], pid))
			return true;
	return false;
}

static bool was_skipped(const struct discovery *d, pid_t pid)
{
	for (size_t i = 0; i < d->n_skipped; i++)
		if (d->skipped[i].pid == pid)
			return true;
	return false;
}

static bool is_late(struct helpers *h, pid_t pid)
{
	size_t n;
	const struct helpers_late *l = helpers_late(h, &n);

	for (size_t i = 0; i < n; i++)
		if (l[i].pid == pid)
			return true;
	return false;
}

/* Processes that were not named and could not be looked into, a line for each reason. True: it is more than permission that was missing. */
static bool tell_unseen(const struct discovery *d)
{
	bool trouble = false;

	for (size_t i = 0; i < d->n_skipped; i++) {
		const char *reason = d->skipped[i].reason;
		size_t n = 0, first = 0;

		while (strcmp(d->skipped[first].reason, reason) != 0)
			first++;
		if (first < i)
			continue; /* told already */
		for (size_t k = i; k < d->n_skipped; k++)
			n += !d->skipped[k].named && !strcmp(d->skipped[k].reason, reason);
		if (!n)
			continue;
		complain("%zu process%s not looked into: %s", n, n == 1 ? "" : "es", reason);
		trouble |= strncmp(reason, "EACCES", 6) != 0;
	}
	return trouble;
}

int find_rings(const struct choices *c, struct helpers *h, struct kernel *k, struct discovery *d, bool *failed)
{
	size_t wanted = 0;

	if (discover(d, h, c->pids, c->n_pids, k, c->sources & SOURCE_PROC)) {
		no_look(errno);
		return -1;
	}
	for (size_t i = 0; i < d->n_skipped; i++) {
		if (d->skipped[i].named) {
			complain("pid %d: %s", (int)d->skipped[i].pid, d->skipped[i].reason);
			*failed = true;
		}
	}
	if (!c->n_pids && !c->by_id && c->fd < 0)
		*failed |= tell_unseen(d);
	for (size_t i = 0; i < c->n_pids; i++)
		if (!was_skipped(d, c->pids[i]) && !is_late(h, c->pids[i]) && !holds(d, c->pids[i]) &&
			!holds(d, d->asked[i]) && c->fd < 0)
			complain("pid %d: has no ring at the moment%s", (int)c->pids[i],
				d->by_kernel ? "" : " that its descriptors or mappings show");
	for (size_t i = 0; i < d->n_rings; i++) {
		struct found_ring *r = &d->rings[i];

		r->wanted &= (!c->by_id || r->id == c->id) && (c->fd < 0 || has_fd(r, c));
		wanted += r->wanted;
	}
	if (!wanted && c->by_id) {
		complain("ring %" PRIu64 ": no such ring%s ('uringctl list' shows which there are)", c->id,
			d->unseen ? " in the processes that you may look into" : "");
		*failed = true;
	} else if (!wanted && c->fd >= 0) {
		explain_fd(c, h);
		*failed = true;
	}
	return 0;
}

size_t tell_late(const struct choices *c, struct helpers *h, struct arena *a, struct snap_skip **late, bool *named)
{
	size_t n = late_processes(h, a, late);
	struct buf b = {0};

	*named = false;
	for (size_t i = 0; i < n; i++) {
		b.len = 0;
		render_text(&b, &c->style, (*late)[i].reason, strlen((*late)[i].reason));
		if ((*late)[i].pid.known)
			complain("pid %d: %s", (int)(*late)[i].pid.v, b.data);
		else
			complain("%s", b.data);
		for (size_t k = 0; k < c->n_pids; k++)
			*named |= (*late)[i].pid.known && (uint64_t)c->pids[k] == (*late)[i].pid.v;
	}
	buf_free(&b);
	return n;
}
