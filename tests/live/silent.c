/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * silent [--user] [--ring] [--watchdog SECONDS] SITUATION [WHAT]: a process that does not answer whoever looks at it. Prints one line of JSON
 * when that is so, and lives until its standard input ends. --user makes all of it in a user namespace as uid 65534.
 *
 * This process serves the file system, and its child is the one that is silent. Whatever ends this process closes /dev/fuse, which ends
 * every wait; the child is killed by its death. So nothing stays stuck.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"
#include "silent.h"

enum {
	OP_NOP,
	OP_WRITEV = 2,
	OP_POLL_ADD = 6,
	OP_SENDMSG = 9,
	OP_TIMEOUT = 11,
	OP_OPENAT = 18,
	OP_READ = 22,
	OP_WRITE = 23,
	/* the descriptors that change what they are, and those that they are copied from */
	SWAPPED = 10,
	N_SWAPPED = 8,
	KEPT = 100,
};

/* What a child says when it is set up, or is about to make the call that waits. */
struct report {
	pid_t pid;
	bool waits; /* is about to make the call that does not return */
	int fd;
	uint64_t ring; /* inode number, 0 without a ring */
	char why[96];
};

static int report_to, fuse;
static struct zring ring = {.fd = -1};

/* --- what every child does ------------------------------------------------------------------------------------------ */

static void report(bool waits, const char *why)
{
	struct report r = {.pid = getpid(), .waits = waits, .fd = ring.fd};
	struct stat st;

	if (ring.fd >= 0 && !fstat(ring.fd, &st))
		r.ring = st.st_ino;
	if (why)
		snprintf(r.why, sizeof(r.why), "%s: %s", why, strerror(errno));
	if (write(report_to, &r, sizeof(r)) != sizeof(r) || why)
		_exit(1);
}

static int need(int result, const char *what)
{
	if (result < 0)
		report(false, what);
	return result;
}

static void *need_map(void *p, const char *what)
{
	if (p == MAP_FAILED)
		report(false, what);
	return p;
}

/* /proc/PID/stat would wait for an exec that is under way. */
static char state_of(pid_t pid, pid_t tid)
{
	char path[64], text[512], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	at = strstr(text, "\nState:\t");
	return at ? at[8] : 0;
}

/* A request to FUSE is waited for in S until a signal comes, and in D from then on. */
static bool waits(pid_t pid, pid_t tid)
{
	static const struct timespec a_moment = {.tv_nsec = 1000000};

	for (int i = 0; i < 3; i++) {
		char state = state_of(pid, tid);

		if (state != 'D' && state != 'S')
			return false;
		nanosleep(&a_moment, NULL);
	}
	return true;
}

struct job {
	void (*work)(void *);
	void *arg;
	pid_t tid;
};

static void *run_job(void *arg)
{
	struct job *j = arg, job = *j;

	__atomic_store_n(&j->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	job.work(job.arg);
	return NULL;
}

/* A thread that does work; returns when it waits in it. */
static void stuck_thread(void (*work)(void *), void *arg)
{
	struct job job = {work, arg, 0};
	pthread_attr_t small;
	pthread_t t;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	errno = pthread_create(&t, &small, run_job, &job);
	if (errno)
		report(false, "pthread_create");
	while (!__atomic_load_n(&job.tid, __ATOMIC_ACQUIRE) || !waits(getpid(), job.tid))
		sched_yield();
}

static void *page_of_file(void)
{
	int fd = need(open(SILENT_PAGE, O_RDONLY | O_CLOEXEC), SILENT_PAGE);

	return need_map(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE, fd, 0), "mmap of " SILENT_PAGE);
}

/* --- rings ---------------------------------------------------------------------------------------------------------- */

static uint8_t *sqe(unsigned n, unsigned op, int fd, uint64_t addr, uint64_t len)
{
	uint8_t *s = z_sqe(&ring, (*z_word(&ring, ring.p.sq_off.tail) + n) & (ring.p.sq_entries - 1));

	z_put(s, 0, 1, op);
	z_put(s, 4, 4, (uint32_t)fd);
	z_put(s, 16, 8, addr);
	z_put(s, 24, 4, len);
	z_put(s, 32, 8, 0x5100 + op);
	return s;
}

/* With a request in flight. */
static void make_ring(void)
{
	int pipes[2];

	if (!z_ring(&ring, 16, 0, 0))
		report(false, "io_uring_setup");
	need(pipe2(pipes, O_CLOEXEC), "pipe");
	z_put(sqe(0, OP_POLL_ADD, pipes[0], 0, 0), 28, 4, POLLIN);
	z_publish(&ring, 1);
	if (z_enter(&ring, 1, 0, 0) != 1)
		report(false, "io_uring_enter");
}

