/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel decides of a request, and the reader where the kernel cannot: filters, and whether it completed inline. */
#ifndef URINGTOP_PASSES_H
#define URINGTOP_PASSES_H

#include "trecords.h"

/* Did it complete in the call that submitted it? place: where it stood in the SQ. */
static inline _Bool in_one_call(uint32_t place, struct taking now)
{
	return place - now.first < now.n;
}

/* Is value among what is asked for? */
static inline _Bool values_take(const volatile struct trace_values *v, uint64_t value)
{
	_Bool found = 0;

	for (uint32_t i = 0; i < MOST_VALUES && i < v->n; i++)
		found |= v->v[i] == value;
	return !v->set || found != !!v->negated;
}

static inline _Bool res_takes(const volatile struct trace_results *w, int32_t res, _Bool error)
{
	return !(w->errors_only && !error) && !(w->good_only && error) && values_take(&w->res, (uint64_t)(int64_t)res);
}

/* Did it come to what is asked for? ns: from its submission to its completion, 0: not known. */
static inline _Bool results_take(
	const volatile struct trace_results *w, int32_t res, _Bool error, uint64_t ns, enum summary_path path)
{
	if (!res_takes(w, res, error))
		return 0;
	if (w->paths && !(w->paths >> path & 1))
		return 0;
	if (!w->lat_least && !w->lat_most)
		return 1;
	return ns && ns >= w->lat_least && (!w->lat_most || ns <= w->lat_most);
}

#endif
