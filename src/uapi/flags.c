/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every word of flags, one table each. The values are written out, not taken from system headers: Debian 12's stop at
 * Linux 6.1, and a table must not change with the machine that compiled it. Values are those of x86-64 and of every
 * architecture with the generic headers.
 */
#include "flags.h"

/* clang-format off */ /* tables, laid out to be read as such */

#define BITS(...) .bits = (const struct uapi_name[]){__VA_ARGS__, {0, 0}}
#define CHOICES(mask, ...) .choice_mask = (mask), .choices = (const struct uapi_name[]){__VA_ARGS__, {0, 0}}
#define FLAGS(name) const struct uapi_flags name

FLAGS(uapi_setup_flags) = {BITS({1u << 0, "IOPOLL"}, {1u << 1, "SQPOLL"}, {1u << 2, "SQ_AFF"}, {1u << 3, "CQSIZE"},
	{1u << 4, "CLAMP"}, {1u << 5, "ATTACH_WQ"}, {1u << 6, "R_DISABLED"}, {1u << 7, "SUBMIT_ALL"},
	{1u << 8, "COOP_TASKRUN"}, {1u << 9, "TASKRUN_FLAG"}, {1u << 10, "SQE128"}, {1u << 11, "CQE32"},
	{1u << 12, "SINGLE_ISSUER"}, {1u << 13, "DEFER_TASKRUN"}, {1u << 14, "NO_MMAP"}, {1u << 15, "REGISTERED_FD_ONLY"},
	{1u << 16, "NO_SQARRAY"}, {1u << 17, "HYBRID_IOPOLL"}, {1u << 18, "CQE_MIXED"}, {1u << 19, "SQE_MIXED"},
	{1u << 20, "SQ_REWIND"})};

FLAGS(uapi_sqe_flags) = {BITS({1, "FIXED_FILE"}, {2, "IO_DRAIN"}, {4, "IO_LINK"}, {8, "IO_HARDLINK"}, {16, "ASYNC"},
	{32, "BUFFER_SELECT"}, {64, "CQE_SKIP_SUCCESS"})};

FLAGS(uapi_sq_ring_flags) = {BITS({1, "NEED_WAKEUP"}, {2, "CQ_OVERFLOW"}, {4, "TASKRUN"})};
FLAGS(uapi_cq_ring_flags) = {BITS({1, "EVENTFD_DISABLED"})};
/* IORING_FEAT_ (include/uapi/linux/io_uring.h of 7.x) */
FLAGS(uapi_features) = {BITS({1, "SINGLE_MMAP"}, {2, "NODROP"}, {4, "SUBMIT_STABLE"}, {8, "RW_CUR_POS"},
	{16, "CUR_PERSONALITY"}, {32, "FAST_POLL"}, {64, "POLL_32BITS"}, {128, "SQPOLL_NONFIXED"}, {256, "EXT_ARG"},
	{512, "NATIVE_WORKERS"}, {1024, "RSRC_TAGS"}, {2048, "CQE_SKIP"}, {4096, "LINKED_FILE"}, {8192, "REG_REG_RING"},
	{1u << 14, "RECVSEND_BUNDLE"}, {1u << 15, "MIN_TIMEOUT"}, {1u << 16, "RW_ATTR"}, {1u << 17, "NO_IOWAIT"})};
/* IORING_ENTER_ (include/uapi/linux/io_uring.h of 7.x) */
FLAGS(uapi_enter_flags) = {BITS({1, "GETEVENTS"}, {2, "SQ_WAKEUP"}, {4, "SQ_WAIT"}, {8, "EXT_ARG"}, {16, "REGISTERED_RING"},
	{32, "ABS_TIMER"}, {64, "EXT_ARG_REG"}, {128, "NO_IOWAIT"})};
FLAGS(uapi_cqe_flags) = {BITS({1, "BUFFER"}, {2, "MORE"}, {4, "SOCK_NONEMPTY"}, {8, "NOTIF"}, {16, "BUF_MORE"},
	{32, "SKIP"}, {1u << 15, "F_32"})};

