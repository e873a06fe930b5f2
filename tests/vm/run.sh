#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots the kernels of several Debian releases and runs the live tests in each. Kernels are fetched once, into a cache outside the
# tree ($URINGTOP_CACHE, else ~/.cache/uringtop); nothing is installed.
set -u
build=${1:?usage: run.sh BUILD}
here=$(cd "$(dirname "$0")" && pwd)
cache=${URINGTOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/uringtop}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# version, pattern of the package's name, where the image stands in it, and FUSE where that is a module
kernels=(
  '5.10 linux-image-5.10.0-[0-9]+-cloud-amd64 boot/vmlinuz-* lib/modules/*/kernel/fs/fuse/fuse.ko'
  '6.1 linux-image-6.1.0-[0-9]+-cloud-amd64 boot/vmlinuz-* lib/modules/*/kernel/fs/fuse/fuse.ko'
  '6.12 linux-image-6.12.[0-9]+\+deb12-cloud-amd64 boot/vmlinuz-*'
  '7.3 linux-binary-7.[3-9][0-9.]*\+deb13-cloud-amd64 usr/lib/modules/*/vmlinuz'
)

# a private apt: its lists and packages are nobody else's
apt() {
  local tool=$1
  shift
  "$tool" -qq -o Dir::Etc::sourcelist="$cache/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::Lists="$cache/lists" -o Dir::Cache="$cache/apt" -o APT::Sandbox::User=root "$@"
}

mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 'debian/*$'
}

prepare_apt() {
  [ -n "${apt_ready:-}" ] && return
  local base
  base=$(mirror)
  base=${base%/}
  [ -n "$base" ] || return 1
  mkdir -p "$cache/lists/partial" "$cache/apt/archives/partial"
  {
    for suite in bullseye bookworm trixie trixie-backports; do echo "deb $base $suite main"; done
    for suite in bullseye-security bookworm-security; do echo "deb $base-security $suite main"; done
  } >"$cache/sources.list"
  apt apt-get update >&2 || return 1
  apt_ready=1
}

# fetch PATTERN INSIDE IMAGE MODULE FUSE: both out of one package, as a module fits its own image alone
fetch() {
  local pattern=$1 inside=$2 image=$3 module=$4 fuse=$5 name
  prepare_apt || return 1
  name=$(apt apt-cache search --names-only "^$pattern\$" | cut -d' ' -f1 | sort -V | tail -1)
  [ -n "$name" ] || return 1
  (cd "$work" && apt apt-get download "$name" >&2 && dpkg -x "$name"_*.deb "$name.d") || return 1
  # shellcheck disable=SC2086  # patterns
  cp "$work/$name.d"/$inside "$image.new" && { [ -z "$module" ] || cp "$work/$name.d"/$module "$fuse.new"; } &&
    { [ -z "$module" ] || mv "$fuse.new" "$fuse"; } && mv "$image.new" "$image"
}

# prints the path of the image; the module stands beside it
kernel() {
  local version=$1 pattern=$2 inside=$3 module=$4 image=$cache/vmlinuz-$1 fuse=$cache/fuse-$1.ko
  if [ ! -s "$image" ] || { [ -n "$module" ] && [ ! -s "$fuse" ]; }; then
    # an older cache has no module: then what takes it is skipped
    fetch "$pattern" "$inside" "$image" "$module" "$fuse" || [ -s "$image" ] || return 1
  fi
  echo "$image"
}

initrd() {
  local root=$work/root file lib
  mkdir -p "$root"/{bin,etc,proc,sys,dev,lib64}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/init" "$root/init"
  chmod +x "$root/init"
  cp "$here/../live/agree.awk" "$here/hang" "$root"
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  for file in uringctl uringtop ringzoo mix cmd late flood silent live inside; do
    cp "$build/$file" "$root/$file"
    for lib in $(ldd "$build/$file" | grep -o '/[^ ]*'); do
      mkdir -p "$root$(dirname "$lib")"
      cp -L "$lib" "$root$lib"
    done
  done
  (cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
}

# The initrd with what only this kernel needs behind it: the kernel unpacks one archive after the other.
initrd_of() {
  local fuse=$cache/fuse-$1.ko
  rm -rf "$work/own"
  mkdir -p "$work/own"
  [ ! -s "$fuse" ] || cp "$fuse" "$work/own/fuse.ko"
  { cat "$work/initrd" && (cd "$work/own" && find . | cpio -o -H newc --quiet); } >"$work/initrd-own"
}

status=0
initrd || exit 1
for row in "${kernels[@]}"; do
  read -r version pattern inside module <<<"$row"
  log=$build/vm-$version.log
  if ! image=$(kernel "$version" "$pattern" "$inside" "$module") || ! initrd_of "$version"; then
    echo "ok - kernel $version # SKIP its package cannot be fetched"
    continue
  fi
  # an emulated kernel may fall over while it boots, before anything of ours has run: then it is booted again
  for _ in 1 2 3; do
    timeout 600 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 2 -nographic -no-reboot \
      -kernel "$image" -initrd "$work/initrd-own" -append 'console=ttyS0 quiet panic=-1' </dev/null >"$log" 2>&1
    grep -aq '# kernel' "$log" && break
  done
  tr -d '\r' <"$log" >"$log.txt" && mv "$log.txt" "$log"
  grep -aE '^(ok|not ok|#)' "$log" | grep -v '^# section' | sed "s/ - / - $version: /"
  if ! grep -aq '^# end, status' "$log"; then
    echo "not ok - kernel $version: the tests did not come to their end ($log)"
    status=1
  fi
done

# what each kernel shows of what only a kernel knows
echo "# $(printf '%-50s' section)$(for row in "${kernels[@]}"; do printf ' %-10s' "${row%% *}"; done)"
while read -r section; do
  line="# $(printf '%-50s' "$section")"
  for row in "${kernels[@]}"; do
    state=$(sed -n "s/^# section $section: \([a-zA-Z]*\)\$/\1/p" "$build/vm-${row%% *}.log" 2>/dev/null)
    line+=" $(printf '%-10s' "${state:-?}")"
  done
  echo "$line"
done < <(cat "$build"/vm-*.log | grep -a '^# section ' | sed 's/^# section //; s/: [a-zA-Z]*$//' | awk '!seen[$0]++')
echo "# end"
exit $status
