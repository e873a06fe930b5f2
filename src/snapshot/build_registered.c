/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is registered with a ring and what waits in it, as far as fdinfo says so. */
#include "parts.h"

const char *fdinfo_file_name(struct arena *a, const struct fdinfo *f, size_t i)
{
	return f->names_short ? arena_printf(a, ".../%s", f->files[i].name) : f->files[i].name;
}

static void files(struct arena *a, const struct fdinfo *f, struct snap_ring *out)
{
	struct snap_registered *g = &out->registered;

	if (!f->has_files || f->files_partial) {
		snap_add_reason(a, out, "registered.files", "the ring's lock was taken each time fdinfo was read");
		return;
	}
	if (f->files_forged) {
		snap_add_reason(a, out, "registered.files",
			"the name of a file looks like another's line, and this kernel's fdinfo does not tell them "
			"apart (6.13 "
			"does)");
		return;
	}
	g->files_known = true;
	g->nr_files = snap(f->nr_files);
	g->names_short = f->names_short;
	g->n_files = f->n_files;
	g->files = arena_alloc(a, f->n_files * sizeof(*g->files));
	for (size_t i = 0; i < f->n_files; i++)
		g->files[i] = (struct snap_file){f->files[i].slot, fdinfo_file_name(a, f, i)};
	if (f->n_files && f->names_short)
		snap_add_reason(a, out, "registered.files.path",
			"this kernel's fdinfo shows only the last part of each path (6.13 shows all)");
}

static void buffers(struct arena *a, const struct fdinfo *f, struct snap_registered *g)
{
	g->buffers_known = f->has_bufs;
	g->nr_buffers = (struct snap_num){f->has_bufs, f->nr_bufs};
	g->n_buffers = f->n_bufs;
	g->buffers = arena_alloc(a, f->n_bufs * sizeof(*g->buffers));
	for (size_t i = 0; i < f->n_bufs; i++)
		g->buffers[i] =
			(struct snap_buffer){.slot = f->bufs[i].slot, .addr = f->bufs[i].addr, .len = f->bufs[i].len};
}

/* 6.13 and later do not print personalities: there, none seen does not mean none there. has_times is 6.9 and later. */
static void personalities(struct builder *b, struct arena *a, const struct fdinfo *f, struct snap_ring *out)
{
	struct snap_registered *g = &out->registered;

	if (!f->n_personalities && (f->has_times || !f->has_poll)) {
		snap_add_reason(a, out, "registered.personalities", b->kernel_why);
		return;
	}
	g->personalities_known = true;
	g->personalities = arena_alloc(a, f->n_personalities * sizeof(*g->personalities));
	for (size_t i = 0; i < f->n_personalities; i++) {
		const struct fdinfo_personality *p = &f->personalities[i];

		if (p->complete)
			g->personalities[g->n_personalities++] =
				(struct snap_personality){p->id, p->uid, p->gid, p->cap_effective};
	}
}

static void polls(struct builder *b, struct arena *a, const struct fdinfo *f, struct snap_ring *out)
{
	out->inflight.known = f->has_poll;
	out->inflight.requests = arena_alloc(a, f->n_polls * sizeof(*out->inflight.requests));
	for (size_t i = 0; i < f->n_polls; i++)
		out->inflight.requests[out->inflight.n_requests++] = (struct snap_request){.opcode = f->polls[i].opcode,
			.name = op_name(a, f->polls[i].opcode),
			.where = f->polls[i].task_work ? "task_work" : "poll"};
	if (!f->has_poll)
		snap_add_reason(a, out, "inflight", b->kernel_why);
	else
		snap_add_reason(a, out, "inflight.count", b->kernel_why);
}

void build_registered(struct builder *b, struct arena *a, const struct fdinfo *f, struct snap_ring *out)
{
	out->registered.known = true;
	files(a, f, out);
	buffers(a, f, &out->registered);
	personalities(b, a, f, out);
	if (f->has_napi)
		out->registered.napi = f->napi_tracking ? arena_printf(a, "%s (%s)", f->napi, f->napi_tracking)
							: f->napi;
	else
		snap_add_reason(a, out, "registered.napi", "this kernel's fdinfo does not say (6.9 does)");
	snap_add_reason(a, out, "registered.buffer_rings", b->kernel_why);
	snap_add_reason(a, out, "registered.eventfd", b->kernel_why);
	snap_add_reason(a, out, "registered.iowq_limits", b->kernel_why);
	snap_add_reason(a, out, "registered.zcrx", b->kernel_why);
	snap_add_reason(a, out, "registered.napi_settings", b->kernel_why);
	snap_add_reason(a, out, "registered.memlock", b->kernel_why);
	polls(b, a, f, out);
}
