// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every request from its submission to its completion, as the tracepoints of io_uring tell it: all programs as one object. What a
 * tracepoint hands over changed with the kernels (include/trace/events/io_uring.h); which argument is which, the loader reads from the
 * kernel's types and says in args. Nothing here waits or is waited for: what finds no room is counted.
 */
#include "tbpf.h"

struct exchange x; /* common.h wants one */
uint64_t ring_fops;
char LICENSE[] SEC("license") = "GPL";

const volatile struct trace_args args;
const volatile bool all, counting, quiet, holding, pick_ops, want_fill, want_files, in_namespace;
const volatile uint8_t op_wanted[256], fd_kinds[256], op_bytes[256], op_polls[256], op_counts_refs[256], op_big[256];
const volatile uint8_t op_once[256];
const volatile struct trace_values wanted_fds;
const volatile struct trace_results wanted;
const volatile struct trace_bits bits;
const volatile struct capture captures[256][CAPTURES];
const volatile uint64_t ns_ino, tick_ns, anon_ino;
const volatile uint32_t measured_in_tick, data_len, self, cpus = 1, count_by;

volatile uint32_t reader_waits;
uint32_t lost[1024], file_counts[1024][PROGRAMS], rings_epoch, epoch;
uint64_t lost_total;
struct trace_note notes[NOTES];
uint32_t told_data[TOLD_DATA];

#include "count.bpf.c"
#include "life.bpf.c"
#include "requests.bpf.c"
