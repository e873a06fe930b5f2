#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel source with and without the rights and the kernel that it takes: what is missing is named once, and all else still works.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
if [ "$(id -u)" != 0 ]; then
  echo "ok - rights # SKIP it takes root to give up rights one by one"
  echo '# end'
  exit 0
fi
install -m 755 "$ctl" "$tmp/uringctl"

# with CAPS COMMAND...: as another user with these capabilities
with() {
  local caps=$1
  shift
  setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all"$caps" --ambient-caps=-all"$caps" "$@"
}

# says PATTERN NAME COMMAND...: still lists the ring's holder, and says PATTERN once, in the list's sources and on stderr
says() {
  local pattern=$1 name=$2
  shift 2
  "$@" list --json --source proc,memory,kernel >"$tmp/out" 2>"$tmp/err"
  [ "$(grep -Eo "\"kernel_unavailable\":\"[^\"]*" "$tmp/out" | grep -Ec "$pattern")" = 1 ] &&
    [ "$(grep -Ec "$pattern" "$tmp/err")" = 1 ] && grep -q "\"pid\":$zoo_pid," "$tmp/out"
  tap $? "$name"
  grep -Eq "$pattern" "$tmp/err" || sed 's/^/# /' "$tmp/err"
}

zoo polled
with ,+bpf,+perfmon "$tmp/uringctl" dump --json --source kernel >"$tmp/out" 2>"$tmp/err"
[ $? = 0 ] && grep -q '"user_data":"0x11"' "$tmp/out" && grep -q '"kernel":true}' "$tmp/out"
tap $? 'CAP_BPF and CAP_PERFMON are enough'
[ ! -s "$tmp/err" ]
tap $? 'and nothing is complained about'
with ,+bpf "$tmp/uringctl" list --source kernel >/dev/null 2>"$tmp/err"
[ $? = 1 ] && [ "$(grep -c 'takes CAP_PERFMON$' "$tmp/err")" = 1 ]
tap $? 'CAP_BPF alone: CAP_PERFMON is missed, once'
with ,+perfmon "$tmp/uringctl" list --source kernel >/dev/null 2>"$tmp/err"
[ $? = 1 ] && [ "$(grep -c 'takes CAP_BPF$' "$tmp/err")" = 1 ]
tap $? 'CAP_PERFMON alone: CAP_BPF is missed, once'
with '' "$tmp/uringctl" list --source kernel >/dev/null 2>"$tmp/err"
[ $? = 1 ] && [ "$(grep -c 'takes CAP_BPF and CAP_PERFMON$' "$tmp/err")" = 1 ]
tap $? 'neither: both are missed, once'
with '' "$tmp/uringctl" list >/dev/null 2>"$tmp/err"
[ $? = 0 ] && ! grep -q CAP_BPF "$tmp/err"
tap $? 'what was not asked for by name is not missed aloud'

with ,+sys_ptrace "$tmp/uringctl" dump -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
[ $? = 1 ] && grep -q "holders .*(pid $zoo_pid), uid 0: fd ?, mapped" "$tmp/out" && ! grep -q 'no descriptor' "$tmp/out" &&
  grep -q 'CAP_DAC_READ_SEARCH lets you' "$tmp/err"
tap $? 'CAP_SYS_PTRACE alone: descriptors are not known, and what would show them is said'
with ,+sys_ptrace "$tmp/uringctl" list --json -p "$zoo_pid" 2>/dev/null | grep -q "\"pid\":$zoo_pid,.*\"fds\":null,\"mapped\":true"
tap $? 'nor in JSON'
with ,+sys_ptrace,+dac_read_search "$tmp/uringctl" dump -p "$zoo_pid" 2>/dev/null | grep -q "holders .*(pid $zoo_pid), uid 0: fd [0-9]"
tap $? 'with CAP_DAC_READ_SEARCH they are'

says 'no BTF' 'a kernel without BTF' \
  unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh "$tmp/uringctl"
