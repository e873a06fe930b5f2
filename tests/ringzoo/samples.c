/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SQE of every opcode, with the truth about its arguments. Numbers are written out, from the kernel's headers. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "zoo.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define P(x) ((unsigned long long)(uintptr_t)(x))

/* What the samples point at; it must live as long as the target. */
static char buffer[4096] = "hello, ring";
static char path[] = "/tmp/zoo \"quoted\"\n", path2[] = "/tmp/other", name[] = "user.zoo", value[] = "v";
static struct iovec iov[2] = {{buffer, 5}, {buffer + 7, 4}};
static struct timespec ts = {1, 500};
static struct sockaddr_in inet = {.sin_family = AF_INET};
static struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6};
static struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/tmp/zoo.sock"};
static struct msghdr msg = {.msg_name = &inet, .msg_namelen = sizeof(inet), .msg_iov = iov, .msg_iovlen = 2};
static struct {
	uint64_t flags, mode, resolve;
} how = {0100 | 1 | 02000000, 0600, 4 | 8};
static int fds[3] = {0, -1, 1};
static struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x1234};
static struct {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
} futexv[2];
static int passwd = -1, null = -1, tcp = -1, ep = -1, efd = -1, pipes[2] = {-1, -1};

static void prepare(void)
{
	if (passwd >= 0)
		return;
	passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	ep = epoll_create1(0);
	efd = eventfd(0, 0);
	if (passwd < 0 || null < 0 || tcp < 0 || ep < 0 || efd < 0 || pipe(pipes))
		z_die("a sample's file");
	inet.sin_port = htons(8080);
	inet.sin_addr.s_addr = htonl(0x7f000001);
	inet6.sin6_port = htons(443);
	inet6.sin6_addr.s6_addr[15] = 1;
	futexv[0].val = 7;
	futexv[0].uaddr = P(buffer);
	futexv[0].flags = 2 | 128;
	futexv[1].val = 8;
	futexv[1].uaddr = P(buffer + 8);
	futexv[1].flags = 2;
}

struct words {
	uint16_t ioprio, buf_index, personality;
	uint8_t flags;
	int32_t fd;
	uint64_t off, addr, addr3, pad2;
	uint32_t len, op_flags, index;
};

static void put(uint8_t *sqe, unsigned op, const struct words *w)
{
	z_put(sqe, 0, 1, op);
	z_put(sqe, 1, 1, w->flags);
	z_put(sqe, 2, 2, w->ioprio);
	z_put(sqe, 4, 4, (uint32_t)w->fd);
	z_put(sqe, 8, 8, w->off);
	z_put(sqe, 16, 8, w->addr);
	z_put(sqe, 24, 4, w->len);
	z_put(sqe, 28, 4, w->op_flags);
	z_put(sqe, 32, 8, 0x1000 + op);
	z_put(sqe, 40, 2, w->buf_index);
	z_put(sqe, 42, 2, w->personality);
	z_put(sqe, 44, 4, w->index);
	z_put(sqe, 48, 8, w->addr3);
	z_put(sqe, 56, 8, w->pad2);
}

#define W(...) put(sqe, op, &(struct words){__VA_ARGS__})
#define T(...) z_json(__VA_ARGS__)
#define IOVS "[{\"iov_base\": \"0x%llx\", \"iov_len\": 5}, {\"iov_base\": \"0x%llx\", \"iov_len\": 4}]"
#define IOV_ARGS P(buffer), P(buffer + 7)
#define PATH "{\"string\": \"/tmp/zoo \\\"quoted\\\"\\n\"}"
#define PATH2 "{\"string\": \"/tmp/other\"}"
#define XNAME "{\"string\": \"user.zoo\"}"
#define INET "{\"family\": \"AF_INET\", \"address\": {\"string\": \"127.0.0.1\"}, \"port\": 8080}"
#define TS "{\"tv_sec\": 1, \"tv_nsec\": 500}"

