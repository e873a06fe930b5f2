/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of what was counted, and how latencies are distributed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"
#include "uapi.h"

void sum_counts_add(struct sum_counts *to, const struct sum_counts *c)
{
	to->calls += c->calls;
	to->errors += c->errors;
	to->bytes += c->bytes;
	to->latencies += c->latencies;
	to->unmeasured += c->unmeasured;
	to->max_ns = c->max_ns > to->max_ns ? c->max_ns : to->max_ns;
	for (int i = 0; i < PATHS; i++)
		to->paths[i] += c->paths[i];
	for (int i = 0; i < SUM_ERRORS; i++)
		to->error[i] += c->error[i];
	for (int i = 0; i < LAT_BUCKETS; i++)
		to->lat[i] += c->lat[i];
}

void summary_add(void *ctx, const struct sum_key *key, const struct sum_counts *c)
{
	struct summary *s = ctx;

	s->rows = xrealloc(s->rows, (s->n + 1) * sizeof(*s->rows));
	s->rows[s->n++] = (struct summary_row){.key = *key, .c = *c};
}

/* As bucket_of in count.bpf.c. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned high = 3;

	if (ns < 8)
		return (unsigned)ns;
	while (ns >> (high + 1))
		high++;
	return (high - 2) * 8 + (unsigned)(ns >> (high - 3) & 7);
}

void summary_count(struct summary *s, const struct trace_request *r, enum summary_by by)
{
	const struct sum_key key = {.by = by == SUM_BY_RING   ? r->ctx
					  : by == SUM_BY_FILE ? r->file
					  : by == SUM_BY_PID  ? r->tgid
							      : 0,
		.opcode = by == SUM_BY_OP ? r->opcode : 0};
	struct sum_counts *c;
	size_t i = 0;

	if (!r->has_res || r->posted || r->cflags & UAPI_CQE_MORE)
		return;
	while (i < s->n && (s->rows[i].key.by != key.by || s->rows[i].key.opcode != key.opcode))
		i++;
	if (i == s->n) {
		struct sum_counts none;

		memset(&none, 0, sizeof(none));
		summary_add(s, &key, &none);
	}
	c = &s->rows[i].c;
	c->calls++;
	c->paths[r->path]++;
	if (r->res < 0) {
		c->errors++;
		c->error[-(int64_t)r->res < SUM_ERRORS - 1 ? -r->res : SUM_ERRORS - 1]++;
	} else if (uapi_op_moves_bytes(r->opcode)) {
		c->bytes += (uint32_t)r->res;
	}
	if (r->submitted && r->completed) {
		uint64_t ns = r->completed - r->submitted;

		c->latencies++;
		c->max_ns = ns > c->max_ns ? ns : c->max_ns;
		c->lat[bucket_of(ns) & (LAT_BUCKETS - 1)]++;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* What is called the same is the same: each processor has numbers of its own for files. */
static void merge(struct summary *s, const char *(*name)(void *ctx, const struct sum_key *k), void *ctx)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		s->rows[i].name = strdup(name(ctx, &s->rows[i].key));
	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows), by_name);
	for (size_t i = 0; i < s->n; i++) {
		if (n && !strcmp(s->rows[n - 1].name, s->rows[i].name)) {
			sum_counts_add(&s->rows[n - 1].c, &s->rows[i].c);
			free(s->rows[i].name);
		} else {
			s->rows[n++] = s->rows[i];
		}
	}
	s->n = n;
}

static int by_calls(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;

	return x->c.calls > y->c.calls ? -1 : x->c.calls < y->c.calls;
}

/* The least latency of a bucket: the other way round from bucket_of in count.bpf.c. */
uint64_t summary_bucket(unsigned i)
{
	return i < 8 ? i : (uint64_t)(8 + (i & 7)) << (i / 8 - 1);
}

/* A latency that so many of 1000 do not exceed: the middle of the bucket that it falls into. */
uint64_t summary_percentile(const struct sum_counts *c, unsigned of_1000)
{
	uint64_t before = 0, want = (c->latencies * of_1000 + 999) / 1000;

	for (unsigned i = 0; i < LAT_BUCKETS; i++) {
		before += c->lat[i];
		if (before >= want && c->lat[i]) {
			uint64_t v = (summary_bucket(i) + summary_bucket(i + 1)) / 2;

			return v < c->max_ns ? v : c->max_ns;
		}
	}
	return c->max_ns;
}

static void time_cell(struct buf *b, bool known, bool about, uint64_t ns)
{
	struct buf t = {0};

	if (about)
		buf_putc(&t, '~');
	if (known)
		render_time(&t, ns);
	else
		buf_putc(&t, '-');
	buf_pad(b, t.len < 9 ? 9 - t.len : 1);
	buf_puts(b, t.data);
	buf_free(&t);
}

static void bytes_cell(struct buf *b, uint64_t v)
{
	static const char units[] = " KMGTPE";
	double d = (double)v;
	int u = 0;

	while (d >= 1024 && units[u + 1]) {
		d /= 1024;
		u++;
	}
	if (!v)
		buf_puts(b, "       -");
	else
		buf_printf(b, u ? "%7.1f%c" : "%7.0f%c", d, units[u]);
}

