/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many descriptors there may be. The soft limit is low for the sake of programs that use select(), which we do not; what we look at
 * decides how many we need.
 */
#include <sys/resource.h>

#include "cmd.h"

static struct rlimit was;
static bool raised;

void raise_descriptor_limit(void)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_NOFILE, &was) || was.rlim_cur >= was.rlim_max)
		return;
	all = (struct rlimit){was.rlim_max, was.rlim_max};
	raised = !setrlimit(RLIMIT_NOFILE, &all);
}

void restore_descriptor_limit(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &was);
}
