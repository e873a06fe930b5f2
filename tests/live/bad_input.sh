#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the user gets wrong and what the system refuses: one line that says what and what to do, the right exit status, and all else
# that was asked for is still shown.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"

# expect STATUS PATTERN NAME ARG...: uringctl ARG... ends with STATUS and says one line like PATTERN on stderr
expect() {
  local status=$1 pattern=$2 name=$3 got
  shift 3
  "$ctl" "$@" >"$tmp/out" 2>"$tmp/err"
  got=$?
  [ $got = "$status" ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -Eq "^uringctl: .*$pattern" "$tmp/err"
  tap $? "$name" || true
  if [ $got != "$status" ] || ! grep -Eq "$pattern" "$tmp/err"; then
    echo "# status $got, stderr: $(head -3 "$tmp/err")"
  fi
}

zoo plain
none=$((1 << 22))
expect 1 'no such process.*\(' 'a pid that does not exist' list -p $none
expect 1 'kernel thread.*\(' 'a kernel thread' dump -p 2
exec 9< <(exec python3 -c 'import os,time
p=os.fork()
if p==0: os._exit(0)
print(p, flush=True); time.sleep(60)')
read -r zombie <&9
expect 1 'zombie.*\(' 'a zombie' dump -p "$zombie"
expect 1 'no such ring.*\(' 'a ring id that is gone' dump --ring 999999999
expect 1 'is no ring but .*\(' 'a fd that is no ring' dump -p "$zoo_pid" --fd 1
expect 1 'is not open.*\(' 'a fd that is not open' dump -p "$zoo_pid" --fd 999
expect 0 'has no ring' 'a process without rings' list -p $$
expect 2 'no such option.*--help' 'a wrong option' list --no-such
expect 2 'no such option.*--help' 'a wrong letter' dump -Z
expect 2 'argument is missing' 'a missing argument' dump -p
expect 2 'not a number' 'a pid that is no number' dump -p abc
expect 2 'not a number' 'a negative pid' list -p -5
expect 2 'not a number' 'a pid that is too large' list -p 99999999999999999999
expect 2 'not a number' 'a number with a tail' dump --ring 12x
expect 2 'no process has this number' 'pid 0' dump -p 0
expect 2 'not one of' 'a wrong colour' list --color=blue
expect 2 'not expected here' 'a stray argument' list 77
expect 2 'no such command' 'a wrong command' lits
expect 2 'mean nothing' '--from with --pid' dump --from x -p 1
expect 1 'No such file' '--from a file that does not exist' dump --from "$tmp/none"
echo '{"format": "uringctl-dump", "version": 1, "rings": [' >"$tmp/cut"
expect 1 'cut off' '--from a file that is cut' dump --from "$tmp/cut"
echo '{"format": "uringctl-dump", "version": 99, "rings": []}' >"$tmp/later"
expect 1 'version 99' '--from a later version' dump --from "$tmp/later"
echo '{"a": 1}' >"$tmp/other"
expect 1 'no dump of uringctl' '--from other JSON' dump --from "$tmp/other"
(printf '{'; head -c 100000 /dev/urandom) >"$tmp/noise"
expect 1 'no JSON' '--from noise' dump --from "$tmp/noise"
: >"$tmp/empty"
expect 1 'no JSON' '--from an empty file' dump --from "$tmp/empty"
# what a program is started with
(exec timeout 20 env --ignore-signal=CHLD "$ctl" trace -o /dev/null -- sh -c 'exit 5') 2>"$tmp/err"
[ $? = 5 ]
tap $? 'trace with SIGCHLD ignored from the start'
(ulimit -f 8; exec timeout 20 "$ctl" trace -o "$tmp/small" -- "$build/mix" 5 2000 /dev/null) >/dev/null 2>"$tmp/err"
[ $? = 1 ] && grep -q 'File too large' "$tmp/err" && [ "$(stat -c %s "$tmp/small")" = 8192 ]
tap $? 'trace into a file that may not grow'
# (a sanitizer takes more address space than there is memory)
if ! ldd "$ctl" | grep -q asan; then
  (ulimit -v 1100000; exec timeout 20 "$ctl" list -p "$zoo_pid") >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q "ringzoo($zoo_pid)" "$tmp/out"
  tap $? 'list with little address space'
  (ulimit -v 50000; exec timeout 20 "$ctl" list -p "$zoo_pid") >"$tmp/out" 2>"$tmp/err"
  status=$?
  { [ $status = 0 ] && grep -q "ringzoo($zoo_pid)" "$tmp/out"; } || { [ $status = 1 ] && grep -q 'memory' "$tmp/err"; }
  tap $? 'list with hardly any: it is there, or why it is not'
fi
mkfifo "$tmp/fifo"
expect 1 'nobody writes' '--from a FIFO that nobody writes to' dump --from "$tmp/fifo"
expect 1 'nobody reads' '-o to a FIFO that nobody reads' trace --for 0.1 -o "$tmp/fifo"
expect 1 'nobody reads' '--chrome to a FIFO that nobody reads' trace --for 0.1 --chrome "$tmp/fifo"
# the other end may come a moment later
(sleep 0.2; exec cat "$tmp/fifo" >"$tmp/read") &
"$ctl" trace -n 1 -o "$tmp/fifo" -- "$build/mix" 5 10 "$tmp/log"
wait $!
grep -q user_data "$tmp/read"
tap $? '-o to a FIFO that somebody reads'
(sleep 0.2; "$ctl" dump --json -p "$zoo_pid" >"$tmp/fifo") &
"$ctl" dump --from "$tmp/fifo" | grep -q "ringzoo (pid $zoo_pid)"
tap $? '--from a FIFO'
wait $!
"$ctl" >/dev/null 2>"$tmp/err"
[ $? = 2 ] && grep -q Usage "$tmp/err"
tap $? 'no command at all'

# what can be had is shown
"$ctl" dump --json -p $none -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
[ $? = 1 ] && grep -q "\"pid\":$zoo_pid" "$tmp/out" && grep -q "\"skipped\":\[.*\"pid\":$none,\"reason\":\"no such process" "$tmp/out"
tap $? 'of two pids the one that exists is shown, the other is in skipped'
"$ctl" list -p $none -p "$zoo_pid" 2>/dev/null | grep -q 7/16
tap $? 'and in the text of list'

# a thread stands for its process
zoo_thread=$(find "/proc/$zoo_pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | tail -1)
"$ctl" list -p "$zoo_thread" 2>"$tmp/err" | grep -q "$zoo_pid" && [ ! -s "$tmp/err" ]
tap $? 'the id of a thread names its process'

# a closed pipe, a full disk
"$ctl" dump --json >/dev/full 2>"$tmp/err"
[ $? = 1 ] && grep -q 'No space left' "$tmp/err"
tap $? 'a full disk: said, status 1'
# a reader that is gone before anything is written
(sleep 0.3; "$ctl" dump -p "$zoo_pid" 2>"$tmp/err"; echo $? >"$tmp/status") | (exec <&-; exit 0)
sleep 0.6
[ "$(cat "$tmp/status")" = 1 ] && grep -q 'Broken pipe' "$tmp/err"
tap $? 'a closed pipe: said, status 1'
"$ctl" list >&- 2>"$tmp/err"
[ $? = 1 ] && grep -q 'standard output: Bad file descriptor' "$tmp/err"
tap $? 'a closed standard output: said, status 1'

# without privilege
if [ "$(id -u)" = 0 ]; then
  install -m 755 "$ctl" "$tmp/uringctl"
  install -m 755 "$build/ringzoo" "$tmp/ringzoo"
  root_pid=$zoo_pid
  as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
  as_nobody "$tmp/uringctl" dump -p "$root_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 1 ] && grep -q 'EACCES.*CAP_SYS_PTRACE' "$tmp/err"
  tap $? "another user's process: says which capability it takes"
  as_nobody "$tmp/uringctl" list >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q 'not looked into.*CAP_SYS_PTRACE' "$tmp/err"
  tap $? "a list without privilege says what it leaves out, and is no error"
  exec 8< <(exec setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/ringzoo" plain < <(sleep 100))
  nobodys=$!
  read -r truth <&8
  mine=$(grep -o '"pid":[0-9]*' <<<"$truth" | head -1 | cut -d: -f2)
  as_nobody "$tmp/uringctl" dump --json -p "$mine" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q '"user_data":"0x300"' "$tmp/out"
  tap $? 'your own processes need no privilege'
  kill -KILL "$nobodys"
else
  echo "ok - without privilege # SKIP it takes root to become another user"
fi

# another pid namespace: pids as the caller sees them
if unshare -pf --mount-proc true 2>/dev/null; then
  out=$(unshare -pf --mount-proc bash -c '"$0/ringzoo" sqpoll-asleep < <(sleep 5) > "$1/t" & sleep 0.6; "$0/uringctl" dump --json' "$build" "$tmp" 2>/dev/null)
  inside=$(grep -o '"pid":[0-9]*' "$tmp/t" | head -1)
  grep -Eq "\"owner\":\{\"mm\":[^,]*,$inside" <<<"$out"
  tap $? 'in a pid namespace: pids as they are seen there'
else
  echo "ok - in a pid namespace # SKIP unshare is refused here"
fi
finish
