// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests: an event when one is submitted, one for each completion, and notes of what happens in between. */
#include "tfiles.h"
#include "thold.h"
#include "tpath.h"
#include "trings.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* AT_SUBMISSION, AT_REFUSAL */
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* --- submission ----------------------------------------------------------------------------------------------------- */

struct submitted {
	uint64_t ctx;
	struct trace_ring *r;
	struct task_struct *t;
	struct entry at;
	uint64_t req, who;
	int32_t error;
	bool failed;
	enum program program;
};

static __always_inline void describe(bool fast, struct ev_submit *e, const struct submitted *s)
{
	struct task_struct *t = s->t;
	uint64_t mm = (uint64_t)READ(fast, t, mm);

	e->flags = (s->r->mm && mm && mm != s->r->mm ? SUBMIT_FOREIGN : 0) | (s->failed ? SUBMIT_FAILED : 0) |
		   (s->at.big ? SUBMIT_BIG : 0);
	e->error = s->error;
	e->place = s->at.head;
	e->pieces = 0;
	e->sq_fill = 0;
	e->file = 0;
	if (want_fill) {
		struct io_rings *words = (void *)s->r->rings;

		e->sq_fill = GET(words, sq.tail) - s->at.head;
	}
	bpf_probe_read_kernel(e->sqe, sizeof(e->sqe), s->at.sqe);
}

/* The second half of an SQE stands before what its arguments point at. */
static __always_inline void second_half(struct scratch *s, const void *sqe)
{
	struct piece *p = (void *)s->pieces;

	p->addr = 0;
	p->len = p->room = 64;
	bpf_probe_read_kernel(p + 1, 64, sqe + 64);
	s->e.pieces = sizeof(*p) + 64;
}

/* Is there more of it than 64 bytes? */
static __always_inline bool has_pieces(const struct submitted *s, uint32_t opcode)
{
	return s->at.big || captures[opcode & 255][0].kind != CAPTURE_NONE || fd_kinds[opcode & 255] != FD_LATER;
}

/* All that there is of it. Returns its size. */
static __always_inline uint32_t with_pieces(bool fast, struct scratch *s, const struct submitted *by, uint32_t opcode)
{
	uint32_t at;

	begin(&s->e.h, EV_SUBMIT, by->ctx, by->req, by->who);
	describe(fast, &s->e, by);
	if (!has_pieces(by, opcode))
		return sizeof(s->e);
	if (fd_kinds[opcode & 255] != FD_LATER) {
		int32_t fd;

		__builtin_memcpy(&fd, s->e.sqe + 4, 4);
		s->e.file = descriptor_number(by->program, fd_kinds[opcode & 255], fd);
	}
	if (by->at.big)
		second_half(s, by->at.sqe);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < CAPTURES && captures[opcode & 255][i].kind; i++)
		captured(s, opcode, i);
	at = s->e.pieces;
	if (at > PIECES_ROOM + CAPTURE_MOST)
		at = PIECES_ROOM + CAPTURE_MOST;
	return sizeof(s->e) + at;
}

static __always_inline int tell(bool fast, const struct submitted *s, uint32_t opcode)
{
	uint32_t which = s->program;
	struct scratch *room;
	struct ev_submit *e;

	if (has_pieces(s, opcode)) {
		room = bpf_map_lookup_elem(&scratches, &which);
		if (room && bpf_ringbuf_output(&events, room, with_pieces(fast, room, s, opcode), wake()))
			missed();
		return 0;
	}
	e = EVENT(ev_submit, EV_SUBMIT, s->ctx, s->req, s->who);
	if (!e)
		return 0;
	describe(fast, e, s);
	bpf_ringbuf_submit(e, wake());
	return 0;
}

