/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uringctl list and dump: find, build, render, one ring at a time. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "build.h"
#include "cmd.h"
#include "kbtf.h"
#include "show.h"
#include "snapjson.h"

/* Where rings go to: a table, a text, or a document. */
struct sink {
	struct buf out;
	struct buf_out way; /* on which out goes while a ring is written */
	const struct style *style;
	bool json, first;
	struct table *table; /* NULL: no table */
};

static int sink_ring(struct sink *s, const struct snap_ring *r)
{
	if (s->json) {
		snap_json_ring(&s->out, r, s->first);
	} else if (s->table) {
		table_ring(s->table, s->style, r);
	} else {
		if (!s->first)
			buf_putc(&s->out, '\n');
		render_ring(&s->out, s->style, r);
	}
	s->first = false;
	return s->way.failed ? -1 : s->out.len > 1 << 16 ? put_out(&s->out) : 0;
}

static int sink_end(struct sink *s, const struct snap_skip *skipped, size_t n, const struct snap_threads *threads)
{
	if (s->json)
		snap_json_end(&s->out, skipped, n, threads);
	else if (s->table)
		table_print(s->table, &s->out, s->style);
	if (!s->json && !s->table && threads->n && !s->first)
		buf_putc(&s->out, '\n');
	for (size_t i = 0; i < threads->n && !s->json; i++) {
		render_thread(&s->out, s->style, &threads->v[i]);
		buf_putc(&s->out, '\n');
	}
	return put_out(&s->out);
}

struct skips {
	struct arena arena;
	struct snap_skip *v;
	size_t n, cap;
};

static void skip(struct skips *s, struct snap_num pid, struct snap_num ring, const char *reason)
{
	s->v = arena_grow(&s->arena, s->v, s->n, &s->cap, sizeof(*s->v));
	s->v[s->n++] = (struct snap_skip){pid, ring, reason, false};
}

struct showing {
	const struct choices *c;
	struct sink *sink;
	struct skips *skips;
	int err; /* of the output */
	bool failed;
};

/* Has the process ended? Asked in a way that waits for nothing of it. */
static bool has_ended(pid_t pid)
{
	struct pollfd p = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
	bool ended = p.fd < 0 ? errno == ESRCH : poll(&p, 1, 0) == 1;

	if (p.fd >= 0)
		close(p.fd);
	return ended;
}

/* A ring that was there and cannot be shown. That is a failure if it was asked for, or the process whose ring it was and which has ended. */
static bool gone_matters(const struct choices *c, const struct found_ring *r, const char *why, bool lost)
{
	bool matters = lost || c->by_id || c->fd >= 0;

	if (matters)
		complain("ring %llu: %s", (unsigned long long)r->id, why);
	/* that a process which lives has closed a ring is no failure */
	for (size_t i = 0; i < c->n_pids && !(lost || c->by_id || c->fd >= 0); i++) {
		bool ended;

		if (!ring_holder(r, c->pids[i]))
			continue;
		ended = has_ended(c->pids[i]);
		complain(ended ? "pid %d: ended while its ring %llu was read"
			       : "pid %d: closed its ring %llu while it was read",
			(int)c->pids[i], (unsigned long long)r->id);
		matters |= ended;
	}
	return matters;
}

static bool show_one(void *ctx, const struct found_ring *ring, struct arena *a, const struct snap_ring *r,
	const char *why, bool lost)
{
	struct showing *x = ctx;

	if (r) {
		x->err = sink_ring(x->sink, r);
	} else {
		skip(x->skips, (struct snap_num){0}, (struct snap_num){true, ring->id}, why);
		x->failed |= gone_matters(x->c, ring, why, lost);
	}
	arena_free(a);
	return !x->err;
}

/* Processes that did not answer: in the document, and on stderr. True: one of them was named. */
static bool add_late(const struct choices *c, struct helpers *h, struct skips *skips)
{
	struct snap_skip *late;
	bool named;
	size_t n = tell_late(c, h, &skips->arena, &late, &named);

	for (size_t i = 0; i < n; i++) {
		skips->v = arena_grow(&skips->arena, skips->v, skips->n, &skips->cap, sizeof(*skips->v));
		skips->v[skips->n++] = late[i];
	}
	return named;
}