const struct uapi_name uapi_register_ops[] = {{0, "REGISTER_BUFFERS"}, {1, "UNREGISTER_BUFFERS"}, {2, "REGISTER_FILES"},
	{3, "UNREGISTER_FILES"}, {4, "REGISTER_EVENTFD"}, {5, "UNREGISTER_EVENTFD"}, {6, "REGISTER_FILES_UPDATE"},
	{7, "REGISTER_EVENTFD_ASYNC"}, {8, "REGISTER_PROBE"}, {9, "REGISTER_PERSONALITY"},
	{10, "UNREGISTER_PERSONALITY"}, {11, "REGISTER_RESTRICTIONS"}, {12, "REGISTER_ENABLE_RINGS"},
	{13, "REGISTER_FILES2"}, {14, "REGISTER_FILES_UPDATE2"}, {15, "REGISTER_BUFFERS2"},
	{16, "REGISTER_BUFFERS_UPDATE"}, {17, "REGISTER_IOWQ_AFF"}, {18, "UNREGISTER_IOWQ_AFF"},
	{19, "REGISTER_IOWQ_MAX_WORKERS"}, {20, "REGISTER_RING_FDS"}, {21, "UNREGISTER_RING_FDS"},
	{22, "REGISTER_PBUF_RING"}, {23, "UNREGISTER_PBUF_RING"}, {24, "REGISTER_SYNC_CANCEL"},
	{25, "REGISTER_FILE_ALLOC_RANGE"}, {26, "REGISTER_PBUF_STATUS"}, {27, "REGISTER_NAPI"},
	{28, "UNREGISTER_NAPI"}, {29, "REGISTER_CLOCK"}, {30, "REGISTER_CLONE_BUFFERS"},
	{31, "REGISTER_SEND_MSG_RING"}, {32, "REGISTER_ZCRX_IFQ"}, {33, "REGISTER_RESIZE_RINGS"},
	{34, "REGISTER_MEM_REGION"}, {35, "REGISTER_QUERY"}, {36, "REGISTER_ZCRX_CTRL"},
	{37, "REGISTER_BPF_FILTER"}, {0, 0}};

const struct uapi_name uapi_families[] = {{0, "AF_UNSPEC"}, {1, "AF_UNIX"}, {2, "AF_INET"}, {10, "AF_INET6"},
	{15, "AF_KEY"}, {16, "AF_NETLINK"}, {17, "AF_PACKET"}, {29, "AF_CAN"}, {30, "AF_TIPC"}, {31, "AF_BLUETOOTH"},
	{38, "AF_ALG"}, {40, "AF_VSOCK"}, {42, "AF_QIPCRTR"}, {43, "AF_SMC"}, {44, "AF_XDP"}, {45, "AF_MCTP"}, {0, 0}};
FLAGS(fl_family) = {.choice_mask = ~0ull, .choices = uapi_families};

/* RWF_*, include/uapi/linux/fs.h */
FLAGS(fl_rw) = {BITS({1, "RWF_HIPRI"}, {2, "RWF_DSYNC"}, {4, "RWF_SYNC"}, {8, "RWF_NOWAIT"}, {16, "RWF_APPEND"},
	{32, "RWF_NOAPPEND"}, {64, "RWF_ATOMIC"}, {128, "RWF_DONTCACHE"}, {256, "RWF_NOSIGNAL"})};
FLAGS(fl_rw_attr) = {BITS({1, "PI"})};
FLAGS(fl_fsync) = {BITS({1, "DATASYNC"})};
FLAGS(fl_poll_add) = {BITS({1, "MULTI"}, {2, "UPDATE_EVENTS"}, {4, "UPDATE_USER_DATA"}, {8, "LEVEL"})};
FLAGS(fl_sync_range) = {BITS({1, "WAIT_BEFORE"}, {2, "WRITE"}, {4, "WAIT_AFTER"})};
FLAGS(fl_timeout) = {BITS({1, "ABS"}, {2, "UPDATE"}, {4, "BOOTTIME"}, {8, "REALTIME"}, {16, "LINK_TIMEOUT_UPDATE"},
	{32, "ETIME_SUCCESS"}, {64, "MULTISHOT"}, {128, "IMMEDIATE_ARG"})};