/* A request's lowest flags are those of its SQE (include/linux/io_uring_types.h, 5.10 to 7.3). */
static __always_inline bool in_chain(bool fast, struct io_ring_ctx *ctx, struct io_kiocb *req)
{
	return READ(fast, req, flags) & SQE_LINKS ||
	       (HAS(io_submit_state, link) && READ(fast, ctx, submit_state.link.head));
}

/* It is told of when its result is known, if that is asked for. False: right now. */
static __always_inline bool held_back(bool fast, const struct submitted *s, uint32_t opcode, bool once)
{
	struct io_kiocb *req = TYPED(fast, io_kiocb, s->req);
	uint64_t user_data = READ(fast, req, cqe.user_data);
	struct held *h = held_of(s->r, s->req, user_data);

	if (h)
		h->req = 0; /* one that was here before has ended without a word */
	h = fast && once && op_once[opcode & 255] ? hold(s->r, s->req, user_data) : NULL;
	if (!h)
		return false;
	h->size = with_pieces(fast, &h->s, s, opcode);
	return true;
}

/* sqe: where it stands, NULL: behind the ring's head */
static __always_inline int submission(bool fast, enum program program, void *request, const void *sqe, int32_t error)
{
	/* what is noted here is looked up by what completes, if that names its request */
	const bool filters = args.complete_req >= 0 && (pick_ops || wanted_fds.set || holding);
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct io_ring_ctx *ctx = READ(fast, req, ctx);
	struct submitted s = {.ctx = (uint64_t)ctx,
		.t = CURRENT(fast),
		.req = (uint64_t)request,
		.error = error,
		.failed = program == AT_REFUSAL,
		.program = program};
	struct trace_note *n;
	bool asked, chained;
	uint32_t opcode;

	s.who = whom(fast, s.t);
	s.r = traced(program, s.ctx, s.who >> 32);
	if (!s.r)
		return 0;
	if (fast)
		look_for_dropped(s.ctx, s.r, TYPED(true, io_rings, s.r->rings)->sq_dropped);
	opcode = READ(fast, req, opcode);
	n = filters ? note_submission(fast, s.req, READ(fast, ctx, cached_sq_head) - 1) : note_of(s.req);
	/* chains are numbered by all that they are made of, so the reader is told of that, and leaves out what was not asked for */
	chained = filters && in_chain(fast, ctx, req);
	asked = chained || !pick_ops || op_wanted[opcode & 255];
	if (asked) {
		s.at = entry_of(fast, ctx, s.r, opcode);
		if (sqe)
			s.at.sqe = sqe;
		asked = chained || !filters || !wanted_fds.set || fd_wanted(s.at.sqe);
	}
	if (!filters && n)
		n->req = 0;
	if (filters)
		n->what |= (s.failed ? NOTE_REFUSED : 0) | (asked ? 0 : NOTE_UNWANTED);
	if (!asked || (holding && held_back(fast, &s, opcode,
					  !chained && !s.failed && !(READ(fast, req, flags) & SQE_SKIPS))))
		return 0;
	announce(fast, s.r);
	if (counts_told()) {
		__sync_fetch_and_add(told_at(s.r->ctx, READ(fast, req, cqe.user_data)), 1);
		if (filters)
			n->what |= NOTE_TOLD;
	}
	return tell(fast, &s, opcode);
}

SEC("raw_tp/io_uring_submit_sqe")
int submit_sqe(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, AT_SUBMISSION, (void *)argument(c, args.submit_req), NULL, 0);
}

SEC("raw_tp/io_uring_submit_req")
int submit_req(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, AT_SUBMISSION, (void *)c->args[0], NULL, 0);
}

SEC("raw_tp/io_uring_submit_req")
int submit_req_fast(struct bpf_raw_tracepoint_args *c)
{
	return submission(true, AT_SUBMISSION, (void *)c->args[0], NULL, 0);
}

/* It was refused when it was looked at, and never was a request. */
SEC("raw_tp/io_uring_req_failed")
int req_failed(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, AT_REFUSAL, (void *)c->args[1], (void *)c->args[0], (int32_t)c->args[2]);
}

