# SPDX-License-Identifier: GPL-2.0-or-later
# awk -f agree.awk TRACE LOG.0 LOG.1 LOG.2 LOG.3: does the text of a trace say the same as the program's own log of each ring? Rings are
# known by the order in which they were made; the first only asked what the kernel can do. approximate=1: as sets, not in
# order, and what came to its end only.
function hex(s,    i, v) {
	# 64 bits are more than a double holds: 32 and 32
	s = substr("0000000000000000" substr(s, 3), length(s) - 1)
	return num(substr(s, 1, 8)) ":" num(substr(s, 9, 8))
}
function num(s,    i, v) {
	for (v = i = 0; i++ < length(s);)
		v = v * 16 + index("123456789abcdef", substr(s, i, 1))
	return v
}
FNR == 1 { file++ }
file == 1 && / events? (lost|missed) / { lost++ }
file == 1 && / SQ dropped 1 entry: no such index \(1 in all\)$/ { dropped++ }
file == 1 && / \+\+\+ ring closed \+\+\+$/ && ($2 in made) { closed++ }
file == 1 && /ring created/ { made[$2] = rings++; next }
file == 1 && / user_data=0x/ && ($2 in made) && !/CQ overflow/ {
	match($0, /user_data=0x[0-9a-f]+/)
	ud = hex(substr($0, RSTART + 10, RLENGTH - 10))
	rest = substr($0, RSTART + RLENGTH)
	r = made[$2] - 1
	if (rest ~ / = (\(no CQE\)|\?)/)
		skipped[r, ud]++
	else if (match(rest, /= -?[0-9]+/))
		got[r, n[r]++] = ud " " substr(rest, RSTART + 2, RLENGTH - 2)
	next
}
file > 1 {
	r = file - 2
	ud = int($2 / 4294967296) ":" ($2 % 4294967296)
	if ($4 == "skip") {
		if (!skipped[r, ud]-- && !approximate)
			bad[r] = bad[r] ? bad[r] : "a request without a completion, " ud ", is missing"
		next
	}
	if (approximate)
		balance[r, ud " " $4]--
	else if (got[r, m[r] + 0] != ud " " $4 && !bad[r])
		bad[r] = "at " m[r] + 0 ": traced " got[r, m[r] + 0] ", logged " ud " " $4
	m[r]++
}
END {
	for (r = 0; r < 4; r++) {
		for (i = 0; approximate && i < n[r]; i++)
			balance[r, got[r, i]]++
		if (n[r] != m[r] && !bad[r])
			bad[r] = n[r] + 0 " traced, " m[r] + 0 " logged"
		if (bad[r])
			print "# ring " r ": " bad[r]
		failed += bad[r] != ""
		total += m[r]
	}
	for (k in balance)
		failed += balance[k] != 0
	# (that may have been ended before its end)
	if (!approximate && (dropped != 4 || closed != rings)) {
		print "# " dropped + 0 " entries dropped, " closed + 0 " of " rings " rings closed"
		failed++
	}
	print "# " total " completions, " lost + 0 " places where events were lost"
	exit failed || lost || !total
}
