#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The real uringtop in a real terminal: keys, mouse, resizing, signals, targets that come and go, files, the setup.
. "$(dirname "$0")/../lib/tap.sh"
top=$(cd "$build" && pwd)/uringtop
socket=uringtop-top-$$
tmp=$(mktemp -d)
trap 'zoo_end; tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$tmp/config
unset NO_COLOR
# ncurses, and what it loads, keep memory to their end; leaks of our own are looked for in the unit tests and the fuzzers
export ASAN_OPTIONS=detect_leaks=0
started=0
mux() { tmux -L "$socket" "$@"; }

# a terminal of its own for each: a server that is about to end takes no new session
fresh() {
  mux kill-server 2>/dev/null
  socket=uringtop-top-$$-$((++started))
}
# start COLUMNS ROWS ARG...: uringtop in a terminal; its exit status goes to $tmp/status
start() {
  local columns=$1 rows=$2
  shift 2
  fresh
  rm -f "$tmp/status" "$tmp/after"
  mux -f /dev/null new-session -d -x "$columns" -y "$rows" \
    "cd $tmp; trap : INT QUIT; stty -g >$tmp/before; ${environment:-} $top $* 2>$tmp/err; echo \$? >$tmp/status; stty -g >$tmp/after; echo the shell again; exec sleep 100"
  mux set-option -g mouse on >/dev/null 2>&1
}
keys() { mux send-keys "$@"; }
screen() { mux capture-pane -p; }
# shows PATTERN NAME: waits until the screen has it
shows() {
  local i
  for ((i = 0; i < 100; i++)); do
    screen | grep -qE -- "$1" && break
    sleep 0.1
  done
  [ $i -lt 100 ]
  tap $? "$2" || true
  [ $i -lt 100 ] || screen | sed 's/^/# /'
}
lacks() { # PATTERN NAME: waits until the screen does not have it
  local i
  for ((i = 0; i < 100; i++)); do
    screen | grep -qE -- "$1" || break
    sleep 0.1
  done
  [ $i -lt 100 ]
  tap $? "$2"
}
looks() { # PATTERN NAME: waits until the screen has it, escape sequences and all
  local i
  for ((i = 0; i < 30; i++)); do
    mux capture-pane -pe | grep -qE -- "$1" && break
    sleep 0.1
  done
  [ $i -lt 30 ]
  tap $? "$2"
}
ended() { # STATUS NAME: it has ended so, and the terminal is as it was
  local i
  for ((i = 0; i < 100; i++)); do
    [ -s "$tmp/after" ] && [ -s "$tmp/status" ] && break
    sleep 0.1
  done
  [ "$(cat "$tmp/status" 2>/dev/null)" = "$1" ] && cmp -s "$tmp/before" "$tmp/after"
  tap $? "$2"
  [ "$(cat "$tmp/status" 2>/dev/null)" = "$1" ] || echo "# status $(cat "$tmp/status" 2>/dev/null), $(cat "$tmp/err")"
  rm -f "$tmp/after"
}
pid_of() { child "$(mux list-panes -F '#{pane_pid}' | head -1)" uringtop; }

zoo plain
ring=$("$ctl" list -p "$zoo_pid" | awk 'NR == 2 {print $1}')

# --- the process that looks at the machine is killed, and killed again
start 80 24 "-p $zoo_pid -d 0.2"
shows "^! +$zoo_pid ringzoo" 'before its end'
for again in 'is killed' 'is killed again'; do
  kill -KILL "$(child "$(pid_of)" uring-collector)"
  shows 'the process that looks at the machine had ended' "the process that looks $again: said"
  keys Escape
  lacks 'had ended' 'and a key takes that away'
done
shows "^! +$zoo_pid ringzoo.* 0 +0 " 'rates are there again'
keys q
ended 0 'q'

