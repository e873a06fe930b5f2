/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uringctl trace: starts or finds what is to be traced, and prints what goes by. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "kernel.h"
#include "passes.h"
#include "proc.h"
#include "show.h"
#include "stop.h"
#include "summary.h"
#include "tracetext.h"

enum { EXIT_NOT_FOUND = 127, EXIT_NOT_RUN = 126 };

/*
 * What may still be printed when the trace is to end, seconds: after a signal, since somebody waits for that; after --for. And how long a
 * command has to follow the signal that it is sent.
 */
static const double AFTER_SIGNAL = 0.04, AFTER_FOR = 0.25, COMMAND_FOLLOWS = 0.03;
/* Descriptors that are kept for everything but the ends of processes. */
enum { SPARE_DESCRIPTORS = 16 };

struct tracing {
	const struct choices *c;
	struct helpers *h;
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
	size_t unwritten;      /* bytes, since the time was over */
	double end;	       /* of --for, 0: none */
	double last;	       /* nothing more is printed then, 0: no such time is set */
	bool signalled, late;
	uint64_t skipped; /* events that there was no time for; all: that is all of them */
	bool skipped_all;
	uint64_t unfinished;	 /* requests that there was no time to print at the end */
	uint64_t ctx, user_data; /* of the request before, if it was shown */
	struct trace_chrome *chrome;
	struct summary summary;
	enum summary_by by;
	bool counted; /* by the kernel */
	double next;  /* when the next table is due */
	struct arena words;
	pid_t child; /* the command, 0: none */
	int signals; /* of children that have ended */
	sigset_t mask;
	size_t living;	    /* whose end is waited for, but for the command */
	int news;	    /* an epoll of these and of signals */
	uint64_t unwatched; /* whose end cannot be waited for */
	int unwatched_why;  /* errno of the first of these */
	bool blind;	    /* among them are such as were named */
};

static bool stop_is_wanted(void)
{
	return stop_signal() != 0;
}

/* --- output ------------------------------------------------------------------------------------------------------------- */

/* Is the time over for printing, too? */
static bool too_late(struct tracing *x)
{
	if (stop_signal() && !x->signalled) {
		x->signalled = true;
		x->last = clock_now() + AFTER_SIGNAL;
	}
	if (!x->late && x->last > 0 && clock_now() >= x->last)
		x->late = true;
	return x->late;
}

static void flush(struct tracing *x)
{
	size_t done = 0;

	while (!x->failed && done < x->out.len) {
		ssize_t n = write(x->out_fd, x->out.data + done, x->out.len - done);

		if (n < 0 && errno == EINTR) {
			if (!too_late(x))
				continue;
			x->failed = ETIMEDOUT;
			x->unwritten = x->out.len - done;
		} else if (n <= 0)
			x->failed = n ? errno : EIO;
		else
			done += (size_t)n;
	}
	x->out.len = 0;
}

/* Is it asked for? Lines that are no requests stand beside requests only if nothing is asked for that only these can have. */
static bool shown(struct tracing *x, const struct trace_item *i)
{
	const struct trace_filter *f = &x->c->filter_of_requests;
	bool of_that;

	if (i->kind == TRACE_REQUEST) {
		bool takes = trace_filter_takes(f, &i->r);

		x->ctx = takes ? i->r.ctx : 0;
		x->user_data = i->r.user_data;
		return takes;
	}
	if (i->kind == TRACE_LOST)
		return true;
	/* where the completion comes first, its line could not say that it found no room */
	of_that = i->kind == TRACE_OVERFLOW && i->told && x->ctx == i->over.h.ctx && x->user_data == i->over.user_data;
	if (trace_filter_quiet(f) && i->kind != TRACE_ENTER && !of_that)
		return false;
	return i->kind == TRACE_EXIT || values_take(&f->rings, i->ring);
}

static void print(void *ctx, const struct trace_item *i)
{
	struct tracing *x = ctx;

	if (x->enough || x->failed)
		return;
	if (x->late && i->kind == TRACE_REQUEST) {
		x->unfinished++;
		return;
	}
	if (i->kind == TRACE_LOST && !i->interrupted)
		x->lost += i->lost;
	if (x->c->summary) {
		/* events come only where the kernel cannot count */
		if (i->kind == TRACE_REQUEST && trace_filter_takes(&x->c->filter_of_requests, &i->r))
			summary_count(&x->summary, &i->r, x->by);
		return;
	}
	if (!shown(x, i))
		return;
	if (x->chrome)
		trace_chrome(&x->out, x->chrome, &x->view, i);
	else if (x->c->json)
		trace_json(&x->out, &x->view, i);
	else
		trace_line(&x->out, &x->view, i);
	if (x->out.len > 1 << 17) {
		flush(x);
		too_late(x);
	}
	if (i->kind == TRACE_REQUEST && ++x->requests == x->c->iterations)
		x->enough = true;
}

