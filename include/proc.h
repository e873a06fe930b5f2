/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of /proc, one file of src/proc for each file of /proc. The parsers are pure: text in, plain data out, so that they
 * can be fed with any kernel's text and any garbage. Strings point into the arena.
 */
#ifndef URINGTOP_PROC_H
#define URINGTOP_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"

/* What the link of a ring's fd, and the name of its mapping, say on every kernel (fs/anon_inodes.c). */
#define PROC_RING_NAME "anon_inode:[io_uring]"

/*
 * Reads the whole of dirfd/path into a (NUL-terminated; *len without the NUL). Returns NULL with errno set; a process
 * that ended shows as ENOENT or ESRCH.
 */
char *proc_read(struct arena *a, int dirfd, const char *path, size_t *len);

/* The same for a file whose length a target chooses: EFBIG if it has more than most bytes. */
char *proc_read_most(struct arena *a, int dirfd, const char *path, size_t most, size_t *len);

/* /proc/PID as a directory, O_PATH: it keeps meaning the same process when the pid is used again. -1 with errno. */
int proc_open(pid_t pid);
/* Takes note of whose a directory is that was opened in another way: whoever waits for something in it waits for that process. */
void proc_dir_is(int dirfd, pid_t pid);
/* Whose it is, 0: not known. */
pid_t proc_dir_pid(int dirfd);

/* kcmp(2) that waits for no process that does not answer: <0 (errno), or as the system call. */
long proc_kcmp(pid_t a, pid_t b, int type, unsigned long x, unsigned long y);

struct iovec;
/* As process_vm_readv(2) of a thread of process pid, of no more than 1,024 pieces; announced as guard.h says. */
ssize_t proc_memory(
	pid_t pid, pid_t tid, const struct iovec *remote, size_t n, const struct iovec *local, size_t n_local);

/* --- /proc/PID/stat, status, exe ------------------------------------------------------------------------------- */

struct proc_task {
	pid_t tgid;
	const char *comm; /* raw bytes, any but NUL */
	char state;	  /* as in /proc/PID/stat: R, S, D, Z ... */
	bool kthread, io_worker;
	unsigned threads;
	int cpu; /* where it ran last */
};

/* Returns 0, or -1 if text is no /proc/PID/stat. tgid is not in it and stays 0. */
int proc_stat_parse(struct arena *a, const char *text, size_t len, struct proc_task *out);

/* The name of dirfd's process or thread, raw bytes, NULL with errno; waits for next to nothing, see guard.h. */
const char *proc_comm(struct arena *a, int dirfd);

/* Reads dirfd's stat. 0, or -1 with errno. */
int proc_task_read(struct arena *a, int dirfd, struct proc_task *out);

/* What /proc/PID/status has of a task. It waits for less than stat does. */
struct proc_status {
	pid_t tgid;
	char state;
	unsigned threads;
	bool has_mm;
};
/* 0, or -1 with errno. */
int proc_status(struct arena *a, int dirfd, struct proc_status *out);

/* The number behind "key:" in dirfd's status, -1 if it cannot be had. "Uid" gives the real uid, "Tgid" the process. */
int64_t proc_status_number(struct arena *a, int dirfd, const char *key);

/* Instead of a path that is longer than the kernel shows; a path starts with a slash. */
#define PROC_PATH_TOO_LONG "(path_too_long)"

/* The target of dirfd's link, NULL with errno. Raw bytes. */
const char *proc_link(struct arena *a, int dirfd, const char *path);

/* --- /proc/PID/maps -------------------------------------------------------------------------------------------- */

struct proc_map {
	uint64_t start, end, offset, ino;
};

/* One mapping of a ring, which the callback gets in order of address. */
typedef void (*proc_map_fn)(void *ctx, const struct proc_map *map);

/* The mappings in text whose name is that of a ring. Pure. */
void proc_maps_parse(const char *text, size_t len, proc_map_fn fn, void *ctx);

/*
 * The ring mappings of a process: by ioctl PROCMAP_QUERY where the kernel has it (6.11, fs/proc/task_mmu.c), which does not
 * print every mapping to find a few; else by reading maps. anon_dev is the device of anonymous inodes. 0; 1 if there is no address
 * space (a zombie, a kernel thread); -1 with errno.
 */
int proc_maps_rings(int dirfd, dev_t anon_dev, proc_map_fn fn, void *ctx);
/* The same for the one at an address, not 0, which is found without going through all others where the kernel has that ioctl. */
int proc_maps_ring_at(int dirfd, dev_t anon_dev, uint64_t at, proc_map_fn fn, void *ctx);

/* --- /proc/PID/fdinfo/N of a ring (io_uring/fdinfo.c, fs/io_uring.c before 5.19) ---------------------------------- */

