/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small things that everything about snapshots needs. */
#include <string.h>

#include "snapshot.h"
#include "uapi.h"

bool snap_has(const struct snap_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

void snap_add_name(struct arena *a, struct snap_names *names, const char *name)
{
	const char **more = arena_alloc(a, (names->n + 1) * sizeof(*more));

	if (names->n)
		memcpy(more, names->v, names->n * sizeof(*more));
	more[names->n] = name;
	names->v = more;
	names->n++;
}

void snap_add_reason(struct arena *a, struct snap_ring *r, const char *section, const char *why)
{
	struct snap_reason *more = arena_alloc(a, (r->n_unavailable + 1) * sizeof(*more));

	if (r->n_unavailable)
		memcpy(more, r->unavailable, r->n_unavailable * sizeof(*more));
	more[r->n_unavailable++] = (struct snap_reason){section, why};
	r->unavailable = more;
}

const char *snap_reason_of(const struct snap_ring *r, const char *section)
{
	for (size_t i = 0; i < r->n_unavailable; i++)
		if (!strcmp(r->unavailable[i].section, section))
			return r->unavailable[i].why;
	return NULL;
}

uint64_t snap_cut_of(const struct snap_ring *r, const char *section)
{
	for (size_t i = 0; i < r->n_cuts; i++)
		if (!strcmp(r->cuts[i].section, section))
			return r->cuts[i].n;
	return 0;
}

struct snap_names snap_flag_names(struct arena *a, const struct uapi_flags *set, uint64_t word)
{
	const char *found[UAPI_MAX_NAMES];
	struct snap_names names = {0};
	uint64_t rest;
	size_t n = uapi_flag_names(set, word, found, UAPI_MAX_NAMES, &rest);

	names.v = arena_alloc(a, (n + 1) * sizeof(*names.v));
	for (size_t i = 0; i < n; i++)
		names.v[names.n++] = found[i];
	if (rest)
		names.v[names.n++] = arena_printf(a, "0x%llx", (unsigned long long)rest);
	return names;
}

/* section itself, and what lies below it */
static bool within(const char *name, const char *section)
{
	size_t len = strlen(section);

	return !strncmp(name, section, len) && (!name[len] || name[len] == '.');
}

void snap_drop_reason(struct snap_ring *r, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_unavailable; i++)
		if (!within(r->unavailable[i].section, section))
			r->unavailable[n++] = r->unavailable[i];
	r->n_unavailable = n;
}

void snap_drop_name(struct snap_names *names, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++)
		if (!within(names->v[i], name))
			names->v[n++] = names->v[i];
	names->n = n;
}

bool snap_serves_foreign(const struct snap_ring *r)
{
	if (!r->sqpoll.known || !r->sqpoll.active || (r->sqpoll.state && !strcmp(r->sqpoll.state, "died")))
		return false;
	for (size_t i = 0; i < r->n_holders; i++)
		if (r->holders[i].same_mm == SNAP_NO)
			return true;
	return false;
}

const struct snap_holder *snap_main_holder(const struct snap_ring *r)
{
	for (size_t i = 0; i < r->n_holders; i++)
		if (r->owner.known && r->owner.pid.known && r->holders[i].pid == r->owner.pid.v)
			return &r->holders[i];
	return r->n_holders ? &r->holders[0] : NULL;
}

size_t snap_missing(const struct snap_skip *skipped, size_t n)
{
	size_t missing = 0;

	for (size_t i = 0; i < n; i++)
		missing += skipped[i].pid.known && !skipped[i].late;
	return missing;
}
