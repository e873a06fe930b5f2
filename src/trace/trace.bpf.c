// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every request from its submission to its completion: what the tracepoints of io_uring say, into one ring buffer. What a tracepoint
 * hands over changed with the kernels (include/trace/events/io_uring.h); which argument is which, the loader reads from the kernel's
 * types and says in args. Nothing here waits or is waited for: what finds no room is counted.
 */
#include "../kernel/common.h"

#include "trecords.h"

struct exchange x; /* common.h wants one */
uint64_t ring_fops;

enum { SETUP_IOPOLL = 1, SETUP_SQE128 = 1 << 10, SETUP_NO_SQARRAY = 1 << 16, SQE_MIXED = 1 << 19 };
enum { PF_IO_WORKER = 0x10, CQE_MORE = 2 };
enum { COMPONENTS = 24, ONE_NAME = 256 };

/* include/uapi/linux/bpf.h, whose types are not those of view.h */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27
};
enum { BPF_ANY = 0, BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
struct bpf_raw_tracepoint_args {
	uint64_t args[12];
};

const volatile struct trace_args args;

const volatile bool all;      /* every ring of the machine */
const volatile bool pick_ops; /* only those of op_wanted */
const volatile uint8_t op_wanted[256];
const volatile bool want_fill, want_files, in_namespace;
const volatile uint64_t ns_dev, ns_ino;
const volatile uint32_t data_len; /* of data to be written or sent */
const volatile uint8_t fd_kinds[256];
const volatile struct capture captures[256][CAPTURES];
const volatile uint32_t self; /* our own tgid is never traced */

volatile uint32_t reader_waits;
uint32_t lost[1024];
uint64_t lost_total;
uint32_t file_counts[1024];
const volatile uint32_t cpus = 1; /* file numbers of a processor are its own */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, uint64_t);
	__type(value, struct trace_ring);
} rings SEC(".maps");

/* processes that are traced */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, uint32_t);
	__type(value, uint32_t);
} targets SEC(".maps");

struct scratch {
	struct ev_submit e;
	uint8_t pieces[PIECES_ROOM + CAPTURE_MOST];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, uint32_t);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct known_file {
	uint64_t inode, dentry, hash, ino;
	uint32_t number, pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1024);
	__type(key, uint32_t);
	__type(value, struct known_file);
} known_files SEC(".maps");

/*
 * From 6.2 on a pointer can be given its type, and what it points at is then read by plain loads instead of calls of a helper: a
 * fifth of the time. Programs that do so are of their own (fast is a constant in them), and not loaded before.
 */
extern void *bpf_rdonly_cast(const void *p, uint32_t type) __ksym __weak;
#define TYPED(fast, type, p) \
	((struct type *)((fast) ? bpf_rdonly_cast((void *)(p), (uint32_t)bpf_core_type_id_kernel(struct type)) \
				: (void *)(p)))
#define READ(fast, p, field) ((fast) ? (p)->field : (__typeof__((p)->field))GET(p, field))

/*
 * What happened to a request on its way, by its address. A place that another request has is not taken: then an event tells.
 */
enum { NOTES = 1 << 16, NOTE_ASYNC = 1, NOTE_POLL = 2, NOTE_WORK = 4 };
struct trace_note notes[NOTES];

static __always_inline struct trace_note *note_of(uint64_t req)
{
	return &notes[(req * 0x9e3779b97f4a7c15 >> 48) & (NOTES - 1)];
}

/* --- events --------------------------------------------------------------------------------------------------------- */

static __always_inline uint64_t whom(void)
{
	struct bpf_pidns_info {
		uint32_t pid, tgid;
	} ids = {0};

	if (!in_namespace)
		return bpf_get_current_pid_tgid();
	bpf_get_ns_current_pid_tgid(ns_dev, ns_ino, (void *)&ids, sizeof(ids));
	return (uint64_t)ids.tgid << 32 | ids.pid;
}

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

