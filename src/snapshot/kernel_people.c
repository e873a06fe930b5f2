/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a ring is, as the kernel has it: the address space it is accounted to, and who of those around it shares that. */
#include <string.h>

#include "parts.h"

static const char *mm_name(struct builder *b, struct arena *a, uint64_t mm)
{
	size_t n = mm_number(b->d->numbers, mm);

	return n ? arena_printf(a, "mm%zu", n) : NULL;
}

/* The process that has the address space: the kernel's note of it, else whoever of those seen has the same. 0: none. */
static pid_t process_with(const struct builder *b)
{
	const struct ring_base *base = &b->base;

	if (!base->mm || !base->mm_users)
		return 0;
	if (base->mm_owner.tgid)
		return base->mm_owner.tgid;
	for (size_t i = 0; i < b->d->n_mms; i++)
		if (b->d->mms[i].mm == base->mm)
			return b->d->mms[i].pid;
	return 0;
}

static void owner(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const struct ring_base *base = &b->base;
	struct snap_owner *w = &out->owner;
	pid_t pid = process_with(b);
	struct person *p = pid ? person_known(b, pid) : NULL;

	snap_drop_reason(out, "owner");
	snap_drop_name(&out->inferred, "owner");
	*w = (struct snap_owner){.known = true, .mm = base->mm ? mm_name(b, a, base->mm) : NULL};
	if (pid)
		w->pid = snap((uint64_t)pid);
	else
		snap_add_reason(a, out, "owner.pid",
			!base->mm_users ? "the address space that the ring is accounted to is gone (its process has "
					  "ended, or called exec); others keep the ring"
			: base->has & HAS_MM_OWNER
				? "the process is not in this pid namespace, or is ending"
				: "this kernel does not note which process has an address space (CONFIG_MEMCG)");
	if (p && p->comm) {
		w->comm = arena_strdup(a, p->comm);
		w->exe = p->exe ? arena_strdup(a, p->exe) : NULL;
		w->uid = p->uid;
	} else if (pid && base->mm_owner.tgid) {
		w->comm = arena_copy(a, base->mm_owner.comm, strnlen(base->mm_owner.comm, 16));
		w->uid = snap(base->owner_uid);
	}
	if (base->submitter.tid)
		w->submitter_tid = snap((uint64_t)base->submitter.tid);
	else if (!(base->has & HAS_SUBMITTER))
		snap_add_reason(a, out, "owner.submitter_tid", "this kernel has no such thing (6.0 has)");
	if (base->has_sq_creds)
		w->sq_creds =
			(struct snap_cred){true, base->sq_creds.uid, base->sq_creds.gid, base->sq_creds.cap_effective};
}

static enum snap_yes shares(struct builder *b, uint64_t mm)
{
	return !mm || !b->base.mm ? SNAP_UNKNOWN : mm == b->base.mm ? SNAP_YES : SNAP_NO;
}

static struct snap_holder *holder_of(struct snap_ring *out, uint32_t pid)
{
	for (size_t i = 0; i < out->n_holders; i++)
		if (out->holders[i].pid == pid)
			return &out->holders[i];
	return NULL;
}

/* A task that has submitted to the ring: one of a holder's, or of a process that does not hold it any more. */
static void user(struct builder *b, struct arena *a, const struct rec_user *u, struct snap_ring *out)
{
	struct snap_holder *h = u->task.tgid ? holder_of(out, (uint32_t)u->task.tgid) : NULL, *more;

	if (!u->task.tgid)
		return;
	if (!h) {
		struct person *p = person_known(b, u->task.tgid);

		more = arena_alloc(a, (out->n_holders + 1) * sizeof(*more));
		memcpy(more, out->holders, out->n_holders * sizeof(*more));
		h = &more[out->n_holders++];
		out->holders = more;
		*h = (struct snap_holder){
			.pid = (uint32_t)u->task.tgid, .fds_known = true, .mapped = SNAP_NO, .registered = SNAP_NO};
		h->comm = arena_copy(a, u->task.comm, strnlen(u->task.comm, 16));
		if (p && p->comm) {
			h->comm = arena_strdup(a, p->comm);
			h->uid = p->uid;
		}
		h->same_mm = shares(b, u->mm);
	}
	h->uses = SNAP_YES;
}

void build_kernel_people(struct builder *b, struct arena *a, const struct found_ring *r, const struct rec_user *users,
	size_t n, struct snap_ring *out)
{
	(void)r;
	owner(b, a, out);
	snap_drop_reason(out, "holders.same_mm");
	for (size_t i = 0; i < out->n_holders; i++) {
		struct snap_holder *h = &out->holders[i];
		enum snap_yes said = h->same_mm;

		h->same_mm = shares(b, discovery_mm(b->d, (pid_t)h->pid));
		if (h->same_mm == SNAP_UNKNOWN)
			h->same_mm = said;
		if (h->uses != SNAP_YES)
			h->uses = b->o.brief ? SNAP_UNKNOWN : SNAP_NO;
		if (h->same_mm == SNAP_UNKNOWN && !snap_reason_of(out, "holders.same_mm"))
			snap_add_reason(a, out, "holders.same_mm", "the process has ended, or is ending");
	}
	for (size_t i = 0; i < n; i++)
		user(b, a, &users[i], out);
}

struct gathered_users {
	struct arena *a;
	struct rec_user *v;
	size_t n, cap;
};

static bool take_user(void *ctx, const void *record)
{
	const struct rec_user *u = record;
	struct gathered_users *g = ctx;

	for (size_t i = 0; i < g->n; i++)
		if (u->tctx && g->v[i].tctx == u->tctx)
			return true;
	g->v = arena_grow(g->a, g->v, g->n, &g->cap, sizeof(*g->v));
	memcpy(&g->v[g->n++], record, sizeof(*g->v));
	return g->n < 4096;
}

size_t kernel_users(struct builder *b, struct arena *a, const struct rec_user **users)
{
	struct gathered_users g = {.a = a};

	if (kernel_walk(b->k, WALK_USERS, &b->key, &(struct walk_request){0}, take_user, &g))
		g.n = 0;
	*users = g.v;
	return g.n;
}
