/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the screen share; nobody outside this directory includes this. */
#ifndef URINGTOP_TUI_H
#define URINGTOP_TUI_H

#include "history.h"
#include "top.h"

/* --- lists that keep their place ------------------------------------------------------------------------------------ */

/* The place in a list: a line by what it is, so that it stays on it when others come and go. */
struct list {
	uint64_t key;	  /* 0: none was chosen yet, and it is the first */
	size_t at, first; /* the line chosen, the first that is shown */
};

/* keys are those of the n lines, height how many can be shown. */
void list_fit(struct list *l, const uint64_t *keys, size_t n, size_t height);
/* Moves by so many lines. */
void list_move(struct list *l, const uint64_t *keys, size_t n, long by);
uint64_t list_key(uint64_t a, uint64_t b);

/* --- rows of the list of rings -------------------------------------------------------------------------------------- */

enum value_of {
	OF_NOTHING,
	OF_PENDING,
	OF_SQ,
	OF_UNREAPED,
	OF_CQ,
	OF_SUBMITTED,
	OF_COMPLETED,
	OF_INFLIGHT,
	OF_OVERFLOW,
	OF_DROPPED,
	OF_SQ_FILL,
	OF_CQ_FILL,
	OF_PID,
	OF_FD,
	OF_RING,
	OF_CPU,
	OF_HOLDERS,
	OF_WORKERS,
	VALUES_OF,
};

struct row {
	const struct track *track; /* NULL: a process, with its rings below it */
	const struct snap_holder *holder;
	uint32_t pid;
	const char *comm; /* NULL: not known */
	bool repeated;	  /* a ring below a process that holds it and does not own it */
	bool folded;
	bool attention; /* of a process: one of its rings needs it */
	size_t rings;	/* of a process */
	uint64_t key;
	struct {
		bool known, short_of; /* short_of: there may be more */
		double v;
	} values[VALUES_OF];
};

struct rows {
	struct row *v;
	uint64_t *keys;
	size_t n, cap;
};

struct top;
/* What is to be shown, in its order: filtered, sorted, as a tree if that is chosen. Lives in a. */
void rows_build(const struct top *t, struct arena *a, struct rows *out);

/* --- columns -------------------------------------------------------------------------------------------------------- */

struct column {
	const char *name, *title, *help;
	int width; /* that it has at least */
	int grow;  /* what it may get of what is left over */
	bool right;
	int rank;	     /* where there is no room for all, those with a higher one are left out first */
	int wide;	     /* it is shown by itself on screens that are at least so wide */
	enum value_of value; /* by which it is sorted; OF_NOTHING: by its text */
	void (*text)(struct buf *b, const struct style *st, const struct row *r);
	bool bar; /* value is a part of 1, drawn */
};
extern const struct column columns[]; /* ends with a NULL name */

/* Where each column stands. Returns how many are shown. */
struct column_place {
	size_t column;
	int x, w;
};
size_t columns_place(const struct config *c, int width, struct column_place places[MOST_COLUMNS]);

void draw_column_titles(struct top *t, struct grid *g, int y, const struct column_place *p, size_t n);
void draw_row(struct top *t, struct grid *g, int y, const struct column_place *p, size_t n, const struct row *r);
/* The text of all columns, by which a filter looks. In b, which is emptied first. */
void row_text(const struct top *t, const struct row *r, struct buf *b);
/* A number in at most five columns. */
void short_number(struct buf *b, double v);

/* --- one ring ------------------------------------------------------------------------------------------------------- */

/* A line of a tab. */
struct item {
	uint64_t key;
	uint32_t kind, index; /* what it is, if text is NULL: the tab makes it when it is to be seen */
	const char *text;
	unsigned look;
};

struct items {
	struct arena *a;
	struct item *v;
	uint64_t *keys;
	size_t n, cap;
};
void item_add(struct items *i, struct item item);
/* Each line of b as an item, as several where it is longer than width. */
void items_of_text(struct items *i, const struct buf *b, int width);

struct tab {
	const char *names[3]; /* for wide screens, for those of 80 columns, for narrow ones */
	/* Draws what stands above the lines and does not scroll; returns its rows. May be NULL. */
	int (*head)(struct top *t, struct grid *g, int y, int rows, const struct track *k);
	void (*items)(struct top *t, const struct track *k, int width, struct items *out);
	/* The text of an item that has none yet. May be NULL. */
	void (*text)(const struct top *t, const struct track *k, const struct item *i, struct buf *b);
};
extern const struct tab tab_queues, tab_inflight, tab_threads, tab_registered, tab_restrictions, tab_people;
extern const struct tab *const tabs[];
enum { TABS = 6, TAB_INFLIGHT = 1 };

/* How requests in flight are sorted. */
enum request_order { BY_AGE, BY_WHERE, BY_OPCODE, BY_PLACE, REQUEST_ORDERS };

