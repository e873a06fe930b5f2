/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a ring's page about what is registered with it and what it may do. */
#include <inttypes.h>
#include <string.h>

#include "page.h"

static void names(const struct page *p, const char *before, const struct snap_names *n)
{
	buf_puts(p->b, before);
	for (size_t i = 0; i < n->n; i++) {
		buf_puts(p->b, i ? ", " : "");
		page_text(p, n->v[i]);
	}
	if (!n->n)
		buf_puts(p->b, "none");
}

void page_restrictions(const struct page *p, const struct snap_ring *r)
{
	const struct snap_restrictions *x = &r->restrictions;

	if (!x->known)
		return;
	page_word(p, "restrict");
	if (!x->active && !x->registered) {
		buf_puts(p->b, "no restrictions\n");
		return;
	}
	if (!x->active)
		buf_puts(p->b, "not yet in force: ");
	if (x->inherited == SNAP_YES)
		buf_puts(p->b, "inherited from the task: ");
	if (x->sqe_limited)
		names(p, "opcodes: ", &x->sqe_ops);
	else
		buf_puts(p->b, "any opcode");
	if (x->register_limited)
		names(p, "; register: ", &x->register_ops);
	buf_putc(p->b, '\n');
	if (x->sqe_limited) {
		page_word(p, "");
		names(p, "SQE flags allowed: ", &x->sqe_flags_allowed);
		names(p, ", required: ", &x->sqe_flags_required);
		buf_putc(p->b, '\n');
	}
	if (x->filter_ops.n) {
		page_word(p, "");
		names(p, "BPF filters for: ", &x->filter_ops);
		buf_putc(p->b, '\n');
	}
}

static void cut(const struct page *p, struct snap_num at)
{
	if (at.known)
		page_num(p, ", cut at ", at, "");
}

static void files(const struct page *p, const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;
	size_t end = buf_list(p->b), i;

	if (!g->files_known || !g->nr_files.v)
		return;
	page_word(p, "files");
	page_num(p, "", g->nr_files, g->nr_files.v == 1 ? " slot, " : " slots, ");
	buf_printf(p->b, "%zu in use", g->n_files);
	cut(p, g->files_cut);
	buf_putc(p->b, '\n');
	for (i = 0; i < g->n_files && buf_wants(p->b, end); i++) {
		buf_printf(p->b, "    %5u  ", g->files[i].slot);
		if (g->files[i].file)
			render_file(p->b, p->st, TEXT_ALONE, g->files[i].file);
		else
			buf_putc(p->b, '?');
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "registered.files", i, g->n_files);
}

static void buffers(const struct page *p, const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;
	size_t end = buf_list(p->b), i;

	if (!g->buffers_known || !g->nr_buffers.v)
		return;
	page_word(p, "buffers");
	page_num(p, "", g->nr_buffers, g->nr_buffers.v == 1 ? " slot, " : " slots, ");
	buf_printf(p->b, "%zu in use", g->n_buffers);
	cut(p, g->buffers_cut);
	buf_putc(p->b, '\n');
	for (i = 0; i < g->n_buffers && buf_wants(p->b, end); i++) {
		buf_printf(p->b, "    %5u  ", g->buffers[i].slot);
		buf_hex(p->b, g->buffers[i].addr);
		buf_printf(p->b, ", %" PRIu64 " bytes", g->buffers[i].len);
		if (g->buffers[i].kernel == SNAP_YES)
			buf_puts(p->b, ", the kernel's own");
		if (g->buffers[i].cloned == SNAP_YES)
			buf_puts(p->b, ", shared with another ring");
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "registered.buffers", i, g->n_buffers);
}

static void groups(const struct page *p, const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;
	size_t end = buf_list(p->b), i;

	for (i = 0; i < g->n_groups && buf_wants(p->b, end); i++) {
		const struct snap_group *x = &g->groups[i];

		page_word(p, i ? "" : "provided");
		buf_printf(p->b, "group %u: ", x->group);
		page_num(p, x->at_least ? "at least " : "", x->available, "");
		if (x->ring)
			page_num(p, " of ", x->entries, " buffers available in a ring");
		else
			buf_puts(p->b, " buffers available");
		if (x->incremental == SNAP_YES)
			buf_puts(p->b, ", consumed bit by bit");
		if (x->kernel_mapped == SNAP_YES)
			buf_puts(p->b, ", mapped by the kernel");
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "registered.buffer_rings", i, g->n_groups);
}

static void settings(const struct page *p, const struct snap_registered *g)
{
	if (g->eventfd.active) {
		page_word(p, "eventfd");
		buf_puts(p->b, "registered");
		if (g->eventfd.async == SNAP_YES)
			buf_puts(p->b, ", for completions from io-wq alone");
		if (g->eventfd.disabled == SNAP_YES)
			buf_puts(p->b, ", disabled by the program");
		buf_putc(p->b, '\n');
	}
	if (g->napi && strcmp(g->napi, "disabled")) {
		page_word(p, "napi");
		page_text(p, g->napi);
		if (g->napi_settings.known) {
			page_num(p, ", polls for ", g->napi_settings.busy_poll_us, " us");
			if (g->napi_settings.prefer_busy_poll == SNAP_YES)
				buf_puts(p->b, ", preferred to interrupts");
			for (size_t i = 0; i < g->napi_settings.n_ids; i++)
				buf_printf(p->b, "%s%u", i ? ", " : ", ids ", g->napi_settings.ids[i]);
		}
		buf_putc(p->b, '\n');
	}
	for (size_t i = 0; i < g->n_zcrx; i++) {
		page_word(p, i ? "" : "zcrx");
		buf_printf(p->b, "queue %u: ", g->zcrx[i].id);
		render_comm(p->b, p->st, g->zcrx[i].ifname);
		buf_printf(p->b, " rx queue %u, %u entries\n", g->zcrx[i].rxq, g->zcrx[i].entries);
	}
	if (g->memlock.known && (g->memlock.mm_bytes.v || g->memlock.user_bytes.v)) {
		page_word(p, "memlock");
		page_num(p, "", g->memlock.mm_bytes, " bytes pinned by the address space");
		if (g->memlock.limited == SNAP_YES) {
			page_num(p, ", its user has ", g->memlock.user_bytes, "");
			page_num(p, " of the ", g->memlock.limit_bytes, " that RLIMIT_MEMLOCK allows");
		} else {
			buf_puts(p->b, ", not limited");
		}
		buf_putc(p->b, '\n');
	}
}

void page_registered(const struct page *p, const struct snap_ring *r)
{
	const struct snap_registered *g = &r->registered;

	size_t end, i;

	files(p, r);
	buffers(p, r);
	groups(p, r);
	end = buf_list(p->b);
	for (i = 0; i < g->n_personalities && buf_wants(p->b, end); i++) {
		page_word(p, i ? "" : "creds");
		buf_printf(p->b, "personality %d: uid %u, gid %u, capabilities ", g->personalities[i].id,
			g->personalities[i].uid, g->personalities[i].gid);
		buf_hex(p->b, g->personalities[i].cap_effective);
		buf_putc(p->b, '\n');
	}
	page_rest(p, r, "registered.personalities", i, g->n_personalities);
	settings(p, g);
}
