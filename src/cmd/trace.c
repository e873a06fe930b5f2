/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uringctl trace: starts or finds what is to be traced, and prints what goes by. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "passes.h"
#include "show.h"
#include "summary.h"
#include "tracetext.h"

enum { EXIT_NOT_FOUND = 127, EXIT_NOT_RUN = 126 };

struct tracing {
	const struct choices *c;
	struct tracer *t;
	struct pairing *p;
	struct trace_view view;
	struct buf out;
	int out_fd;
	const char *output;    /* NULL: standard output */
	uint64_t requests;     /* printed */
	uint64_t lost, missed; /* events, as far as that has been printed */
	double looked;	       /* when that was asked for */
	bool enough;	       /* -n of them */
	int failed;	       /* errno of the output, 0: none */
	struct trace_chrome *chrome;
	struct summary summary;
	enum summary_by by;
	bool counted; /* by the kernel */
	double next;  /* when the next table is due */
	struct arena words;
	pid_t child; /* the command, 0: none */
	int signals;
	size_t living; /* whose end is waited for, but for the command */
	int news;      /* an epoll of these and of signals */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- output ------------------------------------------------------------------------------------------------------------- */

static void flush(struct tracing *x)
{
	size_t done = 0;

	while (!x->failed && done < x->out.len) {
		ssize_t n = write(x->out_fd, x->out.data + done, x->out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			x->failed = n ? errno : EIO;
		else
			done += (size_t)n;
	}
	x->out.len = 0;
}

static void print(void *ctx, const struct trace_item *i)
{
	struct tracing *x = ctx;

	if (x->enough || x->failed)
		return;
	if (i->kind == TRACE_LOST && !i->interrupted)
		x->lost += i->lost;
	if (x->c->summary) {
		/* events come only where the kernel cannot count */
		if (i->kind == TRACE_REQUEST && trace_filter_takes(&x->c->filter_of_requests, &i->r))
			summary_count(&x->summary, &i->r, x->by);
		return;
	}
	if (i->kind == TRACE_REQUEST && !trace_filter_takes(&x->c->filter_of_requests, &i->r))
		return;
	if (x->chrome)
		trace_chrome(&x->out, x->chrome, &x->view, i);
	else if (x->c->json)
		trace_json(&x->out, &x->view, i);
	else
		trace_line(&x->out, &x->view, i);
	if (x->out.len > 1 << 17)
		flush(x);
	if (i->kind == TRACE_REQUEST && ++x->requests == x->c->iterations)
		x->enough = true;
}

/* One more whose end is waited for. */
static void watch_process(struct tracing *x, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return; /* it has ended */
	if (epoll_ctl(x->news, EPOLL_CTL_ADD, fd, &e))
		close(fd);
	else
		x->living++;
}

static void event(void *ctx, const struct ev_head *e, size_t size)
{
	struct tracing *x = ctx;

	if (e->type == EV_FILE)
		trace_names_event(x->view.names, (const struct ev_file *)e);
	else if (e->type == EV_FORK)
		watch_process(x, (pid_t)e->req);
	pairing_event(x->p, e, size);
}

/* --- the summary -------------------------------------------------------------------------------------------------------- */

static const char *ring_name(struct tracing *x, uint64_t ctx)
{
	uint32_t unknown;
	uint64_t id = pairing_ring_id(x->p, ctx, &unknown);

	return id ? arena_printf(&x->words, "ring %llu", (unsigned long long)id)
		  : arena_printf(&x->words, "ring ?%u", (unsigned)unknown);
}

static const char *name_of(void *ctx, const struct sum_key *k)
{
	struct tracing *x = ctx;
	struct buf b = {0};
	const char *name = NULL;

	arena_reset(&x->words);
	if (k->opcode == COUNTED_OVERFLOW)
		return "(CQ overflow)";
	if (!x->c->by || !strcmp(x->c->by, "op"))
		return trace_op_name(&x->view, &(struct trace_request){.opcode = k->opcode});
	if (!strcmp(x->c->by, "ring"))
		return ring_name(x, k->by);
	if (!strcmp(x->c->by, "pid"))
		return arena_printf(&x->words, "pid %llu", (unsigned long long)k->by);
	name = trace_file_name(x->view.names, (uint32_t)k->by, x->c->n_pids ? x->c->pids[0] : 0);
	if (!name)
		return "(no file)";
	render_text(&b, &x->view.style, name, strlen(name));
	name = arena_copy(&x->words, b.data ? b.data : "", b.len);
	buf_free(&b);
	return name;
}

static void table(struct tracing *x)
{
	static const char *const headings[][2] = {
		{"op", "OPCODE"}, {"ring", "RING"}, {"file", "FILE"}, {"pid", "PROCESS"}};
	const char *heading = "OPCODE";

	for (size_t i = 0; x->c->by && i < 4; i++)
		if (!strcmp(headings[i][0], x->c->by))
			heading = headings[i][1];
	if (x->counted)
		tracer_counts(x->t, summary_add, &x->summary);
	summary_print(&x->out, &x->summary, &x->view.style, heading, x->c->histogram, name_of, x);
	flush(x);
}

/* --- what is traced ----------------------------------------------------------------------------------------------------- */

/* Are single rings asked for by their ids? Then the kernel leaves out all others. */
static bool only_rings(const struct trace_filter *f)
{
	return f->rings.set && !f->rings.negated;
}

/* Rings that are there already. -1 after it has said why not. */
static int find_targets(struct tracing *x)
{
	const struct choices *c = x->c;
	const struct trace_filter *f = &c->filter_of_requests;
	struct kernel *k = kernel_open();
	struct discovery d;
	bool failed = false;
	size_t missing = 0;

	if (discover(&d, c->pids, c->n_pids, k, true)) {
		complain("/proc: %s (is it mounted?)", strerror(errno));
		kernel_close(k);
		return -1;
	}
	for (size_t i = 0; i < d.n_skipped; i++) {
		if (!d.skipped[i].named)
			continue;
		complain("pid %d: %s", (int)d.skipped[i].pid, d.skipped[i].reason);
		missing++;
	}
	for (size_t i = 0; i < d.n_rings; i++) {
		const struct found_ring *r = &d.rings[i];
		const struct ring_key key = {r->file, r->ctx, r->inode};
		struct ring_base base = {0};
		bool asked, ours;

		if (!r->ctx)
			continue;
		asked = values_take(&f->rings, r->id);
		ours = !c->n_pids || r->wanted;
		if (only_rings(f) ? asked && ours : !asked || (c->n_pids && ours))
			failed |= tracer_ring(x->t, r->ctx, asked) != 0;
		if (!kernel_ring(k, &key, &base))
			pairing_ring(x->p, r->ctx, r->id, base.flags);
	}
	for (size_t i = 0; i < c->n_pids && !only_rings(f); i++)
		failed |= tracer_target(x->t, c->pids[i]) != 0;
	discovery_free(&d);
	kernel_close(k);
	if (failed)
		complain("too many processes or rings");
	return failed || (c->n_pids && missing >= c->n_pids) ? -1 : 0;
}

/* Starts the command, stopped before its first instruction. */
static int start(struct tracing *x, char **argv)
{
	int go[2], why[2];
	char byte;
	ssize_t got;
	pid_t pid;
	int err = 0;

	if (pipe2(go, O_CLOEXEC) || pipe2(why, O_CLOEXEC))
		return complain("pipe: %s", strerror(errno)), EXIT_FAILED;
	pid = fork();
	if (pid < 0)
		return complain("fork: %s", strerror(errno)), EXIT_FAILED;
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			execvp(argv[0], argv);
		err = errno;
		if (write(why[1], &err, sizeof(err)) < 0)
			_exit(EXIT_NOT_RUN);
		_exit(EXIT_NOT_FOUND);
	}
	x->child = pid;
	close(go[0]);
	close(why[1]);
	tracer_target(x->t, pid);
	if (write(go[1], "", 1) < 0)
		err = errno;
	close(go[1]);
	got = read(why[0], &err, sizeof(err));
	close(why[0]);
	if (got <= 0)
		return EXIT_DONE;
	waitpid(pid, NULL, 0);
	complain("%s: %s", argv[0], err == ENOENT ? "command not found" : strerror(err));
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
}

/* What ends the wait besides events. */
static void watch(struct tracing *x)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = x->signals};

	x->news = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(x->news, EPOLL_CTL_ADD, x->signals, &e);
	for (size_t i = 0; i < x->c->n_pids; i++)
		watch_process(x, x->c->pids[i]);
}

