/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exhibits of what only the kernel knows: requests in flight, registered things, restrictions, hidden rings. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "held.h"
#include "zoo.h"

static struct zring ring;

/* Numbers of the ABI that are used here, <linux/io_uring.h>. */
enum {
	OP_NOP = 0,
	OP_POLL_ADD = 6,
	OP_TIMEOUT = 11,
	OP_ACCEPT = 13,
	OP_LINK_TIMEOUT = 15,
	OP_OPENAT = 18,
	OP_READ = 22,
	OP_WRITE = 23,
	OP_RECV = 27,
	OP_SPLICE = 30,
	OP_PROVIDE_BUFFERS = 31,
	OP_WAITID = 50,
	OP_FUTEX_WAIT = 51,
	F_FIXED_FILE = 1,
	F_DRAIN = 2,
	F_LINK = 4,
	F_ASYNC = 16,
	F_BUFFER_SELECT = 32,
	REG_BUFFERS = 0,
	REG_FILES = 2,
	REG_EVENTFD = 4,
	REG_EVENTFD_ASYNC = 7,
	REG_PERSONALITY = 9,
	UNREG_PERSONALITY = 10,
	REG_RESTRICTIONS = 11,
	REG_ENABLE = 12,
	REG_FILES2 = 13,
	REG_IOWQ_MAX = 19,
	REG_RING_FDS = 20,
	REG_PBUF_RING = 22,
	REG_NAPI = 27,
	REG_CLONE_BUFFERS = 30,
	REG_BPF_FILTER = 37,
};

/* What holds when the kernel source is asked, over what always holds. */
static void inside(cJSON *o, const char *section, const char *key, cJSON *value)
{
	cJSON *k = cJSON_GetObjectItem(o, "with_kernel");

	z_set(k, section, key, value);
}

static unsigned queued;

/* The next SQE to be submitted. */
static uint8_t *next(unsigned op, int fd, unsigned flags, uint64_t user_data)
{
	uint8_t *sqe = z_sqe(&ring, queued++);

	z_put(sqe, 0, 1, op);
	z_put(sqe, 1, 1, flags);
	z_put(sqe, 4, 4, (uint32_t)fd);
	z_put(sqe, 32, 8, user_data);
	return sqe;
}

static void submit(void)
{
	z_publish(&ring, queued);
	if (z_enter(&ring, queued, 0, 0) != (int)queued)
		z_die("io_uring_enter");
}

static int empty_pipe(void)
{
	int fds[2];

	if (pipe(fds))
		z_die("pipe");
	return fds[0];
}

static uint8_t *read_from(int fd, unsigned flags, uint64_t user_data)
{
	static char buf[64];
	uint8_t *sqe = next(OP_READ, fd, flags, user_data);

	z_put(sqe, 16, 8, (uintptr_t)buf);
	z_put(sqe, 24, 4, sizeof(buf));
	return sqe;
}

/* --- restrictions --- */

struct restriction {
	uint16_t opcode;
	uint8_t what, resv;
	uint32_t resv2[3];
};

static cJSON *restrict_ring(bool enable)
{
	/* opcode 0: register op, 1: SQE op, 2: flags allowed, 3: flags required */
	struct restriction r[] = {{0, REG_ENABLE, 0, {0}}, {0, REG_FILES, 0, {0}}, {1, OP_NOP, 0, {0}},
		{1, OP_READ, 0, {0}}, {2, 1 | 4, 0, {0}}, {3, 1, 0, {0}}};
	int fd = eventfd(0, 0);
	bool enforced;
	cJSON *o;

	if (!z_ring(&ring, 8, 0, Z_R_DISABLED) || z_register(ring.fd, REG_RESTRICTIONS, r, 6))
		return z_unsupported("REGISTER_RESTRICTIONS");
	if (enable && z_register(ring.fd, REG_ENABLE, NULL, 0))
		z_die("REGISTER_ENABLE_RINGS");
	/* 7.x enforces the set as soon as it is there, before that it waits until the ring is enabled: this may not be registered */
	enforced = z_register(ring.fd, REG_EVENTFD, &fd, 1) && errno == EACCES;
	o = z_truth(&ring);
	if (enable) {
		z_set(o, NULL, "truth_setup", z_json("0"));
		inside(o, "setup_flags", "value", z_json("0"));
	}
	inside(o, NULL, "restrictions",
		z_json("{\"active\": %s, \"registered\": true, \"register_ops\": [\"FILES\", \"ENABLE_RINGS\"], "
		       "\"sqe_ops\": [\"NOP\", \"READ\"], \"sqe_flags_allowed\": [\"FIXED_FILE\", \"IO_LINK\"], "
		       "\"sqe_flags_required\": [\"FIXED_FILE\"], \"inherited\": false, \"ring_disabled\": %s}",
			enforced ? "true" : "false", enable ? "false" : "true"));
	return z_rings(o);
}

static cJSON *restricted(void)
{
	return restrict_ring(true);
}

static cJSON *restricting(void)
{
	return restrict_ring(false);
}

