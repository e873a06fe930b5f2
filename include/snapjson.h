/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots to JSON and back, in the format of uringctl-json(5). */
#ifndef URINGTOP_SNAPJSON_H
#define URINGTOP_SNAPJSON_H

#include <cjson/cJSON.h>

#include "buf.h"
#include "snapshot.h"

enum { SNAP_JSON_VERSION = 1 };

/*
 * The document piece by piece, so that it never stands in memory whole: the head up to the start of the list of rings, each
 * ring (first says whether it is the list's first), the rest. Appended to b.
 */
void snap_json_begin(struct buf *b, const struct snap_head *h);
void snap_json_ring(struct buf *b, const struct snap_ring *r, bool first);
/* threads may be NULL, for not known. */
void snap_json_end(struct buf *b, const struct snap_skip *skipped, size_t n, const struct snap_threads *threads);

/* What an SQE says, as members of o: opcode, flags, fd, file, user_data, personality, args, decoded. */
void snap_json_sqe(cJSON *o, const struct sqe_fields *f);

/* A document read back. */
struct snap_doc {
	struct snap_head head;
	struct snap_ring *rings;
	size_t n_rings;
	struct snap_skip *skipped;
	size_t n_skipped;
	struct snap_threads threads;
};

/*
 * Reads a document; all of *doc lives in a. Returns NULL, or what is wrong with the text (in a): no JSON, cut off, of another
 * kind, of a later version. Members that are missing or of the wrong type are absent in *doc, unknown ones are passed over.
 */
const char *snap_json_read(struct arena *a, const char *text, size_t len, struct snap_doc *doc);

/* The JSON Schema of the format, static storage. */
extern const char snap_json_schema[];

#endif
