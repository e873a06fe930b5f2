/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What files are called: by the numbers that the BPF side gives them, and by descriptors. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helpers.h"
#include "kernel.h"
#include "proc.h"
#include "trace.h"

enum { MAGIC_SOCKET = 0x534f434b }; /* include/uapi/linux/magic.h */

/* No process has so many descriptors. */
enum { FD_CWD = INT_MAX };

struct named {
	char *text; /* NULL: a socket that was not looked for yet */
	uint64_t ino;
	bool asked;
	char protocol[32];
	int family, type;
	pid_t pid; /* who had it when it was named, perhaps */
};

/* What a helper is asked, since the process that has the file may not answer; in shared memory. */
struct name_question {
	pid_t pid;
	int fd; /* -1: the socket is asked for */
	uint64_t ino;
	char protocol[32];
	int family, type;
	bool known;
	char answer[8192];
};

struct trace_names {
	struct helpers *h; /* NULL: nobody is to be asked in this process's stead */
	struct named *v;
	size_t n;
	struct arena scratch, shared;
	double round; /* when the last one began */
	struct name_question *q;
};

struct trace_names *trace_names_new(struct helpers *h)
{
	struct trace_names *n = xrealloc(NULL, sizeof(*n));

	*n = (struct trace_names){.h = h, .shared = arena_shared()};
	n->q = arena_alloc(&n->shared, sizeof(*n->q));
	return n;
}

/* Answers a question. The tables of sockets stay with whoever does. */
static void answer(void *ctx)
{
	static struct sockets *sockets;
	struct name_question *q = ctx;
	struct arena a = {0};
	int dir = proc_open(q->pid);
	const char *s;

	if (!sockets)
		sockets = sockets_new();
	s = q->fd < 0 ? sockets_name(sockets, &a, dir, &(const struct sock_id){q->ino, q->protocol, q->family, q->type})
	    : dir >= 0 ? proc_fd_name(&a, dir, q->fd == FD_CWD ? AT_FDCWD : q->fd, sockets)
		       : NULL;
	q->known = s && strlen(s) < sizeof(q->answer);
	if (q->known)
		memcpy(q->answer, s, strlen(s) + 1);
	if (dir >= 0)
		close(dir);
	arena_free(&a);
}

/* Seconds after which a process that did not answer is asked again. */
static const double ask_again = 2;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The answer, NULL: there is none. Valid until the next question. */
static const char *ask(struct trace_names *n, const struct name_question *what)
{
	*n->q = (struct name_question){
		.pid = what->pid, .fd = what->fd, .ino = what->ino, .family = what->family, .type = what->type};
	memcpy(n->q->protocol, what->protocol, sizeof(n->q->protocol));
	if (n->h && now() > n->round + ask_again) {
		helpers_round(n->h);
		n->round = now();
	}
	if (!n->h)
		answer(n->q);
	else if (helpers_ask(n->h, answer, n->q))
		return NULL;
	return n->q->known ? n->q->answer : NULL;
}

void trace_names_free(struct trace_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i].text);
	free(n->v);
	arena_free(&n->shared);
	arena_free(&n->scratch);
	free(n);
}

static char *text_of(struct trace_names *n, const struct ev_file *e)
{
	struct rec_name name = {.ino = e->ino, .magic = e->magic, .flags = e->flags};

	if (e->magic == MAGIC_SOCKET)
		return NULL;
	name.len = e->len < sizeof(name.text) ? e->len : sizeof(name.text) - 1;
	memcpy(name.text, e->text, name.len);
	arena_reset(&n->scratch);
	return strdup(rec_name_file(&n->scratch, &name));
}

void trace_names_event(struct trace_names *n, const struct ev_file *e)
{
	enum { MOST = 1 << 24 };

	if (e->number >= MOST)
		return;
	if (e->number >= n->n) {
		size_t more = n->n ? n->n : 256;

		while (more <= e->number)
			more *= 2;
		n->v = xrealloc(n->v, more * sizeof(*n->v));
		memset(n->v + n->n, 0, (more - n->n) * sizeof(*n->v));
		n->n = more;
	}
	free(n->v[e->number].text);
	n->v[e->number] = (struct named){.text = text_of(n, e),
		.ino = e->ino,
		.asked = e->magic != MAGIC_SOCKET,
		.family = e->family,
		.type = e->sock_type,
		.pid = (pid_t)e->h.tgid};
	if (e->magic == MAGIC_SOCKET && e->len)
		memcpy(n->v[e->number].protocol, e->text, sizeof(n->v[e->number].protocol) - 1);
}

const char *trace_file_name(struct trace_names *n, uint32_t number, pid_t pid)
{
	struct named *f = number && number < n->n ? &n->v[number] : NULL;

	if (!f)
		return NULL;
	if (!f->asked) {
		struct name_question q = {
			.pid = pid ? pid : f->pid, .fd = -1, .ino = f->ino, .family = f->family, .type = f->type};
		const char *s;

		memcpy(q.protocol, f->protocol, sizeof(q.protocol));
		s = ask(n, &q);
		arena_reset(&n->scratch);
		f->text = strdup(s ? s : arena_printf(&n->scratch, "socket:[%llu]", (unsigned long long)f->ino));
		f->asked = true;
	}
	return f->text;
}

const char *trace_fd_name(struct trace_names *n, pid_t pid, int fd)
{
	return fd >= 0 || fd == AT_FDCWD ? ask(n, &(struct name_question){.pid = pid, .fd = fd < 0 ? FD_CWD : fd})
					 : NULL;
}
