#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the picture in README.md: the real uringtop in a terminal, watching a Node.js and a fio that work over io_uring. Needs nodejs, fio
and tmux. usage: picture.py BUILD >man/uringtop.svg; with --text it prints the text of a ring's screens instead."""
import html
import os
import re
import subprocess
import sys
import time

ROWS, COLS = 24, 100
build = os.path.abspath(sys.argv[1])
folder = "/tmp/notes"
env = dict(os.environ, LC_ALL="C.UTF-8", UV_USE_IO_URING="1", TERM="xterm-256color")
SOCKET = f"uringtop-picture-{os.getpid()}"
APP = """
const fs = require('fs')
setInterval(() => {
  fs.readFile('/etc/hostname', () => {})
  fs.writeFile('/tmp/notes/out.txt', 'hello', () => {})
}, 2)
"""
# how the 256 colours that uringtop uses look on a dark screen
COLORS = {31: "#00a0d0", 136: "#c79d00", 28: "#1fae1f", 133: "#c678c6", 160: "#ff5555"}


def tmux(*args):
    return subprocess.run(["tmux", "-L", SOCKET, *args], capture_output=True, text=True, env=env).stdout


def screen():
    # whose build of the kernel this is says nothing
    return re.sub(r"(Linux \d+\.\d+\.\d+)-[\w.+-]+", r"\1", tmux("capture-pane", "-pe")).rstrip("\n").split("\n")


def spans(line, look):
    """(text, look) of a line with SGR sequences; look is the one that the line before ends with."""
    for part in re.split(r"(\x1b\[[0-9;]*m|\x0e|\x0f)", line):
        m = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if not m:
            if part and part not in "\x0e\x0f":
                yield part, dict(look)
            continue
        codes = [int(c or 0) for c in m[1].split(";")]
        while codes:
            c = codes.pop(0)
            if c == 0:
                look.clear()
            elif c in (1, 2, 4, 7):
                look[c] = True
            elif c == 38 and codes[:1] == [5]:
                look["fg"] = codes[1]
                codes = codes[2:]
            elif c == 39:
                look.pop("fg", None)


def svg(lines):
    w, h = 8.43, 17
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLS * w + 20:.0f} {ROWS * h + 20}" '
           'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
           "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->",
           '<rect width="100%" height="100%" rx="6" fill="#16181d"/>']
    last = {}
    for y, line in enumerate(lines[:ROWS]):
        x = 0
        for text, look in spans(line, last):
            fg = COLORS.get(look.get("fg"), "#d8dce4")
            if look.get(2):
                fg = "#7c8290"
            left, top = 10 + x * w, 10 + y * h
            if look.get(7):
                out.append(f'<rect x="{left:.1f}" y="{top}" width="{len(text) * w:.1f}" height="{h}" fill="#d8dce4"/>')
                fg = "#16181d"
            weight = ' font-weight="bold"' if look.get(1) else ""
            line_under = ' text-decoration="underline"' if look.get(4) else ""
            if text.strip():
                out.append(f'<text x="{left:.1f}" y="{top + 13}" fill="{fg}"{weight}{line_under} xml:space="preserve" '
                           f'textLength="{len(text) * w:.1f}">{html.escape(text)}</text>')
            x += len(text)
    return "\n".join(out + ["</svg>"])


os.makedirs(folder, exist_ok=True)
open(folder + "/app.js", "w").write(APP)
children = [
    subprocess.Popen(["node", "app.js"], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
    subprocess.Popen(["fio", "--name=read", "--ioengine=io_uring", "--iodepth=32", "--rw=randread", "--bs=4k", "--size=16m",
                      "--time_based", "--runtime=60", f"--directory={folder}", "--sqthread_poll", "--registerfiles", "--thinktime=200"],
                     cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
try:
    time.sleep(2)
    tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLS), "-y", str(ROWS), f"exec {build}/uringtop -d 0.2")
    time.sleep(30)
    if "--text" in sys.argv:
        plain = "\n".join
        print(re.sub(r"\x1b\[[0-9;]*m|[\x0e\x0f]", "", plain(screen())))
        tmux("send-keys", "/", "node", "Enter", "Enter")
        for tab in "123":
            tmux("send-keys", tab)
            time.sleep(1.2)
            print(re.sub(r"\x1b\[[0-9;]*m|[\x0e\x0f]", "", plain(screen())))
    else:
        print(svg(screen()))
finally:
    tmux("kill-server")
    for c in children:
        c.terminate()
        c.wait()
