#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What bounds a trace: how much data it shows, what a filter keeps away, how many descriptors and how much memory there is.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'zoo_end; kill -KILL $job 2>/dev/null; rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8
flood=$build/flood job=
trace() { timeout 60 "$ctl" trace "$@"; }

# --- of data exactly as much as is asked for, in all its ways: WRITE, two of a WRITEV, SEND, two of a SENDMSG
for len in 100 1500; do
  for n in 0 1 64 127 128 500 1023 1024; do
    trace -s $n -- "$flood" data $len >"$tmp/trace" 2>"$tmp/err"
    want=$((n < len ? n : len))
    [ $? = 0 ] && [ "$(grep -c 'user_data=0xda7a = ' "$tmp/trace")" = 4 ] &&
      [ "$(grep -oE '"[a-z]+"' "$tmp/trace" | awk '{n += length($0) - 2} END {print NR, n + 0}')" = "$([ $want = 0 ] && echo 0 0 || echo 6 $((want * 6)))" ]
    tap $? "-s $n of $len bytes"
    sed 's/^/# /' "$tmp/err"
  done
done
trace -s 1025 -- true 2>"$tmp/err"
[ $? = 2 ] && grep -q '1024 bytes at most' "$tmp/err"
tap $? '-s 1025 is more than there is room for: said'

# --- what is no request does not get past a filter of requests; what is asked for does, and nothing of it is lost
for what in overflow posted dropped rings register; do
  trace -e op=READ -o "$tmp/trace" -- "$flood" $what 1 >"$tmp/said" 2>"$tmp/err"
  read -r reads none <"$tmp/said"
  [ "$reads" -gt 0 ] && [ "$(grep -c ' READ(' "$tmp/trace")" = "$reads" ] && [ "$(grep -c ' READ(.* overflow' "$tmp/trace")" = "$none" ] &&
    ! grep -qv ' READ(' "$tmp/trace" && [ ! -s "$tmp/err" ]
  tap $? "-e op=READ while $what floods: $reads lines, nothing else, nothing lost"
  trace -e op=READ -e events -b 256M -o "$tmp/trace" -- "$flood" $what 0.3 >"$tmp/said" 2>"$tmp/err"
  read -r reads none <"$tmp/said"
  [ "$(grep -c ' READ(' "$tmp/trace")" = "$reads" ] && [ "$(grep -vc ' READ(' "$tmp/trace")" -gt 1 ]
  tap $? "-e events shows them all the same ($what)"
  # what floods without a filter comes to its end, and what is not there is counted
  trace --json -b 64K -o "$tmp/trace" -- "$flood" $what 0.3 >"$tmp/said" 2>"$tmp/err"
  [ $? = 0 ] && lost=$(sed -n 's/.*: \([0-9]*\) event.* lost (-b.*/\1/p' "$tmp/err") &&
    [ "${lost:-0}" = "$(sed -n 's/.*"type":"lost".*"count":\([0-9]*\),"reason":"buffer".*/\1/p' "$tmp/trace" | awk '{n += $1} END {print n + 0}')" ]
  tap $? "without a filter it ends, and ${lost:-no} lost events are counted ($what)"
done
trace -e res=error -o "$tmp/trace" -- "$flood" rings 0.3 >/dev/null 2>"$tmp/err"
[ ! -s "$tmp/trace" ] && [ ! -s "$tmp/err" ]
tap $? '-e res=error of a program without any: nothing'

# --- a ring that nobody can name has no id that looks like one
coproc HIDDEN { exec "$flood" hidden 60; }
job=$HIDDEN_PID
if read -r ino <&"${HIDDEN[0]}"; then
  trace -p "$job" -n 4 -o "$tmp/trace" 2>"$tmp/err"
  trace -p "$job" -n 2 --json -o "$tmp/json" 2>>"$tmp/err"
  grep -q user_data=0xb1d "$tmp/trace" && ! grep -qvE "^[0-9]+ (\?1|$ino) " "$tmp/trace" &&
    ! grep -vE "\"ring_id\":(null,\"ring_unknown\":1|$ino),\"pid\":" "$tmp/json" | grep -q .
  tap $? "a ring that is not found by its id: $(awk 'NR == 1 {print $2}' "$tmp/trace")"
  trace -p "$job" -c --by ring --for 0.3 2>>"$tmp/err" | grep -qE "^ring (\?1|$ino) "
  tap $? 'in the table, too'
else
  echo "ok - a ring that is not found by its id # SKIP the kernel has no rings in the memory of programs"
fi
kill -KILL "$job" 2>/dev/null
wait "$job" 2>/dev/null
job=

