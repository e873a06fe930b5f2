/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uringtop: options, then a loop that waits for keys, frames and signals. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "collect.h"
#include "kbtf.h"
#include "screen.h"
#include "version.h"

/* clang-format off */
static const struct option_row uringtop_options[] = {
	{'p', "pid", "PID", "only the rings that this process holds; may be given several times"},
	{'d', "delay", "SECONDS", "look so often: 0.1 to 3600 (1)"},
	{'b', "batch", NULL, "print text instead of taking the terminal"},
	{'n', "iterations", "N", "end after so many looks (with --batch)"},
	{0, "from", "FILE", "show a file of uringctl dump --json; several are walked through in their order in time"},
	{0, "sort", "COLUMN", "sort by this column; 'help' lists them"},
	{0, "filter", "TEXT", "show only the rings whose row has this text"},
	{0, "tree", NULL, "show rings below the processes that hold them"},
	{0, "source", "LIST", "only these sources: proc, memory, kernel (default: all that work)"},
	{0, "color", "WHEN", "auto (NO_COLOR is honoured), always or never"},
	{0, "ascii", NULL, "draw with ASCII alone"},
	{'h', "help", NULL, "say what this program does, and its keys"},
	{'V', "version", NULL, "say which version this is"},
	{0, NULL, NULL, NULL}};

static const struct command uringtop = {NULL, "uringtop", "uringtop [-p PID]... [-d SECONDS] | uringtop --from FILE... | uringtop --batch [-n N]",
	"Shows io_uring rings live: how full their queues are and what is in them, how fast they work, what is in flight and\n"
	"where it waits, SQPOLL threads, io-wq workers, restrictions, owners and holders. Reads only.", uringtop_options, false, NULL};
/* clang-format on */

static void print_help(void)
{
	struct buf keys = {0}, b = {0};

	options_help(&uringtop);
	keys_text(&keys);
	buf_puts(&b, "\nKeys:\n");
	for (char *s = keys.data, *tab; (tab = strchr(s, '\t')); s = strchr(tab, '\n') + 1) {
		size_t start = b.len;

		buf_puts(&b, "  ");
		buf_put(&b, s, (size_t)(tab - s));
		buf_pad(&b, b.len - start < 16 ? 16 - (b.len - start) : 1);
		buf_put(&b, tab + 1, strcspn(tab + 1, "\n") + 1);
	}
	put_out(&b);
	buf_free(&b);
	buf_free(&keys);
}

/* --- what is looked at ---------------------------------------------------------------------------------------------- */

/* Is none of the named processes to be had, nor any ring of theirs? */
static bool nothing_of_them(const struct choices *c, const struct frame *f)
{
	return c->n_pids && !f->doc.n_rings && snap_missing(f->doc.skipped, f->doc.n_skipped) >= c->n_pids;
}

/* Says why named processes cannot be had. True: none of them can. */
static bool none_of_them(const struct choices *c, const struct frame *f)
{
	for (size_t i = 0; i < f->doc.n_skipped; i++)
		if (f->doc.skipped[i].pid.known && !f->doc.skipped[i].late && c->n_pids)
			complain("pid %d: %s", (int)f->doc.skipped[i].pid.v, f->doc.skipped[i].reason);
	return nothing_of_them(c, f);
}

static void tell_source(const struct choices *o, const struct frame *f)
{
	if (o->chose_sources && o->sources & SOURCE_KERNEL && f->doc.head.kernel_why)
		complain("--source kernel: %s", f->doc.head.kernel_why);
}

/* Says what was asked for and is not to be had, by the first look. False: there is nothing to show. */
static bool is_worth_it(const struct choices *o, const struct frame *f)
{
	tell_source(o, f);
	return !none_of_them(o, f);
}

/* All files, or -1 after it has said which is not to be had. */
static int read_files(const struct choices *c, struct top *t)
{
	struct frame **frames = xrealloc(NULL, c->n_froms * sizeof(*frames));
	size_t n = 0;
	int err = 0;

	while (n < c->n_froms && !err) {
		struct frame *f = frame_new(false);
		const char *why = read_document(&f->arena, c->froms[n], &f->doc);

		if (why) {
			complain("%s: %s", c->froms[n], why);
			frame_free(f);
			err = -1;
			break;
		}
		f->name = c->froms[n];
		f->at = frame_time(f->doc.head.time);
		frames[n++] = f;
	}
	if (!err)
		top_files(t, frames, n);
	for (size_t i = 0; err && i < n; i++)
		frame_free(frames[i]);
	free(frames);
	return err;
}

