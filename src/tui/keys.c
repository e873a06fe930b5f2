/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys: one table for what they do, for the help screen, for --help and for the test of the man page. */
#include "tui.h"

enum { ANYWHERE = IN_RINGS | IN_RING };

const struct key_row key_rows[] = {
	{A_UP, ANYWHERE, {K_UP, 'k'}, "Up k", "a line up"},
	{A_DOWN, ANYWHERE, {K_DOWN, 'j'}, "Down j", "a line down"},
	{A_PAGE_UP, ANYWHERE, {K_PGUP, 'b', 2}, "PgUp b", "a page up"},
	{A_PAGE_DOWN, ANYWHERE, {K_PGDN, 'f', 6}, "PgDn f", "a page down"},
	{A_HOME, ANYWHERE, {K_HOME, 'g'}, "Home g", "to the first line"},
	{A_END, ANYWHERE, {K_END, 'G'}, "End G", "to the last line"},
	{A_LEFT, ANYWHERE, {K_LEFT, 'h'}, "Left h", "fold a process of the tree; move long lines back"},
	{A_RIGHT, ANYWHERE, {K_RIGHT, 'l'}, "Right l", "unfold it; move long lines on"},
	{A_OPEN, IN_RINGS, {K_ENTER, '\n'}, "Enter", "open the ring, fold or unfold the process"},
	{A_BACK, ANYWHERE, {K_ESC, K_BACKSPACE}, "Esc", "back to all rings; take the filter away"},
	{A_NEXT_TAB, IN_RING, {K_TAB}, "Tab", "next tab of the ring"},
	{A_PREVIOUS_TAB, IN_RING, {K_BACKTAB}, "Shift-Tab", "tab before"},
	{A_TAB, IN_RING, {'1', '2', '3', '4', '5'}, "1 ... 6", "that tab"},
	{A_SEARCH, ANYWHERE, {'/', K_F0 + 3}, "/ F3", "search for a line"},
	{A_SEARCH_NEXT, ANYWHERE, {'n'}, "n", "the next line that has it"},
	{A_SEARCH_BEFORE, ANYWHERE, {'N'}, "N", "the one before"},
	{A_FILTER, IN_RINGS, {'\\', K_F0 + 4}, "\\ F4", "show only the rings whose row has a text"},
	{A_TREE, IN_RINGS, {'t', K_F0 + 5}, "t F5", "rings below the processes that hold them, or one list"},
	{A_SORT, ANYWHERE, {'o', K_F0 + 6}, "o F6", "choose the column to sort by; the order of requests"},
	{A_REVERSE, IN_RINGS, {'I'}, "I", "turn the order around"},
	{A_FREEZE, ANYWHERE, {' ', 'p', K_F0 + 7}, "Space p F7",
		"freeze the display, which is of one moment then; go on"},
	{A_SLOWER, ANYWHERE, {'+'}, "+", "look less often"},
	{A_FASTER, ANYWHERE, {'-'}, "-", "look more often"},
	{A_DELAY, ANYWHERE, {'d'}, "d", "ask for the seconds between two looks"},
	{A_SAVE, ANYWHERE, {'s', K_F0 + 8}, "s F8", "save what is shown as JSON, for --from and for uringctl dump"},
	{A_DISMISS, IN_RINGS, {'x', K_DELETE}, "x Delete", "dismiss the ring, if it has ended"},
	{A_DISMISS_ALL, ANYWHERE, {'X', K_F0 + 9}, "X F9", "dismiss all rings that have ended"},
	{A_FRAME_BEFORE, ANYWHERE, {'[', ','}, "[ ,", "the file before, with several --from"},
	{A_FRAME_NEXT, ANYWHERE, {']', '.'}, "] .", "the next file"},
	{A_SETUP, ANYWHERE, {K_F0 + 2, 'S'}, "F2 S", "columns, interval, colours, characters"},
	{A_HELP, ANYWHERE, {'?', K_F0 + 1}, "? F1", "these keys"},
	{A_QUIT, ANYWHERE, {'q', K_F10, 3}, "q F10", "quit"},
	{A_NONE, 0, {0}, NULL, NULL},
};

enum action key_action(int key, enum place place)
{
	for (const struct key_row *r = key_rows; r->label; r++)
		for (size_t i = 0; i < 5 && r->keys[i]; i++)
			if (r->keys[i] == key && r->where & place)
				return r->action;
	return key == '6' && place == IN_RING ? A_TAB : A_NONE;
}

void keys_text(struct buf *b)
{
	for (const struct key_row *r = key_rows; r->label; r++)
		buf_printf(b, "%s\t%s\n", r->label, r->help);
}