static int show_live(const struct choices *c, struct sink *s, bool brief)
{
	struct build_options o = {.brief = brief,
		.data = c->data,
		.sources = c->sources,
		.max_requests = c->max_requests,
		.max_files = c->max_files,
		.max_memory = c->max_memory};
	enum { AHEAD = 64 };
	struct helpers *h = helpers_new(1);
	struct kernel *k;
	struct skips skips = {0};
	struct showing x = {c, s, &skips, 0, false};
	struct arena shared = arena_shared();
	struct snap_threads threads;
	struct snap_head head;
	struct discovery d;
	struct builder *b;
	bool failed = false;
	int err = 0;

	if (!h) {
		no_look(errno);
		return EXIT_FAILED;
	}
	k = c->sources & SOURCE_KERNEL ? kernel_open() : NULL;
	if (k && kernel_why(k) && c->chose_sources) {
		complain("--source kernel: %s", kernel_why(k));
		failed = true;
	}
	if (find_rings(c, h, k, &d, &failed)) {
		kernel_close(k);
		end_helpers(h);
		return EXIT_FAILED;
	}
	b = builder_new(&d, k, &o);
	build_head(b, &skips.arena, &head);
	if (s->json)
		snap_json_begin(&s->out, &head);
	for (size_t i = 0; i < d.n_skipped; i++)
		skip(&skips, (struct snap_num){true, (uint64_t)d.skipped[i].pid}, (struct snap_num){0},
			d.skipped[i].reason);
	if (build_rings(h, &d, k, &o, AHEAD, show_one, &x) < 0) {
		complain("no process can be started to read rings: %s", strerror(errno));
		failed = true;
	}
	build_threads(h, &d, k, &o, &shared, &threads);
	err = x.err;
	failed |= x.failed;
	failed |= add_late(c, h, &skips);
	if (!err)
		err = sink_end(s, skips.v, skips.n, &threads);
	builder_free(b);
	discovery_free(&d);
	kernel_close(k);
	arena_free(&skips.arena);
	arena_free(&shared);
	kbtf_free();
	end_helpers(h);
	return err || failed ? EXIT_FAILED : EXIT_DONE;
}

static int show_file(const struct choices *c, struct sink *s)
{
	struct arena a = {0};
	struct snap_doc doc;
	const char *from = c->froms[0], *why = read_document(&a, from, &doc);
	size_t shown = 0;
	int err = 0;

	if (why) {
		complain("%s: %s", from, why);
		arena_free(&a);
		return EXIT_FAILED;
	}
	if (s->json)
		snap_json_begin(&s->out, &doc.head);
	for (size_t i = 0; i < doc.n_rings && !err; i++) {
		if (c->by_id && doc.rings[i].id != c->id)
			continue;
		err = sink_ring(s, &doc.rings[i]);
		shown++;
	}
	if (!err)
		err = sink_end(s, doc.skipped, doc.n_skipped, &doc.threads);
	if (!err && c->by_id && !shown) {
		complain("%s: has no ring %llu", from, (unsigned long long)c->id);
		err = -1;
	}
	arena_free(&a);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int show(const struct command *cmd, int argc, char **argv, bool brief)
{
	struct choices c;
	struct sink s = {.style = &c.style, .first = true};
	int err = options_parse(cmd, argc, argv, &c);

	s.way = (struct buf_out){.put = put_out, .max = c.max_text};
	s.out.out = &s.way;
	s.json = c.json;
	s.table = brief && !c.json ? table_new() : NULL;
	if (!err && c.help)
		options_help(cmd);
	else if (!err && c.n_froms && (c.n_pids || c.fd >= 0))
		complain("--from: shows what is in the file, so --pid and --fd mean nothing with it"), err = EXIT_USAGE;
	else if (!err && c.n_froms > 1)
		complain("--from: one file at a time (uringtop walks through several)"), err = EXIT_USAGE;
	else if (!err && !c.n_froms && !enough_descriptors())
		err = EXIT_FAILED;
	else if (!err)
		err = c.n_froms ? show_file(&c, &s) : show_live(&c, &s, brief);
	if (s.table)
		table_free(s.table);
	buf_free(&s.out);
	choices_free(&c);
	return err;
}

int cmd_list(const struct command *cmd, int argc, char **argv)
{
	return show(cmd, argc, argv, true);
}

int cmd_dump(const struct command *cmd, int argc, char **argv)
{
	return show(cmd, argc, argv, false);
}

int cmd_schema(const struct command *cmd, int argc, char **argv)
{
	struct choices c;
	struct buf b = {0};
	int err = options_parse(cmd, argc, argv, &c);

	if (!err && c.help) {
		options_help(cmd);
	} else if (!err) {
		buf_puts(&b, snap_json_schema);
		err = put_out(&b) ? EXIT_FAILED : EXIT_DONE;
	}
	buf_free(&b);
	choices_free(&c);
	return err;
}
