/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A path out of the components that a BPF program has gathered. */
#include <string.h>

#include "buf.h"
#include "kernel.h"

/* The components stand from the last to the first. */
const char *rec_name_path(struct arena *a, const struct rec_name *n)
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
