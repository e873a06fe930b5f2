/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The io_uring ABI as tables: numbers to names, and which argument of which opcode stands where in an SQE. A leaf:
 * includes nothing else of this project, so that every part may use it. Numbers are those of
 * include/uapi/linux/io_uring.h up to Linux 7.3; the argument lists follow the *_prep functions of io_uring/.
 */
#ifndef URINGTOP_UAPI_H
#define URINGTOP_UAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One number and its name; a table ends with a NULL name. */
struct uapi_name {
	uint64_t value;
	const char *name;
};

/*
 * A word of flags. Where part of the word is a choice and not a set of bits (the access mode of open, the type of a
 * socket), choice_mask covers it and choices names it. zero is what an empty word is called, NULL for "0".
 */
struct uapi_flags {
	const struct uapi_name *bits;
	uint64_t choice_mask;
	const struct uapi_name *choices;
	const char *zero;
};

/* The name of value in table, NULL if it has none. Static storage. */
const char *uapi_name(const struct uapi_name *table, uint64_t value);

/*
 * Stores the names of v's flags in names[0..max) and returns how many there are; what no name covers is left in *rest.
 * Static storage.
 */
size_t uapi_flag_names(const struct uapi_flags *set, uint64_t v, const char **names, size_t max, uint64_t *rest);
enum { UAPI_MAX_NAMES = 64 };

extern const struct uapi_flags uapi_setup_flags, uapi_sqe_flags, uapi_sq_ring_flags, uapi_cq_ring_flags, uapi_cqe_flags,
	uapi_enter_flags, uapi_features;
extern const struct uapi_name uapi_register_ops[];

/* Bits that the code itself has to know. */
enum {
	UAPI_SETUP_SQPOLL = 1u << 1,
	UAPI_SETUP_SQ_AFF = 1u << 2,
	UAPI_SETUP_CQSIZE = 1u << 3,
	UAPI_SETUP_ATTACH_WQ = 1u << 5,
	UAPI_SETUP_R_DISABLED = 1u << 6,
	UAPI_SETUP_SQE128 = 1u << 10,
	UAPI_SETUP_CQE32 = 1u << 11,
	UAPI_SETUP_NO_MMAP = 1u << 14,
	UAPI_SETUP_NO_SQARRAY = 1u << 16,
	UAPI_SETUP_CQE_MIXED = 1u << 18,
	UAPI_SETUP_SQE_MIXED = 1u << 19,

	UAPI_SQE_FIXED_FILE = 1u << 0,
	UAPI_SQE_IO_DRAIN = 1u << 1,
	UAPI_SQE_IO_LINK = 1u << 2,
	UAPI_SQE_IO_HARDLINK = 1u << 3,
	UAPI_SQE_ASYNC = 1u << 4,
	UAPI_SQE_BUFFER_SELECT = 1u << 5,
	UAPI_SQE_CQE_SKIP = 1u << 6,

	UAPI_SQ_NEED_WAKEUP = 1u << 0,
	UAPI_SQ_CQ_OVERFLOW = 1u << 1,
	UAPI_SQ_TASKRUN = 1u << 2,

	UAPI_CQE_BUFFER = 1u << 0,
	UAPI_CQE_MORE = 1u << 1,
	UAPI_CQE_NOTIF = 1u << 3,
	UAPI_CQE_SKIP = 1u << 5,
	UAPI_CQE_32 = 1u << 15,
	UAPI_CQE_BUFFER_SHIFT = 16,

	UAPI_MAX_SQ_ENTRIES = 32768, /* IORING_MAX_ENTRIES, io_uring/io_uring.h */
	UAPI_MAX_CQ_ENTRIES = 65536, /* IORING_MAX_CQ_ENTRIES */
	UAPI_FILE_INDEX_ALLOC = -1,
};

