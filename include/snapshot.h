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
};

struct snap_cq {
	struct snap_num entries, head, tail, kernel_tail, overflow, cqe_size;
	bool flags_known, unreaped_known, overflowed_known;
	struct snap_names flags;
	struct snap_cqe *unreaped, *overflowed;
	size_t n_unreaped, n_overflowed;
};

struct snap_owner {
	bool known;
	const char *mm; /* NULL: not known */
	struct snap_num pid, uid, submitter_tid;
	const char *comm, *exe;
};

struct snap_thread_fd {
	int32_t tid, fd;
};

enum snap_yes { SNAP_UNKNOWN, SNAP_NO, SNAP_YES };

struct snap_holder {
	uint32_t pid;
	const char *comm;
	struct snap_num uid;
	int32_t *fds;
	size_t n_fds;
	struct snap_thread_fd *thread_fds; /* in tables of single threads */
	size_t n_thread_fds;
	enum snap_yes mapped, registered, same_mm;
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
};

struct snap_personality {
	int32_t id;
	uint32_t uid, gid;
	uint64_t cap_effective;
};

struct snap_registered {
	bool files_known, buffers_known, personalities_known, names_short;
	struct snap_num nr_files, nr_buffers;
	struct snap_file *files;
	size_t n_files;
	struct snap_buffer *buffers;
	size_t n_buffers;
	struct snap_personality *personalities;
	size_t n_personalities;
	const char *napi; /* NULL: not known */
};

struct snap_request {
	unsigned opcode;
	const char *name, *where;
};

struct snap_inflight {
	bool known; /* requests holds what was found; count how many there are, if that is known */
	struct snap_num count;
	struct snap_request *requests;
	size_t n_requests;
};

struct snap_workers {
	bool known;
	int32_t *tids;
	size_t n_tids;
};

struct snap_reason {
	const char *section, *why;
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
	struct snap_sqpoll sqpoll;
	struct snap_registered registered;
	struct snap_inflight inflight;
	struct snap_workers workers;
	struct snap_names inferred;
	struct snap_reason *unavailable;
	size_t n_unavailable;
	bool moved; /* the ring moved on while it was read: not all of this is of one moment */
	bool brief; /* only the sections that a list collects */
};

struct snap_skip {
	struct snap_num pid, ring_id;
	const char *reason;
};

/* What stands around the rings. */
struct snap_head {
	const char *tool, *time, *release;
	bool btf, proc, memory, kernel;
};

/* Is name among names? */
bool snap_has(const struct snap_names *names, const char *name);
void snap_add_name(struct arena *a, struct snap_names *names, const char *name);
void snap_add_reason(struct arena *a, struct snap_ring *r, const char *section, const char *why);
/* Why section is absent, NULL if no reason is given. */
const char *snap_reason_of(const struct snap_ring *r, const char *section);

struct uapi_flags;
/* The names of a word's flags, an unnamed rest as "0x…". */
struct snap_names snap_flag_names(struct arena *a, const struct uapi_flags *set, uint64_t word);

#endif
