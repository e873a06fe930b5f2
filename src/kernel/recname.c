/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is called, out of what a BPF program has gathered. */
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

const char *rec_name_file(struct arena *a, const struct rec_name *n)
{
	/* include/uapi/linux/magic.h; files that are no anonymous inodes any more, but have no path either: pidfds (6.9), namespaces */
	enum {
		MAGIC_PIPE = 0x50495045,
		MAGIC_ANON_INODE = 0x09041934,
		MAGIC_PID = 0x50494446,
		MAGIC_NAMESPACE = 0x6e736673
	};
	unsigned long long ino = n->ino;

	if (n->magic == MAGIC_PIPE)
		return arena_printf(a, "pipe:[%llu]", ino);
	if (n->magic == MAGIC_ANON_INODE)
		return arena_printf(a, "anon_inode:%.*s", (int)strnlen(n->text, NAME_ROOM), n->text);
	if (n->magic == MAGIC_PID)
		return arena_printf(a, "pidfd:[%llu]", ino);
	if (n->magic == MAGIC_NAMESPACE)
		return arena_printf(a, "nsfs:[%llu]", ino);
	/* the name of a dentry that stands alone */
	if (n->len && !(n->flags & NAME_ROOTED) && !strcmp(n->text, "/"))
		return arena_printf(a, "inode:[%llu]", ino);
	return rec_name_path(a, n);
}
