/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only the kernel knows, read by BPF iterators: small programs that the kernel checks and runs when we read, and that are
 * gone with the process that loaded them, however it ends. They change nothing and hold nothing: a ring is named by the
 * addresses of its file and context, which each step looks at again before it believes what it read. Those addresses are keys;
 * none of them may ever be printed.
 */
#ifndef URINGTOP_KERNEL_H
#define URINGTOP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "krecords.h"

struct kernel;

/* A ring, for the kernel: its file and its context. file 0: none is known, and only the tasks that use the ring tell that it is still there. */
struct ring_key {
	uint64_t file, ctx, ino;
};

/*
 * Loads what it takes to find rings and to read their bases. Never NULL: where the kernel or the caller's rights do not allow it,
 * kernel_why tells, and everything else here fails. kernel_close gives all back.
 */
struct kernel *kernel_open(void);
void kernel_close(struct kernel *k);

/* Why nothing can be read, with what it would take; NULL if it can. Lives as long as k. */
const char *kernel_why(const struct kernel *k);

/* Why BPF programs cannot be loaded here at all, as far as that shows before it is tried; NULL: nothing stands in the way. In a, or static. */
const char *kernel_why_not(struct arena *a);

/* IORING_FEAT_ of a ring of our own, the same for each ring of this kernel (io_uring_create, 5.10 to 7.3); 0: we may have none. */
uint32_t kernel_features(void);

/*
 * All sightings of rings by descriptor, by registered slot and by the tasks that use them, and io_uring's own threads; an array in k, until
 * the next call. 0 or a negative errno. Waits for nothing that a process can hold; but it may be the last to let go of a file that was
 * closed meanwhile, and then waits for what that takes: see the table in src/kernel/find.bpf.c.
 */
int kernel_find(struct kernel *k, const struct seen **seen, size_t *n);
/* A task that has an address space: a process's main thread, or another if that has ended. */
struct kernel_task {
	pid_t pid, tid;
};
/*
 * The same for mappings. *busy: tasks, one of a process whose mappings could not be read
 * because their mmap_lock is taken, or because they changed all the time; in k as well. -EOPNOTSUPP: this kernel has no way to read mappings
 * that does not wait.
 */
int kernel_find_maps(
	struct kernel *k, const struct seen **seen, size_t *n, const struct kernel_task **busy, size_t *n_busy);

/*
 * The ring that is mapped at an address, for kernels that cannot do the above; it tries the lock once. 0; -ENOENT: none, or the lock is taken;
 * another error: this kernel cannot.
 */
int kernel_map_at(struct kernel *k, pid_t tid, uint64_t address, struct seen *seen);

/* 0; -ESRCH: the ring is gone. */
int kernel_ring(struct kernel *k, const struct ring_key *key, struct ring_base *base);
/* The same for what moves alone, the field 'now' and those behind it: a third of the work. The others stay as they are. */
int kernel_ring_moment(struct kernel *k, const struct ring_key *key, struct ring_base *base);

/*
 * Loads what walking such a ring will take, if it is not loaded yet: that takes long enough for the ring to move on, so it is done
 * before anything of it is read. True: it took time.
 */
bool kernel_prepare(struct kernel *k, const struct ring_base *base);
/* Loads what helper processes had to load for themselves, so that the next of them have it. */
void kernel_prepare_again(struct kernel *k);
/* Is all loaded that any ring can take? */
bool kernel_prepared(const struct kernel *k);

enum kernel_walk {
	WALK_FILES,	    /* struct rec_file; limit: slots */
	WALK_BUFFERS,	    /* struct rec_buffer; limit: slots */
	WALK_GROUPS,	    /* struct rec_group */
	WALK_LOW_GROUPS,    /* the same, those below 64 of 5.19 to 6.10 */
	WALK_PERSONALITIES, /* struct rec_personality */
	WALK_ZCRX,	    /* struct rec_zcrx */
	WALK_NAPI,	    /* struct rec_napi */
	WALK_OVERFLOW,	    /* struct rec_overflow */
	WALK_USERS,	    /* struct rec_user */
	WALK_WORKERS,	    /* struct rec_worker; key[0]: the io_uring of a task; limit as for requests */
	WALK_REQUESTS, /* struct rec_request; what: enum request_list, key as that says; limit 1: say which files are rings */
	WALK_FDS, /* struct rec_file; key[0]: the files of a request's task */
	WALKS,
};

struct walk_request {
	uint32_t what, limit;
	uint64_t key[2];
};

/* Takes one record; false ends the walk. */
typedef bool (*walk_fn)(void *ctx, const void *record);

/*
 * Hands all records of one kind to fn. Programs for this are loaded at the first call. 0 (also when fn has ended it); -ESRCH: the
 * ring is gone, and what was handed over means nothing; -EOPNOTSUPP: this kernel has no such thing; -ENOEXEC: it would not take the
 * program; -ELOOP: steps without an end.
 */
int kernel_walk(struct kernel *k, enum kernel_walk which, const struct ring_key *key, const struct walk_request *w,
	walk_fn fn, void *ctx);

/* How many free requests a ring keeps for later. 0 or an error as above. */
int kernel_free_requests(struct kernel *k, const struct ring_key *key, uint64_t *n);

/* How many references to the ring there are. 0 or an error as above; before 6.16 only. */
int kernel_refs(struct kernel *k, const struct ring_key *key, uint64_t *refs);

/* Copies len bytes of a ring's queues from offset on. The caller knows how long they are. 0 or an error as above. */
int kernel_memory(
	struct kernel *k, const struct ring_key *key, enum ring_memory area, uint64_t offset, void *dst, size_t len);

/* The names of n files, by the keys that walks gave; each once. fn gets them in order. 0 or an error as above. */
int kernel_names(struct kernel *k, const struct ring_key *key, const uint64_t *files, size_t n,
	void (*fn)(void *ctx, size_t which, const struct rec_name *name), void *ctx);

/* The path of a file on a file system, in a. Whatever the record holds, that is a string. */
const char *rec_name_path(struct arena *a, const struct rec_name *n);
/* What any file but a socket is called, in a; its text ends with a zero. */
const char *rec_name_file(struct arena *a, const struct rec_name *n);

#endif
