/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is registered with a ring, as the kernel has it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "uapi.h"

/* Records of one kind, as they come. */
struct gathering {
	struct arena *a;
	void *v;
	size_t n, cap, size, most;
	bool cut;
};

static bool take(void *ctx, const void *record)
{
	struct gathering *g = ctx;

	if (g->n == g->most) {
		g->cut = true;
		return false;
	}
	g->v = arena_grow(g->a, g->v, g->n, &g->cap, g->size);
	memcpy((char *)g->v + g->n++ * g->size, record, g->size);
	return true;
}

/* Why a walk came to nothing. */
static const char *why(int err)
{
	return err == -ENOEXEC ? "this kernel would not take the BPF program that reads it"
	       : err == -ESRCH ? "the ring went away while it was read"
	       : err == -ELOOP ? "the list has no end: it changed while it was followed"
			       : "the BPF programs could not be loaded or run";
}

/*
 * All records of one kind. False: they could not be read, and section has the reason; also where the kernel has no such thing, which
 * is known and nothing (none says so).
 */
static bool walk(struct builder *b, struct arena *a, enum kernel_walk which, uint32_t limit, struct gathering *g,
	struct snap_ring *out, const char *section)
{
	struct walk_request w = {.limit = limit};
	int err = kernel_walk(b->k, which, &b->key, &w, take, g);

	if (err && err != -EOPNOTSUPP) {
		snap_add_reason(a, out, section, why(err));
		return false;
	}
	return true;
}

static void files(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_file), .most = b->o.max_files};
	struct snap_registered *s = &out->registered;
	bool said = s->files_known;
	struct snap_num before = s->nr_files;
	const struct rec_file *rec;
	const char **names;
	uint64_t *keys;

	snap_drop_reason(out, "registered.files");
	if (b->base.nr_files && !walk(b, a, WALK_FILES, b->base.nr_files, &g, out, "registered.files"))
		return;
	if (said && before.known && before.v != b->base.nr_files)
		disagree(a, out, "registered.nr_files", arena_printf(a, "%" PRIu64, before.v),
			arena_printf(a, "%u", b->base.nr_files));
	rec = g.v;
	keys = arena_alloc(a, (g.n + 1) * sizeof(*keys));
	for (size_t i = 0; i < g.n; i++)
		keys[i] = rec[i].file;
	names = file_names(b, a, out->owner.pid.known ? (pid_t)out->owner.pid.v : 0, keys, g.n);
	s->files_known = true;
	s->names_short = false;
	s->nr_files = snap(b->base.nr_files);
	s->n_files = g.n;
	s->files = arena_alloc(a, (g.n + 1) * sizeof(*s->files));
	for (size_t i = 0; i < g.n; i++)
		s->files[i] = (struct snap_file){rec[i].slot, names[i]};
	s->files_cut = g.cut ? snap(b->o.max_files) : (struct snap_num){0};
}

static enum snap_yes yes(bool known, bool v)
{
	return !known ? SNAP_UNKNOWN : v ? SNAP_YES : SNAP_NO;
}

static void buffers(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_buffer), .most = b->o.max_files};
	struct snap_registered *s = &out->registered;
	struct snap_num before = s->nr_buffers;
	const struct rec_buffer *rec;

	snap_drop_reason(out, "registered.buffers");
	if (b->base.nr_buffers && !walk(b, a, WALK_BUFFERS, b->base.nr_buffers, &g, out, "registered.buffers"))
		return;
	if (before.known && before.v != b->base.nr_buffers)
		disagree(a, out, "registered.nr_buffers", arena_printf(a, "%" PRIu64, before.v),
			arena_printf(a, "%u", b->base.nr_buffers));
	rec = g.v;
	s->buffers_known = true;
	s->nr_buffers = snap(b->base.nr_buffers);
	s->n_buffers = g.n;
	s->buffers = arena_alloc(a, (g.n + 1) * sizeof(*s->buffers));
	for (size_t i = 0; i < g.n; i++)
		s->buffers[i] = (struct snap_buffer){rec[i].slot, rec[i].addr, rec[i].len,
			yes(rec[i].flags & BUFFER_CLONED_KNOWN, rec[i].flags & BUFFER_CLONED),
			rec[i].flags & BUFFER_KERNEL ? SNAP_YES : SNAP_NO};
	s->buffers_cut = g.cut ? snap(b->o.max_files) : (struct snap_num){0};
}

