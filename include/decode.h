/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SQE into names and values. Pure but for the questions it asks through struct peek: what stands at an address of
 * the target, what a file descriptor is. dump asks a live process, trace its own cache, a test an array.
 */
#ifndef URINGTOP_DECODE_H
#define URINGTOP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"

enum value_kind {
	V_UINT,
	V_INT,
	V_HEX,
	V_NAME,	  /* a constant's name: s */
	V_STR,	  /* bytes out of the target: s, n; cut if there was more */
	V_FLAGS,  /* names as V_NAME children, an unnamed rest as a V_HEX child */
	V_LIST,	  /* children; cut if there were more */
	V_STRUCT, /* children with keys */
	V_FD,	  /* i, and what it is in s, or NULL */
	V_SLOT,	  /* i is a slot of the registered files; s as for V_FD */
};

struct value {
	enum value_kind kind;
	bool cut;
	const char *key;
	union {
		uint64_t u;
		int64_t i;
		size_t n;
	};
	union {
		const char *s;
		struct value *child;
	};
	struct value *next;
};

/* How the word itself is written, in JSON above all. */
enum raw_kind { RAW_UNKNOWN, RAW_DEC, RAW_INT, RAW_HEX, RAW_OFFSET, RAW_BYTES };

struct sqe_arg {
	const char *name;
	enum raw_kind raw;
	uint64_t word;
	const uint8_t *bytes; /* RAW_BYTES */
	size_t n_bytes;
	struct value *decoded; /* what the word means, NULL if it means itself or could not be followed */
};

/* An entry of the SQ as it was copied. */
struct sqe {
	uint8_t b[128];
	uint64_t known; /* one bit for each of the first 64 bytes: fdinfo does not show all of them */
	bool big;	/* all 128 bytes count */
};

struct sqe_fields {
	unsigned opcode;
	const char *name;
	unsigned flags;
	bool flags_known, personality_known;
	bool has_fd, fixed; /* fd is meant; it is a slot of the registered files */
	int fd;
	const char *file; /* what fd is, NULL if that is not known */
	uint64_t user_data;
	unsigned personality;
	struct sqe_arg *args;
	size_t n_args;
};

struct peek {
	void *ctx;
	/* Copies up to n bytes at addr of the target; returns how many, or -1. NULL: pointers are not followed. */
	ssize_t (*mem)(void *ctx, uint64_t addr, void *dst, size_t n);
	/* What fd (or AT_FDCWD) is, NULL if unknown. The text lives as long as the arena. May be NULL. */
	const char *(*file)(void *ctx, int fd);
	/* What a slot of the registered files holds. May be NULL. */
	const char *(*slot)(void *ctx, unsigned slot);
	/* The name of an opcode that the tables do not have, NULL if there is none. May be NULL. */
	const char *(*newer_op)(void *ctx, unsigned opcode);
	size_t data; /* how many bytes of data to be written or sent are shown */
	bool compat; /* the target is a 32-bit program: its iovecs and msghdrs are laid out otherwise, and not followed */
};

/* What an SQE says. Everything it returns lives in a. Any 128 bytes are a valid input. */
void sqe_decode(struct arena *a, const struct sqe *sqe, const struct peek *peek, struct sqe_fields *out);

/* What the pointer in arg means; NULL if it cannot be read or is not one to follow. */
struct value *sqe_follow(struct arena *a, const struct sqe *sqe, const struct peek *peek, unsigned kind, uint64_t addr,
	uint64_t count, uint64_t aux);

/* Values made by hand. */
struct value *value_new(struct arena *a, enum value_kind kind, const char *key);
struct value *value_name(struct arena *a, const char *key, const char *name);
struct value *value_uint(struct arena *a, const char *key, uint64_t u);
struct value *value_str(struct arena *a, const char *key, const char *s, size_t n, bool cut);
void value_add(struct value *parent, struct value *child);
struct uapi_flags;
struct value *value_flags(struct arena *a, const char *key, const struct uapi_flags *set, uint64_t v);

/* The name of -res where res is one of the kernel's error numbers, NULL elsewhere. Static storage. */
const char *cqe_error(int32_t res, uint32_t flags);

#endif