static cJSON *files_and_data(unsigned op, uint8_t *sqe)
{
	switch (op) {
	case 0:
		W(.op_flags = 1 | 1u << 30, .len = 17);
		return T("{\"opcode\": \"NOP\", \"fd\": null, \"args\": {\"nop_flags\": %u, \"result\": 17}, \"decoded\": "
			 "{\"nop_flags\": [\"INJECT_RESULT\", \"0x40000000\"]}}",
			1 | 1u << 30);
	case 1:
	case 60:
		W(.fd = passwd, .addr = P(iov), .len = 2, .off = 4096, .op_flags = 8, .buf_index = 3);
		return T("{\"opcode\": \"%s\", \"fd\": %d, \"file\": \"/etc/passwd\", \"args\": {\"iov\": \"0x%llx\", "
			 "\"nr_vecs\": 2, \"offset\": \"0x1000\", \"rw_flags\": 8}, \"decoded\": {\"iov\": " IOVS
			 ", \"rw_flags\": [\"RWF_NOWAIT\"]}}",
			op == 1 ? "READV" : "READV_FIXED", passwd, P(iov), IOV_ARGS);
	case 2:
	case 61:
		W(.fd = null, .addr = P(iov), .len = 2, .off = ~0ull, .op_flags = 2 | 16, .buf_index = 3);
		return T("{\"opcode\": \"%s\", \"fd\": %d, \"file\": \"/dev/null\", \"decoded\": {\"offset\": \"current\", "
			 "\"rw_flags\": [\"RWF_DSYNC\", \"RWF_APPEND\"]}}",
			op == 2 ? "WRITEV" : "WRITEV_FIXED", null);
	case 3:
		W(.fd = null, .off = 512, .len = 1024, .op_flags = 1);
		return T("{\"opcode\": \"FSYNC\", \"args\": {\"offset\": \"0x200\", \"len\": 1024}, \"decoded\": {\"fsync_flags\": "
			 "[\"DATASYNC\"]}}");
	case 4:
	case 5:
		W(.fd = passwd, .addr = P(buffer), .len = 512, .off = 0x100000000ull, .buf_index = 7, .ioprio = 2 << 13 | 4);
		return T("{\"opcode\": \"%s\", \"args\": {\"addr\": \"0x%llx\", \"len\": 512, \"offset\": \"0x100000000\", "
			 "\"buf_index\": 7}, \"decoded\": {\"ioprio\": {\"class\": \"BE\", \"level\": 4}}}",
			op == 4 ? "READ_FIXED" : "WRITE_FIXED", P(buffer));
	case 8:
		W(.fd = null, .off = 1, .len = 2, .op_flags = 7);
		return T("{\"opcode\": \"SYNC_FILE_RANGE\", \"decoded\": {\"sync_range_flags\": [\"WAIT_BEFORE\", \"WRITE\", "
			 "\"WAIT_AFTER\"]}}");
	case 17:
		W(.fd = null, .off = 4096, .addr = 8192, .len = 3);
		return T("{\"opcode\": \"FALLOCATE\", \"args\": {\"offset\": \"0x1000\", \"len\": 8192, \"mode\": 3}, \"decoded\": "
			 "{\"mode\": [\"KEEP_SIZE\", \"PUNCH_HOLE\"]}}");
	case 22:
		W(.fd = passwd, .addr = P(buffer), .len = 4096, .flags = 4 | 16, .personality = 5);
		return T("{\"opcode\": \"READ\", \"opcode_value\": 22, \"fd\": %d, \"flags\": [\"IO_LINK\", \"ASYNC\"], "
			 "\"personality\": 5, \"args\": {\"addr\": \"0x%llx\", \"len\": 4096, \"offset\": \"0x0\", \"rw_flags\": "
			 "0}, \"decoded\": {\"rw_flags\": []}}",
			passwd, P(buffer));
	case 23:
		W(.fd = efd, .addr = P(buffer), .len = 11, .off = 7);
		return T("{\"opcode\": \"WRITE\", \"fd\": %d, \"file\": \"anon_inode:[eventfd]\", \"args\": {\"offset\": "
			 "\"0x7\"}, \"data\": \"hello, ring\"}",
			efd);
	case 24:
		W(.fd = passwd, .off = 10, .len = 20, .op_flags = 2);
		return T("{\"opcode\": \"FADVISE\", \"args\": {\"len\": 20}, \"decoded\": {\"fadvise_advice\": "
			 "\"POSIX_FADV_SEQUENTIAL\"}}");
	case 25:
		W(.addr = P(buffer), .len = 4096, .op_flags = 21);
		return T("{\"opcode\": \"MADVISE\", \"fd\": null, \"decoded\": {\"fadvise_advice\": \"MADV_PAGEOUT\"}}");
	case 30:
		W(.fd = pipes[1], .index = 0, .op_flags = 1u << 31 | 3, .addr = ~0ull, .off = ~0ull, .len = 77);
		return T("{\"opcode\": \"SPLICE\", \"fd\": %d, \"args\": {\"len\": 77}, \"decoded\": {\"fd_in\": {\"fixed_slot\": 0}, "
			 "\"off_in\": \"current\", \"off_out\": \"current\", \"splice_flags\": [\"SPLICE_F_MOVE\", "
			 "\"SPLICE_F_NONBLOCK\", \"SPLICE_F_FD_IN_FIXED\"]}}",
			pipes[1]);
	case 33:
		W(.fd = pipes[1], .index = (uint32_t)pipes[0], .len = 9, .op_flags = 4);
		return T("{\"opcode\": \"TEE\", \"decoded\": {\"fd_in\": {\"fd\": %d}, \"splice_flags\": [\"SPLICE_F_MORE\"]}}",
			pipes[0]);
	case 49:
		W(.fd = pipes[0], .flags = 32, .buf_index = 12, .off = ~0ull);
		return T("{\"opcode\": \"READ_MULTISHOT\", \"flags\": [\"BUFFER_SELECT\"], \"args\": {\"buf_group\": 12}}");
	case 55:
		W(.fd = null, .off = 123456);
		return T("{\"opcode\": \"FTRUNCATE\", \"args\": {\"len\": 123456}}");
	case 63:
		W(.op_flags = 0);
		return T("{\"opcode\": \"NOP128\"}");
	default:
		return NULL;
	}
}

