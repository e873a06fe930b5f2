/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row an opcode: what sqe->fd is, and the arguments that the kernel's prep function reads, in the order a person
 * would write the call. A new opcode is a row here and, if it has flags of its own, a table in flags.c.
 */
#include "flags.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define ARGS(...) .args = (const struct uapi_arg[]){__VA_ARGS__, {0}}
#define FL(n, at, set) {n, at, 4, K_FLAGS, W_ALWAYS, 0, &(set)}
#define FL_OPT(n, at, size, set) {n, at, size, K_FLAGS, W_NONZERO, 0, &(set)}
#define CHOICE(n, at, size, set) {n, at, size, K_CHOICE, W_ALWAYS, 0, &(set)}

#define OFFSET {"offset", SQE_OFF, 8, K_OFFSET, W_ALWAYS, 0, 0}
#define LEN {"len", SQE_LEN, 4, K_DEC, W_ALWAYS, 0, 0}
#define RW_FLAGS FL("rw_flags", SQE_OP_FLAGS, fl_rw)
#define RW_TAIL \
	RW_FLAGS, {"ioprio", SQE_IOPRIO, 2, K_IOPRIO, W_NONZERO, 0, 0}, \
		{"write_stream", SQE_FILE_INDEX, 1, K_DEC, W_NONZERO, 0, 0}, \
		FL_OPT("attr_type_mask", SQE_PAD2, 8, fl_rw_attr), {"attr_ptr", SQE_ADDR3, 8, K_PTR, W_NONZERO, 0, 0}
#define BUF_GROUP {"buf_group", SQE_BUF_INDEX, 2, K_DEC, W_BUFSEL, 0, 0}
#define BUF_INDEX {"buf_index", SQE_BUF_INDEX, 2, K_DEC, W_ALWAYS, 0, 0}
#define NET_PRIO FL_OPT("ioprio", SQE_IOPRIO, 2, fl_recvsend)
#define NET_BUF_INDEX {"buf_index", SQE_BUF_INDEX, 2, K_DEC, W_PRIO_FLAG, 4, 0}
#define MSG_FLAGS FL("msg_flags", SQE_OP_FLAGS, uapi_msg_flags)
#define FILE_INDEX {"file_index", SQE_FILE_INDEX, 4, K_SLOT, W_NONZERO, 0, 0}
#define PATH(n, at) {n, at, 8, K_PATH, W_ALWAYS, 0, 0}
#define PTR(n, at) {n, at, 8, K_PTR, W_ALWAYS, 0, 0}
#define DEC(n, at, size) {n, at, size, K_DEC, W_ALWAYS, 0, 0}
#define HEX(n, at, size) {n, at, size, K_HEX, W_ALWAYS, 0, 0}

#define READ_ARGS {"addr", SQE_ADDR, 8, K_PTR, W_NO_BUFSEL, 0, 0}, BUF_GROUP, LEN, OFFSET
#define VEC_ARGS(written) {"iov", SQE_ADDR, 8, K_IOVEC, W_ALWAYS, written, 0}, DEC("nr_vecs", SQE_LEN, 4), BUF_GROUP, OFFSET
#define SEND_ARGS \
	{"addr", SQE_ADDR, 8, K_SENDBUF, W_NO_BUFSEL, 0, 0}, BUF_GROUP, LEN, MSG_FLAGS, \
		{"dest_addr", SQE_OFF, 8, K_SOCKADDR, W_NONZERO, SQE_FILE_INDEX, 0}, \
		{"addr_len", SQE_FILE_INDEX, 2, K_DEC, W_NONZERO, 0, 0}, NET_PRIO
