/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots as text for people. Looks at nothing but the snapshot. */
#ifndef URINGTOP_RENDER_H
#define URINGTOP_RENDER_H

#include "buf.h"
#include "snapshot.h"

/* How text is to be written. */
struct style {
	bool color;
	bool utf8;    /* the terminal shows UTF-8; else everything beyond ASCII is escaped */
	size_t width; /* columns to keep within, 0: no limit */
};

enum color { C_NONE, C_HEAD, C_NAME, C_NUMBER, C_GOOD, C_WARN, C_BAD, C_DIM };

/* Where a name stands, which decides what has a meaning there and is escaped. */
enum text_place {
	TEXT_ALONE,  /* to the end of the line, or nothing a target has a say in */
	TEXT_QUOTED, /* between double quotes */
	TEXT_ANGLE,  /* between < and > */
	TEXT_WORD,   /* one word, with others beside it */
	TEXT_NAME,   /* one word, with a number in parentheses behind it */
};

/* Appends text from a target, escaped for the terminal and for its place. Returns its columns. */
size_t render_text_in(struct buf *b, const struct style *st, enum text_place place, const char *s, size_t n);
size_t render_text(struct buf *b, const struct style *st, const char *s, size_t n); /* TEXT_ALONE */
/* The name of a process, "?" for NULL, one word. */
void render_comm(struct buf *b, const struct style *st, const char *comm);
/* What a descriptor is: a path, a socket's protocol and addresses ... */
void render_file(struct buf *b, const struct style *st, enum text_place place, const char *name);
/* The descriptor or slot of a request in flight, with what it is: 5<NAME>, fixed:5<NAME>; ~5, ~5|9 if that was concluded. Nothing if it has none. */
void render_request_file(struct buf *b, const struct style *st, const struct snap_request *q);
void render_color(struct buf *b, const struct style *st, enum color c);
/* What render_color has put at s: the colour, and how many bytes that took; 0 if it is something else. */
size_t render_color_at(const char *s, enum color *c);

/* A value as strace would write it. */
void render_value(struct buf *b, const struct style *st, const struct value *v);
/* OPCODE(fd<file>, name=value, ...) */
void render_sqe(struct buf *b, const struct style *st, const struct sqe_fields *f);
/* Entries of the queues without their index, on one line each. */
void render_sq_entry(struct buf *b, const struct style *st, const struct snap_sqe *e);
void render_cq_entry(struct buf *b, const struct style *st, const struct snap_cqe *e);
/* A length of time, in the unit that suits it. */
void render_time(struct buf *b, uint64_t ns);

/* Everything known about one ring, and one line for each reason why something is not. */
void render_ring(struct buf *b, const struct style *st, const struct snap_ring *r);

/* Parts of that page: the owner and holders; SQPOLL and io-wq; what is registered; what could not be read, and what disagrees. */
void render_people(struct buf *b, const struct style *st, const struct snap_ring *r);
void render_threads(struct buf *b, const struct style *st, const struct snap_ring *r);
void render_registered(struct buf *b, const struct style *st, const struct snap_ring *r);
void render_doubts(struct buf *b, const struct style *st, const struct snap_ring *r);

/* What a ring's state says by itself, a line each; rings without remarks give none. */
void render_hints(struct buf *b, const struct style *st, const struct snap_ring *r);

/* A thread that works for no ring that was found, on one line without its end. */
void render_thread(struct buf *b, const struct style *st, const struct snap_thread *t);

/* A table, a row a ring. */
struct table;
struct table *table_new(void);
void table_ring(struct table *t, const struct style *st, const struct snap_ring *r);
void table_print(struct table *t, struct buf *b, const struct style *st);
void table_free(struct table *t);

#endif
