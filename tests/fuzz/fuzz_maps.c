/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsers of maps, stat and the tables of sockets. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../fuzz/fuzz.h"
#include "proc.h"

static void sound(void *ctx, const struct proc_map *m)
{
	(void)ctx;
	if (m->end <= m->start)
		abort();
}

static void diag(void *ctx, const struct sockdiag *s)
{
	if (!s->ino || (s->path && !sockets_unix_name(ctx, s)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct proc_task t;
	char name[64], *line;
	uint64_t ino;

	proc_maps_parse((const char *)data, size, sound, NULL);
	/* what is read from /proc has a NUL behind it */
	line = arena_copy(&a, (const char *)data, size);
	proc_stat_parse(&a, line, size, &t);
	sockets_parse_inet(line, "TCP", false, &ino, name, sizeof(name));
	sockets_parse_inet(line, "TCP", true, &ino, name, sizeof(name));
	sockdiag_parse(line, size, AF_INET, diag, &a);
	sockdiag_parse(line, size, AF_UNIX, diag, &a);
	arena_free(&a);
	return 0;
}
