/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads the programs of trace, tells them what this kernel's tracepoints hand over, and reads what they say. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "trace.h"
#include "tracefilter.h"
#include "uapi.h"

#include "trace.skel.h"

struct tracer {
	struct trace *skel;
	struct ring_buffer *rb;
	bool exact, works;
	enum summary_by by;
	trace_fn fn;
	void *ctx;
	long taken; /* by one call of tracer_drain */
};

static int silence(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* How many arguments the kernel's tracepoint has, -1: there is no such tracepoint. */
static int arguments(const struct btf *btf, const char *name)
{
	char type[64];
	const struct btf_type *t;
	int id;

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;		       /* a pointer */
	t = t && btf_is_ptr(t) ? btf__type_by_id(btf, t->type) : NULL; /* to a function */
	return t && btf_is_func_proto(t) ? btf_vlen(t) - 1 : -1;       /* the first is BPF's own */
}

/* include/trace/events/io_uring.h of 5.10, 5.15, 5.17, 6.1, 6.12 and 7.3: the number of arguments tells which. */
static bool learn_arguments(struct trace *s, const struct btf *btf)
{
	int complete = arguments(btf, "io_uring_complete"), submit = arguments(btf, "io_uring_submit_sqe");
	int async = arguments(btf, "io_uring_queue_async_work"), poll_ = arguments(btf, "io_uring_poll_arm"),
	    work = arguments(btf, "io_uring_task_add"), reg = arguments(btf, "io_uring_register");

	s->rodata->args.submit_req = submit > 2 ? 1 : 0;
	/* (ctx, user_data, res, cflags); (ctx, req, user_data, res, cflags[, extra1, extra2]); (ctx, req, cqe) */
	s->rodata->args.complete_req = complete == 4 ? -1 : 1;
	s->rodata->args.complete_cqe = complete == 3 ? 2 : -1;
	s->rodata->args.complete_extra = complete == 7 ? 5 : -1;
	s->rodata->args.async_req = async == 5 ? 2 : async > 5 ? 1 : async > 0 ? 0 : -1;
	s->rodata->args.poll_req = poll_ > 3 ? 1 : poll_ > 0 ? 0 : -1;
	s->rodata->args.work_req = work == 5 ? 1 : work == 2 ? 0 : -1;
	s->rodata->args.register_ret = reg - 1;
	return s->rodata->args.complete_req >= 0;
}

/* The number that one of the kernel's enumerators has, -1: there is none of that name. */
static int enumerator(const struct btf *btf, const char *name)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const struct btf_enum *e = btf_enum(t);

		/* those that are asked for have no name of their own */
		for (uint16_t i = 0; btf_is_enum(t) && !t->name_off && i < btf_vlen(t); i++)
			if (!strcmp(btf__name_by_offset(btf, e[i].name_off), name))
				return e[i].val;
	}
	return -1;
}

/* include/linux/io_uring_types.h (6.2 to 7.3) */
static void learn_bits(struct trace *s, const struct btf *btf)
{
	int refs = enumerator(btf, "REQ_F_REFCOUNT_BIT"), creds = enumerator(btf, "REQ_F_CREDS_BIT"),
	    timeout = enumerator(btf, "REQ_F_LINK_TIMEOUT_BIT"), polled = enumerator(btf, "REQ_F_POLLED_BIT");

	if (refs < 0 || creds < 0 || timeout < 0 || polled < 0 || refs > 63 || creds > 63 || timeout > 63 ||
		polled > 63)
		return;
	s->rodata->bits.both = 1ull << refs | 1ull << creds;
	s->rodata->bits.creds = 1ull << creds;
	s->rodata->bits.other = 1ull << timeout | 1ull << polled;
}

uint64_t tracer_tick(void)
{
	struct timespec tick;

	/* coarse clocks have the resolution of the tick */
	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) ? 0 : (uint64_t)tick.tv_nsec;
}

