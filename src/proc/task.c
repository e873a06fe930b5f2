/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat and status. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

/* include/linux/sched.h */
enum { PF_IO_WORKER = 0x10, PF_KTHREAD = 0x200000 };

int proc_stat_parse(struct arena *a, const char *text, size_t len, struct proc_task *out)
{
	/* comm stands between the first and the last parenthesis and may hold any of them itself */
	const char *open = memchr(text, '(', len), *close = memrchr(text, ')', len);
	unsigned long flags;
	long threads;
	int cpu;
	char state;

	*out = (struct proc_task){0};
	if (!open || !close || close < open)
		return -1;
	/* fields 3, 9, 20 and 39 of proc(5) */
	if (sscanf(close + 1,
		    " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %*u %*u %*d %*u %*u "
		    "%*u "
		    "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
		    &state, &flags, &threads, &cpu) != 4)
		return -1;
	out->cpu = cpu;
	out->comm = arena_copy(a, open + 1, (size_t)(close - open - 1));
	out->state = state;
	out->kthread = flags & PF_KTHREAD;
	out->io_worker = flags & PF_IO_WORKER;
	out->threads = threads > 0 ? (unsigned)threads : 0;
	return 0;
}

const char *proc_comm(struct arena *a, int dirfd)
{
	size_t len;
	char *text = proc_read(a, dirfd, "comm", &len);

	/* the name itself may end in a newline, too */
	if (text && len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

int proc_task_read(struct arena *a, int dirfd, struct proc_task *out)
{
	size_t len;
	char *text = proc_read(a, dirfd, "stat", &len);

	if (!text)
		return -1;
	if (proc_stat_parse(a, text, len, out)) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

/* What follows "key:" in a status, without its blanks; NULL: it is not there. Its first line, the name, is the kernel's to escape. */
static const char *status_value(const char *text, const char *key)
{
	size_t keylen = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, keylen) && line[keylen] == ':')
			return line + keylen + 1 + strspn(line + keylen + 1, " \t");
		if (!*line)
			break;
	}
	return NULL;
}

int proc_status(struct arena *a, int dirfd, struct proc_status *out)
{
	size_t len;
	const char *text = proc_read(a, dirfd, "status", &len), *tgid, *state, *threads;

	*out = (struct proc_status){0};
	if (!text)
		return -1;
	tgid = status_value(text, "Tgid");
	state = status_value(text, "State");
	threads = status_value(text, "Threads");
	if (!tgid || !state || !threads) {
		errno = EPROTO;
		return -1;
	}
	*out = (struct proc_status){(pid_t)strtol(tgid, NULL, 10), *state, (unsigned)strtoul(threads, NULL, 10),
		status_value(text, "VmSize") != NULL};
	return 0;
}

int64_t proc_status_number(struct arena *a, int dirfd, const char *key)
{
	size_t len;
	const char *text = proc_read(a, dirfd, "status", &len), *value = text ? status_value(text, key) : NULL;

	return value ? strtoll(value, NULL, 10) : -1;
}
