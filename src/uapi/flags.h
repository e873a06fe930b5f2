/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flag words of single opcodes: flags.c defines them, ops.c refers to them. */
#ifndef URINGTOP_UAPI_FLAGS_H
#define URINGTOP_UAPI_FLAGS_H

#include "uapi.h"

extern const struct uapi_flags fl_rw, fl_fsync, fl_poll_add, fl_sync_range, fl_timeout, fl_sock, fl_sock_type,
	fl_cancel, fl_fallocate, fl_statx, fl_statx_mask, fl_fadvise, fl_madvise, fl_epoll_op, fl_splice, fl_shutdown,
	fl_rename, fl_unlink, fl_link, fl_msg_ring, fl_msg_ring_cmd, fl_xattr, fl_family, fl_uring_cmd, fl_socket_cmd,
	fl_waitid, fl_idtype, fl_install, fl_nop, fl_pipe, fl_recvsend, fl_accept, fl_rw_attr, fl_sol;

#endif
