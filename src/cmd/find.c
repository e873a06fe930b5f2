/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the user asked for to rings. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* What -p PID --fd N names instead of a ring. */
static void explain_fd(const struct choices *c)
{
	struct arena a = {0};
	struct buf b = {0};

	for (size_t i = 0; i < c->n_pids; i++) {
		int dir = proc_open(c->pids[i]);
		const char *name = dir >= 0 ? proc_fd_name(&a, dir, c->fd, NULL) : NULL;

		if (name) {
			render_text(&b, &c->style, name, strlen(name));
			complain("pid %d: fd %d is no ring but %s ('uringctl list -p %d' shows its rings)",
				(int)c->pids[i], c->fd, b.data ? b.data : "", (int)c->pids[i]);
		} else if (dir >= 0) {
			complain("pid %d: fd %d: %s ('uringctl list -p %d' shows its rings)", (int)c->pids[i], c->fd,
				errno == ENOENT ? "is not open" : strerror(errno), (int)c->pids[i]);
		}
		if (dir >= 0)
			close(dir);
		b.len = 0;
	}
	if (!c->n_pids)
		complain("no process has a ring at fd %d ('uringctl list' shows all rings)", c->fd);
	buf_free(&b);
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

static bool holds(const struct discovery *d, pid_t pid)
{
	for (size_t i = 0; i < d->n_rings; i++) {
		for (size_t k = 0; k < d->rings[i].n_refs; k++)
			if (d->rings[i].refs[k].pid == pid || d->rings[i].refs[k].tid == pid)
				return true;
		for (size_t k = 0; k < d->rings[i].n_maps; k++)
			if (d->rings[i].maps[k].pid == pid)
				return true;
		for (size_t k = 0; k < d->rings[i].n_registered; k++)
			if (d->rings[i].registered[k].pid == pid || d->rings[i].registered[k].tid == pid)
				return true;
		for (size_t k = 0; k < d->rings[i].n_users; k++)
			if (d->rings[i].users[k].pid == pid || d->rings[i].users[k].tid == pid)
				return true;
	}
	return false;
}

static bool was_skipped(const struct discovery *d, pid_t pid)
{
	for (size_t i = 0; i < d->n_skipped; i++)
		if (d->skipped[i].pid == pid)
			return true;
	return false;
}

int find_rings(const struct choices *c, struct kernel *k, struct discovery *d, bool *failed)
{
	size_t wanted = 0;

	if (discover(d, c->pids, c->n_pids, k, c->sources & SOURCE_PROC)) {
		complain("/proc: %s (is it mounted?)", strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < d->n_skipped; i++) {
		/* of those that were not named, only what would be looked for in one that was */
		if (d->skipped[i].named || c->n_pids)
			complain("pid %d: %s", (int)d->skipped[i].pid, d->skipped[i].reason);
		*failed |= d->skipped[i].named;
	}
	if (!c->n_pids && d->unseen && !c->by_id && c->fd < 0)
		complain("%zu process%s not looked into: EACCES (CAP_SYS_PTRACE lets you)", d->unseen,
			d->unseen == 1 ? "" : "es");
	for (size_t i = 0; i < c->n_pids; i++)
		if (!was_skipped(d, c->pids[i]) && !holds(d, c->pids[i]) && c->fd < 0)
			complain("pid %d: has no ring%s", (int)c->pids[i],
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
		explain_fd(c);
		*failed = true;
	}
	return 0;
}