/* What to copy for an argument of an opcode. False: nothing. */
static bool capture_of(const struct uapi_arg *a, uint32_t data, struct capture *c)
{
	const bool sized = a->aux == SQE_FILE_INDEX;

	*c = (struct capture){.at = a->at, .len_at = SQE_LEN, .len_size = 4, .unit = 1};
	switch (a->kind) {
	case K_PATH:
	case K_XNAME:
		c->kind = CAPTURE_STRING;
		return true;
	case K_IOVEC:
		c->kind = CAPTURE_IOVEC;
		c->written = a->aux != 0;
		return true;
	case K_MSGHDR:
		c->kind = CAPTURE_MSGHDR;
		c->written = a->aux != 0;
		return true;
	case K_DATA_OUT:
	case K_SENDBUF:
		c->kind = CAPTURE_DATA;
		c->unit = a->kind == K_SENDBUF ? 1 << 5 : 0; /* IORING_SEND_VECTORIZED */
		c->written = true;
		return data || a->kind == K_SENDBUF;
	case K_SOCKADDR:
		c->kind = CAPTURE_BYTES;
		c->len_at = (uint8_t)a->aux;
		c->len_size = sized ? 2 : 8;
		return true;
	case K_TIMESPEC:
		c->kind = CAPTURE_BYTES;
		c->len_size = 0;
		c->unit = 16;
		return true;
	case K_OPEN_HOW:
		c->kind = CAPTURE_BYTES;
		return true;
	case K_FDS:
		c->kind = CAPTURE_BYTES;
		c->unit = 4;
		return true;
	case K_FUTEXV:
		c->kind = CAPTURE_BYTES;
		c->unit = 24;
		return true;
	case K_EPOLL_EVENT:
		c->kind = CAPTURE_BYTES;
		c->len_size = 0;
		c->unit = 12;
		return true;
	default:
		return false;
	}
}

static void learn_captures(struct trace *s, uint32_t data)
{
	for (unsigned op = 0; op < UAPI_OPS; op++) {
		size_t n = 0;

		for (const struct uapi_arg *a = uapi_op(op)->args; a->name && n < CAPTURES; a++) {
			struct capture c;

			if (capture_of(a, data, &c))
				s->rodata->captures[op][n++] = c;
		}
		if (uapi_op(op)->fd == FD_DIR)
			s->rodata->fd_kinds[op] = FD_DIRECTORY;
	}
	s->rodata->fd_kinds[uapi_op_number("CLOSE", 5) & 255] = FD_OPEN;
	/* the form that updates a timeout has a pointer where the plain one has none */
	for (int op = uapi_op_number("TIMEOUT_REMOVE", 14); op >= 0; op = -1)
		s->rodata->captures[op][0] =
			(struct capture){.kind = CAPTURE_BYTES, .at = SQE_OFF, .len_at = SQE_LEN, .unit = 16};
}

/*
 * The pid namespace of this process. A directory of /proc can be made to wait, so it is asked only where the kernel does not tell
 * (PIDFD_GET_PID_NAMESPACE, 6.11, include/uapi/linux/pidfd.h).
 */
static int own_namespace(struct stat *st)
{
	enum { GET_PID_NAMESPACE = _IO(0xff, 5) };
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int ns = pidfd < 0 ? -1 : ioctl(pidfd, GET_PID_NAMESPACE, 0), err;

	err = ns < 0 ? stat("/proc/self/ns/pid", st) : fstat(ns, st);
	if (ns >= 0)
		close(ns);
	if (pidfd >= 0)
		close(pidfd);
	return err;
}

/* Pids as they are here, if this is a pid namespace of its own. */
static void learn_namespace(struct trace *s)
{
	enum { FIRST_PID_NS = 0xeffffffc }; /* PROC_PID_INIT_INO, include/linux/proc_ns.h */
	struct stat st;

	if (own_namespace(&st) || st.st_ino == FIRST_PID_NS)
		return;
	s->rodata->in_namespace = true;
	s->rodata->ns_ino = st.st_ino;
}

/* The inode that all anonymous files share which have none of their own, as rings do up to 5.18. 0: not known. */
static uint64_t shared_inode(void)
{
	struct stat st = {0};
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return 0;
	fstat(fd, &st);
	close(fd);
	return st.st_ino;
}

