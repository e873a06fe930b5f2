#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes that do not answer (tests/live/silent.c makes them): every command comes to its end, shows everybody else, and says of whom
# it could learn nothing. What they do to whoever looks:
#
# mmlock      mmap_lock is held for writing: cmdline, environ, mem, process_vm_readv; maps before 6.17; BPF's task_vma iterator
# exec        exec_update_lock is held: maps, environ, mem, process_vm_readv, pidfd_getfd, kcmp; on some kernels (6.18.44) stat, wchan,
#             exe, cwd, ns/* and fd/N too
# swap        fdinfo of a ring's number that has become an epoll's, whose lock is held: beyond SIGKILL
# stat        stat of a ring's number that has become a FUSE file's: beyond SIGKILL
# xattr       getxattr of a socket's number that has become a FUSE file's: beyond SIGKILL
# uffd        process_vm_readv of what a request points at, a page under userfaultfd
# fusepage    the same in a page of a FUSE file: beyond SIGKILL. Who is not in the file system's user namespace gets EFAULT
# lockedpage  the same in a page that somebody else waits for: whoever reads it
# dirlock     each lookup in its directory of /proc: somebody lists it into a page that does not come, and chmod wants its lock
# cmdline     arguments and environment under userfaultfd
# busy        rings whose lock is held, by a submission that waits for a page of a FUSE file
# many        200 of mmlock
#
# Usage: hang.sh BUILD [ROW...]; without rows, all. URINGTOP_DEADLINE is how many seconds each command gets.

if [ "$(id -u)" != 0 ] || [ ! -e /dev/fuse ]; then
  echo "ok - hang # SKIP it takes root and /dev/fuse"
  echo '# end'
  exit 0
