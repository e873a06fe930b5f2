# SPDX-License-Identifier: GPL-2.0-or-later
# For tests in bash: TAP lines, and exhibits of ringzoo.
# shellcheck shell=bash disable=SC2034,SC2153
# whoever runs the tests may have set up uringtop
export XDG_CONFIG_HOME=/nonexistent
build=${1:?usage: $0 BUILD}
ctl=$build/uringctl
failed=0

# tap STATUS NAME: 0 is ok
tap() {
  if [ "$1" = 0 ]; then echo "ok - $2"; else
    echo "not ok - $2"
    failed=1
  fi
}

# The last a test does: who ends before that has failed, whatever its status (run.sh).
finish() {
  echo '# end'
  exit $failed
}

# check NAME COMMAND...
check() {
  local name=$1
  shift
  "$@" >/dev/null 2>&1
  tap $? "$name"
}

# zoo EXHIBIT: sets zoo_pid and zoo_truth; zoo_end ends it
zoo() {
  coproc ZOO { exec "$build/ringzoo" "$@" 2>/dev/null; }
  zoo_job=$ZOO_PID
  read -r zoo_truth <&"${ZOO[0]}"
  zoo_pid=$(grep -o '"pid":[0-9]*' <<<"$zoo_truth" | head -1 | cut -d: -f2)
}
zoo_end() {
  kill -KILL "$zoo_job" 2>/dev/null
  wait "$zoo_job" 2>/dev/null
}

# child PID NAME: its first child of that name. Not by pgrep, which asks every process, and some process of the machine may not answer.
child() {
  local pid
  for pid in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && echo "$pid" && return
  done
}
