/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding rings, and copying what is in their shared memory. Nothing here outlives a call: no duplicate of a ring's fd and no
 * mapping of its memory, because either would delay what the kernel does when the target dies.
 */
#ifndef URINGTOP_RING_H
#define URINGTOP_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "decode.h"
#include "kernel.h"
#include "proc.h"

/* --- which rings exist, and who holds them ------------------------------------------------------------------------- */

struct ring_ref {
	pid_t pid;
	pid_t tid; /* whose table of descriptors: pid's, or that of a thread which unshared its own */
	int fd;
};

struct ring_mapping {
	pid_t pid;
	pid_t tid; /* a thread that has the address space: not pid's where the main thread has exited */
	uint64_t start, end, offset;
};

/* A request in flight, whose file is a ring, and which keeps it. */
struct ring_request {
	uint64_t ring; /* whose request: its id */
	uint32_t opcode;
	uint64_t user_data;
};

/*
 * Where the inode of a ring cannot be read, because nothing leads to its file, the ring has a number from here on: with the process
 * that uses it and a count. Inode numbers of rings have 32 bits (get_next_ino).
 */
enum { RINGS_OF_A_PROCESS = 10000 };
#define RING_NUMBERS 1000000000000ull

struct found_ring {
	uint64_t id;
	bool wanted; /* one of the processes that were asked for holds it */
	bool numbered; /* it has no inode of its own (before 5.19), or none that can be read: id is a number of this run */
	int fds_unknown; /* errno: why descriptors of it that a process may have are not to be seen; 0: there are none */
	bool maps_unknown;     /* it may have mappings that could not be told from another ring's (before 5.19 only) */
	struct ring_ref *refs; /* by pid, tid, fd */
	size_t n_refs;
	struct ring_mapping *maps; /* by pid, start */
	size_t n_maps;
	struct ring_ref
		*registered; /* tasks that registered the ring with themselves; fd is the slot. By pid, tid, fd */
	size_t n_registered;
	struct ring_ref *users; /* tasks that made it or have submitted to it, of a ring that nobody holds; fd is -1 */
	size_t n_users;
	struct ring_request *held_by; /* of those that are known: not looked for in every ring */
	size_t n_held_by;
	uint64_t inode;	    /* of its file; id, but where rings are numbered */
	uint64_t file, ctx; /* keys for the kernel source, 0: it has not seen the ring */
};

/* The address space of a process, as a key; the kernel source alone knows it. */
struct task_mm {
	pid_t pid;
	uint64_t mm;
};

/* Small numbers for address spaces, in the order in which they are met; helpers share them. */
struct mm_numbers {
	size_t room;
	_Atomic uint64_t mm[]; /* 0: none from here on */
};
/* From 1 on; 0: there is no room left. */
size_t mm_number(struct mm_numbers *m, uint64_t mm);

struct skipped {
	pid_t pid;
	const char *reason;
	bool named; /* the user asked for this process */
};

/* A thread of io_uring's own that works for no ring that was found. */
struct ring_thread {
	pid_t pid, tid;
	bool polls; /* an SQ; else it is a worker */
	char comm[16];
	uint32_t state, exit_state; /* as the kernel has them */
	uint64_t cpu_ns;
	int opcode; /* of the request that a worker runs, -1: none */
};

struct discovery {
	struct arena arena;
	bool shared_inode;	  /* see found_ring.numbered */
	dev_t anon_dev;		  /* the device of anonymous inodes */
	struct found_ring *rings; /* by id */
	size_t n_rings;
	struct skipped *skipped;
	size_t n_skipped;
	size_t unseen;	     /* processes that could not be looked into */
	pid_t *asked;	     /* the processes of the pids that were asked for, in their order; 0: it cannot be had */
	bool by_kernel;	     /* the kernel itself was asked: nothing that holds a ring was left out */
	struct task_mm *mms; /* by pid */
	size_t n_mms;
	struct mm_numbers *numbers;
	struct ring_thread *threads; /* by tid */
	size_t n_threads;
	bool maps_unread; /* mappings were not to be had from the kernel, and were not asked for elsewhere */
	pid_t *unmapped;  /* processes whose mappings could not be read */
	size_t n_unmapped;
};

/*
 * Looks through all processes for rings, because who else holds a ring is part of what it is: through k, if that is not NULL and works, else
 * through /proc. Wanted are those that one of the n_pids processes holds, all of them if n_pids is 0; a thread's id stands for
 * its process. A named process that cannot be had is in skipped, with the reason. proc: /proc may be looked into besides, where k
 * cannot find mappings. All that may wait for a process is done by helpers h; NULL: by the caller. A process that does not answer is among
 * helpers_late. Returns 0, or -1 with errno: /proc itself cannot be read (ENOENT, EMFILE ...), or no helper can be started (EAGAIN, ENOMEM).
 * discovery_free gives everything back.
 */
struct helpers;
int discover(struct discovery *d, struct helpers *h, const pid_t *pids, size_t n_pids, struct kernel *k, bool proc);
/* Says is of any process and thread that has the ring as a descriptor, mapped or registered, or uses it, that it is one? */
bool ring_any_process(const struct found_ring *r, bool (*is)(void *ctx, pid_t pid, pid_t tid), void *ctx);
/* The address space of a process that holds a ring or uses one, 0 if it is not known. */
uint64_t discovery_mm(const struct discovery *d, pid_t pid);
/* Could the mappings of this process not be read? */
bool discovery_unmapped(const struct discovery *d, pid_t pid);
void discovery_free(struct discovery *d);

/* --- where things stand in a ring's memory ------------------------------------------------------------------------- */