static void plain_ring(void)
{
	make_ring();
	sqe(0, OP_NOP, -1, 0, 0);
	sqe(1, OP_NOP, -1, 0, 0);
	z_publish(&ring, 2);
}

/* --- the situations ------------------------------------------------------------------------------------------------- */

/* mmap_lock is held for writing: the file is mapped in direct mode, which waits for the page that somebody reads. */
static void read_page(void *arg)
{
	char byte;
	ssize_t n = read(*(int *)arg, &byte, 1);

	(void)n;
}

static void map_direct(void)
{
	int fd = need(open(SILENT_PAGE, O_RDWR | O_CLOEXEC), SILENT_PAGE);

	report(true, NULL);
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
}

static void mmlock(const char *what)
{
	int fd = need(open(SILENT_PAGE, O_RDONLY | O_CLOEXEC), SILENT_PAGE);

	(void)what;
	stuck_thread(read_page, &fd);
	map_direct();
}

/* The same, of a page that another process reads. */
static void mmlock_shared(const char *what)
{
	(void)what;
	map_direct();
}

/* An exec that waits in closing a file; exec_update_lock and cred_guard_mutex are held. */
static void in_exec(const char *what)
{
	int fd = need(open(SILENT_FLUSH, O_RDONLY | O_CLOEXEC), SILENT_FLUSH);

	(void)what;
	if (ring.fd >= 0)
		need(fcntl(ring.fd, F_SETFD, 0), "fcntl");
	(void)fd;
	report(true, NULL);
	execl("/proc/self/exe", "silent", "--end", NULL);
}

/* Lends numbers to one file and the other, in turn. */
static _Noreturn void swap(int one, int other)
{
	for (unsigned i = 0;; i++)
		for (int n = 0; n < N_SWAPPED; n++)
			dup2((i + (unsigned)n) & 1 ? other : one, SWAPPED + n);
}

static int keep(int fd, int at)
{
	need(dup3(fd, KEPT + at, O_CLOEXEC), "dup3");
	close(fd);
	return KEPT + at;
}

static int epoll_fd;

static void watch(void *arg)
{
	struct epoll_event e = {.events = EPOLLIN};

	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, *(int *)arg, &e);
}

/* Descriptors that are a ring's and an epoll's, whose lock is held by the thread that adds a file to it. */
static void swap_epoll(const char *what)
{
	int file = need(open(SILENT_POLL, O_RDONLY | O_CLOEXEC), SILENT_POLL);

	(void)what;
	epoll_fd = keep(need(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"), 1);
	stuck_thread(watch, &file);
	ring.fd = keep(ring.fd, 0);
	report(false, NULL);
	swap(ring.fd, epoll_fd);
}

/* Descriptors that are a ring's and a file's that has to be asked for its inode. */
static void swap_stat(const char *what)
{
	int file = keep(need(open(SILENT_STAT, O_RDONLY | O_CLOEXEC), SILENT_STAT), 1);

	(void)what;
	ring.fd = keep(ring.fd, 0);
	report(false, NULL);
	swap(ring.fd, file);
}

/* Descriptors of pending requests that are a socket's, which is in no table, and a file's that has to be asked for its attributes. */
static void swap_xattr(const char *what)
{
	static char data[64];
	int file = keep(need(open(SILENT_XATTR, O_RDONLY | O_CLOEXEC), SILENT_XATTR), 1),
	    sock = keep(need(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), 2);

	(void)what;
	make_ring();
	for (unsigned i = 0; i < N_SWAPPED; i++)
		sqe(i, OP_READ, SWAPPED + (int)i, (uintptr_t)data, sizeof(data));
	z_publish(&ring, N_SWAPPED);
	report(false, NULL);
	swap(sock, file);
}

/* Pages under userfaultfd. */
static void *page_of_nobody(void)
{
	enum { LEN = 16 * 4096 };
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register r = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	void *p = need_map(mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "mmap");
	int fd = need((int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), "userfaultfd");

	r.range.start = (uintptr_t)p;
	r.range.len = LEN;
	need(ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	need(ioctl(fd, UFFDIO_REGISTER, &r), "UFFDIO_REGISTER");
	return p;
}

/* Requests whose arguments are in memory that never comes, each in a page of its own. */
static void pending(uint8_t *page, const char *what)
{
	static const struct {
		const char *name;
		unsigned op, len;
	} all[] = {{"path", OP_OPENAT, 0}, {"data", OP_WRITE, 64}, {"iovec", OP_WRITEV, 2}, {"msghdr", OP_SENDMSG, 1},
		{"timespec", OP_TIMEOUT, 1}};
	int fd = need(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
	unsigned n = 0;

	make_ring();
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++, page += 4096)
		if (!what || !strcmp(what, all[i].name))
			sqe(n++, all[i].op, all[i].op == OP_OPENAT ? -100 : fd, (uintptr_t)page + 16, all[i].len);
	z_publish(&ring, n);
	report(false, NULL);
}

static void uffd(const char *what)
{
	pending(page_of_nobody(), what);
}

static void fusepage(const char *what)
{
	pending(page_of_file(), what);
}

/*
 * Who has no uid in the user namespace of a file system cannot ask for its pages, but waits for those that somebody else has asked
 * for.
 */
static void touch(void *arg)
{
	*(volatile char *)arg;
}

static void locked_page(const char *what)
{
	char *page = page_of_file();

	for (unsigned i = 0; i < 5; i++)
		stuck_thread(touch, page + 4096 * i);
	pending((uint8_t *)page, what);
}

/* The lock of its directory in /proc: held while its names are read into a page that does not come, and wanted for writing. */
static void list_into(void *page)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)getpid());
	syscall(SYS_getdents64, open(path, O_RDONLY | O_DIRECTORY), page, 4096);
}