# --- descriptors: the soft limit is raised, and the command has the one that there was; what is not enough is said
(ulimit -Sn 20; exec timeout 60 "$ctl" trace -o /dev/null -- sh -c 'ulimit -Sn >"$1"; exit 3' sh "$tmp/said") 2>"$tmp/err"
[ $? = 3 ] && [ "$(cat "$tmp/said")" = 20 ]
tap $? 'a soft limit of 20 descriptors is raised, and the command has it'
# (it says so, since from then on the trace may end before they do)
children='for i in $(seq 300); do sleep 0.5 & done; wait; exit 7'
(ulimit -n 80; exec timeout 60 "$ctl" trace -o "$tmp/trace" -- sh -c "$children") 2>"$tmp/err"
[ $? = 7 ] && [ "$(grep -c 'could not be waited for' "$tmp/err")" = 1 ] && [ "$(grep -c '+++ exited' "$tmp/trace")" -gt 300 ]
tap $? 'few descriptors and 300 children: their ends are not waited for, which is said once; the status is that of the command'
sed 's/^/# /' "$tmp/err"
(ulimit -n 64; exec timeout 60 "$ctl" trace -o "$tmp/trace" -- sh -c "$children") 2>"$tmp/err"
status=$?
{ [ $status = 7 ] && grep -q 'could not be waited for' "$tmp/err"; } || { [ $status = 1 ] && grep -q 'ulimit -n' "$tmp/err"; }
tap $? 'a hard limit of 64 descriptors'
sed 's/^/# /' "$tmp/err"
(ulimit -n 20; exec timeout 60 "$ctl" trace -o /dev/null -- true) 2>"$tmp/err"
[ $? = 1 ] && grep -q 'EMFILE: .*ulimit -n' "$tmp/err"
tap $? 'a hard limit that is too low is said'
# and so it is by whoever shows rings: with too few of them everything, with enough of them everything is there
zoo names
for n in 4 8 12 16 20 24 32 40 50 59 64; do
  wrong=
  for what in list dump 'dump --json'; do
    (ulimit -n $n; exec timeout 60 "$ctl" $what -p "$zoo_pid") >"$tmp/few" 2>"$tmp/err"
    status=$?
    "$ctl" $what -p "$zoo_pid" >"$tmp/all" 2>/dev/null
    if [ $status = 0 ]; then
      [ -s "$tmp/few" ] && [ "$(wc -l <"$tmp/few")" = "$(wc -l <"$tmp/all")" ] && [ ! -s "$tmp/err" ] || wrong="$wrong $what"
    else
      [ $status = 1 ] && [ ! -s "$tmp/few" ] && grep -q 'EMFILE: .*ulimit -n' "$tmp/err" || wrong="$wrong $what"
    fi
  done
  (ulimit -n $n; exec timeout 60 "${ctl%ctl}top" -b -d 0.1 -n 3 -p "$zoo_pid") >"$tmp/few" 2>"$tmp/err"
  [ $? = 0 ] && [ "$(grep -c "^.* $zoo_pid " "$tmp/few")" = 3 ] || { [ ! -s "$tmp/few" ] && grep -q 'EMFILE: .*ulimit -n' "$tmp/err"; } || wrong="$wrong uringtop"
  [ -z "$wrong" ]
  tap $? "$n descriptors: all is shown, or why nothing is"
  [ -z "$wrong" ] || { echo "#$wrong"; sed 's/^/# /' "$tmp/err"; }
done
trace -o /dev/null -- sh -c 'for i in $(seq 1200); do sleep 1 & done; exit 4' 2>"$tmp/err"
[ $? = 4 ] && [ ! -s "$tmp/err" ]
tap $? '1200 children that outlive the command are waited for'

# --- the buffer
for size in 0 1 4K 15K 2G 1025M 17179869188G -1 64X 64MB ''; do
  trace -b "$size" -- true 2>"$tmp/err"
  [ $? = 2 ] && grep -q 'not a size from 16K to 1G' "$tmp/err"
  tap $? "-b '$size' is none"
done
trace -b 16K -o "$tmp/trace" -- "$flood" data 10 2>"$tmp/err"
[ $? = 0 ] && [ "$(grep -c 'user_data=0xda7a = ' "$tmp/trace")" = 4 ]
tap $? '-b 16K'
if ! ldd "$ctl" | grep -q asan; then
  (ulimit -v 1000000; exec timeout 60 "$ctl" trace -b 1G --for 0.1) >/dev/null 2>"$tmp/err"
  [ $? = 1 ] && grep -q 'memory for a buffer of 1048576 KiB (-b takes a smaller one)' "$tmp/err"
  tap $? 'no memory for the buffer: said'
fi
finish