/* 7.x: a task hands its restrictions down to the rings that it makes. */
static cJSON *inherited(void)
{
	struct {
		uint16_t flags, nr;
		uint32_t resv[3];
		struct restriction r[2];
	} set = {.nr = 2, .r = {{1, OP_NOP, 0, {0}}, {1, OP_READ, 0, {0}}}};
	cJSON *o;

	if (z_register(-1, REG_RESTRICTIONS, &set, 1))
		return z_unsupported("restrictions of a task");
	if (!z_ring(&ring, 8, 0, 0))
		z_die("io_uring_setup");
	o = z_truth(&ring);
	inside(o, NULL, "restrictions",
		z_json("{\"active\": true, \"sqe_ops\": [\"NOP\", \"READ\"], \"inherited\": true, \"ring_disabled\": "
		       "false}"));
	return z_rings(o);
}

/* 7.x: a program of classic BPF decides about each READ. */
static cJSON *bpf_filter(void)
{
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} allow = {6, 0, 0, 1}; /* return 1 */
	struct {
		uint16_t type, flags;
		uint32_t resv;
		uint32_t opcode, filter_flags, len;
		uint8_t pdu_size, resv2[3];
		uint64_t filter, resv3[5];
	} reg = {.type = 1, .opcode = OP_READ, .len = 1, .filter = (uintptr_t)&allow};
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_BPF_FILTER, &reg, 1))
		return z_unsupported("REGISTER_BPF_FILTER");
	o = z_truth(&ring);
	inside(o, NULL, "restrictions",
		z_json("{\"active\": true, \"bpf_filters\": 1, \"bpf_filter_ops\": [\"READ\"]}"));
	return z_rings(o);
}

/* --- registered --- */

static cJSON *with_eventfd(void)
{
	int fd = eventfd(0, 0);
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_EVENTFD_ASYNC, &fd, 1))
		return z_unsupported("REGISTER_EVENTFD_ASYNC");
	*z_word(&ring, ring.p.cq_off.flags) = 1;
	o = z_truth(&ring);
	inside(o, "registered", "eventfd", z_json("{\"active\": true, \"async\": true, \"disabled\": true}"));
	inside(o, "cq", "flags", z_json("[\"EVENTFD_DISABLED\"]"));
	return z_rings(o);
}

static cJSON *limits(void)
{
	uint32_t n[2] = {2, 3};
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_IOWQ_MAX, n, 2))
		return z_unsupported("REGISTER_IOWQ_MAX_WORKERS");
	o = z_truth(&ring);
	inside(o, "registered", "iowq_limits", z_json("{\"bounded\": 2, \"unbounded\": 3}"));
	inside(o, "workers", "bounded", z_json("{\"workers\": 0, \"running\": 0, \"max\": 2, \"queued\": 0}"));
	inside(o, "workers", "unbounded", z_json("{\"workers\": 0, \"max\": 3}"));
	return z_rings(o);
}

static cJSON *personalities(void)
{
	cJSON *o;
	int id[3];

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	for (int i = 0; i < 3; i++)
		id[i] = z_register(ring.fd, REG_PERSONALITY, NULL, 0);
	if (id[2] < 0 || z_register(ring.fd, UNREG_PERSONALITY, NULL, (unsigned)id[1]))
		return z_unsupported("REGISTER_PERSONALITY");
	o = z_truth(&ring);
	inside(o, "registered", "personalities",
		z_json("[{\"id\": %d, \"uid\": %d, \"gid\": %d}, {\"id\": %d}]", id[0], (int)geteuid(), (int)getegid(),
			id[2]));
	return z_rings(o);
}

static void provide(unsigned group, unsigned n, char *memory)
{
	uint8_t *sqe = next(OP_PROVIDE_BUFFERS, (int)n, 0, 0);

	z_put(sqe, 16, 8, (uintptr_t)memory);
	z_put(sqe, 24, 4, 64);
	z_put(sqe, 40, 2, group);
}

struct buf_reg {
	uint64_t addr;
	uint32_t entries;
	uint16_t group, flags;
	uint64_t resv[3];
};

/* A ring of buffers with some published. flags: 1 the kernel's memory, 2 incremental. */
static bool buffer_ring(unsigned group, unsigned entries, unsigned n, unsigned flags)
{
	struct buf_reg reg = {.entries = entries, .group = (uint16_t)group, .flags = (uint16_t)flags};
	uint8_t *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	reg.addr = flags & 1 ? 0 : (uintptr_t)memory;
	if (z_register(ring.fd, REG_PBUF_RING, &reg, 1))
		return false;
	if (flags & 1)
		memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			(off_t)(0x80000000ull | (uint64_t)group << 16));
	if (memory == MAP_FAILED)
		z_die("mmap");
	memcpy(memory + 14, &(uint16_t){(uint16_t)n}, 2);
	return true;
}

static cJSON *groups(void)
{
	static char memory[64 * 64];
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	provide(1, 16, memory);
	provide(300, 3, memory);
	submit();
	cJSON_AddItemToArray(list, z_json("{\"group\": 1, \"ring\": false, \"available\": 16, \"at_least\": false}"));
	if (buffer_ring(2, 8, 5, 0))
		cJSON_AddItemToArray(list, z_json("{\"group\": 2, \"ring\": true, \"entries\": 8, \"available\": 5, "
						  "\"kernel_mapped\": false, "
						  "\"incremental\": false}"));
	if (buffer_ring(3, 16, 2, 1))
		cJSON_AddItemToArray(list, z_json("{\"group\": 3, \"ring\": true, \"entries\": 16, \"available\": 2, "
						  "\"kernel_mapped\": true}"));
	if (buffer_ring(4, 4, 1, 2))
		cJSON_AddItemToArray(list, z_json("{\"group\": 4, \"ring\": true, \"entries\": 4, \"available\": 1, "
						  "\"incremental\": true}"));
	cJSON_AddItemToArray(list, z_json("{\"group\": 300, \"ring\": false, \"available\": 3}"));
	o = z_truth(&ring);
	inside(o, "registered", "buffer_rings", list);
	return z_rings(o);
}

