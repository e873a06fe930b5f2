/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the tool about an exhibit, for the tests that compare what it says with the truth. */
#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include <stdbool.h>

#include "zoo_client.h"

#define GET(o, key) cJSON_GetObjectItemCaseSensitive(o, key)

/* Under emulation everything takes fifty times as long: the same tests, fewer times. */
bool slow(void);
const char *pid_text(int pid);
/* dump --json of the exhibit's process, with so many bytes of data; sources NULL: those that there are. */
cJSON *dump(const struct zoo *z, const char *data, const char *sources);
/* The tool's ring for a ring of the truth: by id, or where a kernel gives rings none, by descriptor, or the nth. */
const cJSON *find(const cJSON *doc, const cJSON *truth, int nth);
/* A kernel that gives rings no numbers of their own, before 5.19. */
bool old_kernel(const cJSON *truth);
/* What a kernel cannot show is taken out of the truth, with a note. */
void forget(cJSON *truth, const char *section, const char *key, const char *why);
/* Are the names of registered files those of the truth? NULL, or one that is not. */
const char *check_files(const cJSON *truth, const cJSON *ring);
/* What over says takes the place of what the truth says. */
void overlay(cJSON *truth, const cJSON *over);

#endif
