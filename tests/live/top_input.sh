#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# uringtop where it needs no terminal: --batch, what the user gets wrong, and what the system refuses.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
top=$build/uringtop
export LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$tmp/config

# expect STATUS PATTERN NAME ARG...: uringtop ARG... ends with STATUS and says one line like PATTERN on stderr
expect() {
  local status=$1 pattern=$2 name=$3 got
  shift 3
  timeout 20 "$top" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
  got=$?
  [ $got = "$status" ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -Eq "^uringtop: .*$pattern" "$tmp/err"
  tap $? "$name" || true
  if [ $got != "$status" ] || ! grep -Eq "$pattern" "$tmp/err"; then
    echo "# status $got, stderr: $(head -3 "$tmp/err")"
  fi
}

zoo plain
none=$((1 << 22))
expect 1 'not a terminal.*--batch' 'no terminal'
expect 1 'no such process.*\(' 'a pid that does not exist' -b -p $none
expect 1 'kernel thread.*\(' 'a kernel thread' -b -p 2
expect 2 'not a number' 'a pid that is no number' -p x
expect 2 'not a number of seconds' 'no interval' -d 0
expect 2 'not a number of seconds' 'an interval that is no number' -d nan
expect 2 'at least one' 'no iterations' -b -n 0
expect 2 'nothing without it' 'iterations without batch' -n 1
expect 2 'no such column.*--sort help' 'a column that there is not' --sort none
expect 2 'no such option.*--help' 'a wrong option' --none
expect 2 'argument is missing' 'a missing argument' -p
expect 2 'not expected here' 'a stray argument' 77
expect 2 'not one of' 'a wrong source' --source disk
expect 2 'mean nothing' '--from with --pid' --from x -p 1
expect 1 'No such file' 'a file that does not exist' -b --from "$tmp/none"
echo '{"format": "uringctl-dump", "version": 1, "rings": [' >"$tmp/cut"
expect 1 'cut off' 'a file that is cut' -b --from "$tmp/cut"
echo '{"format": "uringctl-dump", "version": 99, "rings": []}' >"$tmp/later"
expect 1 'version 99' 'a file of a later version' -b --from "$tmp/later"
(printf '{'; head -c 100000 /dev/urandom) >"$tmp/noise"
expect 1 'no JSON' 'no JSON at all' -b --from "$tmp/noise"
expect 1 'larger than' 'a file without end' -b --from /dev/zero
expect 1 'Is a directory' 'a folder' -b --from "$tmp"
mkdir -p "$tmp/config/uringtop"
for text in '' '{' '[]' '{"interval": -1}' '{"columns": {"pid": 7}}'; do
  echo "$text" >"$tmp/config/uringtop/config.json"
  expect 0 'config.json: .*not overwritten' "a configuration file of '$text'" -b -n 1 -p "$zoo_pid"
  grep -q "$zoo_pid ringzoo" "$tmp/out"
  tap $? 'and the rings are shown all the same'
done
rm -rf "$tmp/config"
mkfifo "$tmp/fifo"
mkdir -p "$tmp/config/uringtop"
mv "$tmp/fifo" "$tmp/config/uringtop/config.json"
expect 0 'config.json: ' 'a configuration file that is a FIFO' -b -n 1 -p "$zoo_pid"
rm -rf "$tmp/config"

# --batch
"$top" -b -n 3 -d 0.1 -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
[ $? = 0 ] && [ ! -s "$tmp/err" ] && [ "$(grep -c '^uringtop ' "$tmp/out")" = 3 ] && [ "$(grep -c '^$' "$tmp/out")" = 2 ]
tap $? '--batch -n 3: three times, with blank lines in between'
grep -q 'CMP/s' "$tmp/out" && [ "$(grep -c "^!.*$zoo_pid ringzoo .* 2/8 .* 7/16 .*2 entries not submitted" "$tmp/out")" = 2 ]
tap $? 'what needs attention is said once it lasts'
! grep -q $'\x1b' "$tmp/out"
tap $? 'no escape sequences'
COLUMNS=80 "$top" -b -n 1 >"$tmp/out" 2>/dev/null
[ "$(LC_ALL=C.UTF-8 wc -L <"$tmp/out")" -le 80 ]
tap $? 'COLUMNS says how wide'
LC_ALL=C "$top" -b -n 1 -p "$zoo_pid" 2>/dev/null | LC_ALL=C grep -q $'[\x80-\xff]'
[ $? = 1 ]
tap $? 'without UTF-8 it is ASCII'
"$top" -b -n 1 --ascii -p "$zoo_pid" 2>/dev/null | LC_ALL=C grep -q $'[\x80-\xff]'
[ $? = 1 ]
tap $? 'with --ascii too'
"$top" -b -n 1 --filter "$zoo_pid" 2>/dev/null | tail -n +5 >"$tmp/out"
[ "$(wc -l <"$tmp/out")" = 1 ] && grep -q "$zoo_pid" "$tmp/out"
tap $? '--filter'
"$top" -b -n 1 --tree -p "$zoo_pid" 2>/dev/null | grep -q -- '- ringzoo'
tap $? '--tree'
"$top" -b -n 1 >/dev/full 2>"$tmp/err"
[ $? = 1 ] && grep -q 'No space left' "$tmp/err"
tap $? 'a full disk: said, status 1'
(sleep 0.5; "$top" -b 2>"$tmp/err"; echo $? >"$tmp/status") | (exec <&-; exit 0)
sleep 1
[ "$(cat "$tmp/status")" = 1 ] && grep -q 'Broken pipe' "$tmp/err"
tap $? 'a closed pipe: said, status 1'
"$ctl" dump --json -p "$zoo_pid" >"$tmp/1.json"
sleep 0.2
"$ctl" dump --json -p "$zoo_pid" >"$tmp/2.json"
"$top" -b --from "$tmp/2.json" --from "$tmp/1.json" >"$tmp/out" 2>"$tmp/err"
[ $? = 0 ] && [ "$(grep -c '^uringtop .*file [12]/2' "$tmp/out")" = 2 ] && grep '^uringtop' "$tmp/out" | head -1 | grep -q '1.json'
tap $? '--from of several files, in their order in time'
"$top" -b --from - <"$tmp/1.json" 2>/dev/null | grep -q "$zoo_pid ringzoo"
tap $? '--from of standard input'
# all that was named ends: so does it
("$ctl" list >/dev/null; sleep 1; kill "$zoo_job") &
timeout 20 "$top" -b -d 0.2 -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
[ $? = 0 ] && [ "$(grep -c '^uringtop ' "$tmp/out")" -gt 3 ] && tail -3 "$tmp/out" | grep -q '0 rings'
tap $? '--batch ends with the processes that were named'

# without privilege
if [ "$(id -u)" = 0 ]; then
  install -m 755 "$top" "$tmp/uringtop"
  install -m 755 "$build/ringzoo" "$tmp/ringzoo"
  as_nobody() { HOME=/nonexistent XDG_CONFIG_HOME='' setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
  zoo plain
  as_nobody "$tmp/uringtop" -b -n 1 -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 1 ] && grep -q 'EACCES.*CAP_SYS_PTRACE' "$tmp/err"
  tap $? "another user's process: says which capability it takes"
  as_nobody "$tmp/uringtop" -b -n 1 >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q 'sees proc memory  lacks kernel: EPERM: .*CAP_BPF and CAP_PERFMON' "$tmp/out" &&
    grep -q 'processes not looked into (CAP_SYS_PTRACE' "$tmp/out"
  tap $? 'the header says what cannot be seen, and what it would take'
  exec 8< <(exec setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/ringzoo" plain < <(sleep 100))
  nobodys=$!
  read -r truth <&8
  mine=$(grep -o '"pid":[0-9]*' <<<"$truth" | head -1 | cut -d: -f2)
  as_nobody "$tmp/uringtop" -b -n 2 -d 0.2 -p "$mine" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q "$mine ringzoo .* 2/8 .* 7/16" "$tmp/out"
  tap $? 'your own processes need no privilege'
  kill -KILL "$nobodys"
else
  echo "ok - without privilege # SKIP it takes root to become another user"
fi

# nothing is left behind while it looks on: no descriptor of a target, no mapping
if [ -d /proc/self/fd ]; then
  zoo_end
  zoo recv
  "$top" -b -d 0.1 -p "$zoo_pid" >/dev/null 2>&1 &
  watcher=$!
  sleep 1
  held=0
  for _ in $(seq 200); do
    find "/proc/$watcher/fd" -lname 'anon_inode:\[io_uring\]' 2>/dev/null | grep -q . && held=$((held + 1))
    grep -q 'io_uring' "/proc/$watcher/maps" && held=$((held + 1))
  done
  kill $watcher
  wait $watcher 2>/dev/null
  # a copy may just be made at some of these moments
  [ $held -lt 20 ]
  tap $? "between two looks nothing of the ring is held ($held of 400 glances)"
fi
finish