#define MSG_ARGS(written) {"msg", SQE_ADDR, 8, K_MSGHDR, W_ALWAYS, written, 0}, MSG_FLAGS, BUF_GROUP, NET_PRIO, NET_BUF_INDEX
#define TIMESPEC(at) {"ts", at, 8, K_TIMESPEC, W_NO_FLAG, 128, 0}, {"nsec", at, 8, K_DEC, W_FLAG, 128, 0}
#define XATTR_ARGS \
	{"name", SQE_ADDR, 8, K_XNAME, W_ALWAYS, 0, 0}, PTR("value", SQE_OFF), DEC("size", SQE_LEN, 4)
#define FUTEX_ARGS \
	PTR("uaddr", SQE_ADDR), DEC("val", SQE_OFF, 8), HEX("mask", SQE_ADDR3, 8), FL("futex2_flags", SQE_FD, uapi_futex2_flags), \
		{"futex_flags", SQE_OP_FLAGS, 4, K_HEX, W_NONZERO, 0, 0}
#define NOP_ARGS \
	FL("nop_flags", SQE_OP_FLAGS, fl_nop), {"result", SQE_LEN, 4, K_INT, W_FLAG, 1, 0}, \
		{"buf_index", SQE_BUF_INDEX, 2, K_DEC, W_FLAG, 8, 0}, {"extra1", SQE_OFF, 8, K_HEX, W_FLAG, 32, 0}, \
		{"extra2", SQE_ADDR, 8, K_HEX, W_FLAG, 32, 0}
#define CMD_ARGS \
	{"cmd_op", SQE_OFF, 4, K_CMD_OP, W_ALWAYS, 0, 0}, FL("uring_cmd_flags", SQE_OP_FLAGS, fl_uring_cmd), \
		{"addr", SQE_ADDR, 8, K_HEX, W_NONZERO, 0, 0}, {"len", SQE_LEN, 4, K_DEC, W_NONZERO, 0, 0}, \
		{"buf_index", SQE_BUF_INDEX, 2, K_DEC, W_FLAG, 1, 0}, \
		{"buf_group", SQE_BUF_INDEX, 2, K_DEC, W_FLAG, 2, 0}, {"cmd", SQE_ADDR3, 16, K_CMD_DATA, W_ALWAYS, 0, 0}
#define SPLICE_IN {"fd_in", SQE_FILE_INDEX, 4, K_FD_FLAG31, W_ALWAYS, 0, 0}

static uint32_t op_flags(const uint8_t *sqe)
{
	return (uint32_t)uapi_word(sqe, SQE_OP_FLAGS, 4);
}

static const struct uapi_op nop_file = {"NOP", FD_FILE, false, ARGS(NOP_ARGS), 0},
			    nop_file128 = {"NOP128", FD_FILE, true, ARGS(NOP_ARGS), 0},
			    nop_slot = {"NOP", FD_SLOT_ONLY, false, ARGS(NOP_ARGS), 0},
			    nop_slot128 = {"NOP128", FD_SLOT_ONLY, true, ARGS(NOP_ARGS), 0};

static const struct uapi_op *nop_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	(void)is_socket;
	if (!(op_flags(sqe) & 2))
		return op;
	if (op_flags(sqe) & 4)
		return op->big ? &nop_slot128 : &nop_slot;
	return op->big ? &nop_file128 : &nop_file;
}

static const struct uapi_op close_slot = {"CLOSE", FD_NONE, false, ARGS(FILE_INDEX), 0};

static const struct uapi_op *close_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	(void)is_socket;
	return uapi_word(sqe, SQE_FILE_INDEX, 4) ? &close_slot : op;
}

#define CANCEL_ARGS FL("cancel_flags", SQE_OP_FLAGS, fl_cancel), {"opcode", SQE_LEN, 4, K_OP, W_FLAG, 32, 0}
static const struct uapi_op cancel_fd = {"ASYNC_CANCEL", FD_FILE, false, ARGS(CANCEL_ARGS), 0},
			    cancel_slot = {"ASYNC_CANCEL", FD_SLOT_ONLY, false, ARGS(CANCEL_ARGS), 0},
			    cancel_any = {"ASYNC_CANCEL", FD_NONE, false, ARGS(CANCEL_ARGS), 0};

