/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line an item, in strace's style. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "snapshot.h"
#include "tracetext.h"
#include "uapi.h"

/* --- decoding: what was copied at submission stands for the submitter's memory ------------------------------------------ */

struct looking {
	const struct trace_view *v;
	const struct trace_request *r;
};

static ssize_t copied(void *ctx, uint64_t addr, void *dst, size_t n)
{
	const struct looking *x = ctx;

	for (size_t at = 0; at + sizeof(struct piece) <= x->r->n_pieces;) {
		struct piece p;

		memcpy(&p, x->r->pieces + at, sizeof(p));
		at += sizeof(p);
		if (p.len > p.room || p.room > x->r->n_pieces - at)
			return -1;
		if (addr >= p.addr && addr - p.addr < p.len) {
			size_t there = p.len - (size_t)(addr - p.addr);

			n = n < there ? n : there;
			memcpy(dst, x->r->pieces + at + (addr - p.addr), n);
			return (ssize_t)n;
		}
		at += p.room;
	}
	return -1;
}

static const char *file(void *ctx, int fd)
{
	const struct looking *x = ctx;
	const char *name = NULL;
	int own = (int)uapi_word(x->r->sqe.b, SQE_FD, 4);

	if (fd == own && x->r->file && !(x->r->sqe.b[SQE_FLAGS] & UAPI_SQE_FIXED_FILE))
		return trace_file_name(x->v->names, x->r->file, (pid_t)x->r->tgid);
	name = trace_fd_name(x->v->names, (pid_t)x->r->tgid, fd);
	return name ? arena_strdup((struct arena *)(uintptr_t)&x->v->scratch, name) : NULL;
}

static const char *slot(void *ctx, unsigned n)
{
	const struct looking *x = ctx;

	return x->r->file && n == (unsigned)uapi_word(x->r->sqe.b, SQE_FD, 4)
		       ? trace_file_name(x->v->names, x->r->file, (pid_t)x->r->tgid)
		       : NULL;
}

void trace_decode(struct trace_view *v, const struct trace_request *r, struct sqe_fields *f)
{
	struct looking x = {v, r};
	struct peek peek = {.ctx = &x, .mem = copied, .file = file, .slot = slot, .data = v->data};

	arena_reset(&v->scratch);
	sqe_decode(&v->scratch, &r->sqe, &peek, f);
}

const char *trace_op_name(struct trace_view *v, const struct trace_request *r)
{
	const struct uapi_op *op = uapi_op(r->opcode);

	return op ? op->name : arena_printf(&v->scratch, "OP_%u", r->opcode);
}

const char *trace_path_name(enum summary_path p)
{
	static const char *const names[PATHS] = {[PATH_INLINE] = "inline",
		[PATH_POLL] = "poll",
		[PATH_IOWQ] = "iowq",
		[PATH_IOPOLL] = "iopoll",
		[PATH_TASK_WORK] = "task_work",
		[PATH_UNKNOWN] = "?"};

	return names[p];
}

/* --- parts of a line ---------------------------------------------------------------------------------------------------- */

static void digits(struct buf *b, uint64_t v, int n)
{
	char s[20];

	for (int i = n; i-- > 0; v /= 10)
		s[i] = (char)('0' + v % 10);
	buf_put(b, s, (size_t)n);
}

static void clock_of(struct buf *b, struct trace_view *v, uint64_t time)
{
	static time_t last = -1;
	static char hms[16];
	uint64_t ns = time + (uint64_t)v->offset;
	time_t seconds = (time_t)(ns / 1000000000);

	if (v->clock == CLOCK_NONE)
		return;
	if (v->clock == CLOCK_RELATIVE) {
		uint64_t since = v->last && time > v->last ? time - v->last : 0;

		v->last = time;
		buf_printf(b, "%6" PRIu64 ".%06" PRIu64 " ", since / 1000000000, since / 1000 % 1000000);
		return;
	}
	if (seconds != last) {
		struct tm tm;

		localtime_r(&seconds, &tm);
		strftime(hms, sizeof(hms), "%H:%M:%S", &tm);
		last = seconds;
	}
	buf_puts(b, hms);
	if (v->clock == CLOCK_MICROSECONDS) {
		buf_putc(b, '.');
		digits(b, ns / 1000 % 1000000, 6);
	}
	buf_putc(b, ' ');
}