/* The tail of a buffer ring is the program's own. */
static cJSON *group_nonsense(void)
{
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || !buffer_ring(1, 8, 40000, 0))
		return z_unsupported("REGISTER_PBUF_RING");
	o = z_truth(&ring);
	inside(o, "registered", "buffer_rings", z_json("[{\"group\": 1, \"entries\": 8, \"available\": null}]"));
	return z_rings(o);
}

static cJSON *cloned(void)
{
	struct {
		uint32_t src_fd, flags, src_off, dst_off, nr, pad[3];
	} clone = {0};
	static char memory[4096];
	struct {
		void *base;
		size_t len;
	} iov = {memory, sizeof(memory)};
	struct zring other;
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || !z_ring(&other, 8, 0, 0) || z_register(ring.fd, REG_BUFFERS, &iov, 1))
		return z_unsupported("REGISTER_BUFFERS");
	clone.src_fd = (uint32_t)ring.fd;
	if (z_register(other.fd, REG_CLONE_BUFFERS, &clone, 1))
		return z_unsupported("REGISTER_CLONE_BUFFERS");
	o = z_truth(&other);
	inside(o, "registered", "buffers",
		z_json("[{\"slot\": 0, \"len\": 4096, \"cloned\": true, \"kernel\": false}]"));
	return z_rings(o);
}

static cJSON *napi(void)
{
	struct {
		uint32_t busy_poll_to;
		uint8_t prefer, pad[3];
		uint64_t resv;
	} n = {.busy_poll_to = 50, .prefer = 1};
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_NAPI, &n, 1))
		return z_unsupported("REGISTER_NAPI");
	o = z_truth(&ring);
	inside(o, "registered", "napi_settings",
		z_json("{\"busy_poll_us\": 50, \"prefer_busy_poll\": true, \"ids\": []}"));
	return z_rings(o);
}

static cJSON *many_files(void)
{
	int *fds = calloc(4096, sizeof(int));
	cJSON *o;

	for (int i = 0; fds && i < 4096; i++)
		fds[i] = i % 3 == 2 ? -1 : 0;
	if (!z_ring(&ring, 8, 0, 0) || !fds || z_register(ring.fd, REG_FILES, fds, 4096))
		return z_unsupported("4096 files");
	o = z_truth(&ring);
	inside(o, "registered", "nr_files", z_json("4096"));
	z_set(o, NULL, "count_files", z_json("2731"));
	return z_rings(o);
}

static cJSON *many_buffers(void)
{
	struct {
		void *base;
		size_t len;
	} *iov = calloc(16384, sizeof(*iov));
	static char memory[4096];
	cJSON *o;

	for (int i = 0; iov && i < 16384; i++) {
		iov[i].base = memory;
		iov[i].len = (size_t)(i % 4096) + 1;
	}
	if (!z_ring(&ring, 8, 0, 0) || !iov || z_register(ring.fd, REG_BUFFERS, iov, 16384))
		return z_unsupported("16384 buffers");
	o = z_truth(&ring);
	inside(o, "registered", "nr_buffers", z_json("16384"));
	z_set(o, NULL, "count_buffers", z_json("4096"));
	inside(o, "registered", "buffers_cut", z_json("4096"));
	return z_rings(o);
}

/* --- in flight --- */

static cJSON *request(const char *op, uint64_t user_data, const char *where)
{
	return z_json("{\"opcode\": \"%s\", \"user_data\": \"0x%llx\", \"where\": \"%s\"}", op,
		(unsigned long long)user_data, where);
}

static cJSON *with(cJSON *q, const char *key, cJSON *value)
{
	cJSON_AddItemToObject(q, key, value);
	return q;
}

static cJSON *link_of(cJSON *q, unsigned position)
{
	cJSON_AddItemToObject(q, "chain", z_json("1"));
	cJSON_AddItemToObject(q, "position", z_json("%u", position));
	return q;
}

/* Sets what is in flight, all of it. */
static void in_flight(cJSON *o, cJSON *list)
{
	/* before 6.16 requests are counted by reference, and 5.10 says not even that */
	inside(o, "inflight", "count", z_json("%d", cJSON_GetArraySize(list)));
	inside(o, "inflight", "unknown", z_json("0"));
	inside(o, "inflight", "requests", list);
}

static cJSON *polled(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int fd = empty_pipe();

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	z_put(next(OP_POLL_ADD, fd, 0, 0x11), 28, 4, POLLIN);
	read_from(fd, 0, 0xffffffffffffffff);
	submit();
	cJSON_AddItemToArray(list, request("POLL_ADD", 0x11, "poll"));
	cJSON_AddItemToArray(list, request("READ", 0xffffffffffffffff, "poll"));
	o = z_truth(&ring);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	in_flight(o, list);
	return z_rings(o);
}

