/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What files are called: by the numbers that the BPF side gives them, and by descriptors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "proc.h"
#include "trace.h"

enum { MAGIC_SOCKET = 0x534f434b }; /* include/uapi/linux/magic.h */

struct named {
	char *text; /* NULL: a socket that was not looked for yet */
	uint64_t ino;
	bool asked;
	char protocol[32];
	int family, type;
	pid_t pid; /* who had it when it was named, perhaps */
};

struct trace_names {
	struct named *v;
	size_t n;
	struct sockets *sockets;
	struct arena scratch;
};

struct trace_names *trace_names_new(void)
{
	struct trace_names *n = xrealloc(NULL, sizeof(*n));

	*n = (struct trace_names){.sockets = sockets_new()};
	return n;
}

void trace_names_free(struct trace_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i].text);
	free(n->v);
	sockets_free(n->sockets);
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
		int dir = proc_open(pid ? pid : f->pid);

		arena_reset(&n->scratch);
		f->text = strdup(sockets_name(n->sockets, &n->scratch, dir,
			&(const struct sock_id){f->ino, f->protocol, f->family, f->type}));
		f->asked = true;
		if (dir >= 0)
			close(dir);
	}
	return f->text;
}

const char *trace_fd_name(struct trace_names *n, pid_t pid, int fd)
{
	int dir = proc_open(pid);
	const char *s;

	if (dir < 0)
		return NULL;
	arena_reset(&n->scratch);
	s = proc_fd_name(&n->scratch, dir, fd, n->sockets);
	close(dir);
	return s;
}
