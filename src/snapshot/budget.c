/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An end to what is followed. */
#include <time.h>

#include "budget.h"
#include "clock.h"

void budget_start(struct budget *b, size_t max)
{
	double seconds = (double)max / BUDGET_BYTES;

	*b = (struct budget){.max = max, .left = max, .started = clock_now()};
	b->seconds = seconds > 1 ? seconds : 1;
}

bool budget_again(struct budget *b, size_t n)
{
	if (!b->max || b->spent)
		return !b->spent;
	b->late = clock_now() - b->started > b->seconds;
	b->spent = b->late || n > b->left;
	if (!b->spent)
		b->left -= n;
	return !b->spent;
}

bool budget_take(struct budget *b, size_t n)
{
	return budget_again(b, n > BUDGET_LEAST ? n : BUDGET_LEAST);
}

const char *budget_why(const struct budget *b, struct arena *a)
{
	if (b->late)
		return arena_printf(a, "it took longer than %.3g s (--max-memory %zu doubles that)", b->seconds,
			2 * (b->max > BUDGET_BYTES ? b->max : (size_t)BUDGET_BYTES));
	return arena_printf(
		a, "the %zu bytes of memory and names that are read for it are used up (--max-memory)", b->max);
}