static cJSON *paths(unsigned op, uint8_t *sqe)
{
	switch (op) {
	case 18:
		W(.fd = -100, .addr = P(path), .op_flags = 0102 | 02000000 | 1u << 31, .len = 0644);
		return T("{\"opcode\": \"OPENAT\", \"fd\": -100, \"args\": {\"path\": \"0x%llx\", \"mode\": 420}, \"decoded\": {\"path\": " PATH
			 ", \"open_flags\": [\"O_RDWR\", \"O_CREAT\", \"O_CLOEXEC\", \"0x80000000\"], \"mode\": \"0644\"}}",
			P(path));
	case 21:
		W(.fd = -100, .addr = P(path2), .op_flags = 0x1100, .len = 0xfff, .off = P(buffer));
		return T("{\"opcode\": \"STATX\", \"decoded\": {\"path\": " PATH2 ", \"statx_flags\": [\"AT_SYMLINK_NOFOLLOW\", "
			 "\"AT_EMPTY_PATH\"], \"mask\": [\"STATX_BASIC_STATS\", \"STATX_BTIME\"]}}");
	case 28:
		W(.fd = -100, .addr = P(path), .off = P(&how), .len = sizeof(how), .index = ~0u);
		return T("{\"opcode\": \"OPENAT2\", \"decoded\": {\"path\": " PATH
			 ", \"how\": {\"flags\": [\"O_WRONLY\", \"O_CREAT\", \"O_CLOEXEC\"], \"mode\": \"0600\", \"resolve\": "
			 "[\"RESOLVE_NO_SYMLINKS\", \"RESOLVE_BENEATH\"]}, \"file_index\": \"ALLOC\"}}");
	case 35:
		W(.fd = -100, .addr = P(path), .len = (uint32_t)-100, .off = P(path2), .op_flags = 1);
		return T("{\"opcode\": \"RENAMEAT\", \"args\": {\"newdfd\": -100}, \"decoded\": {\"oldpath\": " PATH
			 ", \"newpath\": " PATH2 ", \"rename_flags\": [\"RENAME_NOREPLACE\"]}}");
	case 36:
		W(.fd = -100, .addr = P(path), .op_flags = 0x200);
		return T("{\"opcode\": \"UNLINKAT\", \"decoded\": {\"path\": " PATH ", \"unlink_flags\": [\"AT_REMOVEDIR\"]}}");
	case 37:
		W(.fd = -100, .addr = P(path), .len = 0755);
		return T("{\"opcode\": \"MKDIRAT\", \"decoded\": {\"path\": " PATH ", \"mode\": \"0755\"}}");
	case 38:
		W(.fd = -100, .addr = P(path), .off = P(path2));
		return T("{\"opcode\": \"SYMLINKAT\", \"decoded\": {\"target\": " PATH ", \"linkpath\": " PATH2 "}}");
	case 39:
		W(.fd = -100, .addr = P(path), .len = (uint32_t)-100, .off = P(path2), .op_flags = 0x400);
		return T("{\"opcode\": \"LINKAT\", \"decoded\": {\"oldpath\": " PATH ", \"newpath\": " PATH2
			 ", \"hardlink_flags\": [\"AT_SYMLINK_FOLLOW\"]}}");
	case 41:
		W(.fd = passwd, .addr = P(name), .off = P(value), .len = 1, .op_flags = 1);
		return T("{\"opcode\": \"FSETXATTR\", \"decoded\": {\"name\": " XNAME ", \"xattr_flags\": [\"XATTR_CREATE\"]}}");
	case 42:
		W(.addr = P(name), .off = P(value), .len = 1, .addr3 = P(path), .op_flags = 2);
		return T("{\"opcode\": \"SETXATTR\", \"fd\": null, \"decoded\": {\"path\": " PATH ", \"name\": " XNAME
			 ", \"xattr_flags\": [\"XATTR_REPLACE\"]}}");
	case 43:
		W(.fd = passwd, .addr = P(name), .off = P(buffer), .len = 64);
		return T("{\"opcode\": \"FGETXATTR\", \"args\": {\"size\": 64}, \"decoded\": {\"name\": " XNAME "}}");
	case 44:
		W(.addr = P(name), .off = P(buffer), .len = 64, .addr3 = P(path));
		return T("{\"opcode\": \"GETXATTR\", \"decoded\": {\"path\": " PATH ", \"name\": " XNAME "}}");
	default:
		return NULL;
	}
}

