/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uringctl: picks the command. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "version.h"

static void help(struct buf *b)
{
	buf_puts(b, "Usage: uringctl COMMAND [OPTION]...\n\nShows the io_uring rings of this machine.\n\n");
	for (const struct command *c = commands; c->name; c++)
		buf_printf(b, "  %-10s%.*s\n", c->name, (int)strcspn(c->help, "\n"), c->help);
	buf_puts(b, "\n'uringctl COMMAND --help' lists a command's options; uringctl(1) says more.\n");
}

int main(int argc, char **argv)
{
	struct buf b = {0};
	int err;

	fill_standard_descriptors();
	helpers_note_descriptors();
	raise_descriptor_limit();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write, and is said */
	signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
	signal(SIGCHLD, SIG_DFL); /* the end of children is waited for */
	if (argc < 2) {
		help(&b);
		fputs(b.data, stderr);
		buf_free(&b);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		help(&b);
	else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		buf_puts(&b, "uringctl " VERSION "\n");
	if (b.len) {
		err = put_out(&b) ? EXIT_FAILED : EXIT_DONE;
		buf_free(&b);
		return err;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(c, argc - 1, argv + 1);
	complain("%s: no such command ('uringctl --help' lists them)", argv[1]);
	return EXIT_USAGE;
}
