/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The place in a list that changes. */
#include "tui.h"

uint64_t list_key(uint64_t a, uint64_t b)
{
	uint64_t h = (a + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9 ^ b;

	h = (h ^ h >> 27) * 0x94d049bb133111eb;
	return (h ^ h >> 31) | 1; /* 0 is no line */
}

/* Where the line is now, looked for from where it was; n if it is gone. */
static size_t find(uint64_t key, size_t at, const uint64_t *keys, size_t n)
{
	for (size_t d = 0; d <= n; d++) {
		if (at + d < n && keys[at + d] == key)
			return at + d;
		if (d <= at && at - d < n && keys[at - d] == key)
			return at - d;
	}
	return n;
}

void list_fit(struct list *l, const uint64_t *keys, size_t n, size_t height)
{
	size_t at = l->key ? find(l->key, l->at, keys, n) : n;

	if (!n) {
		l->at = l->first = 0;
		return; /* the key stays: the line may come back */
	}
	if (!l->key && l->at < n) {
		; /* nothing was chosen yet: the place is that of the line, not the line's */
	} else if (at < n) {
		/* it stays where it is on the screen */
		l->first = at > l->at || l->first >= l->at - at ? l->first + at - l->at : 0;
		l->at = at;
	} else if (l->at >= n) {
		l->at = n - 1;
	}
	if (l->key)
		l->key = keys[l->at];
	height = height ? height : 1;
	if (l->at < l->first)
		l->first = l->at;
	if (l->at >= l->first + height)
		l->first = l->at - height + 1;
	if (l->first + height > n)
		l->first = n > height ? n - height : 0;
}

void list_move(struct list *l, const uint64_t *keys, size_t n, long by)
{
	if (!n)
		return;
	if (by < 0)
		l->at = l->at > (size_t)-by ? l->at - (size_t)-by : 0;
	else
		l->at = n - 1 - l->at > (size_t)by ? l->at + (size_t)by : n - 1;
	l->key = keys[l->at];
}
