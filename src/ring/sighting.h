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
	bool fds_unknown;      /* the process was not to be asked for its descriptors */
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

/* Room for one more. */
struct sighting *sighting_add(struct sightings *s);
/* Appends what more has. */
void sightings_join(struct sightings *s, const struct sightings *more);
void sightings_free(struct sightings *s);

/* scan.c: all processes, in a. Returns how many; -1 with errno if there is no /proc. */
ssize_t scan_list(struct arena *a, pid_t **pids);
/* The rings of one, by its mappings and, if fds, by its descriptors. */
void scan_process(struct sightings *out, pid_t pid, dev_t anon_dev, bool fds);

/* gather.c: sightings to rings, in d. */
void gather(struct discovery *d, struct sightings *s);

#endif
