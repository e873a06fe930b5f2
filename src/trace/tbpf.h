/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs of trace share: what the loader tells them, the ring buffer, who it is that runs, and what happened to a
 * request on its way. Each call of a helper costs as much as thirty loads (a return is slow where the processor must be kept from
 * guessing it), so the programs that run for each request call as few as they can.
 */
#ifndef URINGTOP_TRACE_TBPF_H
#define URINGTOP_TRACE_TBPF_H

#include "../kernel/common.h"

#include "passes.h"
#include "trecords.h"

enum { SETUP_IOPOLL = 1, SETUP_SQE128 = 1 << 10, SETUP_NO_SQARRAY = 1 << 16 };
enum { PF_IO_WORKER = 0x10, CQE_MORE = 2 };

/* include/uapi/linux/bpf.h, whose types are not those of view.h */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_F_NO_PREALLOC = 1, BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
struct bpf_raw_tracepoint_args {
	uint64_t args[12];
};

extern const volatile struct trace_args args;
extern const volatile bool all;	     /* every ring of the machine */
extern const volatile bool pick_ops; /* only those of op_wanted */
extern const volatile uint8_t op_wanted[256];
extern const volatile bool counting;	 /* in the kernel: what is told is the summary */
extern const volatile bool quiet;	 /* requests alone are told of */
extern const volatile uint64_t anon_ino; /* the inode of all that have none of their own */
extern const volatile bool holding; /* submissions are held back until it is known whether their result is asked for */
extern const volatile struct trace_values wanted_fds;
extern const volatile struct trace_results wanted;
extern const volatile bool want_fill, want_files, in_namespace;
extern const volatile uint64_t ns_ino;	 /* in_namespace: which pid namespace */
extern const volatile uint32_t data_len; /* of data to be written or sent */
extern const volatile uint8_t fd_kinds[256];
extern const volatile struct capture captures[256][CAPTURES];
extern const volatile uint32_t self;	/* our own tgid is never traced */
extern const volatile uint64_t tick_ns; /* 0: each latency is measured */
extern const volatile uint32_t measured_in_tick;
extern const volatile uint32_t cpus; /* file numbers of a processor are its own */

extern volatile uint32_t reader_waits;
extern uint32_t lost[1024];
extern uint64_t lost_total;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} events SEC(".maps");

/* processes that are traced */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, uint32_t);
	__type(value, uint32_t);
} targets SEC(".maps");

/*
 * A program may be preempted, and another of ours run on the same processor (7.x, where tracepoints no longer keep that off); never
 * itself, that the kernel counts as a miss. So what a processor remembers, it remembers for each of these.
 */
enum program { AT_SUBMISSION, AT_REFUSAL, AT_COMPLETION, AT_OVERFLOW, PROGRAMS };

/*
 * From 6.2 on a pointer can be given its type, and what it points at is then read by plain loads instead of calls of a helper.
 * Programs that do so are of their own (fast is a constant in them), and not loaded before.
 */
extern void *bpf_rdonly_cast(const void *p, uint32_t type) __ksym __weak;
#define TYPED(fast, type, p) \
	((struct type *)((fast) ? bpf_rdonly_cast((void *)(p), (uint32_t)bpf_core_type_id_kernel(struct type)) \
				: (void *)(p)))
#define READ(fast, p, field) ((fast) ? (p)->field : (__typeof__((p)->field))GET(p, field))

/*
 * An argument by its number, which the loader knows. In assembly: the compiler would choose an address first and load once, and the
 * verifier allows no address into the context.
 */
#define LOAD(c, n) \
	({ \
		uint64_t v_; \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(v_) : "r"(c), "i"((n)*8)); \
		v_; \
	})

static __always_inline uint64_t argument(struct bpf_raw_tracepoint_args *c, int32_t n)
{
	return n == 0	? LOAD(c, 0)
	       : n == 1 ? LOAD(c, 1)
	       : n == 2 ? LOAD(c, 2)
	       : n == 3 ? LOAD(c, 3)
	       : n == 4 ? LOAD(c, 4)
			: LOAD(c, 5);
}

/* --- who runs ------------------------------------------------------------------------------------------------------- */

#define CURRENT(fast) TYPED(fast, task_struct, bpf_get_current_task())

/* A pid as the reader's pid namespace has it, 0: it is not in there. */
static __noinline uint32_t pid_here(struct pid *pid)
{
	uint32_t level = pid ? GET(pid, level) : 0;

#pragma clang loop unroll(disable)
	for (uint32_t i = 0; pid && i <= level && i < 33; i++) {
		struct upid u = {0};

		bpf_probe_read_kernel(&u, sizeof(u), (void *)pid + AT(pid, numbers) + i * sizeof(u));
		if (GET(u.ns, ns.inum) == ns_ino)
			return (uint32_t)u.nr;
	}
	return 0;
}

