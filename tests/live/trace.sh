#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# uringctl trace against programs that know what they did.
. "$(dirname "$0")/../lib/tap.sh"
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
export LC_ALL=C.UTF-8
mix=$build/mix
trace() { timeout 60 "$ctl" trace "$@"; }

# --- every completion of a mix of all paths and shapes: opcode, user_data, result, flags, order on each ring
n=100000
ldd "$ctl" | grep -q asan && n=20000
for seed in 1 2 3; do
  trace --json -b 256M -o "$tmp/trace" -- "$mix" $seed $n "$tmp/log" 2>"$tmp/err"
  /usr/bin/python3 "$here/agree.py" "$tmp/trace" "$tmp/log" >"$tmp/said"
  tap $? "seed $seed: JSON lines say what the program saw of $n requests"
  sed 's/^#*/#/' "$tmp/said"
done
trace -o "$tmp/trace" -- "$mix" 4 20000 "$tmp/log" 2>"$tmp/err"
awk -f "$here/agree.awk" "$tmp/trace" "$tmp/log".{0,1,2,3} >"$tmp/said"
tap $? 'so does the text'
sed 's/^#*/#/' "$tmp/said"
for path in inline poll iowq: task_work refused; do
  grep -q " $path" "$tmp/trace"
  tap $? "a request that went by $path"
done
grep -q 'flags=MORE shot 2' "$tmp/trace" && grep -q 'CQE_SKIP_SUCCESS.* = (no CQE)' "$tmp/trace" && grep -q 'IO_LINK.*ECANCELED' "$tmp/trace"
tap $? 'multishot is numbered, what posts nothing and what is cancelled is named'
grep -q 'OPENAT(AT_FDCWD<[^>]*>, path="/no/such/path", .* = -2 ENOENT' "$tmp/trace" && grep -q 'READ([0-9]*</dev/zero>' "$tmp/trace"
tap $? 'paths and files by name'
grep -q 'ring created by mix: fd [0-9]*, SQ 64, CQ 128, SQPOLL, features=SINGLE_MMAP|NODROP|' "$tmp/trace"
tap $? 'rings are announced'

"$build/cmd" >/dev/null
if [ $? = 77 ]; then
  echo "ok - the second half of a big SQE # SKIP the kernel has no SQE128"
else
  trace -- "$build/cmd" 2>/dev/null | grep -q 'URING_CMD([0-9]*</dev/null>, .*cmd=0x61626364.*797a61626364.*6162)'
  tap $? 'the second half of a big SQE'
  trace -- "$build/cmd" liar >"$tmp/trace" 2>/dev/null
  [ "$(grep -c 'user_data=0xc0de = ' "$tmp/trace")" = 3 ] && [ "$(grep -c dropped "$tmp/trace")" = 1 ] &&
    grep -q 'SQ dropped 3 entries' "$tmp/trace"
  tap $? 'a count of dropped entries that the program has set back is not taken for more of them'
fi
trace -- "$build/cmd" leader >"$tmp/trace" 2>/dev/null
grep -q exited "$tmp/trace" && sed /exited/q "$tmp/trace" | grep -q URING_CMD
tap $? 'a process has exited when its last thread has'
# in a pid namespace of its own: children are followed, and their exits and calls are seen
unshare -pf --mount-proc timeout -k 1 20 "$ctl" trace -e enter -- sh -c "'$mix' 3 40 '$tmp/log'; true" >"$tmp/trace" 2>"$tmp/err"
grep -q 'ring created by mix' "$tmp/trace" && grep -q 'ring closed' "$tmp/trace" && grep -q '+++ exited' "$tmp/trace" &&
  grep -q 'io_uring_enter(' "$tmp/trace" && grep -q 'user_data' "$tmp/trace" && ! grep -qvE '^[0-9]{1,3} ' "$tmp/trace"
tap $? 'in a pid namespace, by the pids there'
sed 's/^/# /' "$tmp/err"

# --- the summary: of each opcode as many, and as many that failed, as the program has logged; and each by the path that a trace of
# every request says, which is a command of the one that counts
for cq in 16384 ''; do
  # shellcheck disable=SC2086
  trace -c -- "$ctl" trace --json -b 256M -o "$tmp/trace" -- "$mix" 5 $n "$tmp/log" $cq >"$tmp/table" 2>"$tmp/err"
  /usr/bin/python3 "$here/counted.py" "$tmp/table" "$tmp/trace" "$tmp/log" >"$tmp/said"
  tap $? "the summary counts what the program did, and by the paths of the trace${cq:+ (nothing overflows)}"
  sed 's/^#*/#/' "$tmp/said" "$tmp/err"
