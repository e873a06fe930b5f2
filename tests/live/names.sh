#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names that a target chooses change nothing but themselves: each socket is named by its own protocol's table, and what has a meaning
# where a name stands is escaped there, in a way that can be undone.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
forger_pid=
end() {
  [ -z "$forger_pid" ] || { disown "$forger_pid"; kill -KILL "$forger_pid"; } 2>/dev/null
  forger_pid=
  # no path to the deepest of its directories fits a system call that takes one
  rm -rf "$tmp/files" "$tmp/two"
}
trap 'end; rm -rf "$tmp"' EXIT
export LC_ALL=C.UTF-8
chmod 755 "$tmp"

# forger [netns]: starts it; what it says stands in $tmp/truth
forger() {
  mkdir -p "$tmp/files"
  coproc FORGER { exec "$build/forger" "$tmp/files" "$@" 2>"$tmp/err"; }
  forger_pid=$FORGER_PID
  : >"$tmp/truth"
  while read -r line <&"${FORGER[0]}" && [ "$line" != ready ]; do echo "$line" >>"$tmp/truth"; done
  if [ "$line" != ready ]; then
    echo "not ok - $(cat "$tmp/err")"
    exit 1
  fi
  echo "ok - names are forged${1:+ in a network namespace of its own}"
  read -r _ port other < <(grep ^ports "$tmp/truth")
}
fd_of() { awk -v w="$1" '$1 == w {print $2}' "$tmp/truth"; }
ino_of() { awk -v w="$1" '$1 == w {print $3}' "$tmp/truth"; }
round() {
  echo go >&"${FORGER[1]}" && read -r line <&"${FORGER[0]}"
}
# the name of a file as the text has it between < and >, by the truth
name_of() {
  case $1 in
  listener) echo "TCP:[127.0.0.1:$port]" ;;
  client) echo "TCP:[127.0.0.1:$other->127.0.0.1:$port]" ;;
  server) echo "TCP:[127.0.0.1:$port->127.0.0.1:$other]" ;;
  pair) echo "UNIX-STREAM:[$(ino_of pair)]" ;;
  forged-*) echo "UNIX-DGRAM:[$(ino_of "$1"),@\"x\\n0: 2 0 1 0005 01 $(ino_of "${1#forged-}") @/run/dbus/system\"]" ;;
  odd) echo "UNIX-SEQPACKET:[$(ino_of odd),@\"q\\\"\\\\]\\x3e, addr=0x1\\n\\xff\\x00 $forger_pid\"]" ;;
  file) echo "$tmp/files/x\\x3e, addr=0x0, len=1) user_data=0x0 = 4096 <1.0us\\x3e inline" ;;
  deep) echo '(path_too_long)' ;;
  esac
}
kinds='listener client server pair forged-listener forged-client forged-pair odd file deep'
comm='a\x20b\x287\x29\x3a3\x20!mm'

# dump_names NAME UNKNOWN ARG...: the pending entries are of the right files; those that UNKNOWN lists have a number alone
dump_names() {
  local name=$1 unknown=$2 what want bad=
  shift 2
  "$@" >"$tmp/out" 2>"$tmp/err"
  for what in $kinds; do
    want=$(name_of "$what")
    case " $unknown " in *" $what "*) want=$(sed -E 's/^UNIX-(DGRAM|SEQPACKET)/UNIX/; s/,@.*/]/' <<<"$want") ;; esac
    grep -qF " READ($(fd_of "$what")<$want>, addr=0x0, len=0, offset=0, rw_flags=0) user_data=0x0" "$tmp/out" || bad="$bad $what"
  done
  [ -z "$bad" ]
  tap $? "$name"
  [ -z "$bad" ] || { echo "# not named as they are:$bad" && grep -a READ "$tmp/out" "$tmp/err" | sed 's/^/# /'; }
}