# --- keys
start 80 24 "-p $zoo_pid -d 0.2"
shows "^! +$zoo_pid ringzoo" 'the ring is there, and needs attention'
shows '2 entries not submitted' 'why, on the status line'
keys Enter
shows "^ring $ring  ringzoo \($zoo_pid\)" 'Enter opens the ring'
shows 'NOP\(.*user_data=0x300' 'its SQ entries, decoded'
shows 'CQ +8 +user_data=0x201 res=0' 'its CQ entries'
shows 'N·+.*·N$' 'the SQ as a strip, with entries at both ends'
keys Tab
shows 'in flight; sorted by age' 'Tab: the next tab'
keys o
shows 'sorted by where' 'o: another order'
keys 5
shows 'No restrictions' '5: restrictions'
shows '\+ NOP +\+ READV' 'every opcode'
keys BTab
shows 'nothing is registered' 'Shift-Tab: the tab before'
keys 6
shows "owner +ringzoo \(pid $zoo_pid\)" '6: owner and holders'
keys Escape
shows 'MARK +PID COMMAND' 'Esc: back to all rings'
keys '?'
shows 'help \(arrows move' '?: help'
keys G
shows 'which may have been another' 'and its end'
keys q
lacks 'help \(arrows' 'any key closes it'
keys Space
shows 'FROZEN' 'Space freezes'
keys p
lacks 'FROZEN' 'p goes on'
keys + +
shows 'every 1s' '+: less often'
keys d C-u 0.1 Enter
shows 'every 0.1s' 'd: asks for the interval'
keys d C-u 7x Enter
shows 'interval stays' 'and refuses what is none'
keys t
shows '- ringzoo' 't: the tree'
keys Left
shows '\+ ringzoo .* 1 ring' 'folded'
keys Right
shows "└ $ring" 'unfolded'
keys t / n o t h i n g Enter
shows 'not found: nothing' '/: not found'
keys '\'
keys n o n e
shows 'no ring has what the filter asks for' 'a filter acts while it is typed'
keys Escape
shows "$zoo_pid ringzoo" 'Esc takes it away'
keys F6 Home Down Enter
shows 'MARK' 'F6: sort by'
keys s C-u out.json Enter
shows 'saved: out.json' 's saves'
keys s C-u out.json Enter
shows 'overwrite it' 'and asks before it overwrites'
keys n
shows 'not saved' 'no'
keys s C-u no/such/out.json Enter
shows 'not saved: no/such/out.json: No such file' 'or says why it cannot'
keys q
ended 0 'q quits; the terminal is as it was'
shows 'the shell again' 'and shows what was there'
"$ctl" dump --from "$tmp/out.json" | grep -q "^ring $ring"
tap $? 'uringctl reads what was saved'

# --- mouse: as a terminal sends it
start 80 24 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'with a mouse'
row=$(screen | grep -n "$zoo_pid ringzoo" | cut -d: -f1)
click() {
  local at
  at=$(printf '%b%b' "\\0$(printf %o $((32 + $1)))" "\\0$(printf %o $((32 + $2)))")
  mux send-keys -l "$(printf '\033[M %s\033[M#%s' "$at" "$at")"
}
click 20 "$row"
click 20 "$row"
shows "^ring $ring  ringzoo" 'a double click opens the ring'
click 20 2
shows 'in flight; sorted' 'a click on a tab shows it'
keys Escape
shows 'MARK' 'Esc'
click 78 24
ended 0 'a click on F10 quits'

# --- sizes
start 200 60 "-p $zoo_pid -d 0.1"
shows 'ATTENTION' 'at 200x60 there is room for why'
for size in '50 12' '80 24' '30 8' '10 3' '120 40' '1 1' '80 24'; do
  mux resize-window -x "${size% *}" -y "${size#* }"
  sleep 0.15
done
shows "$zoo_pid ringzoo" 'resized again and again, it is complete at 80x24'
keys Enter
for _ in $(seq 30); do
  mux resize-window -x $((20 + RANDOM % 150)) -y $((4 + RANDOM % 50))
