/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many descriptors there may be. The soft limit is low for the sake of programs that use select(), which we do not; what we look at
 * decides how many we need.
 */
#include <fcntl.h>
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

bool enough_descriptors(void)
{
	/* a process that reads everything of a ring, with the programs of the kernel source, has some 30 */
	enum { NEEDED = 56 };
	struct rlimit now;
	rlim_t n_free = 0;

	if (getrlimit(RLIMIT_NOFILE, &now))
		return true;
	for (rlim_t fd = 0; fd < now.rlim_cur && n_free < NEEDED; fd++)
		n_free += fcntl((int)fd, F_GETFD) < 0;
	if (n_free >= NEEDED)
		return true;
	complain("EMFILE: only %llu more files may be open at once (ulimit -n), and %d are needed, or things would be "
		 "missing from "
		 "what is shown",
		(unsigned long long)n_free, NEEDED);
	return false;
}

void restore_descriptor_limit(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &was);
}