done
trace -c --by ring --hist -- "$mix" 5 2000 "$tmp/log" >"$tmp/table" 2>/dev/null
[ "$(grep -c '^ring ' "$tmp/table")" -ge 4 ] && grep -q ' to .*█' "$tmp/table"
tap $? '--by ring, --hist'
# (by two processors, each with a number of its own for the file)
[ "$(trace -c --by file -- "$mix" 5 2000 "$tmp/log" 2>/dev/null | grep -c '^/dev/zero ')" = 1 ]
tap $? '--by file'
trace -c --by pid -- "$mix" 5 2000 "$tmp/log" 2>/dev/null | grep -q '^pid [0-9]'
tap $? '--by pid'
# of very many only some latencies are measured, but none is left out that is long; and of few, all
trace -c --hist -- "$build/late" 8 >"$tmp/table" 2>"$tmp/err"
awk '/^[A-Z]/ {op = $1; if (op == "NOP" && $6 ~ /^~[0-9.]+ms$/) about = 1} /^~ of all latencies .*% were/ {said = 1}
  op == "NOP" && $1 ~ /^(16.8|33.6|67.1)ms$/ {late += $4} END {exit !(about && said && late == 8)}' "$tmp/table"
tap $? 'what is slow among very many is counted, each'
[ "$failed" = 0 ] || sed 's/^/# /' "$tmp/table"
trace -c -e 'lat>20ms' -- "$build/late" 8 2>"$tmp/err" | awk '$1 == "NOP" && $2 == 8 {n = 1} /~/ {exit 1} END {exit !n}'
tap $? 'where latencies are asked for, each is measured'
trace -c -- "$mix" 5 40 "$tmp/log" >"$tmp/table" 2>/dev/null
grep -qE '^total +[1-9]' "$tmp/table" && ! grep -q '~' "$tmp/table"
tap $? 'so it is where there are few'

# a ring in the hands of another process: what that submits is marked, each time
trace -o "$tmp/trace" -- "$build/late" foreign 2>/dev/null
trace --json -o "$tmp/filtered" -- "$build/late" foreign 2>/dev/null
[ "$(grep -c 'user_data=0xf[0-2] FOREIGN_MM = 0' "$tmp/trace")" = 3 ] && [ "$(grep -c 'user_data=0x1[01] = 0' "$tmp/trace")" = 2 ] &&
  [ "$(grep -c '"foreign_mm":true' "$tmp/filtered")" = 3 ] && [ "$(grep -c '"foreign_mm":false' "$tmp/filtered")" = 2 ]
tap $? 'submissions from a foreign address space are marked'
# what completes while its task does something else did not do so in the call that submitted it
trace -o "$tmp/trace" -- "$build/late" 4 spin 2>/dev/null
trace -e 'lat>1ms' -- "$build/late" 4 spin 2>/dev/null >>"$tmp/trace"
[ "$(grep -c 'NOP(.* task_work$' "$tmp/trace")" = 8 ] && trace -c -- "$build/late" 4 spin 2>/dev/null | grep -q '^NOP  *4 .* task_work 100%'
tap $? 'task work of a task that spins is not inline'

# --- filters: what a trace with them shows and counts is what a trace without them, a command of the other, has of it
filtered() {
  local how=$1 args=() e
  shift
  for e in "$@"; do args+=(-e "$e"); done
  trace $how -b 256M -o "$tmp/filtered" "${args[@]}" -- "$ctl" trace --json -b 256M -o "$tmp/trace" -- "$mix" 5 10000 "$tmp/log" 16384 2>"$tmp/err"
  [ $? = 0 ] && /usr/bin/python3 "$here/filtered.py" "$tmp/trace" "$tmp/filtered" "$@" >"$tmp/said"
  tap $? "$how -e $*"
  sed 's/^#*/#/' "$tmp/said" "$tmp/err"
}
for how in --json -c; do
  filtered $how res=error
  filtered $how 'lat>100us'
  filtered $how 'lat<20us' path=inline
  filtered $how path!=iowq,inline
  filtered $how fd!=9999 op=READ
  filtered $how op=NOP,TIMEOUT res!=ETIME,ECANCELED