static void groups(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_group), .most = b->o.max_files};
	struct snap_registered *s = &out->registered;
	const struct rec_group *rec;

	snap_drop_reason(out, "registered.buffer_rings");
	if (b->base.some & SOME_GROUPS && (!walk(b, a, WALK_LOW_GROUPS, 0, &g, out, "registered.buffer_rings") ||
						  !walk(b, a, WALK_GROUPS, 0, &g, out, "registered.buffer_rings")))
		return;
	rec = g.v;
	s->groups_known = true;
	s->n_groups = g.n;
	s->groups = arena_alloc(a, (g.n + 1) * sizeof(*s->groups));
	for (size_t i = 0; i < g.n; i++) {
		struct snap_group *to = &s->groups[i];

		*to = (struct snap_group){.group = rec[i].group, .ring = rec[i].flags & GROUP_RING};
		/* the tail of a buffer ring is the program's own: it may be anything */
		if (!to->ring || rec[i].available <= rec[i].entries)
			to->available = snap(rec[i].available);
		else
			snap_add_reason(a, out, "registered.buffer_rings.available",
				"the tail that the program has written makes no sense");
		to->at_least = rec[i].flags & GROUP_CUT;
		if (!to->ring)
			continue;
		to->entries = snap(rec[i].entries);
		to->incremental = rec[i].flags & GROUP_INCREMENTAL ? SNAP_YES : SNAP_NO;
		to->kernel_mapped = rec[i].flags & GROUP_KERNEL_MAPPED ? SNAP_YES : SNAP_NO;
	}
}

static void personalities(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_personality), .most = b->o.max_files};
	struct snap_registered *s = &out->registered;
	const struct rec_personality *rec;

	snap_drop_reason(out, "registered.personalities");
	if (b->base.some & SOME_PERSONALITIES &&
		!walk(b, a, WALK_PERSONALITIES, 0, &g, out, "registered.personalities"))
		return;
	rec = g.v;
	s->personalities_known = true;
	s->n_personalities = g.n;
	s->personalities = arena_alloc(a, (g.n + 1) * sizeof(*s->personalities));
	for (size_t i = 0; i < g.n; i++)
		s->personalities[i] = (struct snap_personality){
			(int32_t)rec[i].id, rec[i].cred.uid, rec[i].cred.gid, rec[i].cred.cap_effective};
}

static void zcrx(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_zcrx), .most = b->o.max_files};
	struct snap_registered *s = &out->registered;
	const struct rec_zcrx *rec;

	snap_drop_reason(out, "registered.zcrx");
	s->zcrx_known = true;
	/* before 6.15 there is no program for it, because there is no such thing */
	if (b->base.some & SOME_ZCRX && kernel_walk(b->k, WALK_ZCRX, &b->key, &(struct walk_request){0}, take, &g))
		g.n = 0;
	rec = g.v;
	s->n_zcrx = g.n;
	s->zcrx = arena_alloc(a, (g.n + 1) * sizeof(*s->zcrx));
	for (size_t i = 0; i < g.n; i++)
		s->zcrx[i] = (struct snap_zcrx){rec[i].id, rec[i].rxq, rec[i].entries,
			rec[i].ifname[0] ? arena_copy(a, rec[i].ifname, strnlen(rec[i].ifname, 16)) : NULL};
}

/* io_uring/napi.h, before 6.13 a bool */
static const char *napi_mode(const struct ring_base *base)
{
	if (!(base->has & HAS_NAPI_MODE))
		return base->napi_mode ? "enabled" : "disabled";
	return base->napi_mode == 0 ? "enabled (dynamic)" : base->napi_mode == 1 ? "enabled (static)" : "disabled";
}

