/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of a ring as plain data: no descriptors, no pointers into shared memory, nothing to close. Whatever judges,
 * compares or shows works on this alone, whether it was built a moment ago or read from a file of another machine.
 *
 * What could not be learnt is absent, never 0: a snap_num that is not known, a section whose known is false, and the reason
 * in ring.unavailable under the name that the JSON has for it.
 */
#ifndef URINGTOP_SNAPSHOT_H
#define URINGTOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "decode.h"

struct snap_num {
	bool known;
	uint64_t v;
};

struct snap_names {
	const char **v;
	size_t n;
};

struct snap_sqe {
	struct snap_num index; /* as head and tail count */
	struct snap_num slot;
	bool in_range; /* false: the SQ array names a slot that there is not, and no fields are known */
	struct sqe_fields f;
};

struct snap_cqe {
	struct snap_num index; /* absent in the overflow list */
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	bool big;
	uint64_t extra[2];
};

struct snap_sq {
	struct snap_num entries, head, tail, kernel_head, dropped, sqe_size;
	bool flags_known, pending_known;
	struct snap_names flags;
	struct snap_sqe *pending;
	size_t n_pending;
	struct snap_num
		followed; /* so many entries' pointers and descriptors were followed to their end; absent: all */
};

struct snap_cq {
	struct snap_num entries, head, tail, kernel_tail, overflow, cqe_size;
	bool flags_known, unreaped_known, overflowed_known;
	struct snap_names flags;
	struct snap_cqe *unreaped, *overflowed;
	size_t n_unreaped, n_overflowed;
	struct snap_num overflowed_cut;
};

enum snap_yes { SNAP_UNKNOWN, SNAP_NO, SNAP_YES };

struct snap_cred {
	bool known;
	uint32_t uid, gid;
	uint64_t cap_effective;
};

struct snap_owner {
	bool known;
	const char *mm; /* NULL: not known */
	struct snap_num pid, uid, submitter_tid;
	const char *comm, *exe;
	struct snap_cred sq_creds; /* with which SQPOLL submits */
};

struct snap_thread_fd {
	int32_t tid, fd;
};

struct snap_holder {
	uint32_t pid;
	const char *comm;
	struct snap_num uid;
	bool fds_known; /* false: it may have any, of which none is shown */
	int32_t *fds;
	size_t n_fds;
	struct snap_thread_fd *thread_fds; /* in tables of single threads */
	size_t n_thread_fds;
	enum snap_yes mapped, registered, same_mm, uses; /* uses: one of its tasks has submitted to it */
};

/* A request in flight whose file is the ring, and which keeps it. */
struct snap_held {
	struct snap_num ring_id; /* whose request */
	unsigned opcode;
	const char *name;
	uint64_t user_data;
};

struct snap_sqpoll {
	bool known, active;
	struct snap_num tid, cpu, pinned_cpu, idle_ms, total_us, work_us;
	const char *comm, *state; /* NULL: not known */
	enum snap_yes need_wakeup;
	uint64_t *shared_with;
	size_t n_shared_with;
};

struct snap_file {
	uint32_t slot;
	const char *file;
};

struct snap_buffer {
	uint32_t slot;
	uint64_t addr, len;
	enum snap_yes cloned, kernel; /* shared with another ring; memory of the kernel, not of the program */
};

/* Provided buffers. */
struct snap_group {
	uint32_t group;
	bool ring; /* in a ring that the program fills; else handed over one by one */
	struct snap_num entries, available;
	bool at_least; /* available was not counted to its end */
	enum snap_yes incremental, kernel_mapped;
};

struct snap_eventfd {
	bool known, active;
	enum snap_yes async, disabled;
};

struct snap_iowq_limits {
	bool known;
	enum snap_yes set;
	struct snap_num bounded, unbounded; /* 0: the default */
};

struct snap_napi {
	bool known;
	struct snap_num busy_poll_us;
	enum snap_yes prefer_busy_poll;
	uint32_t *ids;
	size_t n_ids;
};

struct snap_zcrx {
	uint32_t id, rxq, entries;
	const char *ifname;
};

struct snap_memlock {
	bool known;
	enum snap_yes limited;				   /* does the limit bind this ring? */
	struct snap_num user_bytes, mm_bytes, limit_bytes; /* limit absent: none */
};

struct snap_personality {
	int32_t id;
	uint32_t uid, gid;
	uint64_t cap_effective;
};

struct snap_registered {
	bool known, files_known, buffers_known, personalities_known, names_short;
	struct snap_num nr_files, nr_buffers;
	struct snap_file *files;
	size_t n_files;
	struct snap_buffer *buffers;
	size_t n_buffers;
	struct snap_personality *personalities;
	size_t n_personalities;
	const char *napi; /* NULL: not known */
	bool groups_known, zcrx_known;
	struct snap_group *groups;
	size_t n_groups;
	struct snap_zcrx *zcrx;
	size_t n_zcrx;
	struct snap_eventfd eventfd;
	struct snap_iowq_limits iowq_limits;
	struct snap_napi napi_settings;
	struct snap_memlock memlock;
	struct snap_num files_cut, buffers_cut; /* at which the walk was cut, absent if it was not */
};

struct snap_restrictions {
	bool known, active, registered;
	bool sqe_limited, register_limited; /* by the lists below; else everything is allowed */
	struct snap_num bpf_filters;	    /* opcodes that have one; absent: this kernel has no such thing */
	struct snap_names register_ops, sqe_ops, sqe_flags_allowed, sqe_flags_required, filter_ops;
	enum snap_yes inherited, ring_disabled;
};

