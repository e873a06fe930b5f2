# SPDX-License-Identifier: GPL-2.0-or-later
"""ends.py BUILD: each command ends within 100 ms of a signal, whatever its output and its command do, and --for bounds a trace."""
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

build = sys.argv[1]
ctl, top, flood = (build + "/" + n for n in ("uringctl", "uringtop", "flood"))
SLOW = 20 if "asan" in build else 1
tmp = tempfile.mkdtemp()
failed = False


def tap(good, what):
    global failed
    failed |= not good
    print(f"{'ok' if good else 'not ok'} - {what}", flush=True)


def as_in_a_shell():
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, signal.SIG_DFL)


def start(args, **how):
    how.setdefault("stderr", subprocess.PIPE)
    how.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(args, preexec_fn=as_in_a_shell, start_new_session=True, **how)


def state(pid):
    """A letter, and where in the kernel it waits."""
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0], open(f"/proc/{pid}/wchan").read()
    except OSError:
        return "?", ""


def wait_until(p, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and p.poll() is None:
        if what():
            return True
        time.sleep(0.01)
    return False


def ready(p):
    """It has its programs loaded and its signals caught."""
    def caught():
        try:
            return any(l.startswith("SigCgt:") and int(l.split()[1], 16) & 1 << signal.SIGINT - 1 for l in open(f"/proc/{p.pid}/status"))
        except OSError:
            return False

    return wait_until(p, caught)


def end_of(p, since, most):
    """Seconds until it has ended; wait() alone would look only every 50 ms."""
    fd = os.pidfd_open(p.pid)
    ended = select.select([fd], [], [], most)[0]
    seconds = time.monotonic() - since
    os.close(fd)
    if not ended:
        p.kill()
    p.wait()
    return seconds


def took(make, waits, sig):
    """How long it took from the signal to the end, the best of some; and how it ended."""
    best = (1e9, None)
    for _ in range(4):
        p = make()
        there = waits(p)
        was = time.monotonic()
        p.send_signal(sig)
        seconds = end_of(p, was, 20)
        best = min(best, (seconds if there else 1e8, p.returncode))
        for f in (p.stdout, p.stderr):
            if f:
                f.close()
        if best[0] < 0.1 * SLOW:
            break
    return best


def ends(what, make, waits):
    for sig in (signal.SIGINT, signal.SIGTERM):
        seconds, status = took(make, waits, sig)
        tap(seconds < 0.1 * SLOW, f"{what}: {sig.name} ends it ({seconds * 1000:.0f} ms, status {status})")


def full_pipe():
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
    return r, w


busy = start([flood, "rings", "1000"], stdout=subprocess.DEVNULL)
try:
    held = []

    def to_pipe(*args, fifo=False):
        def make():
            r, w = full_pipe()
            held.append(r)
            p = start([ctl, "trace", *args], stdout=w)
            os.close(w)
            return p
        return make

    def stuck(p):
        return ready(p) and wait_until(p, lambda: "pipe" in state(p.pid)[1] or state(p.pid)[0] == "S" and blocked_write(p.pid))

    def blocked_write(pid):
        try:
            return open(f"/proc/{pid}/syscall").read().startswith("1 ")
        except OSError:
            return False

    ends("a pipe that nobody reads", to_pipe("-p", str(busy.pid)), stuck)
    ends("the same as JSON", to_pipe("--json", "-p", str(busy.pid)), stuck)
    ends("the same with --for", to_pipe("--for", "1000", "-p", str(busy.pid)), stuck)

    def fifo(*args):
        def make():
            path = tempfile.mktemp(dir=tmp)
            os.mkfifo(path)
            held.append(os.open(path, os.O_RDWR))
            fcntl.fcntl(held[-1], fcntl.F_SETPIPE_SZ, 4096)
            return start([ctl, "trace", "-o", path, *args], stdout=subprocess.DEVNULL)
        return make

    ends("a FIFO that nobody reads", fifo("-p", str(busy.pid)), stuck)

    def terminal():
        leader, follower = pty.openpty()
        held.append(leader)
        p = start([ctl, "trace", "--color=never", "-p", str(busy.pid)], stdout=follower)
        os.close(follower)
        return p

    ends("a terminal that is stopped", terminal, lambda p: ready(p) and wait_until(p, lambda: blocked_write(p.pid)))
    ends("output that is read, and floods", lambda: start([ctl, "trace", "-p", str(busy.pid), "-o", "/dev/null"]), lambda p: ready(p) and not time.sleep(0.5))
    ends("the summary", lambda: start([ctl, "trace", "-c", "-p", str(busy.pid)], stdout=subprocess.DEVNULL), lambda p: ready(p) and not time.sleep(0.3))
    deaf = ["sh", "-c", "trap '' INT TERM; sleep 1000 >/dev/null 2>&1"]

    def has_child(p):
        # the shell has started what it waits for, so it has set what it ignores
        def child():
            try:
                children = open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()
                return any(open(f"/proc/{c}/task/{c}/children").read().strip() for c in children)
            except OSError:
                return False
        return wait_until(p, child)

    def with_deaf(*args):
        def make():
            p = start([ctl, "trace", *args, "--", *deaf], stdout=subprocess.DEVNULL)
            groups.append(p.pid)
            return p
        return make

    groups = []
    ends("a command that does not end", with_deaf("-o", "/dev/null"), has_child)
    for g in groups:
        try:
            os.killpg(g, signal.SIGKILL)
        except OSError:
            pass
    # before it has begun: while it loads, and while it opens its output
    ends("while it loads", lambda: start([ctl, "trace", "-s", "1024"], stdout=subprocess.DEVNULL), lambda p: wait_until(p, lambda: time.sleep(0.03) or state(p.pid)[0] in "RSD"))

    def no_reader(*args):
        def make():
            path = tempfile.mktemp(dir=tmp)
            os.mkfifo(path)
            return start([a.replace("FIFO", path) for a in args], stdout=subprocess.DEVNULL)
        return make

    # it tries again and again for a while, and sleeps in between (clock_nanosleep)
    opens = lambda p: wait_until(p, lambda: open(f"/proc/{p.pid}/syscall").read().startswith("230 "))
    for args in ([ctl, "trace", "-o", "FIFO"], [ctl, "trace", "--chrome", "FIFO"], [ctl, "dump", "--from", "FIFO"], [top, "--batch", "--from", "FIFO"], [top, "--from", "FIFO"]):
        ends(" ".join(args).replace(build + "/", "") + " without anybody at its other end", no_reader(*args), opens)

    # --for: of what floods, of what is not read
    def bounded(what, make, seconds):
        p = make()
        there = ready(p)
        took_ = end_of(p, time.monotonic(), seconds + 30)
        said = p.stderr.read().decode()
        p.stderr.close()
        tap(there and took_ < seconds + 0.6 * SLOW, f"{what} ({took_:.2f} s for {seconds})")
        return said

    bounded("--for ends a flood", lambda: start([ctl, "trace", "--json", "-b", "1G", "--for", "1", "-p", str(busy.pid), "-o", "/dev/null"]), 1)
    said = bounded("--for ends what nobody reads", to_pipe("--for", "1", "-p", str(busy.pid)), 1)
    tap("is not read" in said, "and it is said")
finally:
    busy.kill()
    busy.wait()
    subprocess.run(["rm", "-rf", tmp])
print("# end")
sys.exit(failed)