says 'no BPF \(CONFIG_BPF_SYSCALL\)' 'a kernel without BPF' \
  strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=ENOSYS "$tmp/uringctl"
says 'locked down' 'a kernel that is locked down' \
  unshare -m sh -c 'mount -t tmpfs none /sys/kernel/security && echo "none integrity [confidentiality]" >/sys/kernel/security/lockdown &&
    exec strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=EPERM "$@"' sh "$tmp/uringctl"
says 'io_uring is forbidden here' 'a machine where io_uring is forbidden' \
  strace -f -qq -o /dev/null -e trace=io_uring_setup -e inject=io_uring_setup:error=EPERM "$tmp/uringctl"
if unshare -Ur true 2>/dev/null; then
  unshare -Ur "$tmp/uringctl" list --source kernel >/dev/null 2>"$tmp/err"
  [ $? = 1 ] && [ "$(grep -c 'user namespace' "$tmp/err")" = 1 ]
  tap $? 'in a user namespace: says that its capabilities do not count'
else
  echo 'ok - in a user namespace # SKIP unshare is refused here'
fi

# whichever call of bpf() fails, what is shown is whole, and nothing ends by a signal
bad='' step=2
ldd "$ctl" | grep -q asan && step=7 # much slower, and the same code
for n in $(seq 1 $step 60); do
  # a leak cannot be looked for under ptrace
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=bpf -e inject=bpf:error=EINVAL:when=$n "$tmp/uringctl" dump --json -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && [ "$(tail -c 2 "$tmp/out")" = '}' ] && grep -q '"opcode":"POLL_ADD"' "$tmp/out" || bad="$bad $n"
done
[ -z "$bad" ]
tap $? 'one call of bpf() fails: all else is still shown'
[ -z "$bad" ] || echo "# call$bad"

# two sources that do not agree
if ! ldd "$ctl" | grep -q asan; then
  zoo_end
  zoo registered
  KEEPS=1 LD_PRELOAD=$build/liar.so timeout 20 "$ctl" list -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q "($zoo_pid)" "$tmp/out" && grep -q '^uringctl: the kernel does not answer: .*by BPF.*/proc was looked through' "$tmp/err"
  tap $? 'a search by BPF that never ends: /proc is looked through, which is said'
  sed 's/^/# /' "$tmp/err"
  LD_PRELOAD=$build/liar.so "$ctl" dump -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && grep -q 'disagree.*registered.nr_buffers: /proc says 9, the kernel 2' "$tmp/out"
  tap $? 'two sources that disagree: both are said'
  LIES=1 LD_PRELOAD=$build/liar.so "$ctl" dump -p "$zoo_pid" >"$tmp/out" 2>"$tmp/err"
  [ $? = 0 ] && ! grep -q 'disagree' "$tmp/out" && grep -q '2 slots, 2 in use' "$tmp/out"
  tap $? 'two sources that disagreed for a moment: read again, and agreed'
fi

# a pid namespace: what is outside is not there, what is inside has the numbers that it has inside
if unshare -pf --mount-proc true 2>/dev/null; then
  out=$(unshare -pf --mount-proc bash -c '"$0/ringzoo" guest < <(sleep 5) > "$1/t" & sleep 0.6; "$0/uringctl" dump --json --source kernel' "$build" "$tmp" 2>/dev/null)
  inside=$(grep -o '"pid":[0-9]*' "$tmp/t" | head -1)
  [ "$(grep -o '"ring_id"' <<<"$out" | wc -l)" = 1 ] && grep -Eq "\"owner\":\{\"mm\":\"mm1\",$inside," <<<"$out" &&
    ! grep -q "\"pid\":0" <<<"$out"
  tap $? 'in a pid namespace the kernel shows what is inside, by its numbers there'
else
  echo 'ok - the kernel source in a pid namespace # SKIP unshare is refused here'
fi
finish