/* What an argument is, which says how it is printed and whether a pointer in it can be followed. */
enum uapi_kind {
	K_DEC,	     /* unsigned */
	K_INT,	     /* signed */
	K_HEX,	     /* 64 bits or an opaque word */
	K_OFFSET,    /* file offset; all ones means the file's own position */
	K_MODE,	     /* octal */
	K_FLAGS,     /* a->flags */
	K_CHOICE,    /* a->flags->choices alone */
	K_IOPRIO,    /* class and level */
	K_FD,	     /* another file descriptor */
	K_FD_FLAG31, /* a file descriptor, or a fixed slot if bit 31 of the flags at 28 says so (splice, tee) */
	K_DIRFD,     /* a directory's fd or AT_FDCWD */
	K_SLOT,	     /* sqe->file_index: 0 none, ~0 any free one, else slot + 1 */
	K_FIXED,     /* a fixed slot as it is */
	K_OP,	     /* an opcode */
	K_PTR,	     /* an address that is only printed */
	K_PATH,	     /* a NUL-terminated string */
	K_XNAME,     /* the same, no path */
	K_IOVEC,     /* len of them; a->aux: the kernel reads what they point at */
	K_MSGHDR,    /* likewise */
	K_SOCKADDR,  /* the length is in another argument: a->aux is its place */
	K_TIMESPEC,
	K_OPEN_HOW,
	K_DATA_OUT, /* len bytes that the kernel reads: shown with -s */
	K_SENDBUF,  /* K_DATA_OUT, or iovecs with SEND_VECTORIZED */
	K_FDS,	    /* array of len ints */
	K_EPOLL_EVENT,
	K_FUTEXV,   /* array of len struct futex_waitv */
	K_CMD_OP,   /* a driver's command: an ioctl number if it looks like one */
	K_CMD_DATA, /* the bytes of a command behind the SQE's 48th */
	K_IDTYPE_ID,
};

/* When an argument exists at all. */
enum uapi_when {
	W_ALWAYS,
	W_NONZERO, /* the field is only looked at if it is not 0 */
	W_BUFSEL,  /* with IOSQE_BUFFER_SELECT */
	W_NO_BUFSEL,
	W_FLAG, /* bits a->aux of the word at 28 */
	W_NO_FLAG,
	W_PRIO_FLAG, /* bits a->aux of ioprio */
	W_LEN_FLAG,  /* bits a->aux of len */
};

struct uapi_arg {
	const char *name;
	uint8_t at, size; /* bytes of the SQE */
	uint8_t kind, when;
	uint32_t aux;
	const struct uapi_flags *flags;
};

/* What sqe->fd is to an opcode. */
enum uapi_fd { FD_NONE, FD_FILE, FD_DIR, FD_SLOT_ONLY };

struct uapi_op {
	const char *name;
	uint8_t fd;
	bool big;		     /* only exists as a 128-byte SQE (NOP128, URING_CMD128) */
	const struct uapi_arg *args; /* ends with a NULL name */
	/* Another form of the same opcode that its own words choose; is_socket says that sqe->fd is one. NULL: one form. */
	const struct uapi_op *(*form)(const struct uapi_op *op, const uint8_t *sqe, bool is_socket);
};

enum { UAPI_OPS = 65 };

/* The opcode's row, NULL for one that is newer than the table. */
const struct uapi_op *uapi_op(unsigned opcode);

/* Is the result of an opcode a number of bytes? */
bool uapi_op_moves_bytes(unsigned opcode);

/* Does an opcode do nothing but wait for a file to be ready? */
bool uapi_op_polls(unsigned opcode);

/* Does an opcode complete once, whatever its flags? False also for one that is newer than the table. */
bool uapi_op_completes_once(unsigned opcode);

/* The number of an opcode's name, -1 if no row has it. */
int uapi_op_number(const char *name, size_t len);

/*
 * Values that stand in an SQE. Little-endian hosts only, as the whole program: io_uring's shared memory is in host order
 * and these read the host's.
 */
uint64_t uapi_word(const uint8_t *sqe, unsigned at, unsigned size);

/* Offsets in struct io_uring_sqe of the fields that every opcode has. */
enum {
	SQE_OPCODE = 0,
	SQE_FLAGS = 1,
	SQE_IOPRIO = 2,
	SQE_FD = 4,
	SQE_OFF = 8,
	SQE_ADDR = 16,
	SQE_LEN = 24,
	SQE_OP_FLAGS = 28,
	SQE_USER_DATA = 32,
	SQE_BUF_INDEX = 40,
	SQE_PERSONALITY = 42,
	SQE_FILE_INDEX = 44,
	SQE_ADDR3 = 48,
	SQE_PAD2 = 56,
};

/* Sets that followed pointers need. */
extern const struct uapi_flags uapi_open_flags, uapi_resolve_flags, uapi_poll_events, uapi_msg_flags, uapi_futex2_flags;
extern const struct uapi_name uapi_families[];

#endif
