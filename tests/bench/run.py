# SPDX-License-Identifier: GPL-2.0-or-later
"""Side-by-side ratios: each pair runs in turn, A B A B, and the median of the ratios pair by pair is what counts. Absolute times of
different runs are not to be compared."""
import calendar
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time

build = sys.argv[1]
ctl = build + "/uringctl"
only = os.environ.get("URINGTOP_ONLY", "")


def run(args):
    """Seconds of one run."""
    start = time.perf_counter()
    subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak_of(args):
    """Peak memory in KiB."""
    out = subprocess.run([build + "/bench/peak", *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return out.stderr.split()[-1]


def pairs(a, b, rounds):
    run(a), run(b)
    times = [(run(a), run(b)) for _ in range(rounds)]
    ratio = statistics.median(x / y for x, y in times)
    return ratio, statistics.median(x for x, _ in times), statistics.median(y for _, y in times), peak_of(a)


def row(name, ratio, note):
    print(f"{name:<58} {ratio:>7.2f}   {note}", flush=True)


class Crowd:
    def __init__(self, processes, fds, rings):
        self.child = subprocess.Popen([build + "/bench/crowd", str(processes), str(fds), str(rings)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.child.stdout.readline().strip()

    def __enter__(self):
        return self.pid

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        time.sleep(1)


def bench_list():
    with Crowd(2000, 8, 20):
        for name, other, rounds in (("bare walk (fd links, maps)", [build + "/bench/bare_walk"], 15),
                                    ("lsof", ["lsof", "-n", "-P", "-w"], 5), ("lsfd", ["lsfd", "--noheadings"], 5)):
            if not shutil.which(other[0]):
                print(f"{other[0]}: not installed ('make deps' installs it)")
                continue
            ratio, mine, theirs, peak = pairs([ctl, "list"], other, rounds)
            row(f"list of 2,000 processes of 8 fds / {name}", ratio,
                f"{mine * 1e3:.0f} ms / {theirs * 1e3:.0f} ms, peak {peak} KiB")
    with Crowd(5000, 8, 20):
        ratio, mine, theirs, peak = pairs([ctl, "list"], ["lsof", "-n", "-P", "-w"], 3)
        row("list of 5,000 processes of 8 fds, 20 rings / lsof", ratio,
            f"{mine * 1e3:.0f} ms / {theirs * 1e3:.0f} ms, peak {peak} KiB")
        ratio, mine, theirs, _ = pairs([ctl, "list"], [ctl, "list", "--source", "proc,memory"], 9)
        row("the same / list without the kernel source", ratio, f"{mine * 1e3:.0f} ms / {theirs * 1e3:.0f} ms")
    for n in (500, 1000, 2000):
        with Crowd(n, 8, 20):
            ratio, mine, _, peak = pairs([ctl, "list"], [build + "/bench/bare_walk"], 9)
            row(f"list of {n} processes / bare walk", ratio, f"{mine * 1e6 / n:.1f} us a process")


def bench_dump():
    for n in (100, 1000, 4000):
        with Crowd(0, 8, n) as pid:
            for kind, args in (("--json", ["dump", "--json", "-p", pid]), ("text", ["dump", "-p", pid])):
                ratio, mine, theirs, peak = pairs([ctl, *args], [build + "/bench/bare_rings", pid], 9)
                row(f"dump {kind} of {n} rings / bare loop", ratio,
                    f"{mine * 1e6 / n:.1f} us / {theirs * 1e6 / n:.1f} us a ring, peak {peak} KiB")


FIND = ["learn", "find_files", "find_tasks", "find_maps", "walk_ring", "walk_users"]
WORK = ["walk_requests", "walk_workers", "walk_names"]
REST = ["walk_files", "walk_buffers", "walk_groups", "walk_personalities", "walk_zcrx", "walk_napi", "walk_overflow",
        "walk_memory"]


def bench_load():
    """The BPF part alone: what is loaded for a list, and for a dump of a ring that has everything."""
    for name, programs in (("list", FIND), ("requests in flight", WORK), ("registered", REST), ("all at once", FIND + WORK + REST)):
        runs = [subprocess.run([build + "/bench/load", *programs], capture_output=True, text=True).stdout.split() for _ in range(7)]
        if not all(len(r) == 2 for r in runs):
            print(f"load of the programs for {name}: they cannot be loaded here")
            continue
        load, verified = (statistics.median(float(r[i]) for r in runs) for i in (0, 1))
        row(f"BPF programs for {name}: verification / load", verified / load, f"{verified:.0f} ms / {load:.0f} ms")


def bench_everything():
    """A ring with all there is of it, against the same without the kernel source."""
    for n in (1, 100, 1000):
        with Crowd(0, 8, n) as pid:
            ratio, mine, theirs, peak = pairs([ctl, "dump", "--json", "-p", pid],
                                              [ctl, "dump", "--json", "-p", pid, "--source", "proc,memory"], 9)
            row(f"dump of {n} ring{'s' if n > 1 else ''}, everything / proc and memory", ratio,
                f"{mine * 1e6 / n:.0f} us / {theirs * 1e6 / n:.0f} us a ring, peak {peak} KiB")


FIO = ["fio", "--name=b", "--ioengine=io_uring", "--iodepth=32", "--rw=randread", "--bs=4k", "--size=64m", "--direct=0",
       "--time_based", "--runtime=4", "--output-format=json", "--cpus_allowed=0", "--filename=/dev/shm/uringtop-bench"]


def dump_loop(job):
    time.sleep(0.5)
    pid = str(job.pid)
    children = subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True).stdout.split()
    end = time.perf_counter() + 3.3
    while time.perf_counter() < end:
        start = time.perf_counter()
        subprocess.run(["taskset", "-c", "1", ctl, "dump", "--json", *sum((["-p", c] for c in children or [pid]), [])],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(max(0, 0.1 - (time.perf_counter() - start)))
    return job.communicate()


def fio(disturb):
    """IOPS; disturb gets the job, disturbs it, and returns its output."""
    job = subprocess.Popen(FIO, stdout=subprocess.PIPE, text=True)
    out = (disturb(job) if disturb else job.communicate())[0]
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["iops"]


class Screen:
    """A program on a terminal of its own, whose output is read all the time."""

    def __init__(self, *args):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "xterm-256color"
            os.execvp(args[0], args)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""
        self.news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                got = os.read(self.fd, 65536)
                with self.news:
                    self.seen += got
                    self.news.notify()
        except OSError:
            pass

    def answer(self, key, word):
        """Milliseconds from a key to a word on the screen."""
        with self.news:
            self.seen = b""
            start = time.perf_counter()
            os.write(self.fd, key)
            while word not in self.seen and time.perf_counter() < start + 2:
                self.news.wait(0.1)
            return (time.perf_counter() - start) * 1e3

    def cpu(self):
        """Seconds on a processor so far, with its processes, those that have ended included."""
        left, ticks = [self.pid], 0
        while left:
            pid = left.pop()
            try:
                ticks += sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:15]))
                left += open(f"/proc/{pid}/task/{pid}/children").read().split()
            except OSError:
                pass  # it has ended meanwhile, and its parent has what it used
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def bench_top():
    top = build + "/uringtop"
    if shutil.which("htop"):
        with Crowd(0, 8, 20), Screen(top, "-d", "1") as ours, Screen("htop", "-d", "10") as theirs:
            time.sleep(3)
            before = ours.cpu(), theirs.cpu()
            time.sleep(20)
            a, b = ours.cpu() - before[0], theirs.cpu() - before[1]
            row("uringtop at 1 s over 20 rings / htop at 1 s, CPU", a / b, f"{a / 0.2:.2f} % / {b / 0.2:.2f} %")
    else:
        print("htop: not installed ('make deps' installs it)")
    with Crowd(0, 8, 1000), Screen(top, "-d", "0.1") as s:
        time.sleep(3)
        before = s.cpu()
        times = []
        for i in range(200):
            times.append(s.answer(b"?", b"help") if i % 2 == 0 else s.answer(b"x", b"MARK"))
            time.sleep(0.013 + 0.007 * (i % 5))
        took = sum(times) / 1e3 + sum(0.013 + 0.007 * (i % 5) for i in range(200))
        times.sort()
        row("a key over 1,000 rings at 0.1 s / 50 ms, the slowest of 200", times[-1] / 50,
            f"median {statistics.median(times):.1f} ms, slowest {times[-1]:.1f} ms, CPU {(s.cpu() - before) / took * 100:.0f} %")
    with Crowd(0, 8, 20):
        first, tenth, last = (int(x) for x in subprocess.run(
            [build + "/bench/refresh", "10000"], capture_output=True, text=True).stdout.split())
        row("memory after 10,000 refreshes / after 1,000", last / tenth, f"{first}, {tenth}, {last} KiB after 100, 1,000, 10,000")


def bench_before():
    """The same with another build, that of an earlier commit say: URINGTOP_BEFORE=its build directory."""
    before = os.environ.get("URINGTOP_BEFORE")
    if not before:
        print("against another build: URINGTOP_BEFORE=DIRECTORY names it")
        return
    then = before + "/uringctl"

    def both(name, *args, rounds=21):
        ratio, mine, theirs, peak = pairs([ctl, *args], [then, *args], rounds)
        row(f"{name} / before", ratio, f"{mine * 1e3:.1f} ms / {theirs * 1e3:.1f} ms, peak {peak} KiB / {peak_of([then, *args])} KiB")

    both("list of few", "list")
    both("the loading of a trace", "trace", "--for", "0.001")
    with Crowd(5000, 8, 20) as pid:
        both("list of 5,000 processes", "list")
    with Crowd(0, 8, 1000) as pid:
        both("list of 1,000 rings", "list")
        both("dump of 1,000 rings", "dump", "-p", pid)
        both("dump --json of 1,000 rings", "dump", "--json", "-p", pid)
        used = []
        for _ in range(5):
            for directory in (build, before):
                with Screen(directory + "/uringtop", "-d", "0.1") as s:
                    time.sleep(2)
                    start = s.cpu()
                    time.sleep(6)
                    used.append((s.cpu() - start) / 6)
        ratio = statistics.median(x / y for x, y in zip(used[::2], used[1::2]))
        row("uringtop at 0.1 s over 1,000 rings / before, CPU", ratio,
            f"{statistics.median(used[::2]) * 100:.0f} % / {statistics.median(used[1::2]) * 100:.0f} %")


def watched_by_top(job):
    time.sleep(0.5)
    children = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split()
    args = sum((["-p", c] for c in children or [str(job.pid)]), [])
    with Screen("taskset", "-c", "1", build + "/uringtop", "-d", "0.1", *args):
        return job.communicate()[0], 0


def bench_harm():
    if not shutil.which("fio"):
        print("fio: not installed ('make deps' installs it)")
        return
    if (os.cpu_count() or 1) < 2:
        print("fio beside dump: takes two processors")
        return
    fio(None)
    for name, disturb in (("ten dumps a second beside it", dump_loop), ("uringtop -d 0.1 beside it", watched_by_top)):
        ratios = []
        for _ in range(7):
            alone = fio(None)
            ratios.append(fio(disturb) / alone)
        row(f"fio's IOPS with {name} / alone", statistics.median(ratios), f"{min(ratios):.2f} to {max(ratios):.2f}")
    os.unlink("/dev/shm/uringtop-bench")


BPFTRACE = """rawtracepoint:io_uring_submit_req { @s[arg0] = nsecs; }
rawtracepoint:io_uring_complete /@s[arg1]/ { @h = hist(nsecs - @s[arg1]); delete(@s[arg1]); }"""


class Fio:
    """A fio that goes on reading on processor 0, and how fast: by the tail of its ring's CQ."""

    def __enter__(self):
        args = [a for a in FIO if not a.startswith("--runtime")] + ["--runtime=3600"]
        self.job = subprocess.Popen(args, stdout=subprocess.DEVNULL)
        self.child = None
        for _ in range(100):
            time.sleep(0.1)
            for child in subprocess.run(["pgrep", "-P", str(self.job.pid)], capture_output=True, text=True).stdout.split():
                fds = f"/proc/{child}/fd"
                ring = [f for f in os.listdir(fds) if "io_uring" in os.readlink(f"{fds}/{f}")]
                if ring:
                    self.child, self.fdinfo = child, f"/proc/{child}/fdinfo/{ring[0]}"
            if self.child:
                break
        time.sleep(1)
        return self

    def __exit__(self, *_):
        os.kill(int(self.child), signal.SIGKILL)
        self.job.kill()
        self.job.wait()

    def tail(self):
        while True:  # the kernel leaves it out while the ring is locked
            for line in open(self.fdinfo):
                if line.startswith("CqTail:"):
                    return int(line.split()[1])

    def rate(self, seconds):
        before, start = self.tail(), time.perf_counter()
        time.sleep(seconds)
        after, end = self.tail(), time.perf_counter()
        return ((after - before) & 0xffffffff) / (end - start)


def usage(pid):
    """Seconds of processor time, and peak memory in KiB."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    peak = next(line.split()[1] for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak)


def line_delays():
    """Milliseconds from completions, thirty a second, to their lines."""
    slow = [a for a in FIO if not a.startswith(("--runtime", "--iodepth"))] + ["--runtime=8", "--rate_iops=30", "--iodepth=1"]
    tracer = subprocess.Popen([ctl, "trace", "--json", "--", *slow], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    delays = []
    for line in tracer.stdout:
        now = time.time_ns()
        if line.startswith("{\"type\":\"request\""):
            stamp = json.loads(line)["time"]
            at = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(stamp[20:29])
            delays.append((now - at) / 1e6)
    tracer.wait()
    return delays


def bench_trace():
    """IOPS of fio (4 KiB random reads of a tmpfs file, depth 32, one core) under a tracer on the other core, against untraced before
    and after it, and so against two empty BPF programs."""
    if not shutil.which("fio") or (os.cpu_count() or 1) < 2:
        print("trace: takes fio ('make deps' installs it) and two processors")
        return
    out = "/dev/shm/uringtop-bench-trace"
    runs = [("two empty programs", [build + "/bench/empty_tp"]), ("trace -c", [ctl, "trace", "-c"]),
            ("trace, every request as text", [ctl, "trace", "-o", out]), ("trace -e lat>1ms", [ctl, "trace", "-e", "lat>1ms", "-o", out]), ("trace --json", [ctl, "trace", "--json", "-o", out]),
            ("trace --chrome", [ctl, "trace", "--chrome", out]), ("bpftrace: a histogram", ["bpftrace", "-e", BPFTRACE]),
            ("strace of io_uring_enter", ["strace", "-f", "-e", "trace=io_uring_enter", "-o", out, "-p", "FIO"])]
    runs = [r for r in runs if shutil.which(r[1][0])]
    ratios = {name: [] for name, _ in runs}
    seen = {}
    with Fio() as fio_:
        before = fio_.rate(1)
        for _ in range(9):
            for name, args in runs:
                tracer = subprocess.Popen(["taskset", "-c", "1", *[fio_.child if a == "FIO" else a for a in args]],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                time.sleep(1.5 if args[0] == "bpftrace" else 0.5)
                if tracer.poll() is not None:
                    print(f"{name}: {tracer.communicate()[1].decode(errors='replace').strip()}")
                    runs = [r for r in runs if r[0] != name]
                    continue
                cpu = usage(tracer.pid)[0]
                rate = fio_.rate(1)
                cpu, peak = usage(tracer.pid)[0] - cpu, usage(tracer.pid)[1]
                tracer.terminate()
                said = tracer.communicate()[1].decode(errors="replace")
                lost = sum(int(line.split()[1]) for line in said.split("\n") if " lost (-b" in line)
                after = fio_.rate(0.7)
                ratios[name].append(2 * rate / (before + after))
                before = after
                seen[name] = (cpu, peak, seen.get(name, (0, 0, 0))[2] + lost)
    delays = line_delays()
    empty = statistics.median(ratios["two empty programs"])
    for name, _ in runs:
        r = statistics.median(ratios[name])
        cpu, peak, lost = seen[name]
        row(f"fio's IOPS under {name} / alone", r,
            f"/ empty programs {r / empty:.2f}; tracer: {cpu:.2f} s of CPU a second, {peak} KiB, {lost} lost")
    print(f"from a completion to its line: {statistics.median(delays):.1f} ms (median), {max(delays):.1f} ms (slowest of {len(delays)})")
    for path in (out, "/dev/shm/uringtop-bench"):
        if os.path.exists(path):
            os.unlink(path)


print(f"{'A / B, the median of pairs of runs':<58} {'ratio':>7}")
for name, bench in (("list", bench_list), ("dump", bench_dump), ("everything", bench_everything), ("load", bench_load), ("top", bench_top), ("before", bench_before), ("harm", bench_harm), ("trace", bench_trace)):
    if only in name:
        bench()
