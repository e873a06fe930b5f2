/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Trace Event Format, which Perfetto and chrome://tracing open: a process a ring, in it a track a path or a worker; requests are
 * asynchronous spans, since they overlap; links are flows; fills are counters. A flow binds to a slice of a thread alone, so a completion
 * by a worker or in a chain is one, of the least duration: when a worker began, nothing says.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tracetext.h"
#include "uapi.h"

/* Numbers of inodes, and processes in Perfetto, have 32 bits. */
static const uint64_t UNKNOWN_RINGS = (uint64_t)1 << 32;
enum { MOST_UNKNOWN = 65535 };

/* Text that is escaped already, and so printable UTF-8: what is left to do is JSON's own. */
static void quoted(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

/* What stands for a ring where a process is expected: its id, or, where that is not known, one that no ring is likely to have. */
static uint64_t process(uint64_t ring, uint32_t unknown)
{
	return ring || !unknown ? ring : UNKNOWN_RINGS - (unknown < MOST_UNKNOWN ? unknown : MOST_UNKNOWN);
}

static void micros(struct buf *b, uint64_t ns)
{
	buf_printf(b, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
}

static void begin(struct buf *b, struct trace_chrome *c)
{
	/* in ns: else chrome://tracing takes what is less than 1 us apart for nested */
	buf_puts(b, c->any ? ",\n" : "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
	c->any = true;
}

static void head(struct buf *b, struct trace_chrome *c, const char *phase, const char *name, uint64_t ring,
	uint64_t tid, uint64_t time)
{
	begin(b, c);
	buf_printf(b, "{\"ph\":\"%s\",\"name\":", phase);
	quoted(b, name);
	buf_printf(b, ",\"cat\":\"io_uring\",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64 ",\"ts\":", ring, tid);
	micros(b, time);
}

/* The tracks of a ring are named when it is first seen. */
static void introduce(struct buf *b, struct trace_chrome *c, uint64_t ring, uint64_t tid, const char *role)
{
	uint64_t key = (ring * 31 + tid) * 0x9e3779b97f4a7c15 >> 51;

	if (c->known[key][0] == ring + 1 && c->known[key][1] == tid + 1)
		return;
	c->known[key][0] = ring + 1;
	c->known[key][1] = tid + 1;
	begin(b, c);
	buf_printf(b, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%" PRIu64 ",\"args\":{\"name\":\"ring ", ring);
	if (ring >= UNKNOWN_RINGS - MOST_UNKNOWN && ring < UNKNOWN_RINGS)
		buf_printf(b, "?%" PRIu64 "\"}}", UNKNOWN_RINGS - ring);
	else
		buf_printf(b, "%" PRIu64 "\"}}", ring);
	begin(b, c);
	buf_printf(b,
		"{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64 ",\"args\":{\"name\":",
		ring, tid);
	buf_printf(b, "\"%s %" PRIu64 "\"}}", role, tid);
}

static void counter(struct buf *b, struct trace_chrome *c, const char *name, uint64_t ring, uint64_t time, uint32_t v)
{
	head(b, c, "C", name, ring, 0, time);
	buf_printf(b, ",\"args\":{\"entries\":%" PRIu32 "}}", v);
}

/* The completion as a slice; of a link also an arrow from the one before to it. */
static void completed(
	struct buf *b, struct trace_chrome *c, const struct trace_request *r, const char *name, uint64_t tid)
{
	uint64_t *seen = &c->chains[r->chain % (sizeof(c->chains) / sizeof(*c->chains))];
	bool links = r->has_sqe && r->sqe.b[SQE_FLAGS] & (UAPI_SQE_IO_LINK | UAPI_SQE_IO_HARDLINK);

	if (!r->completed || (!r->worker && !r->chain))
		return;
	head(b, c, "X", name, process(r->ring, r->ring_unknown), tid, r->completed);
	buf_printf(b, ",\"dur\":0.02,\"args\":{\"user_data\":\"0x%" PRIx64 "\"}}", r->user_data);
	if (!r->chain || r->shot > 1)
		return;
	head(b, c,
		*seen != r->chain ? "s"
		: links		  ? "t"
				  : "f",
		"chain", process(r->ring, r->ring_unknown), tid, r->completed);
	buf_printf(b, ",\"id\":%" PRIu64 "%s}", r->chain, *seen == r->chain && !links ? ",\"bp\":\"e\"" : "");
	*seen = r->chain;
}

static void request(struct buf *b, struct trace_chrome *c, struct trace_view *v, const struct trace_item *i)
{
	const struct trace_request *r = &i->r;
	struct style plain = {.utf8 = true};
	struct sqe_fields f;
	struct buf text = {0};
	const char *name;
	uint64_t start = r->submitted ? r->submitted : i->time, id = ++c->ids;
	uint64_t tid = r->worker ? r->worker : r->tid;

	arena_reset(&v->scratch);
	name = r->posted ? "CQE" : trace_op_name(v, r);
	introduce(b, c, process(r->ring, r->ring_unknown), tid, r->worker ? "worker" : "submitter");
	if (r->has_sqe) {
		trace_decode(v, r, &f);
		if (!f.file && r->file)
			f.file = trace_file_name(v->names, r->file, (pid_t)r->tgid);
		render_sqe(&text, &plain, &f);
	}
	head(b, c, "b", name, process(r->ring, r->ring_unknown), tid, start);
	buf_printf(b, ",\"id\":\"0x%" PRIx64 "\",\"args\":{\"request\":", id);
	quoted(b, text.len ? text.data : "?");
	buf_printf(b, ",\"user_data\":\"0x%" PRIx64 "\",\"path\":\"%s\"", r->user_data,
		r->has_res ? trace_path_name(r->path) : "?");
	if (r->has_res)
		buf_printf(b, ",\"res\":%d", r->res);
	if (r->shot)
		buf_printf(b, ",\"shot\":%u", r->shot);
	buf_puts(b, "}}");
	head(b, c, "e", name, process(r->ring, r->ring_unknown), tid, i->time);
	buf_printf(b, ",\"id\":\"0x%" PRIx64 "\"}", id);
	completed(b, c, r, name, tid);
	if (r->submitted && r->shot <= 1)
		counter(b, c, "SQ", process(r->ring, r->ring_unknown), r->submitted, r->sq_fill);
	if (r->completed && r->cq_fill != ~0u)
		counter(b, c, "CQ", process(r->ring, r->ring_unknown), r->completed, r->cq_fill);
	buf_free(&text);
}

void trace_chrome(struct buf *b, struct trace_chrome *c, struct trace_view *v, const struct trace_item *i)
{
	char name[96];

	switch (i->kind) {
	case TRACE_REQUEST:
		request(b, c, v, i);
		return;
	case TRACE_CREATE:
		snprintf(name, sizeof(name), "ring created");
		break;
	case TRACE_CLOSE:
		snprintf(name, sizeof(name), "ring closed");
		break;
	case TRACE_DROPPED:
		snprintf(name, sizeof(name), "SQ dropped %u", i->dropped);
		break;
	case TRACE_REGISTER:
		snprintf(name, sizeof(name), "register %s",
			uapi_name(uapi_register_ops, i->reg.opcode) ? uapi_name(uapi_register_ops, i->reg.opcode)
								    : "?");
		break;
	case TRACE_OVERFLOW:
		snprintf(name, sizeof(name), "CQ overflow");
		break;
	case TRACE_LOST:
		snprintf(name, sizeof(name), "%" PRIu64 " events lost", i->lost);
		break;
	case TRACE_ENTER:
		head(b, c, "X", "io_uring_enter", process(i->ring, i->ring_unknown), i->tid, i->time - i->enter.took);
		buf_puts(b, ",\"dur\":");
		micros(b, i->enter.took);
		buf_printf(b, ",\"args\":{\"to_submit\":%u,\"min_complete\":%u,\"res\":%d}}", i->enter.to_submit,
			i->enter.min_complete, i->enter.ret);
		return;
	default:
		return;
	}
	if (i->ring || i->ring_unknown)
		introduce(b, c, process(i->ring, i->ring_unknown), i->tid, "submitter");
	head(b, c, "i", name, process(i->ring, i->ring_unknown), i->tid, i->time);
	buf_puts(b, ",\"s\":\"p\"}");
}

void trace_chrome_end(struct buf *b, struct trace_chrome *c)
{
	buf_puts(b, c->any ? "\n]}\n" : "{\"traceEvents\":[]}\n");
}
