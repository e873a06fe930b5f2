/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of a snapshot's structures and their names in JSON: one table a structure, by which it is written and read, so that
 * neither can forget what the other knows.
 */
#ifndef URINGTOP_SNAPSHOT_FORMS_H
#define URINGTOP_SNAPSHOT_FORMS_H

#include <cjson/cJSON.h>

#include "buf.h"
#include "snapshot.h"

enum form_kind {
	FORM_NUM,    /* struct snap_num */
	FORM_SIGNED, /* the same, below zero too */
	FORM_HEX,    /* the same, all 64 bits of it */
	FORM_YES,    /* enum snap_yes */
	FORM_BOOL,
	FORM_I32,
	FORM_U32,
	FORM_U64,
	FORM_U64_HEX,
	FORM_STR,    /* const char *, NULL: absent */
	FORM_NAMES,  /* struct snap_names */
	FORM_OBJECT, /* a structure of the form of; absent unless its own known says so */
	FORM_LIST,   /* a pointer to structures of the form of, their number, and whether they are known */
};

enum {
	FORM_STOP = 1, /* if this is false, it is all there is to say */
	FORM_FULL = 2, /* not in a brief snapshot */
	FORM_OMIT = 4, /* left out where it is empty or absent */
};

struct form_field {
	const char *key;
	enum form_kind kind;
	int flags;
	size_t at, at_n, at_known; /* at_known: SIZE_MAX if always known */
	const struct form *of;	   /* of a list: NULL for plain numbers, of kind item */
	enum form_kind item;
};

struct form {
	const struct form_field *fields; /* ends with a NULL key */
	size_t size;
	size_t known; /* where the structure says whether it is known, SIZE_MAX: it does not */
};

extern const struct form form_owner, form_holder, form_sqpoll, form_restrictions, form_registered, form_inflight,
	form_workers, form_disagreement, form_held, form_thread;

/* A ring that is being written, one entry after the other: it never stands in memory whole. */
struct form_out {
	struct buf *b;
	const struct snap_ring *r;
	int depth; /* in entries of lists, which are written whole */
	struct {
		char section[40];
		uint64_t n;
	} cuts[16]; /* more than there are lists */
	size_t n_cuts;
};

/* section is the name of what is written; a list in it is "SECTION.KEY". */
void form_write(struct form_out *out, const char *section, const struct form *f, const void *from);
/* A list of n. */
void form_write_list(struct form_out *out, const char *section, const struct form *f, const void *from, size_t n);
/* Entry i of a list that began at buf_list's end, if it is wanted: [ or a comma stands before it. */
bool form_next(struct form_out *out, size_t i, size_t end);
/* The list's ]; what of its n entries was not written is noted as cut. */
void form_end(struct form_out *out, const char *section, size_t written, size_t n);

/* Values as text. */
void form_string(struct buf *b, const char *s); /* NULL: null */
void form_names(struct buf *b, const struct snap_names *n);
void form_num(struct buf *b, struct snap_num n);
/* item, which ends with it. */
void form_print(struct buf *b, cJSON *item);

/* *to is all zeros before. */
void form_read(const struct form *f, struct arena *a, const cJSON *o, void *to);
void *form_read_list(const struct form *f, struct arena *a, const cJSON *list, size_t *n, bool *known);

/* The smallest parts, json_out.c and json_in.c. */
cJSON *json_uint(uint64_t v);
cJSON *json_int(int64_t v);
cJSON *json_hex(uint64_t v);
cJSON *json_str(const char *s);
cJSON *json_names(const struct snap_names *n);
struct snap_num json_read_num(const cJSON *o);
bool json_read_hex(const cJSON *o, uint64_t *v);
const char *json_read_str(struct arena *a, const cJSON *o);
bool json_read_names(struct arena *a, const cJSON *list, struct snap_names *out);

#endif