/* --- text for logs -------------------------------------------------------------------------------------------------- */

static int print_frame(struct top *t, const struct choices *c)
{
	const char *columns = getenv("COLUMNS");
	int width = c->style.width ? (int)c->style.width : columns && atoi(columns) > 0 ? atoi(columns) : 200;
	struct buf b = {0};
	int err;

	top_text(t, width > 20 ? width < 2000 ? width : 2000 : 20, &b);
	err = put_out(&b);
	buf_free(&b);
	return err;
}

static int batch_files(struct top *t, const struct choices *c)
{
	for (size_t i = 0; i < c->n_froms && (!c->iterations || i < c->iterations); i++) {
		struct buf blank = {0};

		buf_puts(&blank, i ? "\n" : "");
		if (put_out(&blank) || print_frame(t, c)) {
			buf_free(&blank);
			return EXIT_FAILED;
		}
		buf_free(&blank);
		top_key(t, ']');
	}
	return EXIT_DONE;
}

static int batch(struct top *t, struct collector *k, const struct choices *c)
{
	struct frame *f = collector_look(k);
	struct timespec due;

	if (!f)
		no_look(errno);
	if (!f || !is_worth_it(c, f)) {
		frame_free(f);
		return EXIT_FAILED;
	}
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (uint64_t i = 1;; i++) {
		double interval = top_config(t)->interval;
		bool over;

		top_frame(t, f);
		if (print_frame(t, c))
			return EXIT_FAILED;
		/* processes that were named and have all ended bring no more */
		over = nothing_of_them(c, f);
		if (over || (c->iterations && i >= c->iterations))
			return EXIT_DONE;
		top_key(t, 'X');
		due.tv_sec += (time_t)interval;
		due.tv_nsec += (long)((interval - (double)(time_t)interval) * 1e9);
		if (due.tv_nsec >= 1000000000) {
			due.tv_sec++;
			due.tv_nsec -= 1000000000;
		}
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		f = collector_look(k);
		if (!f) {
			no_look(errno);
			return EXIT_FAILED;
		}
		if (put_out(&(struct buf){.data = (char[]){"\n"}, .len = 1}))
			return EXIT_FAILED;
	}
}

/* --- the screen ----------------------------------------------------------------------------------------------------- */

static enum palette palette_of(const struct top *t, const struct choices *c)
{
	enum palette chosen = top_config(t)->palette;
	const char *no = getenv("NO_COLOR");
	int colors = screen_colors();

	/* the command line, then the environment, then the setup */
	if (!strcmp(c->color, "never") || (!strcmp(c->color, "auto") && no && *no) || colors < 8)
		return PALETTE_NONE;
	if (chosen == PALETTE_NONE && strcmp(c->color, "always"))
		return PALETTE_NONE;
	return colors >= 256 && chosen != PALETTE_8 ? PALETTE_256 : PALETTE_8;
}

static void draw(struct top *t, struct grid *g, const struct choices *c)
{
	int rows, cols, y = 0, x = 0;
	bool cursor;

	screen_size(&rows, &cols);
	grid_clear(g, rows, cols);
	top_draw(t, g);
	cursor = top_cursor(t, &y, &x);
	screen_show(g, palette_of(t, c), cursor, y, x);
}

/* All keys that are there. -1: the terminal is gone. */
static int take_keys(struct top *t, struct grid *g)
{
	int key, y, x, n = 0;

	/* what is pasted is drawn now and then */
	while (n++ < 200 && (key = screen_key(&y, &x)) != 0) {
		if (key < 0)
			return -1;
		if (key >= K_CLICK && key <= K_WHEEL_DOWN)
			top_click(t, key, y, x);
		else
			top_key(t, key);
		/* a key acts on what is to be seen, so that is brought up to date before the next */
		top_draw(t, g);
		if (top_quits(t))
			break;
	}
	return 0;
}

/* Tells the collector what was changed. */
struct collector_knows {
	double interval;
	bool frozen;
};

static void tell(struct collector_knows *was, struct collector *k, const struct top *t)
{
	if (!k)
		return;
	if (was->interval != top_config(t)->interval)
		collector_interval(k, top_config(t)->interval, false);
	if (was->frozen != top_frozen(t)) {
		collector_pause(k, top_frozen(t));
		if (!top_frozen(t))
			collector_interval(k, top_config(t)->interval, true);
	}
	*was = (struct collector_knows){top_config(t)->interval, top_frozen(t)};
}

