#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What uringctl does to a target, by the system calls that it makes: it stops nothing, signals nothing, writes nothing, makes no ring,
# and lets go of a duplicate before it does anything else.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT

calls() { # FILE ARG...: the calls of uringctl ARG..., one a line, those of each of its processes together
  local file=$1
  shift
  rm -f "$file".*
  strace -ff -qq -o "$file" "$ctl" "$@" >/dev/null 2>&1
  cat "$file".* >"$file"
}

# helper processes are ended by signals; nobody else gets any
no_signal() {
  ! sed -nE 's/^(kill|tkill|tgkill)\((-?[0-9]+).*/\2/p' "$tmp/calls" | grep -Eq "^(-.*|0|1|$zoo_pid)$"
}

for exhibit in plain unmapped sqpoll-asleep registered; do
  zoo $exhibit
  calls "$tmp/calls" dump --json -s 64 --source proc,memory -p "$zoo_pid"
  [ -s "$tmp/calls" ] && ! grep -Eq '^(ptrace|pidfd_send_signal|process_vm_writev|io_uring_[a-z]+|bpf|perf_event_open)\(' "$tmp/calls" && no_signal
  tap $? "dump of $exhibit: no stop, no signal, no write to its memory, no ring of its own"
  # (helper processes have /dev/null for what they let go of)
  ! grep -E '^open(at)?\(' "$tmp/calls" | grep -v '"/dev/null"' | grep -Eq 'O_WRONLY|O_RDWR|O_CREAT'
  tap $? "dump of $exhibit: opens nothing for writing"
  if [ $exhibit = unmapped ]; then
    grep -q '^pidfd_getfd' "$tmp/calls"
    tap $? 'a ring that its process has not mapped takes a duplicate'
    # from a duplicate to its end: one mmap, nothing else
    awk '/^pidfd_getfd\(.* = [0-9]+$/ {n = split($0, w, " "); dup = w[n]; left = 2; next}
      left == 2 && /^mmap\(.* = -1 EFAULT/ {next}
      left == 2 {if ($0 !~ "^mmap\\(.*PROT_READ, MAP_SHARED, " dup ",") bad = 1; left--; next}
      left == 1 {if ($0 !~ "^close\\(" dup "\\)") bad = 1; left--; maps++; next}
      maps && /^pwrite64\([0-9]+, / {next}
      maps && /^munmap/ {maps--; next}
      maps {bad = 1}
      END {exit bad || maps || left}' "$tmp/calls"
    tap $? 'it is mapped and closed at once, copied, and unmapped before anything else is done'
  else
    ! grep -q '^pidfd_getfd' "$tmp/calls"
    tap $? "dump of $exhibit: takes no duplicate, its own mapping will do"
  fi
  zoo_end
done

# with the kernel's help: BPF programs that are read from, and one ring of its own, for as long as it takes to learn what a ring is
for exhibit in plain unmapped registered io-wq; do
  zoo $exhibit
  calls "$tmp/calls" dump --json -p "$zoo_pid"
  ! grep -Eq '^(ptrace|pidfd_send_signal|process_vm_writev|perf_event_open|pidfd_getfd|io_uring_enter|io_uring_register)\(' "$tmp/calls" && no_signal
  tap $? "the kernel source on $exhibit: no stop, no signal, no write, no duplicate"
  ! grep '^bpf(' "$tmp/calls" | grep -Evq 'BPF_(PROG_LOAD|MAP_CREATE|MAP_UPDATE_ELEM|MAP_FREEZE|BTF_LOAD|LINK_CREATE|ITER_CREATE|OBJ_GET_INFO_BY_FD|PROG_BIND_MAP|BTF_GET_NEXT_ID|BTF_GET_FD_BY_ID)'
  tap $? "the kernel source on $exhibit: nothing is pinned"
  ! grep '^bpf(BPF_LINK_CREATE' "$tmp/calls" | grep -Evq 'BPF_TRACE_ITER'
  tap $? "the kernel source on $exhibit: nothing is attached but iterators"
  awk '/^io_uring_setup\(/ {n = split($0, w, " "); ring = w[n]; made++}
    ring != "" && $0 ~ "^close\\(" ring "\\)" {closed++; ring = ""}
    END {exit made != 1 || closed != 1}' "$tmp/calls"
  tap $? "the kernel source on $exhibit: one ring of its own, closed again"
  zoo_end
done
finish
