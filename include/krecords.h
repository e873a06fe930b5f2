/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs and the program that loads them say to each other. Pointers of the kernel pass through here as
 * opaque keys: they are compared and handed back, and never shown.
 */
#ifndef URINGTOP_KERNEL_RECORDS_H
#define URINGTOP_KERNEL_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/* --- finding rings: what the iterators over files, tasks and mappings write, a record a sighting ------------------- */

enum seen_how {
	SEEN_FD,
	SEEN_REGISTERED,
	SEEN_MAPPED,
	SEEN_USED,   /* a task has made the ring, or has submitted to it */
	SEEN_MM,     /* a task uses io_uring: no ring, but whose address space that is */
	SEEN_THREAD, /* a thread of io_uring's own */
	SEEN_BUSY, /* mappings that could not be followed to their end: the lock is taken, or they changed meanwhile */
};

/* The task behind a pointer; tid 0: there is none. */
struct task_ids {
	int32_t tgid, tid;
	char comm[16];
	uint32_t state, exit_state;
	int32_t cpu;
	uint64_t cpu_ns; /* user and system time */
};

struct seen {
	uint64_t file,
		ctx;   /* SEEN_USED has no file; SEEN_THREAD: the ring of the request that it runs, 0 if it runs none */
	uint64_t task; /* SEEN_USED: the task; SEEN_THREAD: whose requests it runs, itself if it polls an SQ */
	uint64_t sq_thread; /* of a ring: the task that polls its SQ, 0 if none does */
	union {
		struct {
			uint64_t ino;
			uint64_t mm, files;	     /* of the task: its address space and its table of descriptors */
			uint64_t start, end, offset; /* of a mapping; the offset in pages */
		};
		struct task_ids thread; /* SEEN_THREAD */
	};
	int32_t tgid, tid; /* as the caller's pid namespace has them, 0: not in it */
	int32_t at;	   /* descriptor or registered slot; SEEN_THREAD: the opcode of what it runs */
	uint32_t how;
	uint32_t flags; /* SEEN_ */
	uint32_t pad;
};

enum {
	SEEN_TRACKED = 1, /* requests of the task have a ring as their file */
	SEEN_POLLS = 2,	  /* the thread polls an SQ; else it is a worker */
};

/* --- walking one ring: one exchange for each read of an iterator --------------------------------------------------- */

enum { OUT_SIZE = 32768, NAMES_AT_ONCE = 1, NAME_ROOM = 1024 };

enum walk_status {
	WALK_UNTOUCHED, /* the program did not run */
	WALK_GONE,	/* that file is no ring any more, or another */
	WALK_DONE,
	WALK_MORE, /* not all fits: ask again with the cursor as it is now */
	WALK_NONE, /* this kernel has no such thing */
};

struct exchange {
	/* asked */
	uint64_t file, ctx, ino;
	uint32_t what, limit; /* which list, table or area */
	uint64_t key[2];      /* what more it takes: a task's io_uring, an offset and a length */
	uint64_t names[NAMES_AT_ONCE];
	/* asked and answered */
	uint64_t cursor[4];
	/* answered */
	uint32_t status, n, len;
	uint32_t pad;
	uint8_t out[OUT_SIZE];
};

/* Bits of ring_base.has: the kernel knows such a thing. */
enum {
	HAS_SUBMITTER = 1 << 0,
	HAS_WORK_TIME = 1 << 1,
	HAS_NAPI = 1 << 2,
	HAS_NR_ALLOCATED = 1 << 3,
	HAS_FREE_LIST = 1 << 4,
	HAS_TASK_RESTRICTIONS = 1 << 5, /* 7.x: inherited, BPF filters */
	HAS_EVENTFD_ASYNC = 1 << 8,
	HAS_MM_OWNER = 1 << 10,
	HAS_NAPI_MODE = 1 << 12,
	HAS_IOWQ_LIMITS = 1 << 13,
};

/* Bits of int_flags that matter here, where 7.x has them; before that they are made up of other fields. */
enum { RESTRICTED_OPS = 2, RESTRICTED_REGISTER = 4, IOWQ_LIMITS_SET = 4096, RESTRICT_INHERITED = 8192 };

struct cred_ids {
	uint32_t uid, gid;
	uint64_t cap_effective;
};

