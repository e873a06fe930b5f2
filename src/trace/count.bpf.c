// SPDX-License-Identifier: GPL-2.0-or-later
/* The summary, counted where requests complete and read when it is printed. What is traced pays for every instruction here. */
#include "tfiles.h"
#include "tpath.h"
#include "trings.h"

enum { BY_OP, BY_RING, BY_FILE, BY_PID };
extern const volatile uint32_t count_by;
extern const volatile uint8_t op_bytes[256]; /* their results are numbers of bytes */
extern uint32_t epoch;			     /* which of the two sets is counted in: the other is being read */

/* by opcode, of each set; one more that is none: what overflowed, which names no request */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * COUNTED_OPS);
	__type(key, uint32_t);
	__type(value, struct sum_counts);
} by_op SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sum_key);
	__type(value, struct sum_counts);
} by_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct sum_counts);
} no_counts SEC(".maps");

/* What was completed last, where more may be told of the same. */
struct last_done {
	uint64_t ctx, user_data;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct last_done);
} lasts SEC(".maps");

static __always_inline struct sum_counts *counts_of(const struct sum_key *k)
{
	struct sum_counts *c;
	uint32_t i = (k->pad & 1) * COUNTED_OPS + k->opcode, zero = 0;

	if (count_by == BY_OP)
		return bpf_map_lookup_elem(&by_op, &i);
	c = bpf_map_lookup_elem(&by_key, k);
	if (c)
		return c;
	if (count_by == BY_RING && look_up(k->by, whom(false, CURRENT(false)) >> 32, true))
		tell_ring(k->by, 0, false);
	c = bpf_map_lookup_elem(&no_counts, &zero);
	if (c)
		bpf_map_update_elem(&by_key, k, c, BPF_NOEXIST);
	return bpf_map_lookup_elem(&by_key, k);
}

static __always_inline uint32_t bucket_of(uint64_t ns)
{
	uint32_t high = 0, b;
	uint64_t v = ns;

	if (ns < 8)
		return (uint32_t)ns;
	if (v >> 32)
		high += 32, v >>= 32;
	if (v >> 16)
		high += 16, v >>= 16;
	if (v >> 8)
		high += 8, v >>= 8;
	if (v >> 4)
		high += 4, v >>= 4;
	if (v >> 2)
		high += 2, v >>= 2;
	if (v >> 1)
		high += 1;
	b = (high - 2) * 8 + ((uint32_t)(ns >> (high - 3)) & 7);
	return b < LAT_BUCKETS ? b : LAT_BUCKETS - 1;
}

/* Of the whole machine all is counted, but what we do ourselves. */
static __always_inline bool counted(bool fast, enum program program, uint64_t ctx)
{
	return traced_last(program, ctx) || traced(program, ctx, whom(fast, CURRENT(fast)) >> 32);
}

/* --- submission ----------------------------------------------------------------------------------------------------- */

/* NOTE_UNWANTED, if it is for a descriptor that is not asked for. */
static __always_inline uint32_t unwanted(bool fast, enum program program, struct io_ring_ctx *ctx, uint32_t opcode)
{
	struct trace_ring *r = traced(program, (uint64_t)ctx, whom(fast, CURRENT(fast)) >> 32);

	return r && fd_wanted(entry_of(fast, ctx, r, opcode).sqe) ? 0 : NOTE_UNWANTED;
}

struct pace {
	uint64_t tick;
	uint32_t n, chance;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, uint32_t);
	__type(value, struct pace);
} paces SEC(".maps");

/* How many requests the latency of the next one is to stand for, 0: it is not measured. */
static __always_inline uint32_t weight_of(uint32_t opcode)
{
	uint32_t op = opcode & 255;
	struct pace *p = tick_ns ? bpf_map_lookup_elem(&paces, &op) : NULL;
	uint64_t tick;

	if (!p)
		return 1;
	tick = bpf_jiffies64();
	if (p->tick != tick) {
		p->tick = tick;
		p->n = 0;
	}
	if (p->n < measured_in_tick) {
		p->n++;
		return 1;
	}
	p->chance = p->chance * 1664525 + 1013904223;
	return (p->chance >> 16) % MEASURED_PART ? 0 : MEASURED_PART;
}

