// SPDX-License-Identifier: GPL-2.0-or-later
/* All BPF programs as one object, so that they share the exchange. */
#include "common.h"

struct exchange x;
uint64_t ring_fops;
char LICENSE[] SEC("license") = "GPL";

#include "fds.bpf.c"
#include "find.bpf.c"
#include "lists.bpf.c"
#include "maps.bpf.c"
#include "memory.bpf.c"
#include "names.bpf.c"
#include "refs.bpf.c"
#include "registered.bpf.c"
#include "requests.bpf.c"
#include "ring.bpf.c"
#include "tasks.bpf.c"
#include "workers.bpf.c"
#include "xarrays.bpf.c"