done
trace -o "$tmp/trace" -e op=READ,WRITE -- "$mix" 6 4000 "$tmp/log" 2>/dev/null
grep user_data "$tmp/trace" | grep -qv -e ' READ(' -e ' WRITE(' || [ "$(grep -c ' READ(' "$tmp/trace")" -lt 100 ]
[ $? = 1 ]
tap $? '-e op=READ,WRITE'
trace -e op!=NOP -e res=error -- "$mix" 6 4000 "$tmp/log" 2>/dev/null | grep user_data >"$tmp/trace"
[ -s "$tmp/trace" ] && ! grep -q -e ' NOP(' -e '= [0-9]' "$tmp/trace"
tap $? '-e op!=NOP -e res=error'
trace -e 'lat>50us' -e path=poll -- "$mix" 6 4000 "$tmp/log" 2>/dev/null | grep user_data >"$tmp/trace"
[ -s "$tmp/trace" ] && ! grep -qv ' poll$' "$tmp/trace" && ! grep -qE '<([0-9]|[1-4][0-9])\.[0-9]us>' "$tmp/trace"
tap $? '-e lat>50us -e path=poll'
trace -e enter -e op=NOP -- "$mix" 6 400 "$tmp/log" 2>/dev/null | grep -qE '^[0-9]+ [0-9]+ io_uring_enter\([0-9]+, to_submit=[0-9]+, min_complete=[0-9]+, flags=GETEVENTS\) = [0-9]'
tap $? '-e enter: the ring, flags by name'
for text in op=RAED op foo lat=5ms 'lat>5' fd=x res=EFOO path=none ring=; do
  trace -e "$text" -- true >/dev/null 2>"$tmp/err"
  [ $? = 2 ] && [ "$(wc -l <"$tmp/err")" = 2 ] && tail -1 "$tmp/err" | grep -qx ' *^'
  tap $? "a mistake in '$text' is pointed at"
done
trace -tt -n 3 -- "$mix" 6 400 "$tmp/log" 2>/dev/null >"$tmp/trace"
[ "$(grep -c user_data "$tmp/trace")" = 3 ] && ! grep -qvE '^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} [0-9]+ ' "$tmp/trace"
tap $? '-n 3, -tt'
trace -r -n 3 -- "$mix" 6 400 "$tmp/log" 2>/dev/null | grep -qE '^ +0\.[0-9]{6} [0-9]+ '
tap $? '-r'
trace --chrome "$tmp/chrome" -- "$mix" 6 4000 "$tmp/log" 2>/dev/null
/usr/bin/python3 "$here/../chrome/rules.py" "$tmp/chrome"
tap $? '--chrome: JSON, each span begun and ended, flows, counters'
if why=$("$here/../chrome/fetch.sh" "$tmp/viewer" 2>&1); then
  node "$here/../chrome/read.js" "$tmp/viewer/package" "$tmp/chrome" 2>/dev/null >"$tmp/said" &&
    /usr/bin/python3 "$here/../chrome/rules.py" "$tmp/chrome" "$tmp/said"
  tap $? "--chrome: the importer of chrome://tracing finds all of it, and nothing to warn of"
else
  echo "ok - --chrome: the importer of chrome://tracing # SKIP $why"
fi

# --- the command's own status; what cannot be run
for status in 0 7; do
  trace -- sh -c "exit $status" >/dev/null 2>&1
  [ $? = $status ]
  tap $? "the command's status $status"
done
trace -- sh -c 'kill -9 $$' >/dev/null 2>&1
[ $? = 137 ]
tap $? 'and its signal'
trace -- no-such-command >/dev/null 2>"$tmp/err"
[ $? = 127 ] && grep -q 'no-such-command: command not found' "$tmp/err"
tap $? 'a command that is not found: 127'
trace -- /etc/passwd >/dev/null 2>"$tmp/err"
[ $? = 126 ]
tap $? 'one that cannot be run: 126'
trace -p $((1 << 22)) >/dev/null 2>"$tmp/err"
[ $? = 1 ] && grep -q 'no such process' "$tmp/err"
tap $? 'a pid that does not exist'
trace -p $$ -- true >/dev/null 2>"$tmp/err"
[ $? = 2 ]
tap $? 'either processes or a command'
trace -o /dev/full -- "$mix" 7 4000 "$tmp/log" 2>"$tmp/err"
[ $? = 1 ] && grep -q '/dev/full: No space left' "$tmp/err"
tap $? 'a full disk: said, status 1'
(trace -- "$mix" 7 4000 "$tmp/log" 2>"$tmp/err"; echo $? >"$tmp/status") | head -1 >/dev/null
sleep 0.3
[ "$(cat "$tmp/status")" = 1 ] && grep -q 'Broken pipe' "$tmp/err"
tap $? 'a closed pipe: said, status 1'
if [ "$(id -u)" = 0 ]; then
  install -m 755 "$ctl" "$tmp/uringctl"
  setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/uringctl" trace --for 0.1 >/dev/null 2>"$tmp/err"
  [ $? = 1 ] && grep -q 'takes CAP_BPF and CAP_PERFMON' "$tmp/err"
  tap $? 'no permission: which capabilities it takes'
  (sleep 1; "$mix" 8 400 "$tmp/log") &
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon \
    timeout 20 "$tmp/uringctl" trace -n 20 >"$tmp/trace" 2>"$tmp/err"
  [ $? = 0 ] && grep -q 'user_data' "$tmp/trace"
  tap $? 'and they are enough'
  wait