struct ring_base {
	uint64_t ctx, mm, sqd, user;
	uint32_t has, flags, int_flags; /* int_flags: the words of 7.x, made up of bits before that */
	uint32_t sq_entries, cq_entries, sq_dropped, sq_flags, cq_flags, cq_overflow;
	uint32_t sq_mask, cq_mask;
	/* struct io_rings: sq.head and tail, cq.head and tail, masks and entries of both, dropped, flags of both, overflow, cqes */
	uint32_t offsets[13];
	struct task_ids submitter, sq_thread, mm_owner;
	uint32_t mm_users;
	struct cred_ids sq_creds;
	uint32_t has_sq_creds, owner_uid, user_uid;
	/* SQPOLL */
	uint32_t sq_idle_ms, sqd_idle_ms;
	int32_t sq_cpu, sq_park_pending;
	uint64_t sq_state, sq_work_us;
	/* restrictions */
	uint64_t register_ops, sqe_ops[2], filter_ops[2];
	uint8_t sqe_flags_allowed, sqe_flags_required, registered, reg_registered;
	/* registered resources: how many slots */
	uint32_t nr_buffers;
	uint32_t has_eventfd, eventfd_async;
	uint32_t iowq_limits[2];
	uint32_t napi_mode, napi_prefer;
	uint64_t napi_busy_ns;
	/* memory */
	uint64_t locked_pages, pinned_pages, memlock_limit;
	uint32_t some; /* SOME_: what is not empty */
	/* from here on: what is read once more when requests are looked for */
	uint64_t now, jiffies; /* CLOCK_MONOTONIC, ns */
	uint32_t cached_sq_head, cached_cq_tail, sq_head, sq_tail, cq_head, cq_tail;
	uint32_t nr_files;		/* slots of registered files */
	uint32_t nr_allocated, nr_free; /* nr_free: not 0 if there are any */
	uint32_t nr_locked_free;	/* of those that others than the submitter gave back, up to 6.8: how many */
	uint32_t lists; /* a bit for each enum request_list that is not empty, as far as the ring itself has them */
};

enum { RING_MOMENT = offsetof(struct ring_base, now) };

enum { SOME_PERSONALITIES = 1, SOME_GROUPS = 2, SOME_ZCRX = 4, SOME_NAPI = 8, SOME_OVERFLOW = 16 };

/* In a slot of a ring's file table, or in a process's table of descriptors. */
struct rec_file {
	uint32_t slot, pad;
	uint64_t file, node; /* node: 6.13 and later, of a ring's table */
};

enum { BUFFER_KERNEL = 1, BUFFER_CLONED = 2, BUFFER_CLONED_KNOWN = 4 };

struct rec_buffer {
	uint32_t slot, flags;
	uint64_t addr, len;
};

struct rec_group {
	uint32_t group, flags; /* GROUP_ */
	uint32_t entries, available;
	uint32_t head, tail;
};

enum { GROUP_RING = 1, GROUP_INCREMENTAL = 2, GROUP_KERNEL_MAPPED = 4, GROUP_CUT = 8 };

struct rec_personality {
	uint32_t id, pad;
	struct cred_ids cred;
};

struct rec_zcrx {
	uint32_t id, rxq, entries, pad;
	char ifname[16];
};

struct rec_napi {
	uint32_t id;
};

struct rec_overflow {
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	uint64_t extra[2];
};

/* A task that uses the ring, with the io-wq it has. */
struct rec_user {
	uint64_t tctx, mm;
	struct task_ids task;
	uint32_t has_wq, nodes;
	struct {
		uint32_t workers, running, max;
	} acct[2];
	uint32_t in_cancel, pad;
};

enum request_list {
	LIST_POLL,	  /* cancel_table, cancel_hash */
	LIST_POLL_LOCKED, /* cancel_table_locked: 6.1 to 6.12 */
	LIST_TIMEOUT,
	LIST_LINK_TIMEOUT,
	LIST_DRAIN,
	LIST_IOPOLL,
	LIST_TASK_WORK,	 /* of a ring with DEFER_TASKRUN */
	LIST_TASK_RETRY, /* what one call has left of it to the next: 6.13 up to where a queue took the place of both */
	LIST_FUTEX,
	LIST_WAITID,
	LIST_URING_CMD,
	LISTS_OF_RING,
	LIST_TASK = LISTS_OF_RING, /* task work of a task: key[0] is its io_uring */
	LIST_IOWQ_BOUND,	   /* queued */
	LIST_IOWQ_UNBOUND,
	LIST_IOWQ_CHAIN, /* what a worker has taken along, for the same file as what it runs: key[0] is the worker */
	LISTS,
};

struct rec_request {
	uint64_t key, ctx, file, link, user_data, flags;
	uint64_t ring, ring_ino;     /* its file is this ring; only if a limit was asked */
	uint64_t files;		     /* the submitter's descriptors, 0: it has ended */
	uint64_t node;		     /* its node in the file table, 6.13 and later */
	uint32_t opcode, linked;     /* linked: how deep in the chain, 0: its head */
	int32_t fd, tid;	     /* fd: what stands where the SQE's was; the task that submitted it */
	int64_t expires, period;     /* of a timeout, ns */
	uint32_t timeout_flags, has; /* REQUEST_ */
};

enum { REQUEST_FD = 1, REQUEST_TIMEOUT = 2 };

struct rec_worker {
	struct rec_request run; /* key 0: it runs none */
	struct task_ids task;
	uint64_t key; /* its io_worker */
	uint32_t flags, bound;
};

enum { WORKER_RUNNING = 2, WORKER_FREE = 4 };

/* A file's name, from the last component upwards, each ended by a zero; of a socket the name of its protocol, its family and its type. */
struct rec_name {
	uint64_t ino, magic;
	uint32_t dev, mode;
	uint32_t flags, len;
	uint16_t family, type, pad[2];
	char text[NAME_ROOM];
};

enum { NAME_DELETED = 1, NAME_CUT = 2, NAME_ROOTED = 4 };

enum ring_memory { MEMORY_RINGS, MEMORY_SQES };

#endif
