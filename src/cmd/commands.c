/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands and their options. Man page and completions are tested against these tables. */
#include "cmd.h"
#include "show.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define PID_OPTION {'p', "pid", "PID", "only the rings that this process holds; may be given several times"}
#define JSON_OPTION {0, "json", NULL, "print JSON, as uringctl-json(5) describes it"}
#define SOURCE_OPTION {0, "source", "LIST", "only these sources: proc, memory, kernel (default: all that work)"}
#define COLOR_OPTION {0, "color", "WHEN", "auto (on a terminal; NO_COLOR is honoured), always or never"}
#define HELP_OPTION {'h', "help", NULL, "say what this command does"}
#define END {0, NULL, NULL, NULL}

static const struct option_row list_options[] = {
	PID_OPTION, JSON_OPTION, SOURCE_OPTION, COLOR_OPTION, HELP_OPTION, END};

static const struct option_row dump_options[] = {PID_OPTION,
	{0, "fd", "N", "only the ring at this file descriptor"},
	{0, "ring", "ID", "only the ring of this id, as list shows it"},
	{'s', "data", "N", "show the first N bytes of data to be written or sent (65536 at most)"},
	{0, "max-requests", "N", "follow at most N requests in flight of each ring (1000)"},
	{0, "max-files", "N", "follow at most N registered files, and buffers, of each ring (4096)"},
	{0, "max-memory", "BYTES", "follow pointers and names of each ring for at most so many bytes (4M; none: no limit)"},
	{0, "max-text", "BYTES", "print at most so many bytes of each ring (128M; none: no limit)"},
	{0, "from", "FILE", "show what is in a file that dump --json wrote (- for standard input)"}, JSON_OPTION,
	SOURCE_OPTION, COLOR_OPTION, HELP_OPTION, END};

static const struct option_row trace_options[] = {PID_OPTION,
	{'n', "iterations", "N", "end after N requests"},
	{0, "for", "SECONDS", "end so long after tracing has begun"},
	{'t', "time", NULL, "print the time of day of each completion; -tt with microseconds"},
	{'r', "relative", NULL, "print the time since the line before"},
	{'s', "data", "N", "show the first N bytes of data to be written or sent (1024 at most)"},
	{'o', "output", "FILE", "write to this file"},
	{'e', "expression", "EXPR", "only what it says: op=, ring=, fd=, res=, path=, lat>, lat<, with != or ! for not; 'enter' shows io_uring_enter, 'events' what is no request"},
	{0, "json", NULL, "print an object a line, as uringctl-json(5) describes it"},
	{0, "chrome", "FILE", "write a trace that Perfetto and chrome://tracing open"},
	{'c', "summary", NULL, "count in the kernel, and print a table at the end"},
	{0, "by", "WHAT", "the table's rows: op, ring, file or pid"},
	{0, "hist", NULL, "draw how latencies are distributed, below the table"},
	{'i', "interval", "SECONDS", "print the table so often"},
	{'b', "buffer", "SIZE", "room for events that are not printed yet: 64M, or a number with K, M or G, from 16K to 1G"},
	COLOR_OPTION, HELP_OPTION, END};

static const struct option_row schema_options[] = {HELP_OPTION, END};

const struct command commands[] = {
	{"list", "uringctl list", "uringctl list [-p PID]... [--json] [--source LIST]", "Lists the rings of this machine, one line each, with all who hold them.",
		list_options, false, cmd_list},
	{"dump", "uringctl dump", "uringctl dump [-p PID]... [--fd N] [--ring ID] [-s N] [--json] [--source LIST] | dump --from FILE",
		"Shows all that can be learnt of each ring: queues with every entry decoded, owner, holders, SQPOLL, what is\n"
		"registered, what is in flight and where, io-wq. Reads only; the program that is looked at does not notice.",
		dump_options, false, cmd_dump},
	{"trace", "uringctl trace", "uringctl trace [-p PID]... [OPTION]... | trace [OPTION]... [--] COMMAND [ARG]...",
		"Prints each request when it completes: its arguments as they were when it was submitted, its result, how long it took\n"
		"and the path that it went. Of the named processes, of a command and its children, or of the whole machine.",
		trace_options, true, cmd_trace},
	{"schema", "uringctl schema", "uringctl schema", "Prints the JSON Schema of what list --json and dump --json print.", schema_options, false, cmd_schema},
	{0},
};
