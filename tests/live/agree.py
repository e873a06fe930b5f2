# SPDX-License-Identifier: GPL-2.0-or-later
"""agree.py TRACE LOG: does a trace in JSON lines say the same as the program's own log of each ring, line by line?"""
import json
import sys

names = {0: "NOP", 6: "POLL_ADD", 11: "TIMEOUT", 14: "ASYNC_CANCEL", 15: "LINK_TIMEOUT", 18: "OPENAT", 19: "CLOSE", 22: "READ", 23: "WRITE"}
rings, lines, lost, paths, dropped, closed = [], {}, 0, {}, {}, set()
for text in open(sys.argv[1]):
    o = json.loads(text)
    if o["type"] == "create":
        rings.append(o["ring_id"])
        lines[o["ring_id"]] = []
    elif o["type"] == "lost":
        lost += o["count"]
    elif o["type"] == "dropped":
        dropped[o["ring_id"]] = dropped.get(o["ring_id"], 0) + o["count"]
    elif o["type"] == "close":
        closed.add(o["ring_id"])
    elif o["type"] == "request":
        lines.setdefault(o["ring_id"], []).append(o)
if lost:
    print(f"# {lost} events were lost")
bad = 0
if [dropped.get(r, 0) for r in rings] != [0, 1, 1, 1, 1] or closed != set(rings):
    bad += 1
    print(f"# rings {rings}: dropped {dropped}, closed {closed}")
# the first ring asks what the kernel can do
for n, ring in enumerate(rings[1:5]):
    log = [l.split() for l in open(f"{sys.argv[2]}.{n}")]
    want = [(int(ud), int(op), int(res), int(fl)) for _, ud, op, res, fl in log if res != "skip"]
    skip = sorted(int(ud) for _, ud, _, res, _ in log if res == "skip")
    got, skipped = [], []
    for o in lines[ring]:
        ud = int(o["user_data"], 16)
        if o["res"] is None:
            skipped.append(ud)
            continue
        flags = sum({"BUFFER": 1, "MORE": 2, "SOCK_NONEMPTY": 4, "NOTIF": 8}[f] for f in o["cqe_flags"])
        got.append((ud, o["opcode_value"], o["res"], flags))
        paths[o["path"]] = paths.get(o["path"], 0) + 1
        if o["opcode_value"] in names and o["opcode"] != names[o["opcode_value"]]:
            bad += 1
    if got != want:
        bad += 1
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        print(f"# ring {n}: {len(got)} traced, {len(want)} logged; at {at}: traced {got[at:at + 3]}, logged {want[at:at + 3]}")
    if sorted(skipped) != skip:
        bad += 1
        print(f"# ring {n}: without a completion {len(skipped)} traced, {len(skip)} logged; {sorted(set(skipped) ^ set(skip))[:4]}")
print(f"# {sum(len(v) for v in lines.values())} lines, paths {paths}")
sys.exit(bad != 0 or lost != 0)