/* One more whose end is waited for. False: it cannot be. */
static bool watch_process(struct tracing *x, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), err = fd < 0 ? errno : 0;
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
	struct rlimit most;

	if (err == ESRCH)
		return true; /* it has ended */
	/* names of files are looked for, too */
	if (!err && !getrlimit(RLIMIT_NOFILE, &most) && (rlim_t)fd + SPARE_DESCRIPTORS >= most.rlim_cur)
		err = EMFILE;
	if (!err && epoll_ctl(x->news, EPOLL_CTL_ADD, fd, &e))
		err = errno;
	if (!err) {
		x->living++;
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (!x->unwatched++)
		x->unwatched_why = err;
	return false;
}

static void event(void *ctx, const struct ev_head *e, size_t size)
{
	struct tracing *x = ctx;

	if (e->type == EV_FILE) {
		trace_names_event(x->view.names, (const struct ev_file *)e);
		/* at the end its process may be gone, and with it the socket that it is */
		if (x->c->summary)
			trace_file_name(x->view.names, ((const struct ev_file *)e)->number, 0);
	} else if (e->type == EV_FORK)
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
	name = trace_file_name(x->view.names, (uint32_t)k->by, 0);
	if (!name)
		return "(no file)";
	render_file(&b, &x->view.style, TEXT_WORD, name);
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

/* A helper that cannot end yet must not keep the tracing programs in the kernel. */
static void drop_tracer(void *ctx)
{
	struct tracing *x = ctx;

	tracer_close(x->t);
	if (x->signals > 0)
		close(x->signals);
	if (x->news > 0)
		close(x->news);
	if (x->output)
		close(x->out_fd);
}

/* Rings that are there already. -1 after it has said why not. */
static int find_targets(struct tracing *x)
{
	const struct choices *c = x->c;
	const struct trace_filter *f = &c->filter_of_requests;
	struct kernel *k = kernel_open();
	struct snap_skip *late;
	struct arena words = {0};
	struct discovery d;
	bool failed = false, named;
	size_t missing = 0;

	if (discover(&d, x->h, c->pids, c->n_pids, k, true)) {
		no_look(errno);
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
	tell_late(c, x->h, &words, &late, &named);
	arena_free(&words);
	if (failed)
		complain("too many processes or rings");
	return failed || (c->n_pids && missing >= c->n_pids) ? -1 : 0;
}

/* Starts the command, stopped before its first instruction. */
static int start(struct tracing *x, char **argv)
{
	int go[2], why[2];
	sigset_t all, before;
	char byte;
	ssize_t got;
	pid_t pid;
	int err = 0;

	if (pipe2(go, O_CLOEXEC) || pipe2(why, O_CLOEXEC))
		return complain("pipe: %s", strerror(errno)), EXIT_FAILED;
	/* in between the child would do as we do about signals */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return complain("fork: %s", strerror(errno)), EXIT_FAILED;
	if (!pid) {
		stop_release();
		sigprocmask(SIG_SETMASK, &x->mask, NULL);
		restore_descriptor_limit();
		signal(SIGPIPE, SIG_DFL);
		signal(SIGXFSZ, SIG_DFL);
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
	/* the program may be on a file system that does not answer */
	do
		got = read(why[0], &err, sizeof(err));
	while (got < 0 && errno == EINTR && !stop_signal());
	close(why[0]);
	if (got <= 0)
		return EXIT_DONE;
	waitpid(pid, NULL, 0);
	complain("%s: %s", argv[0], err == ENOENT ? "command not found" : strerror(err));
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
}

/* The process that a thread stands for. */
struct thread {
	pid_t tid, process;
};

static void read_process(void *ctx)
{
	struct thread *t = ctx;
	struct arena a = {0};
	int dir = proc_open(t->tid);
	int64_t tgid = dir < 0 ? 0 : proc_status_number(&a, dir, "Tgid");

	t->process = tgid > 0 ? (pid_t)tgid : t->tid;
	arena_free(&a);
	if (dir >= 0)
		close(dir);
}

static pid_t process_of(struct tracing *x, pid_t pid)
{
	struct arena a = arena_shared();
	struct thread *t = arena_alloc(&a, sizeof(*t));

	*t = (struct thread){pid, pid};
	/* one that does not answer is taken for a process, as most are */
	if (!helpers_ask(x->h, read_process, t))
		pid = t->process;
	arena_free(&a);
	return pid;
}

/* What ends the wait besides events. */
static void watch(struct tracing *x)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = x->signals};

	x->news = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(x->news, EPOLL_CTL_ADD, x->signals, &e);
	for (size_t i = 0; i < x->c->n_pids; i++)
		x->blind |= !watch_process(x, process_of(x, x->c->pids[i]));
}

/* Says what was missed since it was last asked for; all but the last time that is not too often. */
static void tell_missed(struct tracing *x, bool last)
{
	struct trace_item i = {.kind = TRACE_LOST, .interrupted = true, .time = (uint64_t)(clock_now() * 1e9)};
	uint64_t missed;

	if (!last && clock_now() - x->looked < 0.1)
		return;
	x->looked = clock_now();
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
		/* a helper that was started meanwhile has it, too: then closing it does not take it out */
		epoll_ctl(x->news, EPOLL_CTL_DEL, e[i].data.fd, NULL);
		close(e[i].data.fd);
		x->living--;
	}
	return !x->living && !x->blind && (x->child < 0 || (!x->child && x->c->n_pids));
}