/* The signal that ends the program, 0 if it is none of those. */
static int take_signal(int fd, const struct top *t, struct collector *k)
{
	struct signalfd_siginfo s;

	while (read(fd, &s, sizeof(s)) == sizeof(s)) {
		switch (s.ssi_signo) {
		case SIGWINCH:
			screen_resize();
			break;
		case SIGTSTP:
			if (k)
				collector_pause(k, true);
			screen_suspend();
			if (k)
				collector_pause(k, top_frozen(t));
			break;
		case SIGCONT:
			screen_again();
			break;
		default:
			return (int)s.ssi_signo;
		}
	}
	return 0;
}

/* What the collector has. first: nothing of it was shown before. False: there is nothing to show, and it has to be said. */
static bool take_frame(struct top *t, struct collector *k, const struct choices *c, bool *first)
{
	int err = 0;
	struct frame *f = collector_take(k, &err);

	if (err == ECHILD)
		top_say(t, "the process that looks at the machine had ended: it was started again");
	else if (err && collector_fd(k) < 0)
		top_say(t, "no process can be started to look at the machine");
	else if (err)
		top_say(t, err == EAGAIN || err == ENOMEM ? "no process can be started to look at the machine"
							  : "/proc could not be read");
	if (!f)
		return true;
	if (*first && nothing_of_them(c, f)) {
		top_frame(t, f);
		return false;
	}
	*first = false;
	top_frame(t, f);
	return true;
}

/* Returns the signal that ended it, -1: the terminal is gone, 0: the user did, -2: there is nothing to show. */
static int loop(struct top *t, struct collector *k, const struct choices *c, int signals, bool first)
{
	struct pollfd p[3] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}, {k ? collector_fd(k) : -1, POLLIN, 0}};
	struct collector_knows told = {top_config(t)->interval, false};
	struct grid g = {0};
	int sig = 0;

	while (!top_quits(t) && !sig) {
		draw(t, &g, c);
		/* without a collector another is tried for now and then */
		bool without = k && collector_fd(k) < 0;

		if (poll(p, 3, without ? 1000 : -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents)
			sig = take_signal(signals, t, k);
		if (!sig && p[0].revents && take_keys(t, &g))
			sig = -1;
		if (!sig && k && (p[2].revents || without) && !take_frame(t, k, c, &first))
			sig = -2;
		p[2].fd = k ? collector_fd(k) : -1;
		tell(&told, k, t);
	}
	grid_free(&g);
	return sig;
}

/* *ended_by: the signal that has ended it, else 0. */
static int interactive(struct top *t, struct collector *k, const struct choices *c, bool first, int *ended_by)
{
	struct arena a = {0};
	const char *why;
	sigset_t ours;
	int signals, sig;

	sigemptyset(&ours);
	sigaddset(&ours, SIGWINCH);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGQUIT);
	sigaddset(&ours, SIGTSTP);
	sigaddset(&ours, SIGCONT);
	pthread_sigmask(SIG_BLOCK, &ours, NULL);
	signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	why = screen_open(&a);
	if (why) {
		complain("%s", why);
		arena_free(&a);
		close(signals);
		return EXIT_FAILED;
	}
	sig = loop(t, k, c, signals, first);
	screen_close();
	close(signals);
	if (sig == -2)
		is_worth_it(c, top_shown(t));
	else if (first && top_shown(t))
		tell_source(c, top_shown(t));
	arena_free(&a);
	*ended_by = sig > 0 ? sig : 0;
	return sig ? EXIT_FAILED : EXIT_DONE;
}

/* Who waits for us learns what ended us. */
static void end_by(int sig)
{
	sigset_t it;

	sigemptyset(&it);
	sigaddset(&it, sig);
	signal(sig, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &it, NULL);
	raise(sig);
}

/* --- the command line ----------------------------------------------------------------------------------------------- */

