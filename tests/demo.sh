#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a few real rings, shows them, and cleans up.
set -u
build=${1:?usage: demo.sh BUILD}
export LC_ALL=C.UTF-8
coproc ZOO { exec "$build/ringzoo" registered io-wq sqpoll-asleep shared-sqpoll closed; }
job=$ZOO_PID
trap 'kill "$job" 2>/dev/null; wait "$job" 2>/dev/null' EXIT
pids=()
while read -r line <&"${ZOO[0]}" && [ "$line" != ready ]; do
  pid=$(grep -o '"pid":[0-9]*' <<<"$line" | head -1 | cut -d: -f2)
  [ -n "$pid" ] && pids+=("$pid")
done
if [ ${#pids[@]} = 0 ]; then
  echo "this kernel makes no rings (is kernel.io_uring_disabled set?)" >&2
  exit 1
fi
sleep 0.1
args=()
for pid in "${pids[@]}"; do args+=(-p "$pid"); done

show() {
  printf '\n$ uringctl %s\n' "$*"
  "$build/uringctl" "$@"
}
echo "Real rings, made by $build/ringzoo:"
show list "${args[@]}"
show dump -p "${pids[0]}"
show dump -p "${pids[1]}"
printf '\n$ uringtop --batch -n 2 (without --batch it takes the terminal)\n'
COLUMNS=100 "$build/uringtop" --batch -n 2 -d 0.5 "${args[@]}" | awk 'BEGIN {RS = ""} NR == 2'
printf '\nYour own: %s -p PID;' "$build/uringtop"
printf ' %s list; %s dump -p PID. More: man man/uringctl.1\n' "$build/uringctl" "$build/uringctl"
