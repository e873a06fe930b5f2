/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is typed on the line above the keys: a word to search for, a filter, an interval, a file's name. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "tui.h"

static void put_utf8(struct buf *b, uint32_t c)
{
	char s[8];
	int n = 0;

	if (c < 0x80) {
		s[n++] = (char)c;
	} else {
		int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

		s[n++] = (char)((more == 1 ? 0xc0u : more == 2 ? 0xe0u : 0xf0u) | c >> 6 * more);
		while (more--)
			s[n++] = (char)(0x80 | (c >> 6 * more & 0x3f));
	}
	buf_put(b, s, (size_t)n);
}

void prompt_open(struct top *t, enum prompt p)
{
	char name[64];
	time_t now = time(NULL);
	struct tm tm;

	t->prompt = p;
	t->input.len = 0;
	buf_puts(&t->input, "");
	if (p == PROMPT_FILTER && t->filter.len)
		buf_puts(&t->input, t->filter.data);
	if (p == PROMPT_DELAY)
		buf_printf(&t->input, "%g", t->config.interval);
	if (p == PROMPT_SAVE && localtime_r(&now, &tm) &&
		strftime(name, sizeof(name), "uringtop-%Y%m%d-%H%M%S.json", &tm))
		buf_puts(&t->input, name);
}

static void replace(struct buf *b, const struct buf *with)
{
	b->len = 0;
	buf_put(b, with->data, with->len);
}

static void save(struct top *t, bool overwrite)
{
	struct arena a = {0};
	struct buf said = {0};
	bool exists = false;
	const char *why;

	if (!shown_frame(t)) {
		top_say(t, "nothing to save yet");
		return;
	}
	why = save_frame(&a, shown_frame(t), t->input.data, overwrite, &exists);
	if (exists) {
		t->prompt = PROMPT_OVERWRITE;
	} else {
		buf_printf(&said, why ? "not saved: %s: %s" : "saved: %s", t->input.data, why);
		top_say(t, said.data);
	}
	buf_free(&said);
	arena_free(&a);
}

static void done(struct top *t)
{
	enum prompt p = t->prompt;
	double seconds;

	t->prompt = PROMPT_NONE;
	switch (p) {
	case PROMPT_SEARCH:
		replace(&t->search, &t->input);
		search_again(t, 1, true);
		break;
	case PROMPT_FILTER:
		replace(&t->filter, &t->input);
		break;
	case PROMPT_DELAY:
		if (interval_parse(t->input.data, &seconds))
			t->config.interval = seconds;
		else
			top_say(t, "not a number of seconds from 0.1 to 3600: the interval stays");
		break;
	case PROMPT_SAVE:
		if (t->input.len)
			save(t, false);
		break;
	case PROMPT_NONE:
	case PROMPT_OVERWRITE:
		break;
	}
}

/* Takes away what was typed last: a character, a word, all. */
static void rub_out(struct buf *b, int key)
{
	size_t n = b->len;

	if (key == 21) {
		n = 0;
	} else if (key == 23) {
		while (n && b->data[n - 1] == ' ')
			n--;
		while (n && b->data[n - 1] != ' ')
			n--;
	} else if (n) {
		n--;
		while (n && (b->data[n] & 0xc0) == 0x80)
			n--;
	}
	b->len = n;
	b->data[n] = '\0';
}

void prompt_key(struct top *t, int key)
{
	if (t->prompt == PROMPT_OVERWRITE) {
		t->prompt = PROMPT_NONE;
		if (key == 'y' || key == 'Y')
			save(t, true);
		else
			top_say(t, "not saved");
		return;
	}
	if (key == K_ENTER || key == '\n') {
		done(t);
	} else if (key == K_ESC || key == 3) {
		if (t->prompt == PROMPT_FILTER)
			t->filter.len = 0;
		t->prompt = PROMPT_NONE;
	} else if (key == K_BACKSPACE || key == 8 || key == 127 || key == 21 || key == 23) {
		rub_out(&t->input, key);
	} else if (key >= ' ' && key < KEY_OF_CHARACTERS && t->input.len < 1024) {
		put_utf8(&t->input, (uint32_t)key);
	}
	/* what is typed acts at once, as far as it harms nobody */
	if (t->prompt == PROMPT_FILTER)
		replace(&t->filter, &t->input);
}