FLAGS(fl_cancel) = {BITS({1, "ALL"}, {2, "FD"}, {4, "ANY"}, {8, "FD_FIXED"}, {16, "USERDATA"}, {32, "OP"})};
FLAGS(fl_sock) = {BITS({02000000, "SOCK_CLOEXEC"}, {04000, "SOCK_NONBLOCK"})};
FLAGS(fl_sock_type) = {BITS({02000000, "SOCK_CLOEXEC"}, {04000, "SOCK_NONBLOCK"}),
	CHOICES(15, {1, "SOCK_STREAM"}, {2, "SOCK_DGRAM"}, {3, "SOCK_RAW"}, {4, "SOCK_RDM"}, {5, "SOCK_SEQPACKET"},
		{6, "SOCK_DCCP"}, {10, "SOCK_PACKET"})};
FLAGS(fl_accept) = {BITS({1, "MULTISHOT"}, {2, "DONTWAIT"}, {4, "POLL_FIRST"})};
FLAGS(fl_recvsend) = {BITS({1, "POLL_FIRST"}, {2, "MULTISHOT"}, {4, "FIXED_BUF"}, {8, "REPORT_USAGE"}, {16, "BUNDLE"},
	{32, "VECTORIZED"})};
FLAGS(fl_fallocate) = {BITS({1, "KEEP_SIZE"}, {2, "PUNCH_HOLE"}, {4, "NO_HIDE_STALE"}, {8, "COLLAPSE_RANGE"},
	{16, "ZERO_RANGE"}, {32, "INSERT_RANGE"}, {64, "UNSHARE_RANGE"}, {128, "WRITE_ZEROES"})};

/* O_*, include/uapi/asm-generic/fcntl.h; the combined bits come first */
FLAGS(uapi_open_flags) = {BITS({04010000, "O_SYNC"}, {020200000, "O_TMPFILE"}, {0100, "O_CREAT"}, {0200, "O_EXCL"},
	{0400, "O_NOCTTY"}, {01000, "O_TRUNC"}, {02000, "O_APPEND"}, {04000, "O_NONBLOCK"}, {010000, "O_DSYNC"},
	{020000, "FASYNC"}, {040000, "O_DIRECT"}, {0100000, "O_LARGEFILE"}, {0200000, "O_DIRECTORY"},
	{0400000, "O_NOFOLLOW"}, {01000000, "O_NOATIME"}, {02000000, "O_CLOEXEC"}, {010000000, "O_PATH"}),
	CHOICES(3, {0, "O_RDONLY"}, {1, "O_WRONLY"}, {2, "O_RDWR"})};
FLAGS(uapi_resolve_flags) = {BITS({1, "RESOLVE_NO_XDEV"}, {2, "RESOLVE_NO_MAGICLINKS"}, {4, "RESOLVE_NO_SYMLINKS"},
	{8, "RESOLVE_BENEATH"}, {16, "RESOLVE_IN_ROOT"}, {32, "RESOLVE_CACHED"})};

FLAGS(fl_statx) = {BITS({0x100, "AT_SYMLINK_NOFOLLOW"}, {0x400, "AT_SYMLINK_FOLLOW"}, {0x800, "AT_NO_AUTOMOUNT"},
	{0x1000, "AT_EMPTY_PATH"}, {0x2000, "AT_STATX_FORCE_SYNC"}, {0x4000, "AT_STATX_DONT_SYNC"})};