/* The reader is woken only if it sleeps; else it comes by itself. */
static __always_inline uint64_t wake(void)
{
	if (!reader_waits)
		return BPF_RB_NO_WAKEUP;
	reader_waits = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline bool is_target(uint32_t tgid)
{
	return bpf_map_lookup_elem(&targets, &tgid);
}

/* --- rings ---------------------------------------------------------------------------------------------------------- */

static __noinline int learn_ring(uint64_t key, uint32_t wanted)
{
	struct io_ring_ctx *ctx = (void *)key;
	struct trace_ring r = {.wanted = wanted};

	r.flags = GET(ctx, flags);
	r.sqes = (uint64_t)GET(ctx, sq_sqes);
	r.array = r.flags & SETUP_NO_SQARRAY ? 0 : (uint64_t)GET(ctx, sq_array);
	r.rings = (uint64_t)GET(ctx, rings);
	r.mm = (uint64_t)GET(ctx, mm_account);
	r.mask = GET(ctx, sq_entries) - 1;
	r.sqe_shift = r.flags & SETUP_SQE128 ? 7 : 6;
	bpf_map_update_elem(&rings, &key, &r, BPF_ANY);
	return 0;
}

/* A ring that is to be traced, NULL if it is not. by_task: what the current task does decides, too. */
static __always_inline struct trace_ring *traced(uint64_t ctx, uint32_t tgid, bool by_task)
{
	struct trace_ring *r = bpf_map_lookup_elem(&rings, &ctx);
	bool mine;

	if (r && r->wanted && r->sqes)
		return r;
	mine = all ? tgid != self : (r && r->wanted) || (by_task && is_target(tgid));
	if (!mine)
		return NULL;
	learn_ring(ctx, 1);
	return bpf_map_lookup_elem(&rings, &ctx);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static __always_inline bool climb(struct ev_file *e, struct dentry **d, struct mount **m)
{
	struct dentry *parent;
	struct mount *above;
	uint32_t len = e->len;
	long got;

	if (*d == GET(*m, mnt.mnt_root)) {
		above = GET(*m, mnt_parent);
		if (!above || above == *m) {
			e->flags |= NAME_ROOTED;
			return false;
		}
		*d = GET(*m, mnt_mountpoint);
		*m = above;
		return true;
	}
	if (len > TRACE_NAME_ROOM - ONE_NAME) {
		e->flags |= NAME_CUT;
		return false;
	}
	got = bpf_probe_read_kernel_str(e->text + len, ONE_NAME, GET(*d, d_name.name));
	if (got > 0)
		e->len = len + (uint32_t)got;
	parent = GET(*d, d_parent);
	if (!parent || parent == *d)
		return false;
	*d = parent;
	return true;
}

static __noinline int name_file(struct inode *inode, struct dentry *d, struct vfsmount *mnt, uint32_t number)
{
	struct ev_file *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	struct mount *m = (void *)mnt - AT(mount, mnt);

	if (!e) {
		missed();
		return 0;
	}
	begin(&e->h, EV_FILE, 0, 0, 0);
	e->number = number;
	e->ino = GET(inode, i_ino);
	e->mode = GET(inode, i_mode);
	e->magic = GET(inode, i_sb, s_magic);
	e->flags = e->len = 0;
	if (!GET(d, d_hash.pprev) && GET(d, d_parent) != d)
		e->flags |= NAME_DELETED;
#pragma clang loop unroll(disable)
	for (int i = 0; i < COMPONENTS; i++)
		if (!climb(e, &d, &m))
			break;
	bpf_ringbuf_submit(e, wake());
	return (int)number;
}

/* The number of a file. What it was called may have changed since it was named; that it is another file is seen. */
static __always_inline uint32_t path_number(bool fast, struct inode *inode, struct dentry *d, struct vfsmount *mnt)
{
	struct known_file now = {0}, *k;
	uint32_t slot, cpu;

	now.inode = (uint64_t)inode;
	now.dentry = (uint64_t)d;
	now.hash = READ(fast, d, d_name.hash_len);
	now.ino = READ(fast, inode, i_ino);
	slot = (uint32_t)((now.hash ^ now.ino << 20) * 0x9e3779b97f4a7c15 >> 54);
	k = bpf_map_lookup_elem(&known_files, &slot);
	if (!k)
		return 0;
	if (k->inode == now.inode && k->dentry == now.dentry && k->hash == now.hash && k->ino == now.ino)
		return k->number;
	cpu = bpf_get_smp_processor_id() & 1023;
	now.number = ++file_counts[cpu] * cpus + cpu;
	if (!name_file(inode, d, mnt, now.number))
		return 0;
	*k = now;
	return now.number;
}

static __always_inline uint32_t file_number(bool fast, struct file *f)
{
	return f && want_files ? path_number(fast, READ(fast, f, f_inode), READ(fast, f, f_path.dentry),
					 READ(fast, f, f_path.mnt))
			       : 0;
}

static __always_inline struct file *open_file(struct task_struct *t, int32_t fd)
{
	return fd >= 0 && (uint32_t)fd < GET(t, files, fdt, max_fds) ? (void *)load(GET(t, files, fdt, fd) + fd) : NULL;
}

enum { AT_FDCWD = -100 };

/* What a descriptor is now: a request to close it, or on a name below it, has no file when it completes. */
static __noinline uint32_t descriptor_number(uint32_t kind, int32_t fd)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct dentry *d;

	if (!want_files)
		return 0;
	if (kind == FD_DIRECTORY && fd == AT_FDCWD) {
		d = GET(t, fs, pwd.dentry);
		return path_number(false, GET(d, d_inode), d, GET(t, fs, pwd.mnt));
	}
	return file_number(false, open_file(t, fd));
}

/* --- submission ----------------------------------------------------------------------------------------------------- */

/* Copies len bytes of the submitter's memory, as they are now; a string to its end. Returns where the next piece goes. */
static __noinline uint32_t piece(struct scratch *s, uint32_t at, uint64_t addr, uint64_t len)
{
	struct piece *p;
	uint32_t n;

	if (!s || !addr || at > PIECES_ROOM - sizeof(*p))
		return at;
	p = (void *)s->pieces + at;
	if (!len) {
		long got = bpf_probe_read_user_str(p + 1, CAPTURE_MOST, (void *)addr);

		if (got <= 0)
			return at;
		n = (uint32_t)got;
	} else {
		n = len > CAPTURE_MOST ? CAPTURE_MOST : (uint32_t)len;
		if (bpf_probe_read_user(p + 1, n, (void *)addr))
			return at;
	}
	p->addr = addr;
	p->len = n;
	p->room = (n + 7) & ~7u;
	return at + sizeof(*p) + p->room;
}

struct user_iovec {
	uint64_t base, len;
};
struct user_msghdr {
	uint64_t name;
	uint32_t namelen, pad;
	uint64_t iov, iovlen, control, controllen;
	uint32_t flags, pad2;
};

static __noinline uint32_t vectors(struct scratch *s, uint32_t at, uint64_t addr, uint64_t count, uint64_t with_data)
{
	at = piece(s, at, addr, (count > 16 ? 16 : count) * sizeof(struct user_iovec) + !count);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < 4; i++) {
		struct user_iovec v = {0};

		if (!with_data || i >= count || bpf_probe_read_user(&v, sizeof(v), (void *)(addr + i * sizeof(v))))
			break;
		if (v.len)
			at = piece(s, at, v.base, v.len < data_len ? v.len : data_len);
	}
	return at;
}