static cJSON *timeouts(void)
{
	static int64_t ts[2] = {3600, 0};
	cJSON *o, *list = cJSON_CreateArray();
	uint8_t *sqe;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	sqe = next(OP_TIMEOUT, -1, 0, 0x21);
	z_put(sqe, 16, 8, (uintptr_t)ts);
	z_put(sqe, 24, 4, 1);
	read_from(empty_pipe(), F_LINK, 0x22);
	sqe = next(OP_LINK_TIMEOUT, -1, 0, 0x23);
	z_put(sqe, 16, 8, (uintptr_t)ts);
	z_put(sqe, 24, 4, 1);
	submit();
	cJSON_AddItemToArray(list, link_of(request("READ", 0x22, "poll"), 0));
	cJSON_AddItemToArray(list, link_of(request("LINK_TIMEOUT", 0x23, "timeout"), 1));
	cJSON_AddItemToArray(list, request("TIMEOUT", 0x21, "timeout"));
	o = z_truth(&ring);
	in_flight(o, list);
	z_set(o, NULL, "timed", cJSON_CreateTrue());
	return z_rings(o);
}

static cJSON *chain(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int last = empty_pipe();

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	read_from(empty_pipe(), F_LINK, 0x31);
	next(OP_NOP, -1, F_LINK, 0x32);
	read_from(last, 0, 0x33);
	submit();
	cJSON_AddItemToArray(list, link_of(request("READ", 0x31, "poll"), 0));
	cJSON_AddItemToArray(list, link_of(request("NOP", 0x32, "linked"), 1));
	cJSON_AddItemToArray(list, with(link_of(request("READ", 0x33, "linked"), 2), "fd", z_json("%d", last)));
	o = z_truth(&ring);
	in_flight(o, list);
	return z_rings(o);
}

static cJSON *drained(void)
{
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	read_from(empty_pipe(), 0, 0x41);
	next(OP_NOP, -1, F_DRAIN, 0x42);
	next(OP_NOP, -1, 0, 0x43);
	submit();
	cJSON_AddItemToArray(list, request("READ", 0x41, "poll"));
	cJSON_AddItemToArray(list, with(request("NOP", 0x42, "drain"), "flags", z_json("[\"IO_DRAIN\"]")));
	cJSON_AddItemToArray(list, with(request("NOP", 0x43, "drain"), "flags", z_json("[]")));
	o = z_truth(&ring);
	in_flight(o, list);
	return z_rings(o);
}

/* Two workers wait for somebody to open the other end of a FIFO, three requests wait for workers. */
static cJSON *io_wq(void)
{
	static char path[64];
	uint32_t n[2] = {2, 1};
	cJSON *o, *list = cJSON_CreateArray();

	snprintf(path, sizeof(path), "/tmp/zoo-fifo-%d", (int)getpid());
	if (mkfifo(path, 0600) || !z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_IOWQ_MAX, n, 2)) {
		unlink(path);
		return z_unsupported("REGISTER_IOWQ_MAX_WORKERS");
	}
	for (unsigned i = 0; i < 5; i++)
		z_put(next(OP_OPENAT, AT_FDCWD, F_ASYNC, 0x51 + i), 16, 8, (uintptr_t)path);
	submit();
	for (unsigned i = 0; i < 5; i++)
		cJSON_AddItemToArray(list, request("OPENAT", 0x51 + i, i < 2 ? "iowq_running" : "iowq_queued"));
	usleep(200000);
	unlink(path);
	o = z_truth(&ring);
	in_flight(o, list);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	inside(o, "workers", "bounded", z_json("{\"workers\": 2, \"running\": 0, \"max\": 2, \"queued\": 3}"));
	z_set(o, NULL, "stuck_in", z_json("\"fifo_open\""));
	return z_rings(o);
}

/* A page that does not come, until this process ends. */
static void *page_that_waits(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register reg = {.range.len = 4096, .mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		return NULL;
	reg.range.start = (uintptr_t)page;
	return ioctl(fd, UFFDIO_REGISTER, &reg) ? NULL : page;
}

/* Writes to one file: a worker takes them all along, and does one after the other. */
static cJSON *one_file(void)
{
	static char byte;
	char *page = page_that_waits();
	cJSON *o, *list = cJSON_CreateArray();
	int fd = memfd_create("zoo", 0); /* no write to it is done without waiting */

	if (fd < 0 || !page || !z_ring(&ring, 8, 0, 0))
		return z_unsupported("userfaultfd");
	for (unsigned i = 0; i < 5; i++) {
		uint8_t *sqe = next(OP_WRITE, fd, 0, 0x141 + i);

		z_put(sqe, 16, 8, (uintptr_t)(i ? &byte : page));
		z_put(sqe, 24, 4, 1);
	}
	submit();
	usleep(200000);
	for (unsigned i = 0; i < 5; i++)
		cJSON_AddItemToArray(list, request("WRITE", 0x141 + i, i ? "iowq_queued" : "iowq_running"));
	o = z_truth(&ring);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	in_flight(o, list);
	inside(o, "workers", "bounded", z_json("{\"queued\": 4}"));
	return z_rings(o);
}

static cJSON *futex_wait(void)
{
	static uint32_t word = 7;
	cJSON *o, *list = cJSON_CreateArray();
	uint8_t *sqe;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	sqe = next(OP_FUTEX_WAIT, 2, 0, 0x61); /* FUTEX2_SIZE_U32 */
	z_put(sqe, 8, 8, 7);
	z_put(sqe, 16, 8, (uintptr_t)&word);
	z_put(sqe, 48, 8, 0xffffffff);
	submit();
	if (*z_word(&ring, ring.p.cq_off.tail)) {
		errno = EINVAL;
		return z_unsupported("FUTEX_WAIT");
	}
	cJSON_AddItemToArray(list, request("FUTEX_WAIT", 0x61, "futex"));
	o = z_truth(&ring);
	in_flight(o, list);
	return z_rings(o);
}

static cJSON *wait_id(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	pid_t child;
	uint8_t *sqe;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ring.fd);
		munmap(ring.rings, ring.rings_len);
		munmap(ring.sqes, ring.sqes_len);
		for (;;)
			pause();
	}
	usleep(10000);
	sqe = next(OP_WAITID, child, 0, 0x71);
	z_put(sqe, 24, 4, P_PID);
	z_put(sqe, 44, 4, WEXITED);
	submit();
	if (*z_word(&ring, ring.p.cq_off.tail)) {
		errno = EINVAL;
		return z_unsupported("WAITID");
	}
	cJSON_AddItemToArray(list, request("WAITID", 0x71, "waitid"));
	o = z_truth(&ring);
	in_flight(o, list);
	return z_rings(o);
}