fi
# in a pid namespace of its own the machine has no other processes, and nothing outlives this
[ $$ = 1 ] || exec unshare -pfm --mount-proc --kill-child "$BASH" "$0" "$@"
# no pid is to look like any other number
echo 20000 >/proc/sys/kernel/ns_last_pid
. "$(dirname "$0")/../lib/tap.sh"
shift
top=$build/uringtop
[[ $top = /* ]] || top=$PWD/$top
tmp=$(mktemp -d)
deadline=${URINGTOP_DEADLINE:-30}
asan=
ldd "$ctl" | grep -q asan && asan=1
[ -z "$asan" ] || deadline=$((deadline * 2)) # to start a helper takes ten times as long
export LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$tmp/config ASAN_OPTIONS=detect_leaks=0
socket=$tmp/tmux
mux() { tmux -S "$socket" "$@"; }

# Row, arguments of silent, and words:
#   ring: has a ring, which is shown or said to be skipped     blind: without a ring, is said to be skipped where its maps wait
#   late: a dump of it has something to wait for                data: with -s
#   int: SIGINT is tried, too                                   asan: with ASan, too
#   dumps: only these are tried, as the row before has tried the rest
#   often: it is a matter of luck: again and again
rows='
mmlock              mmlock                    blind int asan
mmlock-ring         --ring mmlock             ring
mmlock-user         --user mmlock             blind
mmlock-user-ring    --user --ring mmlock      ring asan
exec                exec                      blind
exec-ring           --ring exec               ring asan
exec-user           --user exec               blind
exec-user-ring      --user --ring exec        ring int
swap                swap                      ring often stuck asan
swap-user           --user swap               ring often stuck
stat                stat                      ring often
xattr               xattr                     ring often asan
uffd-path           uffd path                 ring late int asan
uffd-data           uffd data                 ring late data dumps
uffd-iovec          uffd iovec                ring late data dumps
uffd-msghdr         uffd msghdr               ring late dumps
uffd-timespec       uffd timespec             ring late dumps
uffd-all            uffd                      ring late data
fusepage-path       fusepage path             ring late
lockedpage          lockedpage path           ring late dumps
lockedpage-user     --user lockedpage         ring late data asan
dirlock             --ring dirlock            ring stuck asan
dirlock-user        --user --ring dirlock     ring
cmdline             --ring cmdline            ring
busy                busy 1                    ring late
busy-user           --user busy 20            ring late
busy-1000           busy 1000                 ring late
'

# --- processes ---------------------------------------------------------------------------------------------------------

now() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Prints "PID STATE NAME" of the processes of these sessions. /proc/PID/status waits for nothing; stat, and so ps and pgrep, may.
in_sessions() {
  cat /proc/[0-9]*/status 2>/dev/null | awk -v want=" $* " '
    /^Name:/ {name = $2} /^State:/ {state = $2} /^Pid:/ {pid = $2}
    /^NSsid:/ && index(want, " " $2 " ") {print pid, state, name}'
}

# silent NAME ARG...: starts one and reads its line; it ends with its standard input, which nobody else holds. Sets NAME_line and NAME_pid.
silent() {
  local name=$1 line
  shift
  mkfifo "$tmp/$name.in" "$tmp/$name.out"
  "$build/silent" --watchdog 600 "$@" <"$tmp/$name.in" >"$tmp/$name.out" 2>/dev/null 9>&- 8>&- &
  printf -v "${name}_job" %s $!
  if [ "$name" = target ]; then exec 9>"$tmp/$name.in"; else exec 8>"$tmp/$name.in"; fi
  read -r -t 60 line <"$tmp/$name.out"
  printf -v "${name}_line" %s "$line"
  printf -v "${name}_pid" %s "$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' <<<"$line")"
  rm "$tmp/$name.in" "$tmp/$name.out"
}
dissolve() {
  exec 9>&-
  [ -z "${target_job:-}" ] || wait "$target_job" 2>/dev/null
  target_job=
}
bye() {
  dissolve
  exec 8>&-
  mux kill-server 2>/dev/null
  rm -rf "$tmp"
}
trap bye EXIT

# job NAME COMMAND...: in the background, in a session of its own; out, err, pid, and at last "STATUS MS" in end
job() {
  local name=$1
  shift
  jobs+=("$name")
  rm -f "$tmp/$name".*
  (
    exec 9>&- 8>&-
    exec 2>/dev/null
    start=$(now)
    # SIGINT is ignored in what a shell starts in the background
    setsid sh -c 'echo $$ >"$0"; exec env --default-signal=INT "$@"' "$tmp/$name.pid" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
    echo "$? $(($(now) - start))" >"$tmp/$name.end.new" && mv "$tmp/$name.end.new" "$tmp/$name.end"
  ) &
  job_pids+=($!)
}
ended() { [ -e "$tmp/$1.end" ]; }
sessions() { (cd "$tmp" && cat "${jobs[@]/%/.pid}" 2>/dev/null) | tr '\n' ' '; }
# Waits until all jobs have ended, at most until the deadline; says in what the others wait.
await() {
  local until=$(($(now) + deadline * 1000)) name all pid what
  while :; do
    all=1
    for name in "${jobs[@]}"; do ended "$name" || all=; done
    [ -n "$all" ] && return
    [ "$(now)" -lt $until ] || break
    sleep 0.05
  done
  for name in "${jobs[@]}"; do
    ended "$name" && continue
    while read -r pid _ what; do
      for task in "/proc/$pid/task"/*; do
        echo "# $row: $name: ${what}[${task##*/}] in $(sed -n 's/^State:.\(.\).*/\1/p' "$task/status"):" \
          "$(sed -n 's/^\[<0>\] \([^+]*\).*/\1/p' "$task/stack" 2>/dev/null | head -7 | tr '\n' ' ')"
      done
    done < <(in_sessions "$(cat "$tmp/$name.pid")")
  done
}
# Ends all that was started: nothing may be left when nothing is waited for any more.
clear_up() {
  local left name all i pid
  all=$(sessions)
  mux kill-server 2>/dev/null
  dissolve
  for name in "${jobs[@]}"; do
    ended "$name" || kill -KILL "$(cat "$tmp/$name.pid")" 2>/dev/null
  done
  for ((i = 0; i < 100; i++)); do
    left=$(in_sessions "$all" | grep -v ' Z ')
    [ -z "$left" ] && break
    sleep 0.05
  done
  [ -z "$left" ]
  tap $? "$row: nothing is left"
  [ -z "$left" ] || echo "# $left"
  for pid in ${left:+$(awk '{print $1}' <<<"$left")}; do kill -KILL "$pid" 2>/dev/null; done
  wait "${job_pids[@]}" 2>/dev/null
  jobs=() job_pids=()
}

# --- what must hold ------------------------------------------------------------------------------------------------------

# says NAME PID: the pid is in what the job printed
says() { grep -qE "(^|[^0-9])$2([^0-9]|$)" "$tmp/$1.out" "$tmp/$1.err"; }
# in JSON a process that is skipped has its reason
has_reason() { ! grep -q "\"skipped\":\[.*\"pid\":$target_pid," "$tmp/$1.out" || grep -qE "\"pid\":$target_pid,\"reason\":\"[^\"]+\"" "$tmp/$1.out"; }