FLAGS(fl_statx_mask) = {BITS({0x7ff, "STATX_BASIC_STATS"}, {1, "STATX_TYPE"}, {2, "STATX_MODE"}, {4, "STATX_NLINK"},
	{8, "STATX_UID"}, {0x10, "STATX_GID"}, {0x20, "STATX_ATIME"}, {0x40, "STATX_MTIME"}, {0x80, "STATX_CTIME"},
	{0x100, "STATX_INO"}, {0x200, "STATX_SIZE"}, {0x400, "STATX_BLOCKS"}, {0x800, "STATX_BTIME"},
	{0x1000, "STATX_MNT_ID"}, {0x2000, "STATX_DIOALIGN"}, {0x4000, "STATX_MNT_ID_UNIQUE"}, {0x8000, "STATX_SUBVOL"},
	{0x10000, "STATX_WRITE_ATOMIC"}, {0x20000, "STATX_DIO_READ_ALIGN"})};
FLAGS(fl_fadvise) = {CHOICES(~0ull, {0, "POSIX_FADV_NORMAL"}, {1, "POSIX_FADV_RANDOM"}, {2, "POSIX_FADV_SEQUENTIAL"},
	{3, "POSIX_FADV_WILLNEED"}, {4, "POSIX_FADV_DONTNEED"}, {5, "POSIX_FADV_NOREUSE"})};
FLAGS(fl_madvise) = {CHOICES(~0ull, {0, "MADV_NORMAL"}, {1, "MADV_RANDOM"}, {2, "MADV_SEQUENTIAL"},
	{3, "MADV_WILLNEED"}, {4, "MADV_DONTNEED"}, {8, "MADV_FREE"}, {9, "MADV_REMOVE"}, {10, "MADV_DONTFORK"},
	{11, "MADV_DOFORK"}, {12, "MADV_MERGEABLE"}, {13, "MADV_UNMERGEABLE"}, {14, "MADV_HUGEPAGE"},
	{15, "MADV_NOHUGEPAGE"}, {16, "MADV_DONTDUMP"}, {17, "MADV_DODUMP"}, {18, "MADV_WIPEONFORK"},
	{19, "MADV_KEEPONFORK"}, {20, "MADV_COLD"}, {21, "MADV_PAGEOUT"}, {22, "MADV_POPULATE_READ"},
	{23, "MADV_POPULATE_WRITE"}, {24, "MADV_DONTNEED_LOCKED"}, {25, "MADV_COLLAPSE"}, {100, "MADV_HWPOISON"},
	{101, "MADV_SOFT_OFFLINE"}, {102, "MADV_GUARD_INSTALL"}, {103, "MADV_GUARD_REMOVE"})};

FLAGS(uapi_msg_flags) = {BITS({1, "MSG_OOB"}, {2, "MSG_PEEK"}, {4, "MSG_DONTROUTE"}, {8, "MSG_CTRUNC"}, {0x10, "MSG_PROBE"},
	{0x20, "MSG_TRUNC"}, {0x40, "MSG_DONTWAIT"}, {0x80, "MSG_EOR"}, {0x100, "MSG_WAITALL"}, {0x200, "MSG_FIN"},
	{0x400, "MSG_SYN"}, {0x800, "MSG_CONFIRM"}, {0x1000, "MSG_RST"}, {0x2000, "MSG_ERRQUEUE"},
	{0x4000, "MSG_NOSIGNAL"}, {0x8000, "MSG_MORE"}, {0x10000, "MSG_WAITFORONE"}, {0x40000, "MSG_BATCH"},
	{0x2000000, "MSG_SOCK_DEVMEM"}, {0x4000000, "MSG_ZEROCOPY"}, {0x20000000, "MSG_FASTOPEN"},
	{0x40000000, "MSG_CMSG_CLOEXEC"})};
FLAGS(uapi_poll_events) = {BITS({1, "POLLIN"}, {2, "POLLPRI"}, {4, "POLLOUT"}, {8, "POLLERR"}, {0x10, "POLLHUP"},
	{0x20, "POLLNVAL"}, {0x40, "POLLRDNORM"}, {0x80, "POLLRDBAND"}, {0x100, "POLLWRNORM"}, {0x200, "POLLWRBAND"},
	{0x400, "POLLMSG"}, {0x1000, "POLLREMOVE"}, {0x2000, "POLLRDHUP"}, {1u << 27, "EPOLL_URING_WAKE"},
	{1u << 28, "EPOLLEXCLUSIVE"}, {1u << 29, "EPOLLWAKEUP"}, {1u << 30, "EPOLLONESHOT"}, {1u << 31, "EPOLLET"})};
