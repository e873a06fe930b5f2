/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "guard.h"
#include "proc.h"

/*
 * What is read passes through memory of this process alone: a helper that is given up while it waits for a page may still have the
 * kernel copy it, and shared memory would be somebody else's by then.
 */
ssize_t proc_memory(
	pid_t pid, pid_t tid, const struct iovec *remote, size_t n, const struct iovec *local, size_t n_local)
{
	static _Thread_local char *buffer;
	static _Thread_local size_t cap;
	size_t total = 0, done = 0;
	ssize_t got;
	int err;

	for (size_t i = 0; i < n_local; i++)
		total += local[i].iov_len;
	if (total > cap || !buffer) {
		cap = total > 1 << 16 ? total : 1 << 16;
		buffer = xrealloc(buffer, cap);
	}
	if (guard_begin(pid, GUARD_MEMORY))
		return -1;
	got = process_vm_readv(tid, &(struct iovec){buffer, total}, 1, remote, n, 0);
	err = errno;
	guard_end();
	for (size_t i = 0; got > 0 && i < n_local && done < (size_t)got; i++) {
		size_t part = (size_t)got - done < local[i].iov_len ? (size_t)got - done : local[i].iov_len;

		memcpy(local[i].iov_base, buffer + done, part);
		done += part;
	}
	errno = err;
	return got;
}
