/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have to do with a ring. */
#include "ring.h"

bool ring_any_process(const struct found_ring *r, bool (*is)(void *ctx, pid_t pid, pid_t tid), void *ctx)
{
	for (size_t i = 0; i < r->n_refs; i++)
		if (is(ctx, r->refs[i].pid, r->refs[i].tid))
			return true;
	for (size_t i = 0; i < r->n_maps; i++)
		if (is(ctx, r->maps[i].pid, r->maps[i].tid))
			return true;
	for (size_t i = 0; i < r->n_registered; i++)
		if (is(ctx, r->registered[i].pid, r->registered[i].tid))
			return true;
	for (size_t i = 0; i < r->n_users; i++)
		if (is(ctx, r->users[i].pid, r->users[i].tid))
			return true;
	return false;
}
