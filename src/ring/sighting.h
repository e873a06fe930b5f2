/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sightings of rings before they are gathered ring by ring; nobody outside this directory includes this. */
#ifndef URINGTOP_RING_SIGHTING_H
#define URINGTOP_RING_SIGHTING_H

#include "ring.h"

enum sighting_kind { SIGHTING_FD, SIGHTING_MAP, SIGHTING_REGISTERED };

struct sighting {
	enum sighting_kind kind;
	uint64_t ino, inode; /* inode stays when rings are numbered */
	uint64_t file, ctx;  /* the kernel's, 0: not known */
	struct ring_ref ref; /* of a mapping: whose; fd is the slot of a registered one, -1 of a mapping */
	struct ring_mapping map;
	int fds_unknown;       /* errno: why the process was not to be asked for its descriptors; 0: it was */
	struct sighting *same; /* while rings are numbered */
};

/* All zero, but for a shared arena, is none. */
struct sightings {
	struct arena arena;
	struct sighting *v;
	size_t n, cap;
	struct skipped *skipped;
	size_t n_skipped, cap_skipped;
	size_t unseen; /* processes that could not be looked into */
};

/* Room for as many more, for which nothing has to be copied then. */
void sightings_reserve(struct sightings *s, size_t more);
/* Room for one more. */
struct sighting *sighting_add(struct sightings *s);
/* Appends what more has. */
void sightings_join(struct sightings *s, const struct sightings *more);
void sightings_free(struct sightings *s);

/* scan.c: all processes, in a. Returns how many; -1 with errno if there is no /proc. */
ssize_t scan_list(struct arena *a, pid_t **pids);
/* The rings of one, by its mappings and, if fds, by its descriptors. False: its mappings could not be read. */
bool scan_process(struct sightings *out, pid_t pid, dev_t anon_dev, bool fds);

/* What tasks use and what io_uring's threads do, as the kernel source has it. */
struct uses {
	struct arena arena;
	struct seen *used, *threads; /* SEEN_USED, SEEN_THREAD */
	size_t n_used, cap_used, n_threads, cap_threads;
	uint64_t *pollers; /* the threads that poll the SQs of rings */
	size_t n_pollers, cap_pollers;
};
void uses_take(struct uses *u, const struct seen *s, size_t n);
void uses_free(struct uses *u);

/*
 * hidden.c: rings that no descriptor, no mapping and no slot shows, and threads that work for no ring at all. A ring that is made while
 * others are looked for, or is handed on, may be missed where it is held: so only what shows in two rounds is believed.
 */
/* Does anything show that may be such? */
bool hidden_any(const struct discovery *d, const struct uses *u);
/* Adds them to d, which gather() has made of the second round. */
void hidden_add(struct discovery *d, struct kernel *k, const struct uses *first, const struct uses *second);

/* gather.c: sightings to rings, in d. */
void gather(struct discovery *d, struct sightings *s);

#endif
