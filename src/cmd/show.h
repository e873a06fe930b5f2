/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef URINGTOP_CMD_SHOW_H
#define URINGTOP_CMD_SHOW_H

#include "cmd.h"

int cmd_list(const struct command *cmd, int argc, char **argv);
int cmd_dump(const struct command *cmd, int argc, char **argv);
int cmd_trace(const struct command *cmd, int argc, char **argv);
int cmd_schema(const struct command *cmd, int argc, char **argv);

#endif
