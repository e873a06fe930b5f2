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

	fprintf(stderr, "%s: ", program_invocation_short_name);
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

	buf_printf(&b, "Usage: %s\n\n%s\n\n", cmd->synopsis, cmd->help);
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

bool interval_parse(const char *s, double *out)
{
	char *end;
	double v = strtod(s, &end);

	/* a number that is none compares as false */
	if (end == s || *end || !(v >= 0.1 && v <= 3600))
		return false;
	*out = v;
	return true;
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

/* --- what each option does ------------------------------------------------------------------------------------------ */

static int set_pid(struct choices *c, const char *arg)
{
	uint64_t v;

	if (number("pid", arg, INT_MAX, &v))
		return EXIT_USAGE;
	if (!v)
		return complain("--pid 0: no process has this number (ps -e lists them)"), EXIT_USAGE;
	c->pids = xrealloc(c->pids, (c->n_pids + 1) * sizeof(*c->pids));
	c->pids[c->n_pids++] = (pid_t)v;
	return EXIT_DONE;
}

static int set_fd(struct choices *c, const char *arg)
{
	uint64_t v = 0;
	int err = number("fd", arg, INT_MAX, &v);

	c->fd = (int)v;
	return err;
}

static int set_ring(struct choices *c, const char *arg)
{
	c->by_id = true;
	return number("ring", arg, UINT64_MAX, &c->id);
}

static int set_data(struct choices *c, const char *arg)
{
	return number("data", arg, 65536, &c->data);
}

static int set_max_requests(struct choices *c, const char *arg)
{
	return number("max-requests", arg, 10000000, &c->max_requests);
}

static int set_max_files(struct choices *c, const char *arg)
{
	return number("max-files", arg, 10000000, &c->max_files);
}

/* A number of bytes, which may end in K, M or G. False: it is none. */
static bool bytes(const char *s, uint64_t *out)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned shift;
	char *end;

	errno = 0;
	*out = strtoull(s, &end, 0);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (errno || end == s || *s == '-' || (*end && (!unit || end[1])) || *out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

static int limit(const char *name, const char *arg, uint64_t *out)
{
	*out = 0;
	if (!strcmp(arg, "none") || (bytes(arg, out) && *out <= SIZE_MAX / 4))
		return EXIT_DONE;
	return complain("--%s %s: not a number of bytes (such as 64M; none lifts the limit)", name, arg), EXIT_USAGE;
}

static int set_max_memory(struct choices *c, const char *arg)
{
	return limit("max-memory", arg, &c->max_memory);
}

static int set_max_text(struct choices *c, const char *arg)
{
	return limit("max-text", arg, &c->max_text);
}

static int set_source(struct choices *c, const char *arg)
{
	c->chose_sources = true;
	return sources(arg, &c->sources);
}

static int set_color(struct choices *c, const char *arg)
{
	c->color = arg;
	return color(arg, &c->style.color);
}

static int set_from(struct choices *c, const char *arg)
{
	c->froms = xrealloc(c->froms, (c->n_froms + 1) * sizeof(*c->froms));
	c->froms[c->n_froms++] = arg;
	return EXIT_DONE;
}

static int set_delay(struct choices *c, const char *arg)
{
	return interval_parse(arg, &c->delay)
		       ? EXIT_DONE
		       : (complain("--delay %s: not a number of seconds from 0.1 to 3600", arg), EXIT_USAGE);
}

static int set_iterations(struct choices *c, const char *arg)
{
	int err = number("iterations", arg, UINT64_MAX, &c->iterations);

	if (!err && !c->iterations)
		return complain("--iterations 0: at least one is needed"), EXIT_USAGE;
	return err;
}

static int set_sort(struct choices *c, const char *arg)
{
	c->sort = arg;
	return EXIT_DONE;
}

static int set_filter(struct choices *c, const char *arg)
{
	c->filter = arg;
	return EXIT_DONE;
}

static int set_for(struct choices *c, const char *arg)
{
	char *end;

	c->seconds = strtod(arg, &end);
	if (end == arg || *end || !(c->seconds > 0 && c->seconds < 1e9))
		return complain("--for %s: not a number of seconds", arg), EXIT_USAGE;
	return EXIT_DONE;
}

static int set_output(struct choices *c, const char *arg)
{
	c->output = arg;
	return EXIT_DONE;
}

static int set_time(struct choices *c, const char *arg)
{
	(void)arg;
	c->clock = c->clock == CLOCK_NONE ? CLOCK_SECONDS : CLOCK_MICROSECONDS;
	return EXIT_DONE;
}

static int set_relative(struct choices *c, const char *arg)
{
	(void)arg;
	c->clock = CLOCK_RELATIVE;
	return EXIT_DONE;
}

static int set_expression(struct choices *c, const char *arg)
{
	size_t at;
	const char *why = trace_filter_add(&c->arena, &c->filter_of_requests, arg, &at);

	if (!why)
		return EXIT_DONE;
	complain("-e %s: %s", arg, why);
	/* points at it, below the line above */
	fprintf(stderr, "%*s^\n", (int)(strlen(program_invocation_short_name) + strlen(": -e ") + at), "");
	return EXIT_USAGE;
}

static int set_chrome(struct choices *c, const char *arg)
{
	c->chrome = arg;
	return EXIT_DONE;
}

static int set_by(struct choices *c, const char *arg)
{
	if (strcmp(arg, "op") && strcmp(arg, "ring") && strcmp(arg, "file") && strcmp(arg, "pid"))
		return complain("--by %s: not one of op, ring, file, pid", arg), EXIT_USAGE;
	c->by = arg;
	return EXIT_DONE;
}

static int set_interval(struct choices *c, const char *arg)
{
	return interval_parse(arg, &c->every)
		       ? EXIT_DONE
		       : (complain("--interval %s: not a number of seconds from 0.1 to 3600", arg), EXIT_USAGE);
}

static int set_buffer(struct choices *c, const char *arg)
{
	const uint64_t most = 1u << 30, least = 1u << 14; /* of an event with all its data there are several */
	uint64_t v;

	if (!bytes(arg, &v) || v < least || v > most)
		return complain("--buffer %s: not a size from 16K to 1G", arg), EXIT_USAGE;
	c->buffer = (size_t)v;
	return EXIT_DONE;
}

static const struct {
	const char *name;
	int (*set)(struct choices *c, const char *arg); /* NULL: flag is set */
	size_t flag;
} setters[] = {
	{"pid", set_pid, 0},
	{"fd", set_fd, 0},
	{"ring", set_ring, 0},
	{"data", set_data, 0},
	{"max-requests", set_max_requests, 0},
	{"max-files", set_max_files, 0},
	{"max-memory", set_max_memory, 0},
	{"max-text", set_max_text, 0},
	{"source", set_source, 0},
	{"color", set_color, 0},
	{"from", set_from, 0},
	{"delay", set_delay, 0},
	{"iterations", set_iterations, 0},
	{"sort", set_sort, 0},
	{"filter", set_filter, 0},
	{"for", set_for, 0},
	{"output", set_output, 0},
	{"time", set_time, 0},
	{"relative", set_relative, 0},
	{"buffer", set_buffer, 0},
	{"expression", set_expression, 0},
	{"chrome", set_chrome, 0},
	{"by", set_by, 0},
	{"interval", set_interval, 0},
	{"summary", NULL, offsetof(struct choices, summary)},
	{"hist", NULL, offsetof(struct choices, histogram)},
	{"json", NULL, offsetof(struct choices, json)},
	{"help", NULL, offsetof(struct choices, help)},
	{"version", NULL, offsetof(struct choices, version)},
	{"batch", NULL, offsetof(struct choices, batch)},
	{"tree", NULL, offsetof(struct choices, tree)},
	{"ascii", NULL, offsetof(struct choices, ascii)},
};

static int set(struct choices *c, const struct option_row *o, const char *arg)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		if (strcmp(setters[i].name, o->name))
			continue;
		if (setters[i].set)
			return setters[i].set(c, arg);
		*(bool *)((char *)c + setters[i].flag) = true;
	}
	return EXIT_DONE;
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

/* "dump: ", nothing where the program has no commands. */
static const char *prefix(const struct command *cmd)
{
	static char text[32];

	snprintf(text, sizeof(text), "%s%s", cmd->name ? cmd->name : "", cmd->name ? ": " : "");
	return text;
}

int options_parse(const struct command *cmd, int argc, char **argv, struct choices *c)
{
	struct option longs[32] = {0};
	char letters[64] = "+:", *l = letters + 2;
	size_t n = 0;
	int got, at, err = EXIT_DONE;

	*c = (struct choices){.fd = -1,
		.max_requests = 1000,
		.max_files = 4096,
		.max_memory = BUDGET_BYTES,
		.max_text = MOST_TEXT,
		.sources = SOURCE_ALL,
		.color = "auto"};
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
		complain("%s%s: %s ('%s --help' lists the options)", prefix(cmd), argv[at < argc ? at : argc - 1],
			got == ':' ? "an argument is missing" : "no such option", cmd->call);
		err = EXIT_USAGE;
	}
	if (cmd->takes_command && optind < argc)
		c->rest = argv + optind;
	else if (!err && optind < argc) {
		complain("%s%s: not expected here ('%s --help' says what is)", prefix(cmd), argv[optind], cmd->call);
		err = EXIT_USAGE;
	}
	return err;
}

void choices_free(struct choices *c)
{
	free(c->pids);
	free(c->froms);
	arena_free(&c->arena);
}