fi

# --- a target that runs already; loss; nothing left
zoo busy
trace -p "$zoo_pid" -n 100 >"$tmp/trace" 2>"$tmp/err"
[ $? = 0 ] && [ "$(grep -c 'NOP(' "$tmp/trace")" -ge 90 ]
tap $? '-p of a program that runs'
timeout 20 "$ctl" trace -p "$zoo_pid" -b 64K --for 0.5 -o "$tmp/trace" 2>"$tmp/err"
[ $? = 1 ] && lost=$(sed -n 's/.*: \([0-9]*\) event.* lost (-b.*/\1/p' "$tmp/err") && [ "${lost:-0}" -gt 0 ] &&
  [ "$lost" = "$(sed -n 's/^--- \([0-9]*\) events* lost here.*/\1/p' "$tmp/trace" | awk '{n += $1} END {print n}')" ]
tap $? 'what is lost is said where it was lost, and at the end'
# what comes faster than it can be written must not keep it from ending
for end in '--for 0.5' '--chrome /dev/null'; do
  # shellcheck disable=SC2086
  timeout -k 1 20 "$ctl" trace --json -o /dev/null $end -p "$zoo_pid" 2>/dev/null &
  job=$!
  sleep 1
  kill -TERM "$(child $job uringctl)" 2>/dev/null
  wait $job
  [ $? -lt 124 ]
  tap $? "it ends while more comes than it can write ($end)"
done
zoo_end
# one ring of a program that has several, and all but that one
one_ring() {
  local how=$1 not=$2 job rings ring
  "$mix" 9 4000000 "$tmp/log" &
  job=$!
  for _ in $(seq 50); do
    rings=$("$ctl" list -p $job 2>/dev/null | awk '$3 ~ "/64$" {print $1}')
    [ "$(wc -w <<<"$rings")" -ge 4 ] && break
    sleep 0.1
  done
  ring=$(sed -n 2p <<<"$rings")
  # shellcheck disable=SC2086
  trace -p $job -e "ring$not=$ring" --for 0.3 $how -o "$tmp/trace" 2>/dev/null
  kill -KILL $job
  wait $job 2>/dev/null
  # the table has "ring" first, lines have the submitter
  sed -nE 's/^(ring|[0-9]+) ([0-9]+) .*/\2/p' "$tmp/trace" | sort -u >"$tmp/said"
  if [ "$not" ]; then
    [ "$(wc -l <"$tmp/said")" -ge 2 ] && ! grep -qx "$ring" "$tmp/said"
  else
    [ "$(cat "$tmp/said")" = "$ring" ]
  fi
  tap $? "-p, -e ring$not=$ring $how"
}
one_ring '' ''
one_ring '' '!'
one_ring '-c --by ring' ''
one_ring '-c --by ring' '!'
timeout 60 "$ctl" trace -- "$mix" 9 400000 "$tmp/log" >/dev/null 2>&1 &
sleep 1
tracer=$(child $! uringctl)
traced=$(child "$tracer" mix)
kill -KILL "$tracer"
kill -KILL "$traced"
wait 2>/dev/null
sleep 0.3
! /usr/sbin/bpftool prog show 2>/dev/null | grep -qE 'raw_tracepoint +name (submit_req|complete|process_exit)'
tap $? 'nothing stays loaded after SIGKILL'
# an idle machine: it sleeps; and a line comes soon after its completion
timeout 60 "$ctl" trace -o "$tmp/trace" >/dev/null 2>&1 &
job=$!
sleep 1.5
tracer=$(child $job uringctl)
before=$(awk '/^voluntary/ {print $2}' "/proc/$tracer/status")
sleep 1
after=$(awk '/^voluntary/ {print $2}' "/proc/$tracer/status")
[ $((after - before)) -lt 20 ]
tap $? "without load it sleeps (woke $((after - before)) times in a second)"
"$mix" 10 40 "$tmp/log"
for i in $(seq 50); do
  grep -q 'user_data' "$tmp/trace" && break
  sleep 0.02
done
[ "$i" -lt 50 ]
tap $? 'and wakes when there is something'
kill "$tracer"
wait $job 2>/dev/null
finish
