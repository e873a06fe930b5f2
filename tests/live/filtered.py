# SPDX-License-Identifier: GPL-2.0-or-later
"""filtered.py ALL FILTERED EXPR...: has a trace with filters all that one without them has and they ask for, and nothing else?
FILTERED is a trace in JSON lines, or a table of trace -c. Both were made at the same time, but each read the clock for itself."""
import collections
import json
import operator
import re
import sys

NEAR = 5000  # ns between the two clocks


def asks(expr):
    """A function from a request to True, False or None: it might be either."""
    key, how, value = re.match(r"(\w+)(!?=|[<>])(.*)", expr).groups()
    if key == "lat":
        limit = float(value[:-2]) * {"us": 1e3, "ms": 1e6}[value[-2:]]
        compare = operator.gt if how == ">" else operator.lt

        def by_latency(o):
            if o["latency_ns"] is None:
                return False
            return None if abs(o["latency_ns"] - limit) < NEAR else compare(o["latency_ns"], limit)

        return by_latency
    if value == "error":
        return lambda o: (o["res"] is not None and o["res"] < 0) == (how == "=")
    values = value.split(",")
    field = {"op": "opcode", "res": "error"}.get(key, key)
    return lambda o: (str(o.get(field)) in values) == (how == "=") and (key not in ("fd", "path", "res") or o["res"] is not None)


def requests(path):
    lines = [json.loads(l) for l in open(path)]
    lost = sum(o["count"] for o in lines if o["type"] == "lost")
    if lost:
        print(f"# {lost} were lost")
    return [o for o in lines if o["type"] == "request"], lost


def same(o):
    return tuple(map(str, (o[k] if k in o else None for k in ("ring_id", "user_data", "opcode", "res", "cqe_flags", "shot", "args", "path", "tid"))))


every, bad = requests(sys.argv[1])
rules = [asks(e) for e in sys.argv[3:]]
want, may = collections.Counter(), collections.Counter()
calls, near = collections.Counter(), collections.Counter()
for o in every:
    said = [r(o) for r in rules]
    if False in said:
        continue
    unsure = None in said
    (may if unsure else want)[same(o)] += 1
    if o["res"] is not None and "MORE" not in o["cqe_flags"] and not o.get("posted"):
        (near if unsure else calls)[o["opcode"]] += 1

if open(sys.argv[2]).read(1) == "{":
    got, lost = requests(sys.argv[2])
    bad += lost
    got = collections.Counter(map(same, got))
    for text, some in (("asked for and not there", want - got), ("there and not asked for", got - want - may)):
        # somebody may have come between the two who read the clock
        bad += some.total() > (want.total() // 100 if may else 0)
        for o in list(some)[:2]:
            print(f"# {text}: {o}")
    print(f"# {got.total()} of {len(every)} were asked for{f', up to {may.total()} more might be' if may else ''}")
else:
    got = {}
    for line in open(sys.argv[2]):
        m = re.match(r"([A-Z]\S+|\(CQ overflow\)) +(\d+) ", line)
        if m:
            got[m[1]] = int(m[2])
    for op in set(got) | set(calls):
        slack = calls.total() // 100 if near else 0
        if not calls[op] - slack <= got.get(op, 0) <= calls[op] + near[op] + slack:
            bad += 1
            print(f"# {op}: {got.get(op, 0)} were counted, {calls[op]} asked for, {near[op]} might be")
    print(f"# {sum(got.values())} were counted, {calls.total()} asked for, {near.total()} might be")
sys.exit(bad != 0 or not want)