/* Says what was missed since it was last asked for; all but the last time that is not too often. */
static void tell_missed(struct tracing *x, bool last)
{
	struct trace_item i = {.kind = TRACE_LOST, .interrupted = true, .time = (uint64_t)(now() * 1e9)};
	uint64_t missed;

	if (!last && now() - x->looked < 0.1)
		return;
	x->looked = now();
	missed = tracer_missed(x->t);
	i.lost = missed - x->missed;
	x->missed = missed;
	if (i.lost)
		print(x, &i);
}

/* --- the loop ----------------------------------------------------------------------------------------------------------- */

/* Has everybody ended who is to be traced, the command's children included? */
static bool targets_gone(struct tracing *x)
{
	struct epoll_event e[32];
	int n = epoll_wait(x->news, e, 32, 0);

	for (int i = 0; i < n; i++) {
		if (e[i].data.fd == x->signals)
			continue;
		close(e[i].data.fd);
		x->living--;
	}
	return !x->living && (x->child < 0 || (!x->child && x->c->n_pids));
}

static int interrupted(struct tracing *x, int *status)
{
	struct signalfd_siginfo s;
	int sig = 0;

	while (read(x->signals, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo != SIGCHLD)
			sig = (int)s.ssi_signo;
		else if (x->child && waitpid(x->child, status, WNOHANG) == x->child)
			x->child = -1;
	}
	return sig;
}