done
mux resize-window -x 50 -y 12
shows 'ring .* ringzoo' 'and at 50x12 inside a ring'
keys q
ended 0 'and ends'

# --- signals
for signal in TERM INT HUP QUIT; do
  start 80 24 "-p $zoo_pid"
  shows "$zoo_pid ringzoo" "before SIG$signal"
  kill -$signal "$(pid_of)"
  status=$((128 + $(kill -l $signal)))
  ended $status "SIG$signal ends it and leaves the terminal sane"
done
start 80 24 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'before Ctrl-C'
keys C-c
ended 130 'Ctrl-C'
for signal in ABRT SEGV; do
  start 80 24 "-p $zoo_pid"
  shows "$zoo_pid ringzoo" "before SIG$signal"
  kill -$signal "$(pid_of)"
  ended $((128 + $(kill -l $signal))) "a fault (SIG$signal) leaves the terminal sane"
  shows 'the shell again' 'and shows what was there'
done
# stopped like any program of a shell with job control, which is given the terminal meanwhile
fresh
mux -f /dev/null new-session -d -x 80 -y 24 "cd $tmp; exec bash --norc --noprofile -i"
keys "PS1='ready> '; $top -p $zoo_pid -d 0.2" Enter
shows "$zoo_pid ringzoo" 'in a shell'
keys C-z
shows 'Stopped' 'Ctrl-Z stops it'
keys 'echo between' Enter
shows '^between' 'the shell has the terminal'
keys fg Enter
shows "$zoo_pid ringzoo" 'and back'
lacks 'between' 'the whole screen'
keys C-z
shows 'Stopped' 'again'
keys fg Enter
shows "$zoo_pid ringzoo" 'and back again'
keys q
shows 'ready>' 'quit'
keys 'stty -a | grep -o -- "-\?echo "' Enter
shows '^echo' 'the terminal echoes'

# --- terminals
for term in dumb no-such-terminal ''; do
  environment="TERM=$term" start 80 24 "-p $zoo_pid"
  shows 'the shell again' "TERM='$term': it ends"
  grep -q '^uringtop: TERM is.*--batch' "$tmp/err"
  tap $? 'and says so'
done
for term in xterm-256color xterm linux vt100 screen tmux-256color; do
  infocmp "$term" >/dev/null 2>&1 || continue
  environment="TERM=$term" start 80 24 "-p $zoo_pid"
  shows "$zoo_pid ringzoo" "TERM=$term"
  case $term in
  *256color) looks '38;5;' '256 colours' ;;
  xterm | linux | screen) looks $'\x1b\\[3[1-6]m' '8 colours' ;;
  vt100)
    ! mux capture-pane -pe | grep -qE $'\x1b\\[[0-9;]*3[1-6]'
    tap $? 'no colours'
    ;;
  esac
  keys q
  ended 0 "TERM=$term: it ends"
done
environment='NO_COLOR=1 TERM=xterm-256color' start 80 24 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'NO_COLOR'
mux capture-pane -pe >"$tmp/looks"
! grep -qE $'\x1b\[[0-9;]*(38;5|3[1-6])' "$tmp/looks"
tap $? 'no colours then'
environment='LC_ALL=C' start 80 24 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'a terminal without UTF-8'
! LC_ALL=C screen | LC_ALL=C grep -q $'[\x80-\xff]'
tap $? 'ASCII alone'
"$top" -p "$zoo_pid" </dev/null >"$tmp/out" 2>"$tmp/err"
[ $? = 1 ] && grep -q 'not a terminal.*--batch' "$tmp/err"
tap $? 'not a terminal: says so, and points to --batch'
# the terminal goes away
start 80 24 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'before the terminal goes'
pid=$(pid_of)
mux kill-server
for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
! kill -0 "$pid" 2>/dev/null
tap $? 'a lost terminal ends it'