/* Offsets in struct io_rings; they changed with 6.7 (io_uring/io_uring.c, include/linux/io_uring_types.h). */
struct ring_header {
	uint32_t sq_head, sq_tail, cq_head, cq_tail;
	uint32_t sq_mask, cq_mask, sq_entries, cq_entries;
	uint32_t sq_dropped, sq_flags, cq_flags, cq_overflow;
	uint32_t cqes;
};
extern const struct ring_header ring_header_known[2];

/* The words that stand there, in the target's reach: any of them may be anything. */
struct ring_words {
	uint32_t sq_head, sq_tail, cq_head, cq_tail;
	uint32_t sq_mask, cq_mask, sq_entries, cq_entries;
	uint32_t sq_dropped, sq_flags, cq_flags, cq_overflow;
};

/* One way in which a ring's memory may be laid out. */
struct ring_layout {
	bool sqe128, sqe_mixed, cqe32, cqe_mixed, no_sqarray;
};

/* Which of those the evidence decides. */
struct ring_layout_known {
	bool sqe_size, sqe_mixed, cqe_size, cqe_mixed, sqarray;
};

struct ring_geometry {
	uint32_t sq_entries, cq_entries; /* powers of two within the kernel's limits */
	uint64_t rings_len, sqes_len;	 /* lengths of the target's mappings, whole pages; 0 where there is none */
};

uint64_t ring_sq_array_offset(const struct ring_header *h, const struct ring_geometry *g, const struct ring_layout *l);
uint64_t ring_rings_size(const struct ring_header *h, const struct ring_geometry *g, const struct ring_layout *l);
uint64_t ring_sqes_size(const struct ring_geometry *g, const struct ring_layout *l);

/* Layouts that the mappings' lengths and fdinfo (may be NULL) leave possible, the most likely first. Returns how many. */
enum { RING_LAYOUTS = 32 };
size_t ring_layouts(const struct ring_header *h, const struct ring_geometry *g, const struct fdinfo *f,
	struct ring_layout out[RING_LAYOUTS]);

/* --- copying ------------------------------------------------------------------------------------------------------- */

enum ring_area { AREA_RINGS, AREA_SQES };

struct ring_piece {
	uint64_t offset;
	void *dst;
	size_t len;
};

/* One way to get at a ring's memory. read fills all pieces or returns a negative errno, -ERANGE for what is not there. */
struct ring_access {
	int (*read)(struct ring_access *self, enum ring_area area, const struct ring_piece *pieces, size_t n);
};

struct ring_sq_entry {
	uint32_t index; /* as the head and tail count */
	uint32_t slot;	/* which SQE; beyond the entries if the target wrote nonsense into the SQ array */
	bool in_range;
	struct sqe sqe;
};

struct ring_cq_entry {
	uint32_t index;
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	bool big;
	uint64_t extra[2];
};

struct ring_copy {
	struct ring_words words;
	struct ring_sq_entry *sq;
	size_t n_sq;
	struct ring_cq_entry *cq;
	size_t n_cq;
	bool moved; /* entries went away while they were copied; they are left out */
};

/* Reads the words of the header. 0 or a negative errno. */
int ring_read_words(struct ring_access *acc, const struct ring_header *h, struct ring_words *w);

/*
 * Copies the entries between heads and tails as *w has them, under a layout; *out lives in a. Heads and tails may be any
 * number: never more than the ring's entries are read. 0 or a negative errno.
 */
int ring_read_entries(struct arena *a, struct ring_access *acc, const struct ring_header *h,
	const struct ring_geometry *g, const struct ring_layout *l, const struct ring_words *w, struct ring_copy *out);

/* Do a copy and the kernel's own lines in fdinfo show the same SQEs? */
bool ring_agrees(const struct ring_copy *copy, const struct fdinfo *f);

/*
 * Sizes from the words, for a ring whose fdinfo has none: only what is plausible and fits the mappings. 0, or -EBADMSG if the
 * target's words make no sense.
 */
int ring_geometry_from_words(const struct ring_header *h, const struct ring_words *w, struct ring_geometry *g);

/* The target's own mapping through process_vm_readv: no reference to the ring is ever taken. */
struct ring_access_vm {
	struct ring_access base;
	pid_t pid, tid; /* tid: a thread of it whose address space is there */
	uint64_t rings, rings_len, sqes, sqes_len;
};
void ring_access_vm_init(
	struct ring_access_vm *v, pid_t pid, const struct ring_mapping *maps, size_t n); /* of process pid */

/*
 * A duplicate by pidfd_getfd, mapped for each read and let go in the same call. pidfd is the caller's. Before 5.19 and for
 * rings that their process has not mapped this is the only way.
 */
struct ring_access_fd {
	struct ring_access base;
	pid_t pid; /* whose descriptor it is */
	int pidfd, fd;
};
void ring_access_fd_init(struct ring_access_fd *f, pid_t pid, int pidfd, int fd);

/* Through the kernel's own mapping, by BPF: for rings that nobody has mapped, too. The layout has to be certain. */
struct ring_access_kernel {
	struct ring_access base;
	struct kernel *k;
	struct ring_key key;
	uint64_t len[2]; /* of the areas */
};
void ring_access_kernel_init(struct ring_access_kernel *a, struct kernel *k, const struct ring_key *key,
	uint64_t rings_len, uint64_t sqes_len);

/* A buffer, for tests and fuzzers. */
struct ring_access_buf {
	struct ring_access base;
	const uint8_t *area[2];
	size_t len[2];
};
void ring_access_buf_init(struct ring_access_buf *b);

#endif