static __noinline uint32_t message(struct scratch *s, uint32_t at, uint64_t addr, uint64_t written)
{
	struct user_msghdr m = {0};

	if (bpf_probe_read_user(&m, sizeof(m), (void *)addr))
		return at;
	at = piece(s, at, addr, sizeof(m));
	if (m.name && m.namelen && written)
		at = piece(s, at, m.name, m.namelen > 128 ? 128 : m.namelen);
	return m.iovlen ? vectors(s, at, m.iov, m.iovlen, written && data_len) : at;
}

static __noinline uint32_t captured(struct scratch *s, uint32_t at, uint32_t opcode, uint32_t which)
{
	struct capture c;
	uint64_t addr = 0, len = 0;
	uint32_t n;

	if (!s || opcode > 255 || which >= CAPTURES)
		return at;
	c = *(const struct capture *)&captures[opcode][which];
	if (c.at > 56 || c.len_at > 56)
		return at;
	__builtin_memcpy(&addr, s->e.sqe + c.at, 8);
	__builtin_memcpy(&len, s->e.sqe + c.len_at, 8);
	n = c.len_size;
	len = n == 8 ? len : n == 4 ? (uint32_t)len : n == 2 ? (uint16_t)len : 1;
	switch (c.kind) {
	case CAPTURE_STRING:
		return piece(s, at, addr, 0);
	case CAPTURE_BYTES:
		return len && len < 65536 ? piece(s, at, addr, len * c.unit) : at;
	case CAPTURE_IOVEC:
		return len && len < 65536 ? vectors(s, at, addr, len, c.written && data_len) : at;
	case CAPTURE_MSGHDR:
		return message(s, at, addr, c.written);
	case CAPTURE_DATA:
		/* a vectorized send has iovecs there */
		if (c.unit && s->e.sqe[2] & c.unit)
			return len && len < 65536 ? vectors(s, at, addr, len, data_len) : at;
		return len && data_len ? piece(s, at, addr, len < data_len ? len : data_len) : at;
	}
	return at;
}