struct fdinfo_sqe {
	uint32_t slot;
	int opcode; /* -1: the kernel's name for it is not in the tables */
	int32_t fd;
	uint32_t flags, rw_flags, buf_index;
	uint64_t off, addr, user_data;
	bool big; /* extra holds the second half */
	uint64_t extra[8];
};

struct fdinfo_cqe {
	uint32_t slot;
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
	bool big;
	uint64_t extra[2];
};

struct fdinfo_file {
	uint32_t slot;
	char *name; /* raw bytes; before 6.13 the last part of the path only */
};

struct fdinfo_buf {
	uint32_t slot;
	uint64_t addr;
	uint32_t len;
};

struct fdinfo_personality {
	int32_t id;
	uint32_t uid, gid;
	uint64_t cap_effective;
	bool complete; /* all three were there */
};

struct fdinfo_poll {
	unsigned opcode;
	bool task_work;
};

struct fdinfo {
	bool has_ino, has_queues, has_thread, has_times, has_files, has_bufs, has_poll, has_overflow, has_napi;
	bool names_short;   /* the registered files' names are last parts only */
	bool files_partial; /* fewer of them than the kernel counted: the ring's lock was taken */
	bool files_forged; /* more than there are slots: a name has a newline and what looks like another's line; none is believed */
	uint64_t ino;
	uint32_t sq_mask, sq_head, sq_tail, cached_sq_head, cq_mask, cq_head, cq_tail, cached_cq_tail;
	struct fdinfo_sqe *sqes;
	size_t n_sqes;
	struct fdinfo_cqe *cqes;
	size_t n_cqes;
	int32_t sq_thread, sq_cpu; /* -1 where the ring has no SQPOLL thread */
	uint64_t sq_total_us, sq_work_us;
	uint32_t nr_files, nr_bufs;
	struct fdinfo_file *files;
	size_t n_files;
	struct fdinfo_buf *bufs;
	size_t n_bufs;
	struct fdinfo_personality *personalities;
	size_t n_personalities;
	struct fdinfo_poll *polls;
	size_t n_polls;
	struct fdinfo_cqe *overflow;
	size_t n_overflow;
	const char *napi, *napi_tracking; /* NULL if not said */
};

/*
 * Parses one fdinfo. Whatever the text is, *out is well-formed. Names of registered files are target's text and stand in the
 * middle of it: nothing between "UserFiles:" and the last "UserBufs:" is taken for anything but names.
 */
void fdinfo_parse(struct arena *a, const char *text, size_t len, struct fdinfo *out);

/* --- what a file descriptor is ------------------------------------------------------------------------------------ */

struct sockets;

/*
 * What /proc/PID/fd/N is, with what its link does not say added: protocol and addresses of sockets, the process of a pidfd. A path is
 * absolute; all else is like socket:[1], or in parentheses: why there is no path. socks may be NULL; it caches the tables of sockets
 * between calls. NULL with errno if the fd is not open or not to be seen.
 */
const char *proc_fd_name(struct arena *a, int dirfd, int fd, struct sockets *socks);

/* A cache of the sockets of network namespaces; sockets_free gives it back. */
struct sockets *sockets_new(void);
void sockets_free(struct sockets *s);

/* A socket, by what the kernel says of it. */
struct sock_id {
	uint64_t ino;
	const char *protocol; /* the kernel's name, as "TCPv6"; NULL or "": not known */
	int family, type;     /* 0: not known */
};

/*
 * Protocol and addresses of a socket in the network namespace of dirfd's process; what is not known of it is left out: "TCP:[1]",
 * "socket:[1]". dirfd -1: no process is known. s may be NULL. Never NULL.
 */
const char *sockets_name(struct sockets *s, struct arena *a, int dirfd, const struct sock_id *id);

/* One socket in an answer of sock_diag. */
struct sockdiag {
	uint64_t ino;
	int family;
	unsigned type;		      /* of a UNIX socket */
	uint32_t local[4], remote[4]; /* as in the packet */
	uint16_t local_port, remote_port;
	const char *path; /* of a UNIX socket: sun_path, NUL first if it is abstract */
	size_t path_len;
};
typedef void (*sockdiag_fn)(void *ctx, const struct sockdiag *s);

/* The sockets in n bytes of netlink messages. 1: the last was among them; 0: it was not; or a negative errno. Pure. */
int sockdiag_parse(const void *data, size_t n, int family, sockdiag_fn fn, void *ctx);

/* "UNIX-STREAM:[1]", with the path in quotes or an abstract name as @"name"; in these a quote, a backslash and NUL are escaped. Pure. */
const char *sockets_unix_name(struct arena *a, const struct sockdiag *s);

/* One line of /proc/net/tcp and its likes. Returns 0, or -1 if it is none. Pure; text goes to name[0..cap). */
int sockets_parse_inet(const char *line, const char *proto, bool v6, uint64_t *ino, char *name, size_t cap);

#endif