static void flags(struct buf *b, struct trace_view *v, const char *name, const struct uapi_flags *set, uint64_t word)
{
	struct snap_names n;

	if (!word)
		return;
	n = snap_flag_names(&v->scratch, set, word);
	buf_puts(b, name);
	for (size_t i = 0; i < n.n; i++) {
		buf_puts(b, i ? "|" : "");
		buf_puts(b, n.v[i]);
	}
}

/* <12.3us>: three digits and a unit */
static void latency(struct buf *b, uint64_t ns)
{
	buf_puts(b, " <");
	if (ns < 1000000) {
		buf_dec(b, ns / 1000);
		buf_putc(b, '.');
		digits(b, ns / 100 % 10, 1);
		buf_puts(b, "us>");
	} else {
		render_time(b, ns);
		buf_putc(b, '>');
	}
}

static void result(struct buf *b, struct trace_view *v, const struct trace_request *r)
{
	const char *error = cqe_error(r->res, r->cflags);
	uint32_t cf = r->cflags;

	buf_puts(b, " = ");
	if (!r->has_res) {
		buf_puts(b, r->skipped ? "(no CQE)" : "?");
		return;
	}
	if (cf & UAPI_CQE_NOTIF) {
		buf_puts(b, r->res == INT32_MIN ? "notification, ZC_COPIED" : "notification");
		if (r->res && r->res != INT32_MIN)
			buf_printf(b, " %d", r->res);
	} else if (error) {
		render_color(b, &v->style, C_BAD);
		buf_printf(b, "%d %s", r->res, error);
		render_color(b, &v->style, C_NONE);
	} else if (r->res >= 0) {
		buf_dec(b, (uint64_t)r->res);
	} else {
		buf_printf(b, "%d", r->res);
	}
	if (cf & UAPI_CQE_BUFFER) {
		buf_puts(b, " buffer=");
		buf_dec(b, cf >> UAPI_CQE_BUFFER_SHIFT);
		cf &= (1u << UAPI_CQE_BUFFER_SHIFT) - 1;
	}
	flags(b, v, " flags=", &uapi_cqe_flags, cf & ~(uint32_t)UAPI_CQE_BUFFER);
	if (r->extra[0] || r->extra[1]) {
		buf_puts(b, " extra=[");
		buf_hex(b, r->extra[0]);
		buf_puts(b, ", ");
		buf_hex(b, r->extra[1]);
		buf_putc(b, ']');
	}
	if (r->shot) {
		buf_puts(b, " shot ");
		buf_dec(b, r->shot);
	}
}

static void request(struct buf *b, struct trace_view *v, const struct trace_request *r)
{
	struct sqe_fields f;

	if (r->has_sqe) {
		trace_decode(v, r, &f);
		if (!f.file && f.has_fd && r->file)
			f.file = trace_file_name(v->names, r->file, (pid_t)r->tgid);
		render_sqe(b, &v->style, &f);
		flags(b, v, " flags=", &uapi_sqe_flags, f.flags);
		if (f.personality) {
			buf_puts(b, " personality=");
			buf_dec(b, f.personality);
		}
	} else if (r->posted) {
		buf_puts(b, "CQE posted by another request,");
	} else if (r->before) {
		const char *name = trace_file_name(v->names, r->file, (pid_t)r->tgid);

		render_color(b, &v->style, C_HEAD);
		buf_puts(b, trace_op_name(v, r));
		render_color(b, &v->style, C_NONE);
		buf_puts(b, "(submitted before the trace");
		if (name) {
			buf_puts(b, ", file=<");
			render_file(b, &v->style, TEXT_ANGLE, name);
			buf_putc(b, '>');
		}
		buf_putc(b, ')');
	} else {
		buf_puts(b, "?(not seen to be submitted)");
	}
	buf_puts(b, " user_data=");
	buf_hex(b, r->user_data);
	if (r->foreign) {
		render_color(b, &v->style, C_BAD);
		buf_puts(b, " FOREIGN_MM");
		render_color(b, &v->style, C_NONE);
	}
	result(b, v, r);
	if (r->completed && r->submitted)
		latency(b, r->completed - r->submitted);
	if (r->overflow)
		buf_puts(b, " overflow");
	if (r->failed) {
		buf_puts(b, " refused");
	} else if (r->has_res && r->path != PATH_UNKNOWN) {
		buf_putc(b, ' ');
		buf_puts(b, trace_path_name(r->path));
		if (r->path == PATH_IOWQ && r->worker) {
			buf_putc(b, ':');
			buf_dec(b, r->worker);
		}
	}
}

