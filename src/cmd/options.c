/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table a command drives getopt_long and --help. */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"

void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("uringctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int put_out(struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(STDOUT_FILENO, b->data + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			complain("standard output: %s (what was printed is not complete)",
				n ? strerror(errno) : "cannot be written");
			return -1;
		}
		done += (size_t)n;
	}
	b->len = 0;
	return 0;
}

void options_help(const struct command *cmd)
{
	struct buf b = {0};

	buf_printf(&b, "Usage: uringctl %s\n\n%s\n\n", cmd->synopsis, cmd->help);
	for (const struct option_row *o = cmd->options; o->name; o++) {
		size_t start = b.len;

		buf_puts(&b, "  ");
		if (o->letter)
			buf_printf(&b, "-%c, ", o->letter);
		else
			buf_puts(&b, "    ");
		buf_printf(&b, "--%s", o->name);
		if (o->arg)
			buf_printf(&b, " %s", o->arg);
		buf_pad(&b, b.len - start < 24 ? 24 - (b.len - start) : 1);
		buf_printf(&b, "%s\n", o->help);
	}
	put_out(&b);
	buf_free(&b);
}

static int number(const char *name, const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 0);
	if (errno || *end || end == s || *s == '-' || *out > max) {
		complain("--%s %s: not a number from 0 to %llu", name, s, (unsigned long long)max);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int color(const char *when, bool *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!strcmp(when, "auto"))
		*out = isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
	else if (!strcmp(when, "always") || !strcmp(when, "never"))
		*out = *when == 'a';
	else
		return complain("--color %s: not one of auto, always, never", when), EXIT_USAGE;
	return EXIT_DONE;
}

/* "proc,kernel" */
static int sources(const char *arg, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned bit;
	} all[] = {{"proc", SOURCE_PROC}, {"memory", SOURCE_MEMORY}, {"kernel", SOURCE_KERNEL}};
	const char *s = arg;

	*out = 0;
	for (;;) {
		size_t len = strcspn(s, ","), i;

		for (i = 0; i < 3 && (strlen(all[i].name) != len || strncmp(s, all[i].name, len)); i++)
			;
		if (i == 3)
			return complain("--source %s: '%.*s' is not one of proc, memory, kernel", arg, (int)len, s),
			       EXIT_USAGE;
		*out |= all[i].bit;
		if (!s[len])
			return EXIT_DONE;
		s += len + 1;
	}
}

static int set(struct choices *c, const struct option_row *o, const char *arg)
{
	uint64_t v = 0;
	int err = EXIT_DONE;

	if (!strcmp(o->name, "pid")) {
		err = number(o->name, arg, INT_MAX, &v);
		if (!err && !v)
			return complain("--pid 0: no process has this number (ps -e lists them)"), EXIT_USAGE;
		c->pids = xrealloc(c->pids, (c->n_pids + 1) * sizeof(*c->pids));
		c->pids[c->n_pids++] = (pid_t)v;
	} else if (!strcmp(o->name, "fd")) {
		err = number(o->name, arg, INT_MAX, &v);
		c->fd = (int)v;
	} else if (!strcmp(o->name, "ring")) {
		err = number(o->name, arg, UINT64_MAX, &c->id);
		c->by_id = true;
	} else if (!strcmp(o->name, "data")) {
		err = number(o->name, arg, 65536, &v);
		c->data = (size_t)v;
	} else if (!strcmp(o->name, "max-requests")) {
		err = number(o->name, arg, 10000000, &v);
		c->max_requests = (size_t)v;
	} else if (!strcmp(o->name, "max-files")) {
		err = number(o->name, arg, 10000000, &v);
		c->max_files = (size_t)v;
	} else if (!strcmp(o->name, "source")) {
		err = sources(arg, &c->sources);
		c->chose_sources = true;
	} else if (!strcmp(o->name, "color")) {
		err = color(arg, &c->style.color);
	} else if (!strcmp(o->name, "from")) {
		c->from = arg;
	} else if (!strcmp(o->name, "json")) {
		c->json = true;
	} else if (!strcmp(o->name, "help")) {
		c->help = true;
	}
	return err;
}

static size_t terminal_width(void)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns && atoi(columns) > 0)
		return (size_t)atoi(columns);
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_col ? 80 : w.ws_col;
}

int options_parse(const struct command *cmd, int argc, char **argv, struct choices *c)
{
	struct option longs[16] = {0};
	char letters[64] = ":", *l = letters + 1;
	size_t n = 0;
	int got, at, err = EXIT_DONE;

	*c = (struct choices){.fd = -1, .max_requests = 1000, .max_files = 4096, .sources = SOURCE_ALL};
	color("auto", &c->style.color);
	c->style.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	c->style.width = terminal_width();
	for (const struct option_row *o = cmd->options; o->name; o++, n++) {
		longs[n] = (struct option){o->name, o->arg ? required_argument : no_argument, NULL, 0x100 + (int)n};
		if (o->letter) {
			*l++ = o->letter;
			if (o->arg)
				*l++ = ':';
		}
	}
	optind = 1;
	while (!err && (at = optind, got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = NULL;

		for (size_t i = 0; i < n; i++)
			if (got == 0x100 + (int)i || (got < 0x100 && got == cmd->options[i].letter))
				row = &cmd->options[i];
		if (row) {
			err = set(c, row, optarg);
			continue;
		}
		complain("%s: %s: %s ('uringctl %s --help' lists the options)", cmd->name,
			argv[at < argc ? at : argc - 1], got == ':' ? "an argument is missing" : "no such option",
			cmd->name);
		err = EXIT_USAGE;
	}
	if (!err && optind < argc) {
		complain("%s: %s: not expected here ('uringctl %s --help' says what is)", cmd->name, argv[optind],
			cmd->name);
		err = EXIT_USAGE;
	}
	return err;
}

void choices_free(struct choices *c)
{
	free(c->pids);
}