static void paths(struct buf *b, const struct sum_counts *c)
{
	for (int i = 0; i < PATHS; i++)
		if (c->paths[i])
			buf_printf(b, " %s %.0f%%", trace_path_name((enum summary_path)i),
				100.0 * (double)c->paths[i] / (double)c->calls);
}

static void errors(struct buf *b, const struct sum_counts *c)
{
	const char *sep = "    ";

	for (int i = 1; i < SUM_ERRORS && c->errors; i++) {
		const char *name = i < SUM_ERRORS - 1 ? strerrorname_np(i) : "other";

		if (!c->error[i])
			continue;
		buf_puts(b, sep);
		if (name)
			buf_printf(b, "%s %" PRIu64, name, c->error[i]);
		else
			buf_printf(b, "%d: %" PRIu64, -i, c->error[i]);
		sep = ", ";
	}
	if (sep[0] == ',')
		buf_putc(b, '\n');
}

/* Columns of a name, whose bytes are escaped already. */
static size_t columns_of(const char *name)
{
	struct buf b = {0};
	size_t n = buf_text(&b, name, strlen(name), ESC_ONCE);

	buf_free(&b);
	return n;
}

static void row(struct buf *b, size_t width, const char *name, const struct sum_counts *c)
{
	size_t columns = columns_of(name);

	buf_puts(b, name);
	buf_pad(b, columns < width ? width - columns : 0);
	buf_printf(b, " %10" PRIu64 " %8" PRIu64, c->calls, c->errors);
	time_cell(b, c->latencies, false, summary_percentile(c, 500));
	time_cell(b, c->latencies, false, summary_percentile(c, 990));
	time_cell(b, c->latencies, c->unmeasured, c->max_ns);
	bytes_cell(b, c->bytes);
	buf_putc(b, ' ');
	paths(b, c);
	buf_putc(b, '\n');
	errors(b, c);
}

/* A bar for each power of two, as long as its share. */
static void histogram(struct buf *b, const struct style *st, const struct sum_counts *c)
{
	uint64_t of[64] = {0}, most = 0;
	int first = 64, last = -1;

	for (unsigned i = 0; i < LAT_BUCKETS; i++)
		of[i / 8] += c->lat[i];
	for (int i = 0; i < 64; i++) {
		if (!of[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = of[i] > most ? of[i] : most;
	}
	for (int i = first; i <= last; i++) {
		int w = (int)(of[i] * 40 / most);

		buf_puts(b, "    ");
		time_cell(b, true, false, summary_bucket((unsigned)i * 8));
		buf_puts(b, " to");
		time_cell(b, true, false, summary_bucket((unsigned)i * 8 + 8));
		buf_printf(b, " %10" PRIu64 " ", of[i]);
		for (int k = 0; k < w; k++)
			buf_puts(b, st->utf8 ? "█" : "#");
		if (of[i] && !w)
			buf_puts(b, st->utf8 ? "▏" : ".");
		buf_putc(b, '\n');
	}
}

void summary_print(struct buf *b, struct summary *s, const struct style *st, const char *heading, bool hist,
	const char *(*name)(void *ctx, const struct sum_key *k), void *ctx)
{
	enum { LEAST = 20, MOST = 80 };
	struct sum_counts *all = xrealloc(NULL, sizeof(*all));
	size_t width = LEAST;

	memset(all, 0, sizeof(*all));
	merge(s, name, ctx);
	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows), by_calls);
	for (size_t i = 0; i < s->n; i++) {
		size_t columns = columns_of(s->rows[i].name);

		/* a very long one sticks out, and the others stay on the screen */
		width = columns > width && columns <= MOST ? columns : width;
	}
	render_color(b, st, C_HEAD);
	buf_printf(b, "%-*s %10s %8s %8s %8s %8s %7s  %s\n", (int)width, heading, "CALLS", "ERRORS", "p50", "p99",
		"max", "BYTES", "PATH");
	render_color(b, st, C_NONE);
	for (size_t i = 0; i < s->n; i++) {
		const struct sum_counts *c = &s->rows[i].c;

		row(b, width, s->rows[i].name, c);
		if (hist)
			histogram(b, st, c);
		sum_counts_add(all, c);
		free(s->rows[i].name);
	}
	if (s->n > 1)
		row(b, width, "total", all);
	if (!s->n)
		buf_puts(b, "nothing has completed\n");
	if (all->unmeasured) {
		buf_printf(b, "~ of all latencies %.0f%% were measured, at random, and each of ",
			100.0 * (double)(all->calls - all->unmeasured) / (double)all->calls);
		render_time(b, SHOWN_TICKS * tracer_tick());
		buf_puts(b, " or more\n");
	}
	free(all);
	s->n = 0;
}

void summary_free(struct summary *s)
{
	free(s->rows);
	*s = (struct summary){0};
}