/* Its completion waits for the program to come and fetch it. */
/* Has it completed, or posted a completion? Then *res is what the first of these says. */
static bool posted(uint64_t user_data, int32_t *res)
{
	const struct io_uring_cqe *cqes = (void *)z_word(&ring, ring.p.cq_off.cqes);
	uint32_t tail = *z_word(&ring, ring.p.cq_off.tail);

	for (uint32_t i = *z_word(&ring, ring.p.cq_off.head); i != tail; i++) {
		const struct io_uring_cqe *cqe = &cqes[i & (ring.p.cq_entries - 1)];

		if (cqe->user_data != user_data)
			continue;
		*res = cqe->res;
		return true;
	}
	return false;
}

static cJSON *task_work(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int fd = eventfd(0, 0);

	if (!z_ring(&ring, 8, 0, Z_SINGLE_ISSUER | Z_DEFER_TASKRUN))
		return z_unsupported("DEFER_TASKRUN");
	z_put(next(OP_POLL_ADD, fd, 0, 0x81), 28, 4, POLLIN);
	submit();
	if (write(fd, &(uint64_t){1}, 8) != 8)
		z_die("write");
	cJSON_AddItemToArray(list, request("POLL_ADD", 0x81, "task_work"));
	o = z_truth(&ring);
	in_flight(o, list);
	inside(o, "owner", "submitter_tid", z_json("%d", (int)getpid()));
	return z_rings(o);
}

/* More is done than the kernel hands out in one call: from 6.13 on the rest waits for the next. */
static cJSON *left_over(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int fds[40];
	int32_t res;

	if (!z_ring(&ring, 64, 0, Z_SINGLE_ISSUER | Z_DEFER_TASKRUN))
		return z_unsupported("DEFER_TASKRUN");
	for (unsigned i = 0; i < 40; i++) {
		fds[i] = eventfd(0, 0);
		z_put(next(OP_POLL_ADD, fds[i], 0, 0x131 + i), 28, 4, POLLIN);
	}
	submit();
	for (unsigned i = 0; i < 40; i++)
		if (write(fds[i], &(uint64_t){1}, 8) != 8)
			z_die("write");
	if (z_enter(&ring, 0, 1, 0) < 0)
		z_die("io_uring_enter");
	for (unsigned i = 0; i < 40; i++)
		if (!posted(0x131 + i, &res))
			cJSON_AddItemToArray(list, request("POLL_ADD", 0x131 + i, "task_work"));
	o = z_truth(&ring);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	in_flight(o, list);
	inside(o, "owner", "submitter_tid", z_json("%d", (int)getpid()));
	return z_rings(o);
}

/* --- requests that have been woken: the kernel has written to where their descriptor stood --- */

static void two_sockets(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds))
		z_die("socketpair");
}

static void recv_on(int at, unsigned flags, uint64_t user_data)
{
	static char buf[64];
	uint8_t *sqe = next(OP_RECV, at, flags, user_data);

	z_put(sqe, 16, 8, (uintptr_t)buf);
	z_put(sqe, 24, 4, sizeof(buf));
}

/* Of two that wait for one message, both are woken, and one of them in vain: its user_data. */
static uint64_t left_of(uint64_t user_data)
{
	int32_t res;

	return posted(user_data, &res) ? user_data + 1 : user_data;
}

static cJSON *woken(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int a[2], b[2], c[2], d[2], files[2], more;

	two_sockets(a);
	two_sockets(b);
	two_sockets(c);
	two_sockets(d);
	more = dup(c[0]);
	files[0] = -1;
	files[1] = b[0];
	if (!z_ring(&ring, 8, 0, 0) || z_register(ring.fd, REG_FILES, files, 2))
		return z_unsupported("REGISTER_FILES");
	for (unsigned i = 0; i < 2; i++) {
		recv_on(a[0], 0, 0x101 + i);
		recv_on(1, F_FIXED_FILE, 0x103 + i);
		recv_on(c[0], 0, 0x105 + i);
		recv_on(d[0], 0, 0x107 + i);
	}
	submit();
	close(d[0]);
	if (write(a[1], "", 1) != 1 || write(b[1], "", 1) != 1 || write(c[1], "", 1) != 1)
		z_die("write");
	cJSON_AddItemToArray(list, with(request("RECV", left_of(0x101), "poll"), "fd", z_json("%d", a[0])));
	cJSON_AddItemToArray(list, with(request("RECV", left_of(0x103), "poll"), "fixed_slot", z_json("1")));
	cJSON_AddItemToArray(
		list, with(request("RECV", left_of(0x105), "poll"), "fds", z_json("[%d, %d]", c[0], more)));
	for (unsigned i = 0; i < 2; i++)
		cJSON_AddItemToArray(list, with(request("RECV", 0x107 + i, "poll"), "fd", cJSON_CreateNull()));
	o = z_truth(&ring);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	in_flight(o, list);
	return z_rings(o);
}