/* Has the command ended? */
static void take_status(struct tracing *x, int *status)
{
	struct signalfd_siginfo s;

	while (read(x->signals, &s, sizeof(s)) == sizeof(s))
		if (x->child > 0 && waitpid(x->child, status, WNOHANG) == x->child)
			x->child = -1;
}

/* Milliseconds that there is nothing to do at the most, -1: no end is in sight. */
static int wait_for(const struct tracing *x, double left)
{
	double until = left;

	if (x->c->summary && x->c->every > 0)
		until = x->next - clock_now() < until ? x->next - clock_now() : until;
	return until >= 3600 ? -1 : until > 0 ? (int)(until * 1000) + 1 : 0;
}

/* Prints what is in the buffer when the trace has ended, as far as there is time. */
static void drain(struct tracing *x)
{
	struct trace_item rest = {.kind = TRACE_LOST, .late = true};
	bool all;

	tracer_stop(x->t);
	if (x->end > 0)
		x->last = x->end + AFTER_FOR;
	while (!x->enough && !x->failed && !too_late(x) && tracer_drain(x->t, event, x) > 0)
		;
	if (x->enough || (x->failed && x->failed != ETIMEDOUT))
		return;
	rest.lost = tracer_skip(x->t, (uint64_t)((clock_now() + 0.01) * 1e9), &all);
	rest.time = (uint64_t)(clock_now() * 1e9);
	rest.at_least = !all;
	x->skipped = rest.lost;
	x->skipped_all = all;
	if (rest.lost)
		print(x, &rest);
}

/* *status: the command's. */
static void loop(struct tracing *x, int *status)
{
	int idle = 0;

	x->end = x->c->seconds > 0 ? clock_now() + x->c->seconds : 0;
	/* what waits for its output is interrupted then */
	if (x->end > 0) {
		x->last = x->end + AFTER_FOR;
		stop_after(x->c->seconds + AFTER_FOR);
	}
	while (!stop_signal() && !x->enough && !x->failed) {
		bool over = targets_gone(x);
		long got = tracer_drain(x->t, event, x);
		double left = x->end > 0 ? x->end - clock_now() : 3600;

		if (got < 0) {
			complain("the buffer of events cannot be read: %s", strerror((int)-got));
			x->failed = (int)-got;
		}
		if (got > 0)
			tell_missed(x, false);
		else
			flush(x);
		if ((over && got == 0) || left <= 0)
			break;
		if (x->c->summary && x->c->every > 0 && clock_now() >= x->next) {
			table(x);
			buf_putc(&x->out, '\n');
			x->next += x->c->every;
		}
		/* while there is work it comes back each millisecond; then it sleeps until it is woken */
		idle = got ? 0 : idle + 1;
		if (idle < 20 && got < TRACER_AT_ONCE)
			nanosleep(&(struct timespec){0, 500000}, NULL);
		else if (idle >= 20 && !over)
			tracer_wait(x->t, wait_for(x, left), x->news);
		take_status(x, status);
	}
	drain(x);
}

static int64_t clock_offset(void)
{
	struct timespec m, r;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_REALTIME, &r);
	return (r.tv_sec - m.tv_sec) * 1000000000 + (r.tv_nsec - m.tv_nsec);
}

/*
 * The command may go on when enough was seen of it; its status is ours. What ends the trace ends the command that it was for: if that does
 * not follow, it is not waited for. Returns the status to end with.
 */