/* Why it would not load. size: of the buffer. */
static const char *why_not(struct arena *a, int err, size_t size)
{
	enum { ENOUGH_DESCRIPTORS = 64 };
	struct rlimit locked, open;

	if (err == -ENOMEM)
		return arena_printf(a,
			"ENOMEM: the kernel has no memory for a buffer of %zu KiB (-b takes a smaller one)",
			size >> 10);
	/* up to 5.10 maps are locked memory; who may raise the limit has had it raised */
	if (err == -EPERM && !getrlimit(RLIMIT_MEMLOCK, &locked) && locked.rlim_cur != RLIM_INFINITY)
		return arena_printf(a,
			"EPERM: tracing takes CAP_BPF and CAP_PERFMON, and on kernels that count it as locked memory "
			"(up to 5.10) "
			"room for a buffer of %zu KiB (ulimit -l is %llu; -b takes a smaller one)",
			size >> 10, (unsigned long long)locked.rlim_cur >> 10);
	if (err == -EPERM)
		return "EPERM: tracing takes CAP_BPF and CAP_PERFMON";
	/* libbpf goes on without what it has no descriptor for, and fails later for another reason */
	if (!getrlimit(RLIMIT_NOFILE, &open) && (err == -EMFILE || open.rlim_cur < ENOUGH_DESCRIPTORS))
		return arena_printf(a, "EMFILE: tracing takes some %d descriptors (ulimit -n allows %llu)",
			ENOUGH_DESCRIPTORS, (unsigned long long)open.rlim_cur);
	return arena_printf(a, "%s: the kernel would not load the BPF programs",
		strerrorname_np(-err) ? strerrorname_np(-err) : "?");
}

static bool ends_with(const char *s, const char *end)
{
	return strlen(s) > strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

static bool one_of(const char *name, const char *const *names)
{
	while (*names && strcmp(name, *names))
		names++;
	return *names;
}

/* Is this program wanted? typed: a pointer can be given its type (6.2), and the program that does so takes the place of the plain one. */
static bool wanted(const struct trace_source *o, const struct trace *s, const char *name, bool typed)
{
	static const char *const always[] = {"register_", "queue_async_work", "poll_arm", "task_add", "create", NULL};
	static const char *const plain[] = {"submit_req", "complete", "count_submit_req", "count_complete", NULL};
	static const char *const enter[] = {"sys_enter", "sys_exit", NULL};

	if (one_of(name, enter))
		return o->enter;
	if (!strcmp(name, "process_exit"))
		return !o->all;
	if (!strcmp(name, "process_fork"))
		return !o->all && o->follow;
	if (!strcmp(name, "task_add") && s->rodata->args.work_req < 0)
		return false;
	/* a request's flags tell more */
	if (!strcmp(name, "queue_async_work") && s->rodata->bits.both)
		return false;
	if (one_of(name, always))
		return true;
	return !strncmp(name, "count_", 6) == o->summary &&
	       (ends_with(name, "_fast") ? typed : !typed || !one_of(name, plain));
}

/* The wanted ones, among those that this kernel has tracepoints for. */
static void choose(struct trace *s, const struct trace_source *o, const struct btf *btf, bool typed)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, s->obj)
	{
		const char *tp = strchr(bpf_program__section_name(p), '/') + 1;

		bpf_program__set_autoload(p, arguments(btf, tp) >= 0 && wanted(o, s, bpf_program__name(p), typed));
	}
}

static int one(void *ctx, void *data, size_t size)
{
	struct tracer *t = ctx;

	if (t->fn)
		t->fn(t->ctx, data, size);
	return ++t->taken < TRACER_AT_ONCE ? 0 : -EAGAIN;
}

struct tracer *tracer_open(struct arena *a, const struct trace_source *o, const char **why)
{
	/* of what is counted few events remain */
	size_t size = o->buffer ? o->buffer : o->summary ? 1u << 20 : 64u << 20, power = (size_t)sysconf(_SC_PAGESIZE);
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct tracer *t = xrealloc(NULL, sizeof(*t));
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t id;
	int err;

