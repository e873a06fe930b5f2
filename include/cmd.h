/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of both programs, and the tables of their options, from which --help, the man page's test and the completions' follow. */
#ifndef URINGTOP_CMD_H
#define URINGTOP_CMD_H

#include <stdbool.h>
#include <sys/types.h>

#include "budget.h"
#include "build.h"
#include "helpers.h"
#include "render.h"
#include "ring.h"
#include "tracefilter.h"
#include "tracetext.h"

struct option_row {
	char letter; /* 0: long only */
	const char *name;
	const char *arg; /* NULL: takes none */
	const char *help;
};

struct command {
	const char *name; /* NULL: the program itself */
	const char *call; /* what is typed for it */
	const char *synopsis, *help;
	const struct option_row *options; /* ends with a NULL name */
	bool takes_command;		  /* what follows the options is a command and its arguments */
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
	uint64_t data, max_requests, max_files, max_memory, max_text;
	unsigned sources; /* SOURCE_ */
	bool chose_sources;
	const char **froms;
	size_t n_froms;
	const char *color; /* WHEN */
	struct style style;
	/* trace */
	char **rest; /* a command and its arguments, NULL: none */
	struct arena arena;
	struct trace_filter filter_of_requests;
	const char *chrome;
	bool summary, histogram;
	const char *by; /* of the summary, NULL: op */
	double every;	/* seconds, 0: at the end alone */
	const char *output;
	double seconds;
	size_t buffer;
	enum trace_clock clock;
	/* uringtop; iterations is trace's, too */
	double delay;	     /* seconds, 0: not chosen */
	uint64_t iterations; /* 0: without end */
	const char *sort, *filter;
	bool batch, tree, ascii, version;
};

/* The text of a ring, where nothing else is asked for: room for one that is full in every way. */
enum { MOST_TEXT = 128 << 20 };

/* Parses argv by cmd's table. EXIT_DONE; EXIT_USAGE after it has said what is wrong. choices_free gives pids back. */
int options_parse(const struct command *cmd, int argc, char **argv, struct choices *c);
void choices_free(struct choices *c);
void options_help(const struct command *cmd);

/* Seconds between two looks, as -d and the key d take them: 0.1 to 3600. */
bool interval_parse(const char *s, double *out);

/* "PROGRAM: what: why (what to do)" on stderr; text of a target among the arguments has to be escaped by the caller. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Reads a document of uringctl dump --json, - for standard input; all of *doc lives in a. NULL, or what is wrong with it (in a).
 * No file of more than MOST_FILE bytes is read.
 */
struct snap_doc;
const char *read_document(struct arena *a, const char *path, struct snap_doc *doc);
enum { MOST_FILE = 1 << 29 };

/* A file to write to, emptied; a FIFO without a reader is not waited for. -1 after it has said why not. */
int open_output(const char *path);

/* Are 0 to 2 open? Opens what is not, so that no other file gets such a number; output that goes nowhere has to fail. */
void fill_standard_descriptors(void);

/* Raises the soft limit of descriptors to the hard one. A program that is started from here gets back what there was. */
void raise_descriptor_limit(void);
void restore_descriptor_limit(void);
/* Are there enough for a look at the machine? false after it has said that there are not. */
bool enough_descriptors(void);

/* Writes out b and empties it. -1 after it has said why not; nothing more is worth printing then. */
int put_out(struct buf *b);

/* Says on stderr why there was no look at all, by what discover() or collector_look() has left in errno. */
void no_look(int err);

/* Says on stderr that n helpers cannot end yet, one of which is that. Nothing for 0. */
void tell_stuck(size_t n, pid_t one);
/* Ends them, and says so. */
void end_helpers(struct helpers *h);

/* Finds the rings that c asks for, by helpers h, through k if that is not NULL and works; what was asked for and cannot be had is said on stderr and sets *failed. -1: nothing can be had. */
int find_rings(const struct choices *c, struct helpers *h, struct kernel *k, struct discovery *d, bool *failed);
/* Says on stderr which processes have not answered. The list lives in a; *named: one of them was asked for. Returns how many. */
size_t tell_late(const struct choices *c, struct helpers *h, struct arena *a, struct snap_skip **late, bool *named);
/* Does the process, or the thread, hold the ring? */
bool ring_holder(const struct found_ring *r, pid_t pid);

#endif