static __always_inline void describe(bool fast, struct ev_submit *e, struct io_ring_ctx *ctx, struct trace_ring *r,
	uint64_t req, uint64_t who, uint32_t head, int32_t error, bool failed)
{
	struct task_struct *t = TYPED(fast, task_struct, bpf_get_current_task());
	uint64_t mm = (uint64_t)READ(fast, t, mm);

	begin(&e->h, EV_SUBMIT, (uint64_t)ctx, req, who);
	e->flags = (r->mm && mm && mm != r->mm ? SUBMIT_FOREIGN : 0) | (failed ? SUBMIT_FAILED : 0);
	e->error = error;
	e->switches = (uint32_t)READ(fast, t, nvcsw);
	e->pieces = 0;
	e->sq_fill = 0;
	e->file = 0;
	if (want_fill) {
		struct io_rings *words = (void *)r->rings;

		e->sq_fill = GET(words, sq.tail) - head;
	}
}

/* sqe: where it stands, NULL: behind the ring's head */
static __always_inline int submission(
	bool fast, void *request, const void *sqe, int32_t error, bool failed, uint32_t which)
{
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct io_ring_ctx *ctx = READ(fast, req, ctx);
	uint64_t who = whom();
	struct trace_ring *r = traced((uint64_t)ctx, who >> 32, true);
	struct trace_note *n = note_of((uint64_t)request);
	struct ev_submit *e;
	uint32_t head, at, opcode;
	struct scratch *s;

	if (!r)
		return 0;
	opcode = READ(fast, req, opcode);
	if (pick_ops && !op_wanted[opcode & 255])
		return 0;
	if (n->req == (uint64_t)request)
		n->req = 0;
	head = READ(fast, ctx, cached_sq_head) - 1;
	if (!sqe) {
		at = head & r->mask;
		if (r->array)
			bpf_probe_read_kernel(&at, sizeof(at), (void *)(r->array + at * 4ul));
		sqe = (void *)(r->sqes + ((uint64_t)(at & r->mask) << r->sqe_shift));
	}
	if (captures[opcode & 255][0].kind == CAPTURE_NONE && fd_kinds[opcode & 255] == FD_LATER) {
		e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
		if (!e) {
			missed();
			return 0;
		}
		describe(fast, e, ctx, r, (uint64_t)request, who, head, error, failed);
		bpf_probe_read_kernel(e->sqe, sizeof(e->sqe), sqe);
		bpf_ringbuf_submit(e, wake());
		return 0;
	}
	s = bpf_map_lookup_elem(&scratches, &which);
	if (!s)
		return 0;
	describe(fast, &s->e, ctx, r, (uint64_t)request, who, head, error, failed);
	bpf_probe_read_kernel(s->e.sqe, sizeof(s->e.sqe), sqe);
	if (fd_kinds[opcode & 255] != FD_LATER) {
		int32_t fd;

		__builtin_memcpy(&fd, s->e.sqe + 4, 4);
		s->e.file = descriptor_number(fd_kinds[opcode & 255], fd);
	}
	at = captured(s, 0, opcode, 0);
	if (captures[opcode & 255][1].kind)
		at = captured(s, at, opcode, 1);
	if (captures[opcode & 255][2].kind)
		at = captured(s, at, opcode, 2);
	if (at > PIECES_ROOM + CAPTURE_MOST)
		at = PIECES_ROOM + CAPTURE_MOST;
	s->e.pieces = at;
	if (bpf_ringbuf_output(&events, s, sizeof(s->e) + at, wake()))
		missed();
	return 0;
}

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

SEC("raw_tp/io_uring_submit_sqe")
int submit_sqe(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, (void *)argument(c, args.submit_req), NULL, 0, false, 0);
}

SEC("raw_tp/io_uring_submit_req")
int submit_req(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, (void *)c->args[0], NULL, 0, false, 0);
}