	*t = (struct tracer){0};
	*why = kernel_why_not(a);
	libbpf_set_print(silence);
	if (!*why && (!btf || arguments(btf, "io_uring_complete") < 0))
		*why = "this kernel has no tracepoints of io_uring (CONFIG_TRACEPOINTS), or no BTF that describes them";
	if (*why) {
		btf__free(btf);
		free(t);
		return NULL;
	}
	if (bpf_btf_get_next_id(0, &id) && errno == EPERM)
		opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	t->skel = trace__open_opts(&opts);
	if (t->skel) {
		bool typed = btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;

		while (power < size && power < 1u << 30)
			power *= 2;
		bpf_map__set_max_entries(t->skel->maps.events, (uint32_t)power);
		t->exact = learn_arguments(t->skel, btf);
		t->works = arguments(btf, "io_uring_local_work_run") >= 0 ||
			   arguments(btf, "io_uring_task_work_run") >= 0;
		learn_bits(t->skel, btf);
		learn_captures(t->skel, o->data);
		learn_namespace(t->skel);
		t->skel->rodata->all = o->all;
		/* what the summary counts has no lines */
		t->skel->rodata->quiet = o->summary || (o->filter && trace_filter_quiet(o->filter));
		t->skel->rodata->anon_ino = shared_inode();
		t->skel->rodata->counting = o->summary;
		t->skel->rodata->cpus = (uint32_t)libbpf_num_possible_cpus();
		t->skel->rodata->self = (uint32_t)getpid();
		t->skel->rodata->data_len = o->data > CAPTURE_MOST ? CAPTURE_MOST : o->data;
		t->skel->rodata->want_files = o->files;
		t->skel->rodata->want_fill = o->fill;
		t->skel->rodata->pick_ops = o->filter && o->filter->ops_set;
		t->skel->rodata->count_by = o->by;
		/* whoever asks for latencies has each measured */
		if (!o->filter || !(o->filter->results.lat_least || o->filter->results.lat_most))
			t->skel->rodata->tick_ns = tracer_tick();
		t->skel->rodata->measured_in_tick = (uint32_t)(tracer_tick() * MEASURED_ALL / 1000000000);
		/* up to 5.16 a completion names no request: what was done with its submission does not show */
		if (t->exact && o->filter) {
			t->skel->rodata->wanted_fds = o->filter->fds;
			t->skel->rodata->wanted = o->filter->results;
			t->skel->rodata->holding = typed && !o->summary && o->filter->results_set;
		}
		if (!t->skel->rodata->holding)
			bpf_map__set_max_entries(t->skel->maps.held, 1);
		t->by = o->by;
		for (int i = 0; i < 256; i++) {
			t->skel->rodata->op_wanted[i] = o->filter && o->filter->ops[i];
			t->skel->rodata->op_bytes[i] = uapi_op_moves_bytes((unsigned)i);
			t->skel->rodata->op_polls[i] = uapi_op_polls((unsigned)i);
			t->skel->rodata->op_once[i] = uapi_op_completes_once((unsigned)i);
			t->skel->rodata->op_big[i] = uapi_op((unsigned)i) && uapi_op((unsigned)i)->big;
		}
		t->skel->rodata->op_counts_refs[uapi_op_number("MSG_RING", 8) & 255] = true;
		t->skel->rodata->op_counts_refs[uapi_op_number("LINK_TIMEOUT", 12) & 255] = true;
		t->skel->rodata->op_counts_refs[uapi_op_number("POLL_ADD", 8) & 255] = true;
		choose(t->skel, o, btf, typed);
	}
	btf__free(btf);
	err = t->skel ? trace__load(t->skel) : -errno;
	if (!err)
		err = trace__attach(t->skel);
	/* it maps the buffer, twice */
	if (!err) {
		t->rb = ring_buffer__new(bpf_map__fd(t->skel->maps.events), one, t, NULL);
		err = t->rb ? 0 : -errno;
	}
	if (err) {
		*why = why_not(a, err, power);
		tracer_close(t);
		return NULL;
	}
	return t;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	ring_buffer__free(t->rb);
	trace__destroy(t->skel);
	free(t);
}

int tracer_target(struct tracer *t, pid_t pid)
{
	uint32_t key = (uint32_t)pid, one = 1;

	int err = bpf_map__update_elem(t->skel->maps.targets, &key, sizeof(key), &one, sizeof(one), BPF_ANY);

	t->skel->bss->rings_epoch++;
	return err;
}

int tracer_ring(struct tracer *t, uint64_t ctx, bool wanted)
{
	const struct trace_ring r = {.wanted = wanted, .never = !wanted};
	int err = bpf_map__update_elem(t->skel->maps.rings, &ctx, sizeof(ctx), &r, sizeof(r), BPF_ANY);

	t->skel->bss->rings_epoch++;
	return err;
}