static __always_inline int count_submission(bool fast, enum program program, void *request)
{
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct io_ring_ctx *ctx = READ(fast, req, ctx);
	struct trace_note *n;
	uint32_t opcode;

	if (!all && !counted(fast, program, (uint64_t)ctx))
		return 0;
	opcode = READ(fast, req, opcode);
	n = note_submission(fast, (uint64_t)request, READ(fast, ctx, cached_sq_head) - 1);
	if (wanted_fds.set)
		n->what |= unwanted(fast, program, ctx, opcode);
	n->weight = weight_of(opcode);
	n->time = n->weight ? bpf_ktime_get_ns() : bpf_jiffies64();
	return 0;
}

SEC("raw_tp/io_uring_submit_sqe")
int count_submit_sqe(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(false, AT_SUBMISSION, (void *)argument(c, args.submit_req));
}

SEC("raw_tp/io_uring_submit_req")
int count_submit_req(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(false, AT_SUBMISSION, (void *)c->args[0]);
}

SEC("raw_tp/io_uring_submit_req")
int count_submit_req_fast(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(true, AT_SUBMISSION, (void *)c->args[0]);
}

/* It was refused; what it was asked to do the kernel may have made a NOP of by now. */
SEC("raw_tp/io_uring_req_failed")
int count_req_failed(struct bpf_raw_tracepoint_args *c)
{
	struct trace_note *n;
	uint8_t opcode = 0;

	count_submission(false, AT_REFUSAL, (void *)c->args[1]);
	n = note_of(c->args[1]);
	if (!n)
		return 0;
	bpf_probe_read_kernel(&opcode, sizeof(opcode), (void *)c->args[0]);
	n->what = (n->what & (NOTE_UNWANTED | NOTE_SUBMITTED)) | NOTE_REFUSED | (uint32_t)opcode << NOTE_OPCODE;
	return 0;
}

/* --- completion ----------------------------------------------------------------------------------------------------- */

/* From submission to completion; weight: how many such there are, 0: that is all that is known of it. */
struct took {
	uint64_t ns;
	uint32_t weight;
};

static __always_inline struct took took_of(const struct trace_note *n)
{
	struct took t = {0};
	uint64_t ticks;

	if (!n || !(n->what & NOTE_SUBMITTED))
		return t;
	if (n->weight) {
		t.ns = bpf_ktime_get_ns() - n->time;
		t.weight = n->weight;
		/* such as are slow are all there, and stand for themselves */
		if (t.ns >= SHOWN_TICKS * tick_ns)
			t.weight = 1;
		return t;
	}
	ticks = bpf_jiffies64() - n->time;
	t.ns = ticks * tick_ns;
	t.weight = ticks >= SHOWN_TICKS;
	return t;
}

static __always_inline void add(
	struct sum_counts *c, const struct done *d, uint32_t opcode, enum summary_path path, bool seen, struct took t)
{
	uint32_t error, bucket;

	c->calls++;
	c->paths[path]++;
	if (d->res < 0) {
		c->errors++;
		error = (uint32_t)-d->res;
		error = error < SUM_ERRORS - 1 ? error : SUM_ERRORS - 1;
		/* the verifier has to see a bound that the compiler would leave out */
		asm volatile("" : "+r"(error));
		c->error[error & (SUM_ERRORS - 1)]++;
	} else if (opcode != COUNTED_OVERFLOW && op_bytes[opcode & 255]) {
		c->bytes += (uint32_t)d->res;
	}
	if (!t.weight) {
		c->unmeasured += seen;
		return;
	}
	bucket = bucket_of(t.ns);
	c->latencies += t.weight;
	if (t.ns > c->max_ns)
		c->max_ns = t.ns;
	asm volatile("" : "+r"(bucket));
	c->lat[bucket & (LAT_BUCKETS - 1)] += t.weight;
}