void draw_ring(struct top *t, struct grid *g);

/* --- the rest of the screen ----------------------------------------------------------------------------------------- */

enum action {
	A_NONE,
	A_QUIT,
	A_UP,
	A_DOWN,
	A_PAGE_UP,
	A_PAGE_DOWN,
	A_HOME,
	A_END,
	A_LEFT,
	A_RIGHT,
	A_OPEN,
	A_BACK,
	A_NEXT_TAB,
	A_PREVIOUS_TAB,
	A_TAB, /* with a number */
	A_HELP,
	A_SETUP,
	A_SEARCH,
	A_SEARCH_NEXT,
	A_SEARCH_BEFORE,
	A_FILTER,
	A_TREE,
	A_SORT,
	A_REVERSE,
	A_FREEZE,
	A_SLOWER,
	A_FASTER,
	A_DELAY,
	A_SAVE,
	A_DISMISS,
	A_DISMISS_ALL,
	A_FRAME_BEFORE,
	A_FRAME_NEXT,
	/* of the mouse alone */
	A_SELECT,
	A_SORT_BY,
};

enum place { IN_RINGS = 1, IN_RING = 2 };

struct key_row {
	enum action action;
	unsigned where;
	int keys[5];
	const char *label, *help;
};
extern const struct key_row key_rows[]; /* ends with A_NONE */
enum action key_action(int key, enum place place);

/* A place on the screen that does something when it is clicked. */
struct spot {
	int y, x, w;
	enum action action;
	size_t number;
};
enum { MOST_SPOTS = 160 };

enum prompt { PROMPT_NONE, PROMPT_SEARCH, PROMPT_FILTER, PROMPT_DELAY, PROMPT_SAVE, PROMPT_OVERWRITE };
enum overlay { OVER_NONE, OVER_HELP, OVER_SETUP, OVER_SORT };

struct top {
	struct top_options o;
	struct config config;
	struct style style; /* for text: colours are marked in it, whatever the terminal has */

	struct history history;
	struct frame *frame;  /* shown now, of the machine */
	struct frame **files; /* or those of files */
	size_t n_files, at_file;
	bool to_text; /* what is drawn goes to a log, and not to a screen */
	bool frozen, quits;

	enum place place;
	enum overlay overlay;
	struct list rings, lines[TABS], over;
	uint64_t ring; /* the one that is open */
	size_t tab;
	int sideways; /* columns that the lines of a tab are moved to the left */
	enum request_order order;
	int worker_width, data_width; /* of columns of requests in flight */
	uint64_t *folded;	      /* processes of the tree whose rings are not shown */
	size_t n_folded, cap_folded;

	/* of the last drawing */
	struct arena scene;
	struct rows rows;
	struct items items;
	size_t height; /* of the list */
	struct spot spots[MOST_SPOTS];
	size_t n_spots;
	int cursor_y, cursor_x;
	bool cursor;

	enum prompt prompt;
	struct buf input, search, filter, message;
};

void spot(struct top *t, int y, int x, int w, enum action action, size_t number);
const struct frame *shown_frame(const struct top *t);
/* UTF-8 if the terminal can and may show it. */
bool fine(const struct top *t);
const char *cut_mark(const struct top *t);
bool is_folded(const struct top *t, uint32_t pid);

void draw_rings(struct top *t, struct grid *g);
/* The lines above the list: where it comes from, what cannot be seen, sums. Returns their rows. */
/* How many lines processes that do not answer take, if all are shown. */
size_t late_lines(const struct top *t);
int draw_head(struct top *t, struct grid *g, int rows);
void draw_graph(struct top *t, struct grid *g, int y, int x, int rows, int w);
/* The last two lines. */
void draw_foot(struct top *t, struct grid *g, const struct track *k);
void draw_help(struct top *t, struct grid *g);
void draw_setup(struct top *t, struct grid *g);
void draw_sort_menu(struct top *t, struct grid *g);
/* The next longer or shorter interval. */
double interval_step(double now, int by);
void setup_change(struct top *t, size_t at, int by);
/* A key while one of these is open. */
void overlay_key(struct top *t, int key);
void prompt_open(struct top *t, enum prompt p);
void prompt_key(struct top *t, int key);
void search_again(struct top *t, int direction, bool from_here);
/* Does text have word in it, whatever the case? An empty word is in any text. */
bool has_word(const char *text, const char *word);

/* The frame that is shown, as a JSON file. NULL, or what is wrong (in a); *exists: it is there already and may not be overwritten. */
const char *save_frame(struct arena *a, const struct frame *f, const char *path, bool overwrite, bool *exists);
/* Writes a file whole or not at all. 0 or a negative errno. */
int write_file(const char *path, const char *text, size_t len, bool overwrite);

#endif