/* Milliseconds that there is nothing to do at the most, -1: no end is in sight. */
static int wait_for(const struct tracing *x, double left)
{
	double until = left;

	if (x->c->summary && x->c->every > 0)
		until = x->next - now() < until ? x->next - now() : until;
	return until >= 3600 ? -1 : until > 0 ? (int)(until * 1000) + 1 : 0;
}

/* Returns the signal that ended it, 0: something else did. *status: the command's. */
static int loop(struct tracing *x, int *status)
{
	double end = x->c->seconds > 0 ? now() + x->c->seconds : 0;
	int sig = 0, idle = 0;

	while (!sig && !x->enough && !x->failed) {
		bool over = targets_gone(x);
		long got = tracer_drain(x->t, event, x);
		double left = end > 0 ? end - now() : 3600;

		if (got > 0)
			tell_missed(x, false);
		else
			flush(x);
		if ((over && got == 0) || left <= 0)
			break;
		if (x->c->summary && x->c->every > 0 && now() >= x->next) {
			table(x);
			buf_putc(&x->out, '\n');
			x->next += x->c->every;
		}
		/* while there is work it comes back each millisecond; then it sleeps until it is woken */
		idle = got ? 0 : idle + 1;
		if (idle < 20)
			nanosleep(&(struct timespec){0, 500000}, NULL);
		else if (!over)
			tracer_wait(x->t, wait_for(x, left), x->news);
		sig = interrupted(x, status);
	}
	tracer_stop(x->t);
	while (!x->enough && !x->failed && tracer_drain(x->t, event, x) > 0)
		;
	return sig;
}

static int64_t clock_offset(void)
{
	struct timespec m, r;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_REALTIME, &r);
	return (r.tv_sec - m.tv_sec) * 1000000000 + (r.tv_nsec - m.tv_nsec);
}

/* The command may go on when enough was seen of it; its status is ours. */
static void wait_for_command(struct tracing *x, int *status)
{
	while (x->child > 0 && waitpid(x->child, status, 0) < 0 && errno == EINTR)
		;
}

static int finish(struct tracing *x, int *status)
{
	uint64_t lost = tracer_lost(x->t);
	const struct trace_item rest = {.kind = TRACE_LOST, .time = (uint64_t)(now() * 1e9), .lost = lost - x->lost};

	tell_missed(x, true);
	/* no event came after these that could have told of them */
	if (rest.lost)
		print(x, &rest);
	pairing_end(x->p);
	if (x->c->summary)
		table(x);
	if (x->chrome)
		trace_chrome_end(&x->out, x->chrome);
	flush(x);
	if (x->failed)
		complain("%s: %s (what was written up to there can be read)", x->output ? x->output : "standard output",
			strerror(x->failed));
	if (lost)
		complain("%llu events were lost (-b takes a larger buffer)", (unsigned long long)lost);
	if (x->missed)
		complain("%llu events were missed: the tracer's programs were interrupted",
			(unsigned long long)x->missed);
	if (x->failed)
		return EXIT_FAILED;
	wait_for_command(x, status);
	return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
}

