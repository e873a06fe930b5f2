/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the builder share; nobody else includes this. */
#ifndef URINGTOP_SNAPSHOT_BUILD_PARTS_H
#define URINGTOP_SNAPSHOT_BUILD_PARTS_H

#include "budget.h"
#include "build.h"

/* A process that holds rings. The directory stays open while it is in the cache: a pid that is used again is not taken for it. */
struct person {
	pid_t pid; /* or a thread's id, if it has a table of its own */
	int dir, pidfd;
	struct arena arena;
	const char *comm, *exe; /* NULL: not known */
	int err;		/* why comm is not */
	struct snap_num uid;
	bool asked;		    /* comm, uid and exe were looked for */
	int32_t *workers, *pollers; /* its io-wq and SQPOLL threads */
	size_t n_workers, n_pollers;
	bool asked_threads;
	int threads_err; /* errno: why they are not known; 0: they are */
	uint64_t used;	 /* by which to let go of the one unused longest */
};

enum { PEOPLE = 32 };

struct builder {
	const struct discovery *d;
	struct build_options o;
	struct person people[PEOPLE];
	size_t n_people;
	uint64_t clock;
	size_t places_left; /* descriptors and slots that may still be looked through: all rings of a process can have one huge table */
	struct sockets *sockets;
	int32_t *sq_threads; /* of each ring of d, 0: not looked for yet */
	bool have_header;    /* header is what BTF said */
	struct ring_header header;
	struct kernel *k;	/* NULL: not asked, or it cannot be */
	const char *kernel_why; /* why what the kernel alone knows is absent */
	/* the ring that is being built, as the kernel has it */
	struct ring_key key;
	struct ring_base base;
	bool have_base;
	double rested;		/* seconds, for locks of rings that were taken */
	const char *fdinfo_why; /* why there is no fdinfo of it, where there is none */
	uint64_t *sqds;		/* the SQPOLL threads of d's rings, as keys; NULL: not asked yet */
};

extern const char not_asked[]; /* why what a source has is absent that was not to be used */

/* Is a source among those to be used? */
static inline bool uses(const struct builder *b, unsigned source)
{
	return b->o.sources & source;
}

/* The process, NULL if it is gone. Valid until the next call. */
struct person *person_of(struct builder *b, pid_t pid);
/* The same with name and user looked up. */
struct person *person_known(struct builder *b, pid_t pid);
/* Its pidfd, -1 with errno. */
int person_pidfd(struct person *p);

/*
 * The fdinfo of a ring through one of its descriptors; text and all in a. 0, -1 with errno; ENODATA: the kernel would not
 * say, because the ring's lock was taken each time.
 */
int read_fdinfo(struct builder *b, struct arena *a, const struct ring_ref *ref, struct fdinfo *f);

/* Why there is no fdinfo of a ring, if it has no descriptor that is known. */
const char *no_descriptor(const struct found_ring *r);

/* sq, cq and what they tell of the setup flags. f is NULL if no descriptor is open. */
void build_queues(struct builder *b, struct arena *a, const struct found_ring *r, struct fdinfo *f,
	const struct ring_ref *ref, struct snap_ring *out);

/* owner, holders, sqpoll, workers */
void build_people(
	struct builder *b, struct arena *a, const struct found_ring *r, const struct fdinfo *f, struct snap_ring *out);

/* The name of a registered file, by its place in f. What is only the last part of a path starts with dots, so that it passes for no other. */
const char *fdinfo_file_name(struct arena *a, const struct fdinfo *f, size_t i);

/* registered, inflight */
void build_registered(struct builder *b, struct arena *a, const struct fdinfo *f, struct snap_ring *out);

/*
 * All that the kernel source says, over what the others have said: what it knows better is replaced, and what was absent for
 * want of it is not absent any more. Only after b->have_base.
 */
void build_kernel(struct builder *b, struct arena *a, const struct found_ring *r, struct snap_ring *out);
void build_kernel_people(struct builder *b, struct arena *a, const struct found_ring *r, const struct rec_user *users,
	size_t n, struct snap_ring *out);
void build_kernel_registered(struct builder *b, struct arena *a, struct snap_ring *out);
void build_kernel_requests(
	struct builder *b, struct arena *a, const struct rec_user *users, size_t n, struct snap_ring *out);
void build_kernel_workers(
	struct builder *b, struct arena *a, const struct rec_user *users, size_t n, struct snap_ring *out);

/* The tasks that use the ring that is being built. Returns how many; the list lives in a. */
size_t kernel_users(struct builder *b, struct arena *a, const struct rec_user **users);

/* The names of n files by their keys, NULL where one has none; in a. */
const char **file_names(struct builder *b, struct arena *a, pid_t owner, const uint64_t *files, size_t n);
/*
 * Where a file stands in a table: the files of a task (rec_request.files), or the ring's own, by node or by file. Answered are the
 * places, the first FILE_PLACES of them in at; err: a negative errno, -E2BIG if there are too many to
 * look through.
 */
enum { TABLE_SLOTS = 1, TABLE_NODES = 2, FILE_PLACES = 32 };
struct file_place {
	uint64_t table, file;
	size_t n, cap;
	uint32_t *at;
	int err;
};
void file_places(struct builder *b, struct arena *a, struct file_place *v, size_t n);

/* The name of an opcode, also of one newer than the tables. */
const char *op_name(struct arena *a, unsigned opcode);

/* Two sources have said something of the same thing. */
void disagree(struct arena *a, struct snap_ring *r, const char *what, const char *proc, const char *kernel);

static inline struct snap_num snap(uint64_t v)
{
	return (struct snap_num){true, v};
}

#endif
