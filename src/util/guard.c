/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call on a foreign process can wait for, by reading the kernel (5.10 to 7.3); "seen" where a process was made that it waits for.
 *
 * These wait for nothing: pidfd_open, and the BPF iterators over tasks and over a ring (they run under RCU). Opening /proc/PID, listing its
 * directories and comm wait for the lock of a directory of /proc alone; but whoever lists one into memory that does not come, while
 * somebody else asks to change its mode, keeps that for ever (seen). So they are announced, and are made on a process that did not answer
 * to others as long as they come back.
 *
 * ptrace_may_access waits for an exec under way on some kernels (seen: 6.18.44, in stat, wchan and each link of /proc/PID).
 */
#include <errno.h>
#include <stddef.h>

#include "guard.h"

static const struct {
	const char *what, *waits_for;
} calls[GUARD_CALLS] = {
	/* bpf_iter task_file takes a reference to each file; if the process closes it meanwhile, the last fput, and with it the file
	   system's release, is ours (fs/file_table.c): FUSE on a block device, NFS and SO_LINGER wait in it */
	[GUARD_FIND] = {"all descriptors, by BPF", "the release of a file that is being closed"},
	/* do_task_stat: ptrace_may_access (seen: exec); get_task_mm and mmput, the last of which waits for the aio of the address space
	   (exit_aio) */
	[GUARD_STAT] = {"/proc/PID/stat", "its exec or its aio to end"},
	[GUARD_STATUS] = {"/proc/PID/status", "its aio to end"},
	/* ptrace_may_access (seen: exec); the name itself is made without waiting (d_path) */
	[GUARD_LINK] = {"the name of a file (a link in /proc/PID)", "its exec to end"},
	/* a descriptor's number may be another file by now: stat follows the link, and a file system may ask its server (seen: FUSE GETATTR) */
	[GUARD_FD_STAT] = {"the inode of a descriptor (/proc/PID/fd)", "the file system of the file behind it"},
	/* show_fdinfo of that file: epoll takes ep->mtx (seen), inotify its marks, FUSE none; a ring only tries its own lock */
	[GUARD_FDINFO] = {"/proc/PID/fdinfo", "a lock of the file behind the descriptor"},
	/* a socket answers by itself; the number may be that of a FUSE file by now (GETXATTR) */
	[GUARD_XATTR] = {"the protocol of a socket (getxattr)", "the file system of the file behind the descriptor"},
	/* mm_access: exec_update_lock (before 5.11 cred_guard_mutex), then mmap_lock for reading (both seen) */
	[GUARD_MAPS] = {"its memory map (/proc/PID/maps)", "its mmap_lock, or its exec to end"},
	/* the same, and then the page: userfaultfd, FUSE, NFS (seen: the first two) */
	[GUARD_MEMORY] = {"its memory (process_vm_readv)", "its mmap_lock, its exec to end, or a page of its memory"},
	/* __pidfd_fget: exec_update_lock (seen) */
	[GUARD_GETFD] = {"a duplicate of its ring (pidfd_getfd)", "its exec to end"},
	/* io_uring_mmap: no lock for the rings and SQEs up to 6.12, then ctx->resize_lock (mmap_lock from 6.14 on), which is held while a
	   ring is resized (io_register_resize_rings), not while anybody waits for the target */
	[GUARD_RING_MAP] = {"the memory of its ring (mmap)", "the ring's lock"},
	/* kcmp: exec_update_lock of both (seen) */
	[GUARD_KCMP] = {"what it shares with another process (kcmp)", "its exec to end"},
	/* lock_trace: exec_update_lock; wchan: ptrace_may_access (both seen) */
	[GUARD_STACK] = {"where a thread sleeps (/proc/PID/stack)", "its exec to end"},
	/* seq_file of /proc/PID/net: spinning locks of tables; the namespace is pinned, and the last who lets go queues its end */
	[GUARD_NET] = {"the sockets of its network namespace", "its network namespace"},
	/* lookup_slow and iterate_dir: the directory's own lock (seen) */
	[GUARD_DIR] = {"its directory in /proc", "the lock of that directory"},
	[GUARD_COMM] = {"its name (/proc/PID/comm)", "the lock of its directory in /proc"},
	[GUARD_OTHER] = {"something of it", "something of it"},
};

static struct guard_post *post;
static const struct guard_late *late;

/* Calls that are part of another one. */
enum { DEEPEST = 8 };
static struct {
	int32_t pid;
	uint32_t call;
} outer[DEEPEST];
static unsigned depth;

void guard_report_to(struct guard_post *p, const struct guard_late *l)
{
	post = p;
	depth = 0;
	late = l;
}

bool guard_is_light(enum guard_call call)
{
	return call == GUARD_DIR || call == GUARD_COMM || call == GUARD_RING_MAP;
}

int guard_begin(pid_t pid, enum guard_call call)
{
	uint32_t n = late ? atomic_load_explicit(&late->n, memory_order_acquire) : 0;

	for (uint32_t i = 0; pid && i < n && i < GUARD_MOST_LATE; i++) {
		if (atomic_load_explicit(&late->pid[i], memory_order_relaxed) == pid &&
			(!guard_is_light(call) || atomic_load(&late->wholly[i]))) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	if (!post)
		return 0;
	if (depth < DEEPEST) {
		outer[depth].pid = atomic_load_explicit(&post->pid, memory_order_relaxed);
		outer[depth].call = atomic_load_explicit(&post->call, memory_order_relaxed);
	}
	depth++;
	atomic_store_explicit(&post->pid, pid, memory_order_relaxed);
	atomic_store_explicit(&post->call, call, memory_order_relaxed);
	atomic_fetch_add_explicit(&post->changes, 1, memory_order_release);
	return 0;
}

void guard_end(void)
{
	if (!post)
		return;
	depth--;
	atomic_store_explicit(&post->pid, depth < DEEPEST ? outer[depth].pid : 0, memory_order_relaxed);
	atomic_store_explicit(&post->call, depth < DEEPEST ? outer[depth].call : GUARD_NONE, memory_order_relaxed);
	atomic_fetch_add_explicit(&post->changes, 1, memory_order_release);
}

const char *guard_what(enum guard_call call)
{
	return call > GUARD_NONE && call < GUARD_CALLS ? calls[call].what : "something of it";
}

const char *guard_waits_for(enum guard_call call)
{
	return call > GUARD_NONE && call < GUARD_CALLS ? calls[call].waits_for : NULL;
}