# --- targets that come and go
python3 -c 'import time; time.sleep(60)' &
lonely=$!
start 80 24 "-p $lonely -d 0.2"
shows 'has no ring yet: waiting for the first' 'a process without rings: it waits, and says so'
kill $lonely
wait $lonely 2>/dev/null
shows "process $lonely: ended" 'it ends: that is said'
keys q
ended 0 'and nothing is wrong'
start 80 24 "-p $zoo_pid -d 0.2"
shows "$zoo_pid ringzoo" 'a target'
zoo_end
shows "^E +$zoo_pid ringzoo" 'its process ends: the ring stays, marked'
shows "ring $ring ended .*x dismisses" 'and the status line says when'
keys Enter
shows 'ENDED' 'it can be opened still'
shows 'user_data=0x300' 'as it was last'
keys Escape x
lacks "^E +$zoo_pid" 'x dismisses it'
keys q
ended 0 'end'
zoo names
start 80 24 "-d 0.2"
shows '\\x1b\[2Jz' 'names that hold escape sequences are shown, not obeyed'
! mux capture-pane -pe | grep -q $'\x1b\\[31m.*\\\\x1b'
tap $? 'and colour nothing'
keys q
ended 0 'end'
zoo_end

# a name of wide characters and of one that combines: columns stay where they are
cp "$build/ringzoo" "$tmp/界面é́"
coproc ZOO { exec "$tmp/界面é́" plain 2>/dev/null; }
zoo_job=$ZOO_PID
read -r zoo_truth <&"${ZOO[0]}"
zoo_pid=$(grep -o '"pid":[0-9]*' <<<"$zoo_truth" | head -1 | cut -d: -f2)
start 80 24 "-p $zoo_pid -d 0.2"
shows "^! +$zoo_pid 界面é́     +3 " 'wide and combining characters in a name'
# stopped from outside and continued, it draws everything again
kill -STOP "$(pid_of)"
mux clear-history
printf '\033[Hgarbage' >"$(mux list-panes -F '#{pane_tty}')"
shows garbage 'somebody writes on its terminal'
kill -CONT "$(pid_of)"
lacks garbage 'SIGCONT: it draws all of it again'
keys q
ended 0 'end'
zoo_end

# --- files
start 80 24 "--from $tmp/out.json"
shows 'file 1/1' '--from'
shows "$ring|$zoo_pid" 'its ring'
keys Space
shows 'stands still by itself' 'it cannot be frozen'
keys ']'
shows 'this is the last file' 'nor walked beyond'
keys q
ended 0 'end'

# --- the setup
rm -rf "$tmp/config"
zoo plain
start 100 40 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'no configuration yet'
keys F2
shows 'Setup' 'F2'
keys Right Down Down Right Escape
shows 'every 2s' 'the interval of the setup'
keys q
ended 0 'end'
grep -q '"interval":[[:space:]]*2' "$tmp/config/uringtop/config.json" && grep -q ascii "$tmp/config/uringtop/config.json"
tap $? 'it is kept'
start 100 40 "-p $zoo_pid"
shows 'every 2s' 'and read again'
keys q
ended 0 'end'
echo '{"interval": ' >"$tmp/config/uringtop/config.json"
start 100 40 "-p $zoo_pid"
shows 'every 1s' 'a broken file is passed over'
grep -q "^uringtop: .*config.json: .*not overwritten" "$tmp/err"
tap $? 'and named'
keys F2 Right Escape
shows 'not kept: .*is broken' 'nor overwritten'
keys q
ended 0 'end'
[ "$(cat "$tmp/config/uringtop/config.json")" = '{"interval": ' ]
tap $? 'it is as it was'
rm -rf "$tmp/config"
: >"$tmp/config"
start 100 40 "-p $zoo_pid"
shows "$zoo_pid ringzoo" 'a configuration that cannot be written'
keys F2 Right Escape
shows 'not kept: .*: (Not a directory|File exists)' 'is said'
keys q
ended 0 'end'
mux kill-server 2>/dev/null
finish
