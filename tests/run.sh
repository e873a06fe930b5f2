#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds and runs all tests, shows what is not ok and what is skipped, and ends with one line: N passed, N failed, N skipped.
# URINGTOP_ONLY=word runs the groups whose name has it.
set -u
build=${1:?usage: run.sh BUILD}
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 CMOCKA_MESSAGE_OUTPUT=TAP BUILD=$build MAKEFLAGS=
passed=0 failed=0 skipped=0
logs=$build/logs
mkdir -p "$logs"
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

# group NAME COMMAND...: counts its TAP lines; one that dies, or says nothing at all, has failed
group() {
  local name=$1 log status ok bad skip start=$SECONDS
  shift
  case $name in *${URINGTOP_ONLY:-}*) ;; *) return ;; esac
  log=$logs/${name//[^a-z0-9.-]/_}
  "$@" </dev/null >"$log" 2>&1
  status=$?
  skip=$(grep -c '^ok.*# SKIP' "$log")
  ok=$(($(grep -c '^ok' "$log") - skip))
  bad=$(grep -c '^not ok' "$log")
  # a plan, of unit tests, or a last line that says so: what ends before has failed
  if [ $((ok + bad + skip)) != 0 ] && ! grep -qaE '^(1\.\.[0-9]|# end$)' "$log"; then
    bad=$((bad + 1))
    echo "not ok - $name ended before its end:"
    tail -5 "$log" | sed 's/^/    /'
  fi
  if [ $((ok + bad + skip)) = 0 ] && [ $status = 0 ]; then ok=1; fi
  if [ $status != 0 ] && [ "$bad" = 0 ]; then
    bad=1
    echo "not ok - $name ended with $status:"
    tail -15 "$log" | sed 's/^/    /'
  fi
  echo "$name: $ok passed, $bad failed, $skip skipped ($((SECONDS - start)) s)"
  grep -aA4 '^not ok' "$log" | cut -c1-400 | sed 's/^/    /'
  grep -a '^ok.*# SKIP' "$log" | sed 's/^ok - /    skipped: /; s/^ok [0-9]* /    skipped: /; s/# SKIP */(/; s/$/)/'
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

group 'build with gcc' make -s -j2 BUILD="$build" test-programs
group 'build with clang' make -s -j2 BUILD="$build/clang" CC=clang test-programs
group 'build with ASan and UBSan' make -s -j2 BUILD="$build" asan
# shellcheck disable=SC2046  # a list
group 'format' clang-format --dry-run -Werror $(git ls-files '*.c' '*.h' 2>/dev/null || find src include tests -name '*.[ch]')
group 'shellcheck' shellcheck -S warning -x -P SCRIPTDIR -e SC1091 tests/*.sh tests/*/*.sh .ci/run completions/uringctl.bash

for which in '' /asan; do
  for t in "$build$which"/unit/test_*; do
    [ -x "$t" ] && group "unit$which ${t##*/}" "$t"
  done
  for f in "$build$which"/fuzz/fuzz_*; do
    # a sanitizer takes its time
    [ -x "$f" ] && group "fuzz$which ${f##*/}" "$f" "tests/fuzz/corpus/${f##*/}" "$([ -n "$which" ] && echo 5000 || echo 20000)"
  done
  BUILD=$build$which group "live$which" "$build$which/live"
  BUILD=$build$which group "inside$which" "$build$which/inside"
  BUILD=$build$which group "maplock$which" "$build$which/maplock"
  BUILD=$build$which group "harm$which" "$build$which/harm"
  [ -n "$which" ] || group 'no trace' bash tests/live/no_trace.sh "$build"
  group "silent$which" bash tests/live/hang.sh "$build$which"
  group "bad input$which" bash tests/live/bad_input.sh "$build$which"
  group "top input$which" bash tests/live/top_input.sh "$build$which"
  group "names$which" bash tests/live/names.sh "$build$which"
  group "trace$which" bash tests/live/trace.sh "$build$which"
  group "trace bounds$which" bash tests/live/trace_bounds.sh "$build$which"
  group "ends$which" /usr/bin/python3 tests/live/ends.py "$build$which"
  group "rights$which" bash tests/live/rights.sh "$build$which"
  group "schema$which" /usr/bin/python3 tests/live/schema.py "$build$which"
  group "heavy$which" /usr/bin/python3 tests/live/heavy.py "$build$which"
done
group 'options' bash tests/live/options.sh "$build"
group 'terminal' bash tests/tui/terminal.sh "$build"
group 'terminal uringtop' bash tests/tui/top.sh "$build"
group 'terminal uringtop/asan' bash tests/tui/top.sh "$build/asan"
group 'install' bash tests/live/install.sh "$build"
group 'kernels' bash tests/vm/run.sh "$build"
# the table of kernels and sections
grep -a '^# .*\(read\|absent\|5\.10\)  ' "$logs/kernels" 2>/dev/null | grep -v 'not compared' | sed 's/^# /    /'

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
