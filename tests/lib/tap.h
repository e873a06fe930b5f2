/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests that are no unit tests share: TAP lines, and running a program for its output. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* "ok" or "not ok" with the name; returns good. */
bool tap(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *reason, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line of explanation. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* How many were not ok. */
int tap_failed(void);
/* The last a test does: who ends before that has failed, whatever its status (run.sh). Returns what main returns. */
int tap_end(void);

struct output {
	char *out, *err; /* NUL-terminated, freed by output_free */
	size_t out_len, err_len;
	int status; /* exit status, or 256 + signal */
};

/* Runs argv (searched in PATH if it has no slash) to its end. As user uid, if that is not 0. */
struct output run_as(uid_t uid, const char *const *argv);
#define RUN(...) run_as(0, (const char *const[]){__VA_ARGS__, NULL})
void output_free(struct output *o);

/* Milliseconds on a clock that only goes forward. */
double now_ms(void);

#endif