static void napi(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_napi), .most = 256};
	struct snap_registered *s = &out->registered;
	const struct rec_napi *rec;

	snap_drop_reason(out, "registered.napi");
	snap_drop_reason(out, "registered.napi_settings");
	s->napi_settings.known = true;
	if (!(b->base.has & HAS_NAPI)) {
		s->napi = "disabled";
		snap_add_reason(
			a, out, "registered.napi_settings.busy_poll_us", "this kernel has no such thing (6.9 has)");
		return;
	}
	if (!s->napi)
		s->napi = napi_mode(&b->base);
	s->napi_settings.busy_poll_us = snap(b->base.napi_busy_ns / 1000);
	s->napi_settings.prefer_busy_poll = b->base.napi_prefer ? SNAP_YES : SNAP_NO;
	if (!strcmp(napi_mode(&b->base), "disabled") ||
		!walk(b, a, WALK_NAPI, 0, &g, out, "registered.napi_settings.ids"))
		return;
	rec = g.v;
	s->napi_settings.n_ids = g.n;
	s->napi_settings.ids = arena_alloc(a, (g.n + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < g.n; i++)
		s->napi_settings.ids[i] = rec[i].id;
}

static void settings(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct ring_base *base = &b->base;
	struct snap_registered *s = &out->registered;

	snap_drop_reason(out, "registered.eventfd");
	snap_drop_reason(out, "registered.iowq_limits");
	snap_drop_reason(out, "registered.memlock");
	s->eventfd = (struct snap_eventfd){.known = true, .active = base->has_eventfd};
	if (base->has_eventfd) {
		s->eventfd.async = yes(base->has & HAS_EVENTFD_ASYNC, base->eventfd_async);
		s->eventfd.disabled = base->cq_flags & 1 ? SNAP_YES : SNAP_NO;
	}
	s->iowq_limits.known = true;
	if (base->has & HAS_IOWQ_LIMITS) {
		s->iowq_limits.bounded = snap(base->iowq_limits[0]);
		s->iowq_limits.unbounded = snap(base->iowq_limits[1]);
	} else {
		snap_add_reason(a, out, "registered.iowq_limits.bounded", "this kernel has no such thing (5.15 has)");
	}
	/* only what is pinned without CAP_IPC_LOCK counts against the limit: then the ring has a user it is charged to */
	s->memlock = (struct snap_memlock){.known = true, .limited = base->user ? SNAP_YES : SNAP_NO};
	s->memlock.mm_bytes = snap(base->pinned_pages * page);
	if (base->user)
		s->memlock.user_bytes = snap(base->locked_pages * page);
	if (base->memlock_limit != UINT64_MAX && base->mm_owner.tgid)
		s->memlock.limit_bytes = snap(base->memlock_limit);
}

static void overflowed(struct builder *b, struct arena *a, struct snap_ring *out)
{
	struct gathering g = {.a = a, .size = sizeof(struct rec_overflow), .most = b->o.max_requests};
	const struct rec_overflow *rec;
	struct snap_cq *cq = &out->cq;

	/* fdinfo lists them all, 16 bytes of each; a ring whose entries are bigger, or that has no fdinfo, is asked about here */
	if (cq->overflowed_known && !(b->base.flags & (UAPI_SETUP_CQE32 | UAPI_SETUP_CQE_MIXED)))
		return;
	snap_drop_reason(out, "cq.overflowed");
	if (b->base.some & SOME_OVERFLOW && !walk(b, a, WALK_OVERFLOW, 0, &g, out, "cq.overflowed"))
		return;
	rec = g.v;
	cq->overflowed_known = true;
	cq->n_overflowed = g.n;
	cq->overflowed = arena_alloc(a, (g.n + 1) * sizeof(*cq->overflowed));
	for (size_t i = 0; i < g.n; i++)
		cq->overflowed[i] = (struct snap_cqe){.user_data = rec[i].user_data,
			.res = rec[i].res,
			.flags = rec[i].flags,
			.big = b->base.flags & UAPI_SETUP_CQE32 || rec[i].flags & UAPI_CQE_32,
			.extra = {rec[i].extra[0], rec[i].extra[1]}};
	cq->overflowed_cut = g.cut ? snap(b->o.max_requests) : (struct snap_num){0};
}

void build_kernel_registered(struct builder *b, struct arena *a, struct snap_ring *out)
{
	const char *whole = snap_reason_of(out, "registered");

	if (whole)
		snap_drop_reason(out, "registered");
	out->registered.known = true;
	files(b, a, out);
	buffers(b, a, out);
	groups(b, a, out);
	personalities(b, a, out);
	zcrx(b, a, out);
	napi(b, a, out);
	settings(b, a, out);
	overflowed(b, a, out);
}
