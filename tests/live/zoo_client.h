/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exhibits of ringzoo, started and read by a test. */
#ifndef TESTS_ZOO_CLIENT_H
#define TESTS_ZOO_CLIENT_H

#include <cjson/cJSON.h>
#include <stdio.h>
#include <sys/types.h>

struct zoo {
	pid_t pid;
	int in; /* closing it ends the zoo */
	FILE *out;
	cJSON *truth; /* of the exhibit */
};

/* Where the programs are: $BUILD, or build. */
const char *built(const char *program);

/* Starts one exhibit and waits for its truth. Ends the test program if it cannot be started. */
struct zoo zoo_open(const char *exhibit);
void zoo_close(struct zoo *z);
/* Why this kernel has no such exhibit, NULL if it has. */
const char *zoo_unsupported(const struct zoo *z);
/* The pid of the exhibit's process. */
int zoo_pid(const struct zoo *z);

/*
 * Is everything that truth says also in got? Objects may hold more, lists must have the same length. Returns NULL, or where and how
 * they differ, in static storage.
 */
const char *differs(const cJSON *truth, const cJSON *got);

#endif
