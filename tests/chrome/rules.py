# SPDX-License-Identifier: GPL-2.0-or-later
"""rules.py TRACE [SAID]: is the trace as the Trace Event Format wants it; and has a reader (read.js) found in it what is there?"""
import json
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
spans = {}
for e in events:
    assert e["ph"] in "MbestfCiX" and "pid" in e and (e["ph"] == "M" or e["ts"] >= 0)
    if e["ph"] in "be":
        spans.setdefault((e["cat"], e["id"]), []).append((e["ph"], e["ts"], e["name"]))
assert len(spans) > 3000
for s in spans.values():
    assert len(s) == 2 and s[0][0] == "b" and s[1][0] == "e" and s[0][1] <= s[1][1] and s[0][2] == s[1][2]
# Perfetto drops a slice that is not over when the one around it is
slices = {}
for e in events:
    if e["ph"] == "X":
        slices.setdefault((e["pid"], e["tid"]), []).append((e["ts"], -e["dur"]))
for track in slices.values():
    ends = []
    for start, least in sorted(track):
        while ends and ends[-1] <= start:
            ends.pop()
        assert not ends or start - least <= ends[-1] + 1e-4, f"slices overlap at {start}"
        ends.append(start - least)
arrows = sum(e["ph"] in "tf" for e in events)
assert arrows and any(e["ph"] == "C" and e["name"] == "CQ" for e in events)
if len(sys.argv) > 2:
    said = json.load(open(sys.argv[2]))
    # its heuristic for clocks that tell milliseconds knows traces in milliseconds only
    warnings = [w for w in said["warnings"] if "low resolution" not in w]
    if warnings:
        print("#", len(warnings), "warnings:", warnings[:4])
    assert not warnings
    assert said["spans"] == len(spans) and said["flows"] == said["bound"] == arrows
    assert len(said["rings"]) == 5 and all(r and r.startswith("ring ") for r in said["rings"])
    assert any(t.startswith("worker ") for t in said["tracks"]) and any(t.startswith("submitter ") for t in said["tracks"])
    assert {n: sum(e["ph"] == "C" and e["name"] == n for e in events) for n in ("SQ", "CQ")} == said["counters"]