/* What the configuration file says, then what the command line says. */
static int configure(struct arena *a, const struct choices *c, struct top_options *o)
{
	config_default(&o->config);
	o->config_file = config_path(a);
	if (o->config_file)
		o->config_broken = config_load(a, o->config_file, &o->config);
	if (o->config_broken)
		complain("%s: %s (it is passed over, and not overwritten)", o->config_file, o->config_broken);
	if (c->delay > 0)
		o->config.interval = c->delay;
	o->config.tree |= c->tree;
	if (c->ascii)
		o->config.charset = CHARSET_ASCII;
	o->filter = c->filter;
	o->pids = c->pids;
	o->n_pids = c->n_pids;
	o->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (c->sort) {
		int n = column_number(c->sort);

		if (n < 0) {
			complain("--sort %s: no such column ('uringtop --sort help' lists them)", c->sort);
			return EXIT_USAGE;
		}
		o->config.sort = (size_t)n;
		o->config.ascending = false;
	}
	return EXIT_DONE;
}

/* The collector is at work before there is a screen; what it has found by then is shown first, and the screen waits for no more. */
static int begin(struct top *t, struct collector *k, const struct choices *c, bool *first)
{
	enum { PATIENCE_MS = 150 };
	int err = -collector_start(k);
	struct pollfd p = {collector_fd(k), POLLIN, 0};
	struct frame *f;

	if (err) {
		complain("no process can be started: %s", strerror(err));
		return EXIT_FAILED;
	}
	if (poll(&p, 1, PATIENCE_MS) < 1)
		return EXIT_DONE;
	f = collector_take(k, &err);
	if (!f) {
		no_look(err);
		return EXIT_FAILED;
	}
	*first = false;
	if (!is_worth_it(c, f)) {
		frame_free(f);
		return EXIT_FAILED;
	}
	top_frame(t, f);
	return EXIT_DONE;
}

static int run(const struct choices *c)
{
	/* a screen does not wait so long: whoever has not answered is shown as such, and asked again for the next */
	struct collect_options co = {.pids = c->pids, .n_pids = c->n_pids, .deadline = c->batch ? 1 : 0.15};
	struct top_options o = {0};
	struct collector *k = NULL;
	struct arena a = {0};
	struct top *t;
	size_t stuck;
	pid_t one = 0;
	bool first = true;
	int err = configure(&a, c, &o), sig = 0;

	if (err) {
		arena_free(&a);
		return err;
	}
	t = top_new(&o);
	co.interval = top_config(t)->interval;
	co.build = (struct build_options){.sources = c->sources,
		.max_requests = c->max_requests,
		.max_files = c->max_files,
		.max_memory = c->max_memory};
	if (!c->n_froms)
		k = collector_new(&co);
	if (!c->n_froms && !k) {
		no_look(errno);
		err = EXIT_FAILED;
	} else if (k && !c->batch && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		err = begin(t, k, c, &first);
	} else if (c->n_froms) {
		err = read_files(c, t) ? EXIT_FAILED : EXIT_DONE;
	}
	if (!err && c->batch)
		err = c->n_froms ? batch_files(t, c) : batch(t, k, c);
	else if (!err)
		err = interactive(t, k, c, first, &sig);
	stuck = collector_free(k, &one);
	tell_stuck(stuck, one);
	top_free(t);
	arena_free(&a);
	kbtf_free();
	if (sig)
		end_by(sig);
	return err;
}

int main(int argc, char **argv)
{
	struct choices c;
	int err;

	fill_standard_descriptors();
	helpers_note_descriptors();
	raise_descriptor_limit();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
	signal(SIGCHLD, SIG_DFL); /* the end of children is waited for */
	err = options_parse(&uringtop, argc, argv, &c);
	if (!err && c.help) {
		print_help();
	} else if (!err && c.version) {
		err = put_out(&(struct buf){
			      .data = (char[]){"uringtop " VERSION "\n"}, .len = strlen("uringtop " VERSION "\n")})
			      ? EXIT_FAILED
			      : EXIT_DONE;
	} else if (!err && c.sort && !strcmp(c.sort, "help")) {
		struct buf b = {0};

		column_names(&b);
		err = put_out(&b) ? EXIT_FAILED : EXIT_DONE;
		buf_free(&b);
	} else if (!err && c.n_froms && (c.n_pids || c.chose_sources)) {
		complain("--from: shows what is in the file, so --pid and --source mean nothing with it");
		err = EXIT_USAGE;
	} else if (!err && c.iterations && !c.batch) {
		complain("--iterations: says how often --batch prints, and nothing without it");
		err = EXIT_USAGE;
	} else if (!err && !c.n_froms && !enough_descriptors()) {
		err = EXIT_FAILED;
	} else if (!err) {
		err = run(&c);
	}
	choices_free(&c);
	return err;
}