/* Multishots that have had their first shot. */
static cJSON *shots(void)
{
	static char buf[64];
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(name);
	cJSON *o, *list = cJSON_CreateArray();
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), pair[2], ends[2];
	uint8_t *sqe;
	int32_t res;

	two_sockets(pair);
	/* an abstract name of the kernel's choice */
	if (bind(server, (void *)&name, sizeof(name.sun_family)) || listen(server, 4) ||
		getsockname(server, (void *)&name, &len) || pipe(ends))
		z_die("sockets");
	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	sqe = next(OP_PROVIDE_BUFFERS, 4, 0, 0x111);
	z_put(sqe, 16, 8, (uintptr_t)buf);
	z_put(sqe, 24, 4, sizeof(buf) / 4);
	z_put(next(OP_ACCEPT, server, 0, 0x112), 2, 2, 1);
	sqe = next(OP_RECV, pair[0], F_BUFFER_SELECT, 0x113);
	z_put(sqe, 2, 2, 2);
	sqe = next(OP_POLL_ADD, ends[0], 0, 0x114);
	z_put(sqe, 24, 4, 1);
	z_put(sqe, 28, 4, POLLIN);
	submit();
	if (posted(0x113, &res) && res < 0) {
		errno = -res;
		return z_unsupported("multishot RECV");
	}
	if (connect(client, (void *)&name, len) || write(pair[1], "", 1) != 1 || write(ends[1], "", 1) != 1)
		z_die("connect");
	for (unsigned i = 0x112; i < 0x115; i++)
		if (!posted(i, &res) || res < 0)
			z_die("a shot");
	cJSON_AddItemToArray(list, with(request("ACCEPT", 0x112, "poll"), "fd", z_json("%d", server)));
	cJSON_AddItemToArray(list, with(request("RECV", 0x113, "poll"), "fd", z_json("%d", pair[0])));
	cJSON_AddItemToArray(list, with(request("POLL_ADD", 0x114, "poll"), "fd", z_json("%d", ends[0])));
	o = z_truth(&ring);
	z_set(o, NULL, "unordered", cJSON_CreateTrue());
	in_flight(o, list);
	return z_rings(o);
}

/* What the kernel hands to a worker by itself, and what was submitted so. */
static cJSON *forced(void)
{
	cJSON *o, *list = cJSON_CreateArray();
	int in = empty_pipe(), ends[2];
	uint8_t *sqe;

	if (!z_ring(&ring, 8, 0, 0) || pipe(ends))
		return z_unsupported("a plain ring");
	sqe = next(OP_SPLICE, ends[1], 0, 0x121);
	z_put(sqe, 8, 8, UINT64_MAX);
	z_put(sqe, 16, 8, UINT64_MAX);
	z_put(sqe, 24, 4, 1);
	z_put(sqe, 44, 4, (uint32_t)in);
	submit();
	usleep(200000);
	cJSON_AddItemToArray(list, with(request("SPLICE", 0x121, "iowq_running"), "flags", z_json("[]")));
	o = z_truth(&ring);
	in_flight(o, list);
	return z_rings(o);
}

static cJSON *many_polls(void)
{
	cJSON *o;
	int fd = empty_pipe();

	if (!z_ring(&ring, 4096, 0, 0))
		return z_unsupported("a plain ring");
	for (int done = 0; done < 10000;) {
		for (queued = 0; queued < 4096 && done < 10000; done++) {
			uint32_t slot = (*z_word(&ring, ring.p.sq_off.tail) + queued) & 4095;
			uint8_t *sqe = z_sqe(&ring, slot);

			z_put(sqe, 0, 1, OP_POLL_ADD);
			z_put(sqe, 4, 4, (uint32_t)fd);
			z_put(sqe, 28, 4, POLLIN);
			queued++;
		}
		submit();
	}
	o = z_truth(&ring);
	z_set(o, NULL, "count_requests", z_json("1000"));
	inside(o, "inflight", "count", z_json("10000"));
	inside(o, "inflight", "cut", z_json("1000"));
	return z_rings(o);
}

/* Big completions that overflowed, with their second halves. */
static cJSON *overflow_big(void)
{
	cJSON *o, *list = cJSON_CreateArray();

	if (!z_ring(&ring, 4, 0, Z_CQE32))
		return z_unsupported("CQE32");
	for (unsigned i = 0; i < 3; i++) {
		for (queued = 0; queued < 4;) {
			uint8_t *sqe = next(OP_NOP, -1, 0, i * 4 + queued);

			/* 6.10: the NOP fills the second half */
			z_put(sqe, 8, 8, 0x1111 * (i + 1));
			z_put(sqe, 16, 8, 0x2222);
		}
		submit();
	}
	for (unsigned i = 8; i < 12; i++)
		cJSON_AddItemToArray(list, z_json("{\"user_data\": \"0x%x\", \"res\": 0}", i));
	o = z_truth(&ring);
	inside(o, "cq", "overflowed", list);
	return z_rings(o);
}

