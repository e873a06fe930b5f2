/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of files that the kernel source has met, as /proc/PID/fd would show them. */
#include <string.h>

#include "buf.h"
#include "parts.h"

/* include/uapi/linux/magic.h */
enum { MAGIC_SOCKET = 0x534f434b, MAGIC_PIPE = 0x50495045, MAGIC_ANON_INODE = 0x09041934 };

struct naming {
	struct builder *b;
	struct arena *a;
	pid_t owner;
	const char **out;
};

/* The components stand from the last to the first. */
static const char *path(struct arena *a, const struct rec_name *n)
{
	const char *parts[256];
	size_t count = 0;
	struct buf b = {0};
	const char *done;

	for (size_t at = 0; at < n->len && at < NAME_ROOM && count < 256;) {
		parts[count++] = n->text + at;
		at += strnlen(n->text + at, NAME_ROOM - at) + 1;
	}
	if (n->flags & NAME_CUT)
		buf_puts(&b, "...");
	if (!count && n->flags & NAME_ROOTED)
		buf_putc(&b, '/');
	while (count--) {
		buf_putc(&b, '/');
		buf_puts(&b, parts[count]);
	}
	if (n->flags & NAME_DELETED)
		buf_puts(&b, " (deleted)");
	done = arena_copy(a, b.data ? b.data : "", b.len);
	buf_free(&b);
	return done;
}

static void one(void *ctx, size_t which, const struct rec_name *n)
{
	struct naming *x = ctx;
	struct person *p;
	const char *name = NULL;
	struct rec_name copy = *n;

	copy.text[NAME_ROOM - 1] = '\0';
	switch (n->magic) {
	case MAGIC_SOCKET:
		p = x->owner && uses(x->b, SOURCE_PROC) ? person_of(x->b, x->owner) : NULL;
		name = p ? sockets_name(x->b->sockets, x->a, p->dir, n->ino) : NULL;
		if (!name)
			name = arena_printf(x->a, "socket:[%llu]", (unsigned long long)n->ino);
		break;
	case MAGIC_PIPE:
		name = arena_printf(x->a, "pipe:[%llu]", (unsigned long long)n->ino);
		break;
	case MAGIC_ANON_INODE:
		name = arena_printf(x->a, "anon_inode:%s", copy.text);
		break;
	default:
		name = path(x->a, &copy);
	}
	x->out[which] = name;
}

const char **file_names(struct builder *b, struct arena *a, pid_t owner, const uint64_t *files, size_t n)
{
	struct naming x = {b, a, owner, arena_alloc(a, (n + 1) * sizeof(char *))};

	memset(x.out, 0, (n + 1) * sizeof(char *));
	if (kernel_names(b->k, &b->key, files, n, one, &x))
		memset(x.out, 0, (n + 1) * sizeof(char *));
	return x.out;
}