static __always_inline int count_completion(bool fast, const struct done *d)
{
	struct sum_key k = {.pad = epoch};
	struct io_kiocb *req = TYPED(fast, io_kiocb, d->req);
	enum summary_path path;
	struct trace_note *n;
	struct sum_counts *c;
	uint32_t opcode, what;
	struct took t;

	/* what names no request is not counted: it was, or it is another's */
	if (!d->req || (!all && !counted(fast, AT_COMPLETION, d->ctx)))
		return 0;
	n = note_of((uint64_t)d->req);
	opcode = READ(fast, req, opcode);
	if (n && n->what & NOTE_REFUSED)
		opcode = n->what >> NOTE_OPCODE;
	if (pick_ops && !op_wanted[opcode & 255])
		return 0;
	t = took_of(n);
	what = n ? n->what : 0;
	path = path_of(fast, d, opcode, n);
	if (n && !(d->flags & CQE_MORE))
		n->req = 0;
	/* which descriptor a request from before the trace is for, nothing tells */
	if ((wanted_fds.set && (!n || n->what & NOTE_UNWANTED)) ||
		!results_take(&wanted, d->res, d->res < 0, t.ns, path))
		return 0;
	if (count_by == BY_OP)
		k.opcode = opcode & 255;
	else if (count_by == BY_RING)
		k.by = d->ctx;
	else if (count_by == BY_FILE)
		k.by = file_number(fast, AT_COMPLETION, READ(fast, req, file));
	else
		k.by = tgid_here(submitter(fast, req));
	c = counts_of(&k);
	if (c)
		add(c, d, opcode, path, what & NOTE_SUBMITTED, t);
	else
		missed();
	return 0;
}

SEC("raw_tp/io_uring_complete")
int count_complete(struct bpf_raw_tracepoint_args *c)
{
	struct last_done *l;
	uint32_t zero = 0;
	struct done d;

	what_is_done(false, c, &d);
	l = bpf_map_lookup_elem(&lasts, &zero);
	if (l)
		*l = (struct last_done){d.ctx, d.user_data};
	return count_completion(false, &d);
}

SEC("raw_tp/io_uring_complete")
int count_complete_fast(struct bpf_raw_tracepoint_args *c)
{
	struct done d;

	what_is_done(true, c, &d);
	return count_completion(true, &d);
}

/*
 * It found no room, and names no request. From 6.2 or so on nothing else tells that the request is done; before, its completion has just
 * been counted.
 */
SEC("raw_tp/io_uring_cqe_overflow")
int count_cqe_overflow(struct bpf_raw_tracepoint_args *c)
{
	const struct done d = {.ctx = c->args[0], .user_data = c->args[1], .res = (int32_t)c->args[2]};
	uint64_t who = whom(false, CURRENT(false));
	struct sum_key k = {.pad = epoch};
	struct sum_counts *row;
	uint32_t zero = 0;
	struct last_done *l = bpf_map_lookup_elem(&lasts, &zero);

	if (!l || pick_ops || wanted_fds.set || !results_take(&wanted, d.res, d.res < 0, 0, PATH_UNKNOWN) ||
		!traced(AT_OVERFLOW, d.ctx, who >> 32))
		return 0;
	if (l->ctx == d.ctx && l->user_data == d.user_data) {
		l->ctx = 0;
		return 0;
	}
	if (count_by == BY_OP)
		k.opcode = COUNTED_OVERFLOW;
	else
		k.by = count_by == BY_RING ? d.ctx : count_by == BY_PID ? who >> 32 : 0;
	row = counts_of(&k);
	if (row)
		add(row, &d, COUNTED_OVERFLOW, PATH_UNKNOWN, false, (struct took){0});
	else
		missed();
	return 0;
}