static const struct uapi_op *cancel_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	uint32_t f = op_flags(sqe);

	(void)is_socket;
	if (f & 2 && !(f & 16))
		return f & 8 ? &cancel_slot : &cancel_fd;
	return f & (4 | 32) && !(f & 16) ? &cancel_any : op;
}

static const struct uapi_op timeout_update = {"TIMEOUT_REMOVE", FD_NONE, false,
	ARGS(HEX("target", SQE_ADDR, 8), FL("timeout_flags", SQE_OP_FLAGS, fl_timeout), TIMESPEC(SQE_OFF)), 0};

static const struct uapi_op *timeout_remove_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	(void)is_socket;
	return op_flags(sqe) & (2 | 16) ? &timeout_update : op;
}

static const struct uapi_op msg_send_fd = {"MSG_RING", FD_FILE, false,
	ARGS(CHOICE("cmd", SQE_ADDR, 8, fl_msg_ring_cmd), {"src_slot", SQE_ADDR3, 8, K_FIXED, W_ALWAYS, 0, 0},
		{"file_index", SQE_FILE_INDEX, 4, K_SLOT, W_ALWAYS, 0, 0}, HEX("target_user_data", SQE_OFF, 8),
		FL("msg_ring_flags", SQE_OP_FLAGS, fl_msg_ring)),
	0};

static const struct uapi_op *msg_ring_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	(void)is_socket;
	return uapi_word(sqe, SQE_ADDR, 8) == 1 ? &msg_send_fd : op;
}

#define SOCK_CMD CHOICE("cmd_op", SQE_OFF, 4, fl_socket_cmd), FL("uring_cmd_flags", SQE_OP_FLAGS, fl_uring_cmd)
static const struct uapi_op sock_cmd = {"URING_CMD", FD_FILE, false, ARGS(SOCK_CMD), 0},
			    sock_opt = {"URING_CMD", FD_FILE, false,
				    ARGS(SOCK_CMD, CHOICE("level", SQE_ADDR, 4, fl_sol), DEC("optname", SQE_ADDR + 4, 4),
					    PTR("optval", SQE_ADDR3), DEC("optlen", SQE_FILE_INDEX, 4)),
				    0},
			    sock_name = {"URING_CMD", FD_FILE, false,
				    ARGS(SOCK_CMD, PTR("addr", SQE_ADDR), PTR("addrlen", SQE_ADDR3),
					    DEC("peer", SQE_FILE_INDEX, 4)),
				    0};

static const struct uapi_op *cmd_form(const struct uapi_op *op, const uint8_t *sqe, bool is_socket)
{
	uint32_t cmd = (uint32_t)uapi_word(sqe, SQE_OFF, 4);

	if (!is_socket || op->big)
		return op;
	return cmd == 2 || cmd == 3 ? &sock_opt : cmd == 5 ? &sock_name : &sock_cmd;
}

#define OP(n, f, ...) {n, f, false, ARGS(__VA_ARGS__), 0}
#define OP_FORM(n, f, form, ...) {n, f, false, ARGS(__VA_ARGS__), form}
#define OP_BIG(n, f, form, ...) {n, f, true, ARGS(__VA_ARGS__), form}