static cJSON *net(unsigned op, uint8_t *sqe)
{
	switch (op) {
	case 9:
	case 48:
		W(.fd = tcp, .addr = P(&msg), .op_flags = 0x4040, .ioprio = 1, .len = 1);
		return T("{\"opcode\": \"%s\", \"fd\": %d, \"decoded\": {\"msg\": {\"name\": " INET ", \"namelen\": 16, \"iov\": " IOVS
			 ", \"iovlen\": 2}, \"msg_flags\": [\"MSG_DONTWAIT\", \"MSG_NOSIGNAL\"], \"ioprio\": [\"POLL_FIRST\"]}}",
			op == 9 ? "SENDMSG" : "SENDMSG_ZC", tcp, IOV_ARGS);
	case 10:
		W(.fd = tcp, .addr = P(&msg), .ioprio = 2, .flags = 32, .buf_index = 9);
		return T("{\"opcode\": \"RECVMSG\", \"args\": {\"buf_group\": 9}, \"decoded\": {\"msg\": {\"namelen\": 16}, "
			 "\"ioprio\": [\"MULTISHOT\"]}}");
	case 13:
		W(.fd = tcp, .addr = P(&inet), .off = P(buffer), .op_flags = 02004000, .ioprio = 5, .index = 3);
		return T("{\"opcode\": \"ACCEPT\", \"decoded\": {\"accept_flags\": [\"SOCK_CLOEXEC\", \"SOCK_NONBLOCK\"], \"ioprio\": "
			 "[\"MULTISHOT\", \"POLL_FIRST\"], \"file_index\": {\"fixed_slot\": 2}}}");
	case 16:
		W(.fd = tcp, .addr = P(&inet), .off = sizeof(inet));
		return T("{\"opcode\": \"CONNECT\", \"args\": {\"addr\": \"0x%llx\", \"addr_len\": 16}, \"decoded\": {\"addr\": " INET "}}",
			P(&inet));
	case 26:
		W(.fd = tcp, .addr = P(buffer), .len = 11, .op_flags = 0x8000, .off = P(&inet6), .index = sizeof(inet6));
		return T("{\"opcode\": \"SEND\", \"args\": {\"len\": 11, \"addr_len\": 28}, \"decoded\": {\"msg_flags\": [\"MSG_MORE\"], "
			 "\"dest_addr\": {\"family\": \"AF_INET6\", \"address\": {\"string\": \"::1\"}, \"port\": 443}}, \"data\": "
			 "\"hello, ring\"}");
	case 27:
		W(.fd = tcp, .flags = 32, .ioprio = 2 | 16, .op_flags = 0x100, .buf_index = 2);
		return T("{\"opcode\": \"RECV\", \"args\": {\"buf_group\": 2, \"len\": 0}, \"decoded\": {\"msg_flags\": "
			 "[\"MSG_WAITALL\"], \"ioprio\": [\"MULTISHOT\", \"BUNDLE\"]}}");
	case 34:
		W(.fd = tcp, .len = 2);
		return T("{\"opcode\": \"SHUTDOWN\", \"decoded\": {\"how\": \"SHUT_RDWR\"}}");
	case 45:
		W(.fd = AF_INET6, .off = 02000000 | 2, .len = 17);
		return T("{\"opcode\": \"SOCKET\", \"fd\": null, \"args\": {\"protocol\": 17}, \"decoded\": {\"domain\": \"AF_INET6\", \"type\": "
			 "[\"SOCK_DGRAM\", \"SOCK_CLOEXEC\"]}}");
	case 47:
		W(.fd = tcp, .addr = P(iov), .len = 2, .ioprio = 4 | 8 | 32, .buf_index = 6);
		return T("{\"opcode\": \"SEND_ZC\", \"args\": {\"buf_index\": 6}, \"decoded\": {\"addr\": " IOVS ", \"ioprio\": "
			 "[\"FIXED_BUF\", \"REPORT_USAGE\", \"VECTORIZED\"]}}",
			IOV_ARGS);
	case 56:
		W(.fd = tcp, .addr = P(&un), .off = sizeof(un));
		return T("{\"opcode\": \"BIND\", \"decoded\": {\"addr\": {\"family\": \"AF_UNIX\", \"path\": {\"string\": "
			 "\"/tmp/zoo.sock\"}}}}");
	case 57:
		W(.fd = tcp, .len = 128);
		return T("{\"opcode\": \"LISTEN\", \"args\": {\"backlog\": 128}}");
	case 58:
		W(.fd = tcp, .index = 1, .ioprio = 2);
		return T("{\"opcode\": \"RECV_ZC\", \"args\": {\"zcrx_ifq_idx\": 1}, \"decoded\": {\"ioprio\": [\"MULTISHOT\"]}}");
	default:
		return NULL;
	}
}