SEC("raw_tp/io_uring_submit_req")
int submit_req_fast(struct bpf_raw_tracepoint_args *c)
{
	return submission(true, (void *)c->args[0], NULL, 0, false, 0);
}

/* It was refused when it was looked at, and never was a request. */
SEC("raw_tp/io_uring_req_failed")
int req_failed(struct bpf_raw_tracepoint_args *c)
{
	return submission(false, (void *)c->args[1], (void *)c->args[0], (int32_t)c->args[2], true, 1);
}

/* --- completion ----------------------------------------------------------------------------------------------------- */

static __always_inline int completion(bool fast, uint32_t type, uint64_t ctx, void *request, uint64_t user_data,
	int32_t res, uint32_t cflags, const uint64_t *extra)
{
	uint64_t who = whom();
	struct trace_ring *r = traced(ctx, who >> 32, true);
	uint32_t opcode = 0, file = 0, note = 0;
	struct task_struct *t;
	struct ev_complete *e;

	if (!r)
		return 0;
	if (request) {
		struct io_kiocb *req = TYPED(fast, io_kiocb, request);
		struct trace_note *n = note_of((uint64_t)request);

		opcode = READ(fast, req, opcode);
		if (pick_ops && !op_wanted[opcode & 255])
			return 0;
		file = file_number(fast, READ(fast, req, file));
		if (n->req == (uint64_t)request) {
			note = (uint32_t)n->what;
			/* more may come of it */
			if (!(cflags & CQE_MORE))
				n->req = 0;
		}
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		missed();
		return 0;
	}
	begin(&e->h, type, ctx, (uint64_t)request, who);
	e->user_data = user_data;
	e->res = res;
	e->cflags = cflags;
	e->extra[0] = extra ? extra[0] : 0;
	e->extra[1] = extra ? extra[1] : 0;
	e->file = file;
	e->opcode = (uint8_t)opcode;
	e->has_opcode = request != NULL;
	e->flags = (uint8_t)(note << COMPLETE_NOTES);
	e->cq_fill = ~0u;
	t = TYPED(fast, task_struct, bpf_get_current_task());
	e->switches = (uint32_t)READ(fast, t, nvcsw);
	if (READ(fast, t, flags) & PF_IO_WORKER)
		e->flags |= COMPLETE_WORKER;
	if (want_fill) {
		struct io_rings *rings_ = (void *)r->rings;

		e->cq_fill = GET(rings_, cq.tail) - GET(rings_, cq.head);
	}
	bpf_ringbuf_submit(e, wake());
	return 0;
}

static __always_inline int completed(bool fast, struct bpf_raw_tracepoint_args *c)
{
	void *req = args.complete_req >= 0 ? (void *)argument(c, args.complete_req) : NULL;
	struct io_uring_cqe cqe = {0};
	uint64_t extra[2] = {0};

	if (args.complete_cqe >= 0) {
		bpf_probe_read_kernel(&cqe, 16, (void *)argument(c, args.complete_cqe));
		return completion(fast, EV_COMPLETE, c->args[0], req, cqe.user_data, cqe.res, cqe.flags, NULL);
	}
	if (args.complete_req < 0)
		return completion(fast, EV_COMPLETE, c->args[0], NULL, c->args[1], (int32_t)c->args[2],
			(uint32_t)c->args[3], NULL);
	if (args.complete_extra >= 0) {
		extra[0] = c->args[5];
		extra[1] = c->args[6];
	}
	return completion(
		fast, EV_COMPLETE, c->args[0], req, c->args[2], (int32_t)c->args[3], (uint32_t)c->args[4], extra);
}

SEC("raw_tp/io_uring_complete")
int complete(struct bpf_raw_tracepoint_args *c)
{
	return completed(false, c);
}

SEC("raw_tp/io_uring_complete")
int complete_fast(struct bpf_raw_tracepoint_args *c)
{
	return completed(true, c);
}

SEC("raw_tp/io_uring_cqe_overflow")
int cqe_overflow(struct bpf_raw_tracepoint_args *c)
{
	return completion(
		false, EV_OVERFLOW, c->args[0], NULL, c->args[1], (int32_t)c->args[2], (uint32_t)c->args[3], NULL);
}

/* --- what happens on the way ----------------------------------------------------------------------------------------- */