# holds NAME: it has ended by itself, shows the healthy process and says what is missing
holds() {
  local name=$1 status ms bad=
  read -r status ms < <(cat "$tmp/$name.end" 2>/dev/null)
  times+=" $name ${ms:--} ms,"
  if [ -z "$ms" ]; then
    bad="no end within $deadline s"
  elif [ "$status" -ge 124 ]; then
    bad="status $status"
  else
    case $name in
    dump-p-silent) ;;
    trace*) grep -q 'user_data=0x5100' "$tmp/$name.out" || bad='the healthy process is missing' ;;
    *) says "$name" "$healthy_ring" || bad='the healthy ring is missing' ;;
    esac
    case $name:$words in
    dump-p-other:* | trace*) ;;
    dump-p-silent:* | *:*ring*) says "$name" "$target_pid" || bad="$bad; its pid is nowhere" ;;
    list-proc:*blind*) says "$name" "$target_pid" || bad="$bad; it is not said to be skipped" ;;
    esac
    case $name:$words in
    dump-json:*) has_reason "$name" || bad="$bad; skipped without a reason" ;;
    dump-p-silent:*late*) grep -qiE 'answer' "$tmp/$name.out" "$tmp/$name.err" || bad="$bad; what did not answer is not said" ;;
    esac
  fi
  [ -z "$bad" ]
  tap $? "$row: $name"
  [ -z "$bad" ] || {
    echo "# ${bad#; }"
    head -3 "$tmp/$name.err" | sed 's/^/# /'
  }
}

command_of() {
  local data=
  [[ $words != *data* ]] || data='-s 64'
  case $1 in
  list) echo "$ctl list" ;;
  list-proc) echo "$ctl list --source proc,memory" ;;
  dump) echo "$ctl dump $data" ;;
  dump-json) echo "$ctl dump --json $data" ;;
  dump-p-other) echo "$ctl dump -p $healthy_pid" ;;
  dump-p-silent) echo "$ctl dump $data -p $target_pid" ;;
  trace-p-other) echo "$ctl trace --for 1 -p $healthy_pid" ;;
  trace) echo "$ctl trace --for 1" ;;
  batch) echo "$top --batch -n 2 -d 0.1" ;;
  esac
}
# What runs a command several times, where that is needed.
again() {
  case $words:$1 in
  *often*:list-proc) echo "$tmp/again 8" ;;
  *often*:trace*) ;;
  *often*) echo "$tmp/again 5" ;;
  esac
}
cat >"$tmp/again" <<'END'
#!/bin/sh
n=$1
shift
while [ "$n" -gt 0 ]; do
  "$@"
  status=$?
  [ $status -lt 2 ] || exit $status
  n=$((n - 1))
done
END
chmod +x "$tmp/again"
commands=(list list-proc dump dump-json dump-p-other dump-p-silent trace-p-other trace batch)

# until_screen PATTERN MS: waits until the screen has it; prints how long that took
until_screen() {
  local start
  start=$(now)
  while [ $(($(now) - start)) -lt "$2" ]; do
    mux capture-pane -p 2>/dev/null | grep -qE -- "$1" && {
      echo $(($(now) - start))
      return
    }
    sleep 0.02
  done
  echo "more than $2"
  return 1
}
start_top() {
  rm -f "$tmp"/top.*
  (
    exec 9>&- 8>&-
    tmux -S "$socket" -f /dev/null new-session -d -x 160 -y 60 \
      "echo \$\$ >$tmp/top.pid; $top -d 0.2 2>$tmp/top.err; echo \$? 0 >$tmp/top.end; exec sleep 100"
  )
  screen=$(until_screen 'MARK +PID' $((asan ? 5000 : 2000)))
  tap $? "$row: uringtop's screen is up"
}
end_top() {
  local start q
  # the healthy process, and the one that does not answer
  shown=$(until_screen "(^|[^0-9])$healthy_pid " $((deadline * 1000)))
  tap $? "$row: uringtop shows the healthy process"
  case $words in *ring*)
    until_screen "(^|[^0-9])$target_pid([^0-9]|$)" 5000 >/dev/null
    tap $? "$row: uringtop names the one that does not answer"
    ;;
  esac
  mux send-keys q
  start=$(now)
  while [ ! -s "$tmp/top.end" ] && [ $(($(now) - start)) -lt 2000 ]; do sleep 0.01; done
  q=$(($(now) - start))
  [ -s "$tmp/top.end" ]
  tap $? "$row: q ends uringtop"
  case $words in *stuck*)
    grep -qE '^uringtop: [0-9]+ helper process.*cannot end yet' "$tmp/top.err"
    tap $? "$row: uringtop says that a helper cannot end yet"
    ;;
  esac
  echo "# $row: uringtop's screen after $screen ms, the healthy process $shown ms after all else, q after $q ms"
}

