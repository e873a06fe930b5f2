/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands and their options. Man page and completions are tested against these tables. */
#include "cmd.h"
#include "show.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define PID_OPTION {'p', "pid", "PID", "only the rings that this process holds; may be given several times"}
#define JSON_OPTION {0, "json", NULL, "print JSON, as uringctl-json(5) describes it"}
#define COLOR_OPTION {0, "color", "WHEN", "auto (on a terminal; NO_COLOR is honoured), always or never"}
#define HELP_OPTION {'h', "help", NULL, "say what this command does"}
#define END {0, NULL, NULL, NULL}

static const struct option_row list_options[] = {PID_OPTION, JSON_OPTION, COLOR_OPTION, HELP_OPTION, END};

static const struct option_row dump_options[] = {PID_OPTION,
	{0, "fd", "N", "only the ring at this file descriptor"},
	{0, "ring", "ID", "only the ring of this id, as list shows it"},
	{'s', "data", "N", "show the first N bytes of data to be written or sent (65536 at most)"},
	{0, "from", "FILE", "show what is in a file that dump --json wrote (- for standard input)"}, JSON_OPTION,
	COLOR_OPTION, HELP_OPTION, END};

static const struct option_row schema_options[] = {HELP_OPTION, END};

const struct command commands[] = {
	{"list", "list [-p PID]... [--json]", "Lists the rings of this machine, one line each, with all who hold them.",
		list_options, cmd_list},
	{"dump", "dump [-p PID]... [--fd N] [--ring ID] [-s N] [--json] | dump --from FILE",
		"Shows all that can be learnt of each ring: queues with every entry decoded, owner, holders, SQPOLL, what is\n"
		"registered, what is in flight. Reads only; the program that is looked at does not notice.",
		dump_options, cmd_dump},
	{"schema", "schema", "Prints the JSON Schema of what list --json and dump --json print.", schema_options, cmd_schema},
	{0},
};
