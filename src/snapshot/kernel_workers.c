/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The io-wq of the tasks that use a ring: its pools, its workers, what each runs and, if it does not get on, what it sleeps in. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

struct gathered {
	struct arena *a;
	struct rec_worker *v;
	size_t n, cap;
};

enum { MOST_WORKERS = 1024, MOST_LOOKED_INTO = 64 };

static bool take(void *ctx, const void *record)
{
	struct gathered *g = ctx;

	g->v = arena_grow(g->a, g->v, g->n, &g->cap, sizeof(*g->v));
	memcpy(&g->v[g->n++], record, sizeof(*g->v));
	return g->n < MOST_WORKERS;
}

static void add_pool(struct snap_pool *p, uint32_t workers, uint32_t running, uint32_t max)
{
	p->known = true;
	p->workers += workers;
	p->running += running;
	if (max > p->max)
		p->max = max; /* each task has its own; what counts is how far one can go */
}

static const char *state_of(const struct task_ids *t)
{
	return t->exit_state   ? "died"
	       : t->state == 0 ? "running"
	       : t->state & 1  ? "sleeping"
	       : t->state & 2  ? "blocked"
			       : "stopped";
}

/* Where in the kernel a thread sleeps, as far as /proc says; function names only, whatever else stands there. */
/* 0, or the errno of what was refused. */
static int where_it_sleeps(struct arena *a, pid_t process, struct snap_worker *w)
{
	int dir = proc_open(w->tid), err;
	size_t len;
	char *text;

	if (dir < 0)
		return errno;
	proc_dir_is(dir, process);
	text = proc_read(a, dir, "wchan", &len);
	if (text && len && strcmp(text, "0") != 0)
		w->wchan = text;
	text = proc_read(a, dir, "stack", &len);
	err = text ? 0 : errno;
	for (char *line = text; line && *line && w->stack.n < 32;) {
		char *end = strchr(line, '\n'), *name = strchr(line, ']');

		if (end)
			*end++ = '\0';
		if (name && name[1] == ' ' && strncmp(name + 2, "0x", 2) != 0)
			snap_add_name(a, &w->stack, name + 2);
		line = end;
	}
	close(dir);
	return err;
}

void build_kernel_workers(
	struct builder *b, struct arena *a, const struct rec_user *users, size_t n, struct snap_ring *out)
{
	struct gathered g = {.a = a};
	struct snap_workers *w = &out->workers;
	size_t looked = 0;

	snap_drop_reason(out, "workers");
	*w = (struct snap_workers){.known = true, .threads_known = true};
	w->bounded.known = w->unbounded.known = true;
	for (size_t i = 0; i < n; i++) {
		const struct walk_request ask = {.key = {users[i].tctx, 0}};

		if (!users[i].tctx || !users[i].has_wq)
			continue;
		add_pool(&w->bounded, users[i].acct[0].workers, users[i].acct[0].running, users[i].acct[0].max);
		add_pool(&w->unbounded, users[i].acct[1].workers, users[i].acct[1].running, users[i].acct[1].max);
		if (users[i].acct[0].workers + users[i].acct[1].workers &&
			kernel_walk(b->k, WALK_WORKERS, &b->key, &ask, take, &g)) {
			w->threads_known = false;
			snap_add_reason(a, out, "workers.threads",
				"the BPF program that reads them could not be loaded or run");
		}
	}
	w->tids = arena_alloc(a, (g.n + 1) * sizeof(*w->tids));
	w->threads = arena_alloc(a, (g.n + 1) * sizeof(*w->threads));
	for (size_t i = 0; i < g.n; i++) {
		const struct rec_worker *r = &g.v[i];
		struct snap_worker *to;
		int err = 0;

		if (!r->task.tid)
			continue; /* it is being made */
		w->tids[w->n_tids++] = r->task.tid;
		to = &w->threads[w->n_threads++];
		*to = (struct snap_worker){.tid = r->task.tid,
			.bounded = r->bound ? SNAP_YES : SNAP_NO,
			.idle = r->flags & WORKER_FREE ? SNAP_YES : SNAP_NO,
			.state = state_of(&r->task)};
		if (r->run.key) {
			to->request = (struct snap_running){true, r->run.ctx == b->base.ctx, r->run.opcode,
				op_name(a, r->run.opcode), r->run.user_data};
			if (uses(b, SOURCE_PROC) && strcmp(to->state, "running") != 0 && looked++ < MOST_LOOKED_INTO)
				err = where_it_sleeps(a, r->task.tgid, to);
			if (uses(b, SOURCE_PROC) && strcmp(to->state, "running") != 0 && !to->wchan && !to->stack.n &&
				!snap_reason_of(out, "workers.threads.wchan"))
				snap_add_reason(a, out, "workers.threads.wchan",
					err == ETIMEDOUT ? "the process does not answer"
							 : "EACCES: where a thread of another user sleeps "
							   "(CAP_SYS_PTRACE; its stack "
							   "takes "
							   "CAP_SYS_ADMIN)");
		}
	}
}

/* What a thread of a process sleeps in. */
static const char *wchan_of(struct arena *a, pid_t process, pid_t tid)
{
	int dir = proc_open(tid);
	char *text = NULL;
	size_t len = 0;

	if (dir < 0)
		return NULL;
	proc_dir_is(dir, process);
	text = proc_read(a, dir, "wchan", &len);
	close(dir);
	return text && len && strcmp(text, "0") != 0 ? text : NULL;
}

void builder_threads(struct builder *b, struct arena *a, struct snap_threads *out)
{
	const struct discovery *d = b->d;

	*out = (struct snap_threads){.known = d->by_kernel};
	out->v = arena_alloc(a, (d->n_threads + 1) * sizeof(*out->v));
	for (size_t i = 0; i < d->n_threads; i++) {
		const struct ring_thread *t = &d->threads[i];
		const struct task_ids ids = {.state = t->state, .exit_state = t->exit_state};
		struct person *p = person_known(b, t->pid);
		struct snap_thread *to = &out->v[out->n++];

		*to = (struct snap_thread){.pid = t->pid,
			.tid = t->tid,
			.comm = p && p->comm ? arena_strdup(a, p->comm) : NULL,
			.name = arena_copy(a, t->comm, strnlen(t->comm, sizeof(t->comm))),
			.kind = t->polls ? "sqpoll" : "worker",
			.state = state_of(&ids),
			.cpu_us = snap(t->cpu_ns / 1000),
			.opcode = t->opcode >= 0 ? op_name(a, (unsigned)t->opcode) : NULL};
		if (uses(b, SOURCE_PROC) && t->state && i < MOST_LOOKED_INTO)
			to->wchan = wchan_of(a, t->pid, t->tid);
	}
}