static cJSON *pinned(void)
{
	struct io_uring_params p = {.flags = Z_SQPOLL | Z_SQ_AFF, .sq_thread_cpu = 0, .sq_thread_idle = 200};
	cJSON *o;

	if (!z_ring_params(&ring, 8, &p))
		return z_unsupported("SQ_AFF");
	usleep(600000); /* asleep by now */
	o = z_truth(&ring);
	inside(o, "sqpoll", "active", cJSON_CreateTrue());
	inside(o, "sqpoll", "pinned_cpu", z_json("0"));
	inside(o, "sqpoll", "idle_ms", z_json("200"));
	inside(o, "sqpoll", "state", z_json("\"sleeping\""));
	inside(o, "sqpoll", "need_wakeup", cJSON_CreateTrue());
	inside(o, "owner", "sq_creds", z_json("{\"uid\": %d, \"gid\": %d}", (int)geteuid(), (int)getegid()));
	return z_rings(o);
}

/* --- hidden and foreign --- */

/* Its descriptor is closed, and it is registered with nobody. */
static cJSON *mapped_only(void)
{
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	o = z_truth(&ring);
	close(ring.fd);
	cJSON_DeleteItemFromObject(o, "fd");
	inside(o, NULL, "hidden", cJSON_CreateTrue());
	inside(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"fds\": [], \"mapped\": true, \"registered\": false, \"same_mm\": true}]",
			(int)getpid()));
	return z_rings(o);
}

static cJSON *registered_only(void)
{
	struct io_uring_params p = {.flags = Z_NO_MMAP | Z_REGISTERED_FD_ONLY | Z_NO_SQARRAY};
	uint8_t *memory = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t address = (uintptr_t)memory;
	int index;

	if (memory == MAP_FAILED)
		z_die("mmap");
	memset(memory, 0, 8192);
	memcpy((char *)(&p.cq_off + 1) - 8, &address, 8);
	address += 4096;
	memcpy((char *)(&p.sq_off + 1) - 8, &address, 8);
	index = (int)syscall(SYS_io_uring_setup, 8, &p);
	if (index < 0)
		return z_unsupported("REGISTERED_FD_ONLY");
	z_put(memory + 4096, 0, 1, OP_READ);
	z_put(memory + 4096, 32, 8, 0x91);
	memcpy(memory + p.sq_off.tail, &(uint32_t){1}, 4);
	/* nothing but the kernel shows it, so nothing is said without it */
	return z_rings(
		z_json("{\"pid\": %d, \"hidden_ring\": true, \"sq\": {\"entries\": 8, \"tail\": 1, \"pending\": "
		       "[{\"opcode\": \"READ\", \"user_data\": \"0x91\"}]}, \"hidden\": true, \"holders\": "
		       "[{\"pid\": %d, \"fds\": [], \"mapped\": false, \"registered\": true, \"same_mm\": true}], "
		       "\"with_kernel\": {\"setup_flags\": {\"value\": %u}}}",
			(int)getpid(), (int)getpid(), p.flags));
}

/* Waits until a child says that it is done. */
static void await(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		z_die("the child");
}

