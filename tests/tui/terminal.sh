#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# uringctl as a person sees it: in a terminal of 80 columns and in a wide one, with colours and without, with names that try to take
# the terminal over.
. "$(dirname "$0")/../lib/tap.sh"
socket=uringtop-test-$$
tmp=$(mktemp -d)
trap 'zoo_end; tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8 TERM=xterm-256color

# screen COLUMNS COMMAND: what stands on the screen after it, with the colours in $tmp/colours
screen() {
  local columns=$1
  shift
  tmux -L "$socket" -f /dev/null new-session -d -x "$columns" -y 60 "$* 2>$tmp/err; touch $tmp/done; exec sleep 60"
  for _ in $(seq 100); do
    [ -e "$tmp/done" ] && break
    sleep 0.05
  done
  sleep 0.1
  tmux -L "$socket" capture-pane -p >"$tmp/screen"
  tmux -L "$socket" capture-pane -p -e >"$tmp/colours"
  tmux -L "$socket" kill-server
  rm -f "$tmp/done"
}

widest() { awk '{gsub(/…/, "."); if (length > w) w = length} END {print w + 0}' "$tmp/screen"; }

coproc ZOOS { exec "$build/ringzoo" names plain shared-sqpoll cqsize 2>/dev/null; }
zoo_job=$ZOOS_PID
while read -r line <&"${ZOOS[0]}"; do [ "$line" = ready ] && break; done
sleep 0.1

for columns in 50 80 200; do
  screen $columns "$ctl" list
  [ "$(widest)" -le $columns ] && grep -q '7/16' "$tmp/screen"
  tap $? "list at $columns columns: no line is longer, the fills are there"
  [ "$(grep -c '^ *[0-9][0-9]* ' "$tmp/screen")" -ge 4 ]
  tap $? "list at $columns columns: a line a ring"
done
grep -q '!mm' "$tmp/screen" && grep -q 'CQSIZE' "$tmp/screen"
tap $? 'list at 200 columns shows holders and flags'
screen 80 "$ctl" list
grep -q 'RING OWNER' "$tmp/screen" && grep -q 'SQPOLL' "$tmp/screen"
tap $? 'the titles are there at 80 columns'
# the columns stand under each other: the CQ's numbers end where its title ends
awk '/RING OWNER/ {p = index($0, " CQ ") + 2} p && /7\/16/ {print substr($0, p, 1), substr($0, p + 1, 1)}' "$tmp/screen" | grep -q '^6 *$'
tap $? 'columns are aligned'
grep -q $'\x1b' "$tmp/colours"
tap $? 'colours on a terminal'
screen 80 NO_COLOR=1 "$ctl" list
! grep -q $'\x1b' "$tmp/colours"
tap $? 'no colours with NO_COLOR'
screen 80 NO_COLOR=1 "$ctl" list --color=always
grep -q $'\x1b' "$tmp/colours"
tap $? '--color=always wins'
"$ctl" list --color=auto 2>/dev/null | grep -q $'\x1b'
[ $? = 1 ]
tap $? 'no colours into a pipe'
names=$("$ctl" list 2>/dev/null | sed -n 's/.*\\x1b\[2Jz.*(\([0-9]*\)) .*/\1/p')
screen 120 "$ctl" dump -p "$names"
grep -q '\\x1b\[2Jz\\n\\xff\\x29\\x20R\\x201 (pid' "$tmp/screen" && grep -q '\\x1b\[31m\\n' "$tmp/screen"
tap $? 'names that hold escape sequences are shown, not obeyed'
! grep -q $'\x1b\[31m' <(grep 'zoo' "$tmp/colours" | grep -v READ)
tap $? 'and colour nothing'
screen 80 LC_ALL=C "$ctl" dump -p "$names"
LC_ALL=C grep -q '\\xc3\\xa9' "$tmp/screen"
tap $? 'without UTF-8 everything beyond ASCII is escaped'
COLUMNS=50 "$ctl" list 2>/dev/null >"$tmp/piped"
grep -q '!mm' "$tmp/piped" && grep -q 'CQSIZE' "$tmp/piped" && ! grep -q '…' "$tmp/piped"
tap $? 'what goes into a pipe is not cut'
finish