/* --- completion ----------------------------------------------------------------------------------------------------- */

/* Tells of a submission that was held back, if its result is asked for. False: it is not. time: when it has completed; path: how. */
static __always_inline bool held_wanted(
	const struct done *d, struct trace_ring *r, uint64_t time, enum summary_path path)
{
	struct held *h = held_of(r, (uint64_t)d->req, d->user_data);

	if (!h)
		return true;
	if (results_take(&wanted, d->res, d->res < 0, time - h->s.e.h.time, path)) {
		announce(true, r);
		let_go(h);
		return true;
	}
	h->req = 0;
	return false;
}

/* Might it be shown? What names no request has no opcode, no descriptor, no path and no latency, unless it is one's that was told of. */
static __always_inline bool unnamed_wanted(const struct trace_ring *r, uint64_t user_data, int32_t res)
{
	if (!counts_told() || *told_at(r->ctx, user_data))
		return true;
	return !pick_ops && !wanted_fds.set && results_take(&wanted, res, res < 0, 0, PATH_UNKNOWN);
}

/* told: its submission was, just now. */
static __always_inline int completion(bool fast, enum program program, const struct done *d, bool told)
{
	struct task_struct *t = CURRENT(fast);
	uint64_t who = whom(fast, t), time = 0;
	struct trace_ring *r = traced(program, d->ctx, who >> 32);
	uint32_t opcode = 0, file = 0, note = 0;
	enum by_worker w = NOT_BY_WORKER;
	enum summary_path path = 0;
	struct ev_complete *e;

	if (!r)
		return 0;
	if (d->req) {
		struct io_kiocb *req = TYPED(fast, io_kiocb, d->req);
		struct trace_note *n = note_of((uint64_t)d->req);
		bool asked;

		opcode = READ(fast, req, opcode);
		note = n ? n->what : 0;
		asked = !(note & NOTE_UNWANTED);
		if (fast && holding && asked) {
			time = bpf_ktime_get_ns();
			path = path_of(fast, d, opcode, n);
			asked = held_wanted(d, r, time, path);
		}
		/* more may come of it */
		if (n && !(d->flags & CQE_MORE)) {
			if (counts_told() && note & NOTE_TOLD)
				__sync_fetch_and_add(told_at(r->ctx, d->user_data), ~0u);
			n->req = 0;
		}
		if (!asked)
			return 0;
		file = file_number(fast, program, READ(fast, req, file));
		w = by_worker(fast, req, opcode);
	} else if (!told && !unnamed_wanted(r, d->user_data, d->res)) {
		return 0;
	}
	announce(fast, r);
	e = EVENT(ev_complete, program == AT_OVERFLOW ? EV_OVERFLOW : EV_COMPLETE, d->ctx, (uint64_t)d->req, who);
	if (!e)
		return 0;
	if (time)
		e->h.time = time;
	e->user_data = d->user_data;
	e->res = d->res;
	e->cflags = d->flags;
	e->extra[0] = d->extra[0];
	e->extra[1] = d->extra[1];
	e->file = file;
	e->opcode = (uint8_t)opcode;
	e->has_opcode = d->req != NULL;
	e->flags = (uint8_t)((note & (NOTE_ASYNC | NOTE_POLL | NOTE_WORK)) << COMPLETE_NOTES) |
		   (w == BY_WORKER		  ? COMPLETE_ASYNC
			   : w == MAYBE_BY_WORKER ? COMPLETE_MAYBE
						  : 0);
	e->path = time ? (uint8_t)(path + 1) : 0;
	e->cq_fill = ~0u;
	e->taking = taking_of(fast, TYPED(fast, io_ring_ctx, d->ctx));
	if (READ(fast, t, flags) & PF_IO_WORKER)
		e->flags |= COMPLETE_WORKER;
	if (want_fill) {
		struct io_rings *words = (void *)r->rings;

		e->cq_fill = GET(words, cq.tail) - GET(words, cq.head);
	}
	bpf_ringbuf_submit(e, wake());
	return 0;
}