static __always_inline int mark(uint32_t type, uint64_t ctx, uint64_t req, uint64_t value)
{
	uint64_t who = whom();
	struct ev_mark *e;

	if (ctx && !traced(ctx, who >> 32, false))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		missed();
		return 0;
	}
	begin(&e->h, type, ctx, req, who);
	e->value = value;
	bpf_ringbuf_submit(e, wake());
	return 0;
}

static __always_inline int mark_request(uint32_t type, struct io_kiocb *req)
{
	struct trace_note *n = note_of((uint64_t)req);
	uint64_t what = type == EV_ASYNC ? NOTE_ASYNC : type == EV_POLL ? NOTE_POLL : NOTE_WORK;
	uint8_t opcode;

	if (args.complete_req >= 0 && (!n->req || n->req == (uint64_t)req)) {
		n->what = n->req ? n->what | what : what;
		n->req = (uint64_t)req;
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

/* The call that submitted has done so, and waits: what completes from now on did not do so in it. */
SEC("raw_tp/io_uring_cqring_wait")
int cqring_wait(struct bpf_raw_tracepoint_args *c)
{
	return mark(EV_WAIT, c->args[0], 0, 0);
}

/* --- rings and processes -------------------------------------------------------------------------------------------- */

SEC("raw_tp/io_uring_create")
int create(struct bpf_raw_tracepoint_args *c)
{
	uint64_t ctx = c->args[1], who = whom();
	struct task_struct *t = (void *)bpf_get_current_task();
	uint32_t fd = (uint32_t)c->args[0];
	bool wanted = all ? who >> 32 != self : is_target(who >> 32);
	struct ev_create *e;
	struct file *f;

	if (!wanted) {
		/* another ring may have been there */
		bpf_map_delete_elem(&rings, &ctx);
		return 0;
	}
	learn_ring(ctx, 1);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		missed();
		return 0;
	}
	begin(&e->h, EV_CREATE, ctx, 0, who);
	e->fd = (int32_t)fd;
	e->sq_entries = (uint32_t)c->args[2];
	e->cq_entries = (uint32_t)c->args[3];
	e->flags = (uint32_t)c->args[4];
	f = open_file(t, e->fd);
	e->ino = f ? GET(f, f_inode, i_ino) : 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, wake());
	return 0;
}

SEC("raw_tp/io_uring_register")
int register_(struct bpf_raw_tracepoint_args *c)
{
	uint64_t ctx = c->args[0], who = whom();
	struct ev_register *e;

	if (!traced(ctx, who >> 32, true))
		return 0;
	/* what stays the same may have changed: RESIZE_RINGS */
	learn_ring(ctx, 1);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		missed();
		return 0;
	}
	begin(&e->h, EV_REGISTER, ctx, 0, who);
	e->opcode = (uint32_t)c->args[1];
	e->nr_files = (uint32_t)c->args[2];
	e->nr_bufs = (uint32_t)c->args[3];
	e->ret = (int32_t)argument(c, args.register_ret);
	bpf_ringbuf_submit(e, wake());
	return 0;
}

/* children of a target are targets */
SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *c)
{
	struct task_struct *parent = (void *)c->args[0], *child = (void *)c->args[1];
	uint32_t from = (uint32_t)GET(parent, tgid), to = (uint32_t)GET(child, tgid), one = 1;

	if (from == to || !is_target(from))
		return 0;
	bpf_map_update_elem(&targets, &to, &one, BPF_ANY);
	return mark(EV_FORK, 0, to, 0);
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *c)
{
	uint64_t who = bpf_get_current_pid_tgid();
	uint32_t tgid = who >> 32;

	(void)c;
	/* the last thread of a process is not known here: the reader looks */
	if (tgid != (uint32_t)who || !is_target(tgid))
		return 0;
	return mark(EV_EXIT, 0, tgid, 0);
}

/* --- io_uring_enter -------------------------------------------------------------------------------------------------- */

struct entered {
	uint64_t time;
	uint32_t fd, to_submit, min_complete, flags;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, uint32_t);
	__type(value, struct entered);
} entering SEC(".maps");

enum { NR_IO_URING_ENTER = 426 };

SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *c)
{
	struct pt_regs___x86 {
		unsigned long di, si, dx, r10;
	} __attribute__((preserve_access_index)) *regs = (void *)c->args[0];
	uint64_t who;
	struct entered e = {0};
	uint32_t tid;

	if (c->args[1] != NR_IO_URING_ENTER)
		return 0;
	who = bpf_get_current_pid_tgid();
	if (!(all ? who >> 32 != self : is_target(who >> 32)))
		return 0;
	tid = (uint32_t)who;
	e.time = bpf_ktime_get_ns();
	e.fd = (uint32_t)GET(regs, di);
	e.to_submit = (uint32_t)GET(regs, si);
	e.min_complete = (uint32_t)GET(regs, dx);
	e.flags = (uint32_t)GET(regs, r10);
	bpf_map_update_elem(&entering, &tid, &e, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int sys_exit(struct bpf_raw_tracepoint_args *c)
{
	uint32_t tid = (uint32_t)bpf_get_current_pid_tgid();
	struct entered *was = bpf_map_lookup_elem(&entering, &tid);
	struct ev_enter *e;

	if (!was)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		missed();
		bpf_map_delete_elem(&entering, &tid);
		return 0;
	}
	begin(&e->h, EV_ENTER, 0, 0, whom());
	e->fd = (int32_t)was->fd;
	e->to_submit = was->to_submit;
	e->min_complete = was->min_complete;
	e->flags = was->flags;
	e->ret = (int32_t)c->args[1];
	e->took = e->h.time - was->time;
	bpf_ringbuf_submit(e, wake());
	bpf_map_delete_elem(&entering, &tid);
	return 0;
}

/* --- the summary: counted here, read at the end ------------------------------------------------------------------------ */

enum { BY_OP, BY_RING, BY_FILE, BY_PID };
const volatile uint32_t count_by;
const volatile uint8_t op_bytes[256]; /* their results are numbers of bytes */
const volatile uint8_t op_polls[256]; /* they do nothing but wait for a file */
uint32_t epoch;			      /* which of the two sets is counted in: the other is being read */
struct trace_start starts[NOTES];     /* when requests were submitted, by their addresses */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 512);
	__type(key, uint32_t);
	__type(value, struct sum_counts);
} by_op SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, 1); /* BPF_F_NO_PREALLOC */
	__type(key, struct sum_key);
	__type(value, struct sum_counts);
} by_key SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct sum_counts);
} no_counts SEC(".maps");

/*
 * What a processor's task is submitting: requests one after the other, until something completes or is waited for. A request of it that
 * completes then did so in the call that submitted it.
 */
struct batch {
	uint32_t tid, number, submitting, waited;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct batch);
} batches SEC(".maps");

