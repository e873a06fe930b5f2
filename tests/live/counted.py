# SPDX-License-Identifier: GPL-2.0-or-later
"""counted.py TABLE TRACE LOG: does the table of trace -c say the same as the program's own log, and as a trace of each request?"""
import collections
import json
import re
import sys

table, trace, log = sys.argv[1:]
calls, paths = collections.Counter(), collections.defaultdict(dict)
overflowed = 0
for line in open(table):
    m = re.match(r"(\S+|\(CQ overflow\)) +(\d+) +(\d+) +\S+ +\S+ +\S+ +\S+ +(.*)", line)
    if not m or m[1] in ("OPCODE", "total"):
        continue
    if m[1] == "(CQ overflow)":
        overflowed = int(m[2])
        continue
    calls[m[1]] = (int(m[2]), int(m[3]))
    paths[m[1]] = {p: int(share) for p, share in re.findall(r"(\S+) (\d+)%", m[4])}

names, of = {}, collections.defaultdict(collections.Counter)
lost = 0
for line in open(trace):
    o = json.loads(line)
    lost += o.get("count", 0) if o["type"] == "lost" else 0
    if o["type"] != "request" or o["res"] is None or o.get("posted"):
        continue
    names[o["opcode_value"]] = o["opcode"]
    if "MORE" not in o["cqe_flags"]:
        of[o["opcode"]][o["path"]] += 1
want = collections.Counter()
failed = collections.Counter()
for n in range(4):
    for _, _, op, res, flags in (l.split() for l in open(f"{log}.{n}")):
        if res != "skip" and not int(flags) & 2:
            want[names[int(op)]] += 1
            failed[names[int(op)]] += int(res) < 0

bad = lost
total = sum(c for c, _ in calls.values()) + overflowed
if total != sum(want.values()):
    bad += 1
    print(f"# {total} were counted, {sum(want.values())} logged")
for op in want:
    got = calls[op] or (0, 0)
    if overflowed:  # which they were, the kernel does not say
        bad += got[0] > want[op]
    elif got != (want[op], failed[op]):
        bad += 1
        print(f"# {op}: counted {got}, logged {(want[op], failed[op])}")
    for path, count in of[op].items():
        share = 100 * count / sum(of[op].values())
        if not overflowed and abs(share - paths[op].get(path, 0)) > 1:
            bad += 1
            print(f"# {op}: {path} {share:.1f}% of those traced, {paths[op].get(path, 0)}% of those counted")
print(f"# {total} counted, of them {overflowed} overflowed; {lost} lost")
sys.exit(bad != 0)