bool tracer_exact(const struct tracer *t)
{
	return t->exact;
}

bool tracer_works(const struct tracer *t)
{
	return t->works;
}

long tracer_drain(struct tracer *t, trace_fn fn, void *ctx)
{
	int err;

	t->fn = fn;
	t->ctx = ctx;
	t->taken = 0;
	err = ring_buffer__consume(t->rb);
	return err < 0 && err != -EAGAIN ? err : t->taken;
}

uint64_t tracer_skip(struct tracer *t, uint64_t until, bool *all)
{
	uint64_t n = 0;
	struct timespec now;

	do {
		long got = tracer_drain(t, NULL, NULL);

		*all = got <= 0;
		n += *all ? 0 : (uint64_t)got;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!*all && (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec < until);
	return n;
}

void tracer_stop(struct tracer *t)
{
	trace__detach(t->skel);
}

int tracer_wait(struct tracer *t, int milliseconds, int fd)
{
	struct pollfd p[2] = {{ring_buffer__epoll_fd(t->rb), POLLIN, 0}, {fd, POLLIN, 0}};
	int got;

	/* it is said before it is looked a last time: what comes in between wakes */
	t->skel->bss->reader_waits = 1;
	__sync_synchronize();
	if (tracer_drain(t, t->fn, t->ctx)) {
		t->skel->bss->reader_waits = 0;
		return 0;
	}
	got = poll(p, fd >= 0 ? 2 : 1, milliseconds);
	t->skel->bss->reader_waits = 0;
	return got < 0 ? -1 : 0;
}

/* --- the summary -------------------------------------------------------------------------------------------------------- */

int tracer_counts(struct tracer *t, counts_fn fn, void *ctx)
{
	int cpus = libbpf_num_possible_cpus(), ops = bpf_map__fd(t->skel->maps.by_op),
	    keys = bpf_map__fd(t->skel->maps.by_key);
	uint32_t was = t->skel->bss->epoch;
	struct sum_counts *each, sum;
	struct sum_key key, *at = NULL, *gone = NULL;
	size_t n_gone = 0;

	if (cpus < 1)
		return cpus;
	each = xrealloc(NULL, (size_t)cpus * sizeof(*each));
	t->skel->bss->epoch = was ^ 1;
	usleep(1000); /* whoever was counting is done */
	for (uint32_t i = 0; t->by == SUM_BY_OP && i < COUNTED_OPS; i++) {
		uint32_t index = (was & 1) * COUNTED_OPS + i;

		if (bpf_map_lookup_elem(ops, &index, each))
			continue;
		memset(&sum, 0, sizeof(sum));
		for (int c = 0; c < cpus; c++)
			sum_counts_add(&sum, &each[c]);
		if (!sum.calls)
			continue;
		fn(ctx, &(struct sum_key){.opcode = i}, &sum);
		memset(each, 0, (size_t)cpus * sizeof(*each));
		bpf_map_update_elem(ops, &index, each, BPF_ANY);
	}
	while (t->by != SUM_BY_OP && !bpf_map_get_next_key(keys, at, &key)) {
		static struct sum_key last;

		last = key;
		at = &last;
		if ((key.pad & 1) != (was & 1) || bpf_map_lookup_elem(keys, &key, each))
			continue;
		memset(&sum, 0, sizeof(sum));
		for (int c = 0; c < cpus; c++)
			sum_counts_add(&sum, &each[c]);
		if (sum.calls)
			fn(ctx, &key, &sum);
		gone = xrealloc(gone, (n_gone + 1) * sizeof(*gone));
		gone[n_gone++] = key;
	}
	for (size_t i = 0; i < n_gone; i++)
		bpf_map_delete_elem(keys, &gone[i]);
	free(gone);
	free(each);
	return 0;
}

uint64_t tracer_lost(struct tracer *t)
{
	return t->skel->bss->lost_total;
}

uint64_t tracer_missed(struct tracer *t)
{
	uint64_t missed = 0;
	struct bpf_program *p;

	bpf_object__for_each_program(p, t->skel->obj)
	{
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (bpf_program__fd(p) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}