# SIGINT at some instant; the best of three
interrupt() {
  local name=$1 start try ms best=99999 limit=$((asan ? 400 : 100))
  for try in 1 2 3; do
    # shellcheck disable=SC2046  # words
    job "int-$name" $(command_of "$name")
    while [ ! -s "$tmp/int-$name.pid" ]; do sleep 0.01; done
    sleep "0.$((RANDOM % 9))$((RANDOM % 9))"
    start=$(now)
    kill -INT "$(cat "$tmp/int-$name.pid")" 2>/dev/null
    while ! ended "int-$name" && [ $(($(now) - start)) -lt 3000 ]; do sleep 0.01; done
    ms=$(($(now) - start))
    [ $ms -ge $best ] || best=$ms
    ended "int-$name" || break
    [ $best -gt $limit ] || break
  done
  [ $best -le $limit ]
  tap $? "$row: SIGINT ends $name ($best ms, try $try)"
}

# Do the target's maps wait? Since 6.17 they need no mmap_lock.
maps_wait() {
  local pid
  cat "/proc/$target_pid/maps" >/dev/null 2>&1 9>&- 8>&- &
  pid=$!
  sleep 0.3
  grep -q '^State:.[SD]' "/proc/$pid/status" 2>/dev/null
}

# run_row ROW ARG... : WORD...
run_row() {
  local name args=() these
  row=$1 times=
  shift
  while [ "$1" != : ]; do
    args+=("$1")
    shift
  done
  shift
  words=" $* "
  silent target "${args[@]}"
  case $target_line in *'"pid"'*) ;;
  *)
    echo "ok - $row # SKIP ${target_line:-it could not be made}"
    dissolve
    return
    ;;
  esac
  case $words in *blind*) maps_wait || words=${words/blind/} ;; esac
  these=("${commands[@]}")
  if [[ $words = *dumps* ]]; then these=(dump-json dump-p-silent); else start_top; fi
  for name in "${these[@]}"; do
    # shellcheck disable=SC2046  # words
    job "$name" $(again "$name") $(command_of "$name")
  done
  await
  for name in "${these[@]}"; do holds "$name"; done
  echo "# $row:${times%,}"
  [[ $words = *dumps* ]] || end_top
  if [[ $words = *' int '* ]]; then
    for name in "${commands[@]}"; do interrupt "$name"; done
  fi
  [[ $words = *dumps* ]] || jobs+=(top)
  clear_up
}

# --- many of them ----------------------------------------------------------------------------------------------------------

run_many() {
  local n=200 pid name missing max=0 now_there
  row=many words=' ring '
  silent target --ring many $n
  case $target_line in *'"pid"'*) ;; *)
    echo "ok - many # SKIP ${target_line:-they could not be made}"
    dissolve
    return
    ;;
  esac
  for name in list list-proc dump-json trace-p-other batch; do
    # one after the other: each is to have the processors for itself
    # shellcheck disable=SC2046  # words
    job $name $(command_of $name)
    until_ms=$(($(now) + deadline * 1000))
    while ! ended $name && [ "$(now)" -lt $until_ms ]; do
      now_there=$(in_sessions "$(cat "$tmp/$name.pid" 2>/dev/null)" | wc -l)
      [ "$now_there" -le $max ] || max=$now_there
      sleep 0.1
    done
    if ! ended $name; then
      tap 1 "many: $name ends within $deadline s"
      continue
    fi
    tap 0 "many: $name ends within $deadline s ($(cut -d' ' -f2 "$tmp/$name.end") ms)"
    case $name in
    trace*) grep -q 'user_data=0x5100' "$tmp/$name.out" ;;
    *) says $name "$healthy_ring" ;;
    esac
    tap $? "many: $name shows the healthy process"
    case $name in list | list-proc | dump-json)
      missing=0
      tr -c '0-9\n' ' ' <"$tmp/$name.out" | cat - <(tr -c '0-9\n' ' ' <"$tmp/$name.err") | tr ' ' '\n' | sort -u >"$tmp/numbers"
      for pid in $(sed 's/.*\[\(.*\)\].*/\1/; s/,//g' <<<"$target_line"); do
        grep -qx "$pid" "$tmp/numbers" || ((missing++))
      done
      [ $missing = 0 ]
      tap $? "many: $name names all of them"
      [ $missing = 0 ] || echo "# $missing of $n are missing"
      ;;
    esac
  done
  [ $max -le 64 ]
  tap $? "many: a bounded number of processes does it"
  echo "# many: at most $max processes at once"
  deadline=1 await
  clear_up
}

