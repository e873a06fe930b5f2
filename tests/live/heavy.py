# SPDX-License-Identifier: GPL-2.0-or-later
"""Rings that cost whoever shows them as much as they can: what is shown of them is bounded, what is cut is said in its place, an option
raises it, text comes while the rest of it is still made, and an honest ring is shown whole."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import jsonschema

build = sys.argv[1]
ctl = build + "/uringctl"
asan = "asan" in build
failed = 0


def tap(good, name, *notes):
    global failed
    print(("ok" if good else "not ok") + " - " + name, flush=True)
    if not good:
        failed += 1
        for n in notes:
            print("# " + str(n)[:300])
    return good


class Heavy:
    """A process that holds such a ring."""

    def __init__(self, kind):
        self.process = subprocess.Popen([build + "/heavy", kind], stdout=subprocess.PIPE, text=True)
        self.pid = self.process.stdout.readline().strip()
        if not self.pid:
            sys.exit(f"not ok - heavy {kind} made no ring")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def cpu(pid):
    """Seconds that it has computed."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def state(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]


def dump(target, *args):
    """What dump prints of the target, its status, and its peak of memory in MB."""
    with tempfile.TemporaryFile() as err:
        run = subprocess.run([build + "/bench/peak", ctl, "dump", "-p", target.pid, *args], stdout=subprocess.PIPE,
                             stderr=err)
        err.seek(0)
        said = err.read().decode().split("\n")
    return run.stdout, int(said[-2]) / 1024


MB = 1000 * 1000
# what each kind has at most, and whether it ends before all is followed; None: that depends on the kernel
kinds = {"paths": (60, True), "vectors": (40, True), "wild": (40, True), "flags": (60, None), "fds": (60, True),
         "sockets": (40, None), "slots": (40, False), "names": (80, None), "cqes": (40, False)}
if asan:
    kinds = {k: kinds[k] for k in ("paths", "vectors", "cqes")}

for kind, (limit, cut) in kinds.items():
    with Heavy(kind) as target:
        for args in ([], ["--json"], *([["-s", "65536"]] if kind in ("vectors", "wild") else [])):
            what = " ".join([kind, *args])
            out, peak = dump(target, *args)
            tap(0 < len(out) < limit * MB, f"{what}: at most {limit} MB", f"{len(out)} bytes")
            if not asan:
                tap(peak < 100, f"{what}: less than 100 MB of memory", f"{peak} MB")
            if args == ["--json"]:
                ring = json.loads(out)["rings"][0]
                followed = ring["sq"].get("followed")
                why = ring["unavailable"].get("sq.pending.followed", "")
                tap("cut" not in ring, f"{what}: every entry is there", ring.get("cut"))
                tap(cut in (None, followed is not None) and ("--max-memory" in why) == (followed is not None),
                    f"{what}: what is not followed is said", followed, why)
            else:
                places = [m.start() for m in re.finditer(rb"^    \.\.\. ", out, re.M)]
                tap(len(places) == cut or (cut is None and len(places) < 2), f"{what}: said in its place", places)