SEC("raw_tp/io_uring_complete")
int complete(struct bpf_raw_tracepoint_args *c)
{
	struct done d;

	what_is_done(false, c, &d);
	return completion(false, AT_COMPLETION, &d, false);
}

SEC("raw_tp/io_uring_complete")
int complete_fast(struct bpf_raw_tracepoint_args *c)
{
	struct done d;

	what_is_done(true, c, &d);
	return completion(true, AT_COMPLETION, &d, false);
}

SEC("raw_tp/io_uring_cqe_overflow")
int cqe_overflow(struct bpf_raw_tracepoint_args *c)
{
	const struct done d = {
		.ctx = c->args[0], .user_data = c->args[1], .res = (int32_t)c->args[2], .flags = (uint32_t)c->args[3]};
	struct trace_ring *r = holding ? traced(AT_OVERFLOW, d.ctx, whom(false, CURRENT(false)) >> 32) : NULL;
	struct held *h = r ? held_of(r, 0, d.user_data) : NULL;

	if (h) {
		if (!res_takes(&wanted, d.res, d.res < 0)) {
			h->req = 0;
			return 0;
		}
		announce(false, r);
		let_go(h);
		return completion(false, AT_OVERFLOW, &d, true);
	}
	return completion(false, AT_OVERFLOW, &d, false);
}

/* --- what happens on the way ----------------------------------------------------------------------------------------- */

static __always_inline int mark(uint32_t type, uint64_t ctx, uint64_t req, uint64_t value)
{
	uint64_t who = whom(false, CURRENT(false));
	struct ev_mark *e;

	if (ctx && !look_up(ctx, who >> 32, false))
		return 0;
	e = EVENT(ev_mark, type, ctx, req, who);
	if (!e)
		return 0;
	e->value = value;
	bpf_ringbuf_submit(e, wake());
	return 0;
}

static __always_inline int mark_request(uint32_t type, struct io_kiocb *req)
{
	struct trace_note *n = note_for((uint64_t)req);
	uint32_t what = type == EV_ASYNC ? NOTE_ASYNC : type == EV_POLL ? NOTE_POLL : NOTE_WORK;
	uint8_t opcode;

	if (n->req == (uint64_t)req) {
		n->what |= what;
		return 0;
	}
	if (args.complete_req >= 0 && (counting || !n->req)) {
		*n = (struct trace_note){.req = (uint64_t)req, .what = what};
		return 0;
	}
	opcode = GET(req, opcode);
	if (pick_ops && !op_wanted[opcode])
		return 0;
	return mark(type, (uint64_t)GET(req, ctx), (uint64_t)req, opcode);
}

SEC("raw_tp/io_uring_queue_async_work")
int queue_async_work(struct bpf_raw_tracepoint_args *c)
{
	return args.async_req >= 0 ? mark_request(EV_ASYNC, (void *)argument(c, args.async_req)) : 0;
}

SEC("raw_tp/io_uring_poll_arm")
int poll_arm(struct bpf_raw_tracepoint_args *c)
{
	return args.poll_req >= 0 ? mark_request(EV_POLL, (void *)argument(c, args.poll_req)) : 0;
}

SEC("raw_tp/io_uring_task_add")
int task_add(struct bpf_raw_tracepoint_args *c)
{
	return args.work_req >= 0 ? mark_request(EV_WORK, (void *)argument(c, args.work_req)) : 0;
}

SEC("raw_tp/io_uring_cqring_wait")
int cqring_wait(struct bpf_raw_tracepoint_args *c)
{
	uint64_t ctx = c->args[0];
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);

	if (r && r->wanted)
		look_for_dropped(ctx, r, dropped_of(r->rings));
	return 0;
}