static cJSON *rest(unsigned op, uint8_t *sqe)
{
	switch (op) {
	case 6:
		W(.fd = efd, .op_flags = 0x2001 | 1u << 31, .len = 1);
		return T("{\"opcode\": \"POLL_ADD\", \"decoded\": {\"poll32_events\": [\"POLLIN\", \"POLLRDHUP\", \"EPOLLET\"], "
			 "\"poll_flags\": [\"MULTI\"]}}");
	case 7:
		W(.addr = 0xabc, .len = 2 | 4, .op_flags = 4, .off = 0xdef);
		return T("{\"opcode\": \"POLL_REMOVE\", \"fd\": null, \"args\": {\"target\": \"0xabc\", \"new_user_data\": \"0xdef\"}, "
			 "\"decoded\": {\"poll32_events\": [\"POLLOUT\"], \"poll_flags\": [\"UPDATE_EVENTS\", \"UPDATE_USER_DATA\"]}}");
	case 11:
		W(.addr = P(&ts), .len = 1, .off = 3, .op_flags = 1 | 8 | 64);
		return T("{\"opcode\": \"TIMEOUT\", \"args\": {\"count\": 3}, \"decoded\": {\"ts\": " TS
			 ", \"timeout_flags\": [\"ABS\", \"REALTIME\", \"MULTISHOT\"]}}");
	case 12:
		W(.addr = 0x77, .off = P(&ts), .op_flags = 2);
		return T("{\"opcode\": \"TIMEOUT_REMOVE\", \"args\": {\"target\": \"0x77\"}, \"decoded\": {\"timeout_flags\": [\"UPDATE\"], "
			 "\"ts\": " TS "}}");
	case 14:
		W(.fd = efd, .op_flags = 1 | 2);
		return T("{\"opcode\": \"ASYNC_CANCEL\", \"fd\": %d, \"decoded\": {\"cancel_flags\": [\"ALL\", \"FD\"]}}", efd);
	case 15:
		W(.addr = P(&ts), .len = 1, .op_flags = 4);
		return T("{\"opcode\": \"LINK_TIMEOUT\", \"decoded\": {\"ts\": " TS ", \"timeout_flags\": [\"BOOTTIME\"]}}");
	case 19:
		W(.index = 5);
		return T("{\"opcode\": \"CLOSE\", \"fd\": null, \"decoded\": {\"file_index\": {\"fixed_slot\": 4}}}");
	case 20:
		W(.addr = P(fds), .len = 3, .off = 2);
		return T("{\"opcode\": \"FILES_UPDATE\", \"args\": {\"offset\": 2, \"len\": 3}, \"decoded\": {\"fds\": [{\"fd\": 0}, {\"fd\": "
			 "-1, \"file\": null}, {\"fd\": 1}]}}");
	case 29:
		W(.fd = ep, .off = (uint64_t)efd, .len = 1, .addr = P(&event));
		return T("{\"opcode\": \"EPOLL_CTL\", \"file\": \"anon_inode:[eventpoll]\", \"decoded\": {\"op\": \"EPOLL_CTL_ADD\", \"fd\": "
			 "{\"fd\": %d, \"file\": \"anon_inode:[eventfd]\"}, \"event\": {\"events\": [\"POLLIN\", \"EPOLLET\"], \"data\": "
			 "\"0x1234\"}}}",
			efd);
	case 31:
		W(.fd = 16, .addr = P(buffer), .len = 256, .off = 40, .buf_index = 8);
		return T("{\"opcode\": \"PROVIDE_BUFFERS\", \"fd\": null, \"args\": {\"nbufs\": 16, \"len\": 256, \"bid\": 40, \"buf_group\": "
			 "8}}");
	case 32:
		W(.fd = 3, .buf_index = 8);
		return T("{\"opcode\": \"REMOVE_BUFFERS\", \"args\": {\"nbufs\": 3, \"buf_group\": 8}}");
	case 40:
		W(.fd = null, .addr = 1, .addr3 = 4, .index = 6, .off = 0x99, .op_flags = 1);
		return T("{\"opcode\": \"MSG_RING\", \"args\": {\"target_user_data\": \"0x99\"}, \"decoded\": {\"cmd\": \"MSG_SEND_FD\", "
			 "\"src_slot\": {\"fixed_slot\": 4}, \"file_index\": {\"fixed_slot\": 5}, \"msg_ring_flags\": "
			 "[\"CQE_SKIP\"]}}");
	case 46:
		W(.fd = tcp, .off = 3, .addr = 1 | 9ull << 32, .addr3 = P(fds), .index = 4);
		return T("{\"opcode\": \"URING_CMD\", \"args\": {\"optname\": 9, \"optval\": \"0x%llx\", \"optlen\": 4}, \"decoded\": "
			 "{\"cmd_op\": \"SETSOCKOPT\", \"level\": \"SOL_SOCKET\"}}",
			P(fds));
	case 50:
		W(.fd = 1, .len = 1, .index = 4 | 1, .off = P(buffer));
		return T("{\"opcode\": \"WAITID\", \"fd\": null, \"args\": {\"id\": 1}, \"decoded\": {\"idtype\": \"P_PID\", \"options\": "
			 "[\"WNOHANG\", \"WEXITED\"]}}");
	case 51:
	case 52:
		W(.fd = 2 | 128, .addr = P(buffer), .off = 1, .addr3 = 0xffffffff);
		return T("{\"opcode\": \"%s\", \"fd\": null, \"args\": {\"uaddr\": \"0x%llx\", \"val\": 1, \"mask\": \"0xffffffff\"}, "
			 "\"decoded\": {\"futex2_flags\": [\"FUTEX2_SIZE_U32\", \"FUTEX2_PRIVATE\"]}}",
			op == 51 ? "FUTEX_WAIT" : "FUTEX_WAKE", P(buffer));
	case 53:
		W(.addr = P(futexv), .len = 2);
		return T("{\"opcode\": \"FUTEX_WAITV\", \"decoded\": {\"futexv\": [{\"val\": 7, \"uaddr\": \"0x%llx\", \"flags\": "
			 "[\"FUTEX2_SIZE_U32\", \"FUTEX2_PRIVATE\"]}, {\"val\": 8}]}}",
			P(buffer));
	case 54:
		W(.fd = 2, .flags = 1, .op_flags = 1);
		return T("{\"opcode\": \"FIXED_FD_INSTALL\", \"fd\": null, \"fixed_slot\": 2, \"decoded\": {\"install_fd_flags\": "
			 "[\"NO_CLOEXEC\"]}}");
	case 59:
		W(.fd = ep, .addr = P(buffer), .len = 32);
		return T("{\"opcode\": \"EPOLL_WAIT\", \"args\": {\"maxevents\": 32}}");
	case 62:
		W(.addr = P(fds), .op_flags = 02004000);
		return T("{\"opcode\": \"PIPE\", \"fd\": null, \"decoded\": {\"pipe_flags\": [\"O_CLOEXEC\", \"O_NONBLOCK\"]}}");
	case 64:
		W(.fd = null, .off = 3u << 30 | 16u << 16 | 'u' << 8 | 0x20, .addr3 = 0x0102030405060708);
		z_put(sqe, 120, 8, 0xff);
		return T("{\"opcode\": \"URING_CMD128\", \"decoded\": {\"cmd_op\": \"_IOWR('u', 0x20, 16)\"}, \"args\": {\"cmd\": "
			 "\"0807060504030201%0128d"
			 "ff00000000000000\"}}",
			0);
	default:
		return NULL;
	}
}

cJSON *z_sample(unsigned op, uint8_t *sqe)
{
	cJSON *o;

	prepare();
	o = files_and_data(op, sqe);
	if (!o)
		o = paths(op, sqe);
	if (!o)
		o = net(op, sqe);
	if (!o)
		o = rest(op, sqe);
	if (!o)
		z_die("an opcode without a sample");
	cJSON_AddItemToObject(o, "user_data", z_json("\"0x%x\"", 0x1000 + op));
	return o;
}
