/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets as the kernel lists them through netlink, protocol by protocol; nobody outside src/proc includes this. */
#ifndef URINGTOP_PROC_SOCKDIAG_H
#define URINGTOP_PROC_SOCKDIAG_H

#include "proc.h"

/* A netlink socket in the network namespace that ns is a file of, -1: in our own. Returns it, or a negative errno. */
int sockdiag_open(int ns);

/* Hands all sockets of a protocol to fn. 0, or a negative errno: then what was handed over may be a part of them. */
int sockdiag_read(int nl, int family, int protocol, sockdiag_fn fn, void *ctx);

#endif