static void change_mode(void *arg)
{
	char path[32];

	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d", (int)getpid());
	chmod(path, 0555);
}

static void dir_lock(const char *what)
{
	int fd = need(open(SILENT_PAGE, O_RDONLY | O_CLOEXEC), SILENT_PAGE);

	(void)what;
	stuck_thread(list_into,
		need_map(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), "mmap of " SILENT_PAGE));
	stuck_thread(change_mode, NULL);
	report(false, NULL);
}

/* The numbered fields of /proc/self/stat. */
static unsigned long stat_field(unsigned number)
{
	char text[1024], *p;
	int fd = need(open("/proc/self/stat", O_RDONLY | O_CLOEXEC), "/proc/self/stat");
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = 0;
	p = strrchr(text, ')');
	for (unsigned i = 2; p && i < number; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoul(p, NULL, 10) : 0;
}

/* Arguments and environment are where nobody can read them; of files the kernel reads neither. */
static void arguments(const char *what)
{
	uint64_t page = (uintptr_t)page_of_nobody();
	struct prctl_mm_map m = {.start_code = stat_field(26),
		.end_code = stat_field(27),
		.start_stack = stat_field(28),
		.start_data = stat_field(45),
		.end_data = stat_field(46),
		.start_brk = stat_field(47),
		.brk = (uintptr_t)sbrk(0),
		.arg_start = page,
		.arg_end = page + 4096,
		.env_start = page + 4096,
		.env_end = page + 8192,
		.exe_fd = (uint32_t)-1};

	(void)what;
	need(prctl(PR_SET_MM, PR_SET_MM_MAP, &m, sizeof(m), 0), "PR_SET_MM_MAP");
	report(false, NULL);
}

/* Rings whose lock is held, each by a thread whose submission waits for the path of its request. */
static void submit(void *arg)
{
	syscall(SYS_io_uring_enter, *(int *)arg, 1, 0, 0, NULL, 0);
}

static void busy(const char *what)
{
	void *page = page_of_file();

	for (int n = what ? atoi(what) : 1; n > 0; n--) {
		make_ring();
		sqe(0, OP_OPENAT, -100, (uintptr_t)page, 0);
		z_publish(&ring, 1);
		stuck_thread(submit, &(int){ring.fd});
	}
	report(false, NULL);
}

/* None of these: a ring that completes 50 requests a second. */
static _Noreturn void healthy(const char *what)
{
	(void)what;
	make_ring();
	report(false, NULL);
	for (;;) {
		sqe(0, OP_NOP, -1, 0, 0);
		z_publish(&ring, 1);
		z_enter(&ring, 1, 1, 0);
		*z_word(&ring, ring.p.cq_off.head) = *z_word(&ring, ring.p.cq_off.tail);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
}

static const struct situation {
	const char *name;
	void (*child)(const char *what);
	bool wants_ring, makes_ring; /* a plain one, one of its own */
} situations[] = {
	{"mmlock", mmlock, false, false},
	{"exec", in_exec, false, false},
	{"swap", swap_epoll, true, false},
	{"stat", swap_stat, true, false},
	{"xattr", swap_xattr, false, true},
	{"uffd", uffd, false, true},
	{"fusepage", fusepage, false, true},
	{"lockedpage", locked_page, false, true},
	{"dirlock", dir_lock, false, false},
	{"cmdline", arguments, false, false},
	{"busy", busy, false, true},
	{"many", mmlock_shared, false, false},
	{"healthy", healthy, false, true},
};

/* --- the parent ----------------------------------------------------------------------------------------------------- */

static pid_t start(const struct situation *s, bool with_ring, const char *what)
{
	pid_t parent = getpid(), pid = fork();
	int null;

	if (pid < 0)
		z_die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* neither the device nor what the parent's end is known by */
	close(fuse);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	close(null);
	if (!s) {
		int fd = need(open(SILENT_PAGE, O_RDONLY | O_CLOEXEC), SILENT_PAGE);

		report(true, NULL);
		read_page(&fd);
	} else {
		if (s->wants_ring || (with_ring && !s->makes_ring))
			plain_ring();
		s->child(what);
	}
	for (;;)
		pause();
}

/* Serves until n children are silent, or until standard input ends. False: it has. */
static bool serve(int from, struct report *got, unsigned n, unsigned *have)
{
	struct pollfd p[3] = {
		{.fd = 0, .events = POLLIN}, {.fd = fuse, .events = POLLIN}, {.fd = from, .events = POLLIN}};
	unsigned stuck = 0;
	static unsigned unanswered;
	char byte;

	while (!n || stuck < n) {
		poll(p, 3, n ? 1 : -1);
		unanswered += silent_serve(fuse);
		if (p[0].revents && read(0, &byte, 1) <= 0)
			return false;
		if (*have < n && p[2].revents & POLLIN && read(from, &got[*have], sizeof(*got)) == sizeof(*got))
			if (got[(*have)++].why[0])
				return true;
		while (n && stuck < *have &&
			(!got[stuck].waits || (unanswered && waits(got[stuck].pid, got[stuck].pid))))
			stuck++;
		if (n && waitpid(-1, NULL, WNOHANG) > 0 && !(p[2].revents & POLLIN)) {
			snprintf(got[ *have = n - 1].why, sizeof(got->why), "it ended");
			return *have = n, true;
		}
	}
	return true;
}

static void print(const char *name, const struct report *got, unsigned n, bool one_more)
{
	const struct report *last = &got[n - 1];

	if (last->why[0]) {
		printf("{\"situation\": \"%s\", \"unsupported\": \"%s\"}\n", name, last->why);
	} else {
		printf("{\"situation\": \"%s\", \"pid\": %d, \"fd\": %d, \"ring_id\": %llu, \"pids\": [", name,
			(int)last->pid, last->fd, (unsigned long long)last->ring);
		for (unsigned i = one_more; i < n; i++)
			printf("%s%d", i > one_more ? ", " : "", (int)got[i].pid);
		printf("]}\n");
	}
	fflush(stdout);
}

static void usage(void)
{
	fprintf(stderr, "Usage: silent [--user] [--ring] [--watchdog SECONDS] SITUATION [WHAT]\n");
	for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++)
		fprintf(stderr, "  %s\n", situations[i].name);
	exit(2);
}

int main(int argc, char **argv)
{
	bool user = false, with_ring = false, many, lives;
	const struct situation *s = situations;
	unsigned n, watchdog = 120, have = 0;
	struct rlimit files;
	struct report *got;
	const char *why;
	pid_t *pids;
	int pipes[2];

	for (argv++; *argv && !strncmp(*argv, "--", 2); argv++) {
		if (!strcmp(*argv, "--end"))
			return 0;
		user |= !strcmp(*argv, "--user");
		with_ring |= !strcmp(*argv, "--ring");
		if (!strcmp(*argv, "--watchdog") && argv[1])
			watchdog = (unsigned)atoi(*++argv);
	}
	while (*argv && s < situations + sizeof(situations) / sizeof(situations[0]) && strcmp(s->name, *argv))
		s++;
	if (argc < 2 || !*argv || s == situations + sizeof(situations) / sizeof(situations[0]))
		usage();
	alarm(watchdog);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	many = !strcmp(s->name, "many");
	n = many ? 1 + (unsigned)atoi(argv[1] ? argv[1] : "200") : 1;
	got = calloc(n, sizeof(*got));
	fuse = s->child == healthy ? -1 : silent_mount(user, &why);
	if (fuse < 0 && s->child != healthy) {
		printf("{\"situation\": \"%s\", \"unsupported\": \"%s: %s\"}\n", s->name, why, strerror(errno));
		return 0;
	}
	if (pipe2(pipes, O_CLOEXEC))
		z_die("pipe");
	report_to = pipes[1];
	pids = calloc(n, sizeof(*pids));
	/* a first one reads the page that the others wait for */
	pids[0] = start(many ? NULL : s, with_ring, argv[1]);
	lives = serve(pipes[0], got, 1, &have);
	for (unsigned i = 1; i < n && lives; i++)
		pids[i] = start(s, with_ring, argv[1]);
	if (lives && serve(pipes[0], got, n, &have)) {
		print(s->name, got, have, many);
		serve(-1, NULL, 0, &have);
	}
	/* every wait ends with the device */
	close(fuse);
	for (unsigned i = 0; i < n && pids[i]; i++)
		kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return 0;
}
