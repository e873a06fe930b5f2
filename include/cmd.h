/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of uringctl, and the tables of their options, from which --help, the man page's test and the completions' follow. */
#ifndef URINGTOP_CMD_H
#define URINGTOP_CMD_H

#include <stdbool.h>
#include <sys/types.h>

#include "build.h"
#include "render.h"
#include "ring.h"

struct option_row {
	char letter; /* 0: long only */
	const char *name;
	const char *arg; /* NULL: takes none */
	const char *help;
};

struct command {
	const char *name, *synopsis, *help;
	const struct option_row *options; /* ends with a NULL name */
	int (*run)(const struct command *cmd, int argc, char **argv);
};

extern const struct command commands[]; /* ends with a NULL name */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What the options of all commands come to. */
struct choices {
	pid_t *pids;
	size_t n_pids;
	bool json, help;
	int fd; /* -1: any */
	bool by_id;
	uint64_t id;
	size_t data, max_requests, max_files;
	unsigned sources; /* SOURCE_ */
	bool chose_sources;
	const char *from;
	struct style style;
};

/* Parses argv by cmd's table. EXIT_DONE; EXIT_USAGE after it has said what is wrong. choices_free gives pids back. */
int options_parse(const struct command *cmd, int argc, char **argv, struct choices *c);
void choices_free(struct choices *c);
void options_help(const struct command *cmd);

/* "uringctl: what: why (what to do)" on stderr; text of a target among the arguments has to be escaped by the caller. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes out b and empties it. -1 after it has said why not; nothing more is worth printing then. */
int put_out(struct buf *b);

/* Finds the rings that c asks for, through k if that is not NULL and works; what was asked for and cannot be had is said on stderr and sets *failed. -1: nothing can be had. */
int find_rings(const struct choices *c, struct kernel *k, struct discovery *d, bool *failed);

#endif
