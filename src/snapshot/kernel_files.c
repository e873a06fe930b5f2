/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of files that the kernel source has met, as /proc/PID/fd would show them. */
#include <string.h>

#include "parts.h"

enum { MAGIC_SOCKET = 0x534f434b }; /* include/uapi/linux/magic.h */

struct naming {
	struct builder *b;
	struct arena *a;
	pid_t owner;
	const char **out;
};

static void one(void *ctx, size_t which, const struct rec_name *n)
{
	struct naming *x = ctx;
	struct person *p;
	const char *name;
	struct rec_name copy = *n;

	copy.text[NAME_ROOM - 1] = '\0';
	if (n->magic == MAGIC_SOCKET) {
		p = x->owner && uses(x->b, SOURCE_PROC) ? person_of(x->b, x->owner) : NULL;
		name = sockets_name(x->b->sockets, x->a, p ? p->dir : -1,
			&(const struct sock_id){n->ino, n->len ? copy.text : NULL, n->family, n->type});
	} else {
		name = rec_name_file(x->a, &copy);
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
