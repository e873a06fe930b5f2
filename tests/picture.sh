#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints the picture in README.md: what uringctl says of a Node.js that reads and writes files over io_uring. Needs nodejs.
set -u
build=$(cd "${1:?usage: picture.sh BUILD}" && pwd)
dir=/tmp/notes
mkdir -p "$dir" && cd "$dir" || exit 1
export LC_ALL=C.UTF-8 PATH="$build:$PATH"
cat >app.js <<'JS'
const fs = require('fs')
setInterval(() => {
  fs.readFile('/etc/hostname', () => {})
  fs.writeFile('/tmp/notes/out.txt', 'hello', () => {})
}, 2)
JS
UV_USE_IO_URING=1 node app.js &
node=$!
trap 'kill "$node"; rm -rf "$dir"' EXIT
sleep 1
echo "\$ uringctl list -p $node"
uringctl list -p "$node"
# a moment at which there is something in the queue
for _ in $(seq 1000); do
  uringctl dump -p "$node" -s 16 >dump 2>/dev/null
  ring=$(awk 'BEGIN {RS = ""} /iowq_running/ && /user_data=[^\n]*\n  cq/ && !/moved on/ {print $2; exit}' dump)
  [ -n "$ring" ] && break
done
echo
echo "\$ uringctl dump --ring $ring -s 16"
awk -v ring="$ring" 'BEGIN {RS = ""} $2 == ring' dump
