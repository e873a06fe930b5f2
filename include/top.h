/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uringtop without a terminal: frames and keys go in, a grid of cells comes out. The program feeds it from the machine and shows
 * the grid; a test feeds it from a file and compares the grid.
 */
#ifndef URINGTOP_TOP_H
#define URINGTOP_TOP_H

#include "frame.h"
#include "grid.h"

/* A key is a character, or one of these. */
enum key {
	KEY_OF_CHARACTERS = 0x110000,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_PGUP,
	K_PGDN,
	K_HOME,
	K_END,
	K_BACKSPACE,
	K_DELETE,
	K_BACKTAB,
	K_CLICK, /* with a place */
	K_DOUBLE_CLICK,
	K_WHEEL_UP,
	K_WHEEL_DOWN,
	K_F0, /* K_F0 + 1 is F1 */
	K_F10 = K_F0 + 10,
	K_ENTER = '\r',
	K_ESC = 27,
	K_TAB = '\t',
};

enum palette { PALETTE_AUTO, PALETTE_NONE, PALETTE_8, PALETTE_256 };
enum charset { CHARSET_AUTO, CHARSET_ASCII };
enum column_choice { COLUMN_AUTO, COLUMN_SHOWN, COLUMN_HIDDEN };
enum { MOST_COLUMNS = 32 };

/* What is kept from one run to the next. */
struct config {
	double interval; /* seconds */
	enum palette palette;
	enum charset charset;
	bool graph, tree, ascending;
	size_t sort; /* number of a column */
	enum column_choice columns[MOST_COLUMNS];
};

void config_default(struct config *c);
/* The file's path by $XDG_CONFIG_HOME or $HOME; NULL if neither is set. In a. */
const char *config_path(struct arena *a);
/* Text of a configuration file over *c. NULL, or what is wrong with it (in a); then *c is as it was. */
const char *config_parse(struct arena *a, const char *text, size_t len, struct config *c);
void config_print(const struct config *c, struct buf *b);
/* Reads path, if it exists. NULL, or what is wrong (in a). */
const char *config_load(struct arena *a, const char *path, struct config *c);
/* Writes it anew, its folder too if that is missing; what was there stays if anything fails. NULL, or what is wrong (in a). */
const char *config_save(struct arena *a, const char *path, const struct config *c);
/* The number of a column of this name, -1 if there is none. */
int column_number(const char *name);
/* The names of all columns, a line each. */
void column_names(struct buf *b);
/* One line of text for each key: "keys<tab>what they do"; for --help and the test of the man page. */
void keys_text(struct buf *b);

struct top;

struct top_options {
	struct config config;
	bool utf8;		   /* the terminal can show it */
	const char *config_file;   /* NULL: the setup is not kept */
	const char *config_broken; /* why the file there is not to be overwritten, NULL: it may be */
	const char *filter;	   /* NULL: none */
	const pid_t *pids;	   /* that were asked for; the caller's */
	size_t n_pids;
};

struct top *top_new(const struct top_options *o);
void top_free(struct top *t);

/* The next frame of the machine, top's from then on; dropped while the display is frozen. */
void top_frame(struct top *t, struct frame *f);
/* Frames of files instead, in their order in time; top's from then on. */
void top_files(struct top *t, struct frame **frames, size_t n);
/* A word to the user, until the next key. */
void top_say(struct top *t, const char *text);

void top_key(struct top *t, int key);
void top_click(struct top *t, int key, int y, int x);
/* Draws at the grid's size, as grid_clear has set it. */
void top_draw(struct top *t, struct grid *g);
/* Where the cursor stands after drawing; false: it is hidden. */
bool top_cursor(const struct top *t, int *y, int *x);

/* What is shown, NULL: nothing yet. */
const struct frame *top_shown(const struct top *t);
bool top_quits(const struct top *t);
bool top_frozen(const struct top *t);
const struct config *top_config(const struct top *t);

/* The rings of the last frame as text of that many columns, for logs. */
void top_text(struct top *t, int columns, struct buf *b);

#endif