static __always_inline struct sum_counts *counts_of(const struct sum_key *k)
{
	struct sum_counts *c;
	uint32_t i = (k->pad & 1) * 256 + (k->opcode & 255), zero = 0;

	if (count_by == BY_OP)
		return bpf_map_lookup_elem(&by_op, &i);
	c = bpf_map_lookup_elem(&by_key, k);
	if (c)
		return c;
	c = bpf_map_lookup_elem(&no_counts, &zero);
	if (c)
		bpf_map_update_elem(&by_key, k, c, 1 /* BPF_NOEXIST */);
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

static __always_inline bool counted(uint64_t ctx, uint64_t who)
{
	return all ? who >> 32 != self : traced(ctx, who >> 32, true) != NULL;
}

static __always_inline int count_submission(bool fast, void *request)
{
	struct trace_note *n = note_of((uint64_t)request);
	struct trace_start *s = &starts[(n - notes) & (NOTES - 1)];
	uint32_t zero = 0, tid = (uint32_t)bpf_get_current_pid_tgid();
	struct batch *b;

	if (!all) {
		struct io_kiocb *req = TYPED(fast, io_kiocb, request);

		if (!counted((uint64_t)READ(fast, req, ctx), whom()))
			return 0;
	}
	if (n->req == (uint64_t)request)
		n->req = 0;
	b = bpf_map_lookup_elem(&batches, &zero);
	if (!b)
		return 0;
	if (!b->submitting || b->tid != tid) {
		b->tid = tid;
		b->number++;
		b->submitting = 1;
		b->waited = 0;
	}
	s->req = (uint64_t)request;
	s->batch = b->number;
	s->tid = tid;
	s->time = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/io_uring_submit_sqe")
int count_submit_sqe(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(false, (void *)argument(c, args.submit_req));
}

SEC("raw_tp/io_uring_submit_req")
int count_submit_req(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(false, (void *)c->args[0]);
}

SEC("raw_tp/io_uring_submit_req")
int count_submit_req_fast(struct bpf_raw_tracepoint_args *c)
{
	return count_submission(true, (void *)c->args[0]);
}

static __always_inline int count_completion(bool fast, struct bpf_raw_tracepoint_args *a)
{
	void *request = args.complete_req >= 0 ? (void *)argument(a, args.complete_req) : NULL;
	struct io_uring_cqe cqe = {0};
	struct sum_key k = {.pad = epoch};
	struct io_ring_ctx *ctx = TYPED(fast, io_ring_ctx, a->args[0]);
	struct io_kiocb *req = TYPED(fast, io_kiocb, request);
	struct trace_note *n;
	struct trace_start *s;
	struct sum_counts *c;
	struct batch *b;
	uint32_t opcode, path = PATH_TASK_WORK, zero = 0, error;
	uint64_t who = 0, ns = 0;

	/* what names no request is not counted: it was, or it is another's */
	if (!request)
		return 0;
	if (!all || count_by == BY_PID) {
		who = whom();
		if (!counted(a->args[0], who))
			return 0;
	}
	if (args.complete_cqe >= 0) {
		bpf_probe_read_kernel(&cqe, 16, (void *)argument(a, args.complete_cqe));
	} else {
		cqe.res = (int32_t)a->args[3];
		cqe.flags = (uint32_t)a->args[4];
	}
	opcode = READ(fast, req, opcode);
	if (pick_ops && !op_wanted[opcode & 255])
		return 0;
	n = note_of((uint64_t)request);
	s = &starts[(n - notes) & (NOTES - 1)];
	if (s->req == (uint64_t)request)
		ns = bpf_ktime_get_ns() - s->time;
	b = bpf_map_lookup_elem(&batches, &zero);
	if (!b)
		return 0;
	if (n->req == (uint64_t)request) {
		path = n->what & NOTE_ASYNC ? PATH_IOWQ : PATH_POLL;
		if (!(cqe.flags & CQE_MORE))
			n->req = 0;
	} else if (READ(fast, ctx, flags) & SETUP_IOPOLL) {
		path = PATH_IOPOLL;
	} else if (ns && s->batch == b->number && s->tid == b->tid && !b->waited &&
		   b->tid == (uint32_t)bpf_get_current_pid_tgid()) {
		path = PATH_INLINE;
	} else if (op_polls[opcode & 255]) {
		path = PATH_POLL;
	}
	b->submitting = 0;
	if (count_by == BY_OP)
		k.opcode = opcode;
	else
		k.by = count_by == BY_RING   ? a->args[0]
		       : count_by == BY_FILE ? file_number(fast, READ(fast, req, file))
					     : who >> 32;
	c = counts_of(&k);
	if (!c) {
		missed();
		return 0;
	}
	c->calls++;
	c->paths[path]++;
	if (cqe.res < 0) {
		c->errors++;
		error = (uint32_t)-cqe.res;
		error = error < SUM_ERRORS - 1 ? error : SUM_ERRORS - 1;
		/* the verifier has to see a bound that the compiler would leave out */
		asm volatile("" : "+r"(error));
		c->error[error & (SUM_ERRORS - 1)]++;
	} else if (op_bytes[opcode & 255]) {
		c->bytes += (uint32_t)cqe.res;
	}
	if (ns) {
		uint32_t bucket = bucket_of(ns);

		c->latencies++;
		c->total_ns += ns;
		if (ns > c->max_ns)
			c->max_ns = ns;
		asm volatile("" : "+r"(bucket));
		c->lat[bucket & (LAT_BUCKETS - 1)]++;
		if (!(cqe.flags & CQE_MORE))
			s->req = 0;
	}
	return 0;
}

SEC("raw_tp/io_uring_complete")
int count_complete(struct bpf_raw_tracepoint_args *c)
{
	return count_completion(false, c);
}

SEC("raw_tp/io_uring_complete")
int count_complete_fast(struct bpf_raw_tracepoint_args *c)
{
	return count_completion(true, c);
}

SEC("raw_tp/io_uring_cqring_wait")
int count_cqring_wait(struct bpf_raw_tracepoint_args *c)
{
	uint32_t zero = 0;
	struct batch *b = bpf_map_lookup_elem(&batches, &zero);

	(void)c;
	if (b && b->tid == (uint32_t)bpf_get_current_pid_tgid()) {
		b->waited = 1;
		b->submitting = 0;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