static const struct uapi_op ops[UAPI_OPS] = {
	OP_FORM("NOP", FD_NONE, nop_form, NOP_ARGS),
	OP("READV", FD_FILE, VEC_ARGS(0), RW_TAIL),
	OP("WRITEV", FD_FILE, VEC_ARGS(1), RW_TAIL),
	OP("FSYNC", FD_FILE, OFFSET, LEN, FL("fsync_flags", SQE_OP_FLAGS, fl_fsync)),
	OP("READ_FIXED", FD_FILE, PTR("addr", SQE_ADDR), LEN, OFFSET, BUF_INDEX, RW_TAIL),
	OP("WRITE_FIXED", FD_FILE, {"addr", SQE_ADDR, 8, K_DATA_OUT, W_ALWAYS, 0, 0}, LEN, OFFSET, BUF_INDEX, RW_TAIL),
	OP("POLL_ADD", FD_FILE, FL("poll32_events", SQE_OP_FLAGS, uapi_poll_events), FL("poll_flags", SQE_LEN, fl_poll_add)),
	OP("POLL_REMOVE", FD_NONE, HEX("target", SQE_ADDR, 8), FL("poll_flags", SQE_LEN, fl_poll_add),
		{"poll32_events", SQE_OP_FLAGS, 4, K_FLAGS, W_LEN_FLAG, 2, &uapi_poll_events},
		{"new_user_data", SQE_OFF, 8, K_HEX, W_LEN_FLAG, 4, 0}),
	OP("SYNC_FILE_RANGE", FD_FILE, OFFSET, LEN, FL("sync_range_flags", SQE_OP_FLAGS, fl_sync_range)),
	OP("SENDMSG", FD_FILE, MSG_ARGS(1)),
	OP("RECVMSG", FD_FILE, MSG_ARGS(0)),
	OP("TIMEOUT", FD_NONE, TIMESPEC(SQE_ADDR), DEC("count", SQE_OFF, 8),
		FL("timeout_flags", SQE_OP_FLAGS, fl_timeout)),
	OP_FORM("TIMEOUT_REMOVE", FD_NONE, timeout_remove_form, HEX("target", SQE_ADDR, 8),
		FL("timeout_flags", SQE_OP_FLAGS, fl_timeout)),
	OP("ACCEPT", FD_FILE, PTR("addr", SQE_ADDR), PTR("addrlen", SQE_OFF), FL("accept_flags", SQE_OP_FLAGS, fl_sock),
		FILE_INDEX, FL_OPT("ioprio", SQE_IOPRIO, 2, fl_accept)),
	OP_FORM("ASYNC_CANCEL", FD_NONE, cancel_form, HEX("target", SQE_ADDR, 8), CANCEL_ARGS),
	OP("LINK_TIMEOUT", FD_NONE, TIMESPEC(SQE_ADDR), FL("timeout_flags", SQE_OP_FLAGS, fl_timeout)),
	OP("CONNECT", FD_FILE, {"addr", SQE_ADDR, 8, K_SOCKADDR, W_ALWAYS, SQE_OFF, 0}, DEC("addr_len", SQE_OFF, 8)),
	OP("FALLOCATE", FD_FILE, FL("mode", SQE_LEN, fl_fallocate), OFFSET, DEC("len", SQE_ADDR, 8)),
	OP("OPENAT", FD_DIR, PATH("path", SQE_ADDR), FL("open_flags", SQE_OP_FLAGS, uapi_open_flags),
		{"mode", SQE_LEN, 4, K_MODE, W_ALWAYS, 0, 0}, FILE_INDEX),
	{"CLOSE", FD_FILE, false, .args = (const struct uapi_arg[]){{0}}, close_form},
	OP("FILES_UPDATE", FD_NONE, {"fds", SQE_ADDR, 8, K_FDS, W_ALWAYS, 0, 0}, LEN, DEC("offset", SQE_OFF, 8)),
	OP("STATX", FD_DIR, PATH("path", SQE_ADDR), FL("statx_flags", SQE_OP_FLAGS, fl_statx),
		FL("mask", SQE_LEN, fl_statx_mask), PTR("statxbuf", SQE_OFF)),
	OP("READ", FD_FILE, READ_ARGS, RW_TAIL),
	OP("WRITE", FD_FILE, {"addr", SQE_ADDR, 8, K_DATA_OUT, W_ALWAYS, 0, 0}, LEN, OFFSET, RW_TAIL),
	OP("FADVISE", FD_FILE, OFFSET, LEN, {"len64", SQE_ADDR, 8, K_DEC, W_NONZERO, 0, 0},
		CHOICE("fadvise_advice", SQE_OP_FLAGS, 4, fl_fadvise)),
	OP("MADVISE", FD_NONE, PTR("addr", SQE_ADDR), LEN, {"len64", SQE_OFF, 8, K_DEC, W_NONZERO, 0, 0},
		CHOICE("fadvise_advice", SQE_OP_FLAGS, 4, fl_madvise)),
	OP("SEND", FD_FILE, SEND_ARGS, NET_BUF_INDEX),
	OP("RECV", FD_FILE, {"addr", SQE_ADDR, 8, K_PTR, W_NO_BUFSEL, 0, 0}, BUF_GROUP, LEN, MSG_FLAGS, NET_PRIO,
		{"optlen", SQE_FILE_INDEX, 4, K_DEC, W_NONZERO, 0, 0}),
	OP("OPENAT2", FD_DIR, PATH("path", SQE_ADDR), {"how", SQE_OFF, 8, K_OPEN_HOW, W_ALWAYS, SQE_LEN, 0},
		DEC("size", SQE_LEN, 4), FILE_INDEX),
	OP("EPOLL_CTL", FD_FILE, CHOICE("op", SQE_LEN, 4, fl_epoll_op), {"fd", SQE_OFF, 4, K_FD, W_ALWAYS, 0, 0},
		{"event", SQE_ADDR, 8, K_EPOLL_EVENT, W_ALWAYS, 0, 0}),
	OP("SPLICE", FD_FILE, SPLICE_IN, {"off_in", SQE_ADDR, 8, K_OFFSET, W_ALWAYS, 0, 0},
		{"off_out", SQE_OFF, 8, K_OFFSET, W_ALWAYS, 0, 0}, LEN, FL("splice_flags", SQE_OP_FLAGS, fl_splice)),
	OP("PROVIDE_BUFFERS", FD_NONE, PTR("addr", SQE_ADDR), LEN, DEC("nbufs", SQE_FD, 4),
		DEC("buf_group", SQE_BUF_INDEX, 2), DEC("bid", SQE_OFF, 8)),
	OP("REMOVE_BUFFERS", FD_NONE, DEC("nbufs", SQE_FD, 4), DEC("buf_group", SQE_BUF_INDEX, 2)),
	OP("TEE", FD_FILE, SPLICE_IN, LEN, FL("splice_flags", SQE_OP_FLAGS, fl_splice)),
	OP("SHUTDOWN", FD_FILE, CHOICE("how", SQE_LEN, 4, fl_shutdown)),
	OP("RENAMEAT", FD_DIR, PATH("oldpath", SQE_ADDR), {"newdfd", SQE_LEN, 4, K_DIRFD, W_ALWAYS, 0, 0},
		PATH("newpath", SQE_OFF), FL("rename_flags", SQE_OP_FLAGS, fl_rename)),
	OP("UNLINKAT", FD_DIR, PATH("path", SQE_ADDR), FL("unlink_flags", SQE_OP_FLAGS, fl_unlink)),
	OP("MKDIRAT", FD_DIR, PATH("path", SQE_ADDR), {"mode", SQE_LEN, 4, K_MODE, W_ALWAYS, 0, 0}),
	OP("SYMLINKAT", FD_DIR, PATH("target", SQE_ADDR), PATH("linkpath", SQE_OFF)),
	OP("LINKAT", FD_DIR, PATH("oldpath", SQE_ADDR), {"newdfd", SQE_LEN, 4, K_DIRFD, W_ALWAYS, 0, 0},
		PATH("newpath", SQE_OFF), FL("hardlink_flags", SQE_OP_FLAGS, fl_link)),
	OP_FORM("MSG_RING", FD_FILE, msg_ring_form, CHOICE("cmd", SQE_ADDR, 8, fl_msg_ring_cmd),
		{"result", SQE_LEN, 4, K_INT, W_ALWAYS, 0, 0}, HEX("target_user_data", SQE_OFF, 8),
		FL("msg_ring_flags", SQE_OP_FLAGS, fl_msg_ring), {"cqe_flags", SQE_FILE_INDEX, 4, K_HEX, W_FLAG, 2, 0}),
	OP("FSETXATTR", FD_FILE, XATTR_ARGS, FL("xattr_flags", SQE_OP_FLAGS, fl_xattr)),
	OP("SETXATTR", FD_NONE, PATH("path", SQE_ADDR3), XATTR_ARGS, FL("xattr_flags", SQE_OP_FLAGS, fl_xattr)),
	OP("FGETXATTR", FD_FILE, XATTR_ARGS),
	OP("GETXATTR", FD_NONE, PATH("path", SQE_ADDR3), XATTR_ARGS),
	OP("SOCKET", FD_NONE, CHOICE("domain", SQE_FD, 4, fl_family),
		{"type", SQE_OFF, 4, K_FLAGS, W_ALWAYS, 0, &fl_sock_type}, DEC("protocol", SQE_LEN, 4), FILE_INDEX),
	OP_FORM("URING_CMD", FD_FILE, cmd_form, CMD_ARGS),
	OP("SEND_ZC", FD_FILE, SEND_ARGS, NET_BUF_INDEX),
	OP("SENDMSG_ZC", FD_FILE, MSG_ARGS(1)),
	OP("READ_MULTISHOT", FD_FILE, LEN, OFFSET, {"buf_group", SQE_BUF_INDEX, 2, K_DEC, W_ALWAYS, 0, 0}),
	OP("WAITID", FD_NONE, CHOICE("idtype", SQE_LEN, 4, fl_idtype), {"id", SQE_FD, 4, K_IDTYPE_ID, W_ALWAYS, 0, 0},
		PTR("infop", SQE_OFF), FL("options", SQE_FILE_INDEX, fl_waitid),
		{"waitid_flags", SQE_OP_FLAGS, 4, K_HEX, W_NONZERO, 0, 0}),
	OP("FUTEX_WAIT", FD_NONE, FUTEX_ARGS),
	OP("FUTEX_WAKE", FD_NONE, FUTEX_ARGS),
	OP("FUTEX_WAITV", FD_NONE, {"futexv", SQE_ADDR, 8, K_FUTEXV, W_ALWAYS, 0, 0}, DEC("nr_futexes", SQE_LEN, 4)),
	OP("FIXED_FD_INSTALL", FD_SLOT_ONLY, FL("install_fd_flags", SQE_OP_FLAGS, fl_install)),
	OP("FTRUNCATE", FD_FILE, DEC("len", SQE_OFF, 8)),
	OP("BIND", FD_FILE, {"addr", SQE_ADDR, 8, K_SOCKADDR, W_ALWAYS, SQE_OFF, 0}, DEC("addr_len", SQE_OFF, 8)),
	OP("LISTEN", FD_FILE, DEC("backlog", SQE_LEN, 4)),
	OP("RECV_ZC", FD_FILE, LEN, DEC("zcrx_ifq_idx", SQE_FILE_INDEX, 4), NET_PRIO),
	OP("EPOLL_WAIT", FD_FILE, PTR("events", SQE_ADDR), DEC("maxevents", SQE_LEN, 4)),
	OP("READV_FIXED", FD_FILE, VEC_ARGS(0), BUF_INDEX, RW_TAIL),
	OP("WRITEV_FIXED", FD_FILE, VEC_ARGS(1), BUF_INDEX, RW_TAIL),
	OP("PIPE", FD_NONE, PTR("fds", SQE_ADDR), FL("pipe_flags", SQE_OP_FLAGS, fl_pipe), FILE_INDEX),
	OP_BIG("NOP128", FD_NONE, nop_form, NOP_ARGS),
	OP_BIG("URING_CMD128", FD_FILE, cmd_form, CMD_ARGS),
};

const struct uapi_op *uapi_op(unsigned opcode)
{
	return opcode < UAPI_OPS ? &ops[opcode] : NULL;
}