static void stay(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(fd, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* A child has submitted to the ring and let go of it. */
static cJSON *guest(void)
{
	int ready[2];
	pid_t child;
	cJSON *o;

	if (!z_ring(&ring, 8, 0, 0) || pipe(ready))
		return z_unsupported("a plain ring");
	child = fork();
	if (!child) {
		z_nops(&ring, 1, 0xa1);
		close(ring.fd);
		munmap(ring.rings, ring.rings_len);
		munmap(ring.sqes, ring.sqes_len);
		stay(ready[1]);
	}
	await(ready[0]);
	o = z_truth(&ring);
	inside(o, NULL, "holders",
		z_json("[{\"pid\": %d, \"same_mm\": true, \"uses\": true}, {\"pid\": %d, \"fds\": [], \"mapped\": "
		       "false, "
		       "\"registered\": false, \"same_mm\": false, \"uses\": true}]",
			(int)getpid(), (int)child));
	return z_rings(o);
}

/* The ring's owner has ended; its child has the ring, and may not be taken for the owner. */
static cJSON *left_behind(unsigned flags)
{
	int ready[2];
	cJSON *o;
	pid_t parent;

	if (pipe(ready))
		z_die("pipe");
	parent = fork();
	if (!parent) {
		if (!z_ring(&ring, 8, 0, flags))
			_exit(1);
		if (!fork()) {
			/* this one goes on, with the ring, when the other has ended */
			close(ready[0]);
			usleep(50000);
			o = z_truth(&ring);
			inside(o, "owner", "pid", cJSON_CreateNull());
			if (flags & Z_SQPOLL)
				inside(o, NULL, "sqpoll",
					z_json("{\"active\": true, \"tid\": null, \"state\": \"died\"}"));
			inside(o, NULL, "holders", z_json("[{\"pid\": %d, \"same_mm\": false}]", (int)getpid()));
			{
				char *text = cJSON_PrintUnformatted(o);
				uint32_t len = (uint32_t)strlen(text);

				if (write(ready[1], &len, 4) != 4 || write(ready[1], text, len) != (ssize_t)len)
					_exit(1);
			}
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;) {
				/* whoever started us is gone when nobody holds the other end */
				struct pollfd p = {.fd = ready[1], .events = 0};

				if (poll(&p, 1, -1) > 0)
					_exit(0);
			}
		}
		_exit(0);
	}
	close(ready[1]);
	waitpid(parent, NULL, 0);
	{
		uint32_t len = 0;
		char *text;

		if (read(ready[0], &len, 4) != 4)
			return z_unsupported("a plain ring");
		text = calloc(len + 1, 1);
		for (uint32_t got = 0; got < len;) {
			ssize_t n = read(ready[0], text + got, len - got);

			if (n <= 0)
				z_die("the child");
			got += (uint32_t)n;
		}
		o = cJSON_Parse(text);
	}
	return z_rings(o);
}

static cJSON *orphan(void)
{
	return left_behind(0);
}

/* Its SQPOLL thread went with it. */
static cJSON *sqpoll_died(void)
{
	return left_behind(Z_SQPOLL);
}

/* Anonymous inodes of other kinds, and a file whose name is a ring's. */
static cJSON *lookalikes(void)
{
	int fd = open("/tmp/[io_uring]", O_RDWR | O_CREAT, 0600),
	    memory = (int)syscall(SYS_memfd_create, "[io_uring]", 0);

	if (fd >= 0)
		unlink("/tmp/[io_uring]");
	if (memory >= 0 &&
		(ftruncate(memory, 4096) || mmap(NULL, 4096, PROT_READ, MAP_SHARED, memory, 0) == MAP_FAILED))
		z_die("mmap");
	eventfd(0, 0);
	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	return z_rings(z_truth(&ring));
}

/* Rings come and go, full of requests. */
static cJSON *churn(void)
{
	if (!z_ring(&ring, 8, 0, 0))
		return z_unsupported("a plain ring");
	return z_rings(z_truth(&ring));
}

static void churn_live(void)
{
	int fd = empty_pipe();

	for (;;) {
		struct zring r;

		if (!z_ring(&r, 64, 0, 0))
			continue;
		for (unsigned i = 0; i < 64; i++) {
			uint8_t *sqe = z_sqe(&r, i);

			z_put(sqe, 0, 1, OP_POLL_ADD);
			z_put(sqe, 4, 4, (uint32_t)fd);
			z_put(sqe, 28, 4, POLLIN);
		}
		z_publish(&r, 64);
		z_enter(&r, 64, 0, 0);
		munmap(r.rings, r.rings_len);
		munmap(r.sqes, r.sqes_len);
		close(r.fd);
	}
}

const struct exhibit exhibits_inside[] = {
	{"restricted", "a set of restrictions in force", restricted, NULL},
	{"restricting", "a disabled ring with restrictions that are to come", restricting, NULL},
	{"inherited", "restrictions of the task", inherited, NULL},
	{"bpf-filter", "a BPF filter for an opcode", bpf_filter, NULL},
	{"eventfd", "an eventfd, for asynchronous completions, disabled", with_eventfd, NULL},
	{"limits", "limits for io-wq", limits, NULL},
	{"personalities", "two personalities and a gap", personalities, NULL},
	{"groups", "provided buffers of each kind", groups, NULL},
	{"group-nonsense", "a buffer ring whose tail is nonsense", group_nonsense, NULL},
	{"cloned", "buffers of another ring", cloned, NULL},
	{"napi", "busy polling", napi, NULL},
	{"many-files", "4096 slots for files", many_files, NULL},
	{"many-buffers", "16384 buffers", many_buffers, NULL},
	{"polled", "a poll and a read that is polled for", polled, NULL},
	{"timeouts", "a timeout and a linked one", timeouts, NULL},
	{"chain", "a chain of three", chain, NULL},
	{"drained", "requests that wait for those before", drained, NULL},
	{"io-wq", "workers that wait, and requests that wait for workers", io_wq, NULL},
	{"one-file", "writes that wait behind another to the same file", one_file, NULL},
	{"futex", "a futex", futex_wait, NULL},
	{"waitid", "a child that is waited for", wait_id, NULL},
	{"task-work", "a completion that the program has to fetch", task_work, NULL},
	{"left-over", "completions that one call has left to the next", left_over, NULL},
	{"woken", "requests that were woken in vain", woken, NULL},
	{"shots", "multishots that have had a shot", shots, NULL},
	{"forced", "what the kernel hands to a worker by itself", forced, NULL},
	{"many-polls", "10000 polls", many_polls, NULL},
	{"overflow-big", "big completions that overflowed", overflow_big, NULL},
	{"pinned", "an SQPOLL thread kept to one processor", pinned, NULL},
	{"mapped-only", "mapped, its descriptor closed", mapped_only, NULL},
	{"registered-only", "in no table of descriptors and in no mapping", registered_only, NULL},
	{"guest", "used by a process that does not hold it", guest, NULL},
	{"orphan", "its owner has ended", orphan, NULL},
	{"held-pair", "two that only requests of each other hold", held_pair, NULL},
	{"held-alone", "one that a single request holds, whose maker has ended", held_alone, NULL},
	{"held-working", "the same, and one of them goes on writing", held_working, keep_writing},
	{"sqpoll-died", "its owner has ended, and with it the SQPOLL thread", sqpoll_died, NULL},
	{"lookalikes", "things that are no rings", lookalikes, NULL},
	{"churn", "rings that come and go", churn, churn_live},
	{0},
};