struct snap_request {
	unsigned opcode;
	const char *name, *where;
	struct snap_num user_data, fd, fixed_slot, worker_tid, tid;
	bool fd_inferred; /* fd or fixed_slot is where its file stands now: the kernel may have overwritten the request's own number */
	uint32_t *fds, *fixed_slots; /* it stands in several places */
	size_t n_fds, n_fixed_slots;
	const char *file;
	bool flags_known, force_async; /* force_async: by its SQE, or by the kernel */
	struct snap_names flags;
	struct snap_num chain, position; /* number of the chain it stands in, and where in it */
	struct snap_num age_ns, due_ns;	 /* due_ns: until its timeout, signed: below 0 it is overdue */
};

struct snap_inflight {
	bool known; /* requests holds what was found; count how many there are, if that is known */
	struct snap_num count, unknown, cut; /* unknown: in flight and found nowhere; cut: where the walk was cut */
	struct snap_request *requests;
	size_t n_requests;
};

struct snap_pool {
	bool known;
	uint64_t workers, running, max, queued;
};

/* What a worker runs. */
struct snap_running {
	bool known, of_this_ring;
	unsigned opcode;
	const char *name;
	uint64_t user_data;
};

struct snap_worker {
	int32_t tid;
	enum snap_yes bounded, idle;
	const char *state, *wchan; /* NULL: not known */
	struct snap_names stack;
	struct snap_running request; /* known: it runs one */
};

struct snap_workers {
	bool known;
	int32_t *tids;
	size_t n_tids;
	struct snap_pool bounded, unbounded;
	bool threads_known;
	struct snap_worker *threads;
	size_t n_threads;
};

/* Two sources that do not say the same. */
struct snap_disagreement {
	const char *what, *proc, *kernel;
};

struct snap_reason {
	const char *section, *why;
};

/* How many of a list's entries were there and are left out, since the ring's text would have become too long. */
struct snap_cut {
	const char *section;
	uint64_t n;
};

struct snap_ring {
	uint64_t id;
	bool setup_known; /* setup_names holds the flags that could be concluded; setup_value is the word itself */
	struct snap_num setup_value;
	struct snap_names setup_names;
	struct snap_sq sq;
	struct snap_cq cq;
	struct snap_owner owner;
	struct snap_holder *holders;
	size_t n_holders;
	struct snap_held *held_by; /* as far as it is known */
	size_t n_held_by;
	struct snap_sqpoll sqpoll;
	struct snap_restrictions restrictions;
	struct snap_registered registered;
	struct snap_inflight inflight;
	struct snap_workers workers;
	struct snap_names inferred;
	struct snap_reason *unavailable;
	size_t n_unavailable;
	struct snap_disagreement *disagreements;
	size_t n_disagreements;
	struct snap_cut *cuts; /* made when a file was written */
	size_t n_cuts;
	enum snap_yes hidden; /* no process has a descriptor of it */
	bool moved;	      /* the ring moved on while it was read: not all of this is of one moment */
	bool brief;	      /* only the sections that a list collects */
};

struct snap_skip {
	struct snap_num pid, ring_id;
	const char *reason;
	bool late; /* the process is there and does not answer: what can be had without it is shown all the same */
};
/* How many processes there is nothing to show of, now or later. */
size_t snap_missing(const struct snap_skip *skipped, size_t n);

/* A thread of io_uring's own that works for no ring that was found. */
struct snap_thread {
	int32_t pid, tid;
	const char *comm, *name;   /* of the process and of the thread */
	const char *kind;	   /* "sqpoll" or "worker" */
	const char *state, *wchan; /* wchan NULL: not known, or it runs */
	struct snap_num cpu_us;
	const char *opcode; /* of the request that it runs, NULL: none */
};

struct snap_threads {
	bool known; /* false: the kernel was not asked */
	struct snap_thread *v;
	size_t n;
};

/* What stands around the rings. */
struct snap_head {
	const char *tool, *time, *release;
	bool btf, proc, memory, kernel;
	const char *kernel_why; /* why the kernel source is not there; NULL: it is, or was not asked for */
};

/* Is name among names? */
bool snap_has(const struct snap_names *names, const char *name);
void snap_add_name(struct arena *a, struct snap_names *names, const char *name);
void snap_add_reason(struct arena *a, struct snap_ring *r, const char *section, const char *why);
/* Takes back what was said of a section, or of parts of it: it has been read after all. */
void snap_drop_reason(struct snap_ring *r, const char *section);
void snap_drop_name(struct snap_names *names, const char *name);
/* Why section is absent, NULL if no reason is given. */
const char *snap_reason_of(const struct snap_ring *r, const char *section);

/* How many entries of section were left out, 0 if none was. */
uint64_t snap_cut_of(const struct snap_ring *r, const char *section);

/*
 * Does the ring have an SQPOLL thread and a holder that does not share the owner's address space? What such a holder submits runs in the
 * owner's, with the owner's credentials (io_sq_thread: both are those of whoever made the ring). Without SQPOLL it runs in the holder's.
 */
bool snap_serves_foreign(const struct snap_ring *r);
/* The holder whose the ring is; the first one where that is not known, NULL where there is none. */
const struct snap_holder *snap_main_holder(const struct snap_ring *r);

enum snap_hint_level {
	HINT_NOTE,	  /* worth knowing */
	HINT_IF_IT_LASTS, /* trouble if the ring does not move on: seen once, it may be a moment's */
	HINT_TROUBLE,
};
struct snap_hint {
	enum snap_hint_level level;
	const char *text;
};
/* What a ring's state says by itself. Returns how many; the texts are in a or static. */
size_t snap_hints(struct arena *a, const struct snap_ring *r, const struct snap_hint **out);

struct uapi_flags;
/* The names of a word's flags, an unnamed rest as "0x…". */
struct snap_names snap_flag_names(struct arena *a, const struct uapi_flags *set, uint64_t word);

#endif