static int trace(const struct choices *c, char **command)
{
	struct trace_source source = {.all = !c->n_pids && !command && !only_rings(&c->filter_of_requests),
		.filter = &c->filter_of_requests,
		.enter = c->filter_of_requests.enter,
		.fill = c->chrome != NULL,
		.summary = c->summary,
		.buffer = c->buffer,
		.data = (uint32_t)c->data,
		.follow = command != NULL};
	struct tracing x = {.c = c, .out_fd = STDOUT_FILENO, .output = c->chrome ? c->chrome : c->output};
	struct arena a = {0};
	const char *why;
	sigset_t ours;
	int err = EXIT_DONE, status = 0;

	for (int i = 0; c->by && i < 4; i++)
		if (!strcmp(c->by, ((const char *const[]){"op", "ring", "file", "pid"})[i]))
			x.by = source.by = (enum summary_by)i;
	source.files = !c->summary || source.by == SUM_BY_FILE;
	x.next = now() + c->every;
	if (x.output) {
		x.out_fd = open(x.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (x.out_fd < 0)
			return complain("%s: %s", x.output, strerror(errno)), EXIT_FAILED;
	}
	if (c->chrome) {
		x.chrome = xrealloc(NULL, sizeof(*x.chrome));
		memset(x.chrome, 0, sizeof(*x.chrome));
	}
	x.view = (struct trace_view){.style = c->style,
		.clock = c->clock,
		.offset = clock_offset(),
		.data = (uint32_t)c->data,
		.features = kernel_features()};
	/* a file is not the terminal that was looked at */
	x.view.style.color &= !x.output || !strcmp(c->color, "always");
	x.view.names = trace_names_new();
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	x.signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	x.t = tracer_open(&a, &source, &why);
	/* what the kernel does not say has to be put together here: pairs of old kernels, the ids of rings that a command makes */
	if (x.t && source.summary && (!tracer_exact(x.t) || (command && c->filter_of_requests.rings.set))) {
		tracer_close(x.t);
		source.summary = false;
		x.t = tracer_open(&a, &source, &why);
	}
	x.counted = source.summary;
	if (!x.t) {
		complain("%s", why);
		err = EXIT_FAILED;
	} else {
		x.p = pairing_new(tracer_exact(x.t), tracer_works(x.t), print, &x);
		if (!tracer_exact(x.t))
			complain("this kernel's completions do not name their requests (5.17 does): pairs are "
				 "approximate");
		err = find_targets(&x) ? EXIT_FAILED : EXIT_DONE;
	}
	if (!err)
		watch(&x);
	if (!err && command)
		err = start(&x, command);
	if (!err) {
		int sig = loop(&x, &status);

		/* what ends the trace ends the command that it was for */
		if (sig && x.child > 0)
			kill(x.child, sig);
		err = finish(&x, &status);
	}
	pairing_free(x.p);
	tracer_close(x.t);
	trace_names_free(x.view.names);
	arena_free(&x.view.scratch);
	arena_free(&a);
	buf_free(&x.out);
	if (x.news > 0)
		close(x.news);
	free(x.chrome);
	summary_free(&x.summary);
	arena_free(&x.words);
	if (x.output)
		close(x.out_fd);
	close(x.signals);
	return err;
}

int cmd_trace(const struct command *cmd, int argc, char **argv)
{
	struct choices c;
	int err = options_parse(cmd, argc, argv, &c);
	char **command = c.rest;

	if (!err && c.help)
		options_help(cmd);
	else if (!err && command && c.n_pids)
		complain("trace: either processes (-p) or a command"), err = EXIT_USAGE;
	else if (!err)
		err = trace(&c, command);
	choices_free(&c);
	return err;
}
