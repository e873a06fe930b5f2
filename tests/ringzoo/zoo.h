/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ringzoo makes rings of every shape and says the truth about them, in the form of uringctl-json(5): a test compares that
 * with what the tool says. It shares no code with the tool: rings are made by raw system calls, numbers are written out.
 */
#ifndef RINGZOO_H
#define RINGZOO_H

#include <cjson/cJSON.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Debian 12's header stops at 6.1. */
enum {
	Z_IOPOLL = 1u << 0,
	Z_SQPOLL = 1u << 1,
	Z_SQ_AFF = 1u << 2,
	Z_CQSIZE = 1u << 3,
	Z_ATTACH_WQ = 1u << 5,
	Z_R_DISABLED = 1u << 6,
	Z_SUBMIT_ALL = 1u << 7,
	Z_COOP_TASKRUN = 1u << 8,
	Z_SQE128 = 1u << 10,
	Z_CQE32 = 1u << 11,
	Z_SINGLE_ISSUER = 1u << 12,
	Z_DEFER_TASKRUN = 1u << 13,
	Z_NO_MMAP = 1u << 14,
	Z_REGISTERED_FD_ONLY = 1u << 15,
	Z_NO_SQARRAY = 1u << 16,
	Z_CQE_MIXED = 1u << 18,
	Z_SQE_MIXED = 1u << 19,
};

struct zring {
	int fd;
	struct io_uring_params p;
	uint8_t *rings, *sqes;
	size_t rings_len, sqes_len;
};

/* Makes a ring and maps it. False if the kernel refuses the flags: errno says why. */
bool z_ring(struct zring *r, unsigned entries, unsigned cq_entries, unsigned flags);
bool z_ring_params(struct zring *r, unsigned entries, struct io_uring_params *p);
uint32_t *z_word(struct zring *r, uint32_t offset); /* of p.sq_off or p.cq_off */
/* The SQE of a slot, zeroed. */
uint8_t *z_sqe(struct zring *r, unsigned slot);
void z_put(uint8_t *sqe, unsigned at, unsigned size, uint64_t v);
/* Publishes n SQEs that stand in the slots from the tail on. */
void z_publish(struct zring *r, unsigned n);
/* Submits n entries and waits for wait completions; what io_uring_enter returned. */
int z_enter(struct zring *r, unsigned n, unsigned wait, unsigned flags);
int z_register(int fd, unsigned op, const void *arg, unsigned n);
/* n NOPs with user_data from first on, submitted and completed. */
void z_nops(struct zring *r, unsigned n, uint64_t first);

/* --- the truth --- */

/*
 * The ring as a JSON object: id, sizes, and what is in the shared words right now; setup flags are in "truth_setup". What only
 * the kernel knows is in "with_kernel", and holds over the rest when that is asked; "without_kernel" when not.
 */
cJSON *z_truth(struct zring *r);
cJSON *z_json(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Sets o.sq.pending, o.cq.unreaped ... from JSON text. */
void z_set(cJSON *o, const char *section, const char *key, cJSON *value);

/* One SQE of this opcode with telling arguments, and what is true of it. sqe has 128 bytes. */
cJSON *z_sample(unsigned op, uint8_t *sqe);
enum { Z_OPS = 65 };

struct exhibit {
	const char *name, *what;
	/* Makes the rings and returns {"rings": [...]}; {"unsupported": why} where the kernel has no such thing. */
	cJSON *(*make)(void);
	/* What it does while it is looked at; NULL: it sleeps. */
	void (*live)(void);
};
extern const struct exhibit exhibits[], exhibits_inside[];

cJSON *z_unsupported(const char *what);
cJSON *z_rings(cJSON *ring); /* {"rings": [ring]} */
void z_die(const char *what) __attribute__((noreturn));

#endif