with Heavy("paths") as target:
    ring = json.loads(dump(target, "--json")[0])["rings"][0]
    entries = ring["sq"]["pending"]
    n = ring["sq"]["followed"]
    tap(len(entries) == 32768 and 500 < n < 2000, "some of the paths are followed", n)
    path = {"string": "\x1b" * 4095}
    tap(all(e["decoded"]["path"] == path for e in entries[:n]) and
        not any("path" in e["decoded"] for e in entries[n:]) and
        all(re.match("0x[0-9a-f]+$", e["args"]["path"]) for e in entries),
        "those are whole, the others addresses")
    tap(all(e["file"] for e in entries[:n]) and not any(e["file"] for e in entries[n + 1:]),
        "nor are descriptors followed behind that")
    text = dump(target)[0].decode().split("\n")
    at = next(i for i, line in enumerate(text) if line.startswith("    ... "))
    tap(f"entry {n} " in text[at] and "--max-memory" in text[at] and '"\\x1b' in text[at - 1] and
        re.search(f"^ +{n}  OPENAT.*, path=0x", text[at + 1]), "text says it in front of the first of them", text[at])
    # raised, and lifted
    if not asan:
        twice = json.loads(dump(target, "--json", "--max-memory", "8M")[0])["rings"][0]["sq"]["followed"]
        tap(1.9 * n < twice < 2.1 * n, "--max-memory 8M: twice as many", n, twice)
        ring = json.loads(dump(target, "--json", "--max-memory", "none", "--max-text", "none")[0])["rings"][0]
        tap("followed" not in ring["sq"] and "sq.pending.followed" not in ring["unavailable"] and
            all(e["decoded"]["path"] == path for e in ring["sq"]["pending"]), "none: all of them")
    # text
    out = dump(target, "--max-text", "1M")[0]
    rest = re.findall(rb"^    \.\.\. (\d+) more: .*1048576 bytes.*--max-text", out, re.M)
    shown = len(re.findall(rb"^ +\d+  OPENAT", out, re.M))
    tap(len(out) < 1 << 20 and shown > 10 and [shown + int(r) for r in rest] == [32768], "--max-text: no more than that",
        len(out), shown, rest)
    tap(b"  holders   heavy" in out and b"\n  hint " in out, "and what comes behind it is there")
    out = dump(target, "--json", "--max-text", "1M")[0]
    ring = json.loads(out)["rings"][0]
    tap(len(out) < 1 << 20 and ring["cut"]["sq.pending"] + len(ring["sq"]["pending"]) == 32768, "the same in JSON",
        len(out), ring.get("cut"))
    schema = json.loads(subprocess.run([ctl, "schema"], capture_output=True, check=True).stdout)
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(json.loads(out)))
    tap(not errors and "cut" in schema["definitions"]["ring"]["properties"], "which is valid", *errors[:3])
    with tempfile.NamedTemporaryFile() as file:
        file.write(out)
        file.flush()
        back = subprocess.run([ctl, "dump", "--from", file.name], capture_output=True).stdout
        tap(b"    ... %d more, which were left out" % ring["cut"]["sq.pending"] in back, "and is said of the file, too")
        again = json.loads(subprocess.run([ctl, "dump", "--json", "--from", file.name], capture_output=True).stdout)
        tap(again["rings"] == [ring], "and in JSON of it")

    # much text: it comes early, it stops early, and it never stands in memory whole
    everything = ["--max-memory", "none", "--max-text", "none"]
    for how in [] if asan else ([], ["--json"]):
        for reader in ("reads on", "has gone"):
            run = subprocess.Popen([ctl, "dump", "-p", target.pid, *everything, *how], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0)
            run.stdout.read(1)
            # it waits for the reader, and has computed no more than it had to
            while state(run.pid) != "S":
                time.sleep(0.01)
            first = cpu(run.pid)
            if reader == "has gone":
                run.stdout.close()
                said = run.stderr.read().decode()
                gone = os.wait4(run.pid, 0)
                spent = gone[2].ru_utime + gone[2].ru_stime
                run.returncode = os.waitstatus_to_exitcode(gone[1])
                name = " ".join(["all of it", *how, "and the reader goes"])
                tap(run.returncode == 1 and said.count("\n") == 1 and "Broken pipe" in said, name + ": said once, status 1", said)
                # what a helper has read by then counts, too
                tap(spent < all_of_it * 3 / 4, name + ": it ends at once", spent, all_of_it)
            else:
                n = 1
                while piece := run.stdout.read(1 << 20):
                    n += len(piece)
                gone = os.wait4(run.pid, 0)
                all_of_it = gone[2].ru_utime + gone[2].ru_stime
                run.returncode = os.waitstatus_to_exitcode(gone[1])
                name = " ".join(["all of it", *how])
                tap(run.returncode == 0 and n > 500 * MB, name + ": more than 500 MB", run.returncode, n)
                tap(first < all_of_it / 2, name + ": the first byte comes while most is still to be done", first, all_of_it)
            run.stdout.close()
            run.stderr.close()

# many entries with the same descriptor: it is looked up once
with Heavy("fds") as target:
    with tempfile.NamedTemporaryFile() as calls:
        subprocess.run(["strace", "-f", "-e", "trace=readlinkat", "-s", "0", "-o", calls.name, ctl, "dump", "-p", target.pid, "--max-memory",
                        "none"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        fd = json.loads(dump(target, "--json")[0])["rings"][0]["sq"]["pending"][0]["fd"]
        n = len(re.findall(rf'"fd/{fd}"', open(calls.name).read()))
    tap(0 < n < 5, "one lookup for 32,768 entries with the same descriptor", n)

if not asan:
    with Heavy("honest") as target:
        out, peak = dump(target, "--json", "--max-requests", "200000")
        ring = json.loads(out)["rings"][0]
        found = [len(ring["sq"]["pending"]), len(ring["cq"]["unreaped"]), len(ring["cq"]["overflowed"]),
                 len(ring["inflight"]["requests"])]
        tap(found == [32768, 65536, 65536, 100000] and "cut" not in ring and "followed" not in ring["sq"] or
            "inflight" in ring["unavailable"], "full queues and 100,000 requests of an honest program: all is there", found, ring.get("cut"))
        print(f"# {len(out)} bytes, {peak:.0f} MB")

# what was asked for and is gone by the time that it is read: the first ring's text keeps the program waiting for its reader
for unreaped in (False, True):
    with Heavy("paths") as one, Heavy("paths") as other:
        ask = ["-p", one.pid, "-p", other.pid]
        # ids need not follow the order in which rings are made, what is printed follows the ids
        rings = json.loads(subprocess.run([ctl, "list", "--json", *ask], stdout=subprocess.PIPE).stdout)["rings"]
        second = one if str(rings[-1]["holders"][0]["pid"]) == one.pid else other
        run = subprocess.Popen([ctl, "dump", *ask], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        out = run.stdout.read(1)
        while state(run.pid) != "S":
            time.sleep(0.01)
        second.process.kill()
        while unreaped and state(second.pid) != "Z":
            time.sleep(0.01)
        if not unreaped:
            second.process.wait()
        out += b"".join(iter(lambda: run.stdout.read(1 << 20), b""))
        said = run.stderr.read().decode()
        run.wait()
        # a helper reads ahead of what is printed: then it is shown as it was
        shown = run.returncode == 0 and not said and re.search(rb"(?m)^ring \d+ .*\(pid %d\)$" % int(second.pid), out)
        told = run.returncode == 1 and re.fullmatch(rf"uringctl: pid {second.pid}: ended while its ring \d+ was read\n", said)
        tap(shown or told, "a named process that is killed midway" + ", a zombie" * unreaped + ": it is shown, or said to have ended",
            run.returncode, said)

print("# end")
sys.exit(bool(failed))