static int wait_for_command(struct tracing *x, int *status)
{
	struct pollfd p = {x->signals, POLLIN, 0};
	double last = 0;
	int sig = 0;

	while (x->child > 0 && !(sig && clock_now() >= last)) {
		if (stop_signal() && !sig) {
			sig = stop_signal();
			last = clock_now() + COMMAND_FOLLOWS;
			kill(x->child, sig);
		}
		poll(&p, 1, -1);
		take_status(x, status);
	}
	if (x->child > 0) {
		complain("the command goes on (pid %d)", (int)x->child);
		return 128 + sig;
	}
	return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
}

static const char *were(uint64_t n)
{
	return n == 1 ? " was" : "s were";
}

/* What could not be done is said once, and not where it happened. */
static void complain_at_end(struct tracing *x, uint64_t lost)
{
	const char *output = x->output ? x->output : "standard output";

	if (x->failed == ETIMEDOUT)
		complain("%s: is not read, or not fast enough (%zu bytes were not written)", output, x->unwritten);
	else if (x->failed)
		complain("%s: %s (what was written up to there can be read)", output, strerror(x->failed));
	if (lost)
		complain("%llu event%s lost (-b takes a larger buffer)", (unsigned long long)lost, were(lost));
	if (x->skipped)
		complain("%s%llu event%s not shown: the time was over", x->skipped_all ? "" : "at least ",
			(unsigned long long)x->skipped, were(x->skipped));
	if (x->unfinished)
		complain("%llu request%s not shown that had not completed: the time was over",
			(unsigned long long)x->unfinished, were(x->unfinished));
	if (x->missed)
		complain("%llu event%s missed: the tracer's programs were interrupted", (unsigned long long)x->missed,
			were(x->missed));
	if (x->unwatched)
		complain("the ends of %llu processes could not be waited for: %s%s", (unsigned long long)x->unwatched,
			strerror(x->unwatched_why),
			x->unwatched_why == EMFILE ? " (more descriptors are needed: ulimit -Hn)" : "");
}

static int finish(struct tracing *x, int *status)
{
	uint64_t lost = tracer_lost(x->t);
	const struct trace_item rest = {
		.kind = TRACE_LOST, .time = (uint64_t)(clock_now() * 1e9), .lost = lost - x->lost};

	int err;

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
	complain_at_end(x, lost);
	if (x->failed && !(stop_signal() && x->child > 0))
		return EXIT_FAILED;
	err = wait_for_command(x, status);
	/* the status of a command is its own */
	return x->failed || (lost && !x->c->rest) ? EXIT_FAILED : err;
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
	x.next = clock_now() + c->every;
	if (x.output) {
		x.out_fd = open_output(x.output);
		if (x.out_fd < 0)
			return EXIT_FAILED;
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
	x.h = helpers_new(1);
	if (!x.h) {
		no_look(errno);
		if (x.output)
			close(x.out_fd);
		free(x.chrome);
		return EXIT_FAILED;
	}
	x.view.names = trace_names_new(x.h);
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
		helpers_begin_with(x.h, drop_tracer, &x);
		x.p = pairing_new(tracer_exact(x.t), tracer_works(x.t), print, &x);
		if (!tracer_exact(x.t))
			complain("this kernel's completions do not name their requests (5.17 does): pairs are "
				 "approximate");
		err = find_targets(&x) ? EXIT_FAILED : EXIT_DONE;
	}
	/* from here on nobody may wait for a name for so long that events are lost */
	helpers_deadline(x.h, 0.05);
	if (!err) {
		/* up to here a signal ends us as it does anybody */
		sigemptyset(&ours);
		sigaddset(&ours, SIGCHLD);
		sigprocmask(SIG_BLOCK, &ours, &x.mask);
		x.signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
		stop_catch();
		helpers_stop_if(x.h, stop_is_wanted);
		watch(&x);
	}
	if (!err && command)
		err = start(&x, command);
	if (!err) {
		loop(&x, &status);
		err = finish(&x, &status);
	}
	pairing_free(x.p);
	tracer_close(x.t);
	end_helpers(x.h);
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
	if (x.signals > 0)
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
	else if (!err && c.data > CAPTURE_MOST)
		complain("--data %llu: trace shows %d bytes at most", (unsigned long long)c.data, CAPTURE_MOST),
			err = EXIT_USAGE;
	else if (!err && !enough_descriptors())
		err = EXIT_FAILED;
	else if (!err)
		err = trace(&c, command);
	choices_free(&c);
	return err;
}
