# SPDX-License-Identifier: GPL-2.0-or-later
"""Side-by-side ratios: each pair runs in turn, A B A B, and the median of the ratios pair by pair is what counts. Absolute times of
different runs are not to be compared."""
import json
import os
import shutil
import statistics
import subprocess
import sys
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


def fio(disturb):
    job = subprocess.Popen(FIO, stdout=subprocess.PIPE, text=True)
    loops = 0
    if disturb:
        time.sleep(0.5)
        pid = str(job.pid)
        children = subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True).stdout.split()
        end = time.perf_counter() + 3.3
        while time.perf_counter() < end:
            start = time.perf_counter()
            subprocess.run(["taskset", "-c", "1", ctl, "dump", "--json", *sum((["-p", c] for c in children or [pid]), [])],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            loops += 1
            time.sleep(max(0, 0.1 - (time.perf_counter() - start)))
    out = job.communicate()[0]
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["iops"], loops


def bench_harm():
    if not shutil.which("fio"):
        print("fio: not installed ('make deps' installs it)")
        return
    if (os.cpu_count() or 1) < 2:
        print("fio beside dump: takes two processors")
        return
    fio(False)
    ratios, loops = [], 0
    for _ in range(7):
        alone = fio(False)[0]
        watched, loops = fio(True)
        ratios.append(watched / alone)
    row("fio's IOPS with ten dumps a second beside it / alone", statistics.median(ratios),
        f"{min(ratios):.2f} to {max(ratios):.2f}, {loops} dumps each")
    os.unlink("/dev/shm/uringtop-bench")


print(f"{'A / B, the median of pairs of runs':<58} {'ratio':>7}")
for name, bench in (("list", bench_list), ("dump", bench_dump), ("everything", bench_everything), ("load", bench_load), ("harm", bench_harm)):
    if only in name:
        bench()