static __always_inline uint32_t tgid_here(struct task_struct *t)
{
	return in_namespace ? pid_here(GET(t, group_leader, thread_pid)) : (uint32_t)GET(t, tgid);
}

/* tgid << 32 | tid of the current task */
static __always_inline uint64_t whom(bool fast, struct task_struct *t)
{
	if (in_namespace)
		return (uint64_t)tgid_here(t) << 32 | pid_here(GET(t, thread_pid));
	return fast ? (uint64_t)(uint32_t)t->tgid << 32 | (uint32_t)t->pid : bpf_get_current_pid_tgid();
}

static __always_inline bool is_target(uint32_t tgid)
{
	return bpf_map_lookup_elem(&targets, &tgid);
}

static __always_inline bool is_wanted(uint32_t tgid)
{
	return all ? tgid != self : is_target(tgid);
}

/* --- events --------------------------------------------------------------------------------------------------------- */

static __always_inline void missed(void)
{
	__sync_fetch_and_add(&lost[bpf_get_smp_processor_id() & 1023], 1);
	__sync_fetch_and_add(&lost_total, 1);
}

static __always_inline void begin(struct ev_head *h, uint32_t type, uint64_t ctx, uint64_t req, uint64_t who)
{
	uint32_t *l = &lost[bpf_get_smp_processor_id() & 1023];

	h->type = type;
	h->lost = *l;
	if (unlikely(*l))
		*l = 0;
	h->time = bpf_ktime_get_ns();
	h->ctx = ctx;
	h->req = req;
	h->tgid = who >> 32;
	h->tid = (uint32_t)who;
}

/* Room for an event, begun; what finds none is counted. */
#define EVENT(kind, type, ctx, req, who) \
	({ \
		struct kind *e_ = bpf_ringbuf_reserve(&events, sizeof(struct kind), 0); \
		if (e_) \
			begin(&e_->h, type, ctx, req, who); \
		else \
			missed(); \
		e_; \
	})

/* The reader is woken only if it sleeps; else it comes by itself. */
static __always_inline uint64_t wake(void)
{
	if (!reader_waits)
		return BPF_RB_NO_WAKEUP;
	reader_waits = 0;
	return BPF_RB_FORCE_WAKEUP;
}

/* --- notes ---------------------------------------------------------------------------------------------------------- */

/*
 * What happened to a request on its way, by its address: in one of two places, since another may be there. Requests lie side by side,
 * and so do their notes.
 */
enum {
	NOTES = 1 << 16,
	NOTE_ASYNC = 1,
	NOTE_POLL = 2,
	NOTE_WORK = 4,
	NOTE_REFUSED = 8,
	NOTE_CREDS = 16,
	NOTE_UNWANTED = 32,
	NOTE_SUBMITTED = 64,
	NOTE_TOLD = 128,
	NOTE_OPCODE = 8
};
/* NOTE_CREDS: it was given credentials when it was submitted, not when it was handed to io-wq */
/* NOTE_UNWANTED: it is not asked for, whatever comes of it */
/* NOTE_TOLD: it is counted in told_data */
/* NOTE_OPCODE: from this bit on what a refused one was asked to do */
extern struct trace_note notes[NOTES];

static __always_inline struct trace_note *note_at(uint64_t req, uint32_t which)
{
	return &notes[((req >> 7 ^ req >> 23) & (NOTES - 1)) ^ which];
}

/* Its note, NULL: it has none. */
static __always_inline struct trace_note *note_of(uint64_t req)
{
	struct trace_note *n = note_at(req, 0);

	if (likely(n->req == req))
		return n;
	n = note_at(req, 1);
	return n->req == req ? n : NULL;
}

/* A place for its note, which may be that of another that has gone without a word. */
static __always_inline struct trace_note *note_for(uint64_t req)
{
	struct trace_note *n = note_at(req, 0), *second;

	if (likely(!n->req || n->req == req))
		return n;
	second = note_at(req, 1);
	return !second->req || second->req == req ? second : n;
}

/*
 * A completion that names no request may be that of one that is asked for and was told of. How many such there are on a ring with a
 * user_data, by a hash of both: 0 means none; any other number may be more than there are, since one that ends without naming itself
 * stays counted.
 */
enum { TOLD_DATA = 1 << 16 };
extern uint32_t told_data[TOLD_DATA];

/* Is that counted? It takes a request that has its user_data where it is looked for (5.19). */
static __always_inline bool counts_told(void)
{
	return quiet && args.complete_req >= 0 && HAS(io_kiocb, cqe);
}

static __always_inline uint32_t *told_at(uint64_t ctx, uint64_t user_data)
{
	return &told_data[((ctx ^ user_data << 17 ^ user_data >> 47) * 0x9e3779b97f4a7c15 >> 48) & (TOLD_DATA - 1)];
}

#endif