# --- helpers that die, and that are stopped ----------------------------------------------------------------------------------

# The first child of a job, as soon as it has one.
helper_of() {
  local pid i child
  for ((i = 0; i < 400; i++)); do
    pid=$(cat "$tmp/$1.pid" 2>/dev/null)
    child=$(cat "/proc/$pid/task"/*/children 2>/dev/null | tr ' ' '\n' | head -1)
    [ -n "$child" ] && echo "$child" && return
    ended "$1" && return 1
    sleep 0.005
  done
  return 1
}

run_helpers() {
  local signal name helper try hit
  row=helper words=' '
  mkfifo "$tmp/crowd.in" "$tmp/crowd.out"
  "$build/bench/crowd" 400 16 1000 <"$tmp/crowd.in" >"$tmp/crowd.out" 8>&- 9>&- &
  target_job=$!
  exec 9>"$tmp/crowd.in"
  read -r -t 60 target_pid <"$tmp/crowd.out"
  for signal in KILL STOP; do
    for name in list list-proc dump-json batch; do
      hit=
      # it may have done its work before the signal comes
      for try in 1 2 3 4 5; do
        # shellcheck disable=SC2046  # words
        job "$name" $(command_of $name)
        helper=$(helper_of $name) || { await; continue; }
        sleep "0.0$((RANDOM % 9))"
        kill -$signal "$helper" 2>/dev/null && hit=1
        await
        [ -z "$hit" ] || break
      done
      [ -n "$hit" ] || echo "# helper: $name had done its work before each SIG$signal (tests/unit/test_helpers.c has what does not depend on luck)"
      ended $name
      tap $? "helper: SIG$signal: $name ends"
      # complete, or what is missing is said
      { says $name "$healthy_ring" && [ "$(grep -oE "(^|[^0-9])$target_pid([^0-9]|$)" "$tmp/$name.out" | wc -l)" -ge 1000 ]; } ||
        { [ -s "$tmp/$name.err" ] || grep -q '"skipped":\[{' "$tmp/$name.out"; }
      tap $? "helper: SIG$signal: $name is complete, or says what is missing"
      echo "# helper: SIG$signal: $name: $(cat "$tmp/$name.end" 2>/dev/null) ms, $(head -1 "$tmp/$name.err")"
    done
  done
  # uringtop goes on with another one
  job batch "$top" --batch -n 30 -d 0.1
  helper=$(helper_of batch) && kill -KILL "$helper" 2>/dev/null
  await
  tail -n 1100 "$tmp/batch.out" >"$tmp/last.out"
  ended batch && grep -qE "(^|[^0-9])$healthy_pid([^0-9]|$)" "$tmp/last.out"
  tap $? 'helper: SIGKILL: uringtop goes on without it'
  clear_up
}

# --------------------------------------------------------------------------------------------------------------------------

mounts=$(wc -l </proc/self/mountinfo)
jobs=() job_pids=()
target_line='' target_pid='' healthy_line='' healthy_pid=''
silent healthy healthy
healthy_ring=$(sed -n 's/.*"ring_id": \([0-9]*\).*/\1/p' <<<"$healthy_line")
wanted=" $* "
while read -r name rest; do
  [ -n "$name" ] || continue
  [ "$wanted" = '  ' ] || [[ $wanted = *" $name "* ]] || continue
  [ "$wanted" != '  ' ] || [ -z "$asan" ] || [[ $rest = *asan* ]] || continue
  arguments=$(sed -E 's/ +(ring|blind)( .*)?$//' <<<"$rest")
  # shellcheck disable=SC2086  # words
  run_row "$name" $arguments : ${rest#"$arguments"}
done <<<"$rows"
[ "$wanted" != '  ' ] || [ -n "$asan" ] || run_many
[[ $wanted != *' many '* ]] || run_many
[ "$wanted" != '  ' ] || run_helpers
[[ $wanted != *' helpers '* ]] || run_helpers
[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
tap $? 'no mount is left'
finish