forger
dump_names 'dump' '' "$ctl" dump -p "$forger_pid"
dump_names 'dump --source proc,memory' '' "$ctl" dump -p "$forger_pid" --source proc,memory
"$ctl" dump -p "$forger_pid" >"$tmp/out" 2>&1
grep -qF "POLL_ADD($(fd_of listener)<$(name_of listener)>) user_data=0x0" "$tmp/out"
tap $? 'dump: a request in flight'
grep -qxF "        0  $(name_of listener)" "$tmp/out" && grep -qxF "        2  $(name_of pair)" "$tmp/out"
tap $? 'dump: registered files'
grep -qxE '        3  (pidfd:\[[0-9]+\]|anon_inode:\[pidfd\])' "$tmp/out" && grep -qx "        4  nsfs:.$(stat -Lc %i /proc/self/ns/uts)." "$tmp/out"
tap $? 'dump: files that have no path have none'
[ "$(grep -cF "$comm (pid $forger_pid)" "$tmp/out")" = 6 ] && grep -qx "  holders   [^ ]* (pid $forger_pid), uid [0-9]*: fd [0-9]*, mapped" "$tmp/out"
tap $? 'dump: owner and holders'
# what is escaped can be undone, and JSON has it as it is
"$ctl" dump --json -p "$forger_pid" >"$tmp/json" 2>"$tmp/err"
/usr/bin/python3 - "$tmp/json" "$tmp/out" "$tmp/truth" "$tmp/files" <<'EOF'
import json, re, sys
doc, text = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
truth = {w[0]: w[1:] for w in (l.split() for l in open(sys.argv[3]))}
name = {q["fd"]: q["file"] for r in doc["rings"] for q in r["sq"]["pending"]}
def fd(what): return int(truth[what][0])
def ino(what): return truth[what][1]
port, other = truth["ports"]
assert name[fd("listener")] == f"TCP:[127.0.0.1:{port}]", name
assert name[fd("client")] == f"TCP:[127.0.0.1:{other}->127.0.0.1:{port}]", name
assert name[fd("pair")] == f"UNIX-STREAM:[{ino('pair')}]", name
forged = f'UNIX-DGRAM:[{ino("forged-listener")},@"x\n0: 2 0 1 0005 01 {ino("listener")} @/run/dbus/system"]'
assert name[fd("forged-listener")] == forged, name
assert name[fd("file")] == sys.argv[4] + "/x>, addr=0x0, len=1) user_data=0x0 = 4096 <1.0us> inline", name
assert name[fd("deep")] == "(path_too_long)", name
def undo(s):
    return re.sub(r'\\(x..|.)', lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else {"n": "\n"}.get(m[1], m[1]), s)
shown = {int(m[1]): m[2] for m in re.finditer(r"READ\((\d+)<((?:[^>]|->)*)>, ", text)}
assert undo(shown[fd("file")]) == name[fd("file")], shown
assert undo(shown[fd("forged-listener")]) == forged, shown
for r in doc["rings"]:
    assert r["owner"]["comm"] == "a b(7):3 !mm"
    assert all(f["file"] in name.values() for f in r["registered"]["files"] if f["slot"] < 3)
    assert all(q["file"] == name[fd("listener")] for q in r["inflight"]["requests"])
EOF
tap $? 'dump --json'
"$ctl" list -p "$forger_pid" >"$tmp/out" 2>"$tmp/err"
comm=$comm awk -v p="$forger_pid" 'BEGIN {c = ENVIRON["comm"] "("} NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
  {n++; if (NF != 7 || index($at["OWNER"], c p ")") != 1 || $at["HOLDERS"] !~ "^" p ":[34]$") exit 1} END {exit n != 2}' "$tmp/out"
tap $? 'list has as many words in each line'
# what completions offer as pids is what stands before a colon
! grep -oE '[0-9]+\)?:[0-9m]' "$tmp/out" | tr -d ')' | cut -d: -f1 | grep -qvx "$forger_pid"
tap $? 'list: no pid but that of the holder'
"$build/uringtop" --batch --iterations 1 -p "$forger_pid" >"$tmp/out" 2>"$tmp/err"
grep -qF 'a\x20b' "$tmp/out" && ! grep -qF 'a b' "$tmp/out"
tap $? 'uringtop'

