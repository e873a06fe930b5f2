/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running kernel's own type information says. Loaded at the first question (20 ms), kept until kbtf_free. */
#ifndef URINGTOP_KBTF_H
#define URINGTOP_KBTF_H

#include <stdbool.h>

#include "ring.h"

/* Is there any? Does not load it. */
bool kbtf_present(void);

/* The offsets of struct io_rings. 0, or -1 if there is no BTF or it has no such structure. */
int kbtf_io_rings(struct ring_header *h);

/* The name of an opcode in enum io_uring_op, without IORING_OP_; NULL if the kernel has none. Lives until kbtf_free. */
const char *kbtf_op_name(unsigned opcode);

void kbtf_free(void);

#endif