FLAGS(fl_epoll_op) = {CHOICES(~0ull, {1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"})};
FLAGS(fl_splice) = {BITS({1, "SPLICE_F_MOVE"}, {2, "SPLICE_F_NONBLOCK"}, {4, "SPLICE_F_MORE"}, {8, "SPLICE_F_GIFT"},
	{1u << 31, "SPLICE_F_FD_IN_FIXED"})};
FLAGS(fl_shutdown) = {CHOICES(~0ull, {0, "SHUT_RD"}, {1, "SHUT_WR"}, {2, "SHUT_RDWR"})};
FLAGS(fl_rename) = {BITS({1, "RENAME_NOREPLACE"}, {2, "RENAME_EXCHANGE"}, {4, "RENAME_WHITEOUT"})};
FLAGS(fl_unlink) = {BITS({0x200, "AT_REMOVEDIR"})};
FLAGS(fl_link) = {BITS({0x400, "AT_SYMLINK_FOLLOW"}, {0x1000, "AT_EMPTY_PATH"})};
FLAGS(fl_msg_ring) = {BITS({1, "CQE_SKIP"}, {2, "FLAGS_PASS"})};
FLAGS(fl_msg_ring_cmd) = {CHOICES(~0ull, {0, "MSG_DATA"}, {1, "MSG_SEND_FD"})};
FLAGS(fl_xattr) = {BITS({1, "XATTR_CREATE"}, {2, "XATTR_REPLACE"})};
FLAGS(fl_uring_cmd) = {BITS({1, "FIXED"}, {2, "MULTISHOT"})};
FLAGS(fl_socket_cmd) = {CHOICES(~0ull, {0, "SIOCINQ"}, {1, "SIOCOUTQ"}, {2, "GETSOCKOPT"}, {3, "SETSOCKOPT"},
	{4, "TX_TIMESTAMP"}, {5, "GETSOCKNAME"})};
FLAGS(fl_sol) = {CHOICES(~0ull, {0, "SOL_IP"}, {1, "SOL_SOCKET"}, {6, "SOL_TCP"}, {17, "SOL_UDP"}, {41, "SOL_IPV6"},
	{132, "SOL_SCTP"}, {263, "SOL_PACKET"}, {270, "SOL_NETLINK"}, {282, "SOL_TLS"}, {284, "SOL_MPTCP"})};
FLAGS(fl_waitid) = {BITS({1, "WNOHANG"}, {2, "WSTOPPED"}, {4, "WEXITED"}, {8, "WCONTINUED"}, {0x1000000, "WNOWAIT"},
	{0x20000000, "__WNOTHREAD"}, {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"})};
FLAGS(fl_idtype) = {CHOICES(~0ull, {0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"})};
/* FUTEX2_*, include/uapi/linux/futex.h: two bits of size */
FLAGS(uapi_futex2_flags) = {BITS({4, "FUTEX2_NUMA"}, {8, "FUTEX2_MPOL"}, {128, "FUTEX2_PRIVATE"}),
	CHOICES(3, {0, "FUTEX2_SIZE_U8"}, {1, "FUTEX2_SIZE_U16"}, {2, "FUTEX2_SIZE_U32"}, {3, "FUTEX2_SIZE_U64"})};
FLAGS(fl_install) = {BITS({1, "NO_CLOEXEC"})};
FLAGS(fl_nop) = {BITS({1, "INJECT_RESULT"}, {2, "FILE"}, {4, "FIXED_FILE"}, {8, "FIXED_BUFFER"}, {16, "TW"},
	{32, "CQE32"})};
FLAGS(fl_pipe) = {BITS({02000000, "O_CLOEXEC"}, {04000, "O_NONBLOCK"}, {040000, "O_DIRECT"},
	{0200, "O_NOTIFICATION_PIPE"})};