# --- trace: lines, JSON lines, the summary
for how in '' --json; do
  # shellcheck disable=SC2086
  "$ctl" trace $how -o "$tmp/trace" -n 4 -p "$forger_pid" 2>"$tmp/err" &
  job=$!
  for _ in $(seq 200); do
    [ -s "$tmp/trace" ] && break
    round
    sleep 0.1
  done
  for _ in $(seq 100); do
    kill -0 $job 2>/dev/null || break
    round
    sleep 0.1
  done
  wait $job
  bad=
  for what in listener server pair file; do
    want="($(fd_of $what)<$(name_of $what)>, "
    [ -z "$how" ] || want="\"file\":\"$(name_of $what | sed 's/\\x3e/>/g')\""
    grep -qF "$want" "$tmp/trace" || bad="$bad $what"
  done
  [ -z "$bad" ] && ! grep -q dbus "$tmp/trace" && { [ "$how" ] || [ "$(grep -cE '^[0-9]+ [0-9]+ (READ|RECV)\([0-9]+<([^>]|->)*>, [^>]* user_data=0x0 = -?[0-9]+( [A-Z]+)? <[0-9.]+(us|ms)> [a-z_:0-9]+$' "$tmp/trace")" = 4 ]; }
  tap $? "trace $how"
  [ -z "$bad" ] || sed "s/^/# not$bad: /" "$tmp/trace" "$tmp/err"
done
"$ctl" trace -c --by file --for 2 -p "$forger_pid" >"$tmp/trace" 2>"$tmp/err" &
job=$!
while kill -0 $job 2>/dev/null; do
  round
  sleep 0.05
done
wait $job
bad=
for what in listener server pair file; do
  grep -qE "^$(name_of $what | sed 's/ /\\x20/g; s/\\x3e/>/g; s/[][\\.()]/\\&/g') +[0-9]+ " "$tmp/trace" || bad="$bad $what"
done
[ -z "$bad" ] && ! grep -q dbus "$tmp/trace"
tap $? 'trace -c --by file'
[ -z "$bad" ] || sed "s/^/# not$bad: /" "$tmp/trace" "$tmp/err"
end

# --- another network namespace
forger netns
dump_names 'dump of another network namespace' '' "$ctl" dump -p "$forger_pid"
dump_names 'so without BPF' '' "$ctl" dump -p "$forger_pid" --source proc,memory
# one look at processes of two namespaces: each is looked for in its own
mkdir "$tmp/two"
mkfifo "$tmp/in"
"$build/forger" "$tmp/two" <"$tmp/in" >"$tmp/truth2" 2>"$tmp/err" &
second=$!
exec 7>"$tmp/in"
for _ in $(seq 100); do
  grep -q ready "$tmp/truth2" && break
  sleep 0.1
done
read -r _ port2 other2 < <(grep ^ports "$tmp/truth2")
for _ in 1 2; do
  "$ctl" dump -p "$forger_pid" -p "$second" --source proc,memory >"$tmp/out" 2>"$tmp/err"
  for name in "TCP:[127.0.0.1:$port]" "TCP:[127.0.0.1:$port2]" "TCP:[127.0.0.1:$other->127.0.0.1:$port]" "TCP:[127.0.0.1:$other2->127.0.0.1:$port2]"; do
    grep -qF "<$name>" "$tmp/out" || echo "$name"
  done
done >"$tmp/missing"
[ "$port2" ] && ! [ -s "$tmp/missing" ]
tap $? 'dump of processes of two network namespaces'
sed 's/^/# /' "$tmp/missing"
exec 7>&-
wait $second
if [ "$(id -u)" = 0 ]; then
  # without CAP_SYS_ADMIN nobody gets into it: addresses are in /proc, paths are not believed
  dump_names 'so where it cannot be entered, with no path of UNIX sockets' 'forged-listener forged-client forged-pair odd' \
    setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$ctl" dump -p "$forger_pid" --source proc,memory
fi
end
finish