/* --- other lines -------------------------------------------------------------------------------------------------------- */

static void created(struct buf *b, struct trace_view *v, const struct ev_create *e)
{
	buf_printf(b, "+++ ring created by ");
	render_text_in(b, &v->style, TEXT_WORD, e->comm, strnlen(e->comm, sizeof(e->comm)));
	buf_printf(b, ": fd %d, SQ %u, CQ %u", e->fd, e->sq_entries, e->cq_entries);
	arena_reset(&v->scratch);
	flags(b, v, ", ", &uapi_setup_flags, e->flags);
	flags(b, v, ", features=", &uapi_features, v->features);
	buf_puts(b, " +++");
}

static void registered(struct buf *b, struct trace_view *v, const struct ev_register *e)
{
	const char *name = uapi_name(uapi_register_ops, e->opcode), *error = cqe_error(e->ret, 0);

	if (name)
		buf_printf(b, "io_uring_register(%s)", name);
	else
		buf_printf(b, "io_uring_register(OP_%u)", e->opcode);
	buf_printf(b, " files=%u buffers=%u = ", e->nr_files, e->nr_bufs);
	if (error) {
		render_color(b, &v->style, C_BAD);
		buf_printf(b, "%d %s", e->ret, error);
		render_color(b, &v->style, C_NONE);
	} else {
		buf_printf(b, "%d", e->ret);
	}
}

static void entered(struct buf *b, struct trace_view *v, const struct ev_enter *e)
{
	const char *error = cqe_error(e->ret, 0);

	buf_printf(b, "io_uring_enter(%d, to_submit=%u, min_complete=%u", e->fd, e->to_submit, e->min_complete);
	flags(b, v, ", flags=", &uapi_enter_flags, e->flags);
	buf_printf(b, ") = %d%s%s", e->ret, error ? " " : "", error ? error : "");
	latency(b, e->took);
}

void trace_line(struct buf *b, struct trace_view *v, const struct trace_item *i)
{
	clock_of(b, v, i->time);
	if (i->kind == TRACE_LOST) {
		render_color(b, &v->style, C_BAD);
		buf_printf(b, "--- %s%" PRIu64 " event%s %s ---\n", i->at_least ? "at least " : "", i->lost,
			i->lost == 1 ? "" : "s",
			i->interrupted ? "missed about here: the tracer's programs were interrupted"
			: i->late      ? "not shown: the time was over"
				       : "lost here: the buffer was full (-b takes a larger one)");
		render_color(b, &v->style, C_NONE);
		return;
	}
	buf_dec(b, i->kind == TRACE_EXIT ? i->tgid : i->tid);
	buf_putc(b, ' ');
	if (i->ring) {
		buf_dec(b, i->ring);
		buf_putc(b, ' ');
	} else if (i->ring_unknown) {
		buf_putc(b, '?');
		buf_dec(b, i->ring_unknown);
		buf_putc(b, ' ');
	}
	switch (i->kind) {
	case TRACE_REQUEST:
		request(b, v, &i->r);
		break;
	case TRACE_CREATE:
		created(b, v, &i->create);
		break;
	case TRACE_CLOSE:
		buf_puts(b, "+++ ring closed +++");
		break;
	case TRACE_REGISTER:
		registered(b, v, &i->reg);
		break;
	case TRACE_OVERFLOW:
		buf_puts(b, "CQ overflow: user_data=");
		buf_hex(b, i->over.user_data);
		buf_printf(b, " res=%d waits in the kernel for room", i->over.res);
		break;
	case TRACE_DROPPED:
		render_color(b, &v->style, C_BAD);
		buf_printf(b, "SQ dropped %u entr%s: no such index (%u in all)", i->dropped,
			i->dropped == 1 ? "y" : "ies", i->dropped_in_all);
		render_color(b, &v->style, C_NONE);
		break;
	case TRACE_ENTER:
		arena_reset(&v->scratch);
		entered(b, v, &i->enter);
		break;
	case TRACE_EXIT:
		buf_puts(b, "+++ exited +++");
		break;
	case TRACE_LOST:
		break;
	}
	buf_putc(b, '\n');
}
